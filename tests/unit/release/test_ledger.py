# SPDX-License-Identifier: Apache-2.0
"""The ledger keeps what was appended, and shows whatever was done to it."""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from builders_attestation import key
from tiergate.attestation.merkle import leaf_hash
from tiergate.errors import InputError, TiergateError, VerificationError
from tiergate.release.head_files import heads_in, stage_head
from tiergate.release.ledger import Ledger
from tiergate.release.ledger_checks import LedgerReport, examine_ledger
from tiergate.release.ledger_entry import (
    LARGEST_ENTRY_BYTES,
    Entry,
    Position,
    chained,
    start_of,
)
from tiergate.release.ledger_sqlite import TRIGGERS, SqliteStore

SIGNER = key("heads-ed25519")
SIZE = 6


def _data(position: Position) -> bytes:
    return b"entry %d" % position.sequence


def _connection(ledger: Ledger) -> sqlite3.Connection:
    assert isinstance(ledger._store, SqliteStore)
    return ledger._store._connection


def _append(ledger: Ledger, *folders: Path, make: Callable[[Position], bytes] = _data) -> int:
    return ledger.append(make, head_signer=SIGNER, folders=folders).size


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ledger")
    with Ledger.create(folder / "ledger") as ledger:
        for _ in range(SIZE):
            _append(ledger, folder / "heads")
    return folder


@pytest.fixture
def place(made_once: Path, tmp_path: Path) -> Path:
    """Return a folder of the test's own with a ledger of six entries and its heads."""
    shutil.copytree(made_once, tmp_path / "own")
    return tmp_path / "own"


def _entries(place: Path) -> list[Entry]:
    with Ledger.open(place / "ledger", read_only=True) as ledger:
        return list(ledger.entries())


def _examined(place: Path, heads: Path | None = None) -> LedgerReport:
    files = tuple(heads_in(heads)) if heads else ()
    with Ledger.open(place / "ledger", read_only=True) as ledger:
        return examine_ledger(ledger, files, [SIGNER.public])


def _without_triggers(place: Path, *statements: str) -> None:
    """Do what somebody can who may write the file: drop the triggers, and make them again."""
    connection = sqlite3.connect(place / "ledger")
    for name in TRIGGERS:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    for name, body in TRIGGERS.items():
        connection.execute(f"CREATE TRIGGER {name} {body}")
    connection.commit()
    connection.close()


def _rechained(place: Path, rows: list[bytes]) -> None:
    """Write these entries with a chain that holds, as somebody careful would."""
    origin = next(iter(heads_in(place / "heads"))).signed.head.origin
    _without_triggers(place, "DELETE FROM entries")
    connection = sqlite3.connect(place / "ledger")
    last = start_of(origin)
    for number, data in enumerate(rows, start=1):
        chain = chained(last, leaf_hash(data))
        connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?)", (number, last, data, chain))
        last = chain
    connection.commit()
    connection.close()


def test_entries_come_back_in_their_order_and_are_chained(place: Path) -> None:
    entries = _entries(place)

    assert [entry.data for entry in entries] == [b"entry %d" % n for n in range(1, SIZE + 1)]
    for before, after in itertools.pairwise(entries):
        assert after.previous == before.chain == chained(before.previous, leaf_hash(before.data))


def test_a_ledger_that_nobody_touched_agrees_with_every_head(place: Path) -> None:
    report = _examined(place, place / "heads")

    assert report.holds
    assert (report.size, report.heads, report.first) == (SIZE, SIZE, None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET entry = x'00' WHERE sequence = 2",
        "DELETE FROM entries WHERE sequence = 6",
        "INSERT OR REPLACE INTO entries SELECT * FROM entries WHERE sequence = 6",
        "INSERT INTO entries SELECT 8, previous, entry, chain FROM entries WHERE sequence = 6",
        "INSERT INTO entries SELECT 7, previous, entry, chain FROM entries WHERE sequence = 6",
        "UPDATE ledger SET value = x'00'",
        "DELETE FROM ledger",
        "INSERT OR REPLACE INTO ledger VALUES ('origin', x'00')",
    ],
)
def test_the_triggers_keep_a_program_from_changing_what_is_there(
    place: Path, statement: str
) -> None:
    with (
        Ledger.open(place / "ledger") as ledger,
        pytest.raises(sqlite3.IntegrityError),
    ):
        _connection(ledger).execute(statement)

    assert _examined(place, place / "heads").holds


