# SPDX-License-Identifier: Apache-2.0
"""The SQLite file in which PyRIT keeps its memory, opened to be read and for nothing else.

The file is opened read-only and as immutable, its schema is not trusted, and only plain
columns of plain tables are read, row by row, so that no expression in it is ever run. A
journal beside it means that a run still writes to it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.source import first_bytes
from tiergate.evidence.readers.values import as_text, parse_json, shortened, unusable

MAGIC = b"SQLite format 3\x00"
"""First bytes of every SQLite database."""

VERSION_TABLE = "pyrit_memory_alembic_version"
"""Table that holds the revision of the schema."""

TABLES: Mapping[str, tuple[str, ...]] = {
    VERSION_TABLE: ("version_num",),
    "PromptMemoryEntries": (
        "id",
        "role",
        "conversation_id",
        "sequence",
        "timestamp",
        "converter_identifiers",
        "response_error",
        "original_value_sha256",
        "original_prompt_id",
        "pyrit_version",
    ),
    "ScoreEntries": (
        "id",
        "score_value",
        "status",
        "score_type",
        "score_category",
        "scorer_class_identifier",
        "prompt_request_response_id",
        "timestamp",
        "objective",
    ),
    "AttackResultEntries": (
        "id",
        "conversation_id",
        "objective",
        "atomic_attack_identifier",
        "last_score_id",
        "outcome",
        "pruned_conversation_ids",
        "adversarial_chat_conversation_ids",
        "timestamp",
        "total_retries",
        "attribution_parent_id",
    ),
    "Conversations": ("conversation_id", "target_identifier", "retries"),
    "ScenarioResultEntries": ("id", "scenario_run_state", "scenario_metadata"),
}
"""From every table that is read to the columns that are."""

_UPGRADE = "Open it once with PyRIT 1.1, which brings its memory up to date, and close PyRIT."
_SNIFFED_BYTES = 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """One row of a table."""

    where: str
    """How messages name the row."""
    values: Mapping[str, object]
    """From each column to what stands there; texts are bytes."""

    def text(self, column: str) -> str:
        """Return the text or number of a column as text; empty for none.

        Raises:
            EvidenceError: the text is not UTF-8.
        """
        value = self.values[column]
        if isinstance(value, bytes):
            try:
                return value.decode("utf-8")
            except UnicodeDecodeError as error:
                found = f"bytes that are not UTF-8 in {column}, at offset {error.start}"
                raise unusable(self.where, found) from error
        return "" if value is None else as_text(str(value))

    def json(self, column: str) -> object:
        """Return the JSON of a column; None where nothing stands.

        Raises:
            EvidenceError: it is no JSON.
        """
        value = self.values[column]
        if value is None:
            return None
        return parse_json(self.text(column).encode(), f"{self.where}.{column}")

    def key(self, column: str = "id") -> str:
        """Return the identity that a column holds.

        Raises:
            EvidenceError: it holds none.
        """
        key = self.text(column)
        if not key:
            raise EvidenceError(f"{self.where}.{column}", "no identity", "one for every row")
        return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """An open memory."""

    name: str
    """How messages name the file."""
    connection: sqlite3.Connection
    """Read-only."""

    def rows(self, table: str) -> Iterator[Cells]:
        """Yield every row of one of the known tables."""
        columns = TABLES[table]
        listed = ", ".join(f'"{column}"' for column in columns)
        # Names of tables and columns are our own, above.
        cursor = self.connection.execute(f'SELECT {listed} FROM "{table}"')  # noqa: S608
        for number, values in enumerate(cursor, start=1):
            yield Cells(
                where=f"{self.name}: {table} row {number}",
                values=dict(zip(columns, values, strict=True)),
            )


@contextmanager
def opened_memory(path: Path, name: str, *, max_cell_bytes: int) -> Iterator[Database]:
    """Open the memory in ``path``.

    Args:
        path: the file.
        name: how messages name it.
        max_cell_bytes: a longer text in it is refused.

    Raises:
        EvidenceError: no database, damaged, still written to, or of another layout; also
            whatever goes wrong while it is read.
    """
    _refuse_open_journals(path, name)
    try:
        with closing(_connected(path)) as connection:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max_cell_bytes)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            _check_whole(connection, name)
            _check_layout(connection, name)
            yield Database(name=name, connection=connection)
    except sqlite3.Error as error:
        raise EvidenceError(
            name,
            f"a database that cannot be read ({shortened(str(error), 200)})",
            "a whole SQLite database of PyRIT",
            "Take the database from its source again.",
        ) from error


def holds_memory(path: Path) -> bool:
    """Tell whether a database has the table of messages; also when it is damaged elsewhere."""
    try:
        with closing(_connected(path)) as connection:
            names = connection.execute("SELECT name FROM sqlite_master").fetchall()
    except sqlite3.Error:
        return b"PromptMemoryEntries" in first_bytes(path, _SNIFFED_BYTES)
    return (b"PromptMemoryEntries",) in names


def _connected(path: Path) -> sqlite3.Connection:
    uri = f"file:{quote(os.fsencode(path.absolute()))}?mode=ro&immutable=1"
    connection = sqlite3.connect(uri, uri=True)
    connection.text_factory = bytes
    return connection


def _refuse_open_journals(path: Path, name: str) -> None:
    beside = [
        suffix for suffix in ("-wal", "-journal") if path.with_name(path.name + suffix).exists()
    ]
    if beside:
        raise EvidenceError(
            name,
            f"a database that is still being written to ({name}{beside[0]} stands beside it)",
            "one that PyRIT has closed",
            "Close PyRIT, open the database once with sqlite3 so that the rest is written into "
            "it, and read it again.",
        )


def _check_whole(connection: sqlite3.Connection, name: str) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != (b"ok",):
        raise EvidenceError(
            name,
            "a damaged database",
            "a whole SQLite database of PyRIT",
            "Take the database from its source again.",
        )


def _check_layout(connection: sqlite3.Connection, name: str) -> None:
    kinds = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    for table, columns in TABLES.items():
        made = kinds.get(table.encode())
        if made is None or made.upper().startswith(b"CREATE VIRTUAL"):
            raise EvidenceError(name, f"no table {table}", "the memory of PyRIT 1.1", _UPGRADE)
        info = connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
        missing = sorted(set(columns) - {column.decode("utf-8", "replace") for (column,) in info})
        if missing:
            raise EvidenceError(
                name,
                f"a table {table} without {', '.join(missing)}",
                "the memory of PyRIT 1.1",
                _UPGRADE,
            )
