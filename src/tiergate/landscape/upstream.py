# SPDX-License-Identifier: Apache-2.0
"""Files that the tables of the capability index are made of, and what must hold in them.

The publisher fits its index anew with every update and keeps no history, so that the three files
belong together and are taken together.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tiergate.errors import InputError

Check = Callable[[str, date], str]
"""Takes a field and the day of the fetch; returns what is expected, empty when it is that."""


def _anything(_field: str, _day: date) -> str:
    return ""


def _words(field: str, _day: date) -> str:
    return "" if field.strip() else "a name"


def _number(least: float, most: float, *, may_be_empty: bool = False) -> Check:
    def check(field: str, _day: date) -> str:
        if not field and may_be_empty:
            return ""
        try:
            value = float(field)
        except ValueError:
            value = math.nan
        return "" if least <= value <= most else f"a number from {least:g} to {most:g}"

    return check


def _perhaps_a_release(field: str, day: date) -> str:
    return _release(field, day) if field else ""


def _release(field: str, day: date) -> str:
    try:
        released = date.fromisoformat(field)
    except ValueError:
        return "a day"
    # It may be tomorrow already where the file was written.
    is_possible = date(1990, 1, 1) <= released <= day + timedelta(days=1)
    return "" if is_possible else f"a day from 1990 to {day}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column that is taken over."""

    theirs: str
    """What the publisher calls it."""
    ours: str
    """What the table calls it."""
    check: Check
    """What its fields must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """A file of the publisher, and the table that is made of it."""

    table: str
    """Name of the table."""
    address: str
    """Where the publisher has it."""
    columns: tuple[Column, ...]
    """Columns of the table, in their order."""
    key: tuple[str, ...]
    """Columns of the table that name a row."""
    moves: str
    """Column of the table whose change is a move."""

    @property
    def file(self) -> str:
        """Its name at the publisher."""
        return self.address.rpartition("/")[2]


_INDEX = _number(0, 230)
_BAND = _number(0, 300, may_be_empty=True)
UPSTREAM = (
    Upstream(
        table="capability index",
        address="https://epoch.ai/data/eci_scores.csv",
        columns=(
            Column(theirs="Model", ours="model", check=_words),
            Column(theirs="eci", ours="index", check=_INDEX),
            Column(theirs="eci_ci_low", ours="index_low", check=_BAND),
            Column(theirs="eci_ci_high", ours="index_high", check=_BAND),
            Column(theirs="date", ours="released", check=_release),
            Column(theirs="Organization", ours="organisation", check=_anything),
            Column(theirs="Country (of organization)", ours="country", check=_anything),
            Column(theirs="Model accessibility", ours="access", check=_words),
        ),
        key=("model",),
        moves="index",
    ),
    Upstream(
        table="benchmarks",
        address="https://epoch.ai/data/edi_scores.csv",
        columns=(
            Column(theirs="benchmark_name", ours="benchmark", check=_words),
            Column(theirs="edi", ours="difficulty", check=_number(0, 300)),
            Column(theirs="estimated_slope_scaled", ours="slope", check=_number(1e-4, 10)),
            Column(theirs="benchmark_release_date", ours="released", check=_perhaps_a_release),
        ),
        key=("benchmark",),
        moves="difficulty",
    ),
    Upstream(
        table="scores",
        address="https://epoch.ai/data/eci_benchmarks.csv",
        columns=(
            # Empty where the index has no such model.
            Column(theirs="Model", ours="model", check=_anything),
            Column(theirs="benchmark", ours="benchmark", check=_words),
            Column(theirs="performance", ours="score", check=_number(0, 1)),
            Column(theirs="source", ours="source", check=_anything),
        ),
        # The publisher itself has some rows twice here.
        key=(),
        moves="",
    ),
)


def taken_over(raw: bytes, upstream: Upstream, fewest: int, day: date) -> bytes:
    """Return the table that is made of a publisher's file.

    Args:
        raw: the file.
        upstream: which one it is.
        fewest: rows below which it cannot be all of it.
        day: when it was fetched.

    Raises:
        InputError: it is no such table, ends early, a field is none that can be, or a row
            stands there twice.
    """
    where = upstream.file
    rows = _rows(raw, upstream, where)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.ours for column in upstream.columns])
    seen: set[tuple[str, ...]] = set()
    count = 0
    for count, fields in enumerate(rows, 1):
        _require(fields, upstream, f"{where}, row {count}", day)
        named = dict(zip((column.ours for column in upstream.columns), fields, strict=True))
        name = tuple(named[column] for column in upstream.key)
        if name and name in seen:
            raise InputError(f"{where}, row {count}", f"{name[0]!r} again", "each once")
        seen.add(name)
        writer.writerow(fields)
    if count < fewest:
        raise InputError(where, f"{count} rows", f"at least {fewest}, nine tenths of those before")
    return text.getvalue().encode()


def _rows(raw: bytes, upstream: Upstream, where: str) -> Iterator[list[str]]:
    """Yield the fields of each row that are taken over."""
    if raw.lstrip()[:1] == b"<":
        raise InputError(where, "a page for people", "a table")
    if not raw.endswith(b"\n"):
        raise InputError(where, "a last line without an end", "a whole file")
    try:
        reader = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True)
        names = next(reader, [])
        places = _places(names, upstream, where)
        for number, fields in enumerate(reader, 1):
            if len(fields) != len(names):
                found = f"{len(fields)} fields"
                raise InputError(f"{where}, row {number}", found, f"{len(names)}")
            yield [fields[place] for place in places]
    except UnicodeDecodeError:
        raise InputError(where, "bytes that are no UTF-8", "a table") from None
    except csv.Error as error:
        raise InputError(where, f"no table ({error})", "comma-separated values") from None


def _places(names: Sequence[str], upstream: Upstream, where: str) -> list[int]:
    wanted = [column.theirs for column in upstream.columns]
    missing = [name for name in wanted if names.count(name) != 1]
    if missing:
        found = f"not exactly one column {', '.join(map(repr, missing))}"
        raise InputError(where, found, f"the columns {', '.join(wanted)}")
    return [names.index(name) for name in wanted]


def _require(fields: Sequence[str], upstream: Upstream, where: str, day: date) -> None:
    for column, field in zip(upstream.columns, fields, strict=True):
        if expected := column.check(field, day):
            raise InputError(f"{where}, {column.theirs}", repr(field[:80]), expected)
