# SPDX-License-Identifier: Apache-2.0
"""How two policies relate: which opens what the other does not, with evidence that shows it.

One is stricter at a tier when whatever evidence opens the tier under it opens it under the
other too. That is decided by a search over all evidence of the kind that
:mod:`tiergate.decision.analysis.pieces` describes; whatever the search finds is held against the
evaluator itself. Where the search cannot look at everything, it says so and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tiergate.decision.analysis.conditions import Condition, conditions
from tiergate.decision.analysis.formula import Formula, Ladder, ladder, negated
from tiergate.decision.analysis.pieces import Place
from tiergate.decision.analysis.relation import Relation, joined, relation_of
from tiergate.decision.analysis.search import Problem
from tiergate.decision.analysis.search_nodes import World
from tiergate.decision.analysis.topics import Topic, freed, topics_of
from tiergate.decision.analysis.witness import Confirming, Witness
from tiergate.decision.policy import Policy
from tiergate.decision.tier import Tier
from tiergate.evidence.hazards import HazardDomain


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How two policies relate at one tier, or in one domain."""

    relation: Relation
    """How the first stands to the second."""
    witnesses: tuple[Witness, ...]
    """Evidence for it: one for each policy that opens what the other does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How two policies relate."""

    first: Policy
    second: Policy
    overall: Relation
    """Over all tiers."""
    tiers: dict[Tier, Compared]
    """At each tier above T0 that one of them has."""
    domains: dict[HazardDomain, Compared]
    """Where everything but this domain is as good as can be."""
    conditions: tuple[Condition, ...]
    """What else differs: approvals, holds, expiry, waivers."""
    besides: Relation
    """How the first stands to the second in those, at the tiers that both have."""


@dataclass(slots=True)
class _Pair:
    """Two policies, what their checks are about, and what was found so far."""

    ladders: tuple[Ladder, Ladder]
    problem: Problem
    confirming: Confirming
    freed: Problem | None
    """With topics that are not known completely in any state at all; None when there are none."""
    goals: dict[tuple[int, Tier], tuple[Formula, Formula]] = field(default_factory=dict)
    """By policy and tier: that it alone opens the tier."""
    worlds: list[World] = field(default_factory=list)
    """Evidence that showed something."""
    never: set[tuple[int, Tier]] = field(default_factory=set)
    """Policies that never open a tier alone, so that they do not in any domain either."""


def compare(first: Policy, second: Policy, place: Place) -> Difference:
    """Compare two policies at every tier and in every domain that either has bands for."""
    pair = _pair(first, second, place)
    tiers = sorted(
        {d.tier for policy in (first, second) for d in policy.tiers} - {Tier.T0},
        key=lambda tier: tier.rank,
    )
    at = {tier: _compared(pair, [tier]) for tier in tiers}
    domains = sorted(first.bands.keys() | second.bands.keys())
    within = {domain: _compared(pair, tiers, domain) for domain in domains}
    besides = tuple(conditions(first, second))
    return Difference(
        first=first,
        second=second,
        overall=joined(found.relation for found in at.values()),
        tiers=at,
        domains=within,
        conditions=besides,
        besides=joined(found.relation for found in besides),
    )


def _pair(first: Policy, second: Policy, place: Place) -> _Pair:
    ladders = ladder(first), ladder(second)
    topics = topics_of([check for found in ladders for check in found.checks()], place)
    problem = Problem(topics)
    return _Pair(
        ladders=ladders,
        problem=problem,
        confirming=Confirming((first, second), problem, place),
        freed=problem_freed(topics),
    )


def problem_freed(topics: dict[str, Topic]) -> Problem | None:
    """Return the problem in which what is not known completely can be anything; None if none."""
    if all(topic.is_complete for topic in topics.values()):
        return None
    known = {name: topic for name, topic in topics.items() if topic.is_complete}
    for topic in topics.values():
        if not topic.is_complete:
            known |= {found.name: found for found in freed(topic)}
    return Problem(known)


def _is_about(topic: str, domain: HazardDomain) -> bool:
    return topic.partition(":")[2].partition(".")[0] == domain.value


def _compared(pair: _Pair, tiers: list[Tier], domain: HazardDomain | None = None) -> Compared:
    """Compare at some tiers, over all evidence, or where all but a domain is at its best."""
    witnesses: list[Witness] = []
    opens: list[bool | None] = []
    for index in (0, 1):
        answers = []
        for tier in tiers:
            witness, answer = _opened_alone(pair, index, tier, domain)
            answers.append(answer)
            if witness is not None:
                witnesses.append(witness)
                break
        opens.append(True if True in answers else None if None in answers else False)
    return Compared(relation=relation_of(*opens), witnesses=tuple(witnesses))


def _opened_alone(
    pair: _Pair, index: int, tier: Tier, domain: HazardDomain | None
) -> tuple[Witness | None, bool | None]:
    """Look for evidence with which one policy alone opens a tier.

    Returns:
        The evidence, or None; and whether there is any, None where that is undecided.
    """
    if (index, tier) in pair.never:
        return None, False
    goals = _goals(pair, index, tier)
    best = pair.problem.best()
    fixed = {
        name: bits
        for name, bits in best.items()
        if domain is not None and not _is_about(name, domain)
    }
    world = _known(pair, goals, fixed) or pair.problem.solve(*goals, fixed=fixed)
    if world is not None:
        free = [name for name in world if name not in fixed]
        world = pair.problem.simplest(world, *goals, only=free)
        witness = pair.confirming.witness(index, tier, world)
        pair.worlds.append(world)
        # What the evaluator does not confirm decides nothing.
        return witness, True if witness is not None else None
    if pair.freed is not None:
        kept = {name: bits for name, bits in fixed.items() if name in pair.freed.topics}
        if pair.freed.solve(*goals, fixed=kept) is not None:
            return None, None
    if domain is None:
        pair.never.add((index, tier))
    return None, False


def _known(pair: _Pair, goals: tuple[Formula, ...], fixed: World) -> World | None:
    """Return a world that was found before, as far as it is free, where it answers this too."""
    for found in pair.worlds:
        world = {**found, **fixed}
        if all(pair.problem.holds(goal, world) for goal in goals):
            return world
    return None


def _goals(pair: _Pair, index: int, tier: Tier) -> tuple[Formula, Formula]:
    if (index, tier) not in pair.goals:
        one, other = pair.ladders[index], pair.ladders[1 - index]
        pair.goals[index, tier] = one.opens(tier), negated(other.opens(tier))
    return pair.goals[index, tier]
