# SPDX-License-Identifier: Apache-2.0
"""What was known on one day: tables with their source, date and licence.

A vintage is a folder with ``vintage.yaml`` and CSV files. Tables of two vintages are never mixed,
because a source may fit its figures anew; whatever is printed from one carries its id. That is
the day of its capability index; every other table says when it was read itself.

A table is of one source, or each of its rows names its own in columns for that. A row without
source, date, licence or a word on how it is known does not load.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from tiergate.errors import DigestMismatchError, InputError
from tiergate.landscape.sources import ReadAs, RowReadAs, a_date

LARGEST_BYTES = 64 * 1024 * 1024
"""Of one file."""
ADDRESS = r"^https://\S+$"
"""What an address of a source looks like."""
ROW_COLUMNS = ("source_url", "source_date", "source_note", "read_as", "licence")
"""Columns of a table whose rows name their own sources."""
_NAME = "vintage.yaml"
Words = Annotated[str, Field(min_length=1)]
_T = TypeVar("_T")


class Part(BaseModel):
    """Base of every part of the file that describes a vintage."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class TablePart(Part):
    """One table: where it is from and what may be done with it."""

    name: Words
    """Its name."""
    file: Annotated[str, Field(pattern=r"^[a-z0-9-]+\.csv$")]
    """Its file, beside the description."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Digest of that file."""
    key: tuple[str, ...]
    """Columns that together name a row; none where rows have no name."""
    rows_have_sources: bool = False
    """Whether each row names its own source, in columns for that; left out when none does."""
    source: Annotated[str, Field(pattern=ADDRESS)] | None = None
    """Where the data is published; left out only where each row names its own."""
    taken_from: Words
    """Digest of the published file."""
    read: Annotated[str, AfterValidator(a_date)]
    """When it was fetched."""
    basis: ReadAs
    """How it is known."""
    licence: Words
    """SPDX id of its licence."""
    credit: Words
    """Whom to name."""
    changed: Words
    """What was changed against the published file."""

    @model_validator(mode="after")
    def _has_a_source(self) -> Self:
        if self.source is None and not self.rows_have_sources:
            raise ValueError("no source: an address, or rows_have_sources where each row has one")
        return self


class VintagePart(Part):
    """The description of a vintage."""

    format: Literal["tiergate-vintage/1"]
    """Version of this format."""
    id: Annotated[str, AfterValidator(a_date)]
    """The day that its capability index is of."""
    tables: tuple[TablePart, ...]
    """Its tables."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for what, names in (
            ("table", [table.name for table in self.tables]),
            ("file", [table.file for table in self.tables]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"the {what} {', '.join(twice)} stands here twice")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row, with what anybody needs to find it again."""

    values: Mapping[str, str]
    """What it says, by column."""
    line: int
    """Its line in the file; the first row after the names of the columns is 2."""
    table: TablePart
    """The table that it is of."""
    vintage: str
    """The vintage that it is of."""

    def __getitem__(self, column: str) -> str:
        """Return what stands in a column.

        Raises:
            InputError: there is no such column.
        """
        try:
            return self.values[column]
        except KeyError:
            known = ", ".join(self.values)
            raise InputError(self.table.file, f"no column {column!r}", known) from None

    def number(self, column: str, least: float = -math.inf, most: float = math.inf) -> float:
        """Return the number that stands in a column.

        Raises:
            InputError: there is no such column, or no finite number in it from the least to the
                most that it may be.
        """

        def within(text: str) -> float:
            number = _finite(text)
            if not least <= number <= most:
                raise ValueError(text)
            return number

        bounded = "a number" if math.isinf(most) else f"a number from {least:g} to {most:g}"
        return self._read(column, within, bounded)

    def when(self, column: str) -> str:
        """Return the day, month or year that stands in a column.

        Raises:
            InputError: there is no such column, or none of them in it.
        """
        return self._read(column, a_date, "a day, month or year")

    def day(self, column: str) -> date:
        """Return the day that stands in a column.

        Raises:
            InputError: there is no such column, or no day in it.
        """
        return self._read(column, date.fromisoformat, "a day, as in 2026-08-11")

    def _read(self, column: str, read: Callable[[str], _T], expected: str) -> _T:
        try:
            return read(self[column])
        except ValueError:
            where = f"{self.table.file}, row {self.line - 1}"
            raise InputError(where, f"{column} {self[column]!r}", expected) from None

    @property
    def id(self) -> str:
        """A name that no other row of the vintage has."""
        return f"{self.table.name.replace(' ', '-')}-{self.line - 1}"

    @property
    def source_url(self) -> str:
        """Where it is published."""
        return self._own("source_url", self.table.source or "")

    @property
    def source_date(self) -> str:
        """Day, month or year of the source; of a table of one source, when that was read."""
        return self._own("source_date", self.table.read)

    @property
    def source_note(self) -> str:
        """What else there is to know of the source; empty when nothing."""
        return self._own("source_note", "")

    @property
    def read_as(self) -> RowReadAs:
        """How it is known."""
        return RowReadAs(self._own("read_as", self.table.basis))

    @property
    def licence(self) -> str:
        """SPDX id of its licence."""
        return self._own("licence", self.table.licence)

    @property
    def mark(self) -> str:
        """What a reader has to know of how it is known, in brackets; empty for primary text."""
        return f" [{self.read_as.mark}]" if self.read_as.mark else ""

    @property
    def source(self) -> str:
        """Say where it is from, in one line."""
        mark = f", {self.read_as.mark}" if self.read_as.mark else ""
        row = f"row {self.line - 1}"
        if self.table.rows_have_sources:
            note = f" ({self.source_note})" if self.source_note else ""
            where = f"{self.source_url}{note}, {self.source_date}; {row} of {self.table.name}"
        else:
            where = f"{self.table.credit}, {self.source_url}, read {self.source_date}, {row}"
        return f"{where} ({self.licence}{mark})"

    def _own(self, column: str, otherwise: str) -> str:
        return self.values[column] if self.table.rows_have_sources else otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Vintage:
    """Everything that was known on one day."""

    id: str
    """That day."""
    tables: Mapping[str, tuple[Row, ...]]
    """Its rows, by name of the table."""

    def rows(self, table: str) -> tuple[Row, ...]:
        """Return the rows of a table.

        Raises:
            InputError: it has none of that name.
        """
        try:
            return self.tables[table]
        except KeyError:
            known = ", ".join(sorted(self.tables))
            raise InputError(f"vintage {self.id}", f"no table {table!r}", known) from None


