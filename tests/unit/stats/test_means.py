# SPDX-License-Identifier: Apache-2.0
"""Bounds on the mean of values between 0 and 1."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from tiergate.errors import InputError
from tiergate.stats import Rate, exact_upper, mean_lower, mean_upper
from tiergate.stats.intervals import upper_bound


@pytest.mark.parametrize("count", [1, 59, 1000])
def test_without_anything_it_is_the_exact_bound(count: int) -> None:
    assert exact_upper(Rate(0, count), 0.95) == pytest.approx(mean_upper(0, count, 0.95))


def test_over_no_values_nothing_is_known() -> None:
    assert mean_upper(0, 0, 0.95) == 1.0
    assert mean_lower(0, 0, 0.95) == 0.0


def test_values_of_one_leave_the_upper_bound_at_one() -> None:
    assert mean_upper(40, 40, 0.95) == 1.0


def test_hoeffdings_bound_is_the_mean_at_which_the_total_is_just_likely_enough() -> None:
    mean = mean_upper(Fraction(5, 2), 100, 0.95)
    share = 0.025
    exponent = share * math.log(share / mean) + (1 - share) * math.log((1 - share) / (1 - mean))

    assert math.exp(-100 * exponent) == pytest.approx(0.05)


def test_bentkus_bound_is_used_where_it_is_lower() -> None:
    expected = upper_bound(300, 1000, 0.05 / math.e)

    assert expected == mean_upper(300, 1000, 0.95)
    assert expected == mean_upper(Fraction(599, 2), 1000, 0.95)


def test_it_is_wider_than_the_exact_bound_for_counts() -> None:
    for hits in (1, 5, 50, 99):
        assert mean_upper(hits, 100, 0.95) > exact_upper(Rate(hits, 100), 0.95)


@pytest.mark.parametrize("total", [-1, Fraction(-1, 10**9), Fraction(101, 10), 11])
def test_a_total_that_such_values_cannot_have_is_refused(total: Fraction) -> None:
    with pytest.raises(InputError, match=r"^values between 0 and 1"):
        mean_upper(total, 10, 0.95)


def test_a_wrong_confidence_is_refused_even_over_nothing() -> None:
    with pytest.raises(InputError, match=r"^confidence"):
        mean_upper(0, 0, 95.0)
