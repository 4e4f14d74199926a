# SPDX-License-Identifier: Apache-2.0
"""Laws of the bounds for clustered trials."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tiergate.stats import (
    Rate,
    exact_interval,
    exact_upper,
    korn_graubard_interval,
    korn_graubard_upper,
    pooled,
)
from tiergate.stats.intervals import upper_bound
from tiergate.stats.quantiles import error_rate

ROUNDING = 1e-9

confidences = st.decimals("0.55", "0.999", places=3)


@st.composite
def clusterings(draw: st.DrawFn, fewest: int = 0) -> list[Rate]:
    """Draw up to twelve clusters, often of equal size and often without success."""
    largest = draw(st.integers(1, 30))
    sizes = st.just(largest) if draw(st.booleans()) else st.integers(1, largest)
    clusters = []
    for _ in range(draw(st.integers(fewest, 12))):
        trials = draw(sizes)
        clusters.append(Rate(draw(st.just(0) | st.integers(0, trials)), trials))
    return clusters


@given(clusters=clusterings(), confidence=confidences)
def test_the_interval_holds_the_share_of_all_trials(
    clusters: list[Rate], confidence: Decimal
) -> None:
    total = pooled(clusters)
    assume(not total.is_empty)

    interval = korn_graubard_interval(clusters, confidence)

    assert interval.lower - ROUNDING <= float(total.fraction) <= interval.upper + ROUNDING


@given(clusters=clusterings(fewest=1), confidence=confidences, data=st.data())
def test_a_failure_turned_into_a_success_never_lowers_either_bound(
    clusters: list[Rate], confidence: Decimal, data: st.DataObject
) -> None:
    with_failures = [place for place, rate in enumerate(clusters) if rate.failures]
    assume(with_failures)
    changed = data.draw(st.sampled_from(with_failures))
    worse = list(clusters)
    worse[changed] = Rate(clusters[changed].successes + 1, clusters[changed].trials)

    before = korn_graubard_interval(clusters, confidence)
    after = korn_graubard_interval(worse, confidence)

    assert after.upper >= before.upper - ROUNDING
    assert after.lower >= before.lower - ROUNDING


@given(clusters=clusterings(), confidence=confidences, data=st.data())
def test_the_order_of_clusters_does_not_matter(
    clusters: list[Rate], confidence: Decimal, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(clusters))

    before = korn_graubard_interval(clusters, confidence)
    after = korn_graubard_interval(shuffled, confidence)

    assert (before.lower, before.upper) == pytest.approx((after.lower, after.upper), abs=ROUNDING)


@given(outcomes=st.lists(st.integers(0, 1), min_size=2, max_size=60), confidence=confidences)
def test_clusters_of_one_trial_are_independent_trials(
    outcomes: list[int], confidence: Decimal
) -> None:
    expected = exact_interval(Rate(sum(outcomes), len(outcomes)), confidence)

    interval = korn_graubard_interval([Rate(hit, 1) for hit in outcomes], confidence)

    assert (expected.lower, expected.upper) == pytest.approx(
        (interval.lower, interval.upper), abs=ROUNDING
    )


@given(clusters=clusterings(), confidence=confidences)
def test_clusters_never_know_more_than_independent_trials(
    clusters: list[Rate], confidence: Decimal
) -> None:
    naive = exact_interval(pooled(clusters), confidence)

    interval = korn_graubard_interval(clusters, confidence)

    assert interval.upper >= naive.upper - ROUNDING
    assert interval.lower <= naive.lower + ROUNDING


# Below 90 % the floor may lie a little higher.
@given(clusters=clusterings(fewest=2), confidence=st.decimals("0.9", "0.999", places=3))
def test_clusters_never_know_less_than_if_each_agreed_within_itself(
    clusters: list[Rate], confidence: Decimal
) -> None:
    total = pooled(clusters)
    size = total.trials**2 / sum(rate.trials**2 for rate in clusters)
    hits = float(total.fraction) * size
    # Shares of clusters that differ in size are rounded up to a common number of trials.
    alike = sum(float(rate.fraction) + 1 / 5040 for rate in clusters)

    highest = max(
        upper_bound(hits, size, error_rate(confidence)),
        upper_bound(alike, len(clusters), error_rate(confidence)),
        exact_upper(Rate(0, len(clusters)), confidence),
    )

    assert korn_graubard_upper(clusters, confidence) <= highest + ROUNDING


@given(clusters=clusterings(fewest=1), confidence=confidences)
def test_the_interval_holds_the_mean_share_of_clusters_whatever_their_sizes(
    clusters: list[Rate], confidence: Decimal
) -> None:
    mean = float(sum((rate.fraction for rate in clusters), Fraction(0)) / len(clusters))

    interval = korn_graubard_interval(clusters, confidence)

    assert interval.lower - ROUNDING <= mean <= interval.upper + ROUNDING


@given(clusters=clusterings(), confidence=confidences)
def test_counting_failures_instead_mirrors_the_interval(
    clusters: list[Rate], confidence: Decimal
) -> None:
    interval = korn_graubard_interval(clusters, confidence)
    mirrored = korn_graubard_interval([rate.complement() for rate in clusters], confidence)

    assert (1 - mirrored.upper, 1 - mirrored.lower) == pytest.approx(
        (interval.lower, interval.upper), abs=ROUNDING
    )


@given(clusters=clusterings(), some=confidences, other=confidences)
def test_more_confidence_never_lowers_the_upper_bound_for_clusters(
    clusters: list[Rate], some: Decimal, other: Decimal
) -> None:
    less, more = sorted((some, other))

    assert korn_graubard_upper(clusters, less) <= korn_graubard_upper(clusters, more) + ROUNDING
