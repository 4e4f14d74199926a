# SPDX-License-Identifier: Apache-2.0
"""What can be downloaded already, and how far behind the closed models that is.

"Behind" has more than one meaning, and figures differ by it, so that each carries its own.
Models of which it is not known whether their weights are open are neither open nor closed.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tiergate.landscape.placement import INDEX, SLOPE, Item
from tiergate.landscape.vintage import Row, Vintage

_DAYS_PER_MONTH = 30.4375
_PACE_DAYS = 731
"""Two years: shorter, and one model makes the pace."""


class Weights(enum.StrEnum):
    """Whether the weights of a model can be downloaded, by licence class."""

    UNRESTRICTED = "open, unrestricted"
    RESTRICTED = "open, restricted use"
    NON_COMMERCIAL = "open, non-commercial"
    CLOSED = "closed"
    UNKNOWN = "unknown"

    @property
    def is_open(self) -> bool:
        """Whether anybody can download them."""
        return self in {self.UNRESTRICTED, self.RESTRICTED, self.NON_COMMERCIAL}


_ACCESS = {
    "Open weights (unrestricted)": Weights.UNRESTRICTED,
    "Open weights (restricted use)": Weights.RESTRICTED,
    "Open weights (non-commercial)": Weights.NON_COMMERCIAL,
    "API access": Weights.CLOSED,
    "Hosted access (no API)": Weights.CLOSED,
    "Unreleased": Weights.CLOSED,
    "Unknown": Weights.UNKNOWN,
}
"""Classes of the source; one that is not here is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A model of a vintage."""

    name: str
    """Its name."""
    organisation: str
    """Whose it is."""
    index: float
    """Its general capability."""
    released: date
    """When it was released."""
    weights: Weights
    """Whether its weights can be downloaded."""
    row: Row
    """Where that stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How far something is behind the closed models."""

    months: float | None
    """Months; None when no closed model is known to have reached that."""
    first: Known | None
    """The first closed model that had."""
    definition: str
    """What was counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How far something is behind the best closed model, in time at the pace of the closed ones."""

    months: float
    """Months."""
    points: float
    """Points of the index."""
    points_per_month: float
    """How fast the best closed model rose."""
    best: Known
    """The best closed model."""
    definition: str
    """What was counted."""


def known(vintage: Vintage, *, until: date | None = None) -> tuple[Known, ...]:
    """Return the models of a vintage, the most capable first.

    Args:
        vintage: where they stand.
        until: only those that had been released by the end of this day; None for all.
    """
    found = [
        Known(
            name=row["model"],
            organisation=row["organisation"],
            index=row.number("index", *INDEX),
            released=row.day("released"),
            weights=_ACCESS.get(row["access"], Weights.UNKNOWN),
            row=row,
        )
        for row in vintage.rows("capability index")
    ]
    out = (model for model in found if until is None or model.released <= until)
    return tuple(sorted(out, key=lambda model: (-model.index, model.name)))


def items(vintage: Vintage) -> dict[str, Item]:
    """Return the parameters of the benchmarks of a vintage, by name.

    Raises:
        InputError: one is none that a benchmark can have.
    """
    return {
        row["benchmark"]: Item(
            difficulty=row.number("difficulty", *INDEX), slope=row.number("slope", *SLOPE)
        )
        for row in vintage.rows("benchmarks")
    }


def downloadable(models: Iterable[Known], index: float) -> tuple[Known, ...]:
    """Return the models at or above a capability that anybody can download."""
    return tuple(model for model in models if model.weights.is_open and model.index >= index)


def age(models: Iterable[Known], index: float, at: date) -> Lag:
    """Say how long before a day a closed model first reached a capability.

    Models that were released after that day do not count.
    """
    first = _first_closed((model for model in models if model.released <= at), index)
    months = None if first is None else _months(first.released, at)
    definition = f"months from the first closed model at or above it to {at}"
    return Lag(months=months, first=first, definition=definition)


def at_pace(models: Iterable[Known], index: float, end: date) -> Pace | None:
    """Say how long the closed models took for the points that a capability is below their best.

    Args:
        models: those of a vintage.
        index: the capability.
        end: the last day that counts.

    Returns:
        None when no closed model is known two years before that day, when their best has not
        risen since, or when it is not above the capability.
    """
    closed = [m for m in models if m.weights is Weights.CLOSED and m.released <= end]
    before = max((m.index for m in closed if (end - m.released).days >= _PACE_DAYS), default=None)
    if before is None:
        return None
    best = max(closed, key=lambda model: model.index)
    per_month = (best.index - before) / (_PACE_DAYS / _DAYS_PER_MONTH)
    points = best.index - index
    if per_month <= 0 or points <= 0:
        return None
    return Pace(
        months=points / per_month,
        points=points,
        points_per_month=per_month,
        best=best,
        definition="points to the best closed model, at the pace at which the best closed model "
        f"rose in the two years to {end}",
    )


def catch_up(models: Iterable[Known]) -> tuple[tuple[Known, Lag], ...]:
    """Say of every open model that set a record how long closed models had been there.

    A record is a capability above that of every open model before it.
    """
    every = tuple(models)
    found: list[tuple[Known, Lag]] = []
    best = float("-inf")
    opened = sorted((m for m in every if m.weights.is_open), key=lambda m: (m.released, -m.index))
    for model in opened:
        if model.index > best:
            best = model.index
            first = _first_closed(every, model.index)
            is_behind = first is not None and first.released <= model.released
            months = _months(first.released, model.released) if first and is_behind else None
            definition = "months from the first closed model at or above it to its own release"
            lag = Lag(months=months, first=first if is_behind else None, definition=definition)
            found.append((model, lag))
    return tuple(found)


def _first_closed(models: Iterable[Known], index: float) -> Known | None:
    reached = (m for m in models if m.weights is Weights.CLOSED and m.index >= index)
    return min(reached, key=lambda model: (model.released, model.name), default=None)


def _months(first: date, last: date) -> float:
    return (last - first).days / _DAYS_PER_MONTH
