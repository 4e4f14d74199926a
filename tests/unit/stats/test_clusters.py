# SPDX-License-Identifier: Apache-2.0
"""Bounds for clustered trials: edge cases, the published formula, and what clusters cost."""

from __future__ import annotations

import math
from collections import Counter
from decimal import Decimal

import numpy as np
import pytest
from scipy.stats import beta, t

from builders_statistics import korn_graubard_reference
from tiergate.errors import InputError
from tiergate.stats import (
    ClusteredRate,
    Interval,
    Rate,
    exact_interval,
    exact_lower,
    exact_upper,
    korn_graubard_interval,
    korn_graubard_lower,
    korn_graubard_lower_weighted,
    korn_graubard_upper,
    korn_graubard_upper_weighted,
    smallest_sample_for,
    with_successes_in_smallest,
)
from tiergate.stats.cluster_design import Design
from tiergate.stats.clusters import upper_by_trials
from tiergate.stats.quantiles import error_rate

# Forty clusters of ten, all of them with successes and failures.
MODERATE = (Rate(2, 10), Rate(3, 10), Rate(5, 10), Rate(6, 10)) * 10
UNEQUAL = (Rate(2, 8), Rate(3, 10), Rate(5, 9), Rate(6, 13)) * 10


def _published(clusters: tuple[Rate, ...], error: float) -> Interval:
    """Compute the plain interval of the 1998 paper from its formulas, without our rules.

    The degrees of freedom count clusters of unequal size as fewer, equal ones.
    """
    trials = sum(rate.trials for rate in clusters)
    share = sum(rate.successes for rate in clusters) / trials
    count = len(clusters)
    squares = math.fsum((rate.successes - share * rate.trials) ** 2 for rate in clusters)
    variance = count / (count - 1) * squares / trials**2
    alike = trials**2 / sum(rate.trials**2 for rate in clusters)
    ratio = t.ppf(1 - error, trials - 1) / t.ppf(1 - error, alike - 1)
    size = min(trials, share * (1 - share) / variance * ratio**2)
    hits = share * size
    return Interval(
        float(beta.ppf(error, hits, size - hits + 1)),
        float(beta.ppf(1 - error, hits + 1, size - hits)),
    )


@pytest.mark.parametrize("clusters", [MODERATE, UNEQUAL], ids=["equal sizes", "unequal sizes"])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_where_successes_are_common_it_is_the_published_interval(
    clusters: tuple[Rate, ...], confidence: float
) -> None:
    expected = _published(clusters, 1 - confidence)

    upper = upper_by_trials(Counter(clusters).items(), confidence)
    failures = Counter(rate.complement() for rate in clusters)

    assert expected.lower == pytest.approx(1 - upper_by_trials(failures.items(), confidence))
    assert expected.upper == pytest.approx(upper, rel=1e-9)


def test_unequal_sizes_are_not_read_as_unequal_rates() -> None:
    proportional = (Rate(2, 8), Rate(3, 12), Rate(5, 20), Rate(6, 24)) * 10
    total = ClusteredRate(proportional).pooled

    upper = upper_by_trials(Counter(proportional).items(), 0.95)

    assert exact_interval(total, 0.95).upper == pytest.approx(upper, abs=0.004)


@pytest.mark.parametrize("attempts", [5, 20, 17])
def test_a_behaviour_left_at_its_first_success_counts_as_much_as_one_tried_to_the_end(
    attempts: int,
) -> None:
    left_early = [Rate(1, 1)] * 50 + [Rate(0, attempts)] * 150

    assert korn_graubard_upper(left_early, 0.95) >= exact_upper(Rate(50, 200), 0.95) - 1e-9
    assert upper_by_trials(Counter(left_early).items(), 0.95) < 0.25


def test_a_behaviour_that_goes_on_while_it_succeeds_counts_as_much_as_one_that_fails_at_once() -> (
    None
):
    left_early = [Rate(0, 1)] * 50 + [Rate(20, 20)] * 150

    assert korn_graubard_lower(left_early, 0.95) <= exact_lower(Rate(150, 200), 0.95) + 1e-9


