# SPDX-License-Identifier: Apache-2.0
"""Success within several attempts, and within several attacks."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest

from tiergate.errors import InputError
from tiergate.stats import (
    Rate,
    any_attack,
    attempts_lower,
    attempts_rate,
    attempts_upper,
    exact_lower,
    exact_upper,
    mean_lower,
    mean_upper,
    success_within,
)


@pytest.mark.parametrize("successes", range(7))
@pytest.mark.parametrize("attempts", range(1, 7))
def test_success_within_attempts_is_the_share_of_choices_that_hold_one(
    successes: int, attempts: int
) -> None:
    outcomes = [True] * successes + [False] * (6 - successes)
    choices = [any(choice) for choice in itertools.combinations(outcomes, attempts)]

    expected = Fraction(sum(choices), len(choices))

    assert expected == success_within(Rate(successes, 6), attempts)


@pytest.mark.parametrize("attempts", [1, 3, 4])
def test_the_estimate_is_right_on_average(attempts: int) -> None:
    share = Fraction(3, 10)
    chances = [_binomial(4, hits, share) for hits in range(5)]

    mean = sum(p * success_within(Rate(hits, 4), attempts) for hits, p in enumerate(chances))

    assert mean == 1 - (1 - share) ** attempts


def _binomial(trials: int, hits: int, share: Fraction) -> Fraction:
    ways = len(list(itertools.combinations(range(trials), hits)))
    return ways * share**hits * (1 - share) ** (trials - hits)


def test_the_rate_is_the_mean_over_behaviours() -> None:
    tallies = [(Rate(1, 4), 2), (Rate(0, 8), 3), (Rate(2, 2), 1)]

    assert Fraction(2, 6) == attempts_rate(tallies, 2)


def test_as_many_attempts_as_were_made_count_behaviours_with_any_success() -> None:
    tallies = [(Rate(1, 10), 4), (Rate(7, 10), 1), (Rate(0, 10), 95)]

    assert exact_upper(Rate(5, 100), 0.95) == attempts_upper(tallies, 10, 0.95)
    assert exact_lower(Rate(5, 100), 0.95) == attempts_lower(tallies, 10, 0.95)


def test_fewer_attempts_than_were_made_are_bounded_as_a_mean() -> None:
    tallies = [(Rate(1, 10), 4), (Rate(0, 10), 96)]

    assert mean_upper(2, 100, 0.95) == attempts_upper(tallies, 5, 0.95)
    assert mean_lower(2, 100, 0.95) == attempts_lower(tallies, 5, 0.95)


def test_a_behaviour_with_too_few_attempts_counts_for_the_worst() -> None:
    tallies = [(Rate(0, 4), 3), (Rate(1, 4), 2), (Rate(0, 5), 95)]

    assert exact_upper(Rate(5, 100), 0.95) == attempts_upper(tallies, 5, 0.95)
    assert exact_lower(Rate(2, 100), 0.95) == attempts_lower(tallies, 5, 0.95)


@pytest.mark.parametrize("tallies", [[], [(Rate(0, 5), 0)]])
def test_over_no_behaviours_nothing_is_known(tallies: list[tuple[Rate, int]]) -> None:
    assert attempts_upper(tallies, 1, 0.95) == 1.0
    assert attempts_lower(tallies, 1, 0.95) == 0.0
    with pytest.raises(InputError, match=r"^behaviours: found none"):
        attempts_rate(tallies, 1)


@pytest.mark.parametrize("attempts", [0, -1, True, 1.0])
def test_a_number_of_attempts_that_says_nothing_is_refused(attempts: int) -> None:
    with pytest.raises(InputError, match=r"^attempts"):
        success_within(Rate(1, 10), attempts)
    with pytest.raises(InputError, match=r"^attempts"):
        attempts_upper([], attempts, 0.95)


def test_an_estimate_for_more_attempts_than_were_made_is_refused() -> None:
    with pytest.raises(InputError, match=r"found 4, expected at least the 5"):
        success_within(Rate(1, 4), 5)


def test_a_wrong_confidence_is_refused_even_over_nothing() -> None:
    with pytest.raises(InputError, match=r"^confidence"):
        attempts_upper([], 1, 95.0)


def test_any_attack_counts_a_behaviour_once_however_many_attacks_succeed() -> None:
    found = any_attack(
        {
            "roleplay": {"a": True, "b": True, "c": False, "d": False},
            "suffix": {"a": True, "b": False, "c": True, "d": False},
        }
    )

    assert found.union == found.known == Rate(3, 4)
    assert found.pooled == Rate(4, 8)
    assert (found.best, found.best_attack) == (Rate(2, 4), "roleplay")
    assert found.unscored == 0


def test_what_was_not_scored_or_not_tried_counts_as_success() -> None:
    found = any_attack(
        {
            "roleplay": {"a": True, "b": None, "c": False},
            "suffix": {"a": False, "b": False, "d": False},
        }
    )

    assert (found.union, found.known) == (Rate(4, 4), Rate(1, 4))
    assert found.pooled == Rate(4, 8)
    assert (found.best, found.best_attack) == (Rate(3, 4), "roleplay")
    assert found.unscored == 3


def test_without_attacks_there_is_nothing_to_count() -> None:
    found = any_attack({})

    assert found.union == found.known == found.pooled == found.best == Rate(0, 0)
    assert found.best_attack == ""
