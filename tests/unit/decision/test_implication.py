# SPDX-License-Identifier: Apache-2.0
"""Whether one check asks for at least as much as another, as far as their writing shows."""

from __future__ import annotations

import pytest

from builders_decision import limit, number, requirement
from tiergate.decision.explanation import Scale, Side
from tiergate.decision.implication import Comparison
from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Expression, Named
from tiergate.decision.requirements.band import BandAtMost, WithinCeiling
from tiergate.decision.requirements.checkpoint_facts import GeneratesOnly, LoadsWithoutCode
from tiergate.decision.requirements.claim import ClaimMade, FieldLimit
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.tier import Band, TamperLevel
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Variant
from tiergate.evidence.provenance import ProducerRelation

A, B, C = (ClaimMade(item=item) for item in "ABC")
CBRN, CYBER = HazardDomain.CBRN, HazardDomain.CYBER
OUTSIDE = (ProducerRelation.INDEPENDENT, ProducerRelation.COMMISSIONED)


def all_(*parts: Expression) -> AllOf:
    return AllOf(parts=parts)


def any_(*parts: Expression) -> AnyOf:
    return AnyOf(parts=parts)


def some(needed: int, *parts: Expression) -> AtLeast:
    return AtLeast(needed=needed, parts=parts)


def stated(value: str, side: Side = Side.AT_MOST, field: str = "n", unit: str = "") -> ClaimMade:
    return ClaimMade(
        item="A", limits=(FieldLimit(field=field, side=side, limit=number(value, unit)),)
    )


def measured(
    *domains: HazardDomain,
    variant: Variant = Variant.AS_RELEASED,
    with_baseline: bool = False,
    samples_kept: int = 0,
    by: tuple[ProducerRelation, ...] = (),
    producers: int = 1,
) -> Measured:
    return Measured(
        domains=domains,
        variant=variant,
        with_baseline=with_baseline,
        samples_kept=samples_kept,
        by=by,
        producers=producers,
    )


MORE: dict[str, tuple[Expression, Expression]] = {
    "the same check": (A, A),
    "everything, where one part is asked": (all_(A, B), A),
    "everything, where either is asked": (all_(A, B), any_(A, C)),
    "all three, where two are asked": (all_(A, B, C), all_(A, C)),
    "one, where either is asked": (A, any_(A, B)),
    "either, where more would do": (any_(A, B), any_(C, B, A)),
    "two of three, where one of them is": (some(2, A, B, C), some(1, A, B, C)),
    "two of two, where two of three are": (some(2, A, B), some(2, A, B, C)),
    "two of three, of which every two hold one of these": (some(2, A, B, C), any_(A, B)),
    "any of several that all ask for it": (any_(all_(A, B), all_(A, C)), A),
    "one that is written as a list of one": (any_(A), all_(A)),
    "a part that answers the whole of theirs": (all_(any_(A, B), C), any_(A, B)),
    "an id that both have": (Named(id="SAME"), Named(id="SAME")),
    "an id of mine that stands for more": (Named(id="MINE"), A),
    "what an id of theirs stands for": (all_(A, B), Named(id="THEIRS")),
    "an id within a list": (all_(Named(id="SAME"), B), any_(Named(id="SAME"), C)),
    "a lower limit": (limit(value="0.04"), limit(value="0.05")),
    "below, where at most is asked": (
        limit(value="0.05", side=Side.BELOW),
        limit(value="0.05"),
    ),
    "at most less, where below is asked": (
        limit(value="0.04"),
        limit(value="0.05", side=Side.BELOW),
    ),
    "a higher floor": (
        limit(value="0.6", side=Side.AT_LEAST),
        limit(value="0.5", side=Side.AT_LEAST),
    ),
    "a larger sample": (limit(minimum=200), limit(minimum=100)),
    "a sample of a size, where none is asked": (limit(minimum=200), limit()),
    "a claim by some, where anybody may make it": (ClaimMade(item="A", by=OUTSIDE), A),
    "a claim by fewer": (
        ClaimMade(item="A", by=OUTSIDE[:1]),
        ClaimMade(item="A", by=OUTSIDE),
    ),
    "a claim with more fields": (
        ClaimMade(item="A", fields=("x", "y")),
        ClaimMade(item="A", fields=("y",)),
    ),
    "a claim with a tighter limit": (stated("1"), stated("2")),
    "a claim with a limit, where none is": (stated("1"), A),
    "a lower band": (
        BandAtMost(domain=CBRN, band=Band.B0),
        BandAtMost(domain=CBRN, band=Band.B1),
    ),
    "the same ceiling": (WithinCeiling(domain=CBRN), WithinCeiling(domain=CBRN)),
    "more domains measured": (measured(CBRN, CYBER), measured(CBRN)),
    "measured with a baseline": (measured(CBRN, with_baseline=True), measured(CBRN)),
    "measured with samples": (measured(CBRN, samples_kept=5), measured(CBRN, samples_kept=2)),
    "measured by two": (measured(CBRN, producers=2), measured(CBRN)),
    "measured from outside": (measured(CBRN, by=OUTSIDE), measured(CBRN)),
    "a higher tamper level": (
        TamperResistance(level=TamperLevel.TR3),
        TamperResistance(level=TamperLevel.TR2),
    ),
    "fewer modalities": (
        GeneratesOnly(modalities=frozenset({"text"})),
        GeneratesOnly(modalities=frozenset({"text", "image"})),
    ),
}

