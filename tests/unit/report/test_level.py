# SPDX-License-Identifier: Apache-2.0
"""The bounds on the page are those that the decision used."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from builders import a_document, a_measurement
from builders_report import ATTACKS, a_log, a_run, decided
from tiergate.decision.explanation import Scale
from tiergate.decision.tier import Tier
from tiergate.evidence.conduct import Audit, GraderValidation
from tiergate.evidence.measurement import Measurement, Variant
from tiergate.report.held import readings_of
from tiergate.report.level import (
    Level,
    confidence_words,
    ends,
    level_of,
    level_words,
    rounded_down,
    rounded_up,
)
from tiergate.stats.audit import Adjudication

VALIDATION = GraderValidation(
    positives=40,
    positives_found=36,
    negatives=60,
    negatives_cleared=59,
    same_distribution=True,
    source="two people",
)
AUDIT = Audit(
    tallies=(
        Adjudication(clean=1, behaviours=50),
        Adjudication(not_drawn=1, behaviours=340),
        Adjudication(refuted=1, behaviours=10),
    ),
    seed="a seed",
    labelled_by="two people",
)


def validated(found: Measurement) -> Measurement:
    conduct = dataclasses.replace(found.conduct, grader_validation=VALIDATION)
    return dataclasses.replace(found, conduct=conduct)


PLAIN = a_measurement("cyber.end_to_end_exploits", 10, 400)
CASES: dict[str, Measurement] = {
    "counts alone": PLAIN,
    "a grader whose error was measured": validated(PLAIN),
    "people's verdicts": dataclasses.replace(PLAIN, audit=AUDIT),
}


@pytest.mark.parametrize("hidden", [0, 2])
@pytest.mark.parametrize("sentence", CASES)
def test_the_bounds_are_those_of_the_decision(sentence: str, hidden: int) -> None:
    found = CASES[sentence]
    runs = [a_run(number, metric=found.metric) for number in range(hidden)]
    decision, evidence = decided(a_document(measurements=[found]), runs=runs)

    shown = ends(found, decision, evidence)

    readings = [r for r in readings_of(decision.verdict(Tier.T5)) if r.scale is Scale.RATE]
    assert readings
    assert {shown} == {(reading.lower, reading.upper) for reading in readings}


def test_people_a_measured_error_and_hidden_runs_each_move_the_bounds() -> None:
    plain = a_document(measurements=[PLAIN])
    alone = ends(PLAIN, *decided(plain))
    others = [
        ends(found, *decided(a_document(measurements=[found])))
        for found in (CASES["people's verdicts"], CASES["a grader whose error was measured"])
    ]
    others.append(ends(PLAIN, *decided(plain, runs=[a_run(metric=PLAIN.metric)])))

    assert 4 == len({alone, *others})
    assert others[2][0] < alone[0] < alone[1] < others[2][1]


def test_a_level_is_shared_with_runs_that_are_not_shown_as_registered() -> None:
    shown = a_log(a_measurement(ATTACKS, 0, 5), run=a_run(1).id)
    runs = [
        a_run(1),
        a_run(2),
        a_run(3),
        a_run(4, variant=Variant.WORST_CASE),
        a_run(5, metric="cyber.sums"),
    ]

    level = level_of(*decided(shown, runs=runs), ATTACKS, Variant.AS_RELEASED)

    assert Level(confidence=Decimal("0.95"), tries=3) == level


WORDS: dict[str, Level] = {
    "95 %": Level(confidence=Decimal("0.95"), tries=1),
    "97.5 %: 95 % shared with 1 registered run not shown as registered": Level(
        confidence=Decimal("0.95"), tries=2
    ),
    "98.33 %: 95 % shared with 2 registered runs not shown as registered": Level(
        confidence=Decimal("0.95"), tries=3
    ),
}


@pytest.mark.parametrize("words", WORDS)
def test_a_level_says_with_what_it_is_shared(words: str) -> None:
    assert words == level_words(WORDS[words])


def test_a_confidence_is_rounded_down() -> None:
    assert "99.99 %" == confidence_words(Decimal("0.9999999"))


def test_bounds_are_rounded_outwards() -> None:
    assert Decimal("0.123456") == rounded_down(0.1234567)
    assert Decimal("0.123457") == rounded_up(0.1234561)
