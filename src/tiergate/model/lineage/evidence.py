# SPDX-License-Identifier: Apache-2.0
"""What chance can do: e-values for matches, and how they are added up.

An e-value is a number that is at most 1 on average when two models have nothing to do with each
other. By Markov's inequality ``1 / e`` is then a p-value; e-values of any dependence may be
averaged, which is how many tests become one, and an average over everything that was tried
needs no further correction. All numbers here are natural logarithms of e-values.

* Fixed points. A model's hidden units have no order: training is the same up to a permutation.
  Let ``X`` count the units of one model whose best partner in the other has *the same index*.
  Whatever the partners are, a random permutation gives ``E[X(X-1)...(X-k+1)] <= 1`` for every
  ``k`` (a k-fold match has probability ``(n-k)!/n!``, and there are at most ``n!/(n-k)!``), so
  ``E[(1+t)^X] <= exp(t)`` for every ``t >= 0``.
* Signs. Some units can change their sign with those that read them, without any effect on the
  model. Units are paired by the *size* of their similarity; its signs are then fair coins.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, logsumexp

Floats = npt.NDArray[np.float64]
_STRENGTHS = np.array([1.0, 3.0, 7.0, 15.0, 31.0])
"""Values of ``t``: from many weak matches to all rows matching."""


def log_e_fixed_points(
    matches: npt.NDArray[np.int64] | int, tests: npt.NDArray[np.int64] | int = 1
) -> Floats:
    """Return log e-values for counts of units that match at their own index.

    Args:
        matches: counts, any shape; over ``tests`` tests with independent permutations.
        tests: how many tests each count is the sum of.

    >>> bool(log_e_fixed_points(1) < 0 < log_e_fixed_points(4))
    True
    """
    count = np.asarray(matches, dtype=np.float64)[..., None]
    trials = np.asarray(tests, dtype=np.float64)[..., None]
    each = count * np.log1p(_STRENGTHS) - trials * _STRENGTHS
    return np.asarray(logsumexp(each, axis=-1) - np.log(len(_STRENGTHS)))


@cache
def log_e_matches(matches: int) -> float:
    """Return the log e-value of one count of one test."""
    return float(log_e_fixed_points(matches))


def log_e_signs(positive: int, total: int) -> float:
    """Return the log e-value for ``positive`` of ``total`` fair coins (uniform mixture).

    >>> round(log_e_signs(20, 20) / np.log(2))
    16
    """
    return float(total * np.log(2) + betaln(positive + 1, total - positive + 1))


def log_mean(values: npt.ArrayLike, *, count: int | None = None) -> float:
    """Return the logarithm of the mean of e-values that are given as logarithms.

    Args:
        values: logarithms; none at all gives no evidence (0).
        count: how many were tried, when not all are in ``values``; the others count as 0.
    """
    logs = np.asarray(values, dtype=np.float64).ravel()
    if logs.size == 0:
        return 0.0 if count is None else -np.inf
    return float(logsumexp(logs) - np.log(logs.size if count is None else count))
