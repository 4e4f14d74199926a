# SPDX-License-Identifier: Apache-2.0
"""What was known on one day: tables with their source, date and licence.

A vintage is a folder with ``vintage.yaml`` and CSV files. Tables of two vintages are never mixed,
because a source may fit its figures anew; whatever is printed from one carries its id.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from tiergate.errors import DigestMismatchError, InputError
from tiergate.landscape.sources import ReadAs, a_date

LARGEST_BYTES = 64 * 1024 * 1024
"""Of one file."""
_NAME = "vintage.yaml"
Words = Annotated[str, Field(min_length=1)]


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
    source: Annotated[str, Field(pattern=r"^https://\S+$")]
    """Where the data is published."""
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


class VintagePart(Part):
    """The description of a vintage."""

    format: Literal["tiergate-vintage/1"]
    """Version of this format."""
    id: Annotated[str, AfterValidator(a_date)]
    """The day that it is of."""
    tables: tuple[TablePart, ...]
    """Its tables."""


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
        """Return what stands in a column."""
        return self.values[column]

    @property
    def source(self) -> str:
        """Say where it is from, in one line."""
        mark = f", {self.table.basis.mark}" if self.table.basis.mark else ""
        return (
            f"{self.table.credit}, {self.table.source}, read {self.table.read}, row"
            f" {self.line - 1} ({self.table.licence}{mark})"
        )


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
        InputError: it is none, a table has other columns than its key says, rows twice, or no
            source or licence.
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
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()
        )
        raise InputError(where, found, "every table with source, date and licence") from None


def _rows(file: Traversable, part: TablePart, vintage: str, where: str) -> Iterator[Row]:
    content = _content(file, where)
    digest = hashlib.sha256(content).hexdigest()
    if digest != part.sha256:
        raise DigestMismatchError(where, digest, part.sha256)
    reader = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
    columns = next(reader, [])
    _require_columns(columns, part.key, where)
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
        yield Row(values=values, line=line, table=part, vintage=vintage)


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
