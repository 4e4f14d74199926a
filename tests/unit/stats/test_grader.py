# SPDX-License-Identifier: Apache-2.0
"""What validation of a grader supports, and that it never supports more."""

from __future__ import annotations

import pytest

from tiergate.errors import InputError
from tiergate.stats import (
    Rate,
    better_than_chance,
    corrected_upper,
    exact_lower,
    exact_upper,
    informedness_lower,
    spent,
)

GOOD = (Rate(190, 200), Rate(196, 200))
NONE = Rate(0, 0)

CHANCE: dict[str, tuple[Rate, Rate, bool]] = {
    "a good grader": (*GOOD, True),
    "a perfect grader that was validated on a few": (Rate(4, 4), Rate(4, 4), False),
    "a perfect grader that was validated on enough": (Rate(6, 6), Rate(6, 6), True),
    "a grader that sees nothing": (Rate(0, 200), Rate(200, 200), False),
    "a grader that flags everything": (Rate(200, 200), Rate(0, 200), False),
    "a coin": (Rate(100, 200), Rate(100, 200), False),
    "a grader that sees two of five and never errs otherwise": (
        Rate(80, 200),
        Rate(200, 200),
        True,
    ),
    "a grader without validated successes": (NONE, Rate(200, 200), False),
    "a grader without validated failures": (Rate(200, 200), NONE, False),
}


@pytest.mark.parametrize("sentence", CHANCE)
def test_what_is_better_than_chance(sentence: str) -> None:
    sensitivity, specificity, expected = CHANCE[sentence]

    assert expected is better_than_chance(sensitivity, specificity, 0.95)


def test_each_part_of_the_bound_on_informedness_has_half_the_error() -> None:
    expected = exact_lower(GOOD[0], 0.975) + exact_lower(GOOD[1], 0.975) - 1

    assert expected == informedness_lower(*GOOD, 0.95)


def test_a_perfect_and_endless_validation_leaves_the_bound_on_the_flags() -> None:
    perfect = Rate(10**12, 10**12)

    corrected = corrected_upper(Rate(30, 1000), perfect, perfect, 0.95)

    assert exact_upper(Rate(30, 1000), spent(0.95, 3)) == pytest.approx(corrected, abs=1e-9)


def test_the_correction_takes_the_worst_of_three_bounds() -> None:
    third = spent(0.95, 3)
    flagged = exact_upper(Rate(60, 1000), third)
    least_seen = exact_lower(GOOD[0], third)
    least_false = 1 - exact_upper(GOOD[1], third)

    expected = (flagged - least_false) / (least_seen - least_false)

    assert expected == pytest.approx(corrected_upper(Rate(60, 1000), *GOOD, 0.95))


UNKNOWN: dict[str, tuple[Rate, Rate, Rate]] = {
    "nothing was labelled": (NONE, *GOOD),
    "no success was validated": (Rate(30, 1000), NONE, GOOD[1]),
    "no failure was validated": (Rate(30, 1000), GOOD[0], NONE),
    "the grader is a coin": (Rate(30, 1000), Rate(100, 200), Rate(100, 200)),
    "the grader sees nothing": (Rate(0, 1000), Rate(0, 200), Rate(200, 200)),
    "more may be flagged than the grader is shown to see": (Rate(900, 1000), *GOOD),
}


@pytest.mark.parametrize("sentence", UNKNOWN)
def test_the_correction_says_nothing_when(sentence: str) -> None:
    assert corrected_upper(*UNKNOWN[sentence], 0.95) == 1.0


def test_fewer_flags_than_false_alarms_do_not_make_the_bound_fall_to_nothing() -> None:
    alarming = Rate(100, 200)

    corrected = corrected_upper(Rate(100, 1000), Rate(200, 200), alarming, 0.95)

    assert exact_upper(Rate(0, 1000), spent(0.95, 3)) == corrected


def test_flags_that_share_behaviours_are_bounded_as_clusters() -> None:
    alike = [(Rate(10, 10), 3), (Rate(0, 10), 97)]

    clustered = corrected_upper(iter(alike), *GOOD, 0.95)

    assert clustered > 1.5 * corrected_upper(Rate(30, 1000), *GOOD, 0.95)


def test_behaviours_with_one_attempt_are_independent_trials() -> None:
    tallies = [(Rate(1, 1), 30), (Rate(0, 1), 970)]

    expected = corrected_upper(Rate(30, 1000), *GOOD, 0.95)

    assert expected == corrected_upper(tallies, *GOOD, 0.95)


def test_validation_may_share_behaviours_too() -> None:
    validated = [(Rate(5, 5), 38), (Rate(0, 5), 2)]

    assert informedness_lower(validated, GOOD[1], 0.95) < informedness_lower(*GOOD, 0.95)


def test_a_wrong_confidence_is_refused() -> None:
    for check in (informedness_lower, better_than_chance):
        with pytest.raises(InputError, match=r"^confidence"):
            check(*GOOD, 95.0)
    with pytest.raises(InputError, match=r"^confidence"):
        corrected_upper(Rate(0, 10), *GOOD, 95.0)
