# SPDX-License-Identifier: Apache-2.0
"""From the decision to words: sentences, counts, blockers, trees and conditions."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from decimal import Decimal

import pytest

from builders import AT, a_document, a_measurement, all_signed, an_attack, full_evidence
from builders_default import POLICY
from tiergate.decision.decision import Condition, Decision
from tiergate.decision.evaluate import evaluate
from tiergate.decision.explanation import Explanation
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Number, NumberStatus
from tiergate.decision.tier import Tier
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.measurement import AttackClass, Variant
from tiergate.report import view

ATTACK = an_attack(AttackClass.PREFILL, usd=100)
BROKEN = (
    a_document(
        measurements=[
            a_measurement("cyber.end_to_end_exploits", 50, 410, variant=Variant.WORST_CASE),
            a_measurement("safeguard.attack_success", 46, 50, attack=ATTACK),
        ]
    ),
)


def decided(documents: tuple[EvidenceDocument, ...], tier: Tier | None) -> Decision:
    return evaluate(POLICY, all_signed(documents), at=AT, asked=tier)


def a_node(outcome: Outcome, **parts: object) -> Explanation:
    node = Explanation(id="", title="a part", outcome=outcome, reason="")
    return dataclasses.replace(node, **parts)  # type: ignore[arg-type]


SENTENCES: dict[str, tuple[tuple[EvidenceDocument, ...], Tier, tuple[str, ...]]] = {
    "a supported tier": (
        full_evidence(POLICY, Tier.T1),
        Tier.T1,
        ("The evidence supports T1 Trusted access (vetted, hosted).",),
    ),
    "a tier below the supported one": (
        full_evidence(POLICY, Tier.T2),
        Tier.T1,
        (
            "The evidence supports T1 Trusted access (vetted, hosted).",
            "It supports T2 Monitored general API.",
        ),
    ),
    "a tier that evidence speaks against": (
        BROKEN,
        Tier.T5,
        (
            "The evidence speaks against T5 Open weights.",
            "It supports nothing above the floor, T0.",
            "Weights that were published cannot be called back.",
        ),
    ),
    "a tier that nothing settles": (
        full_evidence(POLICY, Tier.T1),
        Tier.T2,
        (
            (
                "The evidence does not settle whether T2 Monitored general API may be opened, "
                "and what is not known opens nothing."
            ),
            "It supports T1 Trusted access (vetted, hosted).",
        ),
    ),
}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_decision_is_said_in_plain_sentences(sentence: str) -> None:
    documents, tier, expected = SENTENCES[sentence]

    assert expected == view.sentences(decided(documents, tier))


def test_outcomes_are_counted_in_words_and_those_that_are_absent_left_out() -> None:
    met, open_ = a_node(Outcome.MET), a_node(Outcome.UNDETERMINED)
    broken = a_node(Outcome.NOT_MET)

    assert "1 of 1 met" == view.count_words([met])
    assert "0 of 2 met, 2 undetermined" == view.count_words([open_, open_])
    assert "1 of 3 met, 1 undetermined, 1 not met" == view.count_words([met, open_, broken])


def test_every_blocker_of_the_decision_is_shown_in_its_order() -> None:
    decision = decided(BROKEN, Tier.T5)

    found = view.blockers(decision)

    assert [row.id for row in decision.blocking()] == [blocker.row.id for blocker in found]


def test_a_blocker_points_to_a_tree_with_the_same_outcome() -> None:
    decision = decided(BROKEN, Tier.T5)
    rows = {tree.anchor: tree.row for tier in view.trees(decision) for tree in tier.rows}

    for blocker in view.blockers(decision):
        tree = rows[blocker.anchor]
        assert (blocker.row.id, blocker.row.outcome) == (tree.id, tree.outcome)


def test_what_was_measured_comes_before_what_is_missing() -> None:
    blocker = next(
        b for b in view.blockers(decided(BROKEN, Tier.T5)) if b.row.id == "E15-FROM-WATCH"
    )
    leaves = [leaf for leaf in blocker.row.blockers() if leaf.outcome is blocker.row.outcome]

    assert not leaves[0].readings
    assert "50 of 410" in blocker.reasons[0]


def test_of_a_blocker_without_numbers_one_reason_is_shown_and_the_rest_counted() -> None:
    blocker = next(b for b in view.blockers(decided((), Tier.T1)) if b.row.id == "E07")
    leaves = [leaf for leaf in blocker.row.blockers() if leaf.outcome is blocker.row.outcome]

    assert 1 == len(blocker.reasons)
    assert len(leaves) - 1 == blocker.more > 0
    assert blocker.reasons[0].startswith(f"{leaves[0].title}: ")


STEPS: dict[str, view.Step] = {
    "tiergate evidence claim E01 --model MODEL": view.Step(
        words="", command="tiergate evidence claim E01 --model MODEL"
    ),
    "measure it, then: tiergate evidence add LOG": view.Step(
        words="measure it, then:", command="tiergate evidence add LOG"
    ),
    "change the model: it is too strong": view.Step(
        words="change the model: it is too strong", command=""
    ),
}


@pytest.mark.parametrize("text", STEPS)
def test_a_next_step_is_parted_into_words_and_command(text: str) -> None:
    assert STEPS[text] == view.step_of(text)


def test_equal_trees_stand_on_the_page_once_and_every_pointer_leads_to_an_equal_one() -> None:
    decision = decided(full_evidence(POLICY, Tier.T5), Tier.T5)
    rows = list(_rows(decision))
    full = {tree.anchor: tree.row for tree in rows if not tree.same_as}
    places = view.first_places(decision)

    pointing = [tree for tree in rows if tree.same_as]
    assert pointing
    for tree in pointing:
        assert tree.row in tuple(full[tree.same_as].walk())
    assert {places[tree.row] for tree in pointing} == {tree.same_as for tree in pointing}


def test_the_requirements_of_the_tier_in_question_are_printed_there_in_full() -> None:
    decision = decided(BROKEN, Tier.T5)

    asked = next(t for t in view.trees(decision) if t.verdict.tier is Tier.T5)

    assert asked.rows
    assert all(not tree.same_as for tree in asked.rows)


def test_trees_are_in_the_order_of_the_tiers_with_their_fast_paths() -> None:
    decision = decided(BROKEN, Tier.T5)

    trees = view.trees(decision)

    assert [v.tier for v in decision.tiers] == [t.verdict.tier for t in trees]
    for tree in trees:
        assert tree.verdict.requirements == tuple(row.row for row in tree.rows)
        assert tree.verdict.fast_path == tuple(row.row for row in tree.fast_path)


def _rows(decision: Decision) -> Iterator[view.TreeRow]:
    for tier in view.trees(decision):
        yield from (*tier.rows, *tier.fast_path)


def test_conditions_are_those_of_the_tiers_asked_for_and_supported() -> None:
    both = view.conditions_of(decided(BROKEN, Tier.T5))
    one = view.conditions_of(decided(full_evidence(POLICY, Tier.T1), Tier.T1))

    assert [Tier.T5, Tier.T0] == [verdict.tier for verdict in both]
    assert [Tier.T1] == [verdict.tier for verdict in one]


def test_a_number_is_written_with_its_unit_its_status_and_its_basis() -> None:
    number = Number(value=Decimal("90.0"), unit="days", status=NumberStatus.LAW, basis="an act")
    condition = Condition(kind="expiry", text="it lapses", number=number)

    assert "90 days: law; an act" == view.number_words(condition)
    assert "" == view.number_words(dataclasses.replace(condition, number=None))


@pytest.mark.parametrize(
    ("digest", "expected"),
    [
        (f"sha256:{'0123456789abcdef' * 4}", "sha256:0123456789ab…cdef"),
        ("sha256:0123456789abcdef", "sha256:0123456789abcdef"),
        ("", ""),
    ],
)
def test_a_digest_is_shortened_to_its_ends(digest: str, expected: str) -> None:
    assert expected == view.short_digest(digest)
