# SPDX-License-Identifier: Apache-2.0
"""The bounds cover the true rate as often as they promise.

The exact bound is checked without simulation, by summing over every possible sample. The
bound for clusters is simulated, seeded, with clusters whose own rates follow a beta
distribution. ``docs/reference/statistics.md`` shows both tables; the tests here read them
from there, so that the page cannot drift from what the code does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.special import bdtr

from tiergate.stats import Rate, exact_upper, korn_graubard_upper, pooled, wilson_upper

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "statistics.md"
CONFIDENCE = 0.95
LIMIT = 0.05
LOW_RATE = 0.02
LEAST_COVERAGE = 0.94


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One row of the table for clusters."""

    clusters: int
    attempts: tuple[int, ...]
    """Size of each cluster, repeated in turn."""
    correlation: float
    """Correlation of two attempts in the same cluster."""
    share: float
    """The true rate, in the population of clusters."""
    coverage: float
    """Share of samples whose upper bound holds the true rate, as the page states it."""
    power: float | None
    """Share of samples at a true rate of 2 % whose upper bound is within 5 %, likewise."""

    def samples(self, runs: int, share: float) -> list[tuple[Rate, ...]]:
        """Draw samples; the same ones on every call."""
        generator = np.random.default_rng([self.clusters, *self.attempts, round(1000 * share)])
        weight = 1 / self.correlation - 1
        rates = generator.beta(share * weight, (1 - share) * weight, size=(runs, self.clusters))
        sizes = np.resize(self.attempts, self.clusters)
        hits = generator.binomial(sizes, rates)
        return [
            tuple(_rate(int(hit), int(size)) for hit, size in zip(row, sizes, strict=True))
            for row in hits
        ]

    def uppers(self, runs: int, share: float) -> list[float]:
        """Bound each sample from above."""
        return [korn_graubard_upper(sample, CONFIDENCE) for sample in self.samples(runs, share)]


@cache
def _rate(hits: int, size: int) -> Rate:
    """Make each rate once; a simulation asks for the same few a million times."""
    return Rate(hits, size)


@cache
def _rows(heading: str) -> tuple[tuple[str, ...], ...]:
    """Read the cells of the table below ``heading``."""
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return tuple(tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[2:])


def _percent(text: str) -> float:
    """Read ``95.2 %`` as 0.952."""
    return round(float(text.removesuffix(" %")) / 100, 6)


def _cluster_cells() -> list[Cell]:
    """Read the table of clusters."""
    return [
        Cell(
            clusters=int(design.split()[0]),
            attempts=tuple(int(size) for size in re.findall(r"\d+", design)[1:]),
            correlation=float(correlation),
            share=_percent(share),
            coverage=_percent(coverage),
            power=None if power == "" else _percent(power),
        )
        for design, correlation, share, _, coverage, power in _rows("Coverage with clusters")
    ]


def _covered(upper: Callable[[Rate, Decimal | float], float], trials: int, share: float) -> float:
    """Compute how often ``upper`` holds the true rate: exactly, over every sample.

    The bound rises with the successes, so it fails for all counts up to some last one.
    """
    failing = -1
    while upper(Rate(failing + 1, trials), CONFIDENCE) < share:
        failing += 1
    return 1.0 - (float(bdtr(failing, trials, share)) if failing >= 0 else 0.0)


@pytest.mark.parametrize("row", _rows("Coverage of the exact bound"), ids=lambda row: row[0])
def test_the_exact_bound_covers_every_rate_and_the_page_says_how_often(
    row: tuple[str, ...],
) -> None:
    trials = int(row[0])

    for share, stated in zip((0.01, 0.03, 0.05, 0.08, 0.2), row[1:], strict=True):
        coverage = _covered(exact_upper, trials, share)

        assert coverage >= CONFIDENCE
        assert _percent(stated) == pytest.approx(coverage, abs=6e-4)


def test_the_exact_bound_covers_at_every_size_and_rate_of_a_grid() -> None:
    for trials in (1, 10, 59, 99, 250):
        for share in np.linspace(0.002, 0.998, 84):
            assert _covered(exact_upper, trials, float(share)) >= CONFIDENCE - 1e-9


def test_the_wilson_bound_covers_less_than_stated_at_some_rates() -> None:
    assert min(_covered(wilson_upper, 50, share) for share in (0.85, 0.9, 0.95, 0.98)) < 0.93


def test_every_cell_that_the_page_must_show_is_there() -> None:
    shown = {
        (cell.clusters, cell.attempts, cell.correlation)
        for cell in _cluster_cells()
        if cell.share == LIMIT and cell.power is not None
    }

    assert shown >= {
        (100, (5,), 0.10),
        (100, (5,), 0.35),
        (100, (10,), 0.35),
        (100, (10,), 0.60),
        (50, (20,), 0.60),
        (60, (20,), 0.60),
        (200, (10,), 0.35),
    }
    assert [row[0] for row in _rows("Coverage of the exact bound")] == ["50", "100", "300", "1000"]


@pytest.mark.parametrize(
    "cell",
    [cell for cell in _cluster_cells() if cell.share == LIMIT and cell.clusters <= 200],
    ids=str,
)
def test_clusters_are_covered_in_a_small_simulation(cell: Cell) -> None:
    uppers = cell.uppers(500, LIMIT)

    assert np.mean(np.array(uppers) >= LIMIT) >= LEAST_COVERAGE


def test_without_regard_to_clusters_the_exact_bound_misses_far_too_often() -> None:
    cell = next(cell for cell in _cluster_cells() if cell.correlation == 0.6)
    naive = [exact_upper(pooled(sample), CONFIDENCE) for sample in cell.samples(500, LIMIT)]

    assert np.mean(np.array(naive) >= LIMIT) < 0.8


def test_many_clusters_still_show_a_rate_that_is_well_below_the_limit() -> None:
    cell = next(cell for cell in _cluster_cells() if cell.clusters == 200)

    uppers = cell.uppers(200, LOW_RATE)

    assert np.mean(np.array(uppers) <= LIMIT) > 0.85


@pytest.mark.slow
@pytest.mark.parametrize("cell", _cluster_cells(), ids=str)
def test_clusters_are_covered_as_often_as_the_page_says(cell: Cell) -> None:
    coverage = float(np.mean(np.array(cell.uppers(4_000, cell.share)) >= cell.share))

    assert coverage >= LEAST_COVERAGE
    # Generators may change their stream between versions of numpy; the truth does not.
    assert cell.coverage == pytest.approx(coverage, abs=0.008)


@pytest.mark.slow
@pytest.mark.parametrize(
    "cell", [cell for cell in _cluster_cells() if cell.power is not None], ids=str
)
def test_clusters_show_a_low_rate_as_often_as_the_page_says(cell: Cell) -> None:
    power = float(np.mean(np.array(cell.uppers(4_000, LOW_RATE)) <= LIMIT))

    assert cell.power == pytest.approx(power, abs=0.03)