def test_behaviours_of_many_sizes_that_no_common_number_divides_are_rounded_up() -> None:
    primes = [7, 11, 13, 17, 19, 23, 29, 31]
    clusters = [Rate(1, size) for size in primes] * 20
    alike = sum(1 / size for size in primes) / len(primes)

    assert korn_graubard_upper(clusters, 0.95) > alike


@pytest.mark.parametrize("stops", [False, True])
def test_coverage_holds_where_attempts_end_at_the_first_success_as_where_they_do_not(
    stops: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    generator, rate, correlation = np.random.default_rng(3), 0.1, 0.6
    weight = (1 - correlation) / correlation
    held = 0
    for _ in range(200):
        own = generator.beta(rate * weight, (1 - rate) * weight, 100)
        hits = generator.random((100, 10)) < own[:, None]
        tries = np.where(hits.any(axis=1), hits.argmax(axis=1) + 1, 10) if stops else [10] * 100
        clusters = [Rate(int(row[:n].sum()), int(n)) for row, n in zip(hits, tries, strict=True)]
        held += korn_graubard_upper(clusters, 0.95) >= rate

    assert held >= 0.94 * 200


def test_over_nothing_the_interval_spans_all_shares() -> None:
    assert Interval(0.0, 1.0) == korn_graubard_interval([], 0.95)
    assert Interval(0.0, 1.0) == korn_graubard_interval([Rate(0, 0)] * 3, 0.95)


def test_clusters_without_trials_change_nothing() -> None:
    expected = korn_graubard_interval(MODERATE, 0.95)

    assert expected == korn_graubard_interval([Rate(0, 0), *MODERATE, Rate(0, 0)], 0.95)


@pytest.mark.parametrize("attempts", [1, 5, 100])
def test_without_any_success_each_cluster_counts_once(attempts: int) -> None:
    interval = korn_graubard_interval([Rate(0, attempts)] * 40, 0.95)

    assert exact_interval(Rate(0, 40), 0.95) == interval


@pytest.mark.parametrize("attempts", [1, 5, 100])
def test_without_any_failure_each_cluster_counts_once(attempts: int) -> None:
    interval = korn_graubard_interval([Rate(attempts, attempts)] * 40, 0.95)

    assert interval.lower == pytest.approx(exact_interval(Rate(40, 40), 0.95).lower)
    assert interval.upper == 1.0


ONE_CLUSTER: dict[str, tuple[Rate, float, float]] = {
    "only failures count as one failure": (Rate(0, 100), 0.0, 0.95),
    "only successes count as one success": (Rate(100, 100), 0.05, 1.0),
    "a mixture says nothing about other clusters": (Rate(1, 100), 0.0, 1.0),
}


@pytest.mark.parametrize("sentence", ONE_CLUSTER)
def test_in_a_single_cluster(sentence: str) -> None:
    cluster, lower, upper = ONE_CLUSTER[sentence]

    interval = korn_graubard_interval([cluster], 0.95)

    assert (lower, upper) == pytest.approx((interval.lower, interval.upper), abs=1e-12)


def test_more_attempts_at_the_same_tasks_cannot_replace_tasks() -> None:
    limit = Decimal("0.05")
    tasks = smallest_sample_for(limit, Decimal("0.95"))

    assert korn_graubard_upper([Rate(0, 1)] * tasks, 0.95) <= limit
    assert korn_graubard_upper([Rate(0, 1000)] * (tasks - 1), 0.95) > limit


def test_one_success_is_not_better_than_none() -> None:
    none = [Rate(0, 20)] * 50
    one = [Rate(1, 20), *none[1:]]

    # The formula by itself would read the lone success as proof of independence.
    assert _published(tuple(one), 0.05).upper < 0.01
    assert korn_graubard_upper(none, 0.95) == pytest.approx(0.0582, abs=5e-5)
    assert korn_graubard_upper(one, 0.95) >= korn_graubard_upper(none, 0.95)


def test_spreading_further_successes_does_not_hide_a_cluster_that_always_succeeds() -> None:
    one_task_falls = (Rate(5, 5), *[Rate(0, 5)] * 99)
    and_some_others_once = (Rate(5, 5), *[Rate(1, 5)] * 2, *[Rate(0, 5)] * 97)

    before = korn_graubard_upper(one_task_falls, 0.95)

    assert before == pytest.approx(exact_upper(Rate(1, 100), 0.95))
    assert _published(and_some_others_once, 0.05).upper < before
    assert korn_graubard_upper(and_some_others_once, 0.95) >= before


def test_successes_in_few_clusters_count_for_more_than_the_same_number_spread_out() -> None:
    spread = [Rate(1, 10)] * 20 + [Rate(0, 10)] * 80
    together = [Rate(10, 10)] * 2 + [Rate(0, 10)] * 98

    by_trials = [upper_by_trials(Counter(found).items(), 0.95) for found in (together, spread)]

    assert by_trials[0] > 1.5 * by_trials[1]
    assert korn_graubard_upper(together, 0.95) > 1.1 * korn_graubard_upper(spread, 0.95)


def test_clusters_that_are_all_alike_are_worth_all_their_trials_but_for_the_floor() -> None:
    alike = [(Rate(3, 10), 40)]

    assert exact_interval(Rate(120, 400), 0.95).upper == pytest.approx(upper_by_trials(alike, 0.95))
    assert korn_graubard_upper_weighted(alike, 0.95) > upper_by_trials(alike, 0.95) + 0.01


def test_the_interval_is_the_pair_of_one_sided_bounds() -> None:
    interval = korn_graubard_interval(MODERATE, 0.95)

    assert korn_graubard_lower(MODERATE, 0.95) == interval.lower
    assert korn_graubard_upper(MODERATE, 0.95) == interval.upper


def test_a_clustered_rate_and_its_clusters_give_the_same_interval() -> None:
    expected = korn_graubard_interval(ClusteredRate(MODERATE), Decimal("0.95"))

    assert expected == korn_graubard_interval(iter(MODERATE), 0.95)


def test_a_clustered_rate_pools_its_trials() -> None:
    assert Rate(160, 400) == ClusteredRate(MODERATE).pooled


@pytest.mark.parametrize("clusters", [(), (Rate(0, 5),), MODERATE])
def test_a_wrong_confidence_is_refused_whatever_the_clusters(clusters: tuple[Rate, ...]) -> None:
    with pytest.raises(InputError, match=r"^confidence"):
        korn_graubard_interval(clusters, 95.0)


def test_many_clusters_that_are_almost_alike_are_worth_almost_all_their_trials() -> None:
    clusters = (Rate(20, 100), Rate(21, 100), Rate(19, 100), Rate(20, 100)) * 100

    upper = upper_by_trials(Counter(clusters).items(), 0.95)

    assert exact_upper(Rate(8_000, 40_000), 0.95) == pytest.approx(upper, abs=1e-5)


LONG_SEARCHES: dict[str, list[Rate]] = {
    "one behaviour always falls and all others rarely": [
        Rate(2000, 2000),
        *[Rate(20, 2000)] * 99,
    ],
    "two behaviours often fall and all others rarely": [
        Rate(300, 400),
        Rate(200, 400),
        *[Rate(3, 400)] * 198,
    ],
    "behaviours differ in size": [
        *[Rate(200, 200)] * 6,
        *[Rate(20, 200)] * 30,
        *[Rate(0, 600)] * 20,
        Rate(200, 800),
    ],
}


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.975])
@pytest.mark.parametrize("sentence", LONG_SEARCHES)
def test_a_long_search_finds_what_trying_every_number_finds_when(
    sentence: str, confidence: float
) -> None:
    clusters = LONG_SEARCHES[sentence]

    expected = korn_graubard_reference(clusters, error_rate(confidence))
    upper = upper_by_trials(Counter(clusters).items(), confidence)

    assert expected == pytest.approx(upper, rel=1e-12)


