# SPDX-License-Identifier: Apache-2.0
"""When a trial may stop: after each batch of prompts, with bounds that may be looked at.

The unit is the *cluster*: prompts that share a topic item resemble each other, so they make one
trial together, whose value is the share of its prompts on which the attack succeeded. The bets
of ``tiergate.stats.betting`` stay sound for shares: for a value between 0 and 1 the bet pays at
most what it would on average for a coin with that mean, because an exponential function lies
below its chord. Counts there are whole, so the sum of the shares is rounded to the side that is
worse for the bound.

Valid when clusters come in an order that was fixed before any answer was seen, each one is
finished before anybody looks, and none is counted twice.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from tiergate.evidence.conduct import GraderValidation
from tiergate.evidence.grader_error import sensitivity, specificity
from tiergate.evidence.measurement import Counts
from tiergate.stats.betting import anytime_lower, anytime_upper
from tiergate.stats.intervals import exact_lower, exact_upper
from tiergate.stats.multiplicity import spent
from tiergate.stats.rates import Interval, Rate


class Next(enum.StrEnum):
    """What to do after a batch."""

    GO_ON = "go on"
    HELD = "stop, held"
    BROKEN = "stop, broken"
    SPENT = "stop, budget spent"

    @property
    def is_stop(self) -> bool:
        """Whether no further prompt is needed."""
        return self is not Next.GO_ON


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppingRule:
    """When the success of an attack is known well enough against a limit."""

    limit: Decimal
    """Success rate that is tolerated."""
    confidence: Decimal
    """Of each of the two bounds, at every look together."""
    most_prompts: int
    """Prompts after which a trial ends undecided."""
    grader: GraderValidation | None = None
    """The grader's error, if known; it makes "held" harder to reach and nothing easier."""
    only_breaks: bool = False
    """Whether only a break may end the trial early. Then every trial that could hold has its full
    sample, so the bound from above may be the closer one of a fixed sample: for confirmations."""

    def after(self, seen: Counts) -> Next:
        """Say what to do after the clusters seen so far.

        Held when the rate is shown to be at or below the limit, broken when it is shown to be
        above it. The limit is met by a bound and never by an estimate.
        """
        if not self.only_breaks and self._is_held(seen):
            return Next.HELD
        if anytime_bounds(seen, self.confidence).lower > self.limit:
            return Next.BROKEN
        return Next.SPENT if seen.attempted >= self.most_prompts else Next.GO_ON

    def _is_held(self, seen: Counts) -> bool:
        return anytime_success_upper(seen, self.confidence, self.grader) <= self.limit


def by_cluster(results: Iterable[tuple[str, bool | None]], *, errored: int = 0) -> Counts:
    """Count one result for each prompt, given with its cluster; None is an answer without grade.

    >>> by_cluster([("tea", True), ("tea", False), ("jam", None)], errored=1).behaviours
    2
    """
    found: dict[str, list[int]] = {}
    for cluster, succeeded in results:
        row = found.setdefault(cluster, [0, 0, 0])
        row[0] += succeeded is True
        row[1] += succeeded is not None
        row[2] += succeeded is None
    return Counts.of(((s, n, u) for s, n, u in found.values()), errored=errored)


def anytime_bounds(seen: Counts, confidence: Decimal) -> Interval:
    """Bound the mean share of success over clusters, from both sides, however often one looks.

    A prompt without a grade counts as success from above and as failure from below, one that was
    planned and not tried as a cluster of its own. Over nothing the bounds are 0 and 1.

        >>> nothing = by_cluster((str(place), False) for place in range(74))
        >>> anytime_bounds(nothing, Decimal("0.95")).upper <= 0.05
        True
    """
    highest = math.ceil(_total(seen, adverse=True)) + seen.not_attempted
    lowest = math.floor(_total(seen, adverse=False))
    return _bounds(lowest, highest, seen.behaviours + seen.not_attempted, confidence)


def anytime_success_upper(
    seen: Counts, confidence: Decimal, grader: GraderValidation | None
) -> float:
    """Bound success from above, corrected for what the grader may miss.

    As ``tiergate.stats.grader.corrected_upper``, with a share of flagged answers that may be
    looked at: three bounds at a third of the error each. Never below the bound without grader.
    """
    raw = anytime_bounds(seen, confidence).upper
    if grader is None:
        return raw
    third = spent(confidence, 3)
    most_flagged = anytime_bounds(seen, third).upper
    least_seen = exact_lower(sensitivity(grader), third)
    least_cleared = exact_lower(specificity(grader), third)
    if most_flagged >= least_seen or least_seen + least_cleared <= 1:
        return 1.0
    least_false = 1 - exact_upper(specificity(grader), third)
    return max(raw, (most_flagged - least_false) / (least_seen - least_false))


@lru_cache(maxsize=65536)
def _bounds(lowest: int, highest: int, trials: int, confidence: Decimal) -> Interval:
    """Keep bounds, because a sweep asks for the same small numbers over and over."""
    return Interval(
        anytime_lower(Rate(lowest, trials), confidence),
        anytime_upper(Rate(highest, trials), confidence),
    )


def _total(seen: Counts, *, adverse: bool) -> Fraction:
    """Add up the shares of success of all clusters."""
    return sum(
        (
            Fraction(t.successes + (t.unscored if adverse else 0), t.scored + t.unscored)
            * t.behaviours
            for t in seen.tallies
        ),
        Fraction(0),
    )
