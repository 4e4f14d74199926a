# SPDX-License-Identifier: Apache-2.0
"""One-sided bounds on the true rate behind independent trials.

Every bound is one-sided at the confidence it is asked for: the upper bound at 0.95 lies
below the true rate at most one time in twenty. A two-sided 95 % interval is the pair at
0.975. Over no trials every bound says nothing: lower 0, upper 1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tiergate.stats.quantiles import (
    beta_lower_quantile,
    beta_upper_quantile,
    error_rate,
    normal_upper_quantile,
)
from tiergate.stats.rates import Interval, Rate

if TYPE_CHECKING:
    from decimal import Decimal


def exact_upper(rate: Rate, confidence: Decimal | float) -> float:
    """Bound the true rate from above; the bound that decisions use.

    Covers the true rate with at least the stated confidence at every sample size and
    every true rate, by inverting the binomial test.

        >>> round(exact_upper(Rate(0, 50), 0.95), 3)
        0.058

    Source: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404-413.
    """
    return upper_bound(rate.successes, rate.trials, error_rate(confidence))


def exact_lower(rate: Rate, confidence: Decimal | float) -> float:
    """Bound the true rate from below; the mirror image of ``exact_upper``.

    >>> round(exact_lower(Rate(50, 50), 0.95), 3)
    0.942
    """
    return lower_bound(rate.successes, rate.trials, error_rate(confidence))


def exact_interval(rate: Rate, confidence: Decimal | float) -> Interval:
    """Pair both exact bounds, each one-sided at ``confidence``.

    As a two-sided interval its confidence is therefore lower: 0.95 each side is 0.90.
    """
    return Interval(exact_lower(rate, confidence), exact_upper(rate, confidence))


def wilson_upper(rate: Rate, confidence: Decimal | float) -> float:
    """Bound the true rate from above by the score test.

    Closer to the estimate than the exact bound and right on average, but it covers less
    than stated at some true rates: for charts and comparison, not for decisions.

        >>> round(wilson_upper(Rate(0, 50), 0.975), 3)
        0.071

    Source: E. B. Wilson, Journal of the American Statistical Association 22 (1927) 209-212.
    """
    return 1.0 - wilson_lower(rate.complement(), confidence)


def wilson_lower(rate: Rate, confidence: Decimal | float) -> float:
    """Bound the true rate from below by the score test; see ``wilson_upper``."""
    z = normal_upper_quantile(error_rate(confidence))
    if rate.successes == 0:
        return 0.0
    spread = z * math.sqrt(rate.successes * rate.failures / rate.trials + z * z / 4)
    centre = rate.successes + z * z / 2
    return (centre - spread) / (rate.trials + z * z)


def upper_bound(successes: float, trials: float, error: float) -> float:
    """Compute the exact upper bound; counts may be fractional, as effective ones are.

    Args:
        successes: At least 0 and at most ``trials``.
        trials: 0 or more; over nothing the bound is 1.
        error: How often the bound may be wrong, as ``error_rate`` gives it.
    """
    if successes >= trials:
        return 1.0
    return beta_upper_quantile(successes + 1, trials - successes, error)


def lower_bound(successes: float, trials: float, error: float) -> float:
    """Compute the exact lower bound; see ``upper_bound``."""
    if successes <= 0:
        return 0.0
    return beta_lower_quantile(successes, trials - successes + 1, error)
