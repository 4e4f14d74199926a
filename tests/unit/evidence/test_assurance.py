# SPDX-License-Identifier: Apache-2.0
"""What a signature is worth for grades and requirements, and whom the developer cannot be."""

from __future__ import annotations

import pytest

from builders_assurance import HOUSE
from builders_decision import (
    claim,
    counts,
    document,
    limit,
    measurement,
    scene,
    standards,
    subject,
)
from tiergate.decision.judging import judge
from tiergate.decision.outcome import Outcome
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.requirements.measured import Measured
from tiergate.evidence.assurance import Assurance, Standing, Vouching
from tiergate.evidence.collection import Collection, EvidenceDocument, collect
from tiergate.evidence.grades import Dimension, Grade, grades
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Variant
from tiergate.evidence.provenance import ProducerRelation

METRIC = "cyber.exploit"
OUTSIDE = (ProducerRelation.COMMISSIONED, ProducerRelation.INDEPENDENT)


def vouched(
    *documents: EvidenceDocument,
    assurance: Assurance = Assurance.ATTESTED,
    developer: str = "",
    trusting: bool = True,
) -> Collection:
    """Collect documents, all of this assurance."""
    standing = Standing(
        assurance=assurance,
        reason="signed by eve of institute" if assurance is not Assurance.DECLARED else "nobody",
        signers=() if assurance is Assurance.DECLARED else ("eve of institute",),
    )
    vouching = Vouching(
        trust_digest="sha256:00" if trusting else "",
        developer=developer,
        standings={d.digest: standing for d in documents} if trusting else {},
    )
    return collect(subject(), documents, vouching=vouching)


def grade(dimension: Dimension, evidence: Collection) -> Grade:
    (item,) = evidence.measurements(METRIC)
    return next(g for g in grades(item, evidence) if g.dimension is dimension)


MEASURED = document(measurement(METRIC))


@pytest.mark.parametrize(
    ("assurance", "value"),
    [(Assurance.DECLARED, 1), (Assurance.ATTESTED, 2), (Assurance.MEASURED_HERE, 3)],
)
def test_assurance_is_graded_from_1_and_never_0(assurance: Assurance, value: int) -> None:
    found = grade(Dimension.ASSURANCE, vouched(MEASURED, assurance=assurance))

    assert value == found.value
    assert found.reason.startswith(f"{assurance}: ")


def test_without_a_trust_file_assurance_says_that_there_is_none() -> None:
    found = grade(Dimension.ASSURANCE, vouched(MEASURED, trusting=False))

    assert (1, "declared: no trust file says whose signature counts") == (
        found.value,
        found.reason,
    )


def test_a_document_among_signed_ones_that_nobody_signed_says_so() -> None:
    evidence = collect(subject(), [MEASURED], vouching=Vouching(trust_digest="sha256:00"))

    assert "declared: nobody signed it" == grade(Dimension.ASSURANCE, evidence).reason


def test_a_relation_that_is_signed_for_is_not_only_stated_by_itself() -> None:
    signed, stated = (
        grade(Dimension.INDEPENDENCE, vouched(MEASURED, assurance=assurance))
        for assurance in (Assurance.ATTESTED, Assurance.DECLARED)
    )

    assert (3, "independent, signed for by eve of institute") == (signed.value, signed.reason)
    assert (3, "independent, as stated by itself") == (stated.value, stated.reason)


@pytest.mark.parametrize("relation", OUTSIDE)
@pytest.mark.parametrize("assurance", Assurance)
@pytest.mark.parametrize("name", [HOUSE, " INSTITUTE"])
def test_nobody_of_the_developer_s_house_is_independent_whatever_they_say(
    relation: ProducerRelation, assurance: Assurance, name: str
) -> None:
    own = document(measurement(METRIC), by=relation)

    found = grade(Dimension.INDEPENDENCE, vouched(own, assurance=assurance, developer=name))

    assert (0, f"{relation} is stated, and {name} is the developer") == (found.value, found.reason)


