# SPDX-License-Identifier: Apache-2.0
"""The search behind ``korn_graubard_upper``: the highest bound that fewer successes would give.

Works on a histogram of clusters, so that its cost depends on how many different results
there are and not on how many clusters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tiergate.stats.intervals import upper_bound
from tiergate.stats.quantiles import beta_upper_quantiles, student_upper_quantiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiergate.stats.quantiles import Floats
    from tiergate.stats.rates import Rate

_AT_ONCE = 512
"""Numbers of successes that are cheaper to compute one by one than to rule out."""
_LARGEST_TABLE = 2**17
"""Cells of a table with one row for each number of successes, one column for each result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Clusters as arrays, to ask what fewer successes in them would have shown."""

    count: int
    """Number of clusters."""
    trials: int
    """Trials in all clusters."""
    squared_sizes: float
    """Sum of the squares of the cluster sizes."""
    successes: Floats
    """Successes of each different result that has any, most first."""
    sizes: Floats
    """Trials of the same results."""
    repeats: Floats
    """How many clusters have the same results."""
    error: float
    """How often the bound may be wrong."""

    @classmethod
    def of(cls, histogram: Mapping[Rate, int], error: float) -> Design:
        """Sort results, at least one of them with a success, into arrays."""
        import numpy as np

        hit = sorted(
            (
                (rate.successes, rate.trials, count)
                for rate, count in histogram.items()
                if rate.successes
            ),
            reverse=True,
        )
        table = np.array(hit, dtype=np.float64)
        return cls(
            count=sum(histogram.values()),
            trials=sum(rate.trials * count for rate, count in histogram.items()),
            squared_sizes=float(sum(rate.trials**2 * n for rate, n in histogram.items())),
            successes=table[:, 0],
            sizes=table[:, 1],
            repeats=table[:, 2],
            error=error,
        )

    @property
    def smallest_size(self) -> float:
        """Effective sample size if every cluster agreed within itself (Kish 1965)."""
        return self.trials**2 / self.squared_sizes

    def highest_upper(self, total: int, least: float) -> float:
        """Give the highest upper bound for 1 to ``total`` successes, or ``least`` if higher.

        Each number of successes is laid out in the way that shows the most variance. Ranges
        of numbers are halved, and left out once their ceiling is no higher than the best.
        """
        import numpy as np

        best = max(least, float(self._uppers(np.array([float(total)]))[0]))
        firsts = np.array([float(self._fewest_that_could_exceed(best, total))])
        lasts = np.array([float(total - 1)])
        while (lasts - firsts + 1).sum() > _AT_ONCE:
            best = max(best, float(self._uppers(lasts).max()))
            lasts = lasts - 1
            open_still = self._ceilings(firsts, lasts) > best
            firsts, lasts = firsts[open_still], lasts[open_still]
            middles = np.floor((firsts + lasts) / 2)
            firsts, lasts = (
                np.concatenate([firsts, middles + 1]),
                np.concatenate([middles, lasts]),
            )
            firsts, lasts = firsts[firsts <= lasts], lasts[firsts <= lasts]
        totals = [np.arange(a, b + 1) for a, b in zip(firsts, lasts, strict=True)]
        uppers = self._uppers(np.concatenate([*totals, np.array([float(total)])]))
        return max(best, float(uppers.max()))

    def _fewest_that_could_exceed(self, bound: float, most: int) -> int:
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

    def _uppers(self, totals: Floats) -> Floats:
        """Give the upper bound for each number of successes."""
        share = totals / self.trials
        return self._quantiles(
            share,
            squares=self._most_gained(totals, totals, share) + share**2 * self.squared_sizes,
            spread=share * (1 - share),
            correction=self._correction(totals),
        )

    def _ceilings(self, firsts: Floats, lasts: Floats) -> Floats:
        """Give for each range of successes a value that none of its bounds exceeds.

        Takes the worst of each part of the formula: slopes are steepest at the lowest share,
        the binomial variance is smallest at one of the ends, and the fewest clusters need
        the largest correction.
        """
        import numpy as np

        low, high = firsts / self.trials, lasts / self.trials
        return self._quantiles(
            high,
            squares=self._most_gained(firsts, lasts, low) + high**2 * self.squared_sizes,
            spread=np.minimum(low * (1 - low), high * (1 - high)),
            correction=self._correction(firsts),
        )

    def _quantiles(
        self, share: Floats, *, squares: Floats, spread: Floats, correction: Floats
    ) -> Floats:
        """Turn the sum of squared residuals into an effective size, and that into a bound."""
        import numpy as np

        effect = squares * (self.count / (self.count - 1)) / (spread * self.trials)
        size = self.trials / np.maximum(1.0, effect * correction)
        size = np.maximum(size, self.smallest_size)
        return beta_upper_quantiles(share * size + 1, (1 - share) * size, self.error)

    def _most_gained(self, firsts: Floats, lasts: Floats, share: Floats) -> Floats:
        """Bound what successes add to the sum of squares, over every way to keep that many.

        A square is convex, so on each cluster the straight line from none to all of its
        successes lies above it. Taking the steepest lines first maximises their sum, and
        with all successes kept it is the sum of squares itself. Between the first and the
        last number the sum rises as long as lines do.
        """
        import numpy as np

        rows = max(1, _LARGEST_TABLE // len(self.successes))
        if len(share) > rows:
            pieces = [slice(i, i + rows) for i in range(0, len(share), rows)]
            gains = [self._most_gained(firsts[p], lasts[p], share[p]) for p in pieces]
            return np.concatenate(gains)
        slopes = self.successes - 2 * share[:, None] * self.sizes
        order = np.argsort(-slopes, axis=1, kind="stable")
        slopes = np.take_along_axis(slopes, order, axis=1)
        available = (self.successes * self.repeats)[order]
        totals = np.clip((available * (slopes > 0)).sum(axis=1), firsts, lasts)
        before = np.cumsum(available, axis=1) - available
        gained: Floats = (np.clip(totals[:, None] - before, 0, available) * slopes).sum(axis=1)
        return gained

    def _correction(self, totals: Floats) -> Floats:
        """Give the factor by which Student's t raises the design effect.

        Counts the fewest clusters that can hold ``totals`` successes, and counts clusters
        of unequal size as the smaller number of equal ones that would vary as much.
        """
        import numpy as np

        held = np.cumsum(self.successes * self.repeats)
        place = np.searchsorted(held, totals)
        left = totals - (held - self.successes * self.repeats)[place]
        clusters_before = (np.cumsum(self.repeats) - self.repeats)[place]
        fewest = clusters_before + np.ceil(left / self.successes[place])
        alike = self.smallest_size
        freedom = np.maximum(1.0, np.minimum(2.0 * fewest * (alike / self.count), alike - 1))
        known = student_upper_quantiles(np.array([self.trials - 1.0]), self.error)
        factors: Floats = (student_upper_quantiles(freedom, self.error) / known) ** 2
        return factors
