# SPDX-License-Identifier: Apache-2.0
"""The cheapest evidence that would open a tier, and what cannot be had for this checkpoint.

What the evidence at hand shows stays: what it meets need not be measured again, and what it
speaks against no further evidence overcomes, because the worst case decides. Among the ways
that are left the one that costs least is searched for, all of it: a branch is left only when it
costs as much already as a whole plan that is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from tiergate.decision.analysis.formula import (
    Check,
    Context,
    Formula,
    Ladder,
    Literal,
    State,
    ladder,
)
from tiergate.decision.analysis.pieces import Piece, Place
from tiergate.decision.analysis.topics import Topic, topics_of
from tiergate.decision.plan_prices import Cost, PriceFile, total
from tiergate.decision.plan_search import LARGEST, Asked, Cheapest
from tiergate.decision.plan_steps import Assumed, Step, steps_for
from tiergate.decision.policy import Named, Policy, TierDefinition
from tiergate.decision.tier import Tier
from tiergate.decision.whatif import Moved, WhatIf
from tiergate.evidence.collection import Collection

_Mark = tuple[str, frozenset[str], frozenset[str]]
"""A topic, the keys of checks to be met, and of those that are not to be spoilt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """A requirement that no evidence about this checkpoint can meet any more."""

    requirement: str
    """Its id."""
    tier: Tier
    """The tier at which it is asked."""
    topics: tuple[str, ...]
    """What the evidence against it is about."""
    could_change: str
    """What would change it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to get to a tier."""

    tier: Tier
    """The tier."""
    supported: Tier
    """What is supported now."""
    is_possible: bool
    """Whether further evidence can open the tier at all."""
    is_cheapest: bool
    """Whether it is sure that no other steps cost less; else there may be some, found or not."""
    by_fast_path: bool
    """Whether the steps lead along the tier's fast path."""
    steps: tuple[Step, ...]
    """What is to be done; empty when nothing is, or nothing helps."""
    cost: Cost
    """What all of it costs, approvals with it."""
    chance: float
    """Probability that all measurements come out as needed, if the rates are as assumed."""
    approvals: tuple[str, ...]
    """Roles that approve."""
    holds: tuple[tuple[str, Decimal], ...]
    """Waits, in words and in days."""
    obstacles: tuple[Obstacle, ...]
    """What stands in the way for good; empty when the tier is possible."""
    possible_tier: Tier
    """The most open tier that further evidence can open."""
    moving: tuple[Moved, ...]
    """Single numbers of the policy that would move the tier as the evidence stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Steps to a tier."""

    steps: tuple[Step, ...]
    """What is to be done."""
    cost: Cost
    """What it costs, without approvals."""
    is_fast: bool
    """Whether it is the tier's fast path."""


def plan(  # noqa: PLR0913, PLR0917 - what a plan follows from
    policy: Policy,
    evidence: Collection,
    place: Place,
    tier: Tier,
    prices: PriceFile,
    assumed: Assumed,
) -> Plan:
    """Plan the cheapest way to a tier.

    Raises:
        KeyError: the policy does not have the tier.
    """
    definition = policy.tier(tier)
    if definition is None or tier is Tier.T0:
        raise KeyError(tier)
    found = Planner(policy, evidence, place, prices, assumed)
    way, is_cheapest = found.way(tier)
    is_possible = way is not None or not is_cheapest
    steps = () if way is None else way.steps
    chance = math.prod(step.chance for step in steps)
    approval = Cost(hours=prices.approval.hours, usd=prices.approval.usd)
    approvals = approval.times(Decimal(len(definition.approval_roles)))
    return Plan(
        tier=tier,
        supported=found.what_if.supported(),
        is_possible=is_possible,
        is_cheapest=is_cheapest,
        by_fast_path=way is not None and way.is_fast,
        steps=steps,
        cost=approvals if way is None else way.cost.plus(approvals),
        chance=0.0 if way is None else chance,
        approvals=definition.approval_roles,
        holds=tuple((hold.text, hold.days.value) for hold in definition.holds),
        obstacles=() if is_possible else tuple(found.obstacles(definition)),
        possible_tier=found.highest(),
        moving=tuple(found.what_if.moving()),
    )


