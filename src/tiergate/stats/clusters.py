# SPDX-License-Identifier: Apache-2.0
"""Bounds for trials that come in clusters, such as repeated attempts at one task.

Attempts at one task resemble each other, so a thousand attempts at fifty tasks know less
than one attempt at each of a thousand tasks. The bounds here measure how much less, and
never let a further success make the rate look lower.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tiergate.stats.intervals import upper_bound
from tiergate.stats.quantiles import beta_upper_quantiles, error_rate, student_upper_quantiles
from tiergate.stats.rates import Interval, Rate, pooled

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from tiergate.stats.quantiles import Floats


@dataclass(frozen=True, slots=True)
class ClusteredRate:
    """Trials grouped by what they share, one rate for each group.

    >>> ClusteredRate((Rate(1, 5), Rate(0, 5))).pooled
    Rate(successes=1, trials=10)
    """

    clusters: tuple[Rate, ...]
    """One rate for each cluster, in any order; a cluster without trials says nothing."""

    @property
    def pooled(self) -> Rate:
        """All trials together, without regard to clusters."""
        return pooled(self.clusters)


def korn_graubard_upper(
    clusters: ClusteredRate | Iterable[Rate], confidence: Decimal | float
) -> float:
    """Bound the rate in the population of clusters from above.

    The exact bound on an effective sample size: the trials, divided by the design effect
    that the clusters show and by a Student t correction for how well they show it. Three
    rules make it safe where clusters with a success are few:

    * The correction counts at most two degrees of freedom for each cluster with a
      success, because those alone carry the variance of a rare success (F. E.
      Satterthwaite, Biometrics Bulletin 2 (1946) 110-114), and fewer where clusters
      differ in size, because the large ones then carry most of it.
    * The effective size lies between that of clusters which agree within themselves
      (the number of clusters, if they are of equal size) and the number of trials.
      Without any success it is the number of clusters.
    * The bound is at least what it would be if any of the successes had been failures,
      so that a further success never lowers it.

    One cluster counts as one trial if it holds failures only, and says nothing otherwise.
    No trials give 1. The sizes of clusters must not depend on what was observed in them.

        >>> round(korn_graubard_upper([Rate(0, 20)] * 59, 0.95), 3)
        0.05

    Source: E. L. Korn and B. I. Graubard, Survey Methodology 24 (1998) 193-201.
    """
    return _upper(_with_trials(clusters), error_rate(confidence))


def korn_graubard_lower(
    clusters: ClusteredRate | Iterable[Rate], confidence: Decimal | float
) -> float:
    """Bound the rate from below; ``korn_graubard_upper`` with failures for successes."""
    mirrored = tuple(rate.complement() for rate in _with_trials(clusters))
    return 1.0 - _upper(mirrored, error_rate(confidence))


def korn_graubard_interval(
    clusters: ClusteredRate | Iterable[Rate], confidence: Decimal | float
) -> Interval:
    """Pair both bounds for clusters, each one-sided at ``confidence``."""
    kept = _with_trials(clusters)
    return Interval(korn_graubard_lower(kept, confidence), korn_graubard_upper(kept, confidence))


def _with_trials(clusters: ClusteredRate | Iterable[Rate]) -> tuple[Rate, ...]:
    """Leave out clusters without trials, which say nothing."""
    rates = clusters.clusters if isinstance(clusters, ClusteredRate) else clusters
    return tuple(rate for rate in rates if not rate.is_empty)


def _upper(clusters: tuple[Rate, ...], error: float) -> float:
    """Compute the upper bound for clusters that all have trials."""
    total = pooled(clusters)
    if total.is_empty or total.failures == 0:
        return 1.0
    if len(clusters) == 1:
        return 1.0 if total.successes else upper_bound(0, 1, error)
    without_success = upper_bound(0, len(clusters), error)
    if total.successes == 0:
        return without_success
    design = _Design.of(clusters, error)
    observed = design.highest_upper(total.successes, total.successes)
    best = max(without_success, observed)
    fewest = design.fewest_that_could_exceed(best, total.successes)
    # Chunks bound the memory: one row for each number of successes, one column for each
    # cluster that has any.
    step = max(1, 2**17 // len(design.successes))
    for first in range(fewest, total.successes, step):
        last = min(first + step, total.successes) - 1
        best = max(best, design.highest_upper(first, last))
    return best


@dataclass(frozen=True, slots=True, kw_only=True)
class _Design:
    """Clusters as arrays, to ask what fewer successes in them would have shown."""

    count: int
    """Number of clusters."""
    trials: int
    """Trials in all clusters."""
    squared_sizes: float
    """Sum of the squares of the cluster sizes."""
    successes: Floats
    """Successes of each cluster that has any, most first."""
    sizes: Floats
    """Trials of the same clusters."""
    error: float
    """How often the bound may be wrong."""

    @classmethod
    def of(cls, clusters: tuple[Rate, ...], error: float) -> _Design:
        """Sort clusters into arrays."""
        import numpy as np

        hit = sorted(
            ((rate.successes, rate.trials) for rate in clusters if rate.successes), reverse=True
        )
        table = np.array(hit, dtype=np.float64)
        return cls(
            count=len(clusters),
            trials=sum(rate.trials for rate in clusters),
            squared_sizes=float(sum(rate.trials**2 for rate in clusters)),
            successes=table[:, 0],
            sizes=table[:, 1],
            error=error,
        )

    @property
    def smallest_size(self) -> float:
        """Effective sample size if every cluster agreed within itself (Kish 1965)."""
        return self.trials**2 / self.squared_sizes

    def fewest_that_could_exceed(self, bound: float, most: int) -> int:
        """Give the smallest number of successes whose bound could lie above ``bound``.

        Searches by halves with the smallest effective size, which gives the highest bound.
        """
        size = self.smallest_size
        too_few, enough = 0, most
        while enough - too_few > 1:
            middle = (too_few + enough) // 2
            exceeds = upper_bound(middle / self.trials * size, size, self.error) > bound
            too_few, enough = (too_few, middle) if exceeds else (middle, enough)
        return enough

    def highest_upper(self, first: int, last: int) -> float:
        """Give the highest upper bound from ``first`` to ``last`` of the successes.

        Each number of successes is laid out in the way that shows the most variance.
        """
        import numpy as np

        total = np.arange(first, last + 1, dtype=np.float64)
        share = total / self.trials
        variance = self._most_squares(total, share) * (self.count / (self.count - 1))
        effect = variance / (share * (1 - share) * self.trials)
        size = self.trials / np.maximum(1.0, effect * self._correction(total))
        size = np.maximum(size, self.smallest_size)
        uppers = beta_upper_quantiles(share * size + 1, (1 - share) * size, self.error)
        return float(uppers.max())

    def _most_squares(self, total: Floats, share: Floats) -> Floats:
        """Bound the sum of squared residuals over every way to keep ``total`` successes.

        A square is convex, so on each cluster the straight line from none to all of its
        successes lies above it. Taking the steepest lines first maximises their sum, and
        with all successes kept it is the sum of squares itself.
        """
        import numpy as np

        slopes = self.successes - 2 * share[:, None] * self.sizes
        order = np.argsort(-slopes, axis=1, kind="stable")
        kept = np.cumsum(self.successes[order], axis=1)
        taken = np.clip(total[:, None] - (kept - self.successes[order]), 0, self.successes[order])
        gained = (taken * np.take_along_axis(slopes, order, axis=1)).sum(axis=1)
        squares: Floats = gained + share**2 * self.squared_sizes
        return squares

    def _correction(self, total: Floats) -> Floats:
        """Give the factor by which Student's t raises the design effect.

        Counts the fewest clusters that can hold ``total`` successes, and counts clusters
        of unequal size as the smaller number of equal ones that would vary as much.
        """
        import numpy as np

        fewest = np.searchsorted(np.cumsum(self.successes), total) + 1
        alike = self.smallest_size
        with_success = np.arange(1, len(self.successes) + 1) * (alike / self.count)
        freedom = np.maximum(1.0, np.minimum(2.0 * with_success, alike - 1))
        known = student_upper_quantiles(np.array([self.trials - 1.0]), self.error)
        factors: Floats = (student_upper_quantiles(freedom, self.error) / known) ** 2
        return factors[fewest - 1]
