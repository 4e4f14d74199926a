# SPDX-License-Identifier: Apache-2.0
"""The search for the cheapest checks to meet, where goals cannot be met or ask for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest

from builders_decision import limit, policy
from tiergate.decision.analysis.formula import (
    ALWAYS,
    Check,
    Formula,
    Literal,
    State,
    Threshold,
    ladder,
)
from tiergate.decision.plan_search import LARGEST, Asked, Cheapest
from tiergate.decision.requirements.claim import ClaimMade

POLICY = policy(
    {"R1": ClaimMade(item="E01"), "R2": ClaimMade(item="E02"), "R3": limit("cyber.exploit")}
)
CHECKS = {check.topic: check for check in ladder(POLICY).checks()}
FIRST, SECOND = CHECKS["claim:E01"], CHECKS["claim:E02"]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known about a checkpoint: everything costs one, and some of it cannot be had."""

    adverse: frozenset[str] = frozenset()
    possible: bool = True

    def price(self, asked: Asked) -> Decimal:
        """Count the checks."""
        return Decimal(sum(len(keys) for keys in asked.values()))

    def state(self, check: Check) -> State:
        """Return what speaks against, else nothing."""
        return State.ADVERSE if check.topic in self.adverse else State.QUIET

    def can_be(self, formula: Formula) -> bool:
        """Say the same of everything."""
        del formula
        return self.possible


def met(check: Check) -> Literal:
    return Literal(check, State.MET)


EITHER = Threshold(1, (met(FIRST), met(SECOND)))
AGAINST_FIRST = Known(adverse=frozenset({FIRST.topic}))
SEARCHED: dict[str, tuple[tuple[Formula, ...], Known, set[str] | None]] = {
    "what is asked for nothing costs nothing": ((ALWAYS,), Known(), set()),
    "none of several is nothing": ((Threshold(0, (met(FIRST),)),), Known(), set()),
    "what something speaks against is not to be had": ((met(FIRST),), AGAINST_FIRST, None),
    "what must not be met cannot be asked for": (
        (Literal(FIRST, State.MET, holds=False),),
        Known(),
        None,
    ),
    "one way of two is left": ((EITHER,), AGAINST_FIRST, {SECOND.topic}),
    "no way of two can be had": ((EITHER,), Known(possible=False), None),
}


@pytest.mark.parametrize("sentence", SEARCHED)
def test_the_cheapest_checks_are_found_or_there_are_none(sentence: str) -> None:
    goals, known, expected = SEARCHED[sentence]
    search = Cheapest(known, LARGEST)

    search.run(goals, {})

    assert expected == (None if search.best is None else set(search.best))
    assert search.is_cheapest
