# SPDX-License-Identifier: Apache-2.0
"""The log of downloads in a form that can be searched, and what says whether the log holds.

The log itself is signed and chained and can be read from its beginning only. Here its lines
stand in a table, taken over when somebody looks. The table proves nothing: :meth:`verify`
reads the log, and makes the table anew where it says anything else.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, fields
from itertools import islice

import sqlalchemy as sa

from tiergate.attestation.keys import PublicKey
from tiergate.errors import TiergateError, VerificationError
from tiergate.gateway.acts import Acts
from tiergate.gateway.audit import FORMAT, Download
from tiergate.gateway.database import Database
from tiergate.gateway.log import Left, read_acts, read_downloads
from tiergate.gateway.log_place import LogPlace
from tiergate.gateway.tables import log_lines as table
from tiergate.release.head_files import newest_head
from tiergate.release.ledger_checks import examine_ledger
from tiergate.release.ledger_entry import Entry

_BLOCK = 2000
_FIELDS = tuple(field.name for field in fields(Download))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the log."""

    sequence: int
    """The entry that it stands in."""
    line: int
    """Its place there, from 0."""
    download: Download
    """What it says."""

    @property
    def place(self) -> str:
        """Where it is, as in ``12.0``."""
        return f"{self.sequence}.{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines somebody wants to see; what is empty leaves nothing out."""

    repository: str = ""
    """Of this repository."""
    who: str = ""
    """Of the person with this digest."""
    grant: str = ""
    """Under this grant."""
    decision: str = ""
    """Under this decision."""
    since: str = ""
    """From this time on, in RFC 3339 and UTC."""
    until: str = ""
    """Before this time."""

    def conditions(self) -> Iterator[sa.ColumnElement[bool]]:
        """Yield what has to be so."""
        for name in ("repository", "who", "grant", "decision"):
            if getattr(self, name):
                yield table.c[name] == getattr(self, name)
        if self.since:
            yield table.c.at >= self.since
        if self.until:
            yield table.c.at < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What came of reading the whole log."""

    origin: str
    """Name of the log."""
    size: int
    """Number of its entries."""
    root: str
    """Root of the tree over them, in hexadecimal."""
    lines: int
    """Number of downloads in them."""
    head: int
    """Size that the newest head states; 0 without one."""
    problems: tuple[str, ...]
    """What does not hold; empty when all of it does."""
    is_remade: bool
    """Whether the table said something else than the log, and was made anew."""


class LogLines:
    """The lines of one log."""

    def __init__(self, database: Database, place: LogPlace, key: PublicKey) -> None:
        """Read a log.

        Args:
            database: where the table is.
            place: where the log is.
            key: of the gateway, which signed it.
        """
        self._database = database
        self._place = place
        self._key = key
        self._acts = Acts(database)

    def catch_up(self) -> None:
        """Take over what the log has become.

        Raises:
            TiergateError: it cannot be read.
            OSError: the same.
        """
        with self._database.reading() as connection:
            after = connection.execute(sa.select(sa.func.max(table.c.sequence))).scalar() or 0
        with self._place.open(read_only=True) as ledger:
            entries = ledger.entries(after)
            while block := tuple(islice(entries, _BLOCK)):
                rows = [row for entry in block for row in _rows(entry)]
                # Who looks at the same time takes over the same lines.
                with suppress(sa.exc.IntegrityError), self._database.writing() as connection:
                    if rows:
                        connection.execute(table.insert(), rows)

    def page(self, wanted: Wanted, *, before: str = "", most: int = 100) -> tuple[Line, ...]:
        """Return lines, the newest first.

        Args:
            wanted: which.
            before: place of a line, for those that are older than it; empty for the newest.
            most: how many at most.
        """
        query = sa.select(table).where(*wanted.conditions())
        place = _place(before)
        if place is not None:
            query = query.where(sa.tuple_(table.c.sequence, table.c.line) < place)
        newest = query.order_by(table.c.sequence.desc(), table.c.line.desc()).limit(most)
        with self._database.reading() as connection:
            return tuple(map(_line, connection.execute(newest).mappings()))

    def copies(self, wanted: Wanted) -> tuple[Left, ...]:
        """Count what has left, by repository: what no stop and no revocation reaches."""
        who = sa.case((table.c.who == "", None), else_=table.c.who)
        # Of a marked copy the same file has another digest under each grant.
        content = sa.case((table.c.original == "", table.c.sha256), else_=table.c.original)
        query = (
            sa.select(
                table.c.repository,
                sa.func.count().label("requests"),
                sa.func.count(sa.distinct(who + sa.literal(" ") + content)).label("copies"),
                sa.func.count(sa.distinct(who)).label("people"),
                sa.func.sum(sa.case((table.c.who == "", 1), else_=0)).label("unknown"),
                sa.func.min(table.c.at).label("first"),
                sa.func.max(table.c.at).label("last"),
            )
            .where(*wanted.conditions(), table.c.method == "GET", table.c.last >= table.c.first)
            .group_by(table.c.repository)
            .order_by(table.c.repository)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(
            Left(
                **{
                    **row,
                    "unknown": int(row["unknown"]),
                    "copies": row["copies"] + int(row["unknown"]),
                }
            )
            for row in rows
        )

    def receivers(self, wanted: Wanted) -> tuple[str, ...]:
        """Return the digests of those to whom copies went; nobody known is left out."""
        query = (
            sa.select(table.c.who)
            .distinct()
            .where(*wanted.conditions(), table.c.method == "GET", table.c.last >= table.c.first)
            .where(table.c.who != "")
            .order_by(table.c.who)
        )
        with self._database.reading() as connection:
            return tuple(connection.execute(query).scalars())

    def verify(self) -> Verified:
        """Read the whole log, and say whether it holds."""
        problems: list[str] = []
        head = newest_head(self._place.heads)
        newest = () if head is None else (head,)
        with self._place.open(read_only=True) as ledger:
            report = examine_ledger(ledger, newest, [self._key])
        problems += [problem.found for problem in report.problems]
        lines, differs = 0, False
        try:
            self.catch_up()
            rows = self._in_order()
            for download in read_downloads(self._place, self._key):
                lines += 1
                row = next(rows, None)
                differs = differs or (row is not None and row.download != download)
            differs = differs or next(rows, None) is not None
            problems += self._acts.differences(read_acts(self._place, self._key))
        except (TiergateError, OSError) as error:
            problems.append(str(error))
        if differs:
            self._make_anew()
        return Verified(
            origin=report.origin,
            size=report.size,
            root=report.root.hex(),
            lines=lines,
            head=0 if head is None else head.signed.head.size,
            problems=tuple(dict.fromkeys(problems)),
            is_remade=differs,
        )

    def _in_order(self) -> Iterator[Line]:
        query = sa.select(table).order_by(table.c.sequence, table.c.line).limit(_BLOCK)
        place, both = (0, -1), sa.tuple_(table.c.sequence, table.c.line)
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(query.where(both > place)).mappings().all()
            if not rows:
                return
            yield from map(_line, rows)
            place = (rows[-1]["sequence"], rows[-1]["line"])

    def _make_anew(self) -> None:
        with self._database.writing() as connection:
            connection.execute(table.delete())
        self.catch_up()


def _rows(entry: Entry) -> Iterator[dict[str, object]]:
    """Yield the lines of an entry as rows, without looking at its signature."""
    try:
        envelope = json.loads(entry.data)
        document = json.loads(base64.b64decode(envelope["payload"]))
        for place, found in enumerate(document.get("downloads", ())):
            # What an older version did not write has the value that says so.
            download = Download(**found)
            columns = {name: getattr(download, name) for name in _FIELDS}
            yield {"sequence": entry.sequence, "line": place, **columns}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        where = f"entry {entry.sequence}"
        raise VerificationError(where, f"no entry of this log ({error})", FORMAT) from None


def _line(row: sa.RowMapping) -> Line:
    values = {name: row[name] for name in _FIELDS}
    return Line(sequence=row["sequence"], line=row["line"], download=Download(**values))


def _place(text: str) -> tuple[int, int] | None:
    sequence, _, line = text.partition(".")
    if not (sequence.isdecimal() and line.isdecimal() and len(text) < 20):
        return None
    return int(sequence), int(line)
