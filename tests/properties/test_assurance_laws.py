# SPDX-License-Identifier: Apache-2.0
"""Whatever is signed, and by whomever: taking a signature away never opens a tier."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from builders_assurance import DAY, HOUSE, SIGNED_AT, attestation, signed_waivers, waiver_part
from builders_attestation import trust, trusted
from builders_decision import (
    AT,
    claim,
    document,
    limit,
    measurement,
    policy,
    registered,
    rung,
    standards,
    subject,
)
from tiergate.attestation.trust import Role, Trust
from tiergate.decision.evaluate import evaluate
from tiergate.decision.policy import WAIVING_ROLES, Expression, Policy
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.tier import Band, Tier
from tiergate.decision.waiver_signing import GivenWaivers, counted
from tiergate.evidence.attestations import GivenAttestation, vouch
from tiergate.evidence.collection import collect
from tiergate.evidence.grades import Dimension
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Variant
from tiergate.evidence.provenance import BindingLevel, ProducerRelation, Relation

_OUTSIDE = (ProducerRelation.COMMISSIONED, ProducerRelation.INDEPENDENT)
DOCUMENTS = (
    document(measurement(), level=BindingLevel.DIGEST_AT_LOAD),
    document(measurement("cyber.exploit"), relation=Relation.SAFEGUARDS_REMOVED),
    document(measurement("cyber.exploit"), organisation="Lab", by=ProducerRelation.COMMISSIONED),
    document(claim("E01", who="us"), organisation="Lab"),
    document(claim("E01", who="them"), by=ProducerRelation.COMMISSIONED),
)
EXPRESSIONS: dict[str, Expression] = {
    "R1": limit("cbrn.uplift", "0.1"),
    "R2": limit("cyber.exploit", "0.1"),
    "R3": ClaimMade(item="E01", fields=("who",), by=_OUTSIDE),
    "R4": ClaimMade(item="E01"),
    "R5": Measured(
        domains=(HazardDomain.CYBER,), variant=Variant.WORST_CASE, by=_OUTSIDE, producers=2
    ),
}

BANDS = {HazardDomain.CYBER: {Band.B1: limit("cyber.exploit", "0.1")}}
"""What makes ``cyber.exploit`` a measurement of its domain."""


@functools.cache
def _signed(index: int, name: str, days: int) -> GivenAttestation:
    return attestation(DOCUMENTS[index], name, at=SIGNED_AT + days * DAY)


@functools.cache
def _waivers(name: str, requirement: str) -> GivenWaivers:
    return signed_waivers(waiver_part(requirement, by=name), by=(name,))


files = st.lists(
    st.builds(
        _signed,
        st.integers(0, len(DOCUMENTS) - 1),
        st.sampled_from(["eve", "ann", "bob"]),
        st.sampled_from([0, 0, 0, 200]),
    ),
    max_size=8,
    unique=True,
)
waivers = st.lists(
    st.builds(_waivers, st.sampled_from(["ann", "bob"]), st.sampled_from(sorted(EXPRESSIONS))),
    max_size=2,
    unique=True,
)
keys = st.builds(
    trusted,
    st.sampled_from(["eve", "ann", "bob"]),
    st.sampled_from([Role.EVALUATOR, Role.INDEPENDENT_REVIEWER, Role.SAFETY_LEAD]),
    organisation=st.sampled_from([HOUSE, HOUSE, "Lab"]),
    measures_here=st.booleans(),
    valid_until=st.sampled_from([AT + DAY, AT + DAY, AT]),
)
trusts = st.lists(keys, min_size=1, max_size=3, unique_by=lambda known: known.person).map(
    lambda known: trust(*known)
)
asks = st.builds(
    lambda assurance, independence: standards(
        {Dimension.ASSURANCE: assurance, Dimension.INDEPENDENCE: independence}
    ),
    st.integers(1, 3),
    st.integers(1, 3),
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """A policy whose tiers ask for signatures in different strengths."""
    asked = st.lists(st.sampled_from(sorted(EXPRESSIONS)), min_size=1, max_size=2, unique=True)
    tiers = [rung(Tier.T0)]
    tiers += [rung(tier, *draw(asked), asks=draw(asks)) for tier in (Tier.T1, Tier.T2, Tier.T3)]
    return policy(EXPRESSIONS, *tiers, bands=BANDS)


def opened(
    standard: Policy,
    believed: Trust | None,
    signed: Sequence[GivenAttestation],
    excuses: Sequence[GivenWaivers] = (),
) -> int:
    """Return how open a tier is supported."""
    vouching, _ = vouch(DOCUMENTS, signed, believed, at=AT)
    evidence = collect(subject(), DOCUMENTS, registered(DOCUMENTS), vouching=vouching)
    counting = () if believed is None else counted(excuses, believed, WAIVING_ROLES, at=AT)[0]
    return evaluate(standard, evidence, at=AT, waivers=counting).supported.rank


@given(policies(), trusts, files, waivers, st.data())
@settings(max_examples=150)
def test_an_attestation_that_is_taken_away_opens_nothing(
    standard: Policy,
    believed: Trust,
    signed: list[GivenAttestation],
    excuses: list[GivenWaivers],
    data: st.DataObject,
) -> None:
    kept = [one for one in signed if data.draw(st.booleans())]

    before = opened(standard, believed, signed, excuses)

    assert before >= opened(standard, believed, kept, excuses)


@given(policies(), trusts, files, waivers)
@settings(max_examples=150)
def test_a_trust_file_that_is_taken_away_opens_nothing(
    standard: Policy,
    believed: Trust,
    signed: list[GivenAttestation],
    excuses: list[GivenWaivers],
) -> None:
    before = opened(standard, believed, signed, excuses)

    assert before >= opened(standard, None, signed, excuses)


@given(policies(), trusts, files, st.sampled_from([HOUSE, "Lab", " LAB "]))
@settings(max_examples=100)
def test_to_name_the_developer_opens_nothing(
    standard: Policy, believed: Trust, signed: list[GivenAttestation], developer: str
) -> None:
    named = dataclasses.replace(believed, developer=developer)

    assert opened(standard, believed, signed) >= opened(standard, named, signed)


@given(policies(), trusts, files)
@settings(max_examples=100)
def test_a_key_that_is_believed_less_opens_nothing(
    standard: Policy, believed: Trust, signed: list[GivenAttestation]
) -> None:
    fewer = [dataclasses.replace(known, measures_here=False) for known in believed.keys]

    assert opened(standard, believed, signed) >= opened(standard, trust(*fewer), signed)


def test_a_signature_can_open_a_tier_at_all() -> None:
    asked = standards({Dimension.ASSURANCE: 2})
    standard = policy(EXPRESSIONS, rung(Tier.T0), rung(Tier.T1, "R1", asks=asked))
    believed = trust(trusted("eve", Role.EVALUATOR, organisation=HOUSE))
    signed = [_signed(0, "eve", 0)]

    assert (1, 0) == (opened(standard, believed, signed), opened(standard, believed, []))
