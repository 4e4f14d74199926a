# SPDX-License-Identifier: Apache-2.0
"""The bound for clusters where attempts end early, and where few behaviours differ from all others.

The page shows both, and how often the bound would hold the true rate without the rules that are
there for them.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from builders_statistics import LEAST_COVERAGE, percent, table
from tiergate.stats import Rate, korn_graubard_upper_weighted
from tiergate.stats.clusters import upper_by_trials

CONFIDENCE = 0.95
LEFT_EARLY = "Coverage where a behaviour is left at its first success"
FEW_FALL = "Coverage where a few behaviours always fall"
RUNS = 2_000
RUNS_FEW_FALL = 4_000

Sample = tuple[tuple[Rate, int], ...]


def left_early(row: tuple[str, ...], runs: int) -> tuple[list[Sample], float]:
    """Draw samples of a tool that leaves a behaviour at its first success; and the true rate."""
    behaviours, _, most = row[0].split()
    correlation, share = float(row[1]), percent(row[2])
    generator = np.random.default_rng([int(behaviours), int(most), round(1000 * share)])
    weight = 1 / correlation - 1
    found = []
    for _ in range(runs):
        own = generator.beta(share * weight, (1 - share) * weight, (int(behaviours), 1))
        hits = generator.random((int(behaviours), int(most))) < own
        first = np.where(hits.any(axis=1), hits.argmax(axis=1) + 1, 0)
        clusters = Counter(Rate(1, int(n)) if n else Rate(0, int(most)) for n in first)
        found.append(tuple(sorted(clusters.items(), key=str)))
    return found, share


def few_fall(row: tuple[str, ...], runs: int) -> tuple[list[Sample], float]:
    """Draw samples where some behaviours always fall and all others have one low rate."""
    behaviours, _, attempts = (int(part) if part.isdigit() else 0 for part in row[0].split())
    always, low = percent(row[1]), percent(row[2])
    generator = np.random.default_rng([behaviours, attempts, round(1000 * always)])
    own = np.where(generator.random((runs, behaviours)) < always, 1.0, low)
    found = []
    for hits in generator.binomial(attempts, own):
        counted = np.bincount(hits)
        found.append(tuple((Rate(s, attempts), int(n)) for s, n in enumerate(counted) if n))
    return found, always + (1 - always) * low


def shares_held(samples: list[Sample], share: float) -> tuple[float, float]:
    """Say how often the bound for clusters, and that by attempts alone, holds the true rate."""
    kept: dict[Sample, tuple[bool, bool]] = {}
    for sample in samples:
        if sample not in kept:
            kept[sample] = (
                korn_graubard_upper_weighted(sample, CONFIDENCE) >= share,
                upper_by_trials(sample, CONFIDENCE) >= share,
            )
    held = np.array([kept[sample] for sample in samples])
    return float(held[:, 0].mean()), float(held[:, 1].mean())


@pytest.mark.parametrize("row", table(LEFT_EARLY)[:2], ids=str)
def test_behaviours_left_early_are_covered_in_a_small_simulation(row: tuple[str, ...]) -> None:
    coverage, by_attempts = shares_held(*left_early(row, 150))

    assert coverage >= LEAST_COVERAGE
    assert by_attempts < 0.6


def test_the_page_shows_rows_where_the_bound_without_its_floor_holds_far_less_often() -> None:
    rows = table(FEW_FALL)

    assert min(percent(row[4]) for row in rows) < 0.83
    assert min(percent(row[5]) for row in rows) >= LEAST_COVERAGE


@pytest.mark.parametrize("row", table(FEW_FALL)[:4], ids=str)
def test_a_few_behaviours_that_always_fall_are_covered_in_a_small_simulation(
    row: tuple[str, ...],
) -> None:
    coverage, without_floor = shares_held(*few_fall(row, 200))

    assert coverage >= LEAST_COVERAGE
    assert without_floor < 0.93


@pytest.mark.slow
@pytest.mark.parametrize("row", table(LEFT_EARLY), ids=str)
def test_behaviours_left_early_are_covered_as_often_as_the_page_says(row: tuple[str, ...]) -> None:
    coverage, by_attempts = shares_held(*left_early(row, RUNS))

    assert coverage >= LEAST_COVERAGE
    assert percent(row[3]) == pytest.approx(by_attempts, abs=0.03)
    assert percent(row[4]) == pytest.approx(coverage, abs=0.015)


@pytest.mark.slow
@pytest.mark.parametrize("row", table(FEW_FALL), ids=str)
def test_a_few_behaviours_that_always_fall_are_covered_as_often_as_the_page_says(
    row: tuple[str, ...],
) -> None:
    samples, share = few_fall(row, RUNS_FEW_FALL)
    coverage, without_floor = shares_held(samples, share)

    assert coverage >= LEAST_COVERAGE
    assert percent(row[3]) == pytest.approx(share, abs=0.0006)
    assert percent(row[4]) == pytest.approx(without_floor, abs=0.02)
    assert percent(row[5]) == pytest.approx(coverage, abs=0.012)
