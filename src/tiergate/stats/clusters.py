# SPDX-License-Identifier: Apache-2.0
"""Bounds for trials that come in clusters, such as repeated attempts at one task.

Attempts at one task resemble each other, so a thousand attempts at fifty tasks know less
than one attempt at each of a thousand tasks. The bounds here measure how much less, and
never let a further success make the rate look lower.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from tiergate.errors import InputError
from tiergate.stats.cluster_design import Design
from tiergate.stats.cluster_floor import gaffke_upper
from tiergate.stats.intervals import upper_bound
from tiergate.stats.quantiles import error_rate
from tiergate.stats.rates import Interval, Rate, pooled

if TYPE_CHECKING:
    from decimal import Decimal

Tallies: TypeAlias = Iterable[tuple[Rate, int]]
"""Results of clusters, each with the number of clusters that have it: a histogram."""

_FINEST_SIZE = 5040
"""Clusters of unequal size are read as having so many trials at most, successes rounded up. Many
numbers divide it, so that most usual sizes need no rounding."""


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
    that the clusters show and by a Student t correction for how well they show it. Five
    rules make it safe where clusters with a success are few, sizes differ or few clusters
    differ from all others:

    * The correction counts at most two degrees of freedom for each cluster with a
      success, because those alone carry the variance of a rare success (F. E.
      Satterthwaite, Biometrics Bulletin 2 (1946) 110-114), and fewer where clusters
      differ in size, because the large ones then carry most of it.
    * The effective size lies between that of clusters which agree within themselves
      (the number of clusters, if they are of equal size) and the number of trials.
      Without any success it is the number of clusters.
    * The bound is at least what it would be if any of the successes had been failures,
      so that a further success never lowers it.
    * If sizes differ, the bound is at least what it would be if each cluster counted the
      same, by its share. A tool that leaves a behaviour at its first success tries those
      that succeed least; counted by attempts alone they would hardly show.
    * The bound is at least Gaffke's for the mean of the clusters' shares, whatever their
      sizes: a sample may have missed clusters that always succeed, and then those that it
      has look alike. That Gaffke's bound is valid is a conjecture, neither proven nor
      refuted; here it can only raise what the other rules give.

    One cluster counts as one trial if it holds failures only, and says nothing otherwise.
    No trials give 1.

        >>> round(korn_graubard_upper([Rate(0, 20)] * 59, 0.95), 3)
        0.05
        >>> round(korn_graubard_upper([Rate(1, 1)] * 50 + [Rate(0, 20)] * 150, 0.95), 3)
        0.305

    Source: E. L. Korn and B. I. Graubard, Survey Methodology 24 (1998) 193-201; for the last
    rule, see ``tiergate.stats.cluster_floor``.
    """
    return korn_graubard_upper_weighted(_repeated(clusters), confidence)


def korn_graubard_lower(
    clusters: ClusteredRate | Iterable[Rate], confidence: Decimal | float
) -> float:
    """Bound the rate from below; ``korn_graubard_upper`` with failures for successes."""
    return korn_graubard_lower_weighted(_repeated(clusters), confidence)


def korn_graubard_interval(
    clusters: ClusteredRate | Iterable[Rate], confidence: Decimal | float
) -> Interval:
    """Pair both bounds for clusters, each one-sided at ``confidence``."""
    tallies = _repeated(clusters)
    return Interval(
        korn_graubard_lower_weighted(tallies, confidence),
        korn_graubard_upper_weighted(tallies, confidence),
    )


def korn_graubard_upper_weighted(tallies: Tallies, confidence: Decimal | float) -> float:
    """Do the same as ``korn_graubard_upper`` for results of clusters and how many have them.

    Costs what the different results cost, however many clusters there are:

        >>> round(korn_graubard_upper_weighted([(Rate(0, 20), 59)], 0.95), 3)
        0.05

    Raises:
        InputError: a number of clusters is not a whole number, 0 or more.
    """
    histogram, error = _histogram(tallies), error_rate(confidence)
    found = _upper(histogram, error)
    if len({rate.trials for rate in histogram}) > 1:
        found = max(found, _upper(_of_one_size(histogram), error))
    return gaffke_upper(_shares(histogram), error, found)


