# SPDX-License-Identifier: Apache-2.0
"""The search for the cheapest set of checks that opens a tier: branch and bound, all of it."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Protocol

from tiergate.decision.analysis.formula import Check, Formula, Literal, State, checks_in

LARGEST = Decimal("1e18")
"""The price of what cannot be had."""
MOST_TRIED = 2000
"""More combinations of choices are not tried; the plan then says that a cheaper one may exist."""

Asked = dict[str, frozenset[str]]
"""By topic the keys of the checks that are to be met."""


class Prices(Protocol):
    """What is known about the checkpoint, and what more evidence costs."""

    def price(self, asked: Asked) -> Decimal:
        """Return what it costs to meet these checks; ``LARGEST`` where nothing does."""
        ...

    def state(self, check: Check) -> State:
        """Return the state of a check as the evidence stands."""
        ...

    def can_be(self, formula: Formula) -> bool:
        """Tell whether further evidence can make a formula hold, alone."""
        ...


class Cheapest:
    """A search for the cheapest set of checks to meet."""

    def __init__(self, planner: Prices, below: Decimal) -> None:
        self._planner = planner
        self.best: Asked | None = None
        self._price = below
        self.is_cheapest = True
        self._left = MOST_TRIED

    def run(self, goals: tuple[Formula, ...], asked: Asked) -> None:
        """Meet every goal beside what is asked already, in every way that may be cheapest."""
        asked = dict(asked)
        choices = self._forced(goals, asked)
        if choices is None:
            return
        # What is met by what is asked already costs nothing more, so nothing is better.
        choices = [choice for choice in choices if not self._is_met(choice, asked)]
        price = self._planner.price(asked)
        if price >= self._price:
            return
        if not choices:
            self.best, self._price = asked, price
            return
        self._left -= 1
        if self._left < 0:
            self.is_cheapest = False
            return
        self._try(choices, asked, price)

    def _forced(self, goals: tuple[Formula, ...], asked: Asked) -> list[Formula] | None:
        """Ask for all that the goals force; return what is left to choose, None if they fail."""
        choices: list[Formula] = []
        todo = list(goals)
        while todo:
            goal = todo.pop()
            if isinstance(goal, Literal):
                if not self._meet(goal, asked):
                    return None
            elif goal.needed >= len(goal.parts):
                todo += goal.parts
            elif goal.needed > 0:
                choices.append(goal)
        return choices

    def _try(self, choices: list[Formula], asked: Asked, price: Decimal) -> None:
        ways = [self._ways(choice, asked) for choice in choices]
        if any(not found for found in ways):
            return
        more = [found[0][0] - price for found in ways]
        if price + _apart(choices, more) >= self._price:
            return
        place = max(range(len(choices)), key=lambda n: (ways[n][0][0], -len(ways[n])))
        rest = tuple(other for n, other in enumerate(choices) if n != place)
        for least, way in ways[place]:
            if least < self._price:
                self.run((*way, *rest), asked)

    def _is_met(self, goal: Formula, asked: Asked) -> bool:
        if isinstance(goal, Literal):
            state = self._planner.state(goal.check)
            there = goal.check.key in asked.get(goal.check.topic, ())
            return goal.holds and (state >= goal.at_least or there)
        return sum(self._is_met(part, asked) for part in goal.parts) >= goal.needed

    def _meet(self, goal: Literal, asked: Asked) -> bool:
        state = self._planner.state(goal.check)
        if state >= goal.at_least:
            return True
        if state is State.ADVERSE or not goal.holds:
            return False
        name = goal.check.topic
        asked[name] = asked.get(name, frozenset()) | {goal.check.key}
        return True

    def _ways(self, choice: Formula, asked: Asked) -> list[tuple[Decimal, tuple[Formula, ...]]]:
        """Return the ways to make a choice, each with what it costs at least, cheapest first."""
        assert not isinstance(choice, Literal)  # noqa: S101 - literals are met at once
        able = [part for part in choice.parts if self._planner.can_be(part)]
        ways = [
            (self._at_least(way, asked), way) for way in itertools.combinations(able, choice.needed)
        ]
        return sorted(ways, key=lambda found: found[0])

    def _at_least(self, way: tuple[Formula, ...], asked: Asked) -> Decimal:
        """Return what a way costs at least: all that it forces, whatever is chosen within it."""
        more, todo = dict(asked), list(way)
        while todo:
            goal = todo.pop()
            if isinstance(goal, Literal):
                self._meet(goal, more)
            elif goal.needed >= len(goal.parts):
                todo += goal.parts
        return self._planner.price(more)


def _apart(choices: list[Formula], more: list[Decimal]) -> Decimal:
    """Return what choices that share no topic cost together at least: the dearest ones first."""
    found, about = Decimal(0), set[str]()
    for place in sorted(range(len(choices)), key=lambda n: -more[n]):
        topics = {check.topic for check in checks_in(choices[place])}
        if not topics & about:
            about |= topics
            found += more[place]
    return found
