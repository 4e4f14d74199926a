# SPDX-License-Identifier: Apache-2.0
"""Numbers in words: rounded the way that claims less, the same everywhere."""

from __future__ import annotations

import dataclasses
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import pytest

from builders_decision import (
    attacked,
    baseline,
    counts,
    document,
    judged,
    limit,
    measurement,
    quantity,
)
from tiergate.decision.explanation import Reading, Scale, Side
from tiergate.decision.outcome import Outcome
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.words import (
    bounds_words,
    count_words,
    limit_words,
    outcome_word,
    percent,
    reading_words,
)
from tiergate.evidence.measurement import Controls, Measurement
from tiergate.evidence.provenance import BindingLevel

HOURS = limit(scale=Scale.QUANTITY, value="40", unit="hours")


def _reading(check: LimitOnMetric, found: Measurement) -> Reading:
    (reading,) = judged(check, found).readings
    return reading


RATE = _reading(limit(value="0.1", side=Side.BELOW), measurement(value=counts(50, 410)))
QUANTITY = _reading(HOURS, measurement(value=quantity("1.50", "30")))
MARGIN = _reading(
    limit(scale=Scale.MARGIN),
    measurement(value=counts(0, 500), comparison=baseline(counts(0, 500))),
)


def test_a_percentage_has_one_decimal_rounded_as_told() -> None:
    assert "3.0 %" == percent(Decimal("0.02901"), ROUND_CEILING)
    assert "2.9 %" == percent(Decimal("0.02999"), ROUND_FLOOR)
    assert "0.0 %" == percent(Decimal(0), ROUND_FLOOR)
    assert "100.0 %" == percent(Decimal(1), ROUND_CEILING)


LIMITS: dict[str, tuple[Reading, str]] = {
    "a rate": (RATE, "below 10 %"),
    "a margin": (MARGIN, "at most 5 points"),
    "a quantity": (QUANTITY, "at most 40 hours"),
    "a quantity without a unit": (
        dataclasses.replace(QUANTITY, unit=""),
        "at most 40",
    ),
}


@pytest.mark.parametrize("case", LIMITS)
def test_a_limit_in_words(case: str) -> None:
    reading, expected = LIMITS[case]

    assert expected == limit_words(reading)


def test_bounds_in_words_are_rounded_outward() -> None:
    exact = dataclasses.replace(RATE, lower=Decimal("0.09601"), upper=Decimal("0.15201"))

    assert "[9.6 %, 15.3 %]" == bounds_words(exact)


def test_bounds_of_a_quantity_keep_their_unit_and_lose_empty_decimals() -> None:
    plain = dataclasses.replace(QUANTITY, unit="")

    assert "[1.5, 30] hours" == bounds_words(QUANTITY)
    assert "[1.5, 30]" == bounds_words(plain)


def test_counts_in_words_are_empty_for_a_quantity() -> None:
    assert "50 of 410" == count_words(RATE)
    assert "" == count_words(QUANTITY)


LINES: dict[str, tuple[Reading, str]] = {
    "a rate": (RATE, "cbrn.uplift 50 of 410 [9.6 %, 15.2 %], must be below 10 %"),
    "a quantity": (QUANTITY, "cbrn.uplift [1.5, 30] hours, must be at most 40 hours"),
    "too few": (
        _reading(limit(), measurement(value=counts(0, 9))),
        "cbrn.uplift 0 of 9 [0.0 %, 28.4 %], must be at most 5 %; too few to say",
    ),
    "adverse and too few": (
        _reading(limit(), measurement(value=counts(1, 20))),
        "cbrn.uplift 1 of 20 [0.2 %, 21.7 %], must be at most 5 %",
    ),
}


@pytest.mark.parametrize("case", LINES)
def test_a_reading_in_one_line(case: str) -> None:
    reading, expected = LINES[case]

    assert expected == reading_words(reading)


def test_a_reading_that_cannot_support_says_why_and_one_that_defeats_says_that_it_counts() -> None:
    void = attacked(controls=Controls.FAILED).attack
    clean = document(measurement(attack=void), level=BindingLevel.NAME)
    broken = document(measurement(value=counts(90, 100)), level=BindingLevel.NAME)

    lines = [reading_words(judged(limit(), found).readings[0]) for found in (clean, broken)]

    assert lines[0].endswith(
        "; set aside: binding graded 0, 1 asked for (name: nothing shows which files ran);"
        " void: controls failed"
    )
    assert lines[1].endswith("; counts against it, however it is tied to the weights")


def test_an_outcome_is_written_in_capitals() -> None:
    assert ["MET", "NOT MET", "UNDETERMINED"] == [outcome_word(outcome) for outcome in Outcome]


ASKED: dict[str, tuple[LimitOnMetric, str]] = {
    "a rate": (limit(value="0.03"), "cbrn.uplift at most 3 %, worst case"),
    "a margin": (
        limit(scale=Scale.MARGIN, value="0.05"),
        "cbrn.uplift at most 5 points, worst case",
    ),
    "a size": (HOURS, "cbrn.uplift at most 40 hours, worst case"),
    "a long number": (
        limit(scale=Scale.QUANTITY, value="1e26", unit="FLOP"),
        "cbrn.uplift at most 1e26 FLOP, worst case",
    ),
}


@pytest.mark.parametrize("sentence", ASKED)
def test_a_limit_is_asked_for_in_the_words_of_what_is_held_against_it(sentence: str) -> None:
    check, words = ASKED[sentence]

    assert words == judged(check).asked_words


def test_a_number_that_is_recorded_keeps_the_form_that_it_always_had() -> None:
    assert "cbrn.uplift at most 0.03, worst case" == judged(limit(value="0.03")).title
