# SPDX-License-Identifier: Apache-2.0
"""A policy compiled to bit masks: from the states of its checks to a tier in microseconds.

What the evaluator finds out about each check is the input; what it makes of them is the same by
:mod:`tiergate.decision.analysis.formula`. Many models can be looked at side by side, one row for
each, with the same masks over columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from tiergate.decision.analysis.formula import (
    Check,
    Context,
    Formula,
    Ladder,
    Literal,
    State,
    ladder,
    state_of,
)
from tiergate.decision.memo import Memo
from tiergate.decision.policy import Named, Policy
from tiergate.decision.tier import Tier
from tiergate.evidence.collection import Collection

_Test = Callable[[int, int], bool]
Columns = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A tier, and what each requirement of each tier came to."""

    supported: Tier
    """The most open tier that is supported."""
    met: tuple[tuple[Tier, str], ...]
    """Requirements that are met, with the tier that asks."""
    short: tuple[tuple[Tier, str, tuple[str, ...]], ...]
    """Requirements that are not, with the tier that asks and the checks that are short."""


class Compiled:
    """A policy, ready to be asked many times."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        found: Ladder = ladder(policy)
        self.checks: tuple[Check, ...] = tuple({c.key: c for c in found.checks()}.values())
        self._place = {check.key: place for place, check in enumerate(self.checks)}
        tiers = sorted(found.long, key=lambda tier: -tier.rank)
        self._formulas = [(tier, found.met(tier)) for tier in tiers]
        self._tests = [(tier, self._test(formula)) for tier, formula in self._formulas]
        self._requirements = [
            (tier, name, self._test(formula), self._keys(formula))
            for tier, name, formula in self._asked()
        ]

    def states(self, evidence: Collection, at: datetime) -> tuple[State, ...]:
        """Hold evidence against every check, in the order of ``checks``."""
        memo = Memo()
        return tuple(
            state_of(check.atom.judge(check.scene(evidence, at, memo))) for check in self.checks
        )

    def supported(self, states: Mapping[str, int] | tuple[State, ...]) -> Tier:
        """Return the most open tier that is supported.

        Args:
            states: of every check, by its key or in the order of ``checks``.
        """
        met, clear = self._bits(states)
        for tier, test in self._tests:
            if test(met, clear):
                return tier
        return Tier.T0

    def explained(self, states: Mapping[str, int] | tuple[State, ...]) -> Explained:
        """Return the tier with what each requirement came to, and the checks that are short."""
        met, clear = self._bits(states)
        good: list[tuple[Tier, str]] = []
        short: list[tuple[Tier, str, tuple[str, ...]]] = []
        for tier, name, test, keys in self._requirements:
            if test(met, clear):
                good.append((tier, name))
            else:
                lacking = tuple(key for place, key in keys if not met >> place & 1)
                short.append((tier, name, lacking))
        supported = next((tier for tier, test in self._tests if test(met, clear)), Tier.T0)
        return Explained(supported=supported, met=tuple(good), short=tuple(short))

    def supported_ranks(self, columns: Columns) -> Columns:
        """Return the rank of the supported tier for each of many models.

        Args:
            columns: one row for each check, in the order of ``checks``, one column for each
                model; states as numbers.

        Returns:
            One rank for each model.
        """
        ranks = np.zeros(columns.shape[1], dtype=np.uint8)
        for tier, formula in reversed(self._formulas):
            ranks[self._holding(formula, columns)] = tier.rank
        return ranks

    def _asked(self) -> Iterator[tuple[Tier, str, Formula]]:
        for definition in self._policy.tiers:
            if definition.tier is Tier.T0:
                continue
            context = Context(
                policy=self._policy, tier=definition.tier, standards=definition.standards
            )
            for name in definition.requirements:
                yield definition.tier, name, context.met(Named(id=name))

    def _bits(self, states: Mapping[str, int] | tuple[State, ...]) -> tuple[int, int]:
        if isinstance(states, tuple):
            text = bytes(states)
        else:
            text = bytes(map(states.__getitem__, self._place))
        # The digits of a number in base two, the last check first.
        met = int(text.translate(_MET)[::-1] or b"0", 2)
        clear = int(text.translate(_CLEAR)[::-1] or b"0", 2)
        return met, clear

    def _keys(self, formula: Formula) -> tuple[tuple[int, str], ...]:
        if isinstance(formula, Literal):
            return ((self._place[formula.check.key], formula.check.key),)
        return tuple(dict.fromkeys(key for part in formula.parts for key in self._keys(part)))

    def _test(self, formula: Formula) -> _Test:
        """Return what tells from two masks whether a formula holds."""
        met, clear, tests = self._masks(formula)
        if met == clear == 0 and len(tests) == 1:
            return tests[0]

        def test(has_met: int, has_clear: int) -> bool:
            if has_met & met != met or has_clear & clear != clear:
                return False
            for other in tests:  # noqa: SIM110 - a third faster than all() of a generator
                if not other(has_met, has_clear):
                    return False
            return True

        return test

    def _masks(self, formula: Formula) -> tuple[int, int, list[_Test]]:
        """Return what all parts of a formula need at once, and the tests that are left."""
        if isinstance(formula, Literal) and formula.holds:
            bit = 1 << self._place[formula.check.key]
            return (bit, 0, []) if formula.at_least is State.MET else (0, bit, [])
        if isinstance(formula, Literal):
            inside = self._test(Literal(formula.check, formula.at_least))
            return 0, 0, [lambda met, clear: not inside(met, clear)]
        if formula.needed == len(formula.parts):
            met, clear, tests = 0, 0, list[_Test]()
            for part in formula.parts:
                more_met, more_clear, more = self._masks(part)
                met, clear, tests = met | more_met, clear | more_clear, [*tests, *more]
            return met, clear, tests
        if formula.needed == 1:
            return 0, 0, [self._any(formula.parts)]
        parts, needed = [self._test(part) for part in formula.parts], formula.needed
        return 0, 0, [lambda met, clear: sum(part(met, clear) for part in parts) >= needed]

    def _any(self, parts: tuple[Formula, ...]) -> _Test:
        """Return what tells whether one part holds; plain checks are looked at all at once."""
        one_met = one_clear = 0
        tests: list[_Test] = []
        for part in parts:
            if isinstance(part, Literal) and part.holds:
                bit = 1 << self._place[part.check.key]
                one_met |= bit if part.at_least is State.MET else 0
                one_clear |= 0 if part.at_least is State.MET else bit
            else:
                tests.append(self._test(part))

        def test(met: int, clear: int) -> bool:
            if met & one_met or clear & one_clear:
                return True
            return any(other(met, clear) for other in tests) if tests else False

        return test

    def _holding(self, formula: Formula, columns: Columns) -> NDArray[np.bool_]:
        if isinstance(formula, Literal):
            row: NDArray[np.bool_] = columns[self._place[formula.check.key]] >= formula.at_least
            return row if formula.holds else np.logical_not(row)
        count = np.zeros(columns.shape[1], dtype=np.uint16)
        for part in formula.parts:
            count += self._holding(part, columns)
        found: NDArray[np.bool_] = count >= formula.needed
        return found


_MET = bytes(ord("1" if state == State.MET else "0") for state in range(256))
_CLEAR = bytes(ord("1" if 1 <= state <= State.MET else "0") for state in range(256))
