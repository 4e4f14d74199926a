# SPDX-License-Identifier: Apache-2.0
"""Bounds on candidate minus baseline where both were joined by behaviour.

The behaviour is the unit, however often each side tried it. What has no score, what one side
never tried and what was planned and never made is read the unsafe way on both sides: for the
upper bound as the candidate's success and the baseline's failure.
"""

from __future__ import annotations

from decimal import Decimal

from tiergate.evidence.measurement import Counts
from tiergate.evidence.pairing import NEVER_TRIED, Paired, Result
from tiergate.stats.paired import paired_means_lower, paired_means_upper
from tiergate.stats.rates import Rate

Differences = list[tuple[Rate, Rate, int]]
"""The candidate's rate, the baseline's, and how many behaviours have both."""


def paired_difference(
    candidate: Counts, baseline: Counts, paired: Paired, confidence: Decimal
) -> tuple[float, float]:
    """Return the lower and the upper bound, each at ``confidence``."""
    low = differences(candidate, baseline, paired, adverse=False)
    high = differences(candidate, baseline, paired, adverse=True)
    return paired_means_lower(low, confidence), paired_means_upper(high, confidence)


def differences(
    candidate: Counts, baseline: Counts, paired: Paired, *, adverse: bool
) -> Differences:
    """Return both rates by behaviour, with what is missing read against the candidate.

    Args:
        candidate: its counts.
        baseline: those of the baseline.
        paired: both by behaviour.
        adverse: whether what is missing counts against the candidate, or for it.
    """
    found = [
        (_rate(t.candidate, adverse=adverse), _rate(t.baseline, adverse=not adverse), t.behaviours)
        for t in paired.tallies
    ]
    nowhere = unaccounted(candidate, baseline, paired)
    # An empty rate is read as the worst by whoever bounds the difference.
    return [*found, (Rate(0, 0), Rate(0, 0), nowhere)] if nowhere else found


def unaccounted(candidate: Counts, baseline: Counts, paired: Paired) -> int:
    """Count attempts that a side never made and that the other side does not show.

    What one side tried and the other did not is among the pairs already.
    """
    alone = {True: 0, False: 0}
    for tally in paired.tallies:
        for own, other, is_candidate in (
            (tally.candidate, tally.baseline, True),
            (tally.baseline, tally.candidate, False),
        ):
            if other == NEVER_TRIED:
                alone[is_candidate] += (own[1] + own[2]) * tally.behaviours
    return max(0, candidate.not_attempted - alone[False]) + max(
        0, baseline.not_attempted - alone[True]
    )


def _rate(result: Result, *, adverse: bool) -> Rate:
    successes, scored, unscored = result
    return Rate(successes + (unscored if adverse else 0), scored + unscored)
