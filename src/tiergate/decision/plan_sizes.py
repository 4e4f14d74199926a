# SPDX-License-Identifier: Apache-2.0
"""How many behaviours to measure, and the chance that the result keeps its limits.

The chance is exact for the true rate that is assumed: the sum over every result that keeps all
limits. A rate that was observed stands in for the true one; where nothing was observed the
chance is that of a model that never does it, and the plan says so.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from tiergate.decision.analysis.pieces import simple_counts
from tiergate.decision.analysis.values import Limit
from tiergate.decision.explanation import Scale
from tiergate.evidence.bounds import bounds
from tiergate.stats.differences import difference_interval
from tiergate.stats.rates import Rate

_NEGLIGIBLE = 1e-9
_GROWTH = 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A sample, and the chance that it shows what is asked."""

    trials: int
    """Behaviours."""
    baseline: bool
    """Whether the baseline is measured too, on as many."""
    chance: float
    """Probability that every limit is kept, if the rates are as assumed."""


def sized(
    limits: Iterable[Limit], rate: float, baseline_rate: float, *, wanted: float, feasible: int
) -> Size:
    """Return the smallest sample tried whose chance is as wanted, or the one with the best.

    Args:
        limits: on the adverse rate, and on its margin over the baseline's.
        rate: the true adverse rate that is assumed.
        baseline_rate: that of the baseline.
        wanted: the chance that is enough.
        feasible: the largest sample.
    """
    return _sized(frozenset(limits), rate, baseline_rate, wanted, feasible)


@functools.lru_cache(maxsize=10_000)
def _sized(
    known: frozenset[Limit], rate: float, baseline_rate: float, wanted: float, feasible: int
) -> Size:
    shares = [limit for limit in known if limit.atom.scale is Scale.RATE]
    margins = [limit for limit in known if limit.atom.scale is Scale.MARGIN]
    least = [limit.size_for(0) for limit in shares]
    trials = max([20, *(size if size is not None else feasible for size in least)])
    best = Size(trials=min(trials, feasible), baseline=bool(margins), chance=0.0)
    while trials <= feasible:
        chance = chance_of(shares, margins, trials, rate, baseline_rate)
        if chance > best.chance:
            best = Size(trials=trials, baseline=bool(margins), chance=chance)
        if chance >= wanted:
            break
        trials = math.ceil(trials * _GROWTH)
    return best


def chance_of(
    shares: list[Limit], margins: list[Limit], trials: int, rate: float, baseline_rate: float
) -> float:
    """Return the probability that a sample keeps every limit."""
    found = 0.0
    for adverse, likelihood in likely(trials, rate):
        if not all(_keeps(limit, adverse, trials) for limit in shares):
            continue
        if not margins:
            found += likelihood
            continue
        for base, how_likely in likely(trials, baseline_rate):
            if all(_keeps_margin(limit, adverse, base, trials) for limit in margins):
                found += likelihood * how_likely
    return min(1.0, found)


def likely(trials: int, rate: float) -> Iterator[tuple[int, float]]:
    """Yield each number of successes that is not negligible, with its probability."""
    if rate <= 0 or rate >= 1:
        yield (0 if rate <= 0 else trials), 1.0
        return
    centre, spread = trials * rate, math.sqrt(trials * rate * (1 - rate))
    low = max(0, math.floor(centre - 8 * spread - 8))
    high = min(trials, math.ceil(centre + 8 * spread + 8))
    for successes in range(low, high + 1):
        chance = math.exp(
            math.lgamma(trials + 1)
            - math.lgamma(successes + 1)
            - math.lgamma(trials - successes + 1)
            + successes * math.log(rate)
            + (trials - successes) * math.log1p(-rate)
        )
        if chance > _NEGLIGIBLE:
            yield successes, chance


def _keeps(limit: Limit, adverse: int, trials: int) -> bool:
    counts = simple_counts(adverse, trials)
    return trials >= limit.least and limit.keeps(bounds(counts, limit.confidence).upper)


def _keeps_margin(limit: Limit, adverse: int, base: int, trials: int) -> bool:
    one, other = Rate(adverse, trials), Rate(base, trials)
    return limit.keeps(difference_interval(one, other, limit.confidence)[1])


def as_share(rate: float) -> Decimal:
    """Write a rate for people: four places."""
    return Decimal(rate).quantize(Decimal("0.0001"))