EDIT = "UPDATE entries SET entry = x'00' WHERE sequence = 3"
SWAP = (
    "CREATE TABLE other AS SELECT * FROM entries",
    "UPDATE entries SET entry = (SELECT entry FROM other WHERE sequence = 3) WHERE sequence = 2",
    "UPDATE entries SET entry = (SELECT entry FROM other WHERE sequence = 2) WHERE sequence = 3",
    "DROP TABLE other",
)
AGAIN = (
    "INSERT INTO entries SELECT 7, (SELECT chain FROM entries WHERE sequence = 6), entry, chain"
    " FROM entries WHERE sequence = 2"
)

FAULTS: dict[str, tuple[Callable[[Path], None], int | None]] = {
    "cut off at the end": (
        lambda p: _without_triggers(p, "DELETE FROM entries WHERE sequence > 4"),
        5,
    ),
    "emptied": (lambda p: _without_triggers(p, "DELETE FROM entries"), 1),
    "edited": (lambda p: _without_triggers(p, EDIT), 3),
    "edited, and the chain made anew": (
        lambda p: _rechained(p, [b"entry 1", b"entry 2", b"other", *_tail(4)]),
        3,
    ),
    "put into another order": (lambda p: _without_triggers(p, *SWAP), 2),
    "put into another order, and the chain made anew": (
        lambda p: _rechained(p, [b"entry 1", b"entry 3", b"entry 2", *_tail(4)]),
        2,
    ),
    "an event taken out of the middle": (
        lambda p: _without_triggers(p, "DELETE FROM entries WHERE sequence = 2"),
        2,
    ),
    "an event chained to another one": (
        lambda p: _without_triggers(p, "UPDATE entries SET previous = x'00' WHERE sequence = 4"),
        4,
    ),
    "an event put in again": (lambda p: _without_triggers(p, AGAIN), 7),
    "one taken out and another added": (
        lambda p: _rechained(p, [b"entry 1", *_tail(3), b"new"]),
        2,
    ),
    "a trigger dropped": (
        lambda p: _statement(p, "DROP TRIGGER entries_are_never_changed"),
        None,
    ),
    "a trigger that does nothing": (
        lambda p: _statement(
            p,
            "DROP TRIGGER entries_are_never_changed;"
            "CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON entries"
            " BEGIN SELECT 1; END",
        ),
        None,
    ),
    "a trigger of somebody else": (
        lambda p: _statement(p, "CREATE TRIGGER x AFTER INSERT ON entries BEGIN SELECT 1; END"),
        None,
    ),
    "another ledger in its place": (lambda p: _swapped(p), 1),  # noqa: PLW0108 - defined below
}


def _tail(first: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(first, SIZE + 1)]


def _statement(place: Path, statements: str) -> None:
    connection = sqlite3.connect(place / "ledger")
    connection.executescript(statements)
    connection.close()


def _swapped(place: Path) -> None:
    for path in place.glob("ledger*"):
        path.unlink()
    with Ledger.create(place / "ledger") as ledger:
        for _ in range(SIZE):
            _append(ledger, place / "unseen")


@pytest.mark.parametrize("fault", FAULTS)
def test_heads_from_outside_show_what_was_done_and_which_event_is_first(
    place: Path, fault: str
) -> None:
    act, first = FAULTS[fault]
    act(place)

    report = _examined(place, place / "heads")

    assert not report.holds
    assert report.first == first


@pytest.mark.parametrize(
    "fault",
    ["cut off at the end", "edited, and the chain made anew", "another ledger in its place"],
)
def test_nothing_is_appended_to_a_ledger_that_a_head_disagrees_with(
    place: Path, fault: str
) -> None:
    FAULTS[fault][0](place)
    before = _entries(place), sorted((place / "heads").iterdir())

    with Ledger.open(place / "ledger") as ledger, pytest.raises(VerificationError):
        _append(ledger, place / "heads")

    assert before == (_entries(place), sorted((place / "heads").iterdir()))


def test_reading_with_the_newest_head_gives_every_entry(place: Path) -> None:
    with Ledger.open(place / "ledger", read_only=True) as ledger:
        found = list(ledger.verified([place / "heads", place / "no-heads"]))

    assert found == _entries(place)


@pytest.mark.parametrize("fault", [name for name, (_, first) in FAULTS.items() if first])
def test_reading_with_the_newest_head_shows_what_was_done(place: Path, fault: str) -> None:
    FAULTS[fault][0](place)

    with Ledger.open(place / "ledger", read_only=True) as ledger, pytest.raises(VerificationError):
        list(ledger.verified([place / "heads"]))


