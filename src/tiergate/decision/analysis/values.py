# SPDX-License-Identifier: Apache-2.0
"""Finitely many findings that stand for all: one on each side of every threshold.

For a fixed number of successes a bound only gets better with the sample, so that the sizes at
which some limit begins to be kept are all that matters. The order of those sizes is the same
from some number of successes on; the numbers before which it changes are looked at too.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from tiergate.decision.analysis.paired import nested
from tiergate.decision.analysis.pieces import Rate, Size, Statement, simple_counts
from tiergate.decision.explanation import Scale, Side
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.requirements.marginal import AddsAtMost
from tiergate.evidence.bounds import bounds
from tiergate.evidence.measurement import Direction
from tiergate.stats.differences import difference_interval
from tiergate.stats.multiplicity import spent
from tiergate.stats.paired import Pairs, paired_upper
from tiergate.stats.rates import Rate as Share

LARGEST = 1_000_000
"""No sample is looked at that is larger."""
FEW = 200
"""So many adverse attempts are looked at one by one."""
_BASELINE = 100_000
_STEP = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit on the adverse share, or on the margin of it over the baseline's."""

    atom: LimitOnMetric
    confidence: Decimal

    @property
    def adverse_limit(self) -> Decimal:
        """The limit, where more is riskier."""
        return 1 - self.atom.limit.value if self._is_safer else self.atom.limit.value

    @property
    def _is_safer(self) -> bool:
        return self.atom.direction is Direction.HIGHER_IS_SAFER

    @property
    def least(self) -> int:
        """Fewest behaviours."""
        least = self.atom.minimum_behaviours
        return 1 if least is None else max(1, int(least.value))

    @property
    def shared(self) -> int:
        """Among how many baselines the error is shared; 0 where nothing is joined."""
        return self.atom.baselines if isinstance(self.atom, AddsAtMost) else 0

    @property
    def joins(self) -> bool:
        """Whether it is about what a model adds to a baseline, behaviour by behaviour."""
        return self.shared > 0

    def added(self, adverse: int, baseline: int, trials: int) -> float:
        """Return the bound on what is added where both runs overlap as far as they can."""
        return self.added_by(nested(adverse, baseline, trials))

    def added_by(self, pairs: Pairs) -> float:
        """Return the bound on what is added by a run that differs so from the baseline's."""
        return paired_upper(pairs, spent(self.confidence, self.shared))

    def keeps(self, upper: float) -> bool:
        """Tell whether a bound on the adverse share, or margin, keeps the limit."""
        rounded = Decimal(upper).quantize(_STEP, "ROUND_CEILING")
        limit = self.adverse_limit
        if self.atom.scale is Scale.MARGIN and self._is_safer:
            limit = -self.atom.limit.value
        return rounded < limit if self.atom.side is Side.BELOW else rounded <= limit

    def size_for(self, adverse: int) -> int | None:
        """Return the smallest sample with so many adverse that keeps it; None when none does.

        What adds nothing to a baseline is as adverse as that.
        """
        if self.joins:
            return smallest(
                lambda n: self.keeps(self.added(adverse, adverse, n)), max(adverse, self.least)
            )
        return smallest(
            lambda n: self.keeps(bounds(simple_counts(adverse, n), self.confidence).upper),
            max(adverse, self.least),
        )


def smallest(meets: Callable[[int], bool], least: int) -> int | None:
    """Return the smallest number from ``least`` up that meets something that stays met."""
    too_few: int = least - 1
    enough: int = least
    while not meets(enough):
        if enough >= LARGEST:
            return None
        too_few, enough = enough, 2 * enough + 1
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        too_few, enough = (too_few, middle) if meets(middle) else (middle, enough)
    return enough


