# SPDX-License-Identifier: Apache-2.0
"""How many trials a limit asks for, against the table that everybody quotes."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from tiergate.errors import InputError
from tiergate.stats import (
    Adjudication,
    Rate,
    audit_needed,
    audited_upper,
    best_possible_upper,
    best_uppers,
    exact_upper,
    independent,
    smallest_sample_for,
    trials_needed,
    trials_needed_for,
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


def test_the_best_bounds_are_those_of_no_success_and_of_the_first_few() -> None:
    expected = tuple(exact_upper(Rate(hits, 100), 0.95) for hits in range(4))

    assert expected == best_uppers(100, 0.95)
    assert expected[:2] == best_uppers(100, 0.95, most=1)


def test_a_small_sample_has_few_best_bounds() -> None:
    assert (1.0,) == best_uppers(0, 0.95)
    assert 1.0 == best_uppers(2, 0.95)[2]
    assert 3 == len(best_uppers(2, 0.95))


def test_the_best_bound_of_a_graded_run_is_set_by_its_audit() -> None:
    graded = best_uppers(1000, 0.95, audited=200)

    assert exact_upper(Rate(0, 200), 0.95) == graded[0]
    assert graded == tuple(sorted(graded))
    assert all(a > b for a, b in zip(graded, best_uppers(1000, 0.95), strict=True))


@pytest.mark.parametrize("audited", [100, 10_000])
def test_an_audit_of_everything_is_as_good_as_people(audited: int) -> None:
    assert best_uppers(100, 0.95) == best_uppers(100, 0.95, audited=audited)


def test_without_an_audit_a_grader_shows_nothing() -> None:
    assert best_uppers(100, 0.95, audited=0, most=1) == (1.0, 1.0)


def test_several_limits_are_answered_in_order() -> None:
    limits = [Decimal("0.05"), Decimal("0.001"), Decimal(0)]

    assert (59, 2995, None) == trials_needed_for(limits, 0.95)
    assert (93, None) == trials_needed_for([0.05, 0.0], 0.95, successes=1)


AUDITS: dict[str, tuple[Rate, int, str, int | None]] = {
    "a run without a flag": (Rate(0, 1000), 1000, "0.05", 59),
    "a run with false alarms only": (Rate(0, 1000), 900, "0.05", 59),
    "a stricter limit": (Rate(0, 1000), 900, "0.01", 299),
    "some confirmed successes": (Rate(20, 1000), 900, "0.05", 101),
    "a run that only an audit of everything shows": (Rate(0, 60), 58, "0.05", 58),
    "a limit that everything meets": (Rate(50, 100), 40, "1", 0),
    "nothing left to audit": (Rate(0, 100), 0, "0.05", 0),
    "successes beyond the limit": (Rate(60, 1000), 900, "0.05", None),
    "too few attempts": (Rate(0, 58), 58, "0.05", None),
    "nothing": (Rate(0, 0), 0, "0.05", None),
}


@pytest.mark.parametrize("sentence", AUDITS)
def test_the_audit_is_as_large_as_it_must_be_for(sentence: str) -> None:
    adverse, unflagged, limit, expected = AUDITS[sentence]

    assert expected == audit_needed(adverse, unflagged, Decimal(limit), 0.95)


def test_one_attempt_fewer_in_the_audit_does_not_show_the_limit() -> None:
    def upper(clean: int) -> float:
        found = Adjudication(confirmed=20, refuted=80, clean=clean, not_drawn=900 - clean)
        return audited_upper(independent(found), 0.95)

    assert upper(101) <= 0.05 < upper(100)


def test_more_unflagged_than_there_are_is_refused() -> None:
    with pytest.raises(InputError, match=r"^rate"):
        audit_needed(Rate(10, 100), 91, 0.05, 0.95)
    with pytest.raises(InputError, match=r"^limit"):
        audit_needed(Rate(10, 100), 90, 5, 0.95)
