# SPDX-License-Identifier: Apache-2.0
"""Gaffke's bound for the mean of values between 0 and 1: the floor of the bound for clusters.

Where few behaviours always fall and all others seldom, a sample may hold none of the first,
and its clusters look alike. A bound that measures how much they differ then lies too low.
Gaffke's supposes that what was not seen has the value 1, however alike the values are.

That it is valid is a conjecture (N. Gaffke 2005; E. Learned-Miller and P. S. Thomas 2019),
proven where values are of two kinds, of which 0 and 1 give the exact bound, and never refuted
for others. So it may only raise a bound that is there without it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tiergate.stats.intervals import upper_bound

if TYPE_CHECKING:
    from tiergate.stats.quantiles import Floats

_TOLERANCE = 1e-10
"""How far above the exact value the bound may lie; it does not lie below."""
_ROUNDING = 1e-9
"""Relative error that a computed probability is taken to have, against the claim."""
_STEP = 0.125
"""Step of the first sum that stands for the integral."""
_MOST_HALVINGS = 6
"""How many sums there are at most, each with half the step of the one before."""
_CONVERGED = 1e-7
"""Relative difference of two sums below which the finer one is exact to ``_ROUNDING``."""
_NEAR = tuple(n / 2 for n in range(3, 15))
_FURTHER = tuple(n / 2 for n in range(15, 121))
"""Where a path may end. The integrand falls at least as the square, which needs 41."""
_FAR = 6.0
"""A path that is not at its end there may lead the wrong way round, and others are tried."""
_OTHER_TILTS = (0.5, 0.25, 0.0, -0.25, -0.5)
_NEGLIGIBLE = 38.0
"""What lies below exp(-38) of the integrand's highest value adds nothing."""
_LARGEST_TABLE = 2**17
"""Cells of a table with one row for each point, one column for each value."""


