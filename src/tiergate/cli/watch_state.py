# SPDX-License-Identifier: Apache-2.0
"""What the watch keeps between runs: findings with their dates, and where a poll stands.

One SQLite file. Everything that a page or a feed gave is written in one transaction with the
place up to which it was read, so that a run that is killed loses nothing and doubles nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from tiergate.errors import InputError
from tiergate.landscape.watch.findings import Finding
from tiergate.landscape.watch.row import Row
from tiergate.landscape.watch.row_json import (
    finding_of_text,
    row_of_text,
    text_of_finding,
    text_of_row,
)
from tiergate.landscape.watch.tally import Tally

_FORMAT = "tiergate-watch-state/1"
_TABLES = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS findings (
  id TEXT PRIMARY KEY, finding TEXT NOT NULL, source TEXT NOT NULL, first_seen_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS rows (
  repository TEXT NOT NULL, row TEXT NOT NULL, PRIMARY KEY (repository, row)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS feeds (
  source TEXT PRIMARY KEY, rows INTEGER NOT NULL, unreadable INTEGER NOT NULL,
  with_digests INTEGER NOT NULL, first_created TEXT, last_created TEXT,
  first_read_at TEXT NOT NULL, last_read_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS polls (
  hub TEXT PRIMARY KEY, watermark TEXT, upper TEXT, next_url TEXT
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A finding, and when and where it was first seen."""

    finding: Finding
    """The finding."""
    source: str
    """The feed."""
    first_seen_at: datetime
    """When that feed was read, in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What of one feed was ever read."""

    source: str
    """The feed."""
    rows: int
    """Rows, all runs together."""
    unreadable: int
    """Rows that could not be read."""
    with_digests: int
    """Rows with a digest of a file."""
    first_created: datetime | None
    """Earliest date of creation."""
    last_created: datetime | None
    """Latest date of creation."""
    first_read_at: datetime
    """When it was first read."""
    last_read_at: datetime
    """When it was last read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where the poll of a hub stands. The newest come first there.

    A stretch goes from the newest row of its first page down to the watermark, which is where
    the stretch before it began. The watermark moves only when the stretch is done.
    """

    watermark: datetime | None = None
    """Everything that was changed before this was read; None before the first stretch is done."""
    upper: datetime | None = None
    """Where the stretch began that is being read; None between stretches."""
    next_url: str | None = None
    """Its next page; None between stretches."""