@pytest.mark.parametrize("width", [2, 20, 300])
@pytest.mark.parametrize("sentence", LONG_SEARCHES)
def test_a_long_search_leaves_out_nothing_that_could_show_more_when(
    sentence: str, width: int
) -> None:
    clusters = LONG_SEARCHES[sentence]
    design = Design.of(Counter(clusters), 0.05)
    total = sum(rate.successes for rate in clusters)
    firsts = np.arange(1.0, total - width, width)

    ceilings = design._ceilings(firsts, firsts + width - 1)
    bounds = design._uppers(np.arange(1.0, firsts[-1] + width)).reshape(-1, width)

    assert (bounds.max(axis=1) <= ceilings + 1e-12).all()


def test_a_search_over_many_different_results_is_made_in_pieces_with_the_same_result() -> None:
    clusters = [Rate(400, 400), *[Rate(2, size) for size in range(5, 605)]]

    expected = korn_graubard_reference(clusters, 0.05)

    assert expected == pytest.approx(upper_by_trials(Counter(clusters).items(), 0.95), rel=1e-12)


def test_ten_million_behaviours_cost_what_their_different_results_cost() -> None:
    results = [(Rate(hits, 10), 10**6 * (11 - hits)) for hits in range(11)]
    tenth = [(rate, clusters // 10) for rate, clusters in results]

    upper = korn_graubard_upper_weighted(results, 0.95)

    share = sum(hits * (11 - hits) for hits in range(11)) / 660
    assert share < upper < korn_graubard_upper_weighted(tenth, 0.95) < share + 0.001


def test_equal_results_may_be_given_in_parts() -> None:
    parts = [(Rate(1, 5), 3), (Rate(0, 5), 20), (Rate(1, 5), 2), (Rate(2, 5), 0), (Rate(0, 0), 9)]
    expected = korn_graubard_upper([Rate(1, 5)] * 5 + [Rate(0, 5)] * 20, 0.95)

    assert expected == korn_graubard_upper_weighted(parts, 0.95)


def test_the_lower_bound_of_a_histogram_mirrors_the_upper_one() -> None:
    histogram = [(Rate(4, 5), 12), (Rate(1, 5), 3)]
    mirrored = [(rate.complement(), clusters) for rate, clusters in histogram]

    expected = 1 - korn_graubard_upper_weighted(iter(mirrored), 0.95)

    assert expected == korn_graubard_lower_weighted(iter(histogram), 0.95)


@pytest.mark.parametrize("clusters", [-1, True, 1.0])
def test_what_is_no_number_of_clusters_is_refused(clusters: int) -> None:
    for bound in (korn_graubard_upper_weighted, korn_graubard_lower_weighted):
        with pytest.raises(InputError, match=r"^clusters with one result"):
            bound([(Rate(1, 5), clusters)], 0.95)


SMALLEST: dict[str, tuple[list[tuple[Rate, int]], list[tuple[Rate, int]]]] = {
    "one of several": (
        [(Rate(2, 9), 1), (Rate(1, 4), 3)],
        [(Rate(2, 9), 1), (Rate(1, 4), 2), (Rate(8, 11), 1)],
    ),
    "the only one": ([(Rate(1, 4), 1)], [(Rate(8, 11), 1)]),
    "the first of two kinds": (
        [(Rate(1, 4), 1), (Rate(0, 4), 1)],
        [(Rate(0, 4), 1), (Rate(8, 11), 1)],
    ),
    "one that has trials": (
        [(Rate(0, 0), 5), (Rate(0, 2), 0), (Rate(0, 4), 1)],
        [(Rate(7, 11), 1)],
    ),
    "none": ([], []),
}


@pytest.mark.parametrize("sentence", SMALLEST)
def test_successes_are_added_to_the_smallest_cluster_which_is(sentence: str) -> None:
    before, after = SMALLEST[sentence]

    assert after == list(with_successes_in_smallest(before, 7))


def test_adding_no_successes_changes_nothing() -> None:
    histogram = ((Rate(1, 4), 3), (Rate(0, 9), 2))

    assert histogram == with_successes_in_smallest(histogram, 0)
