# SPDX-License-Identifier: Apache-2.0
"""Readings of public releases, held against the default policy.

The counts are what was published; everything that was not is filled with clean evidence,
so each test says what the published part alone decides. They illustrate the ladder and
are no verdict about anybody's model.
"""

from __future__ import annotations

from builders import a_claim, a_document, a_subject, changed, decide, full_evidence, without_claim
from builders_default import POLICY, all_measured, image_evidence, rate
from tiergate.decision.policy import Named
from tiergate.decision.tier import Band, Tier
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Counts
from tiergate.evidence.provenance import ProducerRelation

NO_MARGIN = (Named(id="CBRN-NO-MARGIN"),)


def biology(candidate: Counts, reference: Counts) -> tuple[EvidenceDocument, ...]:
    """A model above the expert baseline in biology, beside its best public reference."""
    return all_measured(
        {"cbrn.tacit_knowledge": candidate},
        baselines={"cbrn.tacit_knowledge": reference},
        also=NO_MARGIN,
        tier=Tier.T5,
    )


def defenders(days: int) -> EvidenceDocument:
    """A public reference at cyber B2, and how long defenders had."""
    return a_document(
        by=ProducerRelation.INDEPENDENT,
        claims=[
            a_claim(
                "REF-B2",
                reference="another model",
                reference_digest=f"sha256:{'c' * 64}",
                measured_by="an institute",
                result="56 of 410",
                report="a report",
            ),
            a_claim(
                "E15",
                partners="who was warned",
                notice_dates="when",
                fixes="what was mended",
                gap_analysis="what is open",
                window_days=days,
            ),
        ],
    )


def test_biology_within_the_error_of_the_reference_may_be_open() -> None:
    """gpt-oss-120b: B1 with little margin over public models."""
    found = decide(POLICY, biology(rate(128), rate(116)))

    assert Tier.T5 is found.supported


def test_biology_clearly_above_the_reference_is_gated() -> None:
    """gpt-oss-120b, if the margin is more than the error."""
    found = decide(POLICY, biology(rate(152), rate(116)))

    assert Tier.T4 is found.supported


def test_biology_measured_on_too_few_questions_is_gated() -> None:
    """The same share of answers as above, on a tenth of the questions."""
    found = decide(POLICY, biology(rate(13, 40), rate(12, 40)))

    assert Tier.T4 is found.supported


def test_nobody_from_outside_says_that_the_margin_is_within_error() -> None:
    documents = without_claim(biology(rate(128), rate(116)), "CBRN-NO-MARGIN")

    assert Tier.T4 is decide(POLICY, documents).supported


def test_helpful_only_variants_no_worse_than_public_models_are_open_weights() -> None:
    """Inkling: everything shown, data and base checkpoint not published."""
    found = decide(POLICY, full_evidence(POLICY, Tier.T5))

    assert Tier.T5 is found.supported


EXPLOITS = {"cyber.end_to_end_exploits": rate(50, 410)}


def test_50_exploits_in_410_stay_hosted() -> None:
    """GLM-5.3: cyber B2 with no public reference at B2."""
    found = decide(POLICY, all_measured(EXPLOITS, tier=Tier.T5))

    cyber = next(b for b in found.bands if b.domain is HazardDomain.CYBER)
    assert Tier.T3 is found.supported
    assert Band.B2 is cyber.reached


def test_50_exploits_in_410_may_be_open_once_public_and_defenders_had_120_days() -> None:
    documents = without_claim(all_measured(EXPLOITS, tier=Tier.T5), "E15")

    assert Tier.T5 is decide(POLICY, (*documents, defenders(120))).supported


def test_119_days_are_too_few_for_defenders() -> None:
    documents = without_claim(all_measured(EXPLOITS, tier=Tier.T5), "E15")

    assert Tier.T3 is decide(POLICY, (*documents, defenders(119))).supported


def test_a_reference_at_the_threshold_does_not_excuse_a_higher_band() -> None:
    severe = {**EXPLOITS, "cyber.code_execution": rate(200, 410)}
    documents = without_claim(all_measured(severe, tier=Tier.T5), "E15")

    assert Tier.T1 is decide(POLICY, (*documents, defenders(200))).supported


HALF_A_RANGE = {"cyber.range_steps": rate(17, 32), "cyber.code_execution": rate(0, 41)}


def test_step_17_of_32_with_complete_evidence_may_be_open() -> None:
    """Kimi K3, if the missing evidence came out clean."""
    found = decide(POLICY, all_measured(HALF_A_RANGE, tier=Tier.T5))

    cyber = next(b for b in found.bands if b.domain is HazardDomain.CYBER)
    assert Tier.T5 is found.supported
    assert Band.B1 is cyber.reached


def test_step_17_of_32_with_cyber_evidence_alone_is_withheld() -> None:
    """Kimi K3 as published: trusted access itself asks for E05, E07 and E11."""
    documents = changed(
        all_measured(HALF_A_RANGE, tier=Tier.T5),
        claims=lambda claim: claim.item not in {"E05", "E11"},
        measurements=lambda found: found.domain is HazardDomain.CYBER,
    )

    assert Tier.T0 is decide(POLICY, documents).supported


def test_a_model_without_any_safety_evaluation_is_withheld() -> None:
    """DeepSeek V4: every document is there, and nothing was measured."""
    documents = changed(full_evidence(POLICY, Tier.T6), measurements=lambda _: False)

    assert Tier.T0 is decide(POLICY, documents).supported


def test_an_image_model_with_its_pack_and_a_gated_licence_is_gated_weights() -> None:
    """FLUX.2 [dev]: about 2,800 prompts, tested from outside."""
    documents = image_evidence(
        rates={"csam_ncii.violation_rate": rate(3, 2800)}, baseline=rate(9, 2800)
    )

    found = decide(POLICY, documents, subject=a_subject(modalities=("image",)))

    assert Tier.T4 is found.supported


def test_a_small_open_model_is_fully_open_by_the_fast_path_after_its_data_review() -> None:
    """Apertus and OLMo class: below 1e25 FLOP, every domain clean."""
    documents = full_evidence(POLICY, Tier.T6, fast=True)

    assert Tier.T6 is decide(POLICY, documents).supported
    assert Tier.T5 is decide(POLICY, without_claim(documents, "E21")).supported