def test_tables_in_place_of_ours_are_named_and_what_they_hold_is_not_taken(place: Path) -> None:
    _without_triggers(
        place,
        "ALTER TABLE entries RENAME TO old",
        "CREATE TABLE entries (sequence INTEGER PRIMARY KEY, previous, entry, chain)",
        "INSERT INTO entries SELECT * FROM old",
        "DROP TABLE old",
    )
    changed = _examined(place, place / "heads")
    _without_triggers(place, "UPDATE entries SET entry = 'text' WHERE sequence = 2")

    assert [each.found for each in changed.problems] == ["the table 'entries' is changed"]
    with pytest.raises(VerificationError, match="event 2 that is not in bytes"):
        _examined(place)


@pytest.mark.parametrize(
    "fault", ["edited", "an event put in again", "an event chained to another one"]
)
def test_nothing_is_appended_to_a_broken_chain(place: Path, fault: str) -> None:
    FAULTS[fault][0](place)

    with Ledger.open(place / "ledger") as ledger, pytest.raises(VerificationError, match="chain"):
        _append(ledger)


def test_a_single_head_shows_a_change_and_names_the_range(place: Path) -> None:
    FAULTS["edited, and the chain made anew"][0](place)

    report = _examined(place, place / "heads" / "head-0000000005.txt")

    assert (report.first, report.heads) == (1, 1)
    assert "one of the events 1 to 5" in report.problems[0].found


def test_a_head_that_nobody_believed_signed_is_named(place: Path) -> None:
    with Ledger.open(place / "ledger", read_only=True) as ledger:
        report = examine_ledger(
            ledger, tuple(heads_in(place / "heads")), [key("other-ed25519").public]
        )

    assert len(report.problems) == SIZE
    assert "no key that you believe" in report.problems[0].found


def test_a_head_under_the_name_of_another_size_is_refused(place: Path) -> None:
    (place / "heads" / "head-0000000002.txt").rename(place / "heads" / "head-0000000009.txt")

    with pytest.raises(VerificationError, match="as its name says"):
        list(heads_in(place / "heads"))


def test_a_place_without_heads_is_named() -> None:
    with pytest.raises(InputError, match="nothing of that name"):
        list(heads_in(Path("no-such-place")))


def test_an_entry_that_cannot_be_made_leaves_nothing(place: Path) -> None:
    def fail(position: Position) -> bytes:
        raise InputError("entry", f"place {position.sequence}", "another")

    with Ledger.open(place / "ledger") as ledger:
        with pytest.raises(InputError):
            _append(ledger, place / "heads", make=fail)
        assert _append(ledger, place / "heads") == SIZE + 1

    assert _examined(place, place / "heads").holds


def test_an_entry_that_is_too_long_is_refused(place: Path) -> None:
    with Ledger.open(place / "ledger") as ledger, pytest.raises(InputError, match="at most"):
        _append(ledger, make=lambda _: bytes(LARGEST_ENTRY_BYTES + 1))


def test_a_folder_that_cannot_hold_heads_leaves_nothing_anywhere(place: Path) -> None:
    (place / "file").write_text("")

    with Ledger.open(place / "ledger") as ledger:
        with pytest.raises(OSError, match="file"):
            _append(ledger, place / "heads", place / "file" / "below")
        assert _entries(place)[-1].sequence == SIZE
    assert len(list((place / "heads").iterdir())) == SIZE


def test_a_key_that_cannot_sign_heads_is_refused_before_anything(place: Path) -> None:
    with Ledger.open(place / "ledger") as ledger, pytest.raises(InputError, match="Ed25519"):
        ledger.append(_data, head_signer=key("p256"), folders=())


def test_two_programs_append_one_after_the_other(place: Path) -> None:
    with Ledger.open(place / "ledger") as one, Ledger.open(place / "ledger") as two:
        assert [_append(one), _append(two), _append(one)] == [7, 8, 9]


def test_a_ledger_that_is_kept_open_by_a_writer_can_be_read(place: Path) -> None:
    with Ledger.open(place / "ledger") as ledger:
        _append(ledger)
        assert len(_entries(place)) == SIZE + 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_disk_that_cannot_be_written_takes_no_entry_and_can_be_read(place: Path) -> None:
    os.chmod(place / "ledger", 0o444)  # noqa: PTH101 - as below
    os.chmod(place, 0o555)  # noqa: PTH101, S103 - a folder without writing
    try:
        assert len(_entries(place)) == SIZE
        with pytest.raises(OSError, match="ledger"), Ledger.open(place / "ledger") as ledger:
            _append(ledger)
    finally:
        os.chmod(place, 0o755)  # noqa: PTH101, S103 - as it was


