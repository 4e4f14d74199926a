# SPDX-License-Identifier: Apache-2.0
"""Bounds and evidence that stay valid however often they are looked at.

A bound for a sample of fixed size is wrong far more often than stated if one looks after
each trial and stops as soon as the bound is good enough. The bounds here may be looked at
after every trial, and sampling may stop or go on for any reason that the trials so far
suggest. The price is width: 74 trials without a success show 5 %, instead of 59.

They rest on a bet against the rate that is denied. Its value, the *e-value*, starts at 1
and is not expected to grow if the rate is as denied, so it reaches 20 at any time with
probability 1/20 at most (J. Ville, 1939). The bet is spread over all rates on the other
side of the limit, with the weights of a Beta(1/2, 1/2) variable (H. Robbins, Annals of
Mathematical Statistics 41 (1970) 1397-1409; R. E. Krichevsky and V. K. Trofimov, IEEE
Transactions on Information Theory 27 (1981) 199-207), and then depends on the counts only.

Valid: trials in an order that was fixed before their outcomes were known, where each has
at least (or at most) the denied rate whatever happened before. Not valid: attempts that
share a behaviour; reduce those to one trial first, whether any attempt succeeded. Not
valid either: a choice of which trials to count after seeing them. A finished log has no
order that means anything; the bounds hold there too, but the exact one is closer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal

from tiergate.errors import InputError
from tiergate.stats.intervals import exact_upper
from tiergate.stats.quantiles import error_rate, log_beta_below
from tiergate.stats.rates import Rate

LARGEST_E_VALUE = 1e100
"""Greater evidence is cut off here, far beyond every decision; to state less is safe."""


def e_value(rate: Rate, limit: Decimal | float) -> float:
    """Give the evidence against "the true rate is at least ``limit``", for smaller ones.

    Over no trials it is 1: no evidence. At 20 a decision at 95 % is due; see ``decides``.

        >>> round(e_value(Rate(0, 74), 0.05), 1), round(e_value(Rate(9, 74), 0.05), 3)
        (20.2, 0.078)

    Raises:
        InputError: ``limit`` is not between 0 and 1, both excluded.
    """
    return _exp(_log_e_value(rate, _open_share(limit)))


def e_value_above(rate: Rate, limit: Decimal | float) -> float:
    """Give the evidence against "the true rate is at most ``limit``", for larger ones."""
    return _exp(_log_e_value(rate.complement(), _open_share(1 - limit)))


def anytime_upper(rate: Rate, confidence: Decimal | float) -> float:
    """Bound the true rate from above, valid at every number of trials at once.

    The probability that the bound is ever below the true rate, after any number of
    trials, is at most one minus ``confidence``. At or below a limit exactly when
    ``e_value`` at that limit decides. Never below ``exact_upper``; over no trials 1.

        >>> round(anytime_upper(Rate(0, 74), 0.95), 4)
        0.0499
    """
    needed = -math.log(error_rate(confidence))
    if rate.failures == 0:
        return 1.0
    # The evidence grows with the limit from the exact bound on, which is always too low.
    low, high = exact_upper(rate, confidence), 1.0
    while low < (middle := (low + high) / 2) < high:
        enough = _log_e_value(rate, middle) >= needed
        low, high = (low, middle) if enough else (middle, high)
    return high


def anytime_lower(rate: Rate, confidence: Decimal | float) -> float:
    """Bound the true rate from below at every number of trials; see ``anytime_upper``."""
    return 1.0 - anytime_upper(rate.complement(), confidence)


def decides(value: float, confidence: Decimal | float) -> bool:
    """Say whether an e-value is large enough to deny at ``confidence``.

    >>> decides(20.2, 0.95), decides(19.9, 0.95)
    (True, False)
    """
    return value * error_rate(confidence) >= 1


def combine_successive(e_values: Iterable[float]) -> float:
    """Join evidence against one statement from samples drawn one after another.

    The product. Right where each e-value is sound whatever the earlier ones were: new
    trials on the same statement, by the same evaluator later or by another. Wrong for
    samples that share trials or behaviours. Nothing joined is 1.

        >>> round(combine_successive([4.0, 6.0]), 9), combine_successive([])
        (24.0, 1.0)

    Raises:
        InputError: an e-value is negative or not a number.
    """
    values = _require_e_values(e_values)
    if 0.0 in values:
        return 0.0
    return _exp(math.fsum(math.log(value) for value in values))


def combine_overlapping(e_values: Iterable[float]) -> float:
    """Join evidence from samples that may depend on each other in any way.

    The mean, which is never above the largest. The number of samples must not depend on
    their outcomes. Nothing joined is 1.

        >>> combine_overlapping([4.0, 6.0])
        5.0

    Source: V. Vovk and R. Wang, Annals of Statistics 49 (2021) 1736-1754.
    """
    values = _require_e_values(e_values)
    return math.fsum(values) / len(values) if values else 1.0


def _log_e_value(rate: Rate, limit: float) -> float:
    """Give the logarithm of the mixture of likelihood ratios over rates below ``limit``."""
    hits, misses = rate.successes, rate.failures
    return (
        log_beta_below(hits + 0.5, misses + 0.5, limit)
        - log_beta_below(0.5, 0.5, limit)
        - hits * math.log(limit)
        - misses * math.log1p(-limit)
    )


def _exp(logarithm: float) -> float:
    """Give the number with this logarithm, cut off where more says nothing."""
    return math.exp(min(logarithm, math.log(LARGEST_E_VALUE)))


def _open_share(limit: Decimal | float) -> float:
    """Refuse a limit that no bet can be made at."""
    share = float(limit)
    if isinstance(limit, bool) or not 0 < share < 1:
        raise InputError(
            where="limit",
            found=repr(limit),
            expected="a share above 0 and below 1",
            remedy='Write 5 % as "0.05".',
        )
    return share


def _require_e_values(e_values: Iterable[float]) -> tuple[float, ...]:
    """Refuse what cannot be an e-value, and cut off what exceeds the largest."""
    values = tuple(e_values)
    for value in values:
        if math.isnan(value) or value < 0:
            raise InputError(where="e-value", found=repr(value), expected="0 or more")
    return tuple(min(value, LARGEST_E_VALUE) for value in values)