def rates(limits: Iterable[Limit], *, baselines: bool) -> list[Rate]:
    """Return the rates that stand for all, the best one first."""
    known = list(limits)
    found: list[Rate] = []
    for direction in sorted({limit.atom.direction for limit in known}) or [
        Direction.HIGHER_IS_RISKIER
    ]:
        own = [limit for limit in known if limit.atom.direction is direction]
        share = [limit for limit in own if limit.atom.scale is Scale.RATE]
        margin = [limit for limit in own if limit.atom.scale is Scale.MARGIN and not limit.joins]
        joining = [limit for limit in own if limit.joins]
        for adverse, trials in _counts(share, joining):
            found += (
                Rate(
                    successes=adverse,
                    trials=trials,
                    direction=direction,
                    baseline=(baseline, trials),
                    is_joined=True,
                )
                for baseline in _joined_baselines(joining, adverse, trials)
            )
            found += (
                _rate(adverse, trials, direction, baseline)
                for baseline in _baselines(margin, adverse, trials, wanted=baselines)
            )
    return found


def _rate(
    adverse: int, trials: int, direction: Direction, baseline: tuple[int, int] | None
) -> Rate:
    safer = direction is Direction.HIGHER_IS_SAFER
    if baseline is not None and safer:
        baseline = (baseline[1] - baseline[0], baseline[1])
    successes = trials - adverse if safer else adverse
    return Rate(successes=successes, trials=trials, direction=direction, baseline=baseline)


def _counts(limits: list[Limit], joining: list[Limit]) -> list[tuple[int, int]]:
    """Return adverse and all attempts, the largest clean sample first."""
    found: list[tuple[int, int]] = []
    for adverse in sorted({0, 1, *_crossings(limits)}):
        sizes = {limit.size_for(adverse) for limit in (*limits, *joining)} - {None}
        least = {limit.least for limit in (*limits, *joining)}
        every = {size for size in (*sizes, *least) if size is not None and size >= adverse}
        smallest_size = max(adverse, 1, min(every, default=2) - 1)
        largest = max(every, default=400)
        looked_at = sorted({*every, smallest_size, max(largest, 400)}, reverse=True)
        found += ((adverse, trials) for trials in looked_at)
    return found


def _crossings(limits: list[Limit]) -> set[int]:
    """Return the numbers of adverse attempts around which a fewest number stops to matter."""
    found: set[int] = set()
    for fewest in sorted({limit.least for limit in limits if limit.least > 1}):
        for limit in limits:
            found |= _around(limit, fewest)
    ordered = sorted(limits, key=lambda limit: (limit.adverse_limit, limit.atom.side))
    for one, other in itertools.pairwise(ordered):
        at = told_apart(one, other)
        found |= set() if at is None else {at}
    for low in limits:
        for high in limits:
            if low.adverse_limit < high.adverse_limit and low.confidence < high.confidence:
                found |= _swap(low, high)
    return found


def told_apart(one: Limit, other: Limit) -> int | None:
    """Return the fewest adverse attempts with which two limits ask for different samples.

    With few of them two limits that lie close together ask for the same; None where even
    many do not tell them apart, or where nothing is to be told apart.
    """
    if (one.adverse_limit, one.atom.side) == (other.adverse_limit, other.atom.side):
        return None
    few = range(FEW if one.adverse_limit == other.adverse_limit else 2)
    for adverse in itertools.chain(few, (1 << power for power in range(1, 15))):
        if one.size_for(adverse) != other.size_for(adverse):
            return int(adverse)
    return None


def _swap(low: Limit, high: Limit) -> set[int]:
    """Return the numbers of adverse attempts around which the lower limit begins to ask for more.

    With few of them the higher one does, because it has to be surer.
    """

    def lower_asks_more(adverse: int) -> bool:
        first, second = low.size_for(adverse), high.size_for(adverse)
        return first is None or second is None or first > second

    at = smallest(lower_asks_more, 0)
    return set() if at is None or at == 0 else {at - 1, at}


def _around(limit: Limit, fewest: int) -> set[int]:
    low, high = 0, fewest
    while high - low > 1:
        middle = (low + high) // 2
        kept = limit.keeps(bounds(simple_counts(middle, fewest), limit.confidence).upper)
        low, high = (middle, high) if kept else (low, middle)
    return {low, high}


