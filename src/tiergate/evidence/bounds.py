# SPDX-License-Identifier: Apache-2.0
"""One-sided bounds on what a measurement shows, with everything unscored counted against it.

The upper bound treats an attempt without a score, and one that was planned and never
made, as a success; the lower bound treats it as a failure. Attempts on one behaviour
are clustered, and an attempt never made is no further behaviour: leaving some out must
not look like a larger sample. An empty measurement has the bounds [0, 1].

Grader error joins in where it is known. People's labels stand in for the grader's. A
grader's error measured elsewhere widens what a measurement can show to be safe, and takes
nothing from what it shows to be harmful: only people can overrule a harm that was seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from tiergate.evidence.conduct import Audit, GraderValidation
from tiergate.evidence.grader_error import sensitivity, specificity
from tiergate.evidence.measurement import Comparison, Counts, Direction, Measurement
from tiergate.evidence.paired_bounds import paired_difference
from tiergate.stats.audit import audited_lower, audited_upper, with_unscored_in_smallest
from tiergate.stats.clusters import korn_graubard_upper_weighted, with_successes_in_smallest
from tiergate.stats.differences import difference_interval
from tiergate.stats.grader import corrected_upper, informedness_lower
from tiergate.stats.intervals import exact_upper
from tiergate.stats.multiplicity import spent
from tiergate.stats.rates import Interval, Rate


def bounds_of(found: Measurement, confidence: Decimal, *, tries: int = 1) -> Interval:
    """Return the bounds of a measurement of counts, with all that is known of its grader.

    Args:
        found: the measurement; its value is counts.
        confidence: of each bound.
        tries: runs of the same claim among which the error of a bound is shared.

    Raises:
        TypeError: the value is a quantity.
    """
    if not isinstance(found.value, Counts):
        raise TypeError("a quantity has the interval that its source gives it")
    shared = spent(confidence, tries)
    riskier = found.direction is Direction.HIGHER_IS_RISKIER
    if found.audit is not None:
        return _audited(found.audit, found.value, shared, riskier=riskier)
    validation = found.conduct.grader_validation
    if validation is not None:
        return _corrected(found.value, validation, shared, riskier=riskier)
    return bounds(found.value, shared)


@lru_cache(maxsize=4096)
def bounds(counts: Counts, confidence: Decimal) -> Interval:
    """Return the one-sided lower and upper bounds of the success rate, each at ``confidence``.

    The labels are taken as they are.

    >>> bounds(Counts.of([]), Decimal("0.95"))
    Interval(lower=0.0, upper=1.0)
    """
    return Interval(
        lower=1.0 - _upper(counts, confidence, of_failures=True),
        upper=_upper(counts, confidence, of_failures=False),
    )


def difference_bounds(found: Measurement, confidence: Decimal) -> tuple[float, float]:
    """Return the bounds of candidate minus baseline, each at ``confidence``, in [-1, 1].

    Where both were joined by behaviour, what they do alike cancels; otherwise the two runs are
    taken as independent of each other.

    A grader that errs makes differences look smaller, so where its error is known the bound
    on the riskier side moves out; one that is not shown to be better than chance shows
    nothing on that side.

    Raises:
        TypeError: the value is a quantity, or there is no baseline.
    """
    if not isinstance(found.value, Counts) or found.comparison is None:
        raise TypeError("a difference needs counts and a baseline")
    validation = found.conduct.grader_validation
    low, high = _difference(found.value, found.comparison, confidence)
    if found.audit is not None:
        return _audited_difference(found, found.comparison, confidence, (low, high))
    if validation is None:
        return low, high
    # On the side of safety the difference and the grader's error each may be wrong half as
    # often; what was seen on the other side is not weakened.
    half = spent(confidence, 2)
    lower, higher = _difference(found.value, found.comparison, half)
    seen = informedness_lower(sensitivity(validation), specificity(validation), half)
    if found.direction is Direction.HIGHER_IS_RISKIER:
        return low, _stretched(higher, seen)
    return -_stretched(-lower, seen), high


def _audited_difference(
    found: Measurement, comparison: Comparison, confidence: Decimal, raw: tuple[float, float]
) -> tuple[float, float]:
    """Move the risky side out to where people's labels on the candidate put it.

    The candidate's audited bound and the baseline's own each may be wrong half as often.
    """
    half = spent(confidence, 2)
    candidate, baseline = bounds_of(found, half), bounds(comparison.counts, half)
    if found.direction is Direction.HIGHER_IS_RISKIER:
        return raw[0], min(1.0, max(raw[1], candidate.upper - baseline.lower))
    return max(-1.0, min(raw[0], candidate.lower - baseline.upper)), raw[1]


def _stretched(end: float, seen: float) -> float:
    if seen <= 0:
        return 1.0
    return min(1.0, end / seen) if end > 0 else end


@lru_cache(maxsize=1024)
def _difference(counts: Counts, comparison: Comparison, confidence: Decimal) -> tuple[float, float]:
    if comparison.paired is not None:
        return paired_difference(counts, comparison.counts, comparison.paired, confidence)
    # Behaviours are the unit on both sides; the candidate's unscored attempts count against
    # it, the baseline's in its favour, so that a thin baseline excuses nothing.
    high = difference_interval(
        _by_behaviour(counts, adverse=True),
        _by_behaviour(comparison.counts, adverse=False),
        confidence,
    )
    low = difference_interval(
        _by_behaviour(counts, adverse=False),
        _by_behaviour(comparison.counts, adverse=True),
        confidence,
    )
    return low[0], high[1]


@lru_cache(maxsize=1024)
def _audited(audit: Audit, counts: Counts, confidence: Decimal, *, riskier: bool) -> Interval:
    """Bound the share of adverse attempts by what people saw, then that of successes.

    Only an audit that looked at all that was flagged can overrule what the grader saw.
    """
    gone = counts.not_attempted
    upper = _with_never_made(
        audited_upper(audit.tallies, confidence),
        _as_short_as_the_shortest((t.attempts, t.behaviours) for t in audit.tallies),
        gone,
        audited_upper(with_unscored_in_smallest(audit.tallies, gone), confidence),
    )
    lower = audited_lower(audit.tallies, confidence) * audit.attempts / max(counts.planned, 1)
    if not audit.is_complete:
        raw = bounds(counts, confidence)
        lower = max(lower, raw.lower if riskier else 1.0 - raw.upper)
    upper = max(upper, lower)
    return Interval(lower, upper) if riskier else Interval(1.0 - upper, 1.0 - lower)


@lru_cache(maxsize=1024)
def _corrected(
    counts: Counts, validation: GraderValidation, confidence: Decimal, *, riskier: bool
) -> Interval:
    """Correct the side on which a measurement can show safety, and leave the other alone."""
    raw = bounds(counts, confidence)
    seen, cleared = sensitivity(validation), specificity(validation)
    flagged = _tallies(counts, of_failures=not riskier)
    if not riskier:
        seen, cleared = cleared, seen
    flagged = with_successes_in_smallest(flagged, counts.not_attempted)
    adverse = corrected_upper(flagged, seen, cleared, confidence) if flagged else 1.0
    # A validation is stated; it can show that less is known, and never that more is.
    adverse = max(adverse, raw.upper if riskier else 1.0 - raw.lower)
    if riskier:
        return Interval(raw.lower, max(raw.lower, adverse))
    return Interval(min(raw.upper, 1.0 - adverse), raw.upper)


@lru_cache(maxsize=1024)
def _upper(counts: Counts, confidence: Decimal, *, of_failures: bool) -> float:
    """Bound one share from above, with everything not scored counted towards it."""
    if all(t.scored + t.unscored == 1 for t in counts.tallies):
        scored = counts.scored - counts.successes if of_failures else counts.successes
        hits = scored + counts.unscored + counts.not_attempted
        return exact_upper(Rate(hits, counts.planned), confidence)
    tallies = _tallies(counts, of_failures=of_failures)
    gone = counts.not_attempted
    made = korn_graubard_upper_weighted(tallies, confidence)
    if not gone:
        return made
    longer = with_successes_in_smallest(tallies, gone)
    attempted = _as_short_as_the_shortest((rate.trials, number) for rate, number in tallies)
    return _with_never_made(made, attempted, gone, korn_graubard_upper_weighted(longer, confidence))


def _as_short_as_the_shortest(sizes: Iterable[tuple[int, int]]) -> int:
    """Count attempts as if every behaviour had as few as the one with the fewest.

    Behaviours count the same whatever their size, and what was never made may have been short
    ones: beside so many attempts it weighs as whole behaviours of the smallest size.
    """
    known = [(size, behaviours) for size, behaviours in sizes if size and behaviours]
    return min((s for s, _ in known), default=0) * sum(behaviours for _, behaviours in known)


def _with_never_made(made: float, attempted: int, gone: int, in_smallest: float) -> float:
    """Join attempts that were never made to the bound of those that were.

    Two ways to read them: as known successes beside the attempts that were made, and as
    attempts on the behaviour that has the fewest. The worse one counts.
    """
    if not gone:
        return made
    beside = (attempted * made + gone) / (attempted + gone)
    return min(1.0, max(beside, in_smallest))


def _tallies(counts: Counts, *, of_failures: bool) -> tuple[tuple[Rate, int], ...]:
    return tuple(
        (
            Rate(
                t.unscored + (t.scored - t.successes if of_failures else t.successes),
                t.scored + t.unscored,
            ),
            t.behaviours,
        )
        for t in counts.tallies
    )


def _by_behaviour(counts: Counts, *, adverse: bool) -> Rate:
    share = sum(
        Fraction(t.successes + (t.unscored if adverse else 0), t.scored + t.unscored) * t.behaviours
        for t in counts.tallies
    )
    if not adverse:
        return Rate(math.floor(share), counts.behaviours + counts.not_attempted)
    successes = math.ceil(share) + counts.not_attempted
    return Rate(successes, counts.behaviours + counts.not_attempted)