class Planner:
    """What is known about a checkpoint, and what further evidence costs."""

    def __init__(
        self,
        policy: Policy,
        evidence: Collection,
        place: Place,
        prices: PriceFile,
        assumed: Assumed,
    ) -> None:
        self._policy, self._prices, self._assumed = policy, prices, assumed
        self._ladder: Ladder = ladder(policy)
        self.what_if = WhatIf(policy, evidence, place.at)
        self._topics: Mapping[str, Topic] = topics_of(self._ladder.checks(), place, is_plain=True)
        self._where = {c.key: topic for topic in self._topics.values() for c in topic.checks}
        self._known: dict[_Mark, tuple[Step, ...] | None] = {}
        self._totals: dict[_Mark, Decimal] = {}
        self._kept: frozenset[str] = frozenset()
        self._evidence = evidence

    def way(self, tier: Tier) -> tuple[Way | None, bool]:
        """Return the cheapest way to a tier that was found, and whether none costs less."""
        best: Way | None = None
        is_cheapest = True
        # The fast path first: what it costs keeps the search along the ladder short.
        for is_fast, formulas in ((True, self._ladder.fast), (False, self._ladder.long)):
            if tier in formulas:
                below = LARGEST if best is None else total(best.cost, self._prices)
                found, sure = self.cheapest(formulas[tier], below)
                is_cheapest &= sure
                if found is not None:
                    steps, cost = found
                    best = Way(steps=steps, cost=cost, is_fast=is_fast)
        return best, is_cheapest

    def highest(self) -> Tier:
        """Return the most open tier that further evidence can open."""
        tiers = [tier for tier in self._ladder.long if self._can_open(tier)]
        return max(tiers, key=lambda tier: tier.rank, default=Tier.T0)

    def _can_open(self, tier: Tier) -> bool:
        ways = [found[tier] for found in (self._ladder.long, self._ladder.fast) if tier in found]
        return any(self._can_be(way) for way in ways)

    def _can_be(self, formula: Formula) -> bool:
        if isinstance(formula, Literal):
            state = self.what_if.states[formula.check.key]
            return state is State.MET or bool(
                state is State.QUIET
                and (
                    formula.at_least is State.QUIET
                    or self._steps(formula.check.topic, frozenset({formula.check.key}))
                )
            )
        return sum(map(self._can_be, formula.parts)) >= formula.needed

    def obstacles(self, definition: TierDefinition) -> Iterator[Obstacle]:
        """Yield what keeps a tier closed for good on its long way."""
        for rung in self._policy.tiers:
            if not Tier.T0.rank < rung.tier.rank <= definition.tier.rank:
                continue
            context = Context(policy=self._policy, tier=rung.tier, standards=rung.standards)
            for name in rung.requirements:
                formula = context.met(Named(id=name))
                if not self._can_be(formula):
                    topics = tuple(sorted(set(self._against(formula))))
                    yield Obstacle(
                        requirement=name,
                        tier=rung.tier,
                        topics=topics,
                        could_change=_remedy(topics),
                    )

    def _against(self, formula: Formula) -> Iterator[str]:
        if isinstance(formula, Literal):
            if not self._can_be(formula):
                yield formula.check.topic
            return
        if not self._can_be(formula):
            for part in formula.parts:
                yield from self._against(part)

    def cheapest(
        self, formula: Formula, below: Decimal = LARGEST
    ) -> tuple[tuple[tuple[Step, ...], Cost] | None, bool]:
        """Return the cheapest steps with which a formula holds, and whether it is sure.

        Args:
            formula: what must hold.
            below: what the steps must cost less than.
        """
        self._keep(formula)
        if not self._can_be(formula):
            return None, True
        search = Cheapest(self, below)
        search.run((formula,), {})
        if search.best is None:
            return None, search.is_cheapest
        steps = tuple(
            step
            for name in sorted(search.best)
            for step in self._steps(name, search.best[name]) or ()
        )
        return (steps, self.cost(search.best)), search.is_cheapest

    def cost(self, asked: Asked) -> Cost:
        """Return what the steps cost that meet these checks of each topic."""
        found = Cost()
        for name, keys in asked.items():
            for step in self._steps(name, keys) or ():
                found = found.plus(step.cost)
        return found

    def price(self, asked: Asked) -> Decimal:
        """Return that cost as one number; a very large one when no steps meet the checks."""
        found = Decimal(0)
        for name, keys in asked.items():
            mark = (name, keys, self._kept)
            if mark not in self._totals:
                steps = self._steps(name, keys)
                cost = self.cost({name: keys})
                self._totals[mark] = LARGEST if steps is None else total(cost, self._prices)
            found += self._totals[mark]
        return min(found, LARGEST)

    def state(self, check: Check) -> State:
        """Return the state of a check as the evidence stands."""
        return self.what_if.states[check.key]

    def can_be(self, formula: Formula) -> bool:
        """Tell whether further evidence can make a formula hold, alone."""
        return self._can_be(formula)

    def _steps(self, name: str, keys: frozenset[str]) -> tuple[Step, ...] | None:
        mark = (name, keys, self._kept)
        if mark not in self._known:
            topic = self._topics[name]
            self._known[mark] = steps_for(
                topic, keys, self._evidence, self._prices, self._assumed, self._kept
            )
        return self._known[mark]

    def _keep(self, formula: Formula) -> None:
        """Let every step spare what the formula needs and the evidence at hand has not spoilt."""
        self._kept = frozenset(
            literal.check.key
            for literal in _literals(formula)
            if literal.holds and self.what_if.states[literal.check.key] >= literal.at_least
        )


def _literals(formula: Formula) -> Iterator[Literal]:
    if isinstance(formula, Literal):
        yield formula
        return
    for part in formula.parts:
        yield from _literals(part)


def _remedy(topics: tuple[str, ...]) -> str:
    kinds = {topic.partition(":")[0] for topic in topics}
    if "files" in kinds:
        return "convert the files, which makes another checkpoint: identify it and measure it anew"
    if any(topic.startswith("metric:safeguard.") for topic in topics):
        return "a safeguard with higher tamper resistance, or a tier that relies on none"
    if "metric" in kinds:
        return "filtered training data, a higher tamper resistance, gated release or a lower tier"
    return "another checkpoint of which this does not hold, or a lower tier"


__all__ = ["Obstacle", "Piece", "Plan", "Planner", "plan"]
