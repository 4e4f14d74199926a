# SPDX-License-Identifier: Apache-2.0
"""A ledger's rows in an SQLite file.

Triggers keep honest programs from changing what is there. Whoever can write the file can
drop them; what shows that is the heads that lie where they cannot write.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from tiergate.errors import InputError, VerificationError
from tiergate.release.head_files import sync_folder
from tiergate.release.ledger_entry import FORMAT, Entry, new_origin, start_of

_WAIT_SECONDS = 30

TRIGGERS = {
    "entries_are_never_changed": (
        "BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END"
    ),
    "entries_are_never_deleted": (
        "BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END"
    ),
    "entries_are_contiguous": (
        "BEFORE INSERT ON entries WHEN"
        " NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM entries)"
        " OR NEW.previous IS NOT coalesce((SELECT chain FROM entries ORDER BY sequence DESC"
        " LIMIT 1), (SELECT value FROM ledger WHERE name = 'start'))"
        " BEGIN SELECT RAISE(ABORT, 'entries follow one another'); END"
    ),
    "the_ledger_keeps_its_name": (
        "BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger keeps its name'); END"
    ),
    "the_name_is_never_deleted": (
        "BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger keeps its name'); END"
    ),
}
"""Triggers that every ledger has, by their names."""

_TABLES = {
    "ledger": "CREATE TABLE ledger (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT",
    "entries": (
        "CREATE TABLE entries (sequence INTEGER PRIMARY KEY, previous BLOB NOT NULL,"
        " entry BLOB NOT NULL, chain BLOB NOT NULL) STRICT"
    ),
}


class SqliteStore:
    """A file that is open."""

    def __init__(self, connection: sqlite3.Connection, path: Path, origin: str) -> None:
        self._connection = connection
        self._path = path
        self._origin = origin

    @classmethod
    def open(cls, path: Path, *, read_only: bool) -> Self:
        """Open a file that is there.

        Raises:
            InputError: there is none, or it holds no ledger.
            VerificationError: it is damaged.
            OSError: it cannot be opened.
        """
        if not path.is_file():
            remedy = "The first tiergate release submit --ledger makes one."
            raise InputError(str(path), "no ledger", "the path of a ledger", remedy)
        try:
            connection = _reader(path) if read_only else _connect(path)
        except sqlite3.OperationalError as error:
            raise _system_error(error, path) from None
        except sqlite3.DatabaseError as error:
            raise _unreadable(error, path) from None
        try:
            return cls(connection, path, _origin(connection, path))
        except BaseException:
            connection.close()
            raise

    @property
    def place(self) -> str:
        """The path of the file."""
        return str(self._path)

    @property
    def origin(self) -> str:
        """The ledger's own name."""
        return self._origin

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def entries(self, after: int) -> Iterator[Entry]:
        """Yield the entries after that place, as they are, in order.

        Raises:
            VerificationError: the file is damaged.
        """
        words = "SELECT sequence, previous, entry, chain FROM entries WHERE sequence > ?"
        try:
            for row in self._connection.execute(f"{words} ORDER BY sequence", (after,)):
                sequence, previous, data, chain = row
                # Tables that are ours hold nothing else; others may have been put in their place.
                if not (type(previous) is type(data) is type(chain) is bytes):
                    found = f"event {sequence} that is not in bytes"
                    raise VerificationError(self.place, found, "a ledger")
                yield Entry(sequence=sequence, previous=previous, data=data, chain=chain)
        except sqlite3.DatabaseError as error:
            found = f"a damaged file ({error})"
            raise VerificationError(self.place, found, "a ledger") from None

    def faults(self) -> Iterator[str]:
        """Say in what the tables and triggers are not as they are made."""
        words = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
        found = dict(self._connection.execute(words).fetchall())
        made = _TABLES | {name: f"CREATE TRIGGER {name} {body}" for name, body in TRIGGERS.items()}
        for name, statement in made.items():
            if found.get(name) != statement:
                kind = "table" if name in _TABLES else "trigger"
                yield f"the {kind} {name!r} is {'changed' if name in found else 'gone'}"
        for name in sorted(found.keys() - made.keys()):
            yield f"{name!r} in the database, which no ledger has"

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the file for one writer; keep all that was done, or nothing.

        Raises:
            OSError: the file cannot be written.
        """
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except BaseException as error:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise _system_error(error, self._path) from None
            raise

    def insert(self, entry: Entry) -> None:
        """Add one entry."""
        row = (entry.sequence, entry.previous, entry.data, entry.chain)
        self._connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?)", row)


def create_sqlite(path: Path) -> None:
    """Make a new file with a ledger that has a name of its own.

    Raises:
        InputError: something is there already.
        OSError: it cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Made under another name: nobody finds a ledger without its tables.
    part = path.with_name(f".part-{secrets.token_hex(8)}")
    try:
        with contextlib.closing(_connect(part)) as connection:
            _make_tables(connection, new_origin())
            # Back into one file, which is all that is renamed.
            connection.execute("PRAGMA journal_mode = DELETE")
        os.link(part, path)
        sync_folder(path.parent)
    except sqlite3.OperationalError as error:
        raise _system_error(error, path) from None
    except FileExistsError:
        raise InputError(str(path), "something that is there already", "a new file") from None
    finally:
        part.unlink(missing_ok=True)