def gaffke_upper(shares: Mapping[float, int], error: float, least: float = 0.0) -> float:
    """Give Gaffke's upper bound on the mean, or ``least`` if that is not lower.

    Give each value, and one further value 1, a weight; the weights are uniform over all that
    add up to 1. The bound is the value that their weighted mean exceeds with probability
    ``error``. It rises with every value, and falls with a further value 0. For values 0 and 1
    only it is the exact bound; for more than two different values its validity is conjectured,
    never refuted and not proven.

    Whether it exceeds ``least`` takes one probability; the bound is looked for only then. It
    is exact up to 1e-10, rounded up.

        >>> round(gaffke_upper({0.0: 59}, 0.05), 4), round(gaffke_upper({0.1: 59}, 0.05), 4)
        (0.0495, 0.1446)

    Args:
        shares: The values, each from 0 to 1, with how many there are of it, one or more; not
            empty.
        error: How often the bound may be wrong, below a half.
        least: What is known to be no higher than the bound that is wanted.

    Source: N. Gaffke, Mathematical Methods of Statistics 14 (2005) 451-467; E. Learned-Miller
    and P. S. Thomas, arXiv 1905.06208 (2019).
    """
    if least >= 1:
        return least
    ones, count = shares.get(1.0, 0), sum(shares.values())
    if ones + shares.get(0.0, 0) == count:
        return max(least, upper_bound(ones, count, error))
    mean = _Mean.of(shares)
    return mean.exceeded_with(error, least)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mean:
    """A mean of values with uniform weights, which are gamma variables over their sum."""

    values: Floats
    """Different values, lowest first; the last is 1."""
    counts: Floats
    """How many there are of each: the shape of the gamma variable that is its weight."""

    @classmethod
    def of(cls, shares: Mapping[float, int]) -> _Mean:
        """Add the value 1 to those that were seen."""
        import numpy as np

        known = {**shares, 1.0: shares.get(1.0, 0) + 1}
        table = np.array(sorted(known.items()), dtype=np.float64)
        return cls(values=table[:, 0], counts=table[:, 1])

    def exceeded_with(self, error: float, least: float) -> float:
        """Find the point that the mean exceeds with probability ``error``, if above ``least``.

        From below with the slope of the leading term, which as a rule leads to just above it.
        """
        target = math.log(error) - _ROUNDING
        low, (found, slope) = least, self.log_above(least)
        low_excess = found - target
        if low_excess <= 0:
            return least
        step = low_excess / slope if slope else (1 - low) / 2
        high, high_excess = low, low_excess
        while high_excess > 0:
            low, low_excess = high, high_excess
            if 1 - low <= _TOLERANCE:
                return 1.0
            high = min(low + step, (low + 1) / 2)
            high_excess = self.log_above(high)[0] - target
            step *= 2
        return self._between((low, low_excess), (high, high_excess), target)

    def _between(
        self, lower: tuple[float, float], upper: tuple[float, float], target: float
    ) -> float:
        """Narrow down where the logarithm is ``target``, from two points and their excesses.

        Along straight lines; an end that stays twice counts half (the Illinois method).
        """
        (low, low_excess), (high, high_excess) = lower, upper
        stayed = 0
        while high - low > _TOLERANCE:
            part = low_excess / (low_excess - high_excess)
            edge = _TOLERANCE / 3
            middle = min(max(low + part * (high - low), low + edge), high - edge)
            excess = self.log_above(middle)[0] - target
            if excess > 0:
                high_excess *= 0.5 if stayed > 0 else 1.0
                low, low_excess, stayed = middle, excess, 1
            else:
                low_excess *= 0.5 if stayed < 0 else 1.0
                high, high_excess, stayed = middle, excess, -1
        return high

    def log_above(self, point: float) -> tuple[float, float]:
        """Give the logarithm of the probability that the mean exceeds a point below 1.

        The mean exceeds it if a sum of gamma variables, each times its value's distance from
        the point, exceeds 0. Its generating function, divided by its argument, is integrated
        through its saddle point (S. O. Rice, SIAM Journal on Scientific and Statistical
        Computing 1 (1980) 438-448), where nothing cancels.

        Returns:
            The logarithm, and how fast its leading term falls with the point; 0 where the
            mean exceeds the point for certain.
        """
        import numpy as np

        distances = self.values - point
        if distances[0] >= 0:
            return 0.0, 0.0
        saddle = self._saddle(distances)
        left = 1 - distances * saddle
        # The division by the argument acts as one more variable.
        slopes, counts = np.append(distances / left, -1 / saddle), np.append(self.counts, 1.0)
        leading = -float(self.counts @ np.log1p(-distances * saddle)) - math.log(saddle)
        width = 1 / math.sqrt(float(counts @ slopes**2))
        # No probability exceeds Chernoff's bound, which stands in for a sum that did not converge.
        integral = min(saddle, width / math.pi * _integral(slopes * width, counts))
        falls = saddle * float(self.counts @ (1 / left))
        return min(0.0, leading + math.log(integral)), falls

    def _saddle(self, distances: Floats) -> float:
        """Find about where the integrand is lowest between its poles; any point there is right.

        Newton's method from the root for a normal variable; halves where that leads out.
        """
        low, high = 0.0, 1 / float(distances[-1])
        squares = float(self.counts @ distances**2)
        drift = float(self.counts @ distances)
        # The form of the quadratic's root in which nothing cancels.
        root = math.sqrt(drift * drift + 4 * squares)
        place = 2 / (drift + root) if drift > 0 else (root - drift) / (2 * squares)
        if place >= high:
            place = high * 0.75
        for _ in range(60):
            slopes = distances / (1 - distances * place)
            weighted = self.counts * slopes
            rise = float(weighted.sum()) - 1 / place
            bend = float(weighted @ slopes) + 1 / place**2
            if rise * rise < bend * 1e-3:
                break
            low, high = (low, place) if rise > 0 else (place, high)
            place -= rise / bend
            if not low < place < high:
                place = (low + high) / 2
        return place


