# SPDX-License-Identifier: Apache-2.0
"""Rates hold two counts; intervals hold two ordered shares."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError
from fractions import Fraction

import pytest

from tiergate.errors import InputError
from tiergate.stats import Interval, Rate, pooled

REFUSED_COUNTS: dict[str, tuple[object, object]] = {
    "more successes than trials": (6, 5),
    "a success without trials": (1, 0),
    "negative successes": (-1, 5),
    "negative trials": (0, -5),
    "both negative": (-2, -1),
    "true as a count of successes": (True, 5),
    "true as a count of trials": (1, True),
    "a whole number held as a float": (1.0, 5),
    "a share instead of a count": (0.2, 5),
    "text": ("1", 5),
    "nothing": (0, None),
}

REFUSED_ENDS: dict[str, tuple[float, float]] = {
    "ends in the wrong order": (0.6, 0.4),
    "a lower end below 0": (-0.1, 0.4),
    "an upper end above 1": (0.4, 1.1),
    "no number below": (math.nan, 0.4),
    "no number above": (0.4, math.nan),
    "an infinite end": (0.4, math.inf),
}


@pytest.mark.parametrize("sentence", REFUSED_COUNTS)
def test_a_rate_refuses_what_no_sample_can_show(sentence: str) -> None:
    successes, trials = REFUSED_COUNTS[sentence]

    with pytest.raises(InputError, match=r"^rate"):
        Rate(successes, trials)  # type: ignore[arg-type]


def test_the_refusal_names_the_count_and_what_to_do() -> None:
    with pytest.raises(InputError) as refusal:
        Rate(0.2, 5)  # type: ignore[arg-type]

    assert str(refusal.value) == (
        "rate, successes: found 0.2, expected a whole number, 0 or more. "
        "Give counts, not percentages."
    )


def test_a_rate_is_told_by_position_or_by_name() -> None:
    assert Rate(3, 50) == Rate(successes=3, trials=50)


def test_rates_with_the_same_share_but_other_counts_differ() -> None:
    assert Rate(1, 10) != Rate(10, 100)


def test_a_rate_cannot_be_changed() -> None:
    rate = Rate(3, 50)

    with pytest.raises(FrozenInstanceError):
        rate.successes = 0  # type: ignore[misc]


def test_the_share_of_a_rate_is_exact() -> None:
    assert Fraction(1, 3) == Rate(7, 21).fraction


def test_an_empty_rate_has_no_share() -> None:
    empty = Rate(0, 0)

    assert empty.is_empty
    with pytest.raises(InputError, match="no trials"):
        _ = empty.fraction


def test_a_rate_without_successes_is_not_empty() -> None:
    assert not Rate(0, 1).is_empty


def test_the_complement_counts_the_failures() -> None:
    assert Rate(47, 50) == Rate(3, 50).complement()
    assert Rate(3, 50).failures == 47


def test_pooling_adds_both_counts() -> None:
    assert Rate(3, 60) == pooled(iter([Rate(1, 10), Rate(0, 0), Rate(2, 50)]))


def test_pooling_nothing_gives_the_empty_rate() -> None:
    assert Rate(0, 0) == pooled([])


@pytest.mark.parametrize("sentence", REFUSED_ENDS)
def test_an_interval_refuses_ends_that_are_not_ordered_shares(sentence: str) -> None:
    lower, upper = REFUSED_ENDS[sentence]

    with pytest.raises(InputError, match=r"^interval"):
        Interval(lower, upper)


def test_an_interval_includes_both_ends_and_nothing_beyond() -> None:
    interval = Interval(0.25, 0.5)

    assert interval.contains(0.25)
    assert interval.contains(0.5)
    assert not interval.contains(0.2499)
    assert not interval.contains(0.5001)


def test_the_width_of_an_interval_is_the_distance_of_its_ends() -> None:
    assert Interval(0.25, 0.75).width == 0.5


def test_an_interval_over_nothing_spans_all_shares() -> None:
    assert Interval(0.0, 1.0) == Interval.over_nothing()
    assert Interval.over_nothing().width == 1.0