NOT_SHOWN: dict[str, tuple[Expression, Expression]] = {
    "another check": (A, B),
    "another kind of check": (A, LoadsWithoutCode()),
    "one, where all are asked": (A, all_(A, B)),
    "either, where one is asked": (any_(A, B), A),
    "one of three, where two are": (some(1, A, B, C), some(2, A, B, C)),
    "two of three, where two of two are": (some(2, A, B, C), some(2, A, B)),
    "one part that would have to stand for two": (all_(A, B), some(2, A, C)),
    "an id that stands for less": (Named(id="THEIRS"), all_(A, B)),
    "a higher limit": (limit(value="0.06"), limit(value="0.05")),
    "at most, where below is asked": (
        limit(value="0.05"),
        limit(value="0.05", side=Side.BELOW),
    ),
    "a ceiling, where a floor is asked": (
        limit(value="0.05"),
        limit(value="0.05", side=Side.AT_LEAST),
    ),
    "a lower floor": (
        limit(value="0.4", side=Side.AT_LEAST),
        limit(value="0.5", side=Side.AT_LEAST),
    ),
    "another metric": (limit("cyber.exploits"), limit()),
    "another scale": (limit(scale=Scale.MARGIN), limit()),
    "another unit": (
        limit(scale=Scale.QUANTITY, unit="hours"),
        limit(scale=Scale.QUANTITY, unit="days"),
    ),
    "another variant": (limit(variant=Variant.AS_RELEASED), limit(variant=Variant.WORST_CASE)),
    "a smaller sample": (limit(minimum=50), limit(minimum=100)),
    "a limit that is reached unless ruled out": (limit(reached_unless_ruled_out=True), limit()),
    "a claim by anybody": (A, ClaimMade(item="A", by=OUTSIDE)),
    "a claim by others": (
        ClaimMade(item="A", by=(ProducerRelation.DEVELOPER,)),
        ClaimMade(item="A", by=OUTSIDE),
    ),
    "a claim to the contrary": (ClaimMade(item="A", expects=False), A),
    "a claim with fewer fields": (A, ClaimMade(item="A", fields=("y",))),
    "a claim with a wider limit": (stated("3"), stated("2")),
    "a claim with a limit on another field": (stated("1", field="m"), stated("2")),
    "a claim with a limit on the other side": (stated("1", Side.AT_LEAST), stated("2")),
    "a claim with a limit in another unit": (stated("1", unit="hours"), stated("2", unit="days")),
    "a higher band": (
        BandAtMost(domain=CBRN, band=Band.B1),
        BandAtMost(domain=CBRN, band=Band.B0),
    ),
    "a band of another domain": (
        BandAtMost(domain=CYBER, band=Band.B0),
        BandAtMost(domain=CBRN, band=Band.B0),
    ),
    "fewer domains measured": (measured(CBRN), measured(CBRN, CYBER)),
    "measured on another variant": (measured(CBRN), measured(CBRN, variant=Variant.WORST_CASE)),
    "measured without a baseline": (measured(CBRN), measured(CBRN, with_baseline=True)),
    "measured with fewer samples": (measured(CBRN), measured(CBRN, samples_kept=1)),
    "measured by one": (measured(CBRN), measured(CBRN, producers=2)),
    "measured by anybody": (measured(CBRN), measured(CBRN, by=OUTSIDE)),
    "a lower tamper level": (
        TamperResistance(level=TamperLevel.TR1),
        TamperResistance(level=TamperLevel.TR2),
    ),
    "more modalities": (
        GeneratesOnly(modalities=frozenset({"text", "image"})),
        GeneratesOnly(modalities=frozenset({"text"})),
    ),
}


def compared(mine: Expression, theirs: Expression) -> bool:
    same = {"SAME": requirement("SAME", A)}
    return Comparison(
        {**same, "MINE": requirement("MINE", all_(A, B)), "THEIRS": requirement("THEIRS", A)},
        {**same, "THEIRS": requirement("THEIRS", A)},
    ).asks_as_much(mine, theirs)


@pytest.mark.parametrize("sentence", MORE)
def test_it_asks_for_as_much(sentence: str) -> None:
    assert compared(*MORE[sentence])


@pytest.mark.parametrize("sentence", NOT_SHOWN)
def test_it_is_not_shown_to_ask_for_as_much(sentence: str) -> None:
    assert not compared(*NOT_SHOWN[sentence])


def test_checks_nested_as_deep_as_a_file_may_be_are_compared_at_once() -> None:
    mine: Expression = A
    theirs: Expression = A
    for _ in range(14):
        mine, theirs = any_(all_(mine)), all_(any_(theirs))

    assert compared(mine, theirs)
