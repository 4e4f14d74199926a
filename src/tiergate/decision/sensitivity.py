# SPDX-License-Identifier: Apache-2.0
"""Which measurement decides: the smallest change of its counts that moves the tier, either way.

A change is counted in behaviours. On a behaviour that becomes adverse every scored attempt is
adverse, on one that becomes clean none is. Everything else about a measurement stays as it is,
its maker, signature and baseline too.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tiergate.decision.tier import Tier
from tiergate.decision.whatif import WhatIf
from tiergate.evidence.collection import Collection, MeasurementItem
from tiergate.evidence.measurement import Counts, Direction, Measurement, Tally, Variant

MOST_FURTHER = 100_000
"""More further behaviours than these are not tried."""

_Row = tuple[int, int, int]
"""Adverse, clean and unscored attempts on one behaviour."""


class Change(enum.StrEnum):
    """What happens to a measurement."""

    MORE_ADVERSE = "more adverse"
    """Behaviours of those measured come out adverse that did not."""
    FURTHER_ADVERSE = "further adverse"
    """As many behaviours are measured beside, all of them adverse."""
    FEWER_ADVERSE = "fewer adverse"
    """Behaviours of those measured come out clean that did not."""
    FURTHER_CLEAN = "further clean"
    """As many behaviours are measured beside, all of them clean."""

    @property
    def is_worse(self) -> bool:
        """Whether it speaks against the model."""
        return self in {Change.MORE_ADVERSE, Change.FURTHER_ADVERSE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """The smallest change of one measurement that moves the tier; one less does not."""

    item: str
    """Id of the measurement."""
    metric: str
    """Metric that it is of."""
    variant: Variant
    """Form of the model that was measured."""
    organisation: str
    """Who measured."""
    adverse: int
    """Behaviours with an adverse attempt, as they were measured."""
    behaviours: int
    """Behaviours measured."""
    change: Change
    """What would have to happen."""
    count: int
    """On how many behaviours, at least."""
    supported: Tier
    """What would be supported then."""


def shifts(found: WhatIf) -> Iterator[Shift]:
    """Yield, for each measurement of counts, the smallest changes that move the tier alone.

    Measurements that people went over are left out: their labels count, not the grader's. So are
    sizes, which have no behaviours.
    """
    for document in found.evidence.documents:
        for index, measured in enumerate(document.measurements):
            if isinstance(measured.value, Counts) and measured.audit is None:
                name = f"{document.digest}#m{index}"
                item = MeasurementItem(id=name, measurement=measured, document=document)
                for change in Change:
                    yield from _shift(found, item, change)


def _shift(found: WhatIf, item: MeasurementItem, change: Change) -> Iterator[Shift]:
    now = found.supported().rank
    if change.is_worse and now == 0:
        return
    tiers: dict[int, Tier] = {}

    def moves(count: int) -> bool:
        evidence = with_change(found.evidence, item, change, count)
        tiers[count] = found.with_evidence(evidence, item.measurement.metric)
        then = tiers[count].rank
        return then < now if change.is_worse else then > now

    least = _least(moves, _most(item.measurement, change))
    if least is not None:
        rows = [row for row, many in _rows(item.measurement) for _ in range(many)]
        yield Shift(
            item=item.id,
            metric=item.measurement.metric,
            variant=item.measurement.setting.variant,
            organisation=item.document.producer.organisation,
            adverse=sum(adverse > 0 for adverse, _, _ in rows),
            behaviours=len(rows),
            change=change,
            count=least,
            supported=tiers[least],
        )


def _least(moves: Callable[[int], bool], most: int) -> int | None:
    """Return a count that moves something where one less does not; None when ``most`` do not."""
    if most < 1 or not moves(most):
        return None
    low, high = 0, 1
    while high < most and not moves(high):
        low, high = high, 2 * high
    high = min(high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if moves(middle) else (middle, high)
    return high


def with_change(
    evidence: Collection, item: MeasurementItem, change: Change, count: int
) -> Collection:
    """Return evidence in which one measurement came out otherwise.

    The document keeps its digest, so that whoever vouched for it still does.
    """
    index = int(item.id.rpartition("#m")[2])
    measured = list(item.document.measurements)
    measured[index] = changed(item.measurement, change, count)
    document = dataclasses.replace(item.document, measurements=tuple(measured))
    kept = tuple(document if d is item.document else d for d in evidence.documents)
    return dataclasses.replace(evidence, documents=kept)


def changed(measured: Measurement, change: Change, count: int) -> Measurement:
    """Return a measurement of counts with ``count`` behaviours changed, or all that can be."""
    value = measured.value
    assert isinstance(value, Counts)  # noqa: S101 - sizes are never changed
    rows = dict(_rows(measured))
    if change in {Change.FURTHER_ADVERSE, Change.FURTHER_CLEAN}:
        added = _further(rows, change)
        rows[added] = rows.get(added, 0) + count
        planned = value.planned + count * (added[0] + added[1])
    else:
        _turn(rows, change, count)
        planned = value.planned
    riskier = measured.direction is Direction.HIGHER_IS_RISKIER
    tallies = (
        Tally(
            successes=adverse if riskier else clean,
            scored=adverse + clean,
            unscored=unscored,
            behaviours=many,
        )
        for (adverse, clean, unscored), many in rows.items()
        if many
    )
    counts = dataclasses.replace(value, tallies=tuple(sorted(tallies)), planned=planned)
    return dataclasses.replace(measured, value=counts, behaviours=())


def _further(rows: dict[_Row, int], change: Change) -> _Row:
    """Return one further behaviour, tried as often as most of those that were measured."""
    often = max(rows, key=lambda row: (rows[row], sum(row)), default=(0, 1, 0))
    attempts = sum(often)
    return (attempts, 0, 0) if change is Change.FURTHER_ADVERSE else (0, attempts, 0)


def _turn(rows: dict[_Row, int], change: Change, count: int) -> None:
    """Make ``count`` behaviours adverse, the cleanest first, or clean, the most adverse first."""
    worse = change.is_worse
    for row in sorted(
        _can_turn(rows, change), key=lambda row: (row[0], -row[1]), reverse=not worse
    ):
        adverse, clean, unscored = row
        scored = adverse + clean
        turned = (scored, 0, unscored) if worse else (0, scored, unscored)
        many = min(count, rows[row])
        rows[row] -= many
        rows[turned] = rows.get(turned, 0) + many
        count -= many


def _can_turn(rows: dict[_Row, int], change: Change) -> list[_Row]:
    return [row for row in rows if row[1 if change.is_worse else 0] > 0]


def _most(measured: Measurement, change: Change) -> int:
    if change in {Change.FURTHER_ADVERSE, Change.FURTHER_CLEAN}:
        return MOST_FURTHER
    rows = dict(_rows(measured))
    return sum(rows[row] for row in _can_turn(rows, change))


def _rows(measured: Measurement) -> Iterator[tuple[_Row, int]]:
    value = measured.value
    assert isinstance(value, Counts)  # noqa: S101 - sizes are never changed
    riskier = measured.direction is Direction.HIGHER_IS_RISKIER
    for tally in value.tallies:
        failures = tally.scored - tally.successes
        adverse, clean = (tally.successes, failures) if riskier else (failures, tally.successes)
        yield (adverse, clean, tally.unscored), tally.behaviours
