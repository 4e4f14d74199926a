# SPDX-License-Identifier: Apache-2.0
"""Bounds on the difference between two rates from independent samples.

For questions such as "is the rate higher here than there, and by how much": the two
samples must not share trials.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tiergate.stats.intervals import wilson_lower, wilson_upper
from tiergate.stats.quantiles import error_rate

if TYPE_CHECKING:
    from decimal import Decimal

    from tiergate.stats.rates import Rate


def newcombe_interval(a: Rate, b: Rate, confidence: Decimal | float) -> tuple[float, float]:
    """Bound the true rate behind ``a`` minus the one behind ``b``, each side at ``confidence``.

    Joins the Wilson bounds of both rates. Where either rate is empty, nothing is known:

        >>> from tiergate.stats.rates import Rate
        >>> newcombe_interval(Rate(0, 0), Rate(3, 10), 0.95)
        (-1.0, 1.0)

    Returns:
        The lower and the upper bound, between -1 and 1.

    Source: R. G. Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10.
    """
    error_rate(confidence)
    if a.is_empty or b.is_empty:
        return (-1.0, 1.0)
    share_a, share_b = float(a.fraction), float(b.fraction)
    difference = share_a - share_b
    below = math.hypot(share_a - wilson_lower(a, confidence), wilson_upper(b, confidence) - share_b)
    above = math.hypot(wilson_upper(a, confidence) - share_a, share_b - wilson_lower(b, confidence))
    return (difference - below, difference + above)
