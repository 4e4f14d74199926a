# SPDX-License-Identifier: Apache-2.0
"""The ledger: an append-only list of entries in SQLite, chained, in a tree, with signed heads.

Every entry is bytes that the ledger does not look into. It is chained to the one before
(``chain = SHA-256(chain before | leaf hash)``, the first to the digest of the ledger's own
name) and is a leaf of a tree (RFC 6962). After every entry the head of that tree is signed
and written to folders outside of the database, one file for each size.

Triggers keep honest programs from changing what is there. Whoever can write the file can
drop them; what shows that is the heads that lie where they cannot write.

An entry is acknowledged when :meth:`Ledger.append` returns: it is on the disk then, and so
is its head. A program killed at any point before leaves either all of it or nothing.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tiergate.attestation.keys import Signer
from tiergate.attestation.merkle import Frontier, leaf_hash
from tiergate.attestation.tree_head import TreeHead, require_ed25519, sign_head
from tiergate.errors import InputError, VerificationError
from tiergate.release.head_files import (
    StagedHead,
    newest_head,
    refuse_disagreeing,
    stage_head,
    sync_folder,
)

LARGEST_ENTRY_BYTES = 1024 * 1024
"""A longer entry is refused."""
_FORMAT = "tiergate-ledger/1"
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

_TABLES = (
    "CREATE TABLE ledger (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT",
    (
        "CREATE TABLE entries (sequence INTEGER PRIMARY KEY, previous BLOB NOT NULL,"
        " entry BLOB NOT NULL, chain BLOB NOT NULL) STRICT"
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row, as it was read."""

    sequence: int
    """Its place, from 1."""
    previous: bytes
    """Chain value of the row before."""
    data: bytes
    """The bytes."""
    chain: bytes
    """Chain value of this row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where the next entry goes, so that what is signed can name its place."""

    origin: str
    """The ledger's own name."""
    sequence: int
    """Place of the next entry, from 1."""
    previous: bytes
    """Chain value of the entry before."""


def chained(previous: bytes, data: bytes) -> bytes:
    """Return the chain value of an entry."""
    return hashlib.sha256(previous + leaf_hash(data)).digest()


def start_of(origin: str) -> bytes:
    """Return what the first entry is chained to."""
    return hashlib.sha256(f"{_FORMAT}\n{origin}".encode()).digest()


