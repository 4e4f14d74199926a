# SPDX-License-Identifier: Apache-2.0
"""Bounds on one rate against published values, scipy's own test and exact tail sums."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from scipy.stats import binomtest

from tiergate.errors import InputError
from tiergate.stats import (
    Interval,
    Rate,
    exact_interval,
    exact_lower,
    exact_upper,
    wilson_lower,
    wilson_upper,
)

KNOWN_EXACT_UPPERS: dict[str, tuple[Rate, float, float, float]] = {
    "none in 50, one-sided 95 %": (Rate(0, 50), 0.95, 0.058, 5e-4),
    "none in 50, two-sided 95 %": (Rate(0, 50), 0.975, 0.071, 5e-4),
    "none in 100, two-sided 95 %": (Rate(0, 100), 0.975, 0.036, 5e-4),
    "none in 100, one-sided 95 %": (Rate(0, 100), 0.95, 0.0295, 5e-5),
    "none in 159, one-sided 95 %": (Rate(0, 159), 0.95, 0.019, 5e-4),
    "none in 313, one-sided 95 %": (Rate(0, 313), 0.95, 0.0095, 5e-5),
    "none in 400, one-sided 95 %": (Rate(0, 400), 0.95, 0.0075, 5e-5),
    "none in 1, one-sided 95 %": (Rate(0, 1), 0.95, 0.95, 1e-12),
    "3 in 10, two-sided 95 %": (Rate(3, 10), 0.975, 0.6525, 5e-5),
}

KNOWN_WILSON_INTERVALS: dict[str, tuple[Rate, float, float]] = {
    "none in 50": (Rate(0, 50), 0.0, 0.071),
    "32 in 50": (Rate(32, 50), 0.501, 0.759),
    "46 in 50": (Rate(46, 50), 0.812, 0.968),
    "all of 50": (Rate(50, 50), 0.929, 1.0),
}

BOUNDS = (exact_lower, exact_upper, wilson_lower, wilson_upper)


@pytest.mark.parametrize("sentence", KNOWN_EXACT_UPPERS)
def test_the_exact_upper_bound_has_the_known_value_for(sentence: str) -> None:
    rate, confidence, expected, tolerance = KNOWN_EXACT_UPPERS[sentence]

    assert expected == pytest.approx(exact_upper(rate, confidence), abs=tolerance)


@pytest.mark.parametrize("sentence", KNOWN_WILSON_INTERVALS)
def test_the_two_sided_wilson_interval_has_the_known_value_for(sentence: str) -> None:
    rate, lower, upper = KNOWN_WILSON_INTERVALS[sentence]

    assert lower == pytest.approx(wilson_lower(rate, 0.975), abs=5e-4)
    assert upper == pytest.approx(wilson_upper(rate, 0.975), abs=5e-4)


@pytest.mark.parametrize("trials", [1, 2, 7, 50, 313, 1000])
@pytest.mark.parametrize("confidence", [0.75, 0.95, 0.975, 0.999])
def test_exact_bounds_agree_with_the_binomial_test_of_scipy(trials: int, confidence: float) -> None:
    for successes in sorted({0, 1, trials // 20, trials // 3, trials // 2, trials - 1, trials}):
        interval = exact_interval(Rate(successes, trials), confidence)
        peer = binomtest(successes, trials).proportion_ci(2 * confidence - 1, method="exact")

        assert interval.lower == pytest.approx(peer.low, rel=1e-7, abs=1e-12)
        assert interval.upper == pytest.approx(peer.high, rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("trials", [1, 5, 50, 400])
def test_wilson_bounds_agree_with_the_score_interval_of_scipy(trials: int) -> None:
    for successes in {0, 1, trials // 2, trials}:
        peer = binomtest(successes, trials).proportion_ci(0.9, method="wilson")

        assert wilson_lower(Rate(successes, trials), 0.95) == pytest.approx(peer.low, abs=1e-12)
        assert wilson_upper(Rate(successes, trials), 0.95) == pytest.approx(peer.high, abs=1e-12)


def _at_most(successes: int, trials: int, share: Fraction) -> Fraction:
    """Sum the binomial probabilities of up to ``successes``, without rounding."""
    return sum(
        (
            comb(trials, count) * share**count * (1 - share) ** (trials - count)
            for count in range(successes + 1)
        ),
        start=Fraction(0),
    )


@pytest.mark.parametrize("trials", range(1, 13))
def test_at_the_exact_upper_bound_so_few_successes_are_as_rare_as_promised(trials: int) -> None:
    for successes in range(trials):
        share = Fraction(exact_upper(Rate(successes, trials), 0.95))

        assert float(_at_most(successes, trials, share)) == pytest.approx(0.05, rel=1e-9)


@pytest.mark.parametrize("trials", range(1, 13))
def test_at_the_exact_lower_bound_so_many_successes_are_as_rare_as_promised(trials: int) -> None:
    for successes in range(1, trials + 1):
        share = Fraction(exact_lower(Rate(successes, trials), 0.95))
        so_many = 1 - _at_most(successes - 1, trials, share)

        assert float(so_many) == pytest.approx(0.05, rel=1e-9)


def test_over_nothing_every_bound_says_nothing() -> None:
    empty = Rate(0, 0)

    assert Interval(0.0, 1.0) == exact_interval(empty, 0.95)
    assert (wilson_lower(empty, 0.95), wilson_upper(empty, 0.95)) == (0.0, 1.0)


def test_without_successes_the_lower_bounds_are_exactly_zero() -> None:
    assert exact_lower(Rate(0, 50), 0.95) == 0.0
    assert wilson_lower(Rate(0, 50), 0.95) == 0.0


def test_without_failures_the_upper_bounds_are_exactly_one() -> None:
    assert exact_upper(Rate(50, 50), 0.95) == 1.0
    assert wilson_upper(Rate(50, 50), 0.95) == 1.0


def test_the_exact_interval_is_the_pair_of_one_sided_bounds() -> None:
    rate = Rate(7, 90)

    interval = exact_interval(rate, 0.9)

    assert (exact_lower(rate, 0.9), exact_upper(rate, 0.9)) == (interval.lower, interval.upper)


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("rate", [Rate(0, 0), Rate(0, 5), Rate(2, 5), Rate(5, 5)])
def test_a_wrong_confidence_is_refused_whatever_the_counts(bound: object, rate: Rate) -> None:
    assert callable(bound)

    with pytest.raises(InputError, match=r"^confidence"):
        bound(rate, 95)


def test_a_million_trials_still_have_an_exact_bound() -> None:
    upper = exact_upper(Rate(50_000, 1_000_000), 0.95)

    assert 0.0503 < upper < 0.0504
