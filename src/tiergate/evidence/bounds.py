# SPDX-License-Identifier: Apache-2.0
"""One-sided bounds on what a measurement shows, with everything unscored counted against it.

The upper bound treats an attempt without a score, and one that was planned and never
made, as a success; the lower bound treats it as a failure. Attempts on one behaviour
are clustered, and an attempt never made is no further behaviour: leaving some out must
not look like a larger sample. An empty measurement has the bounds [0, 1].
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from tiergate.evidence.measurement import Comparison, Counts
from tiergate.stats.clusters import korn_graubard_upper
from tiergate.stats.differences import newcombe_interval
from tiergate.stats.intervals import exact_upper
from tiergate.stats.rates import Interval, Rate


def bounds(counts: Counts, confidence: Decimal) -> Interval:
    """Return the one-sided lower and upper bounds of the success rate, each at ``confidence``.

    >>> bounds(Counts.of([]), Decimal("0.95"))
    Interval(lower=0.0, upper=1.0)
    """
    return Interval(
        lower=1.0 - _upper(counts, confidence, of_failures=True),
        upper=_upper(counts, confidence, of_failures=False),
    )


@lru_cache(maxsize=1024)
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


@lru_cache(maxsize=1024)
def _upper(counts: Counts, confidence: Decimal, *, of_failures: bool) -> float:
    """Bound one share from above, with everything not scored counted towards it."""
    if all(t.scored + t.unscored == 1 for t in counts.tallies):
        scored = counts.scored - counts.successes if of_failures else counts.successes
        hits = scored + counts.unscored + counts.not_attempted
        return exact_upper(Rate(hits, counts.planned), confidence)
    behaviours = [
        Rate(
            t.unscored + (t.scored - t.successes if of_failures else t.successes),
            t.scored + t.unscored,
        )
        for t in counts.tallies
        for _ in range(t.behaviours)
    ]
    made = korn_graubard_upper(behaviours, confidence)
    gone = counts.not_attempted
    if not gone:
        return made
    # Two ways to read what was never made: as known successes beside the attempts that were
    # made, and as attempts on the behaviour that has the fewest. The worse one counts.
    fewest = min(range(len(behaviours)), key=lambda i: behaviours[i].trials)
    short = behaviours[fewest]
    behaviours[fewest] = Rate(short.successes + gone, short.trials + gone)
    beside = (counts.attempted * made + gone) / counts.planned
    return max(beside, korn_graubard_upper(behaviours, confidence))


def _by_behaviour(counts: Counts, *, adverse: bool) -> Rate:
    share = sum(
        Fraction(t.successes + (t.unscored if adverse else 0), t.scored + t.unscored) * t.behaviours
        for t in counts.tallies
    )
    if not adverse:
        return Rate(math.floor(share), counts.behaviours + counts.not_attempted)
    successes = math.ceil(share) + counts.not_attempted
    return Rate(successes, counts.behaviours + counts.not_attempted)