class WatchState:
    """The file. Use it in a ``with`` statement."""

    def __init__(self, path: Path) -> None:
        """Open it; it is made when it is not there.

        Raises:
            InputError: it cannot be opened, or is something else.
        """
        self._path = path
        self._open: sqlite3.Connection | None = None
        try:
            found = sqlite3.connect(path, isolation_level=None, timeout=30)
            self._open = found
            found.execute("PRAGMA journal_mode = WAL")
            found.execute("PRAGMA synchronous = FULL")
            known = self._format(found)
            if known is None:
                found.executescript(f"BEGIN IMMEDIATE; {_TABLES} COMMIT")
                found.execute("INSERT OR IGNORE INTO about VALUES ('format', ?)", (_FORMAT,))
        except sqlite3.Error as error:
            self.close()
            found_words = f"a file that cannot be used ({error})"
            raise InputError(str(path), found_words, "a state of the watch") from None
        if known not in {None, _FORMAT}:
            self.close()
            raise InputError(str(path), f"format {known!r}", _FORMAT)

    def _format(self, connection: sqlite3.Connection) -> str | None:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        if names and "about" not in names:
            return "of another program"
        if not names:
            return None
        row = connection.execute("SELECT value FROM about WHERE name = 'format'").fetchone()
        return None if row is None else str(row[0])

    @property
    def _connection(self) -> sqlite3.Connection:
        assert self._open is not None  # noqa: S101 - nobody uses it after it was closed
        return self._open

    def close(self) -> None:
        """Close it."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep all that is written within, or nothing of it."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def findings(self) -> tuple[Seen, ...]:
        """Return every finding, in the order in which they are sorted.

        Raises:
            InputError: one cannot be read.
        """
        rows = self._connection.execute("SELECT finding, source, first_seen_at FROM findings")
        try:
            found = [
                Seen(
                    finding=finding_of_text(text),
                    source=source,
                    first_seen_at=datetime.fromisoformat(at),
                )
                for text, source, at in rows
            ]
        except ValueError as error:
            raise InputError(str(self._path), f"a damaged finding ({error})", "a finding") from None
        return tuple(sorted(found, key=lambda seen: seen.finding.order))

    @property
    def version(self) -> int:
        """A number that changes when another connection wrote something."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def rows(self, repositories: Iterable[str] | None = None) -> tuple[Row, ...]:
        """Return the rows that are remembered.

        Args:
            repositories: only those about these, in lower case; None for all.

        Raises:
            InputError: one cannot be read.
        """
        query = "SELECT row FROM rows"
        try:
            if repositories is None:
                return tuple(row_of_text(text) for (text,) in self._connection.execute(query))
            return tuple(
                row_of_text(text)
                for key in sorted(repositories)
                for (text,) in self._connection.execute(f"{query} WHERE repository = ?", (key,))
            )
        except ValueError as error:
            raise InputError(str(self._path), f"a damaged row ({error})", "a row") from None

    def add(self, findings: Iterable[Finding], source: str, at: datetime) -> tuple[Finding, ...]:
        """Keep findings; return those that are new. A known one keeps its first date."""
        new = []
        for finding in findings:
            done = self._connection.execute(
                "INSERT OR IGNORE INTO findings VALUES (?, ?, ?, ?)",
                (finding.id, text_of_finding(finding), source, at.isoformat()),
            )
            if done.rowcount:
                new.append(finding)
        return tuple(new)

    def remember(self, rows: Iterable[Row]) -> None:
        """Keep rows, for later rows that name them."""
        self._connection.executemany(
            "INSERT OR IGNORE INTO rows VALUES (?, ?)",
            ((row.key, text_of_row(row)) for row in rows),
        )

    def cover(self, source: str, tally: Tally, at: datetime, *, is_whole: bool) -> None:
        """Keep what was read of a feed.

        Args:
            source: the feed.
            tally: what was read.
            at: when.
            is_whole: in place of what was read of it before; otherwise it is added to that.
        """
        before = 0 if is_whole else 1
        self._connection.execute(
            "INSERT INTO feeds VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source) DO UPDATE SET"
            " rows = rows * ? + excluded.rows, unreadable = unreadable * ? + excluded.unreadable,"
            " with_digests = with_digests * ? + excluded.with_digests,"
            " first_created = min(coalesce(first_created, excluded.first_created),"
            "   coalesce(excluded.first_created, first_created)),"
            " last_created = max(coalesce(last_created, excluded.last_created),"
            "   coalesce(excluded.last_created, last_created)),"
            " first_read_at = min(first_read_at, excluded.first_read_at),"
            " last_read_at = max(last_read_at, excluded.last_read_at)",
            (
                source,
                tally.rows,
                tally.unreadable,
                tally.with_digests,
                _text(tally.first_created),
                _text(tally.last_created),
                _text(at),
                _text(at),
                before,
                before,
                before,
            ),
        )

    def covered(self) -> tuple[Covered, ...]:
        """Return what of every feed was ever read, by name."""
        rows = self._connection.execute("SELECT * FROM feeds ORDER BY source")
        return tuple(
            Covered(
                source=row[0],
                rows=row[1],
                unreadable=row[2],
                with_digests=row[3],
                first_created=_time(row[4]),
                last_created=_time(row[5]),
                first_read_at=datetime.fromisoformat(row[6]),
                last_read_at=datetime.fromisoformat(row[7]),
            )
            for row in rows
        )

    def position(self, hub: str) -> Position:
        """Return where the poll of a hub stands."""
        found = self._connection.execute(
            "SELECT watermark, upper, next_url FROM polls WHERE hub = ?", (hub,)
        ).fetchone()
        if found is None:
            return Position()
        return Position(watermark=_time(found[0]), upper=_time(found[1]), next_url=found[2])

    def move(self, hub: str, position: Position) -> None:
        """Keep where the poll of a hub stands."""
        self._connection.execute(
            "INSERT OR REPLACE INTO polls VALUES (?, ?, ?, ?)",
            (hub, _text(position.watermark), _text(position.upper), position.next_url),
        )


def _text(time: datetime | None) -> str | None:
    # One way of writing, so that texts are in the order of the times.
    return None if time is None else time.astimezone(UTC).isoformat(timespec="microseconds")


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
