# SPDX-License-Identifier: Apache-2.0
"""The bounds within several attempts, and on paired differences, hold what they bound.

Pairs are summed over every sample; behaviours with several attempts are simulated.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from scipy.special import betaln

from builders_statistics import (
    LEAST_COVERAGE,
    RATES,
    Design,
    binomial,
    covered,
    percent,
    share_below,
    simulated,
    table,
)
from tiergate.stats import (
    Pairs,
    Rate,
    attempts_lower,
    attempts_upper,
    difference_interval,
    mean_lower,
    mean_upper,
    newcombe_interval,
    paired_means_lower,
    paired_means_upper,
    paired_upper,
)

Interval = Callable[[Rate, Rate, float], tuple[float, float]]

CONFIDENCE = 0.95
RUNS = 1_000


def share_for(within: float, attempts: int, correlation: float) -> float:
    """Find the rate at one attempt that gives the rate ``within`` several."""
    weight = 1 / correlation - 1

    def rate_within(share: float) -> float:
        first, second = share * weight, (1 - share) * weight
        return -math.expm1(betaln(first, second + attempts) - betaln(first, second))

    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rate_within(middle) < within else (low, middle)
    return high


def attempts_coverage(design: Design, attempts: int, within: float, runs: int) -> list[float]:
    """Simulate how often the upper and the lower bound hold the rate within attempts."""
    share = share_for(within, attempts, design.correlation)
    uppers = simulated(lambda s: attempts_upper(s, attempts, CONFIDENCE), design, share, runs)
    lowers = simulated(lambda s: attempts_lower(s, attempts, CONFIDENCE), design, share, runs)
    return [float(np.mean(uppers >= within)), float(np.mean(lowers <= within))]


@cache
def _paired(first_only: int, second_only: int, behaviours: int) -> float:
    alike = behaviours - first_only - second_only
    pairs = Pairs(first_only=first_only, second_only=second_only, alike=alike)
    return paired_upper(pairs, CONFIDENCE)


def paired_coverage(behaviours: int, worse: float, better: float) -> float:
    """Sum the probability of all samples whose bound holds the difference.

    The bound rises with the behaviours that got worse and falls with the others, so for
    each number of the others it fails up to some number of the first, which only grows.
    """
    truth, missed, failing = worse - better, 0.0, -1
    for second_only, chance in enumerate(binomial(behaviours, better)):
        while (
            failing + 1 + second_only <= behaviours
            and _paired(failing + 1, second_only, behaviours) < truth
        ):
            failing += 1
        if failing >= 0:
            rest = binomial(behaviours - second_only, worse / (1 - better))
            missed += float(chance) * float(rest[: failing + 1].sum())
    return 1 - missed


@pytest.mark.parametrize("row", table("Coverage of a paired difference"), ids=lambda row: row[0])
def test_a_paired_difference_is_covered_as_often_as_the_page_says(row: tuple[str, ...]) -> None:
    worse, better = (percent(f"{part} %") for part in row[0].removesuffix(" %").split(" and "))

    for behaviours, stated in zip((50, 100, 300, 1000), row[1:], strict=True):
        coverage = paired_coverage(behaviours, worse, better)

        assert coverage >= CONFIDENCE
        assert percent(stated) == pytest.approx(coverage, abs=6e-4)


def test_a_paired_difference_is_covered_at_every_pair_of_rates_of_a_grid() -> None:
    for behaviours in (10, 60):
        for worse in (0.0, 0.01, 0.1, 0.3, 0.6):
            for better in (0.0, 0.02, 0.1, 0.35):
                assert paired_coverage(behaviours, worse, better) >= CONFIDENCE - 1e-9


@pytest.mark.parametrize("value", [1, 2, 3])
def test_a_mean_is_covered_whether_values_are_counts_or_parts_of_one(value: int) -> None:
    for share in (0.02, 0.1, 0.5):
        for count in (10, 50, 200):
            # Values are 0 or one part of ``value``, so their total is a count of parts.
            bound = cache(
                lambda rate: (
                    mean_upper(rate.fraction * rate.trials / value, rate.trials, CONFIDENCE) * value
                )
            )

            assert covered(bound, count, share) >= CONFIDENCE


@pytest.mark.slow
@pytest.mark.parametrize("row", table("Coverage within several attempts"), ids=str)
def test_the_rate_within_attempts_is_covered_as_often_as_the_page_says(
    row: tuple[str, ...],
) -> None:
    design, attempts = Design.read(row[0], row[1]), int(row[2])

    for within, stated in zip(RATES, row[3:], strict=True):
        upper, lower = attempts_coverage(design, attempts, within, RUNS)

        assert min(upper, lower) >= LEAST_COVERAGE
        assert percent(stated) == pytest.approx(upper, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), [(0.05, 0.05), (0.2, 0.03), (0.01, 0.08)])
@pytest.mark.parametrize("behaviours", [50, 200])
def test_a_difference_of_means_is_covered(behaviours: int, before: float, after: float) -> None:
    design = Design(behaviours=behaviours, attempts=5, correlation=0.35)
    first = design.histograms(before, 500)
    generator = design.generator(after)
    held = np.zeros(2)
    for sample in first:
        rates = [rate for rate, times in sample for _ in range(times)]
        other = generator.permutation(design.successes(generator, after, 1)[0])
        rows = [(rate, Rate(int(hits), 5), 1) for rate, hits in zip(rates, other, strict=True)]
        held += (
            paired_means_upper(rows, CONFIDENCE) >= before - after,
            paired_means_lower(rows, CONFIDENCE) <= before - after,
        )

    assert held.min() / 500 >= LEAST_COVERAGE


def difference_coverage(
    shares: tuple[float, float], sizes: tuple[int, int], interval: Interval
) -> float:
    """Sum the probability of all pairs of samples whose upper bound holds the difference."""
    failing = share_below(
        lambda a, missed: interval(Rate(a, sizes[0]), Rate(sizes[1] - missed, sizes[1]), 0.95)[1],
        shares[0] - shares[1] - 1e-12,
        binomial(sizes[0], shares[0]),
        binomial(sizes[1], 1 - shares[1]),
    )
    return 1 - failing


@pytest.mark.parametrize("row", table("Coverage of a difference"), ids=lambda row: row[0])
def test_a_difference_is_covered_as_often_as_the_page_says(row: tuple[str, ...]) -> None:
    first, second = (percent(f"{part} %") for part in row[0].removesuffix(" %").split(" and "))

    for trials, stated in zip((50, 100, 300), row[1:], strict=True):
        exact, wilson = (percent(cell) for cell in stated.split(", "))
        sizes = (trials, trials)

        coverage = difference_coverage((first, second), sizes, difference_interval)
        narrower = difference_coverage((first, second), sizes, newcombe_interval)

        assert coverage >= CONFIDENCE
        assert (exact, wilson) == pytest.approx((coverage, narrower), abs=6e-4)


def test_a_difference_is_covered_where_samples_differ_in_size() -> None:
    narrow = []
    for sizes in ((20, 200), (200, 50), (50, 200)):
        for shares in itertools.product((0.001, 0.01, 0.05, 0.2, 0.5), (0.0, 0.01, 0.05, 0.4)):
            narrow.append(difference_coverage(shares, sizes, newcombe_interval))

            assert difference_coverage(shares, sizes, difference_interval) >= LEAST_COVERAGE

    assert min(narrow) < 0.93


def test_a_mean_from_below_mirrors_the_one_from_above() -> None:
    assert mean_lower(30, 100, CONFIDENCE) == pytest.approx(1 - mean_upper(70, 100, CONFIDENCE))