def _integral(slopes: Floats, counts: Floats) -> float:
    """Integrate over half of a path, in units of the integrand at the saddle point.

    Sums over every point and over every other one say how far they have converged: what is
    left of the difference is far smaller. Where that is too much, points are doubled; without
    end, the integral is given as infinite.
    """
    path = _Path.steepest(slopes, counts)
    for halvings in range(_MOST_HALVINGS):
        coarse, fine = path.summed(_STEP / 2**halvings)
        if abs(fine - coarse) <= _CONVERGED * fine:
            return fine
    return math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class _Path:
    """A branch of a hyperbola through the saddle point, upwards, as steep as the descent there.

    In units in which the integrand's logarithm has the second derivative 1 at the saddle point.
    Points lie evenly on it for the hyperbolic sine's inverse, so that sums converge faster
    than any power of their step, also where the integrand falls as slowly as a cube.
    """

    slopes: Floats
    """Of each factor of the integrand, 1 over the distance of its pole."""
    counts: Floats
    """How often each factor occurs."""
    tilt: float
    """The sine of the angle by which the path leaves the vertical line in the end."""
    end: float
    """Where what is left of it adds nothing."""

    @classmethod
    def steepest(cls, slopes: Floats, counts: Floats) -> _Path:
        """Bend the path towards the side on which the integrand falls."""
        bend = 2 / 3 * float(counts @ slopes**3)
        tilt = 2 * bend / (1 + math.sqrt(1 + 4 * bend * bend))
        best = cls._with(slopes, counts, tilt)
        if best.end > _FAR:
            others = (cls._with(slopes, counts, other) for other in _OTHER_TILTS)
            best = min(best, *others, key=lambda path: path.end)
        return best

    @classmethod
    def _with(cls, slopes: Floats, counts: Floats, tilt: float) -> _Path:
        """Follow a path until the integrand is negligible; to infinity where it rises."""
        import numpy as np

        path = cls(slopes=slopes, counts=counts, tilt=tilt, end=math.inf)
        for points in (_NEAR, _FURTHER):
            ends = np.array(points)
            fallen = path._fallen(ends)
            enough = fallen >= _NEGLIGIBLE + ends
            place = int(enough.argmax()) if enough.any() else len(points) - 1
            if fallen[0] < 0 or (fallen[1 : place + 1] < fallen[:place]).any():
                return path
            if enough[place]:
                return replace(path, end=float(ends[place]))
        return path

    def summed(self, step: float) -> tuple[float, float]:
        """Sum the integrand, over its value at the saddle point, along the path.

        Returns:
            The sum over every other point, and that over points that lie ``step`` apart.
        """
        import numpy as np

        points = np.arange(0.0, self.end + 2 * step, step)
        rows = max(1, _LARGEST_TABLE // len(self.slopes))
        pieces = range(0, len(points), rows)
        found = np.concatenate([self._integrand(points[i : i + rows]) for i in pieces])
        found[0] /= 2
        return 2 * step * float(found[::2].sum()), step * float(found.sum())

    def _fallen(self, points: Floats) -> Floats:
        """Say how much the logarithm of the integrand's size has fallen since the saddle point."""
        import numpy as np

        right, up = self._places(points)
        fallen: Floats = 0.5 * (np.log1p(up * up - right * (2 - right)) @ self.counts)
        return fallen

    def _integrand(self, points: Floats) -> Floats:
        """Give the part of the integrand that adds to the integral."""
        import numpy as np

        right, up = self._places(points)
        angles = np.arctan2(up, 1 - right) @ self.counts
        along = self.tilt * np.sinh(points)
        across = math.sqrt(1 - self.tilt**2) * np.cosh(points)
        parts: Floats = along * np.sin(angles) + across * np.cos(angles)
        return parts * np.exp(-self._fallen(points))

    def _places(self, points: Floats) -> tuple[Floats, Floats]:
        """Give how far to the right and up the points lie, times each slope."""
        import numpy as np

        right = self.tilt * (np.cosh(points) - 1)
        up = math.sqrt(1 - self.tilt**2) * np.sinh(points)
        return right[:, None] * self.slopes, up[:, None] * self.slopes
