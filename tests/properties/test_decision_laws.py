# SPDX-License-Identifier: Apache-2.0
"""Laws of a decision: it does not depend on order or on what nobody asks about."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from builders_decision import AT, claim, counts, document, measurement, registered, subject, waiver
from properties.strategies import REQUIREMENTS, collections, policies
from tiergate.decision.decision import Decision
from tiergate.decision.evaluate import evaluate
from tiergate.decision.outcome import Outcome, all_of, any_of, at_least
from tiergate.decision.policy import Policy
from tiergate.decision.tier import Tier
from tiergate.decision.waiver import Waiver
from tiergate.evidence.collection import EvidenceDocument, collect

outcomes = st.sampled_from(Outcome)
lists = st.lists(outcomes, max_size=6)
Documents = tuple[EvidenceDocument, ...]

unrelated_documents = st.builds(
    document,
    st.sampled_from(
        [
            measurement("utility.poetry", counts(3, 10)),
            measurement("safeguard.politeness", counts(90, 90)),
            claim("E99"),
            claim("E99", holds=False),
        ]
    ),
)
waivers = st.builds(waiver, st.sampled_from(REQUIREMENTS), st.sampled_from(Tier))


def decide(
    policy: Policy, documents: list[EvidenceDocument], given_waivers: tuple[Waiver, ...] = ()
) -> Decision:
    evidence = collect(subject(), documents, registered(documents))
    return evaluate(policy, evidence, at=AT, waivers=given_waivers)


@settings(deadline=None, max_examples=50)
@given(policies(), collections())
def test_the_order_of_documents_does_not_change_a_byte_of_the_decision(
    policy: Policy, documents: Documents
) -> None:
    shuffled = sorted(documents, key=lambda found: found.digest[::-1])

    assert repr(decide(policy, list(documents))) == repr(decide(policy, shuffled))


@settings(deadline=None, max_examples=50)
@given(policies(), collections())
def test_a_document_that_comes_twice_counts_once(policy: Policy, documents: Documents) -> None:
    twice = [*documents, *documents]

    assert decide(policy, list(documents)) == decide(policy, twice)


@settings(deadline=None, max_examples=50)
@given(policies(), collections(), unrelated_documents)
def test_evidence_that_nobody_asks_about_changes_no_outcome(
    policy: Policy, documents: Documents, unrelated: EvidenceDocument
) -> None:
    before, after = decide(policy, list(documents)), decide(policy, [*documents, unrelated])

    assert before.tiers == after.tiers
    assert before.bands == after.bands
    assert before.supported is after.supported


@settings(deadline=None, max_examples=100)
@given(policies(), collections(), st.lists(waivers, min_size=1, max_size=6))
def test_no_waiver_reaches_above_its_cap(
    policy: Policy, documents: Documents, given_waivers: list[Waiver]
) -> None:
    few = list(documents[:8])
    highest = max(w.highest_tier.rank for w in given_waivers)
    cap = min(highest, policy.waivers.highest_tier.rank)

    plain, waived = decide(policy, few), decide(policy, few, tuple(given_waivers))

    for without, with_waivers in zip(plain.tiers, waived.tiers, strict=True):
        if without.tier.rank > cap:
            assert without.outcome is with_waivers.outcome
            assert without.requirements == with_waivers.requirements
    assert waived.supported.rank <= max(cap, plain.supported.rank)


@settings(deadline=None, max_examples=50)
@given(policies(), collections(), st.lists(waivers, max_size=4))
def test_a_tier_is_supported_only_with_every_tier_below_it_or_by_its_fast_path(
    policy: Policy, documents: Documents, given_waivers: list[Waiver]
) -> None:
    decision = decide(policy, list(documents[4:]), tuple(given_waivers))

    below = Outcome.MET
    for verdict in decision.tiers[1:]:
        below = all_of([below, verdict.own])
        fast = all_of(row.outcome for row in verdict.fast_path)
        if verdict.outcome is Outcome.MET:
            assert Outcome.MET in {below, fast}


def _improved(before: list[Outcome], index: int) -> list[Outcome]:
    return [*before[:index], Outcome.MET, *before[index + 1 :]]


@given(lists.filter(bool), st.integers(0, 5), st.integers(0, 7))
def test_a_part_that_becomes_met_never_takes_met_away(
    before: list[Outcome], place: int, needed: int
) -> None:
    after = _improved(before, place % len(before))

    assert all_of(before) is not Outcome.MET or all_of(after) is Outcome.MET
    assert any_of(before) is not Outcome.MET or any_of(after) is Outcome.MET
    was = at_least(needed, before)
    assert was is not Outcome.MET or at_least(needed, after) is Outcome.MET


@given(st.lists(outcomes, max_size=6), st.permutations(range(6)), st.integers(-1, 7))
def test_outcomes_combine_in_any_order(found: list[Outcome], order: list[int], needed: int) -> None:
    shuffled = [found[place] for place in order if place < len(found)]

    assert all_of(found) is all_of(shuffled)
    assert any_of(found) is any_of(shuffled)
    assert at_least(needed, found) is at_least(needed, shuffled)


@given(lists)
def test_one_of_several_is_any_of_them_and_all_of_several_is_every_one(
    found: list[Outcome],
) -> None:
    assert at_least(1, found) is any_of(found)
    if found:
        assert at_least(len(found), found) is all_of(found)


@given(lists, st.integers(-2, 8))
def test_met_takes_as_many_met_parts_as_are_asked_for(found: list[Outcome], needed: int) -> None:
    met = found.count(Outcome.MET)

    assert (all_of(found) is Outcome.MET) == (bool(found) and met == len(found))
    assert (any_of(found) is Outcome.MET) == (met > 0)
    assert (at_least(needed, found) is Outcome.MET) == (1 <= needed <= met)


@given(lists, lists)
def test_combining_in_groups_comes_to_the_same_as_combining_at_once(
    first: list[Outcome], second: list[Outcome]
) -> None:
    if first and second:
        assert all_of([*first, *second]) is all_of([all_of(first), all_of(second)])
        assert any_of([*first, *second]) is any_of([any_of(first), any_of(second)])
