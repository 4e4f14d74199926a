# SPDX-License-Identifier: Apache-2.0
"""Releases that used a tiering element or lacked one, and what removing safeguards cost."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from tiergate.errors import InputError
from tiergate.landscape.vintage import Row, Vintage

USD_PER_GPU_HOUR = 2
"""What an hour on an accelerator costs where only hours are published: the price that the figures
for GLM-5.3 imply, 2,200 hours for about 4,400 dollars."""


class Unit(enum.StrEnum):
    """In what a cost was published."""

    USD = "usd"
    GPU_HOURS = "gpu_hours"
    NONE = ""
    """In nothing that is money or time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Something that happened to a release."""

    date: str
    """When."""
    who: str
    """Who did it."""
    what: str
    """What it was done to."""
    happened: str
    """What happened."""
    element: str
    """The element of tiering in it."""
    row: Row
    """Where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What it took to remove a safeguard, or to fail."""

    model: str
    """From which model."""
    method: str
    """How."""
    cost: str
    """What it took, as published."""
    metric: str
    """What was counted."""
    before: str
    """Before; empty when that was not published."""
    after: str
    """After."""
    usd: float | None
    """What it took in US dollars; None where neither money nor time was published."""
    is_computed: bool
    """Whether the dollars were computed from hours."""
    bound: str
    """``at most`` or ``about``; empty without an amount."""
    row: Row
    """Where it stands."""


def cases(vintage: Vintage) -> tuple[Case, ...]:
    """Return the release cases, the newest first.

    Raises:
        InputError: one has no date.
    """
    found = (
        Case(
            date=row.when("date"),
            who=row["who"],
            what=row["what"],
            happened=row["happened"],
            element=row["element"],
            row=row,
        )
        for row in vintage.rows("release cases")
    )
    return tuple(sorted(found, key=lambda case: case.date, reverse=True))


def costs(vintage: Vintage) -> tuple[Cost, ...]:
    """Return what removing safeguards cost, in the order of the table.

    Raises:
        InputError: an amount is no number, or in a unit that this program does not know.
    """
    return tuple(map(_cost, vintage.rows("safeguard removal")))


def _cost(row: Row) -> Cost:
    unit = _unit(row)
    price = {Unit.USD: 1, Unit.GPU_HOURS: USD_PER_GPU_HOUR, Unit.NONE: 0}[unit]
    return Cost(
        model=row["model"],
        method=row["method"],
        cost=row["cost"],
        metric=row["metric"],
        before=row["before"],
        after=row["after"],
        usd=row.number("amount") * price if price else None,
        is_computed=unit is Unit.GPU_HOURS,
        bound=row["bound"],
        row=row,
    )


def _unit(row: Row) -> Unit:
    try:
        return Unit(row["unit"])
    except ValueError:
        where = f"{row.table.file}, row {row.line - 1}"
        known = f"one of {', '.join(filter(None, Unit))}, or nothing"
        raise InputError(where, f"unit {row['unit']!r}", known) from None
