# SPDX-License-Identifier: Apache-2.0
"""How many trials a limit asks for, before and after the first ones were made.

Answers are consistent with ``exact_upper`` to the last bit: a sample of the size named
here meets the limit, and one trial fewer does not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal

from tiergate.errors import InputError
from tiergate.stats.audit import Adjudication, audited_upper, independent
from tiergate.stats.intervals import exact_upper
from tiergate.stats.quantiles import error_rate
from tiergate.stats.rates import Rate

LARGEST_SAMPLE = 10**12
"""Samples beyond this are treated as impossible."""


def smallest_sample_for(limit: Decimal | float, confidence: Decimal | float) -> int:
    """Give the number of trials that must all fail to show a rate at or below ``limit``.

        >>> smallest_sample_for(0.05, 0.95), smallest_sample_for(0.01, 0.95)
        (59, 299)

    Raises:
        InputError: no sample can show it, because ``limit`` is 0 or next to 0, or
            ``limit`` is not a share.
    """
    trials = trials_needed(0, limit, confidence)
    if trials is None:
        raise InputError(
            where="limit",
            found=str(limit),
            expected="a limit that some sample can show",
            remedy="Set a limit above 0.",
        )
    return trials


def best_possible_upper(trials: int, confidence: Decimal | float) -> float:
    """Give the lowest upper bound that ``trials`` trials can show: the one without successes.

    >>> round(best_possible_upper(159, 0.95), 3)
    0.019
    """
    return exact_upper(Rate(0, trials), confidence)


def trials_needed(
    successes: int, limit: Decimal | float, confidence: Decimal | float
) -> int | None:
    """Give the smallest number of trials whose upper bound is at or below ``limit``.

        >>> trials_needed(1, 0.05, 0.95)
        93

    Args:
        successes: How many successes the sample has in total.
        limit: The share that the bound must not exceed, from 0 to 1.
        confidence: Of the one-sided exact bound.

    Returns:
        The number of trials in total, or None when no sample of up to ``LARGEST_SAMPLE``
        trials will do; a limit of 0 can never be shown.

    Raises:
        InputError: ``limit`` is not a share, or ``successes`` is not a count.
    """
    _require_share(limit)
    error_rate(confidence)

    def meets(trials: int) -> bool:
        # The limit stands on the left: a Decimal compares with a float exactly.
        return limit >= exact_upper(Rate(successes, trials), confidence)

    too_few = successes - 1
    enough = Rate(successes, successes).trials
    while not meets(enough):
        if enough >= LARGEST_SAMPLE:
            return None
        too_few, enough = enough, 2 * enough + 1
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        too_few, enough = (too_few, middle) if meets(middle) else (middle, enough)
    return enough


def best_uppers(
    trials: int, confidence: Decimal | float, *, audited: int | None = None, most: int = 3
) -> tuple[float, ...]:
    """Give the upper bound that a sample can show with no success, with one, and so on.

        >>> [round(upper, 3) for upper in best_uppers(100, 0.95)]
        [0.03, 0.047, 0.062, 0.076]
        >>> [round(upper, 3) for upper in best_uppers(1000, 0.95, audited=200, most=1)]
        [0.015, 0.016]

    Args:
        trials: Size of the sample, in behaviours.
        confidence: Of each bound.
        audited: If a grader decides, the unflagged attempts that people look at; nothing
            among them is a success, and everything flagged is one. None if people decide.
        most: The largest number of successes; fewer if there are fewer trials.

    Returns:
        One bound for each number of successes, from 0 up.
    """

    def upper(successes: int) -> float:
        if audited is None:
            return exact_upper(Rate(successes, trials), confidence)
        clean = min(audited, trials - successes)
        found = Adjudication(confirmed=successes, clean=clean, not_drawn=trials - successes - clean)
        return audited_upper(independent(found), confidence)

    return tuple(upper(successes) for successes in range(min(most, trials) + 1))


def trials_needed_for(
    limits: Iterable[Decimal | float], confidence: Decimal | float, *, successes: int = 0
) -> tuple[int | None, ...]:
    """Give what ``trials_needed`` gives, for several limits in the order given.

    >>> trials_needed_for([0.05, 0.01, 0], 0.95)
    (59, 299, None)
    """
    return tuple(trials_needed(successes, limit, confidence) for limit in limits)


def audit_needed(
    adverse: Rate, unflagged: int, limit: Decimal | float, confidence: Decimal | float
) -> int | None:
    """Give the fewest unflagged attempts to audit so that finding no miss meets ``limit``.

        >>> audit_needed(Rate(0, 1000), 900, 0.05, 0.95)
        59

    Args:
        adverse: Attempts that count as successes before the audit, of all; each attempt on
            a behaviour of its own. Count behaviours where they have several.
        unflagged: How many of the others were not flagged.
        limit: The share that ``audited_upper`` must not exceed.
        confidence: Of that bound.

    Returns:
        The size of the audit, or None when even an audit of all would not do.

    Raises:
        InputError: ``limit`` is not a share, or more were unflagged than not adverse.
    """
    _require_share(limit)
    refuted = Rate(unflagged, adverse.failures).failures

    def meets(clean: int) -> bool:
        found = Adjudication(
            confirmed=adverse.successes, refuted=refuted, clean=clean, not_drawn=unflagged - clean
        )
        return limit >= audited_upper(independent(found), confidence)

    if not meets(unflagged):
        return None
    too_few, enough = -1, unflagged
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        too_few, enough = (too_few, middle) if meets(middle) else (middle, enough)
    return enough


def _require_share(limit: Decimal | float) -> None:
    """Refuse a limit that is not a share from 0 to 1."""
    if isinstance(limit, bool) or math.isnan(limit) or not 0 <= limit <= 1:
        raise InputError(
            where="limit",
            found=repr(limit),
            expected="a share from 0 to 1",
            remedy='Write 5 % as "0.05".',
        )
