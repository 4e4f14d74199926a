# SPDX-License-Identifier: Apache-2.0
"""What the pages of the landscape are made of: cells that each name the rows they are from.

A cell says how its text follows from its rows, so that anybody can follow it back.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

from tiergate.landscape.matrix import Duty, row_id
from tiergate.landscape.obligations import Obligation
from tiergate.landscape.vintage import Row
from tiergate.report.charts import Chart


class Rule(enum.StrEnum):
    """How the text of a cell follows from its rows."""

    VERBATIM = "verbatim"
    """It stands there, in the column that is named."""
    ROUNDED = "rounded"
    """It is the number that stands there, with one decimal."""
    SORTED = "sorted"
    """It is the class that this program puts what stands there in."""
    COUNTED = "counted"
    """It says how many of the rows have something."""
    COMPUTED = "computed"
    """It is a difference of numbers or of days that stand there, or a product."""
    DATED = "dated"
    """It is the day of the source, or the day on which that was read."""
    DECIDED = "decided"
    """It is what a decision says about what stands there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A statement, with the rows that it is from."""

    text: str
    """What it says; empty where the row says nothing."""
    rows: tuple[str, ...]
    """Ids of its rows, the first one linked."""
    rule: Rule = Rule.VERBATIM
    """How the text follows from the rows."""
    column: str = ""
    """The column of the first row that it is from, where there is one."""
    key: str = ""
    """What to sort by; empty when that is the text."""
    mark: str = ""
    """What a reader has to know of how it is known; empty for primary text."""
    tone: str = ""
    """How it looks: the name of a class of the style sheet."""
    more: tuple[str, str] = ("", "")
    """Further words verbatim from the first row, and their column."""
    is_linked: bool = False
    """Whether the text itself leads to the first row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a sheet."""

    cells: tuple[Cell, ...]
    """Its cells, the first one its heading."""
    sources: tuple[Cell, ...] = ()
    """Where the line is from; empty where every cell leads to its own row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table of a page."""

    id: str
    """Its place on the page."""
    title: str
    """Heading."""
    columns: tuple[str, ...]
    """Names of the columns, without that of the sources."""
    lines: tuple[Line, ...]
    """Its lines."""
    remarks: tuple[str, ...] = ()
    """What to know before reading, in words that claim nothing about the world."""

    @property
    def has_sources(self) -> bool:
        """Whether there is a column for sources."""
        return any(line.sources for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A chart, with what to know of it."""

    title: str
    """Heading."""
    caption: str
    """How to read it."""
    chart: Chart
    """The chart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Statements under a heading."""

    title: str
    """Heading."""
    statements: tuple[Cell, ...]
    """What is said."""
    remarks: tuple[str, ...] = ()
    """What to know before reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the site."""

    name: str
    """Its file, without the ending."""
    label: str
    """What the other pages call it."""
    title: str
    """Its title."""
    lead: str
    """What it is about."""
    parts: tuple[Sheet | Figure | Group, ...]
    """What it shows, in order."""


_DAYS = {"date", "released", "published", "as_of"}
"""Columns of days, which are not broken between lines."""


def cell(row: Row, column: str, **how: object) -> Cell:
    """Return what stands in a column of a row."""
    if column in _DAYS:
        how.setdefault("tone", "nowrap")
    return Cell(text=row[column], rows=(row.id,), column=column, **how)  # type: ignore[arg-type]


def rounded(row: Row, column: str) -> Cell:
    """Return the number that stands in a column of a row, with one decimal; empty where none."""
    if not row[column]:
        return cell(row, column)
    number = row.number(column)
    return Cell(
        text=f"{number:.1f}",
        rows=(row.id,),
        column=column,
        rule=Rule.ROUNDED,
        key=f"{number:012.4f}",
        tone="num",
    )


def origin(row: Row) -> Cell:
    """Return where a row is from, for the last column of its line."""
    is_own = row.table.rows_have_sources
    text = row.source_date if is_own else f"read {row.source_date}"
    return _origin(row.id, text, row.read_as.mark)


def origin_of(obligation: Obligation) -> Cell:
    """Return where an obligation is from, for the last column of its line."""
    return _origin(row_id(obligation.id), obligation.document.date, obligation.read_as.mark)


def _origin(row: str, text: str, mark: str) -> Cell:
    return Cell(text=text, rows=(row,), rule=Rule.DATED, mark=mark, tone="nowrap", is_linked=True)


def of_duty(duty: Duty, column: str, say: Callable[[Obligation], str]) -> Cell:
    """Return what a record of an obligation says."""
    return Cell(text=say(duty.obligation), rows=(duty.row,), column=column)
