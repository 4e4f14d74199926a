# SPDX-License-Identifier: Apache-2.0
"""What the default policy decides: clean evidence opens, each gap and each harm closes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest

from builders import (
    AT,
    ROOT,
    a_claim,
    a_document,
    a_subject,
    all_signed,
    changed,
    claimed_items,
    decide,
    full_evidence,
    measured_metrics,
    without_claim,
    without_metric,
)
from builders_default import POLICY, all_measured, rate
from tiergate.decision.evaluate import evaluate
from tiergate.decision.tier import Tier
from tiergate.decision.waiver import Waiver
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.measurement import (
    Variant,
)
from tiergate.evidence.provenance import BindingLevel

LADDER: dict[Tier, tuple[EvidenceDocument, ...]] = {
    tier: full_evidence(POLICY, tier) for tier in Tier if tier is not Tier.T0
}
FAST: dict[Tier, tuple[EvidenceDocument, ...]] = {
    tier: full_evidence(POLICY, tier, fast=True) for tier in (Tier.T5, Tier.T6)
}


@pytest.mark.parametrize("tier", LADDER)
def test_evidence_that_meets_every_rung_supports_exactly_that_tier(tier: Tier) -> None:
    assert tier is decide(POLICY, LADDER[tier]).supported


def test_no_evidence_supports_nothing() -> None:
    assert Tier.T0 is decide(POLICY, []).supported


# A signed statement stands in for its draft, so the draft alone is not needed at T5.
@pytest.mark.parametrize("item", sorted(set(claimed_items(LADDER[Tier.T5])) - {"E19-DRAFT"}))
def test_any_one_claim_that_is_missing_closes_open_weights(item: str) -> None:
    found = decide(POLICY, without_claim(LADDER[Tier.T5], item))

    assert found.supported.rank < Tier.T5.rank


@pytest.mark.parametrize("metric", measured_metrics(LADDER[Tier.T5]))
def test_any_one_metric_that_is_missing_closes_open_weights(metric: str) -> None:
    found = decide(POLICY, without_metric(LADDER[Tier.T5], metric))

    assert found.supported.rank < Tier.T5.rank


def test_a_draft_of_the_irreversibility_statement_opens_gated_weights_only() -> None:
    documents = without_claim(LADDER[Tier.T5], "E19")

    assert Tier.T4 is decide(POLICY, documents).supported


@pytest.mark.parametrize("tier", FAST)
def test_a_small_model_no_worse_than_a_public_one_gets_there_by_the_fast_path(tier: Tier) -> None:
    assert tier is decide(POLICY, FAST[tier]).supported


@pytest.mark.parametrize("item", claimed_items(FAST[Tier.T6]))
def test_any_one_claim_that_is_missing_closes_the_fast_path_to_the_top(item: str) -> None:
    found = decide(POLICY, without_claim(FAST[Tier.T6], item))

    assert found.supported.rank < Tier.T6.rank


@pytest.mark.parametrize("metric", measured_metrics(FAST[Tier.T6]))
def test_any_one_metric_that_is_missing_closes_the_fast_path_to_the_top(metric: str) -> None:
    found = decide(POLICY, without_metric(FAST[Tier.T6], metric))

    assert found.supported.rank < Tier.T6.rank


FAST_PATH_CLOSES: dict[str, Callable[[], tuple[EvidenceDocument, ...]]] = {
    "training took more than 1e25 FLOP": lambda: (
        *FAST[Tier.T6],
        a_document(claims=[a_claim("E01", training_flop_upper="2e25")]),
    ),
    "one score lies above the public reference": lambda: full_evidence(
        POLICY, Tier.T6, fast=True, instead={"manipulation.persuasion": rate(60)}
    ),
    "the comparison is too small to tell": lambda: full_evidence(
        POLICY,
        Tier.T6,
        fast=True,
        instead={"manipulation.persuasion": rate(60)},
        baselines={"manipulation.persuasion": rate(3, 20)},
    ),
    "one domain is at watch level in the worst case": lambda: full_evidence(
        POLICY, Tier.T6, fast=True, instead={"cyber.end_to_end_exploits": rate(10)}
    ),
    "nobody attacked the model": lambda: changed(
        FAST[Tier.T6], measurements=lambda m: m.setting.variant is Variant.AS_RELEASED
    ),
    "the evidence is only tied to a commit": lambda: tuple(
        a_document(
            measurements=document.measurements,
            claims=document.claims,
            level=BindingLevel.IMMUTABLE_REVISION,
        )
        for document in FAST[Tier.T6]
    ),
    "the evidence is about other weights": lambda: tuple(
        a_document(
            measurements=document.measurements,
            claims=document.claims,
            root=f"sha256:{'f' * 64}",
        )
        for document in FAST[Tier.T6]
    ),
}


@pytest.mark.parametrize("case", FAST_PATH_CLOSES)
def test_the_fast_path_closes_when(case: str) -> None:
    documents = FAST_PATH_CLOSES[case]()

    assert decide(POLICY, documents).supported.rank < Tier.T5.rank


def test_evidence_of_half_a_year_ago_opens_nothing() -> None:
    later = evaluate(POLICY, all_signed(LADDER[Tier.T5]), at=AT + timedelta(days=180))

    assert Tier.T0 is later.supported


def test_files_that_run_code_are_not_handed_out() -> None:
    subject = a_subject(code_files=("pytorch_model.bin",))

    assert Tier.T3 is decide(POLICY, LADDER[Tier.T6], subject=subject).supported
    assert Tier.T0 is decide(POLICY, FAST[Tier.T6], subject=subject).supported


def waiver(requirement: str) -> Waiver:
    return Waiver(
        requirement=requirement,
        root_digest=ROOT,
        highest_tier=Tier.T6,
        issued_at=AT - timedelta(days=1),
        expires_at=AT + timedelta(days=30),
        by="head of safety",
        reason="the report is being printed",
    )


def test_a_waiver_stands_in_for_paper_up_to_gated_weights() -> None:
    evidence = all_signed(without_claim(LADDER[Tier.T5], "E25"))

    assert Tier.T4 is evaluate(POLICY, evidence, at=AT, waivers=[waiver("E25")]).supported


def test_no_waiver_stands_in_for_a_ceiling() -> None:
    documents = all_measured({"cyber.end_to_end_exploits": rate(80)})
    evidence = all_signed(documents)
    waivers = [waiver(name) for name in POLICY.requirements]

    assert Tier.T3 is evaluate(POLICY, evidence, at=AT, waivers=waivers).supported


def holds(documents: Iterable[EvidenceDocument], tier: Tier) -> list[str]:
    verdict = next(v for v in decide(POLICY, documents).tiers if v.tier is tier)
    return [condition.text for condition in verdict.conditions if condition.kind == "hold"]


def test_the_fast_path_leaves_five_business_days_of_notice() -> None:
    assert ["5 business days of public notice"] == holds(FAST[Tier.T5], Tier.T5)


def test_a_model_without_clean_evidence_waits_the_longest() -> None:
    assert 3 == len(holds([], Tier.T5))


def test_trusted_access_waits_only_when_a_domain_is_at_watch_level() -> None:
    watched = all_measured({"cyber.end_to_end_exploits": rate(10)})

    assert [] == holds(LADDER[Tier.T1], Tier.T1)
    assert 1 == len(holds(watched, Tier.T1))
