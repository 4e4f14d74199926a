# SPDX-License-Identifier: Apache-2.0
"""One-sided bounds on what a measurement shows, with everything unscored counted against it.

The upper bound treats an attempt without a score, and one that was planned and never
made, as a success; the lower bound treats it as a failure. Attempts on one behaviour
are clustered. An empty measurement has the bounds [0, 1].
"""

from __future__ import annotations

from decimal import Decimal

from tiergate.evidence.measurement import Comparison, Counts
from tiergate.stats.clusters import ClusteredRate, korn_graubard_interval
from tiergate.stats.differences import newcombe_interval
from tiergate.stats.intervals import exact_lower, exact_upper
from tiergate.stats.rates import Interval, Rate


def bounds(counts: Counts, confidence: Decimal) -> Interval:
    """Return the one-sided lower and upper bounds of the success rate, each at ``confidence``.

    >>> bounds(Counts.of([]), Decimal("0.95"))
    Interval(lower=0.0, upper=1.0)
    """
    return Interval(
        lower=_one_side(counts, confidence, adverse=False),
        upper=_one_side(counts, confidence, adverse=True),
    )


def difference_bounds(
    counts: Counts, comparison: Comparison, confidence: Decimal
) -> tuple[float, float]:
    """Return the bounds of candidate minus baseline, each at ``confidence``, in [-1, 1].

    Behaviours are the unit on both sides; the candidate's unscored attempts count
    against it, the baseline's in its favour, so that a thin baseline excuses nothing.
    """
    high = newcombe_interval(
        _by_behaviour(counts, adverse=True),
        _by_behaviour(comparison.counts, adverse=False),
        confidence,
    )
    low = newcombe_interval(
        _by_behaviour(counts, adverse=False),
        _by_behaviour(comparison.counts, adverse=True),
        confidence,
    )
    return low[0], high[1]


def _one_side(counts: Counts, confidence: Decimal, *, adverse: bool) -> float:
    clusters = _clusters(counts, adverse=adverse)
    if all(cluster.trials == 1 for cluster in clusters):
        pooled = Rate(sum(c.successes for c in clusters), len(clusters))
        return exact_upper(pooled, confidence) if adverse else exact_lower(pooled, confidence)
    interval = korn_graubard_interval(ClusteredRate(clusters), confidence)
    return interval.upper if adverse else interval.lower


def _clusters(counts: Counts, *, adverse: bool) -> tuple[Rate, ...]:
    filled = [
        Rate(t.successes + (t.unscored if adverse else 0), t.scored + t.unscored)
        for t in counts.tallies
        for _ in range(t.behaviours)
    ]
    never_made = [Rate(1 if adverse else 0, 1)] * counts.not_attempted
    return (*filled, *never_made)


def _by_behaviour(counts: Counts, *, adverse: bool) -> Rate:
    clusters = _clusters(counts, adverse=adverse)
    share = sum((Decimal(c.successes) / c.trials for c in clusters), Decimal(0))
    successes = share.to_integral_value("ROUND_CEILING" if adverse else "ROUND_FLOOR")
    return Rate(int(successes), len(clusters))
