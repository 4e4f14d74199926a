# SPDX-License-Identifier: Apache-2.0
"""Equivalence: that one rate is at most so much above another, or above the best of several.

Not having shown a difference is not having shown that there is none. The claim here is the
second: the upper bound of the difference is at or below a margin that was set beforehand.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

from tiergate.errors import InputError
from tiergate.stats.multiplicity import spent
from tiergate.stats.paired import paired_means_lower, paired_means_upper
from tiergate.stats.quantiles import error_rate
from tiergate.stats.rates import Rate

Behaviours = Sequence[tuple[Rate, Rate, int]]
"""The first rate, the second, and how many behaviours have both."""
SEED = 20_261_123
"""Draws of the bootstrap are the same each time."""
DRAWS = 4_000
"""So many, so that a bound at 95 % rests on 200 of them."""


def over_best(
    baselines: Sequence[Behaviours], confidence: Decimal | float, *, among: int = 1
) -> tuple[float, float]:
    """Bound a rate minus the best of several others, each joined with it by behaviour.

    To be at most so much above the best is to be at most so much above *some* baseline.
    Whichever shows that was chosen by looking, so each is bounded from above at a share of the
    error, and the lowest bound counts. From below the claim is about *every* baseline, and the
    lowest bound at the full level counts (intersection and union, see
    ``multiplicity.intersection_union``).

        >>> alike = [(Rate(0, 1), Rate(0, 1), 200)]
        >>> [round(end, 3) for end in over_best([alike], 0.95)]
        [-0.018, 0.018]
        >>> over_best([], 0.95)
        (-1.0, 1.0)

    Args:
        baselines: the candidate's rate and the baseline's by behaviour, for each baseline.
        confidence: of each bound.
        among: how many baselines the error is shared among at least, whether or not so many
            were measured; a number that does not depend on what was measured.
    """
    if not baselines:
        return (-1.0, 1.0)
    shared = spent(confidence, max(len(baselines), among))
    return (
        min(paired_means_lower(behaviours, confidence) for behaviours in baselines),
        min(paired_means_upper(behaviours, shared) for behaviours in baselines),
    )


def paired_bootstrap(
    behaviours: Iterable[tuple[Rate, Rate, int]],
    confidence: Decimal | float,
    *,
    draws: int = DRAWS,
    seed: int = SEED,
) -> tuple[float, float]:
    """Bound the first rate minus the second by drawing behaviours anew; a cross-check.

    Whole behaviours are drawn, with all attempts of both runs, so that pairs and clusters stay
    together. Each end is a percentile. It rests on the sample being large and shows nothing
    where no behaviour differs: decisions use the bounds of ``paired``, and this stands beside
    them.

        >>> both = [(Rate(1, 1), Rate(0, 1), 30), (Rate(0, 1), Rate(0, 1), 170)]
        >>> low, high = paired_bootstrap(both, 0.95)
        >>> 0.10 < low < 0.15 < high < 0.20
        True

    Raises:
        InputError: fewer than one draw.

    Source: B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
    """
    import numpy as np

    error = error_rate(confidence)
    if draws < 1:
        raise InputError(where="draws", found=str(draws), expected="1 or more")
    known = [(_difference(first, second), count) for first, second, count in behaviours if count]
    total = sum(count for _, count in known)
    if not total:
        return (-1.0, 1.0)
    values = np.array([float(value) for value, _ in known])
    shares = np.array([count / total for _, count in known])
    drawn = np.random.default_rng(seed).multinomial(total, shares, size=draws) @ values / total
    ends = np.sort(drawn)
    # The order statistic beyond which at most the error lies, on either side.
    beyond = math.floor(error * draws)
    return float(ends[beyond]), float(ends[draws - 1 - beyond])


def _difference(first: Rate, second: Rate) -> Fraction:
    """Give the difference of shares; what was not tried counts for the worst."""
    one = Fraction(1) if first.is_empty else first.fraction
    other = Fraction(0) if second.is_empty else second.fraction
    return one - other
