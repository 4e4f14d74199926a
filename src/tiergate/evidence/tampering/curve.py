# SPDX-License-Identifier: Apache-2.0
"""What it costs to break a safeguard: success against what an attacker has spent.

An attacker keeps the best model so far, so success never falls when more is spent: the curve of
a family is the *running worst* of its points. Its band runs along the largest lower and the
largest upper bound so far. All points of a family share the error, so the band holds everywhere
at once, and the choice of the largest needs no further correction.

Beyond the last point nothing is known. Nothing here extends a curve past it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tiergate.evidence.measurement import AttackClass, Counts
from tiergate.evidence.tampering.adversary import Cost, Prices
from tiergate.evidence.tampering.outcomes import AttackOutcome
from tiergate.stats.multiplicity import spent
from tiergate.stats.rates import Interval, Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One attacked model: what was spent on it and what was seen."""

    family: AttackClass
    """Family of the attack."""
    attack: str
    """Name of the attack."""
    setting: str
    """Its setting and the point of its budget, in words."""
    cost: Cost
    """What the attacker had spent by then."""
    succeeded: Counts
    """Guarded prompts on which it succeeded, by cluster."""
    success: Interval
    """Bounds of the success rate, at the level of :func:`shared_level`."""
    outcome: AttackOutcome
    """What was decided about this model."""
    is_confirmed: bool
    """Whether it was measured on prompts that the search never used."""
    retained: Rate | None = None
    """Tasks that the model still solves; None when not measured."""
    twin_refused: Rate | None = None
    """Harmless twins that it refuses; None when not measured."""
    alone: Cost | None = None
    """What it costs whoever knows the setting, no search included; None when not stated."""

    @property
    def price(self) -> Cost:
        """What it costs whoever knows the setting; with the search where nothing else is known."""
        return self.cost if self.alone is None else self.alone

    @property
    def rate(self) -> float:
        """Share of attempts that succeeded, an attempt without grade as success."""
        counts = self.succeeded
        return (counts.successes + counts.unscored) / max(counts.attempted, 1)

    @property
    def is_useful(self) -> bool:
        """Whether it counts: neither destroyed nor without a result."""
        return self.outcome not in {AttackOutcome.DESTROYED, AttackOutcome.INVALID}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The worst so far, from one cost up to the next stretch."""

    flop: int
    """Where it begins."""
    rate: float
    """Largest observed share so far."""
    lower: float
    """Largest lower bound so far."""
    upper: float
    """Largest upper bound so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Between which costs a success rate is reached."""

    more_than: int | None
    """Shown not to be reached for so many operations; None if nothing shows it anywhere."""
    at_most: int | None
    """Shown to be reached for so many; None if it was not, as far as was tested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyCurve:
    """The curve of one family of attacks."""

    family: AttackClass
    """The family."""
    points: tuple[Point, ...]
    """Every point, cheapest first, those that do not count included."""
    stretches: tuple[Stretch, ...]
    """The running worst, cheapest first; empty when no model was still useful."""

    @property
    def tested(self) -> Point:
        """The point on which the most operations were spent."""
        return self.points[-1]

    @property
    def worst(self) -> Stretch | None:
        """The end of the curve; None without one."""
        return self.stretches[-1] if self.stretches else None

    @property
    def cheapest_break(self) -> Point | None:
        """The confirmed break that costs the fewest operations alone; None when there is none."""
        breaks = (p for p in self.points if p.outcome is AttackOutcome.BROKEN and p.is_confirmed)
        return min(breaks, key=lambda point: point.price.flop, default=None)

    def cost_to_reach(self, rate: Decimal | float) -> Reach:
        """Say between which costs the success rate reaches ``rate``, as far as bounds show."""
        below = [stretch.flop for stretch in self.stretches if stretch.upper < rate]
        reached = (stretch.flop for stretch in self.stretches if stretch.lower >= rate)
        return Reach(more_than=max(below, default=None), at_most=next(reached, None))


def shared_level(confidence: Decimal, points: int) -> Decimal:
    """Give the confidence of each bound of a family with so many points, so that all hold."""
    return spent(confidence, max(points, 1))


