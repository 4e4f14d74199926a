# SPDX-License-Identifier: Apache-2.0
"""How many behaviours to measure, and the chance that the result keeps its limits.

The chance is exact for the true rate that is assumed: the sum over every result that keeps all
limits. A rate that was observed stands in for the true one; where nothing was observed the
chance is that of a model that never does it, and the plan says so.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from tiergate.decision.analysis.pieces import simple_counts
from tiergate.decision.analysis.values import Limit, smallest
from tiergate.decision.explanation import Scale
from tiergate.evidence.bounds import bounds
from tiergate.stats.differences import difference_interval
from tiergate.stats.paired import Pairs
from tiergate.stats.rates import Rate

_NEGLIGIBLE = 1e-9
_GROWTH = 1.25
_JUMPS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A sample, and the chance that it shows what is asked."""

    trials: int
    """Behaviours."""
    baseline: bool
    """Whether the baseline is measured too, on as many."""
    chance: float
    """Probability that every limit is kept, if the rates are as assumed."""


def sized(  # noqa: PLR0913 - what a sample follows from
    limits: Iterable[Limit],
    rate: float,
    baseline_rate: float,
    *,
    wanted: float,
    feasible: int,
    beside: Iterable[Limit] = (),
) -> Size:
    """Return the smallest sample whose chance is as wanted, or the one with the best.

    Small samples are all looked at: between the sizes at which one more adverse result is allowed
    the chance only falls. Where those are many, and where a baseline is measured too, sizes grow
    by a quarter.

    Args:
        limits: on the adverse rate, and on its margin over the baseline's.
        rate: the true adverse rate that is assumed.
        baseline_rate: that of the baseline.
        wanted: the chance that is enough.
        feasible: the largest sample.
        beside: limits on the adverse rate that must not be missed, where anything adverse is seen.
    """
    return _sized(frozenset(limits), frozenset(beside), rate, baseline_rate, wanted, feasible)


@functools.lru_cache(maxsize=10_000)
def _sized(  # noqa: PLR0913, PLR0917 - what a sample follows from
    known: frozenset[Limit],
    beside: frozenset[Limit],
    rate: float,
    baseline_rate: float,
    wanted: float,
    feasible: int,
) -> Size:
    shares = [limit for limit in known if limit.atom.scale is Scale.RATE]
    margins = [limit for limit in known if limit.atom.scale is Scale.MARGIN]
    least = [limit.size_for(0) for limit in known if limit in shares or limit.joins]
    smallest_size = max([20, *(size if size is not None else feasible for size in least)])
    best = Size(trials=min(smallest_size, feasible), baseline=bool(margins), chance=0.0)
    jumping = () if margins else (*shares, *beside)
    for trials in _sizes(jumping, smallest_size, feasible):
        chance = chance_of(shares, margins, trials, rate, baseline_rate, tuple(beside))
        if chance > best.chance:
            best = Size(trials=trials, baseline=bool(margins), chance=chance)
        if chance >= wanted:
            break
    return best


def _sizes(limits: tuple[Limit, ...], least: int, feasible: int) -> Iterator[int]:
    """Yield sizes from ``least`` up: those at which one more adverse is allowed, then by growth."""
    trials = least
    # What keeps the strictest limit keeps the others.
    strictest = max(limits, key=lambda limit: limit.size_for(1) or feasible, default=None)
    jumps = _jumps(strictest, feasible) if strictest is not None else iter(())
    for larger in itertools.islice((size for size in jumps if size > least), _JUMPS):
        yield trials
        trials = larger
    while trials <= feasible:
        yield trials
        trials = math.ceil(trials * _GROWTH)


def _jumps(limit: Limit, feasible: int) -> Iterator[int]:
    """Yield for each number of adverse results the smallest sample that may have them."""
    adverse = 0
    while (size := limit.size_for(adverse)) is not None and size <= feasible:
        yield size
        adverse += 1


def chance_of(  # noqa: PLR0913, PLR0917 - what a chance follows from
    shares: list[Limit],
    margins: list[Limit],
    trials: int,
    rate: float,
    baseline_rate: float,
    beside: tuple[Limit, ...] = (),
) -> float:
    """Return the probability that a sample keeps every limit, and misses none ``beside``."""
    joining = [limit for limit in margins if limit.joins]
    margins = [limit for limit in margins if not limit.joins]
    found = 0.0
    for adverse, likelihood in likely(trials, rate):
        asked = [*shares, *beside] if adverse else shares
        if not all(_keeps(limit, adverse, trials) for limit in asked):
            break  # more adverse keeps no more
        if not margins:
            found += likelihood
            continue
        for base, how_likely in likely(trials, baseline_rate):
            if all(_keeps_margin(limit, adverse, base, trials) for limit in margins):
                found += likelihood * how_likely
    # What keeps one helps to keep the other, so that together they are at least as likely.
    for limit in joining:
        found *= _chance_joined(limit, trials, rate, baseline_rate)
    return min(1.0, found)


def _chance_joined(limit: Limit, trials: int, rate: float, baseline_rate: float) -> float:
    """Return the probability that two runs over the same behaviours keep what may be added.

    Each behaviour comes out on either side by its rate alone; alike behaviours would help.
    """
    if trials < limit.least:
        return 0.0
    worse, better = rate * (1 - baseline_rate), baseline_rate * (1 - rate)
    found = 0.0
    for first, likelihood in likely(trials, worse):

        def keeps(second: int, first: int = first) -> bool:
            more = min(second, trials - first)
            pairs = Pairs(first_only=first, second_only=more, alike=trials - first - more)
            return limit.keeps(limit.added_by(pairs))

        if keeps(trials):
            least = smallest(keeps, 0) or 0
            others = likely(trials - first, better / (1 - worse) if worse < 1 else 0.0)
            found += likelihood * sum(chance for second, chance in others if second >= least)
    return found


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