def upper_by_trials(tallies: Tallies, confidence: Decimal | float) -> float:
    """Bound the rate where the sizes of clusters are known not to depend on what was observed.

    As ``korn_graubard_upper_weighted`` by its first three rules only: for parts of clusters
    that were drawn at random. Both other rules let each share count the same, and the shares
    of small parts are coarse. So it must not stand alone: what few clusters may hide that
    none in the sample shows has to be in a bound beside it, as in ``audited_upper``.
    """
    return _upper(_histogram(tallies), error_rate(confidence))


def korn_graubard_lower_weighted(tallies: Tallies, confidence: Decimal | float) -> float:
    """Bound the rate from below; ``korn_graubard_upper_weighted`` for failures."""
    mirrored = [(rate.complement(), clusters) for rate, clusters in tallies]
    return 1.0 - korn_graubard_upper_weighted(mirrored, confidence)


def with_successes_in_smallest(tallies: Tallies, successes: int) -> tuple[tuple[Rate, int], ...]:
    """Add successful trials to one of the clusters that have the fewest trials.

    The way to read trials that were never made as more trials on a cluster. Of several
    smallest results the first one given counts; clusters without trials do not.

        >>> for rate, clusters in with_successes_in_smallest([(Rate(1, 5), 3), (Rate(0, 4), 2)], 6):
        ...     print(clusters, rate)
        3 Rate(successes=1, trials=5)
        1 Rate(successes=0, trials=4)
        1 Rate(successes=6, trials=10)
    """
    kept = [(rate, clusters) for rate, clusters in tallies if clusters and not rate.is_empty]
    if not kept or not successes:
        return tuple(kept)
    place = min(range(len(kept)), key=lambda i: kept[i][0].trials)
    rate, clusters = kept[place]
    kept[place] = (rate, clusters - 1)
    longer = Rate(rate.successes + successes, rate.trials + successes)
    return (*(pair for pair in kept if pair[1]), (longer, 1))


def _repeated(clusters: ClusteredRate | Iterable[Rate]) -> tuple[tuple[Rate, int], ...]:
    """Count clusters with the same result."""
    rates = clusters.clusters if isinstance(clusters, ClusteredRate) else clusters
    return tuple(Counter(rates).items())


def _histogram(tallies: Tallies) -> dict[Rate, int]:
    """Join equal results, and leave out clusters without trials, which say nothing."""
    histogram: dict[Rate, int] = {}
    for rate, clusters in tallies:
        if isinstance(clusters, bool) or not isinstance(clusters, int) or clusters < 0:
            raise InputError(
                where="clusters with one result",
                found=repr(clusters),
                expected="a whole number, 0 or more",
            )
        if clusters and not rate.is_empty:
            histogram[rate] = histogram.get(rate, 0) + clusters
    return histogram


def _shares(histogram: dict[Rate, int]) -> dict[float, int]:
    """Read clusters as values between 0 and 1, each of which counts the same."""
    found: dict[float, int] = {}
    for rate, clusters in histogram.items():
        share = rate.successes / rate.trials
        found[share] = found.get(share, 0) + clusters
    return found


def _of_one_size(histogram: dict[Rate, int]) -> dict[Rate, int]:
    """Read clusters as having equally many trials, so that each counts the same.

    Shares stay as they are, or are rounded up.
    """
    size = min(math.lcm(*(rate.trials for rate in histogram)), _FINEST_SIZE)
    found: dict[Rate, int] = {}
    for rate, clusters in histogram.items():
        alike = Rate(-(-rate.successes * size // rate.trials), size)
        found[alike] = found.get(alike, 0) + clusters
    return found


def _upper(histogram: dict[Rate, int], error: float) -> float:
    """Compute the upper bound for clusters that all have trials."""
    successes = sum(rate.successes * clusters for rate, clusters in histogram.items())
    if all(rate.failures == 0 for rate in histogram):
        return 1.0
    count = sum(histogram.values())
    if all(rate.trials == 1 for rate in histogram):
        return upper_bound(successes, count, error)
    if count == 1:
        return 1.0 if successes else upper_bound(0, 1, error)
    without_success = upper_bound(0, count, error)
    if successes == 0:
        return without_success
    return Design.of(histogram, error).highest_upper(successes, without_success)