def _origin(connection: sqlite3.Connection, path: Path) -> str:
    try:
        rows = dict(connection.execute("SELECT name, value FROM ledger").fetchall())
        origin = bytes(rows["origin"]).decode()
        known = bytes(rows["format"]).decode() == FORMAT
    except sqlite3.DatabaseError as error:
        raise _unreadable(error, path) from None
    except (KeyError, UnicodeDecodeError, TypeError) as error:
        raise InputError(str(path), f"no ledger ({error})", FORMAT) from None
    if not known or bytes(rows.get("start", b"")) != start_of(origin):
        raise InputError(str(path), "a ledger of another format", FORMAT)
    return origin


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)
    return _begun(
        connection,
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        # Off by default, and then INSERT OR REPLACE deletes a row without the trigger.
        "PRAGMA recursive_triggers = ON",
        "PRAGMA trusted_schema = OFF",
    )


def _reader(path: Path) -> sqlite3.Connection:
    place = path.resolve().as_uri()
    try:
        return _reads(f"{place}?mode=ro")
    except sqlite3.OperationalError:
        # On a disk that cannot be written, a ledger that was closed is complete in one file.
        log = f"{path}-wal"
        # Of os.path, because there is no log either where its name would be too long.
        if os.path.exists(log) and os.path.getsize(log):  # noqa: PTH110, PTH202 - as above
            raise
        return _reads(f"{place}?immutable=1")


def _reads(place: str) -> sqlite3.Connection:
    connection = sqlite3.connect(place, uri=True, isolation_level=None)
    return _begun(connection, "SELECT count(*) FROM sqlite_schema")


def _begun(connection: sqlite3.Connection, *statements: str) -> sqlite3.Connection:
    try:
        for statement in statements:
            connection.execute(statement).fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _make_tables(connection: sqlite3.Connection, origin: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement in _TABLES.values():
        connection.execute(statement)
    values = {"format": FORMAT.encode(), "origin": origin.encode(), "start": start_of(origin)}
    connection.executemany("INSERT INTO ledger VALUES (?, ?)", list(values.items()))
    for name, body in TRIGGERS.items():
        connection.execute(f"CREATE TRIGGER {name} {body}")
    connection.execute("COMMIT")


def _unreadable(error: sqlite3.DatabaseError, path: Path) -> InputError | VerificationError:
    """Tell a damaged database from what never was one."""
    if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CORRUPT:
        return VerificationError(str(path), f"a damaged file ({error})", "a ledger")
    return InputError(str(path), f"no ledger ({error})", FORMAT)


def _system_error(error: sqlite3.OperationalError, path: Path) -> OSError:
    """Say what SQLite met as the system would have."""
    kinds = {
        sqlite3.SQLITE_FULL: errno.ENOSPC,
        sqlite3.SQLITE_READONLY: errno.EROFS,
        sqlite3.SQLITE_CANTOPEN: errno.EROFS,
    }
    # The lower byte is the kind, what is above it says more.
    number = kinds.get(error.sqlite_errorcode & 0xFF, errno.EIO)
    return OSError(number, str(error), str(path))
