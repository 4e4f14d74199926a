# SPDX-License-Identifier: Apache-2.0
"""Samples to try bounds on, the tables of the page on statistics, and a slow reference.

Samples are seeded: the same call gives the same sample. The tests read each table from the
page, so that it cannot drift from what the code does.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, betainccinv, gammaln, stdtrit, xlog1py, xlogy

from tiergate.stats import Rate

Counts: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "statistics.md"
RATES = (0.01, 0.03, 0.05, 0.08, 0.2)
"""The true rates that every bound is tried at."""
LEAST_COVERAGE = 0.94
"""What a bound at 95 % must reach where it is simulated."""


@cache
def table(heading: str) -> tuple[tuple[str, ...], ...]:
    """Read the rows of the first table below a heading of the page."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = section[section.index("|") :].split("\n\n")[0].splitlines()
    return tuple(tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[2:])


def percent(text: str) -> float:
    """Read ``95.2 %`` as 0.952."""
    return round(float(text.removesuffix(" %")) / 100, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Behaviours with the same number of attempts each."""

    behaviours: int
    """How many behaviours."""
    attempts: int
    """Attempts on each."""
    correlation: float
    """Correlation of two attempts on the same behaviour."""

    @classmethod
    def read(cls, size: str, correlation: str) -> Design:
        """Read the first two cells of a row: behaviours by attempts, and correlation."""
        behaviours, _, attempts = size.split()
        return cls(
            behaviours=int(behaviours), attempts=int(attempts), correlation=float(correlation)
        )

    def generator(self, share: float) -> np.random.Generator:
        """Give the source of randomness of this design at one true rate."""
        return np.random.default_rng([self.behaviours, self.attempts, round(1000 * share)])

    def successes(self, generator: np.random.Generator, share: float, runs: int) -> Counts:
        """Draw the successes of each behaviour, one row for each run.

        Each behaviour has a rate of its own, from a beta distribution.
        """
        weight = 1 / self.correlation - 1
        rates = generator.beta(share * weight, (1 - share) * weight, (runs, self.behaviours))
        return generator.binomial(self.attempts, rates)

    def histograms(self, share: float, runs: int) -> list[tuple[tuple[Rate, int], ...]]:
        """Draw samples as results and how many behaviours have them."""
        hits = self.successes(self.generator(share), share, runs)
        return [histogram(np.bincount(row), self.attempts) for row in hits]


def histogram(clusters: Counts, attempts: int) -> tuple[tuple[Rate, int], ...]:
    """Read the number of clusters with no success, with one, and so on."""
    return tuple((_rate(hits, attempts), int(n)) for hits, n in enumerate(clusters) if n)


@cache
def _rate(hits: int, size: int) -> Rate:
    """Make each rate once; a simulation asks for the same few a million times."""
    return Rate(hits, size)


def binomial(trials: int, share: float) -> Floats:
    """Give the probability of each number of successes, from none to all."""
    hits = np.arange(trials + 1)
    ways = gammaln(trials + 1) - gammaln(hits + 1) - gammaln(trials - hits + 1)
    chances: Floats = np.exp(ways + xlogy(hits, share) + xlog1py(trials - hits, -share))
    return chances


def share_below(
    bound: Callable[[int, int], float], truth: float, first: Floats, second: Floats
) -> float:
    """Sum the probability of all pairs of counts whose bound lies below the truth.

    Args:
        bound: Of two independent counts; it rises with both.
        truth: What the bound should hold.
        first: Probability of each value of the first count.
        second: Likewise of the second.
    """
    missed = 0.0
    limit = len(second) - 1
    for value, chance in enumerate(first):
        while limit >= 0 and bound(value, limit) >= truth:
            limit -= 1
        if limit < 0:
            break
        missed += float(chance) * float(second[: limit + 1].sum())
    return missed


def covered(bound: Callable[[Rate], float], trials: int, share: float) -> float:
    """Compute how often an upper bound holds the true rate: exactly, over every sample.

    The bound rises with the successes, so it fails for all counts up to some last one.
    """
    failing = -1
    while bound(Rate(failing + 1, trials)) < share:
        failing += 1
    return 1.0 - (float(bdtr(failing, trials, share)) if failing >= 0 else 0.0)


def korn_graubard_reference(clusters: Iterable[Rate], error: float) -> float:
    """Compute the upper bound for clusters from its description, one number at a time.

    Slow: it tries every smaller number of successes.
    """
    kept = [(rate.successes, rate.trials) for rate in clusters if rate.trials]
    trials, hits = sum(n for _, n in kept), sum(s for s, _ in kept)
    if hits == trials:
        return 1.0
    if len(kept) == 1:
        return 1.0 if hits else float(betainccinv(1, 1, error))
    best = float(betainccinv(1, len(kept), error))
    return max([best, *(_reference_at(kept, fewer, trials, error) for fewer in range(1, hits + 1))])


def _reference_at(kept: list[tuple[int, int]], hits: int, trials: int, error: float) -> float:
    """Compute the bound if the clusters had only ``hits`` of their successes."""
    share, count = hits / trials, len(kept)
    alike = trials**2 / sum(n * n for _, n in kept)
    squares: float = share**2 * sum(n * n for _, n in kept)
    left = hits
    for successes, size in sorted(kept, key=lambda pair: 2 * share * pair[1] - pair[0]):
        taken = min(left, successes)
        squares += taken * (successes - 2 * share * size)
        left -= taken
    fewest, held = 0, 0
    for successes, _ in sorted(kept, reverse=True):
        if held < hits:
            fewest, held = fewest + 1, held + successes
    freedom = max(1.0, min(2 * fewest * alike / count, alike - 1))
    correction = (stdtrit(freedom, error) / stdtrit(trials - 1, error)) ** 2
    effect = squares * count / (count - 1) / (share * (1 - share) * trials) * correction
    worth = max(alike, trials / max(1.0, effect))
    return float(betainccinv(share * worth + 1, (1 - share) * worth, error))


def simulated(
    bound: Callable[[tuple[tuple[Rate, int], ...]], float], design: Design, share: float, runs: int
) -> Floats:
    """Bound every sample of a design, each different one once."""
    kept: dict[tuple[tuple[Rate, int], ...], float] = {}
    bounds = []
    for sample in design.histograms(share, runs):
        if sample not in kept:
            kept[sample] = bound(sample)
        bounds.append(kept[sample])
    return np.array(bounds)


def counts_of(rows: Counts) -> list[tuple[tuple[int, ...], int]]:
    """Count equal columns of a table."""
    return [(pair, n) for pair, n in Counter(map(tuple, rows.T.tolist())).items()]


def rounds_to(stated: str, value: float, tolerance: float) -> bool:
    """Say whether a percentage of the page agrees with a computed share."""
    return math.isclose(percent(stated), value, abs_tol=tolerance)
