# SPDX-License-Identifier: Apache-2.0
"""Bounds on the difference between two rates from independent samples.

For questions such as "is the rate higher here than there, and by how much": the two
samples must not share trials.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tiergate.stats.intervals import exact_lower, exact_upper, wilson_lower, wilson_upper

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
    bounds_a, bounds_b = (
        (wilson_lower(rate, confidence), wilson_upper(rate, confidence)) for rate in (a, b)
    )
    return _joined(a, bounds_a, b, bounds_b)


def difference_interval(a: Rate, b: Rate, confidence: Decimal | float) -> tuple[float, float]:
    """Bound the same difference with the exact bounds of both rates; for decisions.

    Wider than ``newcombe_interval``, which covers less than stated at some rates. It is no
    exact bound itself; the page on statistics shows how well it covers.

        >>> from tiergate.stats.rates import Rate
        >>> [round(end, 3) for end in difference_interval(Rate(2, 100), Rate(1, 100), 0.95)]
        [-0.03, 0.053]

    Returns:
        The lower and the upper bound, between -1 and 1.

    Source: G. Y. Zou and A. Donner, Statistics in Medicine 27 (2008) 1693-1702.
    """
    bounds_a, bounds_b = (
        (exact_lower(rate, confidence), exact_upper(rate, confidence)) for rate in (a, b)
    )
    return _joined(a, bounds_a, b, bounds_b)


def _joined(
    a: Rate, bounds_a: tuple[float, float], b: Rate, bounds_b: tuple[float, float]
) -> tuple[float, float]:
    """Join the bounds of two independent rates: distances from the estimates add as squares."""
    if a.is_empty or b.is_empty:
        return (-1.0, 1.0)
    share_a, share_b = float(a.fraction), float(b.fraction)
    difference = share_a - share_b
    below = math.hypot(share_a - bounds_a[0], bounds_b[1] - share_b)
    above = math.hypot(bounds_a[1] - share_a, share_b - bounds_b[0])
    return (difference - below, difference + above)