class Ledger:
    """A ledger file that is open. One program at a time appends; others wait for it."""

    def __init__(self, connection: sqlite3.Connection, path: Path, origin: str) -> None:
        self.path = path
        self.origin = origin
        self._connection = connection
        self._tree = Frontier()
        self._last = start_of(origin)

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new ledger with a name of its own.

        Raises:
            InputError: something is there already.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        # Made under another name: nobody finds a ledger without its tables.
        part = path.with_name(f".part-{secrets.token_hex(8)}")
        try:
            with contextlib.closing(_connect(part)) as connection:
                _make_tables(connection, f"tiergate.dev/ledger/{secrets.token_hex(8)}")
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
        return cls.open(path)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Self:
        """Open a ledger that is there.

        Args:
            path: its file.
            read_only: nothing will be appended; the disk need not be writable.

        Raises:
            InputError: there is none, or it is no ledger.
        """
        if not path.is_file():
            raise InputError(str(path), "no ledger", "the path of a ledger")
        try:
            connection = _reader(path) if read_only else _connect(path)
        except sqlite3.OperationalError as error:
            raise _system_error(error, path) from None
        except sqlite3.DatabaseError as error:
            raise InputError(str(path), f"no ledger ({error})", _FORMAT) from None
        try:
            rows = dict(connection.execute("SELECT name, value FROM ledger").fetchall())
            origin = bytes(rows["origin"]).decode()
            known = bytes(rows["format"]).decode() == _FORMAT
        except (sqlite3.DatabaseError, KeyError, UnicodeDecodeError, TypeError) as error:
            connection.close()
            raise InputError(str(path), f"no ledger ({error})", _FORMAT) from None
        if not known or bytes(rows.get("start", b"")) != start_of(origin):
            connection.close()
            raise InputError(str(path), "a ledger of another format", _FORMAT)
        return cls(connection, path, origin)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Yield the entries after that place, as they are, in order.

        Raises:
            VerificationError: the file is damaged.
        """
        words = "SELECT sequence, previous, entry, chain FROM entries WHERE sequence > ?"
        try:
            for row in self._connection.execute(f"{words} ORDER BY sequence", (after,)):
                sequence, previous, data, chain = row
                yield Entry(sequence=sequence, previous=previous, data=data, chain=chain)
        except sqlite3.DatabaseError as error:
            found = f"a damaged file ({error})"
            raise VerificationError(str(self.path), found, "a ledger") from None

    def schema(self) -> dict[str, str]:
        """Return the statements that made the tables and triggers, by name."""
        rows = self._connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
        return dict(rows.fetchall())

    def append(
        self,
        make: Callable[[Position], bytes],
        *,
        head_signer: Signer,
        folders: Sequence[Path],
    ) -> TreeHead:
        """Append one entry, and write the signed head to every folder.

        Args:
            make: given the place, returns the bytes; nobody else appends in the meantime.
                What it raises is passed on, and nothing is written.
            head_signer: a key of Ed25519.
            folders: where heads are kept, outside of the database; made when missing.

        Raises:
            InputError: the key cannot sign a head, or the entry is too long.
            VerificationError: the chain does not hold, or a head that was written before
                does not agree with what is in the database.
            OSError: a folder or the database cannot be written; nothing is appended then.
        """
        require_ed25519(head_signer.public)
        staged: list[StagedHead] = []
        try:
            with _writing(self._connection, self.path):
                self._refuse_disagreeing(folders)
                self._insert(make)
                head = TreeHead(origin=self.origin, size=self._tree.size, root=self._tree.root)
                note = sign_head(head, head_signer)
                for folder in folders:
                    # One by one: those before a failure have to be discarded.
                    staged.append(stage_head(folder, head.size, note))  # noqa: PERF401
        except BaseException:
            # What was taken up may have been rolled back.
            self._tree, self._last = Frontier(), start_of(self.origin)
            for file in staged:
                file.discard()
            raise
        for file in staged:
            file.publish()
        return head

    def _refuse_disagreeing(self, folders: Sequence[Path]) -> None:
        self._catch_up()
        for folder in folders:
            refuse_disagreeing(newest_head(folder), self._known_root, self.origin)

    def _insert(self, make: Callable[[Position], bytes]) -> None:
        position = Position(origin=self.origin, sequence=self._tree.size + 1, previous=self._last)
        data = make(position)
        if len(data) > LARGEST_ENTRY_BYTES:
            raise InputError("entry", f"{len(data)} bytes", f"at most {LARGEST_ENTRY_BYTES}")
        row = (position.sequence, self._last, data, chained(self._last, data))
        self._connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?)", row)
        self._catch_up()

    def _catch_up(self) -> None:
        """Take up what was appended since, by whomever."""
        for entry in self.entries(self._tree.size):
            if entry.sequence != self._tree.size + 1 or entry.previous != self._last:
                raise _broken(entry.sequence)
            if entry.chain != chained(self._last, entry.data):
                raise _broken(entry.sequence)
            self._tree.add(leaf_hash(entry.data))
            self._last = entry.chain

    def _known_root(self, size: int) -> bytes | None:
        """Return the root of the first entries; None when there are not so many."""
        if size > self._tree.size:
            return None
        if size == self._tree.size:
            return self._tree.root
        tree = Frontier()
        for entry in itertools.islice(self.entries(), size):
            tree.add(leaf_hash(entry.data))
        return tree.root


def _broken(sequence: int) -> VerificationError:
    return VerificationError(
        f"event {sequence}",
        "a chain that does not hold",
        "what was appended",
        "Run tiergate ledger verify.",
    )


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # Off by default, and then INSERT OR REPLACE deletes a row without the trigger.
    connection.execute("PRAGMA recursive_triggers = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _reader(path: Path) -> sqlite3.Connection:
    place = path.resolve().as_uri()
    try:
        connection = sqlite3.connect(f"{place}?mode=ro", uri=True, isolation_level=None)
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError:
        # On a disk that cannot be written, a ledger that was closed is complete in one file.
        log = f"{path}-wal"
        # Of os.path, because there is no log either where its name would be too long.
        if os.path.exists(log) and os.path.getsize(log):  # noqa: PTH110, PTH202 - as above
            raise
        connection = sqlite3.connect(f"{place}?immutable=1", uri=True, isolation_level=None)
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return connection


def _make_tables(connection: sqlite3.Connection, origin: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement in _TABLES:
        connection.execute(statement)
    values = {"format": _FORMAT.encode(), "origin": origin.encode(), "start": start_of(origin)}
    connection.executemany("INSERT INTO ledger VALUES (?, ?)", list(values.items()))
    for name, body in TRIGGERS.items():
        connection.execute(f"CREATE TRIGGER {name} {body}")
    connection.execute("COMMIT")


@contextlib.contextmanager
def _writing(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Hold the ledger for one writer; keep all that was done, or nothing."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")
    except BaseException as error:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        if isinstance(error, sqlite3.OperationalError):
            raise _system_error(error, path) from None
        raise


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
