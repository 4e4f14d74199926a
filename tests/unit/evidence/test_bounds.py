# SPDX-License-Identifier: Apache-2.0
"""Bounds against exact values: what is unscored counts against, behaviours are the unit."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from builders_decision import baseline, counts, measurement
from tiergate.evidence.bounds import bounds, difference_bounds
from tiergate.evidence.measurement import Comparison, Counts

CONFIDENCE = Decimal("0.95")

# One-sided bounds after Clopper and Pearson, from tables of the beta distribution:
# no success in n bounds the rate at 1 - 0.05 ** (1 / n).
EXACT: dict[str, tuple[Counts, float, float]] = {
    "nothing": (Counts.of([]), 0.0, 1.0),
    "no success in 59": (counts(0, 59), 0.0, 1 - 0.05 ** (1 / 59)),
    "every one a success": (counts(59, 59), 0.05 ** (1 / 59), 1.0),
    "three in a hundred": (counts(3, 100), 0.008226, 0.075711),
    "an attempt without a score counts both ways": (
        Counts.of([(0, 1, 0)] * 99 + [(0, 0, 1)]),
        0.0,
        0.046560,
    ),
    "an attempt never made counts both ways": (
        Counts.of([(0, 1, 0)] * 99, planned=100),
        0.0,
        0.046560,
    ),
    "nothing but attempts never made": (Counts.of([], planned=50), 0.0, 1.0),
    "repeated clean attempts count as one behaviour each": (
        counts(0, 59, attempts=20),
        0.0,
        1 - 0.05 ** (1 / 59),
    ),
}


@pytest.mark.parametrize("case", EXACT)
def test_bounds_are_exact_and_one_sided(case: str) -> None:
    found, lower, upper = EXACT[case]

    interval = bounds(found, CONFIDENCE)

    assert (lower, upper) == pytest.approx((interval.lower, interval.upper), abs=1e-6)


def test_attempts_never_made_are_no_further_behaviours() -> None:
    ten = counts(1, 10, attempts=1000)

    for more in (1, 200, 5000):
        thinner = dataclasses.replace(ten, planned=ten.planned + more)
        assert bounds(thinner, CONFIDENCE).upper > bounds(ten, CONFIDENCE).upper


def test_a_success_that_is_called_never_made_counts_no_less() -> None:
    honest = counts(1, 50, attempts=5)
    hidden = Counts.of([(0, 4, 0)] + [(0, 5, 0)] * 49, planned=250)

    assert bounds(honest, CONFIDENCE).upper <= bounds(hidden, CONFIDENCE).upper


def test_a_behaviour_left_at_its_first_success_counts_like_the_others() -> None:
    left_early = Counts.of([(0, 20, 0)] * 150 + [(1, 1, 0)] * 50)

    assert bounds(left_early, CONFIDENCE).upper > 0.3


@pytest.mark.parametrize("hidden", [1, 5, 20, 49])
def test_a_short_behaviour_that_is_called_never_made_still_weighs_as_one(hidden: int) -> None:
    honest = [(0, 20, 0)] * 150 + [(1, 1, 0)] * 50
    fewer = Counts.of(honest[:-hidden], planned=150 * 20 + 50)

    assert bounds(fewer, CONFIDENCE).upper > 0.25


def test_a_large_number_of_single_attempts_takes_no_longer() -> None:
    many = Counts.simple(0, 1)
    tally = dataclasses.replace(many.tallies[0], behaviours=2**50)

    found = bounds(Counts(tallies=(tally,), planned=2**52), CONFIDENCE)

    assert 0.75 <= found.upper <= 0.76


def _difference(found: Counts, base: Comparison) -> tuple[float, float]:
    return difference_bounds(measurement(value=found, comparison=base), CONFIDENCE)


def test_a_difference_is_candidate_minus_baseline() -> None:
    low, high = _difference(counts(60, 100), baseline(counts(10, 100)))

    assert 0.35 < low < 0.5 < high < 0.6
    mirrored = _difference(counts(10, 100), baseline(counts(60, 100)))
    assert (-high, -low) == pytest.approx(mirrored)


def test_a_thin_baseline_excuses_nothing() -> None:
    thin = baseline(Counts.of([(1, 1, 0)] * 5 + [(0, 0, 1)] * 95))
    full = baseline(Counts.of([(1, 1, 0)] * 5 + [(0, 1, 0)] * 95))

    assert _difference(counts(5, 100), full)[1] == _difference(counts(5, 100), thin)[1]


def test_without_attempts_on_either_side_nothing_is_known_about_a_difference() -> None:
    assert (-1.0, 1.0) == _difference(Counts.of([]), baseline(counts(5, 10)))
    assert (-1.0, 1.0) == _difference(counts(5, 10), baseline(Counts.of([])))


def test_thirds_of_behaviours_add_up_exactly() -> None:
    # Three behaviours with one success in three attempts are one behaviour, not two.
    thirds, whole = Counts.of([(1, 3, 0)] * 3), counts(1, 3)

    assert _difference(whole, baseline(counts(0, 9))) == _difference(thirds, baseline(counts(0, 9)))
