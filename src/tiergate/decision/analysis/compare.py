# SPDX-License-Identifier: Apache-2.0
"""How two policies relate: which opens what the other does not, with evidence that shows it.

One is stricter at a tier when whatever evidence opens the tier under it opens it under the
other too. That is decided by a search over all evidence of the kind that
:mod:`tiergate.decision.analysis.pieces` describes; whatever the search finds is held against the
evaluator itself. Where the search cannot look at everything, it says so and decides nothing.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable
from dataclasses import dataclass

from tiergate.decision.analysis.formula import Formula, Ladder, ladder, negated
from tiergate.decision.analysis.pieces import Piece, Place, gathered
from tiergate.decision.analysis.search import Problem
from tiergate.decision.analysis.search_nodes import World
from tiergate.decision.analysis.topics import Topic, freed, topics_of
from tiergate.decision.analysis.words import lines
from tiergate.decision.evaluate import evaluate
from tiergate.decision.policy import Policy
from tiergate.decision.tier import Tier
from tiergate.evidence.hazards import HazardDomain


class Relation(enum.StrEnum):
    """How the first policy stands to the second."""

    EQUIVALENT = "equivalent"
    STRICTER = "stricter"
    LOOSER = "looser"
    INCOMPARABLE = "incomparable"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Evidence with which one policy opens a tier and the other does not."""

    tier: Tier
    """The tier."""
    opened_by: str
    """Id of the policy that opens it."""
    first: Tier
    """What the first policy supports."""
    second: Tier
    """What the second policy supports."""
    pieces: tuple[Piece, ...]
    """The evidence."""
    notable: tuple[Piece, ...]
    """Those of its pieces that are not as good as can be."""
    lacking: tuple[str, ...]
    """Topics about which there is nothing."""
    words: tuple[str, ...]
    """What is notable and lacking, one line each; empty when the best evidence shows it."""


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
    conditions: tuple[str, ...]
    """What else differs: approvals, holds, expiry, waivers."""


@dataclass(slots=True)
class _Pair:
    """Two policies, and what their checks are about."""

    policies: tuple[Policy, Policy]
    ladders: tuple[Ladder, Ladder]
    place: Place
    problem: Problem
    freed: Problem | None
    """With topics that are not known completely in any state at all; None when there are none."""


def compare(first: Policy, second: Policy, place: Place) -> Difference:
    """Compare two policies at every tier and in every domain that either has bands for."""
    pair = _pair(first, second, place)
    tiers = sorted(
        {d.tier for policy in (first, second) for d in policy.tiers} - {Tier.T0},
        key=lambda tier: tier.rank,
    )
    at = {tier: _compared(pair, [tier], {}) for tier in tiers}
    domains = sorted(first.bands.keys() | second.bands.keys())
    within = {domain: _compared(pair, tiers, _others(pair, domain)) for domain in domains}
    return Difference(
        first=first,
        second=second,
        overall=_joined(found.relation for found in at.values()),
        tiers=at,
        domains=within,
        conditions=tuple(conditions(first, second)),
    )


