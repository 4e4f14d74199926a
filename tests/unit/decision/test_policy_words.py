# SPDX-License-Identifier: Apache-2.0
"""A policy's numbers and checks in words."""

from __future__ import annotations

import dataclasses

import pytest

from builders_decision import limit, number
from tiergate.decision.explanation import Scale, Side
from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Expression, Named, Source
from tiergate.decision.policy_words import amount, check_words, number_words, numbers_of, read_words
from tiergate.decision.requirements.band import BandAtMost, WithinCeiling
from tiergate.decision.requirements.checkpoint_facts import GeneratesOnly, LoadsWithoutCode
from tiergate.decision.requirements.claim import ClaimMade, FieldLimit
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.tier import Band, TamperLevel
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Variant
from tiergate.evidence.provenance import ProducerRelation
from tiergate.landscape.sources import ReadAs

DAYS = FieldLimit(field="days", side=Side.AT_LEAST, limit=number(20, "days"))
SINGLE: dict[str, Expression] = {
    "what E10 asks for": Named(id="E10"),
    "cbrn.uplift, worst case, at most 5 %": limit(),
    "cbrn.uplift, as released, below 0.5 %": limit(
        value="0.005", side=Side.BELOW, variant=Variant.AS_RELEASED
    ),
    "cbrn.uplift, worst case, at most 5 points over a downloadable baseline": limit(
        scale=Scale.MARGIN
    ),
    "cbrn.uplift, worst case, at least 8 hours": limit(
        value="8", scale=Scale.QUANTITY, side=Side.AT_LEAST, unit="hours"
    ),
    "cbrn.uplift, worst case, at most 5 %, on at least 200": limit(minimum=200),
    "somebody states E01": ClaimMade(item="E01"),
    "somebody states the absence of F1, with lists": ClaimMade(
        item="F1", expects=False, fields=("lists",)
    ),
    "somebody commissioned or independent states E10, with report, days at least 20 days": (
        ClaimMade(
            item="E10",
            fields=("report",),
            limits=(DAYS,),
            by=(ProducerRelation.COMMISSIONED, ProducerRelation.INDEPENDENT),
        )
    ),
    "CBRN at most at B1, worst case": BandAtMost(domain=HazardDomain.CBRN, band=Band.B1),
    "cyber offence within the ceiling of the tier, as released": WithinCeiling(
        domain=HazardDomain.CYBER, variant=Variant.AS_RELEASED
    ),
    "measured, as released: CBRN": Measured(
        domains=(HazardDomain.CBRN,), variant=Variant.AS_RELEASED
    ),
    "measured, worst case: CBRN, with a downloadable baseline in the same harness and at least "
    "5 samples kept, by somebody independent, by 2 who do not depend on each other": Measured(
        domains=(HazardDomain.CBRN,),
        variant=Variant.WORST_CASE,
        with_baseline=True,
        samples_kept=5,
        by=(ProducerRelation.INDEPENDENT,),
        producers=2,
    ),
    "safeguards survive what TR2 asks for": TamperResistance(level=TamperLevel.TR2),
    "no file makes a loader run code": LoadsWithoutCode(),
    "the architecture generates only image, text": GeneratesOnly(
        modalities=frozenset({"text", "image"})
    ),
}


@pytest.mark.parametrize("words", SINGLE)
def test_a_single_check_is_one_line(words: str) -> None:
    assert [(0, words)] == list(check_words(SINGLE[words]))


def test_parts_stand_below_what_joins_them_and_one_part_stands_alone() -> None:
    check = AllOf(
        parts=(
            AnyOf(parts=(Named(id="A"), Named(id="B"))),
            AtLeast(needed=1, parts=(Named(id="C"), Named(id="D"))),
            AnyOf(parts=(Named(id="E"),)),
        )
    )

    assert [
        (0, "all of these:"),
        (1, "any one of these:"),
        (2, "what A asks for"),
        (2, "what B asks for"),
        (1, "at least 1 of these:"),
        (2, "what C asks for"),
        (2, "what D asks for"),
        (1, "what E asks for"),
    ] == list(check_words(check))


def test_an_unknown_kind_of_check_is_a_bug_and_no_silence() -> None:
    with pytest.raises(TypeError, match="no words"):
        list(check_words(object()))  # type: ignore[arg-type]


def test_every_number_of_a_check_is_found_in_order() -> None:
    check = AllOf(parts=(limit(minimum=200), ClaimMade(item="E10", limits=(DAYS,)), Named(id="A")))

    assert ["0.05", "200", "20"] == [str(found.value) for found in numbers_of(check)]
    assert ["0.05"] == [str(found.value) for found in numbers_of(limit())]


@pytest.mark.parametrize(
    ("read_as", "end"),
    [
        (ReadAs.PRIMARY, "2026-07]"),
        (ReadAs.SECONDARY, "2026-07, read second-hand]"),
        (ReadAs.BACKGROUND, "2026-07, not checked]"),
    ],
)
def test_a_number_is_written_with_its_source_and_the_mark_of_how_it_is_known(
    read_as: ReadAs, end: str
) -> None:
    source = Source(url="https://example.org", date="2026-07", read_as=read_as)
    found = dataclasses.replace(number("30.0", "days"), source=source)

    assert f"30 days [default, adjustable; a test; https://example.org, {end}" == number_words(
        found
    )
    assert "30 days" == amount(found)


def test_a_number_that_people_judged_has_no_source_to_write() -> None:
    assert "0.05 [default, adjustable; a test]" == number_words(number("0.05"))


def test_what_a_check_reads_is_named_once_in_its_order() -> None:
    check = AllOf(
        parts=(
            limit(),
            AnyOf(parts=(ClaimMade(item="E01"), limit())),
            AtLeast(needed=1, parts=(limit("cyber.exploits"), LoadsWithoutCode())),
        )
    )

    assert "cbrn.uplift, claim E01, cyber.exploits" == read_words(check)


def test_a_number_too_long_to_count_its_digits_is_written_with_its_power() -> None:
    assert "1e26 FLOP" == amount(number("1E+26", "FLOP"))
    assert "6.5e24 FLOP" == amount(number("6500000000000000000000000", "FLOP"))
    assert "900000000000 tokens" == amount(number(900_000_000_000, "tokens"))
