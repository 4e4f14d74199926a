# SPDX-License-Identifier: Apache-2.0
"""Laws of e-values and of the bounds that may be looked at at any time."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tiergate.stats import (
    Rate,
    anytime_lower,
    anytime_upper,
    combine_overlapping,
    combine_successive,
    decides,
    e_value,
    e_value_above,
    exact_lower,
    exact_upper,
)

ROUNDING = 1e-9

confidences = st.decimals("0.55", "0.9999", places=4)
limits = st.decimals("0.001", "0.999", places=3)
rates = st.integers(0, 2_000).flatmap(
    lambda trials: st.integers(0, trials).map(lambda hits: Rate(hits, trials))
)


@given(rate=rates, confidence=confidences)
def test_looking_at_any_time_is_never_cheaper_than_a_fixed_sample(
    rate: Rate, confidence: Decimal
) -> None:
    assert anytime_upper(rate, confidence) >= exact_upper(rate, confidence)
    assert anytime_lower(rate, confidence) <= exact_lower(rate, confidence) + ROUNDING


@given(rate=rates, limit=limits, confidence=confidences)
def test_the_bound_and_the_evidence_decide_alike(
    rate: Rate, limit: Decimal, confidence: Decimal
) -> None:
    upper, evidence = anytime_upper(rate, confidence), e_value(rate, limit)
    assume(abs(float(limit) - upper) > ROUNDING)

    assert decides(evidence, confidence) is (upper <= limit)


@given(rate=rates, limit=limits)
@example(rate=Rate(188, 1533), limit=Decimal("0.001"))
def test_evidence_falls_with_a_success_and_grows_with_a_failure(rate: Rate, limit: Decimal) -> None:
    evidence = e_value(rate, limit)

    assert e_value(Rate(rate.successes + 1, rate.trials + 1), limit) <= evidence * (1 + ROUNDING)
    assert e_value(Rate(rate.successes, rate.trials + 1), limit) >= evidence * (1 - ROUNDING)


@given(rate=rates, limit=limits)
def test_evidence_for_a_low_and_for_a_high_rate_is_never_strong_at_once(
    rate: Rate, limit: Decimal
) -> None:
    # The likelihood cannot lie far above its value at the limit on one side and on the other.
    assert min(e_value(rate, limit), e_value_above(rate, limit)) <= 1 + ROUNDING


@given(rate=rates, confidence=confidences)
def test_a_failure_turned_into_a_success_raises_both_bounds(
    rate: Rate, confidence: Decimal
) -> None:
    assume(rate.failures)
    worse = Rate(rate.successes + 1, rate.trials)

    assert anytime_upper(worse, confidence) >= anytime_upper(rate, confidence) - ROUNDING
    assert anytime_lower(worse, confidence) >= anytime_lower(rate, confidence) - ROUNDING


@given(rate=rates, some=confidences, other=confidences)
def test_more_confidence_never_lowers_the_anytime_bound(
    rate: Rate, some: Decimal, other: Decimal
) -> None:
    less, more = sorted((some, other))

    assert anytime_upper(rate, less) <= anytime_upper(rate, more) + ROUNDING


@given(values=st.lists(st.floats(0, 1e6), max_size=6))
def test_combined_evidence_does_not_depend_on_the_order(values: list[float]) -> None:
    for combine in (combine_successive, combine_overlapping):
        assert combine(values) == pytest.approx(combine(values[::-1]))


@given(values=st.lists(st.floats(0, 1e6), min_size=1, max_size=6))
def test_overlapping_evidence_is_never_stronger_than_its_strongest_part(
    values: list[float],
) -> None:
    assert combine_overlapping(values) <= max(values) * (1 + ROUNDING)
