# SPDX-License-Identifier: Apache-2.0
"""The quantiles that every bound is made of, and the check of a confidence.

The only module of the package that touches scipy, and it does so inside functions, so
that importing ``tiergate.stats`` stays cheap. It uses ``scipy.special`` only:
``scipy.stats`` takes far longer to import than any bound takes to compute.
"""

from __future__ import annotations

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
