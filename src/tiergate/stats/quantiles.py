# SPDX-License-Identifier: Apache-2.0
"""The quantiles and tails that every bound is made of, and the check of a confidence.

The only module of the package that touches scipy, and it does so inside functions, so
that importing ``tiergate.stats`` stays cheap. It uses ``scipy.special`` only:
``scipy.stats`` takes far longer to import than any bound takes to compute.
"""

from __future__ import annotations

import math
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from tiergate.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]


def error_rate(confidence: Decimal | float) -> float:
    """Turn a confidence into the share of times its bound may be wrong.

    Decimal and float give the same answer, down to the last bit:

        >>> error_rate(Decimal("0.95")), error_rate(0.95)
        (0.05, 0.05)

    Raises:
        InputError: ``confidence`` is not between 0.5 and 1, both excluded.
    """
    if not isinstance(confidence, bool) and isinstance(confidence, Decimal | float):
        exact = Decimal(str(confidence))
        if exact.is_finite() and Decimal("0.5") < exact < 1:
            return float(1 - exact)
    raise InputError(
        where="confidence",
        found=repr(confidence),
        expected="a Decimal or float above 0.5 and below 1",
        remedy='Write 95 % as "0.95".',
    )


def beta_upper_quantile(first: float, second: float, above: float) -> float:
    """Give the point that a beta variable exceeds with probability ``above``."""
    from scipy.special import betainccinv

    return float(betainccinv(first, second, above))


def beta_upper_quantiles(first: Floats, second: Floats, above: float) -> Floats:
    """Do the same for many beta variables at once."""
    from scipy.special import betainccinv

    quantiles: Floats = betainccinv(first, second, above).astype("float64")
    return quantiles


def beta_lower_quantile(first: float, second: float, below: float) -> float:
    """Give the point that a beta variable stays under with probability ``below``."""
    from scipy.special import betaincinv

    return float(betaincinv(first, second, below))


def normal_upper_quantile(above: float) -> float:
    """Give the point that a standard normal variable exceeds with probability ``above``."""
    from scipy.special import ndtri

    return -float(ndtri(above))


def student_upper_quantiles(degrees_of_freedom: Floats, above: float) -> Floats:
    """Give the points that Student's t exceeds with probability ``above``."""
    from scipy.special import stdtrit

    quantiles: Floats = -stdtrit(degrees_of_freedom, above).astype("float64")
    return quantiles


def binomial_at_most(successes: int, trials: int, share: float) -> float:
    """Give the probability of at most ``successes`` in ``trials``, each with ``share``."""
    from scipy.special import betaincc

    if successes >= trials:
        return 1.0
    return float(betaincc(successes + 1, trials - successes, share))


def log_beta_below(first: float, second: float, point: float) -> float:
    """Give the logarithm of the integral of x**(first-1) * (1-x)**(second-1) from 0 to ``point``.

    Minus infinity where the integral is too small a part of the whole for a float.
    """
    from scipy.special import betainc, betaln

    part = float(betainc(first, second, point))
    # Below the smallest normal number a float has few digits left.
    is_small = part < sys.float_info.min
    return -math.inf if is_small else float(betaln(first, second)) + math.log(part)


def hypergeometric_at_most(successes: int, drawn: int, good: int, total: int) -> float:
    """Give the probability that at most ``successes`` of the ``drawn`` are among the ``good``.

    Drawn from ``total`` without replacement.
    """
    import numpy as np
    from scipy.special import logsumexp

    found = np.arange(max(0, drawn - (total - good)), min(successes, drawn, good) + 1)
    if not found.size:
        return 0.0
    logs = _log_choose(good, found) + _log_choose(total - good, drawn - found)
    return min(1.0, float(np.exp(logsumexp(logs - _log_choose(total, np.array([drawn]))))))


def _log_choose(total: int, chosen: NDArray[np.int64]) -> Floats:
    """Give the logarithm of the number of ways to choose."""
    import numpy as np
    from scipy.special import betaln

    ways: Floats = -betaln(total - chosen + 1.0, chosen + 1.0) - np.log(total + 1.0)
    return ways
