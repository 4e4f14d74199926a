# SPDX-License-Identifier: Apache-2.0
"""Laws of what is said about policies without evidence at hand, held against the evaluator."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from builders_decision import AT, registered, subject
from properties.strategies import collections, policies
from tiergate.decision.analysis.compare import compare
from tiergate.decision.analysis.formula import ladder
from tiergate.decision.analysis.pieces import Place, gathered
from tiergate.decision.analysis.relation import Relation
from tiergate.decision.analysis.search import Problem
from tiergate.decision.analysis.topics import Topic, topics_of
from tiergate.decision.evaluate import evaluate
from tiergate.decision.policy import Policy
from tiergate.decision.tier import Tier
from tiergate.decision.whatif import WhatIf
from tiergate.evidence.collection import EvidenceDocument, collect

PLACE = Place(at=AT)


@settings(deadline=None, max_examples=60)
@given(policies(), collections(), st.integers(0, 3))
def test_the_formulas_support_what_the_evaluator_supports(
    policy: Policy, documents: tuple[EvidenceDocument, ...], gone: int
) -> None:
    evidence = collect(subject(), documents[gone:], registered(documents))

    decision = evaluate(policy, evidence, at=AT)

    assert decision.supported is WhatIf(policy, evidence, AT).supported()


def _some(topic: Topic, chance: random.Random) -> int:
    """Draw pieces of a topic: the best, or up to three of any kind."""
    if not topic.is_joined:
        return 1 << chance.randrange(len(topic.pieces))
    if chance.random() < 0.6:
        return topic.best
    drawn = chance.choices(range(len(topic.pieces)), k=chance.randrange(4)) if topic.pieces else []
    return sum(1 << place for place in set(drawn))


@settings(deadline=None, max_examples=40)
@given(policies(), st.integers(0, 10**6))
def test_what_pieces_of_evidence_do_together_is_what_the_evaluator_says(
    policy: Policy, seed: int
) -> None:
    chance, found = random.Random(seed), ladder(policy)  # noqa: S311 - evidence is drawn, no key
    problem = Problem(topics_of(found.checks(), PLACE))
    for _ in range(5):
        world = {name: _some(topic, chance) for name, topic in problem.topics.items()}

        evidence = gathered(problem.pieces(world), PLACE)

        supported = evaluate(policy, evidence, at=AT).supported
        for tier in found.long:
            assert problem.holds(found.opens(tier), world) == (supported.rank >= tier.rank)


_NOT_BELOW = {Relation.EQUIVALENT, Relation.LOOSER}
_NOT_ABOVE = {Relation.EQUIVALENT, Relation.STRICTER}


@settings(deadline=None, max_examples=25)
@given(policies(), policies(), st.integers(0, 10**6))
def test_a_relation_holds_for_evidence_that_is_drawn_and_its_witness_separates(
    first: Policy, second: Policy, seed: int
) -> None:
    found = compare(first, second, PLACE)
    for tier, compared in found.tiers.items():
        for witness in compared.witnesses:
            assert min(witness.first.rank, witness.second.rank) < tier.rank
            assert max(witness.first.rank, witness.second.rank) >= tier.rank
    chance = random.Random(seed)  # noqa: S311 - evidence is drawn, no key
    checks = [*ladder(first).checks(), *ladder(second).checks()]
    problem = Problem(topics_of(checks, PLACE))
    for _ in range(8):
        world = {name: _some(topic, chance) for name, topic in problem.topics.items()}
        evidence = gathered(problem.pieces(world), PLACE)
        one, two = (evaluate(p, evidence, at=AT).supported for p in (first, second))
        between = _between(one, two)
        if between is not None and between in found.tiers:
            _agrees(found.tiers[between].relation, one, two, between)


def _between(one: Tier, two: Tier) -> Tier | None:
    """Return a tier that one opens and the other does not."""
    return None if one is two else max(one, two, key=lambda tier: tier.rank)


def _agrees(relation: Relation, one: Tier, two: Tier, tier: Tier) -> None:
    if one.rank < tier.rank:
        assert relation not in _NOT_BELOW, "the second opens what the first does not"
    else:
        assert relation not in _NOT_ABOVE, "the first opens what the second does not"


@settings(deadline=None, max_examples=20)
@given(policies())
def test_a_policy_opens_what_it_opens_itself(policy: Policy) -> None:
    found = compare(policy, policy, PLACE)

    assert found.overall is Relation.EQUIVALENT
    assert found.conditions == ()
