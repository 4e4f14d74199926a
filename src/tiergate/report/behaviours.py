# SPDX-License-Identifier: Apache-2.0
"""The measurements of a metric beside each other, behaviour by behaviour.

*Adverse* is what speaks against the model: a success where more is riskier, a failure
where more is safer. Behaviours of one name are the same only within one data set, so
measurements on different ones are not put beside each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tiergate.evidence.collection import Collection, MeasurementItem
from tiergate.evidence.measurement import BehaviourResult, Counts, Direction, Measurement, Variant
from tiergate.report.forest import setting_words
from tiergate.report.measured import ordered


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Cell:
    """What one measurement counted on one behaviour."""

    adverse: int
    """Attempts that speak against the model."""
    scored: int
    """Attempts with a score."""
    unscored: int
    """Attempts without one."""

    @property
    def attempts(self) -> int:
        """Attempts made."""
        return self.scored + self.unscored


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourRow:
    """One measurement, behaviour by behaviour."""

    number: int
    """Its number on the page."""
    variant: Variant
    """Form of the model."""
    label: str
    """Form of the model, and the attack."""
    cells: tuple[Cell | None, ...]
    """In the order of the group's behaviours; None where it did not try."""
    never_made: int
    """Attempts that were planned and never made, on whichever behaviour."""
    checked_by_people: bool
    """Whether people's labels stand in for the grader's in its bounds, and not here."""

    @property
    def tried(self) -> tuple[Cell, ...]:
        """The cells of the behaviours that it tried."""
        return tuple(cell for cell in self.cells if cell is not None)

    @property
    def usual_attempts(self) -> int:
        """The most common number of attempts on a behaviour, the larger of several."""
        found = Counter(cell.attempts for cell in self.tried)
        return max(found, key=lambda attempts: (found[attempts], attempts))

    @property
    def hit(self) -> int:
        """Behaviours on which an attempt was adverse."""
        return sum(cell.adverse > 0 for cell in self.tried)


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourGroup:
    """Measurements of one metric on one data set."""

    number: int
    """Number on the page, from 1."""
    metric: str
    """The metric."""
    dataset: str
    """The data set as stated, or the task where none is."""
    direction: Direction
    """Which way the metric points."""
    behaviours: tuple[str, ...]
    """Every behaviour that was tried: those on which most was adverse first."""
    rows: tuple[BehaviourRow, ...]
    """The measurements, in the order of the page; never empty."""


def behaviour_groups(evidence: Collection) -> tuple[BehaviourGroup, ...]:
    """Return the measurements that name their behaviours, in groups; in the page's order."""
    found: dict[tuple[str, ...], list[tuple[int, MeasurementItem]]] = {}
    for number, item in enumerate(ordered(evidence), start=1):
        if item.measurement.behaviours:
            found.setdefault(_key(item.measurement), []).append((number, item))
    return tuple(
        _group(number, key[-1], items) for number, (key, items) in enumerate(found.items(), start=1)
    )


def _key(found: Measurement) -> tuple[str, ...]:
    return (
        found.metric,
        found.direction,
        found.conduct.dataset_digest,
        found.dataset or found.task,
    )


def _group(
    number: int, dataset: str, items: Iterable[tuple[int, MeasurementItem]]
) -> BehaviourGroup:
    kept = [(place, item, _cells(item.measurement)) for place, item in items]
    tables = [cells for _, _, cells in kept]
    names = sorted({name for cells in tables for name in cells}, key=lambda n: _rank(n, tables))
    first = kept[0][1].measurement
    return BehaviourGroup(
        number=number,
        metric=first.metric,
        dataset=dataset,
        direction=first.direction,
        behaviours=tuple(names),
        rows=tuple(_row(place, item.measurement, names, cells) for place, item, cells in kept),
    )


def _cells(found: Measurement) -> dict[str, Cell]:
    riskier = found.direction is Direction.HIGHER_IS_RISKIER
    return {result.behaviour: _cell(result, riskier=riskier) for result in found.behaviours}


def _cell(result: BehaviourResult, *, riskier: bool) -> Cell:
    adverse = result.successes if riskier else result.scored - result.successes
    return Cell(adverse=adverse, scored=result.scored, unscored=result.unscored)


def _rank(name: str, tables: list[dict[str, Cell]]) -> tuple[int, int, int, str]:
    cells = [cells[name] for cells in tables if name in cells]
    return (
        -sum(cell.adverse > 0 for cell in cells),
        -sum(cell.adverse for cell in cells),
        -sum(cell.unscored for cell in cells),
        name,
    )


def _row(number: int, found: Measurement, names: list[str], cells: dict[str, Cell]) -> BehaviourRow:
    return BehaviourRow(
        number=number,
        variant=found.setting.variant,
        label=_label(found),
        cells=tuple(cells.get(name) for name in names),
        never_made=found.value.not_attempted if isinstance(found.value, Counts) else 0,
        checked_by_people=found.audit is not None,
    )


def _label(found: Measurement) -> str:
    attack = found.attack
    return setting_words(found) if attack is None else f"{setting_words(found)}: {attack.name}"


def histogram(row: BehaviourRow) -> tuple[tuple[Cell, int], ...]:
    """Return each result with the number of behaviours that have it, most adverse first."""
    return tuple(sorted(Counter(row.tried).items(), key=_worst_first))


def _worst_first(kind: tuple[Cell, int]) -> tuple[float, int, int]:
    cell = kind[0]
    return (-cell.adverse / max(1, cell.scored), -cell.unscored, -cell.scored)


def eventful(group: BehaviourGroup) -> tuple[tuple[str, tuple[tuple[int, Cell], ...]], ...]:
    """Return the behaviours on which something was adverse or has no score, in their order.

    Each comes with the measurements of which that is so, by number.
    """
    found = ((name, tuple(_events(at, group))) for at, name in enumerate(group.behaviours))
    return tuple((name, cells) for name, cells in found if cells)


def _events(at: int, group: BehaviourGroup) -> Iterator[tuple[int, Cell]]:
    for row in group.rows:
        cell = row.cells[at]
        if cell is not None and (cell.adverse or cell.unscored):
            yield row.number, cell