def _baselines(
    margins: list[Limit], adverse: int, trials: int, *, wanted: bool
) -> list[tuple[int, int] | None]:
    """Return baselines on each side of every margin, the one that excuses most first."""
    if not margins:
        return [(0, trials), None] if wanted else [None]
    own = Share(adverse, trials)
    found = {_BASELINE // 2}
    for limit in margins:

        def keeps(successes: int, limit: Limit = limit) -> bool:
            high = difference_interval(own, Share(successes, _BASELINE), limit.confidence)[1]
            return limit.keeps(high)

        if keeps(_BASELINE):
            found.add(smallest(lambda n: n >= 0 and keeps(min(n, _BASELINE)), 0) or 0)
    below = {max(0, min(found) - 1)}
    ordered = sorted(found | below, reverse=True)
    return [*((successes, _BASELINE) for successes in ordered), None]


def _joined_baselines(limits: list[Limit], adverse: int, trials: int) -> list[int]:
    """Return baselines over the same behaviours on each side of every margin, the best first."""
    found: set[int] = set()
    for limit in limits:

        def keeps(baseline: int, limit: Limit = limit) -> bool:
            return limit.keeps(limit.added(adverse, min(baseline, trials), trials))

        least = (smallest(keeps, 0) or 0) if keeps(trials) else trials
        found |= {least, max(0, least - 1)}
    return sorted(found, reverse=True)


def sizes(limits: Iterable[Limit]) -> list[Size]:
    """Return quantities on each side of every limit, the safest first."""
    found: list[Size] = []
    known = list(limits)
    for unit in sorted({limit.atom.limit.unit for limit in known}):
        own = [limit for limit in known if limit.atom.limit.unit == unit]
        for direction in sorted({limit.atom.direction for limit in own}):
            at = sorted({limit.atom.limit.value for limit in own})
            between = [(a + b) / 2 for a, b in itertools.pairwise(at)]
            every = sorted({at[0] / 2 if at[0] > 0 else at[0] - 1, *at, *between, at[-1] * 2 + 1})
            if direction is Direction.HIGHER_IS_SAFER:
                every.reverse()
            found += [Size(value=value, unit=unit, direction=direction) for value in every]
    return found


def statements(asked: Iterable[ClaimMade]) -> list[Statement]:
    """Return claims that say all that is asked, or lack something, or say the contrary."""
    known = list(asked)
    numbers: dict[str, set[Decimal]] = {}
    for check in known:
        for limit in check.limits:
            numbers.setdefault(limit.field, set()).add(limit.limit.value)
    plain = {name for check in known for name in check.fields} - numbers.keys()
    field_sets = _field_sets(known, plain)
    found: list[Statement] = []
    for expects in sorted({check.expects for check in known}, reverse=True):
        for stated in _numbered(known, numbers):
            for names in field_sets:
                said = {name: f"what there is to say about {name}" for name in names} | stated
                found.append(Statement(holds=expects, fields=tuple(sorted(said.items()))))
        if len({check.expects for check in known}) == 1:
            found.append(Statement(holds=not expects, fields=()))
    return found


def _field_sets(known: list[ClaimMade], plain: set[str]) -> list[frozenset[str]]:
    """Return the sets of fields that tell checks apart: each join of what some of them ask."""
    found = {frozenset(plain), frozenset[str]()}
    todo = [frozenset(check.fields) & plain for check in known]
    for fields in todo:
        found |= {fields | other for other in found}
    return sorted(found, key=lambda names: (-len(names), sorted(names)))


def _numbered(known: list[ClaimMade], numbers: dict[str, set[Decimal]]) -> list[dict[str, str]]:
    """Return every way to state the numbers: at each limit, beyond it, as words, not at all."""
    rows: list[dict[str, str]] = [{}]
    for name, limits in sorted(numbers.items()):
        upward = all(
            limit.side is Side.AT_LEAST
            for check in known
            for limit in check.limits
            if limit.field == name
        )
        at = sorted(limits, reverse=upward)
        between = [(a + b) / 2 for a, b in itertools.pairwise(at)]
        beyond = [at[0] + 1, at[-1] / 2] if upward else [at[0] / 2, at[-1] * 2 + 1]
        every = sorted({*at, *between, *beyond}, reverse=upward)
        stated = [f"{number.normalize():f}" for number in every if number >= 0]
        ways = [{name: text} for text in stated] + [{name: "in words"}, {}]
        rows = [row | way for row in rows for way in ways]
    return rows
