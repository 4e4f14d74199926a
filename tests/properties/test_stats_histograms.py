# SPDX-License-Identifier: Apache-2.0
"""Bounds for clusters given as a histogram are those for clusters given one by one."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from builders_statistics import korn_graubard_reference
from tiergate.stats import (
    Rate,
    korn_graubard_lower,
    korn_graubard_lower_weighted,
    korn_graubard_upper,
    korn_graubard_upper_weighted,
    pooled,
    with_successes_in_smallest,
)
from tiergate.stats.cluster_design import Design
from tiergate.stats.clusters import upper_by_trials
from tiergate.stats.quantiles import error_rate

confidences = st.decimals("0.55", "0.999", places=3)


@st.composite
def histograms(draw: st.DrawFn) -> list[tuple[Rate, int]]:
    """Draw up to six results, some with many clusters."""
    largest = draw(st.integers(1, 30))
    sizes = st.just(largest) if draw(st.booleans()) else st.integers(0, largest)
    results = []
    for _ in range(draw(st.integers(0, 6))):
        trials = draw(sizes)
        rate = Rate(draw(st.just(0) | st.integers(0, trials)), trials)
        results.append((rate, draw(st.integers(0, 3) | st.integers(0, 25))))
    return results


def expanded(histogram: list[tuple[Rate, int]]) -> list[Rate]:
    return [rate for rate, clusters in histogram for _ in range(clusters)]


@given(histogram=histograms(), confidence=confidences)
def test_a_histogram_has_the_bounds_of_its_clusters(
    histogram: list[tuple[Rate, int]], confidence: Decimal
) -> None:
    clusters = expanded(histogram)

    assert korn_graubard_upper(clusters, confidence) == korn_graubard_upper_weighted(
        histogram, confidence
    )
    assert korn_graubard_lower(clusters, confidence) == korn_graubard_lower_weighted(
        histogram, confidence
    )


@given(histogram=histograms(), confidence=confidences)
def test_the_search_finds_what_trying_every_number_of_successes_finds(
    histogram: list[tuple[Rate, int]], confidence: Decimal
) -> None:
    expected = korn_graubard_reference(expanded(histogram), error_rate(confidence))

    assert expected == pytest.approx(upper_by_trials(histogram, confidence), abs=1e-12)


@given(histogram=histograms(), confidence=confidences, data=st.data())
def test_the_search_leaves_out_no_number_of_successes_that_could_show_more(
    histogram: list[tuple[Rate, int]], confidence: Decimal, data: st.DataObject
) -> None:
    clusters = expanded(histogram)
    most = pooled(clusters).successes
    assume(1 < most < pooled(clusters).trials)
    assume(len({rate for rate in clusters if rate.trials}) > 1)
    first, last = sorted(data.draw(st.tuples(*[st.integers(1, most)] * 2)))
    design = Design.of(Counter(rate for rate in clusters if rate.trials), error_rate(confidence))

    ceiling = design._ceilings(np.array([float(first)]), np.array([float(last)]))
    bounds = design._uppers(np.arange(first, last + 1, dtype=float))

    assert bounds.max() <= ceiling[0] + 1e-12


@given(histogram=histograms(), successes=st.integers(0, 20), confidence=confidences)
def test_successes_in_the_smallest_cluster_are_those_added_one_by_one(
    histogram: list[tuple[Rate, int]], successes: int, confidence: Decimal
) -> None:
    clusters = [rate for rate in expanded(histogram) if rate.trials]
    if clusters:
        place = min(range(len(clusters)), key=lambda i: clusters[i].trials)
        short = clusters[place]
        clusters[place] = Rate(short.successes + successes, short.trials + successes)

    changed = with_successes_in_smallest(histogram, successes)

    assert sorted(expanded(list(changed)), key=str) == sorted(clusters, key=str)
    assert korn_graubard_upper(clusters, confidence) == korn_graubard_upper_weighted(
        changed, confidence
    )
