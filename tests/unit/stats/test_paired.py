# SPDX-License-Identifier: Apache-2.0
"""The difference between two runs over the same behaviours."""

from __future__ import annotations

import math

import pytest

from tiergate.errors import InputError
from tiergate.stats import (
    Pairs,
    Rate,
    exact_lower,
    exact_upper,
    mean_lower,
    mean_upper,
    newcombe_interval,
    pair,
    paired_lower,
    paired_means_lower,
    paired_means_upper,
    paired_upper,
    sign_test,
)


def _pairs(first_only: int, second_only: int, behaviours: int) -> Pairs:
    alike = behaviours - first_only - second_only
    return Pairs(first_only=first_only, second_only=second_only, alike=alike)


def test_without_a_change_the_bound_is_the_one_on_changes() -> None:
    assert exact_upper(Rate(0, 100), 0.975) == paired_upper(_pairs(0, 0, 100), 0.95)


def test_changes_for_the_worse_alone_are_bounded_as_a_rate() -> None:
    assert exact_upper(Rate(5, 100), 0.975) == paired_upper(_pairs(5, 0, 100), 0.95)


def test_changes_both_ways_join_their_share_and_their_number() -> None:
    worse = exact_upper(Rate(12, 30), 0.975)
    expected = exact_upper(Rate(12, 200), 0.975) * (2 - 1 / worse)

    assert worse > 0.5
    assert expected == pytest.approx(paired_upper(_pairs(12, 18, 200), 0.95))


def test_a_clear_change_for_the_better_has_an_upper_bound_below_zero() -> None:
    worse = exact_upper(Rate(2, 42), 0.975)
    expected = exact_lower(Rate(40, 300), 0.975) * (worse / (1 - worse) - 1)

    assert expected == pytest.approx(paired_upper(_pairs(2, 40, 300), 0.95))
    assert expected < -0.05


def test_pairs_know_more_than_two_separate_samples() -> None:
    separate = newcombe_interval(Rate(100, 300), Rate(96, 300), 0.95)[1]

    assert paired_upper(_pairs(7, 3, 300), 0.95) < 0.7 * separate


def test_the_lower_bound_exchanges_the_runs() -> None:
    assert -paired_upper(_pairs(3, 9, 100), 0.95) == paired_lower(_pairs(9, 3, 100), 0.95)


def test_over_no_behaviours_any_difference_is_possible() -> None:
    nothing = _pairs(0, 0, 0)

    assert (paired_lower(nothing, 0.95), paired_upper(nothing, 0.95)) == (-1.0, 1.0)
    assert (paired_means_lower([], 0.95), paired_means_upper([], 0.95)) == (-1.0, 1.0)


SIGN_TESTS: dict[str, tuple[int, int, float]] = {
    "nothing changed": (0, 0, 1.0),
    "one change": (1, 0, 0.5),
    "all ten changed for the worse": (10, 0, 2**-10),
    "nine of ten did": (9, 1, 11 / 1024),
    "none of ten did": (0, 10, 1.0),
}


@pytest.mark.parametrize("sentence", SIGN_TESTS)
def test_the_sign_test_asks_how_often_a_coin_would_show_as_much_when(sentence: str) -> None:
    first_only, second_only, expected = SIGN_TESTS[sentence]

    assert expected == pytest.approx(sign_test(_pairs(first_only, second_only, 100)))


def test_the_sign_test_of_the_other_side_exchanges_the_runs() -> None:
    pairs = _pairs(14, 6, 100)
    at_least_six = sum(math.comb(20, k) for k in range(6, 21)) / 2**20

    assert at_least_six == pytest.approx(sign_test(pairs.swapped()))


def test_what_is_missing_makes_the_first_run_worst_in_an_upper_bound() -> None:
    pairing = pair(
        {"a": True, "b": False, "c": None, "d": True, "e": False, "g": None},
        {"a": True, "b": None, "c": False, "e": True, "f": True, "g": None},
    )

    assert Pairs(first_only=3, second_only=1, alike=3) == pairing.highest()
    assert Pairs(first_only=0, second_only=4, alike=3) == pairing.lowest()
    assert (pairing.first_missing, pairing.second_missing) == (3, 3)


def test_complete_runs_are_read_one_way_only() -> None:
    pairing = pair({"a": True, "b": False, "c": True}, {"a": False, "b": False, "c": True})

    assert pairing.highest() == pairing.lowest() == _pairs(1, 0, 3)
    assert (pairing.first_missing, pairing.second_missing) == (0, 0)


def test_several_attempts_are_bounded_by_their_positive_and_negative_parts() -> None:
    behaviours = [
        (Rate(3, 4), Rate(1, 4), 10),
        (Rate(0, 4), Rate(1, 4), 4),
        (Rate(1, 4), Rate(1, 4), 86),
    ]

    expected = mean_upper(5, 100, 0.975) - mean_lower(1, 100, 0.975)

    assert expected == pytest.approx(paired_means_upper(behaviours, 0.95))
    assert paired_means_lower(behaviours, 0.95) == pytest.approx(
        mean_lower(5, 100, 0.975) - mean_upper(1, 100, 0.975)
    )


def test_single_attempts_are_pairs() -> None:
    behaviours = [
        (Rate(1, 1), Rate(0, 1), 5),
        (Rate(0, 1), Rate(1, 1), 2),
        (Rate(0, 1), Rate(0, 1), 93),
    ]

    assert paired_upper(_pairs(5, 2, 100), 0.95) == paired_means_upper(behaviours, 0.95)


def test_a_behaviour_without_attempts_in_a_run_counts_for_the_worst() -> None:
    known = [(Rate(0, 5), Rate(0, 5), 98)]

    for first, second in [(Rate(0, 0), Rate(0, 5)), (Rate(5, 5), Rate(0, 0))]:
        expected = paired_means_upper([*known, (Rate(5, 5), Rate(0, 5), 2)], 0.95)

        assert expected == paired_means_upper([*known, (first, second, 2)], 0.95)


def test_negative_counts_are_refused() -> None:
    with pytest.raises(InputError, match=r"^rate"):
        Pairs(first_only=0, second_only=-1, alike=0)


def test_a_wrong_confidence_is_refused_even_over_nothing() -> None:
    with pytest.raises(InputError, match=r"^confidence"):
        paired_upper(_pairs(0, 0, 0), 95.0)
    with pytest.raises(InputError, match=r"^confidence"):
        paired_means_upper([], 95.0)
