# SPDX-License-Identifier: Apache-2.0
"""Laws of safety cases: a picture says what the decision says, and assumptions are never green."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from builders_decision import waiver
from properties.strategies import REQUIREMENTS, collections, policies
from properties.test_decision_laws import Documents, decide
from tiergate.decision.document import decision_document
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Policy
from tiergate.decision.safety_case import Kind, SafetyCase, outline, rolled_up, shallow
from tiergate.decision.safety_case_build import safety_case
from tiergate.decision.safety_case_judged import JudgedTier, of_decision, of_record
from tiergate.decision.safety_case_topics import TEMPLATES
from tiergate.decision.tier import Tier
from tiergate.decision.waiver import Waiver
from tiergate.report.case_tone import Tone, tone

waivers = st.builds(waiver, st.sampled_from(REQUIREMENTS), st.sampled_from(Tier))
some_waivers = st.lists(waivers, max_size=4, unique_by=lambda found: found.requirement)
some_templates = st.lists(st.sampled_from(TEMPLATES), unique=True, max_size=5)


def judged_tiers(
    policy: Policy, documents: Documents, given_waivers: list[Waiver]
) -> tuple[tuple[JudgedTier, JudgedTier], ...]:
    """Return every tier of a decision, as decided and as written down and read again."""
    decision = decide(policy, list(documents), tuple(given_waivers))
    written = decision_document(decision)
    return tuple(
        (of_decision(decision, policy, found.tier), of_record(written, policy, found.tier))
        for found in policy.tiers
    )


@settings(deadline=None, max_examples=60)
@given(policies(), collections(), some_waivers)
def test_the_topmost_claim_has_the_outcome_of_the_tier(
    policy: Policy, documents: Documents, given_waivers: list[Waiver]
) -> None:
    for judged, _ in judged_tiers(policy, documents, given_waivers):
        case = safety_case(judged)

        assert judged.outcome is case.top.status
        assert rolled_up(case) == {
            node.id: node.status for node in case.nodes.values() if node.status is not None
        }


@settings(deadline=None, max_examples=60)
@given(policies(), collections(), some_waivers)
def test_a_record_gives_the_case_that_the_decision_gave(
    policy: Policy, documents: Documents, given_waivers: list[Waiver]
) -> None:
    for judged, read in judged_tiers(policy, documents, given_waivers):
        assert safety_case(judged).nodes == safety_case(read).nodes


@settings(deadline=None, max_examples=60)
@given(policies(), collections(), some_waivers, some_templates)
def test_the_templates_chosen_never_change_the_answer(
    policy: Policy,
    documents: Documents,
    given_waivers: list[Waiver],
    templates: list[object],
) -> None:
    chosen = [found for found in TEMPLATES if found in templates]
    for judged, _ in judged_tiers(policy, documents, given_waivers):
        assert judged.outcome is safety_case(judged, chosen).top.status


@settings(deadline=None, max_examples=30)
@given(policies(), collections(), some_waivers)
def test_every_requirement_that_is_asked_for_is_argued(
    policy: Policy, documents: Documents, given_waivers: list[Waiver]
) -> None:
    for judged, _ in judged_tiers(policy, documents, given_waivers):
        case = safety_case(judged)
        drawn = [node.requirement for node in case.nodes.values() if node.requirement]
        asked = {row.id for _, row in judged.rows} | {row.id for row in judged.fast_path}

        assert asked <= set(drawn)


@settings(deadline=None, max_examples=30)
@given(policies(), collections(), some_waivers, st.integers(1, 6))
def test_leaving_out_what_is_below_changes_no_status(
    policy: Policy, documents: Documents, given_waivers: list[Waiver], levels: int
) -> None:
    for judged, _ in judged_tiers(policy, documents, given_waivers):
        case = safety_case(judged)
        for less in (outline(case), shallow(case, levels), shallow(outline(case), levels)):
            assert judged.outcome is rolled_up(less)[less.root]
            assert less.nodes.keys() <= case.nodes.keys()
            assert all(node.status is case.nodes[name].status for name, node in less.nodes.items())
            assert _raised(less) == _raised(case)


def _raised(case: SafetyCase) -> set[str]:
    return {node.id for node in case.nodes.values() if node.is_raised}


@settings(deadline=None, max_examples=30)
@given(policies(), collections(), some_waivers)
def test_only_what_evidence_shows_is_drawn_as_met(
    policy: Policy, documents: Documents, given_waivers: list[Waiver]
) -> None:
    for judged, _ in judged_tiers(policy, documents, given_waivers):
        for node in safety_case(judged).nodes.values():
            if node.kind in {Kind.ASSUMPTION, Kind.CONTEXT, Kind.DEFEATER}:
                assert node.status is None
            if tone(node) is Tone.MET:
                assert node.status is Outcome.MET
                assert not node.waived
                assert not node.rests_on_waiver


@settings(deadline=None, max_examples=30)
@given(policies(), collections(), some_waivers)
def test_without_its_waivers_a_claim_that_rests_on_one_is_not_met(
    policy: Policy, documents: Documents, given_waivers: list[Waiver]
) -> None:
    with_waivers = judged_tiers(policy, documents, given_waivers)
    without = judged_tiers(policy, documents, [])

    for (judged, _), (plain, _) in zip(with_waivers, without, strict=True):
        top = safety_case(judged).top
        assert top.rests_on_waiver == (
            judged.outcome is Outcome.MET and plain.outcome is not Outcome.MET
        )