def test_a_full_disk_takes_no_entry_and_says_so(place: Path) -> None:
    with Ledger.open(place / "ledger") as ledger:
        pages = _connection(ledger).execute("PRAGMA page_count").fetchone()[0]
        _connection(ledger).execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(OSError, match="full"):
            _append(ledger, make=lambda _: bytes(LARGEST_ENTRY_BYTES))

    assert _examined(place, place / "heads").holds


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough" * 100])
def test_what_is_no_ledger_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)

    for read_only in (False, True):
        with pytest.raises(TiergateError):
            Ledger.open(tmp_path / "x", read_only=read_only)


def test_a_ledger_that_is_not_there_is_not_made_by_opening_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no ledger"):
        Ledger.open(tmp_path / "x")

    assert not list(tmp_path.iterdir())


def test_a_ledger_is_never_made_over_something(place: Path) -> None:
    with pytest.raises(InputError, match="there already"):
        Ledger.create(place / "ledger")

    assert len(_entries(place)) == SIZE


def test_a_ledger_of_another_format_is_refused(place: Path) -> None:
    _without_triggers(place, "UPDATE ledger SET value = x'3132' WHERE name = 'format'")

    with pytest.raises(InputError, match="another format"):
        Ledger.open(place / "ledger")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ledger WHERE name = 'origin'",
        "UPDATE ledger SET value = x'ff' WHERE name = 'origin'",
    ],
)
def test_a_ledger_without_a_name_is_refused(place: Path, statement: str) -> None:
    _without_triggers(place, statement)

    with pytest.raises(InputError, match="no ledger"):
        Ledger.open(place / "ledger")


def test_a_damaged_file_is_said_to_be_damaged(place: Path) -> None:
    with Ledger.open(place / "ledger"):
        pass
    data = bytearray((place / "ledger").read_bytes())
    data[-4096:] = b"\xff" * 4096
    (place / "ledger").write_bytes(data)

    with pytest.raises(VerificationError, match="damaged"):
        _examined(place, place / "heads")


def test_a_folder_that_was_left_out_for_a_while_still_counts(place: Path) -> None:
    with Ledger.open(place / "ledger") as ledger:
        assert [_append(ledger), _append(ledger, place / "heads")] == [7, 8]

    assert _examined(place, place / "heads").heads == SIZE + 1


def test_what_a_head_is_over_is_not_read_again_by_whoever_wrote_it(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that writes a head now and then would read all of itself each time."""
    began: list[int] = []
    read = SqliteStore.entries

    def noting(store: SqliteStore, after: int) -> Iterator[Entry]:
        began.append(after)
        return read(store, after)

    with Ledger.open(place / "ledger") as ledger:
        _append(ledger, place / "heads")
        _append(ledger)
        monkeypatch.setattr(SqliteStore, "entries", noting)
        assert _append(ledger, place / "heads") == SIZE + 3

    assert began
    assert min(began) == SIZE + 2


def test_an_older_head_that_disagrees_stops_an_append(place: Path) -> None:
    with Ledger.open(place / "ledger") as ledger:
        _append(ledger)
    _rechained(place, [b"other", *_tail(2), b"entry 7"])

    with Ledger.open(place / "ledger") as ledger, pytest.raises(VerificationError, match="other"):
        _append(ledger, place / "heads")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="no folder in which nothing can be made")
def test_where_nothing_can_be_made_nothing_is_made() -> None:
    with pytest.raises(OSError, match="ledger"):
        Ledger.create(Path("/proc/ledger"))
    with pytest.raises(OSError, match="part"):
        stage_head(Path("/proc"), 1, b"")


def test_a_ledger_that_cannot_be_shared_in_memory_is_read_and_not_written(place: Path) -> None:
    # As on a disk without writing: SQLite cannot make the file that readers share.
    (place / "ledger-shm").unlink(missing_ok=True)
    (place / "ledger-shm").mkdir()

    assert len(_entries(place)) == SIZE
    with pytest.raises(OSError, match="ledger"), Ledger.open(place / "ledger") as ledger:
        _append(ledger)


def test_a_ledger_whose_log_cannot_be_read_is_not_read_without_it(place: Path) -> None:
    (place / "ledger-wal").unlink(missing_ok=True)
    (place / "ledger-wal").mkdir()
    (place / "ledger-shm").unlink(missing_ok=True)
    (place / "ledger-shm").mkdir()

    with pytest.raises(OSError, match="ledger"):
        _entries(place)


def test_a_ledger_that_can_have_no_log_is_read_as_it_is(place: Path) -> None:
    # As on a disk without writing: the name of the log would be too long.
    long = place / ("x" * 253)
    (place / "ledger").rename(long)

    with Ledger.open(long, read_only=True) as ledger:
        assert len(list(ledger.entries())) == SIZE