def test_a_separate_team_of_the_developer_stays_what_it_is() -> None:
    own = document(measurement(METRIC), by=ProducerRelation.SEPARATE_TEAM)

    assert 1 == grade(Dimension.INDEPENDENCE, vouched(own, developer=HOUSE)).value


def test_another_house_than_the_developer_s_is_what_it_says() -> None:
    found = grade(Dimension.INDEPENDENCE, vouched(MEASURED, developer="Lab"))

    assert 3 == found.value


ASKING = standards({Dimension.ASSURANCE: 2})


@pytest.mark.parametrize(
    ("assurance", "outcome"),
    [(Assurance.DECLARED, Outcome.UNDETERMINED), (Assurance.ATTESTED, Outcome.MET)],
)
def test_a_limit_needs_the_assurance_that_a_tier_asks_for(
    assurance: Assurance, outcome: Outcome
) -> None:
    row = judge(limit(METRIC), scene(vouched(MEASURED, assurance=assurance), asks=ASKING))

    assert outcome is row.outcome
    assert ("evidence sign" in row.next_step) is (outcome is not Outcome.MET)


def test_what_lacks_more_than_a_signature_has_to_be_measured() -> None:
    asks = standards({Dimension.ASSURANCE: 2, Dimension.REPRODUCIBILITY: 3})

    row = judge(limit(METRIC), scene(vouched(MEASURED, assurance=Assurance.DECLARED), asks=asks))

    assert "tiergate evidence add" in row.next_step


def test_an_adverse_finding_counts_though_nobody_signed_it() -> None:
    broken = document(measurement(METRIC, counts(90, 100)))

    row = judge(limit(METRIC), scene(vouched(broken, assurance=Assurance.DECLARED), asks=ASKING))

    assert Outcome.NOT_MET is row.outcome


CLAIMED = document(claim("E01", who="them"))
BY_OUTSIDE = ClaimMade(item="E01", fields=("who",), by=OUTSIDE)


def test_a_claim_that_only_some_may_make_needs_the_assurance_too() -> None:
    declared, signed = (
        judge(BY_OUTSIDE, scene(vouched(CLAIMED, assurance=assurance), asks=ASKING))
        for assurance in (Assurance.DECLARED, Assurance.ATTESTED)
    )

    assert (Outcome.UNDETERMINED, Outcome.MET) == (declared.outcome, signed.outcome)
    assert "assurance graded 1, 2 asked for (declared: nobody)" == declared.reason
    assert "evidence sign" in declared.next_step
    assert "stated, signed by eve of institute" == signed.reason


def test_a_claim_that_anybody_may_make_needs_none() -> None:
    anybody = ClaimMade(item="E01", fields=("who",))

    row = judge(anybody, scene(vouched(CLAIMED, assurance=Assurance.DECLARED), asks=ASKING))

    assert (Outcome.MET, "stated, self-declared until signed") == (row.outcome, row.reason)


def test_the_developer_makes_no_claim_from_outside() -> None:
    row = judge(BY_OUTSIDE, scene(vouched(CLAIMED, developer=HOUSE)))

    assert (Outcome.UNDETERMINED, True) == (row.outcome, "made by developer" in row.reason)


def test_the_developer_measures_nothing_from_outside() -> None:
    asked = Measured(domains=(HazardDomain.CYBER,), variant=Variant.WORST_CASE, by=OUTSIDE)

    row = judge(asked, scene(vouched(MEASURED, developer=HOUSE)))

    assert "measured by developer" in row.children[0].reason


def test_a_contrary_claim_defeats_though_nobody_signed_it() -> None:
    contrary = document(claim("E01", holds=False, who="them"))

    row = judge(BY_OUTSIDE, scene(vouched(contrary, assurance=Assurance.DECLARED), asks=ASKING))

    assert Outcome.NOT_MET is row.outcome