def _pair(first: Policy, second: Policy, place: Place) -> _Pair:
    ladders = ladder(first), ladder(second)
    topics = topics_of([check for found in ladders for check in found.checks()], place)
    return _Pair(
        policies=(first, second),
        ladders=ladders,
        place=place,
        problem=Problem(topics),
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


def _others(pair: _Pair, domain: HazardDomain) -> World:
    """Return all topics but those of a domain, as good as can be."""
    best = pair.problem.best()
    return {name: bits for name, bits in best.items() if not _is_about(name, domain)}


def _is_about(topic: str, domain: HazardDomain) -> bool:
    return topic.partition(":")[2].partition(".")[0] == domain.value


def _compared(pair: _Pair, tiers: list[Tier], fixed: World) -> Compared:
    witnesses: list[Witness] = []
    opens: list[bool | None] = []
    for index in (0, 1):
        answers = []
        for tier in tiers:
            witness, answer = _opened_alone(pair, index, tier, fixed)
            answers.append(answer)
            if witness is not None:
                witnesses.append(witness)
                break
        opens.append(True if True in answers else None if None in answers else False)
    return Compared(relation=_relation(*opens), witnesses=tuple(witnesses))


def _relation(first_alone: bool | None, second_alone: bool | None) -> Relation:  # noqa: FBT001
    if first_alone is True and second_alone is True:
        return Relation.INCOMPARABLE
    if first_alone is None or second_alone is None:
        return Relation.UNDECIDED
    if first_alone:
        return Relation.LOOSER
    return Relation.STRICTER if second_alone else Relation.EQUIVALENT


def _joined(found: Iterable[Relation]) -> Relation:
    seen = set(found) - {Relation.EQUIVALENT}
    if Relation.INCOMPARABLE in seen or {Relation.STRICTER, Relation.LOOSER} <= seen:
        return Relation.INCOMPARABLE
    if Relation.UNDECIDED in seen:
        return Relation.UNDECIDED
    return seen.pop() if seen else Relation.EQUIVALENT


def _opened_alone(
    pair: _Pair, index: int, tier: Tier, fixed: World
) -> tuple[Witness | None, bool | None]:
    """Look for evidence with which one policy alone opens a tier.

    Returns:
        The evidence, or None; and whether there is any, None where that is undecided.
    """
    goals = _goals(pair, index, tier)
    world = pair.problem.solve(*goals, fixed=fixed)
    if world is not None:
        free = {name: bits for name, bits in world.items() if name not in fixed}
        world = pair.problem.simplest(world, *goals, only=free)
        witness = _witness(pair, index, tier, world)
        # What the evaluator does not confirm decides nothing.
        return witness, True if witness is not None else None
    if pair.freed is None:
        return None, False
    kept = {name: bits for name, bits in fixed.items() if name in pair.freed.topics}
    return None, False if pair.freed.solve(*goals, fixed=kept) is None else None


def _goals(pair: _Pair, index: int, tier: Tier) -> tuple[Formula, Formula]:
    one, other = pair.ladders[index], pair.ladders[1 - index]
    return one.opens(tier), negated(other.opens(tier))


def _witness(pair: _Pair, index: int, tier: Tier, world: World) -> Witness | None:
    pieces = pair.problem.pieces(world)
    evidence = gathered(pieces, pair.place)
    supported = [evaluate(policy, evidence, at=pair.place.at).supported for policy in pair.policies]
    if not supported[index].rank >= tier.rank > supported[1 - index].rank:
        return None
    best = pair.problem.pieces(pair.problem.best())
    notable = tuple(piece for piece in pieces if piece not in best)
    lacking = pair.problem.lacking(world)
    return Witness(
        tier=tier,
        opened_by=pair.policies[index].id,
        first=supported[0],
        second=supported[1],
        pieces=pieces,
        notable=notable,
        lacking=lacking,
        words=tuple(lines(notable, lacking, best)),
    )


def conditions(first: Policy, second: Policy) -> Iterable[str]:
    """Say what differs in the conditions of each tier, which no evidence meets."""
    for one in first.tiers:
        other = second.tier(one.tier)
        if other is None:
            yield f"{one.tier}: only in {first.id}"
            continue
        for what, here, there in (
            ("approvals", _words(one.approval_roles), _words(other.approval_roles)),
            ("holds", _words(h.text for h in one.holds), _words(h.text for h in other.holds)),
            ("expires after", f"{one.expiry.value} days", f"{other.expiry.value} days"),
        ):
            if here != there:
                yield f"{one.tier} {what}: {here} in {first.id}, {there} in {second.id}"
    yield from (f"{d.tier}: only in {second.id}" for d in second.tiers if not first.tier(d.tier))
    if dataclasses.astuple(first.waivers) != dataclasses.astuple(second.waivers):
        yield (
            f"waivers: up to {first.waivers.highest_tier}, {first.waivers.longest_days.value} "
            f"days in {first.id}; up to {second.waivers.highest_tier}, "
            f"{second.waivers.longest_days.value} days in {second.id}"
        )


def _words(parts: Iterable[str]) -> str:
    return ", ".join(parts) or "none"
