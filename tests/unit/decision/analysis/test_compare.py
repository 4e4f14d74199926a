# SPDX-License-Identifier: Apache-2.0
"""How policies relate, and the evidence that shows it."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from builders_decision import AT, limit, policy, requirement, rung, standards, tamper_policy
from tiergate.decision.analysis.compare import compare
from tiergate.decision.analysis.pieces import Place
from tiergate.decision.analysis.relation import Relation
from tiergate.decision.explanation import Scale, Side
from tiergate.decision.policy import AllOf, Expression, Hold, Policy, TamperDefinition
from tiergate.decision.requirements.checkpoint_facts import GeneratesOnly, LoadsWithoutCode
from tiergate.decision.requirements.claim import ClaimMade, FieldLimit
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.tier import Band, TamperLevel, Tier
from tiergate.evidence.grades import Dimension
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import AttackBudget, AttackClass, Variant
from tiergate.evidence.provenance import ProducerRelation

PLACE = Place(at=AT)
E01 = ClaimMade(item="E01", fields=("who",))
OUTSIDE = (ProducerRelation.COMMISSIONED, ProducerRelation.INDEPENDENT)
READ = {HazardDomain.CBRN: {band: limit(value="0.9") for band in (Band.B1, Band.B2, Band.B3)}}


def asking(expression: Expression, **more: object) -> Policy:
    return policy({"R1": expression}, bands=READ, **more)  # type: ignore[arg-type]


def days(side: Side, value: str) -> ClaimMade:
    from builders_decision import number

    return ClaimMade(item="E02", limits=(FieldLimit(field="days", side=side, limit=number(value)),))


def measured(**more: object) -> Measured:
    return Measured(domains=(HazardDomain.CBRN,), variant=Variant.WORST_CASE, **more)  # type: ignore[arg-type]


STRICTER = {
    "a lower limit": (limit(value="0.05"), limit(value="0.1")),
    "the worst case instead of the model as released": (
        limit(variant=Variant.WORST_CASE),
        limit(variant=Variant.AS_RELEASED),
    ),
    "more behaviours": (limit(minimum=500), limit(minimum=300)),
    "a smaller margin": (
        limit(value="0.02", scale=Scale.MARGIN),
        limit(value="0.05", scale=Scale.MARGIN),
    ),
    "a higher floor": (
        limit("utility.refusal", "0.9", side=Side.AT_LEAST),
        limit("utility.refusal", "0.8", side=Side.AT_LEAST),
    ),
    "a smaller quantity": (
        limit("loss_of_control.horizon", "4", scale=Scale.QUANTITY, unit="hours"),
        limit("loss_of_control.horizon", "8", scale=Scale.QUANTITY, unit="hours"),
    ),
    "another field": (ClaimMade(item="E01", fields=("who", "why")), E01),
    "somebody from outside": (ClaimMade(item="E01", by=OUTSIDE), ClaimMade(item="E01")),
    "more days": (days(Side.AT_LEAST, "30"), days(Side.AT_LEAST, "20")),
    "fewer days": (days(Side.AT_MOST, "20"), days(Side.BELOW, "30")),
    "two houses": (measured(producers=2), measured()),
    "more samples": (measured(samples_kept=10), measured(samples_kept=5)),
    "with a baseline": (measured(with_baseline=True), measured()),
    "measured from outside": (measured(by=OUTSIDE), measured()),
    "a higher level": (
        TamperResistance(level=TamperLevel.TR2),
        TamperResistance(level=TamperLevel.TR1),
    ),
    "fewer modalities": (
        GeneratesOnly(modalities=frozenset({"text"})),
        GeneratesOnly(modalities=frozenset({"text", "image"})),
    ),
    "one more requirement": (AllOf(parts=(E01, LoadsWithoutCode())), E01),
}


@pytest.mark.parametrize(("strict", "loose"), STRICTER.values(), ids=STRICTER.keys())
def test_what_asks_for_more_is_stricter_and_the_evidence_shows_where(
    strict: Expression, loose: Expression
) -> None:
    first, second = asking(strict), dataclasses.replace(asking(loose), id="loose")

    found, back = compare(first, second, PLACE), compare(second, first, PLACE)

    assert (Relation.STRICTER, Relation.LOOSER) == (found.overall, back.overall)
    (witness,) = found.tiers[Tier.T1].witnesses
    assert ("loose", Tier.T0, Tier.T1) == (witness.opened_by, witness.first, witness.second)
    assert witness.words


STANDARDS = {
    "a higher grade": (standards({Dimension.BINDING: 2}), standards()),
    "younger evidence": (standards(longest_age_days=90), standards(longest_age_days=180)),
    "surer bounds": (standards(confidence="0.99"), standards(confidence="0.95")),
    "an independent measurement": (
        standards({Dimension.INDEPENDENCE: 3}),
        standards({Dimension.INDEPENDENCE: 2}),
    ),
    "somebody who agreed": (
        standards({Dimension.REPRODUCIBILITY: 3}),
        standards({Dimension.REPRODUCIBILITY: 2}),
    ),
    "a baseline of experts": (
        standards({Dimension.COVERAGE: 3}),
        standards({Dimension.COVERAGE: 2}),
    ),
    "an instrument of one's own": (
        standards({Dimension.ASSURANCE: 3}),
        standards({Dimension.ASSURANCE: 2}),
    ),
    "a precise grader": (
        standards({Dimension.INTERNAL_VALIDITY: 1, Dimension.PRECISION: 2}),
        standards({Dimension.INTERNAL_VALIDITY: 1, Dimension.PRECISION: 1}),
    ),
}


@pytest.mark.parametrize(("strict", "loose"), STANDARDS.values(), ids=STANDARDS.keys())
def test_stricter_standards_of_evidence_make_a_stricter_policy(
    strict: object, loose: object
) -> None:
    one, two = (
        policy({"R1": limit()}, rung(Tier.T0), rung(Tier.T1, "R1", asks=asks))  # type: ignore[arg-type]
        for asks in (strict, loose)
    )

    assert Relation.STRICTER is compare(one, two, PLACE).overall


def test_a_lower_limit_that_need_be_less_sure_is_neither_stricter_nor_looser() -> None:
    one, two = (
        policy({"R1": limit(value=value)}, rung(Tier.T0), rung(Tier.T1, "R1", asks=asks))
        for value, asks in (
            ("0.05", standards(confidence="0.8")),
            ("0.06", standards(confidence="0.99")),
        )
    )

    assert Relation.INCOMPARABLE is compare(one, two, PLACE).overall


def test_policies_with_other_tiers_are_compared_at_all_of_them() -> None:
    one = policy({"R1": E01}, rung(Tier.T0), rung(Tier.T1, "R1"), rung(Tier.T3, "R1"))
    two = policy({"R1": E01}, rung(Tier.T0), rung(Tier.T2, "R1"))

    found = compare(one, two, PLACE)

    assert {
        Tier.T1: Relation.EQUIVALENT,
        Tier.T2: Relation.EQUIVALENT,
        Tier.T3: Relation.LOOSER,
    } == {tier: part.relation for tier, part in found.tiers.items()}
    assert () == found.tiers[Tier.T3].witnesses[0].words
    assert () == found.conditions
    (decider,) = found.tiers[Tier.T3].witnesses[0].deciders or (None,)
    assert decider is None


def test_stricter_here_and_looser_there_is_incomparable() -> None:
    one = policy({"R1": E01, "R2": limit(value="0.05")})
    two = policy({"R1": ClaimMade(item="E01"), "R2": limit(value="0.04")})

    found = compare(one, two, PLACE)

    assert Relation.INCOMPARABLE is found.overall
    assert {"first", "second"} == {
        "first" if w.first is Tier.T1 else "second" for w in found.tiers[Tier.T1].witnesses
    }


def test_two_limits_that_no_sample_tells_apart_are_not_called_equivalent() -> None:
    found = compare(asking(limit(side=Side.BELOW)), asking(limit()), PLACE)

    assert found.overall in {Relation.UNDECIDED, Relation.STRICTER}


@pytest.mark.parametrize("close", ["0.1001", "0.100001"])
def test_limits_that_lie_close_together_are_told_apart_by_larger_samples(close: str) -> None:
    found = compare(asking(limit(value="0.1")), asking(limit(value=close)), PLACE)

    assert found.overall in {Relation.STRICTER, Relation.UNDECIDED}


def test_tiers_that_point_different_ways_are_incomparable_together() -> None:
    one = policy(
        {"R1": limit(value="0.05"), "R2": limit("cyber.exploit")},
        rung(Tier.T0),
        rung(Tier.T1, "R1"),
        rung(Tier.T2, "R2", fast_path=("R2",)),
    )
    two = policy(
        {"R1": limit(value="0.05"), "R2": limit("cyber.exploit"), "R3": E01},
        rung(Tier.T0),
        rung(Tier.T1, "R1"),
        rung(Tier.T2, "R2", fast_path=("R3",)),
    )

    assert Relation.INCOMPARABLE is compare(one, two, PLACE).overall


def attackers(usd: str) -> TamperDefinition:
    return TamperDefinition(
        means="survives it",
        attack_classes=(AttackClass.JAILBREAK,),
        budget=AttackBudget(usd=Decimal(usd)),
        numbers=(),
    )


def test_attackers_with_other_means_are_not_compared() -> None:
    levels = dict(tamper_policy().levels)
    tr1 = TamperResistance(level=TamperLevel.TR1)
    one = asking(tr1, tamper=tamper_policy({**levels, TamperLevel.TR1: attackers("10")}))
    two = asking(tr1, tamper=tamper_policy({**levels, TamperLevel.TR1: attackers("20")}))

    assert compare(one, two, PLACE).overall in {Relation.UNDECIDED, Relation.STRICTER}
    assert Relation.EQUIVALENT is not compare(one, two, PLACE).overall


def test_what_differs_besides_is_listed() -> None:
    hold = Hold(text="a week", days=standards().longest_age_days, unless=None)
    one = policy({"R1": E01}, rung(Tier.T0), rung(Tier.T1, "R1", holds=(hold,)))
    two = dataclasses.replace(
        policy({"R1": E01}, rung(Tier.T0), rung(Tier.T1, "R1"), waiver_cap=Tier.T1), id="other"
    )

    found = compare(one, two, PLACE)

    assert (Relation.EQUIVALENT, Relation.INCOMPARABLE) == (found.overall, found.besides)
    held, waived = found.conditions
    assert (Tier.T1, "holds", "a week", "none") == (held.tier, held.what, held.first, held.second)
    assert (None, "waivers up to", "T3", "T1") == (
        waived.tier,
        waived.what,
        waived.first,
        waived.second,
    )
    assert [Relation.STRICTER, Relation.LOOSER] == [held.relation, waived.relation]


def test_a_domain_is_compared_where_all_else_is_as_good_as_can_be() -> None:
    bands = {
        domain: {band: limit(metric) for band in (Band.B1, Band.B2, Band.B3)}
        for domain, metric in (
            (HazardDomain.CBRN, "cbrn.uplift"),
            (HazardDomain.CYBER, "cyber.exploit"),
        )
    }
    one = policy({"R1": limit("cyber.exploit", "0.05"), "R2": limit()}, bands=bands)
    two = policy({"R1": limit("cyber.exploit", "0.1"), "R2": limit()}, bands=bands)

    found = compare(one, two, PLACE)

    assert Relation.EQUIVALENT is found.domains[HazardDomain.CBRN].relation
    assert Relation.STRICTER is found.domains[HazardDomain.CYBER].relation
    (witness,) = found.domains[HazardDomain.CYBER].witnesses
    assert all(words.startswith("cyber.exploit ") for words in witness.words)


def test_a_check_that_is_not_known_here_is_not_compared() -> None:
    one, two = (
        dataclasses.replace(
            policy({"R1": E01}),
            requirements={"R1": requirement("R1", expression)},
        )
        for expression in (E01, TamperResistance(level=TamperLevel.TR4))
    )

    found = compare(one, two, PLACE)

    assert Relation.LOOSER is found.overall