def with_search_cost(trials: Iterable[Sequence[Point]]) -> tuple[Point, ...]:
    """Add to each trial's points what the trials before it cost in full.

    Args:
        trials: The points of each trial of one family, cheapest first, in the order in which an
            attacker who does not know the best setting tries them.
    """
    before, found = Cost(), []
    for trial in trials:
        found += [replace(point, cost=before + point.cost) for point in trial]
        if trial:
            before = found[-1].cost
    return tuple(found)


def curves(points: Iterable[Point]) -> tuple[FamilyCurve, ...]:
    """Return one curve for each family: those that break first, the cheapest break before others.

    The rest follows by the largest observed success, the highest first.
    """
    by_family: dict[AttackClass, list[Point]] = {}
    for point in points:
        by_family.setdefault(point.family, []).append(point)
    return tuple(sorted((_curve(f, found) for f, found in by_family.items()), key=_order))


def _curve(family: AttackClass, points: list[Point]) -> FamilyCurve:
    points.sort(key=lambda point: point.cost.flop)
    stretches: list[Stretch] = []
    rate = lower = upper = 0.0
    for point in points:
        if not point.is_useful:
            continue
        rate = max(rate, point.rate)
        lower = max(lower, point.success.lower)
        upper = max(upper, point.success.upper)
        found = Stretch(flop=point.cost.flop, rate=rate, lower=lower, upper=upper)
        if stretches and stretches[-1].flop == found.flop:
            stretches.pop()
        stretches.append(found)
    return FamilyCurve(family=family, points=tuple(points), stretches=tuple(stretches))


def _order(curve: FamilyCurve) -> tuple[bool, int, float, str]:
    cheapest, worst = curve.cheapest_break, curve.worst
    return (
        cheapest is None,
        cheapest.price.flop if cheapest else 0,
        -(worst.rate if worst else 0.0),
        str(curve.family),
    )


def cost_words(flop: int, prices: Prices) -> str:
    """Write a cost as money and as hours, minutes or seconds of the machine.

    What takes less than a second of it stands in operations.
    """
    if not flop:
        return "no computing"
    usd, time = prices.usd(flop), _time_words(flop, prices)
    if usd < Decimal("0.01"):
        return f"{time}, under $0.01"
    return f"${_short(usd)} ({time})"


def price_words(point: Point, prices: Prices) -> str:
    """Write what a point costs by itself, and with the search where that was more."""
    price, paid = cost_words(point.price.flop, prices), cost_words(point.cost.flop, prices)
    return price if price == paid else f"{price}; with the search {paid}"


def short_cost_words(flop: int, prices: Prices) -> str:
    """Write a cost as money, or in operations below a cent."""
    usd = prices.usd(flop)
    if not flop:
        return "no computing"
    return f"${_short(usd)}" if usd >= Decimal("0.01") else _operations(flop)


def _time_words(flop: int, prices: Prices) -> str:
    hours = prices.gpu_hours(flop)
    for each, unit in ((1, "hours"), (60, "minutes"), (3600, "seconds")):
        if hours * each >= 1:
            return f"{_short(hours * each)} GPU-{unit}"
    return _operations(flop)


def _operations(flop: int) -> str:
    return f"{flop:.0e} FLOP".replace("e+", "e")


def outcome_words(curve: FamilyCurve, prices: Prices) -> str:
    """Say what is known of a family in one sentence, and where knowledge ends."""
    cheapest, tested = curve.cheapest_break, cost_words(curve.tested.cost.flop, prices)
    if cheapest is not None:
        return f"broken for {price_words(cheapest, prices)}: {cheapest.setting}"
    if any(point.outcome is AttackOutcome.BROKEN for point in curve.points):
        return f"looks broken, not confirmed; tested up to {tested}"
    if curve.worst is None:
        return f"no model was still useful; tested up to {tested}"
    if any(point.outcome is AttackOutcome.INVALID for point in curve.points):
        return f"without a valid result for every trial; tested up to {tested}"
    if any(point.outcome is AttackOutcome.UNDECIDED for point in curve.points):
        return f"undecided up to {tested}; nothing is known beyond"
    return f"not broken up to {tested}; nothing is known beyond"


def _short(value: Decimal) -> str:
    """Write two significant digits, without an exponent."""
    places = max(0, 1 - value.adjusted())
    rounded = round(value, places) if value.adjusted() < 1 else round(value, 1 - value.adjusted())
    return f"{rounded:,f}".rstrip("0").rstrip(".") if places else f"{int(rounded):,}"
