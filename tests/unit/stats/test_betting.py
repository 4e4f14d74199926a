# SPDX-License-Identifier: Apache-2.0
"""E-values and the bounds that may be looked at at any time."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest

from tiergate.errors import InputError
from tiergate.stats import (
    Rate,
    anytime_lower,
    anytime_upper,
    combine_overlapping,
    combine_successive,
    decides,
    e_value,
    e_value_above,
    exact_upper,
)
from tiergate.stats.betting import LARGEST_E_VALUE


def _by_quadrature(rate: Rate, limit: float) -> float:
    """Average the likelihood ratio over rates below the limit, on a fine grid.

    A rate is the squared sine of an angle, whose weight is then even.
    """
    steps = 200_000
    angles = (np.arange(steps) + 0.5) * math.asin(math.sqrt(limit)) / steps
    smaller = np.sin(angles) ** 2
    ratios = (smaller / limit) ** rate.successes * ((1 - smaller) / (1 - limit)) ** rate.failures
    return float(ratios.mean())


@pytest.mark.parametrize("rate", [Rate(0, 10), Rate(1, 60), Rate(9, 74), Rate(30, 40)])
@pytest.mark.parametrize("limit", [0.05, 0.3, 0.9])
def test_an_e_value_is_the_average_likelihood_ratio(rate: Rate, limit: float) -> None:
    assert _by_quadrature(rate, limit) == pytest.approx(e_value(rate, limit), rel=1e-6)


@pytest.mark.parametrize("limit", [0.01, 0.05, 0.5, 0.95])
@pytest.mark.parametrize("trials", [1, 20])
def test_at_the_limit_an_e_value_is_one_on_average(limit: float, trials: int) -> None:
    chances = [
        math.comb(trials, hits) * limit**hits * (1 - limit) ** (trials - hits)
        for hits in range(trials + 1)
    ]

    for bet in (e_value, e_value_above):
        mean = sum(p * bet(Rate(hits, trials), limit) for hits, p in enumerate(chances))

        assert mean == pytest.approx(1)


def test_without_trials_there_is_no_evidence() -> None:
    assert e_value(Rate(0, 0), 0.05) == 1.0
    assert e_value_above(Rate(0, 0), 0.05) == 1.0
    assert anytime_upper(Rate(0, 0), 0.95) == 1.0
    assert anytime_lower(Rate(0, 0), 0.95) == 0.0


@pytest.mark.parametrize(("limit", "expected"), [(0.05, 74), (0.01, 377)])
def test_the_price_of_looking_is_a_few_trials_without_success(limit: float, expected: int) -> None:
    first = next(n for n in range(1000) if decides(e_value(Rate(0, n), limit), 0.95))

    assert expected == first
    assert anytime_upper(Rate(0, expected), 0.95) <= limit
    assert anytime_upper(Rate(0, expected - 1), 0.95) > limit


def test_the_bound_is_where_the_evidence_is_just_enough() -> None:
    upper = anytime_upper(Rate(7, 300), 0.95)

    assert e_value(Rate(7, 300), upper) == pytest.approx(20)
    assert upper > exact_upper(Rate(7, 300), 0.95)


def test_successes_only_leave_the_upper_bound_at_one() -> None:
    assert anytime_upper(Rate(10**6, 10**6), 0.95) == 1.0


def test_the_lower_bound_mirrors_the_upper_one() -> None:
    assert 1 - anytime_upper(Rate(30, 100), 0.95) == anytime_lower(Rate(70, 100), 0.95)


def test_decimal_and_float_limits_give_the_same_evidence() -> None:
    assert e_value(Rate(1, 90), 0.05) == e_value(Rate(1, 90), Decimal("0.05"))
    assert e_value_above(Rate(9, 90), 0.05) == e_value_above(Rate(9, 90), Decimal("0.05"))


def test_evidence_beyond_every_decision_is_cut_off() -> None:
    assert e_value(Rate(0, 10**7), 0.5) == pytest.approx(LARGEST_E_VALUE)
    assert e_value(Rate(10**7, 10**7), 0.5) == 0.0


def test_evidence_at_the_threshold_decides() -> None:
    assert decides(20.0, Decimal("0.95"))
    assert not decides(math.nextafter(20.0, 0), Decimal("0.95"))
    assert not decides(20.0, Decimal("0.96"))


COMBINED: dict[str, tuple[list[float], float, float]] = {
    "nothing": ([], 1.0, 1.0),
    "one": ([7.0], 7.0, 7.0),
    "two that agree": ([4.0, 8.0], 32.0, 6.0),
    "one for and one against": ([10.0, 0.5], 5.0, 5.25),
    "one that is certain of the opposite": ([10.0, 0.0], 0.0, 5.0),
    "overwhelming and one against": ([1e100, 1e100, 1e-150], 1e50, 2e100 / 3),
    "an infinite one": ([math.inf], 1e100, 1e100),
}


@pytest.mark.parametrize("sentence", COMBINED)
def test_evidence_is_combined_from(sentence: str) -> None:
    values, product, mean = COMBINED[sentence]

    assert product == pytest.approx(combine_successive(values))
    assert mean == pytest.approx(combine_overlapping(values))


@pytest.mark.parametrize("value", [-0.1, math.nan])
def test_what_is_no_e_value_is_refused(value: float) -> None:
    for combine in (combine_successive, combine_overlapping):
        with pytest.raises(InputError, match=r"^e-value"):
            combine([1.0, value])


@pytest.mark.parametrize("limit", [0, 1, -0.1, 5, math.nan, Decimal("NaN"), True])
def test_a_limit_that_no_bet_can_be_made_at_is_refused(limit: float) -> None:
    for bet in (e_value, e_value_above):
        with pytest.raises(InputError, match=r"^limit"):
            bet(Rate(1, 10), limit)


def test_a_wrong_confidence_is_refused() -> None:
    for bound in (anytime_upper, anytime_lower):
        with pytest.raises(InputError, match=r"^confidence"):
            bound(Rate(3, 3), 95.0)
