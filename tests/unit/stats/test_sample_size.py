# SPDX-License-Identifier: Apache-2.0
"""How many trials a limit asks for, against the table that everybody quotes."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from tiergate.errors import InputError
from tiergate.stats import (
    Rate,
    best_possible_upper,
    exact_upper,
    smallest_sample_for,
    trials_needed,
)
from tiergate.stats.sample_size import LARGEST_SAMPLE

TRIALS_WITHOUT_SUCCESS: dict[str, int] = {
    "0.05": 59,
    "0.03": 99,
    "0.02": 149,
    "0.01": 299,
    "0.005": 598,
    "0.001": 2995,
    "0.0001": 29956,
}

REFUSED_LIMITS: dict[str, object] = {
    "a percentage": 5,
    "a negative share": -0.01,
    "no number": math.nan,
    "no decimal number": Decimal("NaN"),
    "true": True,
}


@pytest.mark.parametrize("limit", TRIALS_WITHOUT_SUCCESS)
def test_the_known_number_of_trials_shows_a_limit(limit: str) -> None:
    expected = TRIALS_WITHOUT_SUCCESS[limit]

    assert expected == smallest_sample_for(Decimal(limit), Decimal("0.95"))
    assert expected == smallest_sample_for(float(limit), 0.95)


@pytest.mark.parametrize("limit", TRIALS_WITHOUT_SUCCESS)
def test_one_trial_fewer_does_not_show_the_limit(limit: str) -> None:
    trials = TRIALS_WITHOUT_SUCCESS[limit]

    assert best_possible_upper(trials, 0.95) <= Decimal(limit)
    assert best_possible_upper(trials - 1, 0.95) > Decimal(limit)


def test_a_stricter_confidence_asks_for_more_trials() -> None:
    assert smallest_sample_for(0.05, 0.975) == 72
    assert smallest_sample_for(0.05, 0.99) == 90


def test_a_limit_that_excludes_nothing_needs_no_trials() -> None:
    assert smallest_sample_for(1, 0.95) == 0
    assert trials_needed(4, 1.0, 0.95) == 4


def test_no_sample_shows_a_rate_of_zero() -> None:
    assert trials_needed(0, Decimal(0), 0.95) is None
    with pytest.raises(InputError, match=r"^limit: found 0, expected a limit that some sample"):
        smallest_sample_for(Decimal(0), 0.95)


def test_a_limit_next_to_zero_is_beyond_every_sample() -> None:
    assert trials_needed(0, 1e-13, 0.95) is None


def test_a_limit_within_the_largest_sample_is_still_answered() -> None:
    trials = trials_needed(0, 1e-9, 0.95)

    assert trials is not None
    assert trials == pytest.approx(-math.log(0.05) * 1e9, rel=1e-6)
    assert trials < LARGEST_SAMPLE


@pytest.mark.parametrize("sentence", REFUSED_LIMITS)
def test_a_limit_is_refused_when_it_is(sentence: str) -> None:
    limit = REFUSED_LIMITS[sentence]

    with pytest.raises(InputError, match=r"^limit"):
        trials_needed(0, limit, 0.95)  # type: ignore[arg-type]


@pytest.mark.parametrize("limit", [0, 0.05, 1])
def test_a_wrong_confidence_is_refused_at_every_limit(limit: float) -> None:
    with pytest.raises(InputError, match=r"^confidence"):
        trials_needed(0, limit, 95.0)


def test_negative_successes_are_refused() -> None:
    with pytest.raises(InputError, match=r"^rate"):
        trials_needed(-1, 0.05, 0.95)


@pytest.mark.parametrize(("successes", "expected"), [(0, 59), (1, 93), (2, 124), (3, 153)])
def test_each_success_asks_for_more_trials(successes: int, expected: int) -> None:
    assert expected == trials_needed(successes, 0.05, 0.95)
    assert exact_upper(Rate(successes, expected), 0.95) <= 0.05
    assert exact_upper(Rate(successes, expected - 1), 0.95) > 0.05


def test_without_trials_nothing_can_be_shown() -> None:
    assert best_possible_upper(0, 0.95) == 1.0


@pytest.mark.parametrize(("trials", "expected"), [(100, 0.0295), (159, 0.0187), (400, 0.0075)])
def test_the_best_possible_bound_of_a_data_set_is_known(trials: int, expected: float) -> None:
    assert expected == pytest.approx(best_possible_upper(trials, 0.95), abs=5e-5)
