# SPDX-License-Identifier: Apache-2.0
"""How many trials a limit asks for, before and after the first ones were made.

Answers are consistent with ``exact_upper`` to the last bit: a sample of the size named
here meets the limit, and one trial fewer does not.
"""

from __future__ import annotations

import math
from decimal import Decimal

from tiergate.errors import InputError
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


def _require_share(limit: Decimal | float) -> None:
    """Refuse a limit that is not a share from 0 to 1."""
    if isinstance(limit, bool) or math.isnan(limit) or not 0 <= limit <= 1:
        raise InputError(
            where="limit",
            found=repr(limit),
            expected="a share from 0 to 1",
            remedy='Write 5 % as "0.05".',
        )
