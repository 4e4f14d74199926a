# SPDX-License-Identifier: Apache-2.0
"""Expressions that the grammar does not know: what they do is found out by trying.

A policy file cannot hold one. A program that builds policies can, and a proof has to see
through it: its parts are put into every state in turn, and what it makes of them is written
down as a formula, whatever that is.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tiergate.decision.explanation import Explanation
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Expression, Scene

MOST_PARTS = 4
"""More parts are not tried in every state."""
SETTINGS = ((Outcome.NOT_MET, True), (Outcome.UNDETERMINED, False), (Outcome.MET, False))
"""Outcome of a part, and whether anything speaks against it: adverse, quiet and met."""


@dataclass(frozen=True, slots=True)
class _Fixed:
    """Stands for a part in one state."""

    outcome: Outcome
    is_adverse: bool

    def judge(self, scene: Scene) -> Explanation:
        """Say what was set, whatever the evidence."""
        del scene
        return Explanation(
            id="", title="", outcome=self.outcome, reason="", is_adverse=self.is_adverse
        )


def parts_of(expression: Expression) -> tuple[Expression, ...]:
    """Return the expressions that an unknown one is made of; empty when it has none."""
    return tuple(part for _, part in _fields(expression))


def table(expression: Expression, scene: Scene) -> dict[tuple[int, ...], Explanation]:
    """Return what an expression makes of its parts in every combination of states.

    The keys are places in ``SETTINGS``, one for each part.
    """
    names = [name for name, _ in _fields(expression)]
    found = {}
    for row in itertools.product(range(len(SETTINGS)), repeat=len(names)):
        fixed: dict[str, Any] = {}
        for name, place in zip(names, row, strict=True):
            part = _Fixed(*SETTINGS[place])
            is_many = isinstance(getattr(expression, name), tuple)
            fixed[name] = (*fixed.get(name, ()), part) if is_many else part
        found[row] = _judge_of(dataclasses.replace(_instance(expression), **fixed))(scene)
    return found


def _fields(expression: Expression) -> list[tuple[str, Expression]]:
    if not dataclasses.is_dataclass(expression):
        return []
    found: list[tuple[str, Expression]] = []
    for field in dataclasses.fields(expression):
        value = getattr(expression, field.name)
        parts = value if isinstance(value, tuple) else (value,)
        found += ((field.name, p) for p in parts if hasattr(p, "judge") or hasattr(p, "parts"))
    return found[:MOST_PARTS]


def _instance(expression: Expression) -> Any:  # noqa: ANN401 - any dataclass
    return expression


def _judge_of(expression: Any) -> Callable[[Scene], Explanation]:  # noqa: ANN401 - as above
    judge: Callable[[Scene], Explanation] = expression.judge
    return judge
