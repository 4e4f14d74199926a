# SPDX-License-Identifier: Apache-2.0
"""Bounds on a difference, against the examples of the paper that proposed them."""

from __future__ import annotations

import math

import pytest

from tiergate.errors import InputError
from tiergate.stats import (
    Rate,
    difference_interval,
    exact_lower,
    exact_upper,
    newcombe_interval,
    wilson_lower,
    wilson_upper,
)

NEWCOMBE_1998_TABLE_II: dict[str, tuple[Rate, Rate, float, float]] = {
    "56 of 70 and 48 of 80": (Rate(56, 70), Rate(48, 80), 0.0524, 0.3339),
    "9 of 10 and 3 of 10": (Rate(9, 10), Rate(3, 10), 0.1705, 0.8090),
    "6 of 7 and 2 of 7": (Rate(6, 7), Rate(2, 7), 0.0582, 0.8062),
    "5 of 56 and none of 29": (Rate(5, 56), Rate(0, 29), -0.0381, 0.1926),
    "none of 10 and none of 20": (Rate(0, 10), Rate(0, 20), -0.1611, 0.2775),
    "none of 10 and none of 10": (Rate(0, 10), Rate(0, 10), -0.2775, 0.2775),
    "all of 10 and none of 20": (Rate(10, 10), Rate(0, 20), 0.6791, 1.0),
    "all of 10 and none of 10": (Rate(10, 10), Rate(0, 10), 0.6075, 1.0),
}


@pytest.mark.parametrize("sentence", NEWCOMBE_1998_TABLE_II)
def test_the_published_two_sided_interval_is_found_for(sentence: str) -> None:
    a, b, lower, upper = NEWCOMBE_1998_TABLE_II[sentence]

    assert (lower, upper) == pytest.approx(newcombe_interval(a, b, 0.975), abs=5e-5)


@pytest.mark.parametrize(
    ("a", "b"),
    [(Rate(0, 0), Rate(3, 10)), (Rate(3, 10), Rate(0, 0)), (Rate(0, 0), Rate(0, 0))],
)
def test_a_difference_with_nothing_is_unknown(a: Rate, b: Rate) -> None:
    assert newcombe_interval(a, b, 0.95) == (-1.0, 1.0)
    assert difference_interval(a, b, 0.95) == (-1.0, 1.0)


def test_a_wrong_confidence_is_refused_even_over_nothing() -> None:
    with pytest.raises(InputError, match=r"^confidence"):
        newcombe_interval(Rate(0, 0), Rate(0, 0), 95.0)
    with pytest.raises(InputError, match=r"^confidence"):
        difference_interval(Rate(0, 0), Rate(0, 0), 95.0)


def test_against_a_huge_sample_without_successes_the_bounds_are_those_of_the_rate() -> None:
    rate = Rate(7, 50)

    lower, upper = newcombe_interval(rate, Rate(0, 10**12), 0.95)

    assert wilson_lower(rate, 0.95) == pytest.approx(lower, abs=1e-9)
    assert wilson_upper(rate, 0.95) == pytest.approx(upper, abs=1e-9)


def test_with_exact_bounds_the_interval_joins_those_of_both_rates() -> None:
    a, b = Rate(7, 50), Rate(2, 80)
    below = math.hypot(0.14 - exact_lower(a, 0.95), exact_upper(b, 0.95) - 0.025)
    above = math.hypot(exact_upper(a, 0.95) - 0.14, 0.025 - exact_lower(b, 0.95))

    assert (0.115 - below, 0.115 + above) == pytest.approx(difference_interval(a, b, 0.95))


def test_exact_bounds_make_the_interval_wider() -> None:
    for a, b in [
        (Rate(0, 50), Rate(0, 50)),
        (Rate(1, 200), Rate(3, 50)),
        (Rate(30, 40), Rate(1, 9)),
    ]:
        narrow, wide = newcombe_interval(a, b, 0.95), difference_interval(a, b, 0.95)

        assert wide[0] < narrow[0] < narrow[1] < wide[1]
