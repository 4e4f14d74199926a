# SPDX-License-Identifier: Apache-2.0
"""What has to hold for a comparison of two policies, held against the evaluator anew."""

from __future__ import annotations

import random

from tiergate.decision.analysis.compare import Difference
from tiergate.decision.analysis.pieces import Piece, Place, gathered
from tiergate.decision.analysis.relation import Relation
from tiergate.decision.analysis.witness import Witness
from tiergate.decision.evaluate import evaluate
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Policy
from tiergate.decision.tier import Tier

MIRRORED = {
    Relation.STRICTER: Relation.LOOSER,
    Relation.LOOSER: Relation.STRICTER,
}
_FIRST_ALONE = {Relation.LOOSER, Relation.INCOMPARABLE}
_SECOND_ALONE = {Relation.STRICTER, Relation.INCOMPARABLE}


def witnesses_of(found: Difference) -> list[Witness]:
    """Return every witness of a comparison."""
    parts = [*found.tiers.values(), *found.domains.values()]
    return [witness for part in parts for witness in part.witnesses]


def supported(policies: tuple[Policy, Policy], pieces: tuple[Piece, ...], at: Place) -> list[Tier]:
    """Return what each policy supports with some evidence."""
    evidence = gathered(pieces, at)
    return [evaluate(policy, evidence, at=at.at).supported for policy in policies]


def check_witnesses(found: Difference, place: Place) -> None:
    """Hold that each relation has the witnesses that it needs, and that each of them separates."""
    for part in (*found.tiers.values(), *found.domains.values()):
        openers = {witness.opened_by for witness in part.witnesses}
        assert (found.first.id in openers) is (part.relation in _FIRST_ALONE)
        assert (found.second.id in openers) is (part.relation in _SECOND_ALONE)
    known: dict[tuple[Piece, ...], list[Tier]] = {}
    for witness in witnesses_of(found):
        if witness.pieces not in known:
            pair = (found.first, found.second)
            known[witness.pieces] = supported(pair, witness.pieces, place)
        tiers = known[witness.pieces]
        assert [witness.first, witness.second] == tiers
        opens = [tier.rank >= witness.tier.rank for tier in tiers]
        assert opens == [witness.opened_by == p.id for p in (found.first, found.second)]
        other = found.second if witness.opened_by == found.first.id else found.first
        has_tier = any(rung.tier.rank >= witness.tier.rank for rung in other.tiers)
        assert bool(witness.deciders) is has_tier
        for decider in witness.deciders:
            assert (decider.policy, decider.outcome is Outcome.MET) == (other.id, False)
            assert decider.asks == other.requirements[decider.requirement].asks


def check_drawn(found: Difference, place: Place, chance: random.Random, draws: int) -> None:
    """Hold that evidence like that of the witnesses, with parts taken out, agrees."""
    known = witnesses_of(found)
    for _ in range(draws if known else 0):
        pieces = chance.choice(known).pieces
        kept = tuple(piece for piece in pieces if chance.random() > 1 / len(pieces))
        tiers = supported((found.first, found.second), kept, place)
        for tier, part in found.tiers.items():
            first, second = (supports.rank >= tier.rank for supports in tiers)
            if first and not second:
                assert part.relation in _FIRST_ALONE
            if second and not first:
                assert part.relation in _SECOND_ALONE
