# SPDX-License-Identifier: Apache-2.0
"""The database of a PyRIT memory: what is refused, and what is left as it was."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings

from logs.disturbed import disturbed
from logs.pyrit_logs import (
    COLUMNS,
    Json,
    Tables,
    a_conversation,
    a_result,
    a_scenario,
    a_score,
    a_target,
    asked_and_answered,
    attacked,
    joined,
    results,
    scores,
    write_memory,
)
from tiergate.errors import EvidenceError
from tiergate.evidence.readers.base import ForeignLog
from tiergate.evidence.readers.pyrit import PyritReader

READER = PyritReader()


def read(folder: Path, *tables: Tables, **options: object) -> ForeignLog:
    return READER.read(write_memory(folder / "a.db", *tables, **options))  # type: ignore[arg-type]


def messages(log: ForeignLog, code: str) -> list[str]:
    return [remark.message for remark in log.remarks if remark.code == code]


def test_an_unknown_revision_with_every_column_is_read_and_said(tmp_path: Path) -> None:
    log = read(tmp_path, attacked("a"), revision="0123456789ab")

    assert log.source.format == "pyrit-memory/0123456789ab"
    assert messages(log, "unknown-schema-revision") == [
        (
            "The schema has revision 0123456789ab, which this reader does not know; it has every "
            "column that is read."
        )
    ]


def test_nothing_of_prompts_responses_or_addresses_gets_into_the_log(tmp_path: Path) -> None:
    log = read(tmp_path, attacked("a", objective="HAZARD"), attacked("b"))

    assert "HAZARD" not in str(log)
    assert "private" not in str(log)


def test_a_file_with_a_name_that_is_no_address_is_read(tmp_path: Path) -> None:
    path = write_memory(tmp_path / "a?b#c%20d.db", attacked("a"))

    assert READER.recognises(path)
    assert READER.read(path).source.file_name == "a?b#c%20d.db"


def test_reading_leaves_the_database_and_its_folder_as_they_were(tmp_path: Path) -> None:
    path = write_memory(tmp_path / "a.db", attacked("a"))
    before = path.read_bytes()

    READER.read(path)

    assert (path.read_bytes(), [path]) == (before, list(tmp_path.iterdir()))


def test_constraints_of_the_database_are_not_run(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    statements(
        "PRAGMA ignore_check_constraints = ON",
        "CREATE TABLE Strict (number CHECK (number > 5))",
        "INSERT INTO Strict VALUES (1)",
    )(path)

    assert READER.read(path).series


def without_column(table: str, column: str) -> Callable[[Path], object]:
    kept = {
        name: tuple(c for c in columns if (name, c) != (table, column))
        for name, columns in COLUMNS.items()
    }
    return lambda path: write_memory(path, attacked("a"), columns=kept)


def without_table(table: str) -> Callable[[Path], object]:
    kept = {name: columns for name, columns in COLUMNS.items() if name != table}
    return lambda path: write_memory(path, attacked("a"), columns=kept)


def memory(*tables: Tables) -> Callable[[Path], object]:
    return lambda path: write_memory(path, *tables)


def beside(suffix: str) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        write_memory(path, attacked("a"))
        path.with_name(path.name + suffix).write_bytes(b"")

    return write


def statements(*lines: str) -> Callable[[Path], object]:
    """Write a memory, then do something to it."""

    def write(path: Path) -> None:
        write_memory(path, attacked("a"))
        with closing(sqlite3.connect(path)) as connection:
            for line in lines:
                connection.execute(line)
            connection.commit()

    return write


def damaged(path: Path) -> None:
    write_memory(path, *(attacked(f"a{number}") for number in range(200)))
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)


def damaged_where_nothing_is_read(path: Path) -> None:
    filled = "INSERT INTO Last SELECT hex(zeroblob(1000)) FROM PromptMemoryEntries"
    statements("CREATE TABLE Last (text)", *([filled] * 20))(path)
    content = path.read_bytes()
    path.write_bytes(content[:-4096] + b"\xff" * 4096)


def cut_short(path: Path) -> None:
    write_memory(path, *(attacked(f"a{number}") for number in range(200)))
    path.write_bytes(path.read_bytes()[:-5000])


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "an empty file": (lambda path: path.write_bytes(b""), "no SQLite database"),
    "a text": (lambda path: path.write_bytes(b"SQLite format 4\x00"), "no SQLite database"),
    "the first bytes alone": (
        lambda path: path.write_bytes(b"SQLite format 3\x00"),
        "a database that cannot be read",
    ),
    "another database": (
        lambda path: write_memory(path, columns={"Other": ("id",)}),
        "no table pyrit_memory_alembic_version",
    ),
    "a damaged database": (damaged, "database"),
    "damage where nothing is read": (damaged_where_nothing_is_read, "a damaged database"),
    "a database that was cut short": (cut_short, "database"),
    "a journal beside it": (beside("-journal"), "still being written to (a.db-journal stands"),
    "a write-ahead log beside it": (beside("-wal"), "still being written to (a.db-wal stands"),
    "no revision table, as before Alembic": (
        without_table("pyrit_memory_alembic_version"),
        "no table pyrit_memory_alembic_version",
    ),
    "no table of scores": (without_table("ScoreEntries"), "no table ScoreEntries"),
    "the scores of an older version": (
        without_column("ScoreEntries", "status"),
        "a table ScoreEntries without status",
    ),
    "no table of conversations, as in an older version": (
        without_table("Conversations"),
        "no table Conversations",
    ),
    "a view in the place of a table": (
        statements(
            "ALTER TABLE ScoreEntries RENAME TO Kept",
            "CREATE VIEW ScoreEntries AS SELECT * FROM Kept",
        ),
        "no table ScoreEntries",
    ),
    "a virtual table in the place of a table": (
        statements(
            "DROP TABLE Conversations",
            "CREATE VIRTUAL TABLE Conversations USING fts5(conversation_id)",
        ),
        "no table Conversations",
    ),
    "a computed column in the place of a column": (
        statements(
            "ALTER TABLE Conversations DROP COLUMN retries",
            "ALTER TABLE Conversations ADD COLUMN retries AS (upper(conversation_id))",
        ),
        "a table Conversations without retries",
    ),
    "nothing in it": (memory(), "0 parts of messages and no scored conversation"),
    "conversations that nobody scored": (
        memory(asked_and_answered("a")),
        "2 parts of messages and no scored conversation",
    ),
    "a message twice": (memory(attacked("a"), asked_and_answered("a")), "another row has already"),
    "a score twice": (
        memory(attacked("a"), scores(a_score("score-a", "a-1", "true"))),
        "another row has already (score-a)",
    ),
    "an attack result twice": (
        memory(attacked("a"), results(a_result("a", "success"))),
        "another row has already (result-a)",
    ),
    "a message without identity": (
        memory(asked_and_answered("a", id=None)),
        "PromptMemoryEntries row 2.id: found no identity",
    ),
    "a message without a position": (
        memory(asked_and_answered("a", sequence="first")),
        "no position",
    ),
    "a message without a time": (memory(asked_and_answered("a", timestamp="noon")), "no time"),
    "a score in another encoding": (
        memory(attacked("a"), scores(a_score("s", "a-1", b"\xff\xfe"))),
        "bytes that are not UTF-8 in score_value, at offset 0",
    ),
    "a broken identifier": (
        memory(attacked("a", atomic_attack_identifier="{")),
        "AttackResultEntries row 1.atomic_attack_identifier: found broken JSON",
    ),
    "an identifier that is nested without end": (
        memory(attacked("a", atomic_attack_identifier="[" * 100_000)),
        "nested too deeply",
    ),
    "a huge text": (memory(attacked("a", objective="x" * 300_000)), "cannot be read"),
    "conversations with two models": (
        memory(
            attacked("a"),
            {
                **attacked("b"),
                "Conversations": [a_conversation("b", target_identifier=a_target("org/b"))],
            },
        ),
        "conversations with 2 models (org/b, org/model)",
    ),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_memory_is_refused_with(sentence: str, tmp_path: Path) -> None:
    write, found = REFUSED[sentence]
    path = tmp_path / "a.db"
    write(path)

    with pytest.raises(EvidenceError) as refusal:
        PyritReader(max_cell_bytes=200_000).read(path)

    assert found in str(refusal.value)
    assert str(refusal.value).startswith("a.db")


def test_a_text_that_is_longer_than_its_limit_is_what_is_refused_and_not_the_file(
    tmp_path: Path,
) -> None:
    path = write_memory(tmp_path / "a.db", attacked("a", objective="x" * 300_000))

    assert READER.read(path).series[0].planned == 1


RECOGNISED: dict[str, tuple[Callable[[Path], object], bool]] = {
    "a memory": (memory(attacked("a")), True),
    "an empty memory": (memory(), True),
    "a memory that is still written to": (beside("-wal"), True),
    "a damaged memory": (damaged, True),
    "another database": (lambda path: write_memory(path, columns={"Other": ("id",)}), False),
    "the first bytes alone": (lambda path: path.write_bytes(b"SQLite format 3\x00"), False),
    "a text": (lambda path: path.write_bytes(b"PromptMemoryEntries"), False),
    "nothing": (lambda path: path.name, False),
    "a folder": (lambda path: path.mkdir(), False),
}


@pytest.mark.parametrize("sentence", RECOGNISED)
def test_it_tells_its_own_files_from_others_by(sentence: str, tmp_path: Path) -> None:
    write, expected = RECOGNISED[sentence]
    path = tmp_path / "a.db"
    write(path)

    assert expected is READER.recognises(path)


WHOLE: Json = {
    "tables": joined(
        attacked("a", attribution_parent_id="s", last_score_id="score-a"), a_scenario(2)
    )
}


@settings(max_examples=100)
@given(document=disturbed(WHOLE))
def test_a_disturbed_memory_is_refused_or_gives_rows_that_fit_together(
    tmp_path_factory: pytest.TempPathFactory, document: Json
) -> None:
    path = tmp_path_factory.mktemp("disturbed") / "a.db"
    tables = document["tables"] if isinstance(document["tables"], dict) else {}
    kept = {
        name: [row for row in rows if isinstance(row, dict)]
        for name, rows in tables.items()
        if isinstance(rows, list)
    }
    write_memory(path, kept)

    try:
        log = READER.read(path)
    except EvidenceError:
        return

    for series in log.series:
        assert len(series.rows) <= series.planned
        assert all(row.value is None for row in series.rows if row.errored)
        assert len({(row.sample, row.attempt) for row in series.rows}) == len(series.rows)
        json.dumps(asdict(series), default=str).encode("utf-8")
