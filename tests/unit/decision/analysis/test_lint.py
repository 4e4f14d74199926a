# SPDX-License-Identifier: Apache-2.0
"""What lint finds in policies with a fault, and that it finds nothing in those that ship."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from builders_decision import AT, limit, number, policy, rung, standards
from tiergate.attestation.keys import Algorithm, generate
from tiergate.attestation.trust import Identity, Role, Trust, TrustedIdentity, TrustedKey
from tiergate.decision.analysis.lint import approvals, lint
from tiergate.decision.analysis.pieces import Place
from tiergate.decision.explanation import Scale, Side
from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Expression, Named, Policy
from tiergate.decision.policy_document import load_policy, shipped_policies
from tiergate.decision.requirements.band import BandAtMost, WithinCeiling
from tiergate.decision.requirements.checkpoint_facts import GeneratesOnly, LoadsWithoutCode
from tiergate.decision.requirements.claim import ClaimMade, FieldLimit
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.tier import Band, TamperLevel, Tier
from tiergate.evidence.grades import Dimension
from tiergate.evidence.hazards import HazardDomain

PLACE = Place(at=AT)
E01 = ClaimMade(item="E01", fields=("who",))
CBRN = HazardDomain.CBRN
ORDERED = {
    CBRN: {
        Band.B1: limit(value="0.05"),
        Band.B2: limit(value="0.1"),
        Band.B3: ClaimMade(item="cbrn.bottleneck", expects=False),
    }
}
CEILINGS = {CBRN: {Band.B0: Tier.T6, Band.B1: Tier.T4, Band.B2: Tier.T2, Band.B3: Tier.T0}}


def codes(found: Policy, feasible: int = 5000) -> dict[str, str]:
    return {f.remark.code: f.where for f in lint(found, PLACE, feasible=feasible)}


def asking(*expressions: Expression, **more: object) -> Policy:
    named = {f"R{n}": expression for n, expression in enumerate(expressions, 1)}
    return policy(named, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", shipped_policies())
def test_every_policy_that_ships_is_clean(name: str) -> None:
    assert {} == codes(load_policy(name))


def test_an_earlier_pack_that_accepted_older_evidence_higher_up_is_not_clean() -> None:
    assert {"looser-standards": "T2"} == codes(load_policy("precautionary@1.0.0"))


def days(side: Side, value: int) -> ClaimMade:
    return ClaimMade(item="E02", limits=(FieldLimit(field="days", side=side, limit=number(value)),))


FAULTS = {
    "a tier whose limits contradict each other": (
        asking(days(Side.AT_MOST, 10), days(Side.AT_LEAST, 20)),
        {"dead-tier": "T1"},
    ),
    "a requirement that contradicts itself": (
        asking(AllOf(parts=(days(Side.AT_MOST, 10), days(Side.AT_LEAST, 20)))),
        {"dead-tier": "T1", "never-met": "R1 at T1"},
    ),
    "a level that no attack can show": (
        asking(E01, TamperResistance(level=TamperLevel.TR4)),
        {"dead-tier": "T1", "never-met": "R2 at T1"},
    ),
    "a limit that nothing can be shown to keep": (
        asking(E01, limit(value="0")),
        {
            "dead-tier": "T1",
            "never-met": "R2 at T1",
            "limit-never-kept": "cbrn.uplift at most 0",
        },
    ),
    "a limit that takes too many": (
        asking(E01, limit(value="0.0001")),
        {"sample-too-large": "cbrn.uplift at most 0.0001"},
    ),
    "a metric that is read both ways": (
        asking(E01, limit(value="0.1"), limit(value="0.9", side=Side.AT_LEAST)),
        {"dead-tier": "T1", "metric-read-two-ways": "cbrn.uplift"},
    ),
    "a metric with two units": (
        asking(
            AtLeast(
                needed=1,
                parts=(
                    limit(value="4", scale=Scale.QUANTITY, unit="hours"),
                    limit(value="4", scale=Scale.QUANTITY, unit="days"),
                ),
            ),
            AnyOf(parts=(LoadsWithoutCode(), GeneratesOnly(modalities=frozenset({"text"})))),
        ),
        {"metric-read-two-ways": "cbrn.uplift"},
    ),
    "a band that is always allowed": (
        asking(E01, BandAtMost(domain=CBRN, band=Band.B3), bands=ORDERED, ceilings=CEILINGS),
        {"always-met": "R2"},
    ),
    "a ceiling that allows the tier nowhere": (
        asking(
            E01,
            WithinCeiling(domain=CBRN),
            bands=ORDERED,
            ceilings={CBRN: {Band.B0: Tier.T0, Band.B1: Tier.T0}},
        ),
        {"dead-tier": "T1", "never-met": "R2 at T1"},
    ),
    "bands in the wrong order": (
        asking(
            Named(id="R2"),
            E01,
            bands={CBRN: {**ORDERED[CBRN], Band.B2: limit(value="0.01")}},
            ceilings=CEILINGS,
        ),
        {"bands-out-of-order": "CBRN B2"},
    ),
    "a band that nothing rules out": (
        asking(E01, bands={CBRN: {**ORDERED[CBRN], Band.B2: limit(value="0")}}, ceilings=CEILINGS),
        {
            "band-never-ruled-out": "CBRN B2",
            "bands-out-of-order": "CBRN B2",
            "limit-never-kept": "cbrn.uplift at most 0",
        },
    ),
    "a band that nothing reaches": (
        asking(
            E01,
            bands={
                CBRN: {
                    **ORDERED[CBRN],
                    Band.B2: AnyOf(parts=(E01, BandAtMost(domain=CBRN, band=Band.B3))),
                }
            },
            ceilings=CEILINGS,
        ),
        {"band-unreachable": "CBRN B2"},
    ),
}


@pytest.mark.parametrize(("found", "expected"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_found_where_it_is(found: Policy, expected: dict[str, str]) -> None:
    assert expected == codes(found)


def test_a_dead_tier_names_the_requirements_that_exclude_each_other() -> None:
    clash = asking(E01, days(Side.AT_MOST, 10), LoadsWithoutCode(), days(Side.AT_LEAST, 20))

    (finding,) = lint(clash, PLACE)

    assert "no evidence opens it: R2 at T1 and R4 at T1 cannot be met together" == (
        finding.remark.message
    )


def test_a_sample_is_too_large_for_whoever_can_measure_less() -> None:
    found = asking(E01, limit(value="0.05"))

    assert {} == codes(found)
    assert {"sample-too-large": "cbrn.uplift at most 0.05"} == codes(found, feasible=58)


def test_a_tier_that_asks_less_of_evidence_than_the_one_below_is_found() -> None:
    strict = standards({Dimension.BINDING: 2}, longest_age_days=90)
    found = policy(
        {"R1": E01, "R2": ClaimMade(item="E02")},
        rung(Tier.T0),
        rung(Tier.T1, "R1", asks=strict),
        rung(Tier.T2, "R2"),
    )

    (finding,) = lint(found, PLACE)

    assert ("T2", "looser-standards") == (finding.where, finding.remark.code)
    assert "asks less of evidence than T1: binding 1, an age of up to 180 days" == (
        finding.remark.message
    )


def test_a_fast_path_that_passes_by_that_of_a_lower_tier_is_found() -> None:
    found = policy(
        {"R1": E01, "R2": ClaimMade(item="E02")},
        rung(Tier.T0),
        rung(Tier.T1, "R1", "R2", fast_path=("R1",)),
        rung(Tier.T2, "R1", "R2", fast_path=("R2",)),
    )

    assert {"tiers-not-nested": "T2"} == codes(found)
    (finding,) = lint(found, PLACE)
    assert finding.remark.message.endswith("while T1 is not, which has one too: nothing about E01")


def test_what_the_search_cannot_look_at_completely_is_said_to_be_undecided() -> None:
    asks = standards({Dimension.PRECISION: 3})
    found = policy({"R1": limit()}, rung(Tier.T0), rung(Tier.T1, "R1", asks=asks))

    assert {"tier-not-decided": "T1"} == codes(found)


def somebody(person: str, *roles: Role) -> TrustedKey:
    return TrustedKey(
        key=generate(Algorithm.ED25519).public,
        person=person,
        organisation="a lab",
        roles=frozenset(roles),
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        valid_until=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=900),
    )


def test_approvals_that_nobody_is_left_to_give_are_found() -> None:
    asked = load_policy("default")
    lead = somebody("Ada", Role.SAFETY_LEAD, Role.RELEASE_OWNER)
    legal = TrustedIdentity(
        identity=Identity(name="a@example.org", issuer="https://issuer.example.org"),
        person="Bo",
        organisation="a lab",
        roles=frozenset({Role.LEGAL}),
        valid_from=lead.valid_from,
        valid_until=lead.valid_until,
    )
    other = somebody("Cy", Role.SECURITY_LEAD)
    trust = Trust(digest="", keys=(lead, other), needed=(Role.SAFETY_LEAD,), identities=(legal,))

    found = {f.where: f.remark.message for f in approvals(asked, trust)}

    assert "T0" not in found
    assert "nobody in the trust file is left to approve as release owner" == found["T1"]
    assert "oversight" in found["T5"]


def test_lint_looks_at_approvals_only_with_a_trust_file() -> None:
    asked = load_policy("thinking-machines-2026")
    trust = Trust(digest="", keys=(), needed=(Role.AUDITOR,))

    assert () == lint(asked, PLACE)
    assert {"no-approver"} == {f.remark.code for f in lint(asked, PLACE, trust=trust)}
