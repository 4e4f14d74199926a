# SPDX-License-Identifier: Apache-2.0
"""Bounds on the mean of values between 0 and 1, whatever their distribution.

For values that are no counts, such as shares estimated one behaviour at a time. They hold
at every sample size, without any assumption but that the values are independent and come
from one distribution; that costs some width, so counts belong in ``intervals``.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

from tiergate.errors import InputError
from tiergate.stats.intervals import upper_bound
from tiergate.stats.quantiles import error_rate


def mean_upper(total: Fraction | int, count: int, confidence: Decimal | float) -> float:
    """Bound the true mean of ``count`` values in [0, 1] that add up to ``total``.

    The lower of two bounds on one tail, both of which hold: Hoeffding's, in its form with
    the relative entropy, and Bentkus's, which is the exact bound for counts at an error e
    times smaller and the total rounded up. Without values the bound is 1; when all are 0
    it is the exact bound.

        >>> mean_upper(0, 59, 0.95) <= 0.05, round(mean_upper(Fraction(5, 2), 100, 0.95), 3)
        (True, 0.083)

    Raises:
        InputError: ``total`` is below 0 or above ``count``.

    Source: W. Hoeffding, Journal of the American Statistical Association 58 (1963) 13-30,
    theorem 1; V. Bentkus, Annals of Probability 32 (2004) 1650-1673.
    """
    error = error_rate(confidence)
    exact = Fraction(total)
    if not 0 <= exact <= count:
        raise InputError(
            where="values between 0 and 1",
            found=f"a total of {float(exact)} from {count}",
            expected="a total from 0 to the number of values",
        )
    bentkus = upper_bound(math.ceil(exact), count, error / math.e)
    return min(bentkus, _hoeffding_upper(exact, count, error))


def mean_lower(total: Fraction | int, count: int, confidence: Decimal | float) -> float:
    """Bound the true mean from below; ``mean_upper`` of what each value lacks to 1."""
    return 1.0 - mean_upper(count - Fraction(total), count, confidence)


def _hoeffding_upper(total: Fraction, count: int, error: float) -> float:
    """Find the mean at which so small a total has at most the probability ``error``."""
    if total == count:
        return 1.0
    share = float(total / count)

    def excluded(mean: float) -> bool:
        return count * _entropy(share, mean) >= -math.log(error)

    low, high = share, 1.0
    while low < (middle := (low + high) / 2) < high:
        low, high = (low, middle) if excluded(middle) else (middle, high)
    return high


def _entropy(share: float, mean: float) -> float:
    """Give the relative entropy of a coin with ``share`` to one with ``mean``."""
    of_ones = share * math.log(share / mean) if share else 0.0
    return of_ones + (1 - share) * math.log((1 - share) / (1 - mean))
