# SPDX-License-Identifier: Apache-2.0
"""Laws of the bounds on one rate and on a difference."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tiergate.stats import (
    Rate,
    best_possible_upper,
    difference_interval,
    exact_interval,
    exact_lower,
    exact_upper,
    newcombe_interval,
    smallest_sample_for,
    trials_needed,
    wilson_lower,
    wilson_upper,
)

Bound = Callable[[Rate, Decimal | float], float]
DifferenceBound = Callable[[Rate, Rate, Decimal | float], tuple[float, float]]

ROUNDING = 1e-12
UPPERS: list[Bound] = [exact_upper, wilson_upper]
LOWERS: list[Bound] = [exact_lower, wilson_lower]
PAIRS: list[tuple[Bound, Bound]] = list(zip(LOWERS, UPPERS, strict=True))

confidences = st.decimals("0.55", "0.9999", places=4)


@st.composite
def rates(draw: st.DrawFn, most: int = 2_000) -> Rate:
    trials = draw(st.integers(0, most))
    return Rate(draw(st.integers(0, trials)), trials)


@pytest.mark.parametrize(("lower", "upper"), PAIRS)
@given(rate=rates(), confidence=confidences)
def test_both_bounds_are_shares_around_the_estimate(
    lower: Bound, upper: Bound, rate: Rate, confidence: Decimal
) -> None:
    assume(not rate.is_empty)

    share = rate.successes / rate.trials

    assert 0 <= lower(rate, confidence) <= share <= upper(rate, confidence) <= 1


@pytest.mark.parametrize("upper", UPPERS)
@given(rate=rates(), confidence=confidences)
def test_a_further_failure_never_raises_an_upper_bound(
    upper: Bound, rate: Rate, confidence: Decimal
) -> None:
    after = Rate(rate.successes, rate.trials + 1)

    assert upper(after, confidence) <= upper(rate, confidence) + ROUNDING


@pytest.mark.parametrize("upper", UPPERS)
@given(rate=rates(), confidence=confidences)
def test_a_further_success_never_lowers_the_exact_or_wilson_upper_bound(
    upper: Bound, rate: Rate, confidence: Decimal
) -> None:
    after = Rate(rate.successes + 1, rate.trials + 1)

    assert upper(after, confidence) >= upper(rate, confidence) - ROUNDING


@pytest.mark.parametrize(("lower", "upper"), PAIRS)
@given(rate=rates(), confidence=confidences)
def test_turning_a_failure_into_a_success_raises_both_bounds(
    lower: Bound, upper: Bound, rate: Rate, confidence: Decimal
) -> None:
    assume(rate.failures > 0)

    after = Rate(rate.successes + 1, rate.trials)

    assert lower(after, confidence) > lower(rate, confidence)
    assert upper(after, confidence) > upper(rate, confidence)


@pytest.mark.parametrize(("lower", "upper"), PAIRS)
@given(rate=rates(), confidence=confidences)
def test_counting_failures_instead_mirrors_the_bounds(
    lower: Bound, upper: Bound, rate: Rate, confidence: Decimal
) -> None:
    mirrored = 1 - lower(rate.complement(), confidence)

    assert mirrored == pytest.approx(upper(rate, confidence), abs=ROUNDING)


@pytest.mark.parametrize("upper", UPPERS)
@given(rate=rates(), some=confidences, other=confidences)
def test_more_confidence_never_lowers_an_upper_bound(
    upper: Bound, rate: Rate, some: Decimal, other: Decimal
) -> None:
    less, more = sorted((some, other))

    assert upper(rate, less) <= upper(rate, more) + ROUNDING


@given(rate=rates(), confidence=confidences)
def test_scaling_a_sample_up_never_widens_its_exact_interval(
    rate: Rate, confidence: Decimal
) -> None:
    doubled = Rate(2 * rate.successes, 2 * rate.trials)

    assert exact_interval(doubled, confidence).width <= (
        exact_interval(rate, confidence).width + ROUNDING
    )


@given(
    successes=st.integers(0, 30),
    limit=st.decimals("0.001", "0.999", places=3),
    confidence=confidences,
)
def test_the_trials_needed_are_enough_and_one_fewer_is_not(
    successes: int, limit: Decimal, confidence: Decimal
) -> None:
    needed = trials_needed(successes, limit, confidence)

    assert needed is not None
    assert exact_upper(Rate(successes, needed), confidence) <= limit
    if needed > successes:
        assert exact_upper(Rate(successes, needed - 1), confidence) > limit


@given(limit=st.decimals("0.0001", "0.9999", places=4), confidence=confidences)
def test_the_smallest_sample_is_the_first_whose_best_bound_is_within_the_limit(
    limit: Decimal, confidence: Decimal
) -> None:
    trials = smallest_sample_for(limit, confidence)

    assert best_possible_upper(trials, confidence) <= limit
    assert best_possible_upper(trials - 1, confidence) > limit


@pytest.mark.parametrize("interval", [newcombe_interval, difference_interval])
@given(a=rates(200), b=rates(200), confidence=confidences)
def test_the_bounds_on_a_difference_lie_around_it(
    interval: DifferenceBound, a: Rate, b: Rate, confidence: Decimal
) -> None:
    assume(not a.is_empty)
    assume(not b.is_empty)

    lower, upper = interval(a, b, confidence)

    assert -1 <= lower <= float(a.fraction - b.fraction) + ROUNDING
    assert float(a.fraction - b.fraction) - ROUNDING <= upper <= 1


@pytest.mark.parametrize("interval", [newcombe_interval, difference_interval])
@given(a=rates(200), b=rates(200), confidence=confidences)
def test_swapping_the_samples_mirrors_the_bounds_on_their_difference(
    interval: DifferenceBound, a: Rate, b: Rate, confidence: Decimal
) -> None:
    lower, upper = interval(a, b, confidence)

    assert (-upper, -lower) == pytest.approx(interval(b, a, confidence), abs=ROUNDING)


@given(a=rates(200), b=rates(200), confidence=confidences)
def test_a_difference_rises_with_the_first_rate_and_falls_with_the_second(
    a: Rate, b: Rate, confidence: Decimal
) -> None:
    assume(a.failures)
    assume(b.failures)
    low, high = difference_interval(a, b, confidence)

    worse = difference_interval(Rate(a.successes + 1, a.trials), b, confidence)
    better = difference_interval(a, Rate(b.successes + 1, b.trials), confidence)

    assert worse[0] >= low - ROUNDING
    assert worse[1] >= high - ROUNDING
    assert better[0] <= low + ROUNDING
    assert better[1] <= high + ROUNDING