@cache
def shipped() -> Vintage:
    """Return the newest vintage that comes with the program."""
    folder = resources.files("tiergate.landscape") / "vintages"
    newest = max(entry.name for entry in folder.iterdir() if (entry / _NAME).is_file())
    return _load(folder / newest, newest)


def load_vintage(folder: Path) -> Vintage:
    """Read a vintage.

    Raises:
        InputError: it is none, or a table has other columns than it should, rows twice, or no
            source or licence, as a whole or in a row.
        DigestMismatchError: a table was changed.
    """
    if not (folder / _NAME).is_file():
        raise InputError(str(folder), f"no {_NAME}", "a folder with one")
    return _load(folder, str(folder))


def _load(folder: Traversable, where: str) -> Vintage:
    described = _described(_content(folder / _NAME, where), f"{where}/{_NAME}")
    tables = {
        part.name: tuple(_rows(folder / part.file, part, described.id, f"{where}/{part.file}"))
        for part in described.tables
    }
    return Vintage(id=described.id, tables=tables)


def _described(content: bytes, where: str) -> VintagePart:
    try:
        return VintagePart.model_validate(yaml.safe_load(content))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(where, f"no valid YAML ({error})", "a description") from None
    except ValidationError as error:
        found = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg'].removeprefix('Value error, ')}"
            for each in error.errors()
        ).removeprefix(": ")
        raise InputError(where, found, "every table with source, date and licence") from None


def _require_source(values: Mapping[str, str], number: int, where: str) -> None:
    """Refuse a row that does not say where it is from, from when, how it is known and its licence.

    Raises:
        InputError: it does not.
    """
    for column, expected, is_right in (
        ("source_url", "an address", lambda text: re.match(ADDRESS, text)),
        ("source_date", "a day, month or year", _is_date),
        ("read_as", f"one of {', '.join(RowReadAs)}", lambda text: text in set(RowReadAs)),
        ("licence", "the SPDX id of its licence", str.strip),
    ):
        if not is_right(values[column]):
            raise InputError(f"{where}, row {number}", f"{column} {values[column]!r}", expected)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _is_date(text: str) -> bool:
    try:
        a_date(text)
    except ValueError:
        return False
    return True


def _rows(file: Traversable, part: TablePart, vintage: str, where: str) -> Iterator[Row]:
    content = _content(file, where)
    digest = hashlib.sha256(content).hexdigest()
    if digest != part.sha256:
        raise DigestMismatchError(where, digest, part.sha256)
    reader = _read_fields(content, where)
    columns = next(reader, [])
    own = ROW_COLUMNS if part.rows_have_sources else ()
    _require_columns(columns, (*part.key, *own), where)
    seen: set[tuple[str, ...]] = set()
    for line, fields in enumerate(reader, 2):
        if len(fields) != len(columns):
            found = f"{len(fields)} fields in row {line - 1}"
            raise InputError(where, found, f"{len(columns)}")
        values = dict(zip(columns, fields, strict=True))
        name = tuple(values[column] for column in part.key)
        if name and name in seen:
            raise InputError(where, f"{' '.join(name)!r} twice", "one row of each name")
        seen.add(name)
        if part.rows_have_sources:
            _require_source(values, line - 1, where)
        yield Row(values=values, line=line, table=part, vintage=vintage)


def _read_fields(content: bytes, where: str) -> Iterator[list[str]]:
    """Yield the fields of each row.

    Raises:
        InputError: it is no CSV in UTF-8.
    """
    try:
        yield from csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(where, f"no CSV in UTF-8 ({error})", "a table") from None


def _require_columns(columns: Sequence[str], key: Sequence[str], where: str) -> None:
    missing = [column for column in key if column not in columns]
    if missing or len(set(columns)) != len(columns):
        found = f"the columns {', '.join(columns) or 'none'}"
        raise InputError(where, found, f"each once, {', '.join(key)} among them")


def _content(file: Traversable, where: str) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise InputError(where, f"not readable ({error})", "a file of the vintage") from None
    if len(content) > LARGEST_BYTES:
        raise InputError(where, "a larger file", f"at most {LARGEST_BYTES} bytes")
    return content
