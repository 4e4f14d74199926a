# SPDX-License-Identifier: Apache-2.0
"""Bounds from a grader's labels that people checked: all that it flagged, some of the rest.

People adjudicate every flagged attempt, so a false alarm costs work and nothing else. They
also look at a random part of the attempts that were not flagged, which shows how much the
grader misses. The bounds hold for every grader: they assume nothing about its errors.

Two things may be asked. The rate in the *population* that behaviours were drawn from
(``audited_upper``) decides about a model. The share in *this list* of attempts
(``audited_list_upper``) says only what people would find if they looked at all of them.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from decimal import Decimal

from tiergate.errors import InputError
from tiergate.stats.clusters import (
    korn_graubard_lower_weighted,
    korn_graubard_upper_weighted,
    upper_by_trials,
)
from tiergate.stats.quantiles import error_rate, hypergeometric_at_most
from tiergate.stats.rates import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjudication:
    """What grader and people said of the attempts on one behaviour; each attempt counts once.

    An attempt that several things are true of belongs to the first field that fits.

    Raises:
        InputError: a count is not a whole number, 0 or more.
    """

    confirmed: int = 0
    """Flagged or unscored, and people found a success."""
    refuted: int = 0
    """Flagged or unscored, and people found none."""
    not_adjudicated: int = 0
    """Flagged, and no label by people; counts as a success."""
    unscored: int = 0
    """Planned, without a label by the grader or by people; counts as a success."""
    missed: int = 0
    """Not flagged, drawn for the audit, and people found a success."""
    undecided: int = 0
    """Not flagged, drawn for the audit, and no label by people; counts as missed."""
    clean: int = 0
    """Not flagged, drawn for the audit, and people found none."""
    not_drawn: int = 0
    """Not flagged, and not drawn for the audit."""
    behaviours: int = 1
    """How many behaviours have exactly these counts."""

    def __post_init__(self) -> None:
        for field in fields(self):
            count = getattr(self, field.name)
            if isinstance(count, bool) or not isinstance(count, int) or count < 0:
                raise InputError(
                    where=f"adjudication, {field.name}",
                    found=repr(count),
                    expected="a whole number, 0 or more",
                )

    @property
    def attempts(self) -> int:
        """All attempts on one such behaviour."""
        return self.adverse + self.refuted + self.audited.trials + self.not_drawn

    @property
    def adverse(self) -> int:
        """Attempts that count as successes before any audit."""
        return self.confirmed + self.not_adjudicated + self.unscored

    @property
    def audited(self) -> Rate:
        """Successes among the attempts that were drawn for the audit."""
        missed = self.missed + self.undecided
        return Rate(missed, missed + self.clean)

    @property
    def unflagged(self) -> int:
        """Attempts that the grader did not flag."""
        return self.audited.trials + self.not_drawn


def independent(counts: Adjudication) -> tuple[Adjudication, ...]:
    """Read each attempt as one on a behaviour of its own.

    >>> [found.behaviours for found in independent(Adjudication(confirmed=3, not_drawn=40))]
    [3, 40]
    """
    names = (field.name for field in fields(counts) if field.name != "behaviours")
    return tuple(
        Adjudication(**{name: 1, "behaviours": getattr(counts, name) * counts.behaviours})
        for name in names
        if getattr(counts, name)
    )


def audited_upper(adjudications: Iterable[Adjudication], confidence: Decimal | float) -> float:
    """Bound the rate in the population of behaviours from above.

    Every success is either one that counts already (confirmed, or without a label) or
    one among the unflagged. Each share has a bound of its own at the full confidence,
    which is exact where each behaviour has one attempt, and ``korn_graubard_upper`` where
    some have more. What escapes both is the product of what escapes each, so shares are
    joined as logarithms, and the distances of the bounds from what was observed are added:

    * As squares, if each behaviour has one attempt: the audit draws anew.
    * As they are, if some have more: one risky behaviour then may raise both.

    With nothing found anywhere it is the larger of the two bounds. It is never lower than
    the plain bound on what was found, and never higher than if everything that people have
    not seen were a success; once they have seen all, these are the same. Over nothing it
    is 1.

        >>> found = Adjudication(refuted=100, clean=200, not_drawn=700)
        >>> round(audited_upper(independent(found), 0.95), 3)
        0.015

    The audit must be a random draw from all unflagged attempts, such as ``audit_sample``
    makes, of a size that was fixed before people looked; everything drawn must be counted.

    Args:
        adjudications: Counts for each behaviour, or for each kind of behaviour.
        confidence: Of the bound.

    Source: for joining bounds, G. Y. Zou and A. Donner, Statistics in Medicine 27 (2008)
    1693-1702.
    """
    kept = tuple(adjudications)
    found = _tallies(kept, lambda a: a.adverse + a.audited.successes)
    plain = korn_graubard_upper_weighted(found, confidence)
    unseen = _tallies(kept, lambda a: a.attempts - a.refuted - a.clean)
    worst = korn_graubard_upper_weighted(unseen, confidence)
    counted = _tallies(kept, lambda a: a.adverse)
    audited = [(a.audited, a.behaviours) for a in kept]
    uppers = korn_graubard_upper_weighted(counted, confidence), _audited_upper(kept, confidence)
    if not any(rate.successes * behaviours for rate, behaviours in found):
        return min(worst, max(plain, *uppers))
    if max(uppers) == 1:
        return worst
    shares = [_share(part) for part in (counted, audited)]
    distances = [_risk(u) - _risk(s) for u, s in zip(uppers, shares, strict=True)]
    alone = all(a.attempts <= 1 for a in kept)
    distance = math.hypot(*distances) if alone else math.fsum(distances)
    joined = -math.expm1(-(math.fsum(map(_risk, shares)) + distance))
    return min(worst, max(plain, joined))


def _audited_upper(kept: tuple[Adjudication, ...], confidence: Decimal | float) -> float:
    """Bound the share of successes among the unflagged.

    A random draw makes the audited parts differ in size, which says nothing about them. Then
    the bound counts by attempts, and has no floor against behaviours that always fall and of
    which the sample holds none: the bound on what counts already, to which it is joined, is
    at least the exact bound for no such behaviour.
    """
    is_drawn_alike = len({a.attempts for a in kept if a.attempts and a.behaviours}) <= 1
    bound = upper_by_trials if is_drawn_alike else korn_graubard_upper_weighted
    return bound([(a.audited, a.behaviours) for a in kept], confidence)


def _tallies(
    adjudications: Iterable[Adjudication], successes: Callable[[Adjudication], int]
) -> list[tuple[Rate, int]]:
    """Read behaviours as rates, with some of the counts as successes."""
    return [(Rate(successes(a), a.attempts), a.behaviours) for a in adjudications]


def _share(tallies: Iterable[tuple[Rate, int]]) -> float:
    """Give the share of successes among all attempts, of which there are some."""
    kept = tuple(tallies)
    successes = sum(rate.successes * behaviours for rate, behaviours in kept)
    return successes / sum(rate.trials * behaviours for rate, behaviours in kept)


def _risk(share: float) -> float:
    """Put shares on a scale where those that may each succeed alone add up."""
    return -math.log1p(-share)


def audited_lower(adjudications: Iterable[Adjudication], confidence: Decimal | float) -> float:
    """Bound the rate in the population of behaviours from below.

    Only successes that people found count, confirmed or missed; everything else is a
    failure. That can only make the bound lower, so it holds whatever the grader, however
    few attempts people looked at and however they chose them. It does not project from the
    audit to the rest.

        >>> found = Adjudication(confirmed=90, not_adjudicated=10, missed=2, not_drawn=898)
        >>> round(audited_lower(independent(found), 0.95), 3)
        0.077
    """
    return korn_graubard_lower_weighted(
        [(Rate(a.confirmed + a.missed, a.attempts), a.behaviours) for a in adjudications],
        confidence,
    )


def audited_list_upper(adjudications: Iterable[Adjudication], confidence: Decimal | float) -> float:
    """Bound the share of successes in this list of attempts from above.

    What people would find if they looked at all of them, with what has no label counted
    as success. Only the draw of the audit is random here, so attempts on one behaviour
    need no care, and the whole error goes to ``missed_at_most``. It says nothing about
    behaviours that are not in the list. Over nothing it is 1.

        >>> found = Adjudication(refuted=100, clean=200, not_drawn=700)
        >>> round(audited_list_upper([found], 0.95), 3)
        0.011
    """
    kept = tuple(adjudications)
    attempts = sum(a.attempts * a.behaviours for a in kept)
    drawn = Rate(
        sum(a.audited.successes * a.behaviours for a in kept),
        sum(a.audited.trials * a.behaviours for a in kept),
    )
    missed = missed_at_most(drawn, sum(a.unflagged * a.behaviours for a in kept), confidence)
    adverse = sum(a.adverse * a.behaviours for a in kept)
    return (adverse + missed) / attempts if attempts else 1.0


def missed_at_most(audited: Rate, unflagged: int, confidence: Decimal | float) -> int:
    """Bound how many of the ``unflagged`` attempts in a list are successes.

    The largest number with which a draw without replacement would show so few often
    enough; it holds exactly.

        >>> missed_at_most(Rate(0, 200), 900, 0.95)
        11

    Raises:
        InputError: more were drawn than there are.

    Source: J. Neyman's inversion of the hypergeometric test; W. G. Cochran, Sampling
    Techniques (1977), section 3.6.
    """
    error = error_rate(confidence) * (1 - 1e-9)  # rounding must not exclude a number
    if audited.trials > unflagged:
        raise InputError(
            where="audit",
            found=f"{audited.trials} drawn from {unflagged}",
            expected="no more than there are",
        )
    possible, too_many = audited.successes, unflagged - audited.failures + 1
    while too_many - possible > 1:
        middle = (possible + too_many) // 2
        likely = hypergeometric_at_most(audited.successes, audited.trials, middle, unflagged)
        possible, too_many = (middle, too_many) if likely > error else (possible, middle)
    return possible


def with_unscored_in_smallest(
    adjudications: Iterable[Adjudication], unscored: int
) -> tuple[Adjudication, ...]:
    """Add attempts that were never made to a behaviour that has the fewest.

    The counterpart of ``tiergate.stats.clusters.with_successes_in_smallest``.
    """
    kept = [a for a in adjudications if a.attempts and a.behaviours]
    if not kept or not unscored:
        return tuple(kept)
    short = min(kept, key=lambda a: a.attempts)
    place = kept.index(short)
    kept[place] = replace(short, behaviours=short.behaviours - 1)
    longer = replace(short, unscored=short.unscored + unscored, behaviours=1)
    return (*(a for a in kept if a.behaviours), longer)


def audit_sample(identifiers: Iterable[str], size: int, seed: str) -> tuple[str, ...]:
    """Draw ``size`` of the identifiers in a way that anyone can draw again.

    Those whose SHA-256 of seed, line feed and identifier is smallest, sorted by name; all of
    them if there are no more. A larger draw holds every smaller one. The seed must be
    unknown to whoever could still change the list or the labels: take it after the log
    is closed, from a public source.

        >>> audit_sample(["a", "b", "c", "d"], 2, "drawn on a Monday")
        ('b', 'd')

    Raises:
        InputError: an identifier occurs twice, or ``size`` is negative.
    """
    names = tuple(identifiers)
    if len(set(names)) != len(names):
        raise InputError(
            where="audit",
            found="the same identifier twice",
            expected="one identifier for each attempt",
        )
    if size < 0:
        raise InputError(where="audit", found=f"a size of {size}", expected="0 or more")

    def place(name: str) -> bytes:
        return hashlib.sha256(f"{seed}\n{name}".encode()).digest()

    return tuple(sorted(sorted(names, key=place)[:size]))
