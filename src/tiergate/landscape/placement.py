# SPDX-License-Identifier: Apache-2.0
"""Where a model stands in general capability, from three or more benchmark scores.

The index is Epoch's (Epoch Capabilities Index, item response theory): a benchmark has a difficulty
and a slope, and a model of capability ``t`` scores ``1 / (1 + exp(-slope * (t - difficulty)))``.
The parameters are frozen in a vintage. Models that are newer than it come out too low, which is
the unsafe direction, so that the band around a placement is wider above than below.

General capability says nothing about a hazard domain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from tiergate.errors import InputError

FEWEST = 3
"""Scores below which nothing is said."""
_PRIOR_WEIGHT = 1e-6
_PRIOR_CENTRE = 120.0
_LOWEST, _HIGHEST, _STEP = 0.0, 230.0, 0.5
# How far the truth was from a placement in two earlier halves of a year: parameters fitted on
# models before 2025-03-01 and before 2025-08-01, and the models of the five months after each.
# The 1st and the 99th percentile of placed minus published; `benchmarks.placement` gives them
# and checks them on the models of 2026.
_ERRORS: tuple[tuple[int, float, float], ...] = (
    (3, -8.2, 4.4),
    (5, -7.5, 3.7),
    (8, -4.8, 0.9),
)
"""Scores from which it holds, the lowest and the highest error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A benchmark, as the index sees it."""

    difficulty: float
    """Capability at which a model scores one half, on the scale of the index."""
    slope: float
    """How steep it is there, per point of the index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a model stands."""

    index: float
    """On the scale of the index."""
    lowest: float
    """Below it the truth was once in a hundred times."""
    highest: float
    """Above it the truth was once in a hundred times."""
    used: tuple[str, ...]
    """The benchmarks that it rests on."""
    unknown: tuple[str, ...]
    """Benchmarks that have no parameters in this vintage, and count for nothing."""


def place(scores: Mapping[str, float], items: Mapping[str, Item]) -> Placement:
    """Place a model.

    Args:
        scores: share of what can be reached beyond guessing, from 0 to 1, by benchmark.
        items: parameters of benchmarks.

    Raises:
        InputError: a score is none, or fewer than three benchmarks are known.
    """
    for name, score in scores.items():
        if not 0.0 <= score <= 1.0:
            raise InputError(name, f"a score of {score}", "a share from 0 to 1")
    used = tuple(sorted(name for name in scores if name in items))
    unknown = tuple(sorted(name for name in scores if name not in items))
    if len(used) < FEWEST:
        raise InputError(
            "scores",
            f"{len(used)} of benchmarks that have parameters",
            f"at least {FEWEST}",
            "`tiergate landscape benchmarks` lists them.",
        )
    index = fitted([scores[name] for name in used], [items[name] for name in used])
    _, low, high = max(row for row in _ERRORS if row[0] <= len(used))
    return Placement(
        index=index, lowest=index - high, highest=index - low, used=used, unknown=unknown
    )


def fitted(scores: Sequence[float], items: Sequence[Item]) -> float:
    """Return the capability that scores are likeliest at, by least squares.

    A weak prior at 120 keeps models that score nothing, or everything, on the scale.
    """
    difficulty = np.array([item.difficulty for item in items])
    slope = np.array([item.slope for item in items])
    found = np.array(scores)

    def cost(at: float) -> float:
        prior = _PRIOR_WEIGHT * (at - _PRIOR_CENTRE) ** 2
        return float(((expected(at, difficulty, slope) - found) ** 2).sum() + prior)

    # There may be several valleys: the deepest of a grid is searched.
    grid = np.arange(_LOWEST, _HIGHEST, _STEP)
    start = min(grid, key=cost)
    bounds = (float(start - _STEP), float(start + _STEP))
    return float(minimize_scalar(cost, bounds=bounds, method="bounded").x)


def expected(
    at: float | NDArray[np.float64],
    difficulty: float | NDArray[np.float64],
    slope: float | NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the score that is expected at a capability."""
    return np.asarray(1.0 / (1.0 + np.exp(-slope * (at - difficulty))), dtype=np.float64)
