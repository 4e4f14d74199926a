# SPDX-License-Identifier: Apache-2.0
"""The difference between two runs over the same behaviours.

Did the safeguard, or the quantisation, change the rate? Two runs over the same behaviours
answer with those that changed; all others cancel. The difference is always the first run's
rate minus the second's, and its upper bound answers "by how much may the first be worse".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tiergate.stats.intervals import exact_lower, exact_upper
from tiergate.stats.means import mean_lower, mean_upper
from tiergate.stats.multiplicity import spent
from tiergate.stats.quantiles import binomial_at_most
from tiergate.stats.rates import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Behaviours by what happened in both runs.

    Raises:
        InputError: a count is not a whole number, 0 or more.
    """

    first_only: int
    """Success in the first run, failure in the second."""
    second_only: int
    """Failure in the first run, success in the second."""
    alike: int
    """The same in both, success or failure."""

    def __post_init__(self) -> None:
        for count in (self.first_only, self.second_only, self.alike):
            Rate(0, count)

    @property
    def behaviours(self) -> int:
        """All behaviours."""
        return self.first_only + self.second_only + self.alike

    def swapped(self) -> Pairs:
        """Exchange the runs."""
        return Pairs(first_only=self.second_only, second_only=self.first_only, alike=self.alike)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """Outcomes of two runs joined by behaviour, with what is missing on either side."""

    outcomes: tuple[tuple[bool | None, bool | None, int], ...]
    """First outcome, second outcome, number of behaviours; None is missing or unscored."""

    @property
    def first_missing(self) -> int:
        """Behaviours without an outcome in the first run."""
        return sum(count for first, _, count in self.outcomes if first is None)

    @property
    def second_missing(self) -> int:
        """Behaviours without an outcome in the second run."""
        return sum(count for _, second, count in self.outcomes if second is None)

    def highest(self) -> Pairs:
        """Read what is missing so that the first run looks worst: for an upper bound."""
        return self._pairs(first_missing=True)

    def lowest(self) -> Pairs:
        """Read what is missing so that the second run looks worst: for a lower bound."""
        return self._pairs(first_missing=False)

    def _pairs(self, *, first_missing: bool) -> Pairs:
        counts: Counter[int] = Counter()
        for first, second, count in self.outcomes:
            one = first_missing if first is None else first
            other = not first_missing if second is None else second
            counts[one - other] += count
        return Pairs(first_only=counts[1], second_only=counts[-1], alike=counts[0])


def pair(first: Mapping[str, bool | None], second: Mapping[str, bool | None]) -> Pairing:
    """Join two runs by behaviour; one that only one run has is missing in the other.

    >>> pairing = pair({"x": True, "y": False}, {"x": True, "z": False})
    >>> pairing.highest(), pairing.lowest().second_only
    (Pairs(first_only=1, second_only=0, alike=2), 1)
    """
    counts = Counter((first.get(name), second.get(name)) for name in sorted({*first, *second}))
    return Pairing(outcomes=tuple((one, other, n) for (one, other), n in counts.items()))


def paired_upper(pairs: Pairs, confidence: Decimal | float) -> float:
    """Bound the first rate minus the second from above, over the population of behaviours.

    Joins two exact bounds, each at half the error. One is on the share of changed
    behaviours that changed for the worse, given how many changed. The other is on how many
    do so: from above if that share may be a half or more, and otherwise from below on how
    many changed for the better. It holds at every sample size; it rises with the first run's
    successes and falls with the second's. Over no behaviours it is 1.

        >>> round(paired_upper(Pairs(first_only=0, second_only=0, alike=100), 0.95), 3)
        0.036
        >>> round(paired_upper(Pairs(first_only=2, second_only=40, alike=258), 0.95), 3)
        -0.078

    Source: the conditional test of Q. McNemar, Psychometrika 12 (1947) 153-157, and C. J.
    Clopper and E. S. Pearson, Biometrika 26 (1934) 404-413.
    """
    half = spent(confidence, 2)
    changed = pairs.first_only + pairs.second_only
    worse = exact_upper(Rate(pairs.first_only, changed), half)
    if worse >= 0.5:
        return exact_upper(Rate(pairs.first_only, pairs.behaviours), half) * (2 - 1 / worse)
    better = exact_lower(Rate(pairs.second_only, pairs.behaviours), half)
    return better * (worse / (1 - worse) - 1)


def paired_lower(pairs: Pairs, confidence: Decimal | float) -> float:
    """Bound the same difference from below; ``paired_upper`` with the runs exchanged."""
    return -paired_upper(pairs.swapped(), confidence)


def sign_test(pairs: Pairs) -> float:
    """Give the exact one-sided p-value of "the first rate is not above the second".

    McNemar's test in its exact form: how likely at least so many of the changed behaviours
    would be worse in the first run if both directions were equally likely. For the other
    side ask ``pairs.swapped()``; for both, double the smaller. Without a change it is 1.

        >>> round(sign_test(Pairs(first_only=9, second_only=1, alike=90)), 4)
        0.0107
    """
    return binomial_at_most(pairs.second_only, pairs.first_only + pairs.second_only, 0.5)


def paired_means_upper(
    behaviours: Iterable[tuple[Rate, Rate, int]], confidence: Decimal | float
) -> float:
    """Bound the first rate minus the second where behaviours have several attempts.

    Each behaviour has one difference of shares, from -1 to 1. Its positive and its negative
    part are values between 0 and 1, and their means are bounded as such, each at half the
    error. Behaviours without attempts in a run count for the worst: as success in the
    first, as failure in the second. With at most one attempt everywhere it is
    ``paired_upper``.

        >>> round(paired_means_upper([(Rate(1, 10), Rate(1, 10), 100)], 0.95), 3)
        0.036

    Args:
        behaviours: The first rate, the second, and how many behaviours have both.
        confidence: Of the bound; it holds at every number of behaviours.
    """
    half = spent(confidence, 2)
    differences = [
        (_share(first, 1) - _share(second, 0), first, second, count)
        for first, second, count in behaviours
    ]
    total = sum(count for *_, count in differences)
    worse = sum((max(d, Fraction(0)) * count for d, *_, count in differences), Fraction(0))
    better = sum((max(-d, Fraction(0)) * count for d, *_, count in differences), Fraction(0))
    if all(max(first.trials, second.trials) <= 1 for _, first, second, _ in differences):
        changed = {"first_only": int(worse), "second_only": int(better)}
        return paired_upper(Pairs(**changed, alike=total - int(worse + better)), confidence)
    return mean_upper(worse, total, half) - mean_lower(better, total, half)


def paired_means_lower(
    behaviours: Iterable[tuple[Rate, Rate, int]], confidence: Decimal | float
) -> float:
    """Bound the same difference from below; the runs exchanged."""
    return -paired_means_upper(
        [(second, first, count) for first, second, count in behaviours], confidence
    )


def _share(rate: Rate, missing: int) -> Fraction:
    """Give the share of one behaviour, or ``missing`` if nothing was tried."""
    return Fraction(missing) if rate.is_empty else rate.fraction
