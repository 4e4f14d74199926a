# SPDX-License-Identifier: Apache-2.0
"""Rates as counts, and the intervals that counts support.

A rate keeps successes and trials apart for as long as possible: two percentages that
look alike can rest on very different samples. This module holds the values only; the
bounds are computed in the modules beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from tiergate.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Rate:
    """Successes out of trials, both kept.

    The two counts may be given by position, in the order in which they are spoken:

        >>> Rate(3, 50)
        Rate(successes=3, trials=50)

    Raises:
        InputError: a count is not a whole number, is negative, or there are more
            successes than trials.
    """

    successes: int
    """How many trials had the outcome that is counted."""
    trials: int
    """How many trials there were; 0 when nothing was tried."""

    def __post_init__(self) -> None:
        for name, count in (("successes", self.successes), ("trials", self.trials)):
            # bool is a subclass of int; True successes is a mistake, not a count of one.
            if isinstance(count, bool) or not isinstance(count, int) or count < 0:
                raise InputError(
                    where=f"rate, {name}",
                    found=repr(count),
                    expected="a whole number, 0 or more",
                    remedy="Give counts, not percentages.",
                )
        if self.successes > self.trials:
            raise InputError(
                where="rate",
                found=f"{self.successes} successes in {self.trials} trials",
                expected="no more successes than trials",
                remedy="Check that both counts come from the same sample.",
            )

    @property
    def is_empty(self) -> bool:
        """Whether nothing was tried."""
        return self.trials == 0

    @property
    def failures(self) -> int:
        """How many trials did not have the outcome that is counted."""
        return self.trials - self.successes

    @property
    def fraction(self) -> Fraction:
        """The observed share, exactly.

            >>> Rate(3, 50).fraction
            Fraction(3, 50)

        Raises:
            InputError: nothing was tried, so there is no share to speak of.
        """
        if self.is_empty:
            raise InputError(
                where="rate",
                found="no trials",
                expected="at least one trial to form a share from",
                remedy="Ask is_empty first, or use an interval: over nothing it is [0, 1].",
            )
        return Fraction(self.successes, self.trials)

    def complement(self) -> Rate:
        """Count the other outcome in the same trials.

        >>> Rate(3, 50).complement()
        Rate(successes=47, trials=50)
        """
        return Rate(self.failures, self.trials)


def pooled(rates: Iterable[Rate]) -> Rate:
    """Add up successes and trials, as if all rates came from one sample.

    Only right for trials that are alike and independent; attempts that share a cluster
    belong in ``tiergate.stats.clusters``. No rates at all give the empty rate.

        >>> pooled([Rate(1, 10), Rate(2, 30)])
        Rate(successes=3, trials=40)
    """
    kept = tuple(rates)
    return Rate(sum(rate.successes for rate in kept), sum(rate.trials for rate in kept))


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a true rate may lie, as shares from 0 to 1.

        >>> Interval(0.02, 0.11).contains(0.05)
        True

    Raises:
        InputError: the ends are not ordered shares.
    """

    lower: float
    """Lower end, included."""
    upper: float
    """Upper end, included."""

    def __post_init__(self) -> None:
        ends = (self.lower, self.upper)
        if any(math.isnan(end) for end in ends) or not 0 <= self.lower <= self.upper <= 1:
            raise InputError(
                where="interval",
                found=f"{self.lower} to {self.upper}",
                expected="0 <= lower <= upper <= 1",
            )

    @classmethod
    def over_nothing(cls) -> Interval:
        """Give the interval that no data support: everything is possible."""
        return cls(0.0, 1.0)

    @property
    def width(self) -> float:
        """Upper end minus lower end."""
        return self.upper - self.lower

    def contains(self, share: float) -> bool:
        """Say whether ``share`` lies in the interval, ends included."""
        return self.lower <= share <= self.upper
