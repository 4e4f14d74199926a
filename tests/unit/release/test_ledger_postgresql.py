# SPDX-License-Identifier: Apache-2.0
"""A ledger on PostgreSQL: who may do what there, and whatever was done to it is shown."""

from __future__ import annotations

import errno
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from builders_attestation import key
from postgresql_server import ADMIN, PASSWORD, OnServer, Server
from tiergate.attestation.merkle import leaf_hash
from tiergate.errors import InputError, VerificationError
from tiergate.release.head_files import heads_in
from tiergate.release.ledger import Ledger
from tiergate.release.ledger_address import read_address
from tiergate.release.ledger_checks import LedgerReport, examine_ledger
from tiergate.release.ledger_entry import LARGEST_ENTRY_BYTES, Position, chained, start_of
from tiergate.release.ledger_postgresql import PostgresqlStore, create_postgresql
from tiergate.release.ledger_postgresql_schema import script

pytestmark = pytest.mark.postgresql
SIGNER = key("heads-ed25519")
SIZE = 6


def _data(position: Position) -> bytes:
    return b"entry %d" % position.sequence


def _append(ledger: Ledger, *folders: Path, make: Callable[[Position], bytes] = _data) -> int:
    return ledger.append(make, head_signer=SIGNER, folders=folders).size


@pytest.fixture
def own(postgresql: Server, tmp_path: Path) -> OnServer:
    """Return a ledger of the test's own with six entries, and its heads in a folder."""
    made = postgresql.new_ledger()
    with Ledger.open(made.writer) as ledger:
        for _ in range(SIZE):
            _append(ledger, tmp_path / "heads")
    return made


def _examined(own: OnServer, heads: Path | None = None) -> LedgerReport:
    files = tuple(heads_in(heads)) if heads else ()
    with Ledger.open(own.reader, read_only=True) as ledger:
        return examine_ledger(ledger, files, [SIGNER.public])


def test_a_ledger_that_nobody_touched_agrees_with_every_head(own: OnServer, tmp_path: Path) -> None:
    report = _examined(own, tmp_path / "heads")

    assert report.problems == ()
    assert (report.size, report.heads) == (SIZE, SIZE)


def test_entries_come_back_in_their_order_over_more_than_one_page(
    postgresql: Server,
) -> None:
    made = postgresql.new_ledger()
    with Ledger.open(made.writer) as ledger:
        store = ledger._store
        assert isinstance(store, PostgresqlStore)
        last = start_of(ledger.origin)
        rows = []
        for number in range(1, 1002):
            chain = chained(last, leaf_hash(b"%d" % number))
            rows.append(f"({number}, '\\x{last.hex()}', '{number}', '\\x{chain.hex()}')")
            last = chain
        store._run(f"INSERT INTO {made.schema}.entries VALUES {', '.join(rows)}")  # noqa: S608
        assert [e.data for e in ledger.entries()] == [b"%d" % n for n in range(1, 1002)]
        assert _append(ledger) == 1002

    assert _examined(made).problems == ()


CHANGES = (
    "UPDATE entries SET entry = '' WHERE sequence = 2",
    "DELETE FROM entries WHERE sequence = 6",
    "TRUNCATE entries",
    "UPDATE ledger SET value = ''",
    "DELETE FROM ledger",
    "TRUNCATE ledger",
    "INSERT INTO ledger VALUES ('more', '')",
)
BAD_INSERTS = (
    "INSERT INTO entries SELECT 8, previous, entry, chain FROM entries WHERE sequence = 6",
    "INSERT INTO entries SELECT 7, previous, entry, chain FROM entries WHERE sequence = 6",
    "INSERT INTO entries SELECT 7, chain, entry, chain FROM entries WHERE sequence = 6",
    "INSERT INTO entries SELECT * FROM entries WHERE sequence = 6",
    (
        "INSERT INTO entries SELECT * FROM entries WHERE sequence = 6"
        " ON CONFLICT (sequence) DO UPDATE SET entry = ''"
    ),
)


@pytest.mark.parametrize("statement", [*CHANGES, *BAD_INSERTS, "DROP TABLE entries"])
@pytest.mark.parametrize("who", ["writer", "reader"])
def test_whoever_appends_or_reads_cannot_change_anything(
    own: OnServer, tmp_path: Path, statement: str, who: str
) -> None:
    words = f"SET search_path = {own.schema}; {statement}"

    with pytest.raises(Exception, match=r"permission denied|must be owner|follow|chained"):
        own.server.run(words, f"{own.schema}_one_{who}")

    assert _examined(own, tmp_path / "heads").holds


@pytest.mark.parametrize("statement", [*CHANGES, *BAD_INSERTS])
@pytest.mark.parametrize("mode", ["origin", "replica"])
def test_the_triggers_hold_for_the_owner_too_and_where_others_are_off(
    own: OnServer, tmp_path: Path, statement: str, mode: str
) -> None:
    with pytest.raises(Exception, match=r"never changed|follow|chained"):
        own.admin(f"SET session_replication_role = {mode}; {statement}")

    assert _examined(own, tmp_path / "heads").holds


def test_the_database_itself_refuses_an_entry_with_another_chain(own: OnServer) -> None:
    row = "SELECT 7, chain, 'x', sha256('y') FROM entries WHERE sequence = 6"

    with pytest.raises(Exception, match="chained to what they follow"):
        own.admin(f"INSERT INTO entries {row}")


def test_nobody_appends_who_could_change_entries(own: OnServer) -> None:
    address = own.server.address(ADMIN, own.schema)

    with pytest.raises(InputError, match=f"{ADMIN}, who may change entries.*{own.schema}_writer"):
        Ledger.open(address)
    with Ledger.open(address, read_only=True) as ledger:
        assert len(list(ledger.entries())) == SIZE


def test_nobody_appends_who_could_become_the_owner(own: OnServer) -> None:
    own.server.run(f"GRANT {own.schema}_owner TO {own.schema}_one_writer")

    with pytest.raises(InputError, match="who may change entries"):
        Ledger.open(own.writer)


def test_somebody_with_more_rights_appends_in_a_session_without_them(own: OnServer) -> None:
    admin = read_address(own.server.address(ADMIN, own.schema))
    settings = (f"SET ROLE {own.schema}_writer",)
    with Ledger(PostgresqlStore.open(admin, read_only=False, settings=settings)) as ledger:
        assert _append(ledger) == SIZE + 1


def test_who_may_only_read_appends_nothing(own: OnServer, tmp_path: Path) -> None:
    with Ledger.open(own.reader) as ledger, pytest.raises(InputError, match="permission denied"):
        _append(ledger, tmp_path / "heads")

    assert _examined(own, tmp_path / "heads").heads == SIZE


AGAIN = (
    "INSERT INTO entries SELECT 7, (SELECT chain FROM entries WHERE sequence = 6), entry, chain"
    " FROM entries WHERE sequence = 2"
)
SWAP = (
    "UPDATE entries e SET entry = o.entry FROM entries o"
    " WHERE (e.sequence, o.sequence) IN ((2, 3), (3, 2))"
)
FAULTS: dict[str, tuple[Callable[[OnServer], object], int | None]] = {
    "cut off at the end": (
        lambda o: o.without_triggers("DELETE FROM entries WHERE sequence > 4"),
        5,
    ),
    "emptied": (lambda o: o.without_triggers("DELETE FROM entries"), 1),
    "edited": (
        lambda o: o.without_triggers("UPDATE entries SET entry = '' WHERE sequence = 3"),
        3,
    ),
    "put into another order": (lambda o: o.without_triggers(SWAP), 2),
    "an event taken out of the middle": (
        lambda o: o.without_triggers("DELETE FROM entries WHERE sequence = 2"),
        2,
    ),
    "an event put in again": (lambda o: o.without_triggers(AGAIN), 7),
    "another ledger in its place": (lambda o: _swapped(o), 1),  # noqa: PLW0108 - defined below
    "a trigger dropped": (
        lambda o: o.admin("DROP TRIGGER entries_are_contiguous ON entries"),
        None,
    ),
    "a trigger switched off": (
        lambda o: o.admin("ALTER TABLE entries DISABLE TRIGGER entries_are_contiguous"),
        None,
    ),
    "a trigger that is off where others replicate": (
        lambda o: o.admin("ALTER TABLE entries ENABLE TRIGGER entries_are_contiguous"),
        None,
    ),
    "a trigger that does nothing": (
        lambda o: o.admin(
            "CREATE OR REPLACE FUNCTION never() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RETURN NULL; END'"
        ),
        None,
    ),
    "somebody who may delete": (
        lambda o: o.admin(f"GRANT DELETE ON entries TO {o.schema}_reader"),
        None,
    ),
    "everybody may empty it": (lambda o: o.admin("GRANT TRUNCATE ON entries TO PUBLIC"), None),
    "somebody who may change one column": (
        lambda o: o.admin(f"GRANT UPDATE (entry) ON entries TO {o.schema}_writer"),
        None,
    ),
    "rows that are hidden": (
        lambda o: o.admin("ALTER TABLE entries ENABLE ROW LEVEL SECURITY"),
        1,
    ),
    "a rule that takes what is added": (
        lambda o: o.admin("CREATE RULE away AS ON INSERT TO entries DO INSTEAD NOTHING"),
        None,
    ),
    "another table beside them": (lambda o: o.admin("CREATE TABLE more (x int)"), None),
}


def _swapped(own: OnServer) -> None:
    other = own.server.new_ledger()
    with Ledger.open(other.writer) as ledger:
        for _ in range(SIZE):
            _append(ledger)
    own.admin(f"DROP SCHEMA {own.schema} CASCADE")
    for words in (
        f"ALTER SCHEMA {other.schema} RENAME TO {own.schema}",
        f"GRANT USAGE ON SCHEMA {own.schema} TO {own.schema}_reader",
        f"GRANT SELECT ON {own.schema}.entries, {own.schema}.ledger TO {own.schema}_reader",
    ):
        own.server.run(words)


@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_done_is_shown_and_which_event_is_first(
    own: OnServer, tmp_path: Path, fault: str
) -> None:
    act, first = FAULTS[fault]
    act(own)

    report = _examined(own, tmp_path / "heads")

    assert not report.holds
    assert report.first == first


@pytest.mark.parametrize("fault", ["cut off at the end", "edited", "another ledger in its place"])
def test_nothing_is_appended_to_a_ledger_that_does_not_hold(
    own: OnServer, tmp_path: Path, fault: str
) -> None:
    FAULTS[fault][0](own)
    own.admin(f"GRANT USAGE ON SCHEMA {own.schema} TO {own.schema}_writer")
    own.admin(f"GRANT SELECT, INSERT ON entries, ledger TO {own.schema}_writer")
    before = own.admin("SELECT * FROM entries ORDER BY sequence")

    with Ledger.open(own.writer) as ledger, pytest.raises(VerificationError):
        _append(ledger, tmp_path / "heads")

    assert own.admin("SELECT * FROM entries ORDER BY sequence") == before
    assert len(list((tmp_path / "heads").iterdir())) == SIZE


def test_an_entry_that_the_database_refuses_leaves_nothing(own: OnServer, tmp_path: Path) -> None:
    own.admin(
        "CREATE OR REPLACE FUNCTION follows() RETURNS trigger LANGUAGE plpgsql"
        " AS $$BEGIN RAISE EXCEPTION 'not today'; END$$"
    )

    with Ledger.open(own.writer) as ledger, pytest.raises(VerificationError, match="not today"):
        _append(ledger, tmp_path / "heads")

    assert len(list((tmp_path / "heads").iterdir())) == SIZE


def test_what_cannot_be_made_leaves_nothing_and_the_next_one_is_taken(
    own: OnServer, tmp_path: Path
) -> None:
    def fail(position: Position) -> bytes:
        raise InputError("entry", f"place {position.sequence}", "another")

    with Ledger.open(own.writer) as ledger:
        with pytest.raises(InputError, match="place 7"):
            _append(ledger, tmp_path / "heads", make=fail)
        with pytest.raises(InputError, match="at most"):
            _append(ledger, make=lambda _: bytes(LARGEST_ENTRY_BYTES + 1))
        assert _append(ledger, tmp_path / "heads", make=lambda _: bytes(LARGEST_ENTRY_BYTES)) == 7

    assert _examined(own, tmp_path / "heads").holds


def test_a_folder_that_cannot_hold_heads_leaves_nothing_anywhere(
    own: OnServer, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")

    with Ledger.open(own.writer) as ledger, pytest.raises(OSError, match="file"):
        _append(ledger, tmp_path / "heads", tmp_path / "file" / "below")

    assert _examined(own, tmp_path / "heads").size == SIZE
    assert len(list((tmp_path / "heads").iterdir())) == SIZE


def test_two_programs_append_one_after_the_other(own: OnServer) -> None:
    sizes: list[int] = []

    def write() -> None:
        with Ledger.open(own.writer) as ledger:
            sizes.extend(_append(ledger) for _ in range(10))

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(sizes) == list(range(SIZE + 1, SIZE + 31))
    assert _examined(own).holds


def test_whoever_waits_too_long_for_another_writer_is_told(own: OnServer, tmp_path: Path) -> None:
    with Ledger.open(own.writer) as one, Ledger.open(own.writer) as two:
        second = two._store
        assert isinstance(second, PostgresqlStore)
        second._run("SET lock_timeout = '50ms'")
        with one._store.writing(), pytest.raises(OSError, match="lock timeout"):
            _append(two, tmp_path / "heads")
        assert _append(two, tmp_path / "heads") == SIZE + 1


def test_a_full_disk_takes_no_entry_and_says_so(own: OnServer, tmp_path: Path) -> None:
    own.admin(
        "CREATE OR REPLACE FUNCTION follows() RETURNS trigger LANGUAGE plpgsql"
        " AS $$BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END$$"
    )

    with Ledger.open(own.writer) as ledger, pytest.raises(OSError, match="no space") as refused:
        _append(ledger, tmp_path / "heads")

    assert refused.value.errno == errno.ENOSPC


class _Cutting:
    """Somebody who ends every connection of a ledger while they sign."""

    public = SIGNER.public

    def __init__(self, own: OnServer) -> None:
        self.own = own

    def sign(self, data: bytes) -> bytes:
        _end_connections(self.own)
        return SIGNER.sign(data)


def _end_connections(own: OnServer) -> None:
    words = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename LIKE"
    own.admin(f"{words} '{own.schema}%'")


def test_a_server_that_is_lost_before_the_entry_has_kept_nothing(
    own: OnServer, tmp_path: Path
) -> None:
    def make(position: Position) -> bytes:
        _end_connections(own)
        return b"entry %d" % position.sequence

    with Ledger.open(own.writer) as ledger, pytest.raises(OSError, match=r"terminat|connection"):
        _append(ledger, tmp_path / "heads", make=make)

    assert _examined(own, tmp_path / "heads").size == SIZE


def test_a_server_that_is_lost_while_it_writes_sends_people_to_the_log(
    own: OnServer, tmp_path: Path
) -> None:
    folders = [tmp_path / "heads"]

    with Ledger.open(own.writer) as ledger, pytest.raises(OSError, match="look into the log"):
        ledger.append(_data, head_signer=_Cutting(own), folders=folders)

    assert _examined(own, tmp_path / "heads").size == SIZE
    assert len(list((tmp_path / "heads").iterdir())) == SIZE


def test_a_server_that_is_lost_cannot_be_read(own: OnServer) -> None:
    with Ledger.open(own.reader, read_only=True) as ledger:
        _end_connections(own)
        with pytest.raises(OSError, match=r"terminat|connection"):
            list(ledger.entries())
        # The second time the program knows that it is lost.
        with pytest.raises(OSError, match="connection"):
            list(ledger.entries())


def test_what_is_acknowledged_is_on_the_disk_whatever_the_database_says(own: OnServer) -> None:
    own.server.run(f"ALTER ROLE {own.schema}_one_writer SET synchronous_commit = off")
    own.server.run(f"ALTER ROLE {own.schema}_one_reader SET synchronous_commit = remote_apply")

    assert _setting(own.writer, "synchronous_commit") == "on"
    assert _setting(own.reader, "synchronous_commit") == "remote_apply"


def _setting(address: str, name: str) -> object:
    store = PostgresqlStore.open(read_address(address), read_only=True)
    try:
        return store._run(f"SHOW {name}")[0][0]
    finally:
        store.close()


def test_a_ledger_is_never_made_over_something(own: OnServer, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there already"):
        create_postgresql(read_address(own.server.address(ADMIN, own.schema)), "another")

    assert _examined(own, tmp_path / "heads").holds


def test_somebody_who_may_make_roles_and_schemas_is_enough_to_make_a_ledger(
    postgresql: Server,
) -> None:
    user = f"u{secrets.token_hex(6)}"
    postgresql.run(f"CREATE ROLE {user} LOGIN CREATEROLE")
    postgresql.run(f"GRANT CREATE ON DATABASE postgres TO {user}")
    address = postgresql.address(user, f"of_{user}")
    create_postgresql(read_address(address), "tiergate.dev/ledger/x")

    # It gives the owner's role back, so that it can change nothing, nor read.
    with pytest.raises(InputError, match="permission denied"):
        Ledger.open(address)


def test_somebody_who_may_not_make_a_ledger_is_told_so(own: OnServer) -> None:
    address = own.server.address(f"{own.schema}_one_writer", f"{own.schema}_more")

    with pytest.raises(InputError, match="permission denied"):
        create_postgresql(read_address(address), "tiergate.dev/ledger/x")


def test_the_script_for_somebody_else_makes_the_same_ledger(
    postgresql: Server, tmp_path: Path
) -> None:
    schema = f"s{secrets.token_hex(6)}"
    address = read_address(postgresql.address(ADMIN, schema))
    postgresql.run(script(address, "tiergate.dev/ledger/x"))

    with Ledger.open(postgresql.address(ADMIN, schema), read_only=True) as ledger:
        assert ledger.origin == "tiergate.dev/ledger/x"
        assert list(ledger.faults()) == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE ledger SET value = 'x' WHERE name = 'format'", "another format"),
        ("UPDATE ledger SET value = 'x' WHERE name = 'start'", "another format"),
        ("DELETE FROM ledger WHERE name = 'origin'", "no ledger"),
        ("UPDATE ledger SET value = '\\xff' WHERE name = 'origin'", "no ledger"),
        ("ALTER TABLE ledger RENAME TO other", "no ledger"),
        ("ALTER TABLE ledger RENAME name TO other", "no ledger"),
    ],
)
def test_what_is_no_ledger_is_refused(own: OnServer, statement: str, said: str) -> None:
    own.admin(f"ALTER TABLE ledger DISABLE TRIGGER USER; {statement}")

    for address in (own.reader, own.writer):
        with pytest.raises(InputError, match=said):
            Ledger.open(address, read_only=True)


def test_a_ledger_that_is_not_there_is_said_with_what_makes_one(postgresql: Server) -> None:
    with pytest.raises(InputError, match="tiergate ledger init"):
        Ledger.open(postgresql.address(ADMIN, "not_there"))


def test_a_user_or_database_that_is_not_there_is_said(postgresql: Server) -> None:
    address = postgresql.address(ADMIN, "x")

    with pytest.raises(InputError, match="a refusal"):
        Ledger.open(postgresql.address("nobody_may", "x"))
    with pytest.raises(InputError, match="a refusal"):
        Ledger.open(address.replace("/postgres?", "/elsewhere?"))


def test_a_password_is_taken_from_the_address_or_the_environment_and_shown_nowhere(
    own: OnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.server.run(f"GRANT {own.schema}_writer TO with_password")
    within = own.server.address(f"with_password:{quote(PASSWORD)}", own.schema)
    without = own.server.address("with_password", own.schema)

    with Ledger.open(within) as ledger:
        assert ledger.place == without
    for wrong in ("wrong", ""):
        monkeypatch.setenv("PGPASSWORD", wrong)
        with pytest.raises(InputError, match="a refusal") as refused:
            Ledger.open(without)
        assert "wrong" not in str(refused.value)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    with Ledger.open(without) as ledger:
        assert _append(ledger) == SIZE + 1
    own.server.run(f"REVOKE {own.schema}_writer FROM with_password")


def test_a_certificate_has_to_be_one_that_is_believed(own: OnServer) -> None:
    user = f"{own.schema}_one_reader"
    authorities = f"&sslrootcert={own.server.folder}/server.crt"
    believed = own.server.address(user, own.schema, settings=f"&sslmode=verify-full{authorities}")
    unknown = own.server.address(user, own.schema, settings="&sslmode=verify-full")
    absent = own.server.address(user, own.schema, settings="&sslmode=verify-full&sslrootcert=/no")

    with Ledger.open(believed, read_only=True) as ledger:
        assert len(list(ledger.entries())) == SIZE
    with pytest.raises(VerificationError, match="certificate"):
        Ledger.open(unknown, read_only=True)
    with pytest.raises(OSError, match="No such file"):
        Ledger.open(absent, read_only=True)


@pytest.mark.enable_socket
def test_a_ledger_is_reached_through_a_socket_of_this_machine(own: OnServer) -> None:
    user, port = f"{own.schema}_one_reader", own.server.port
    settings = f"&host={quote(str(own.server.folder))}"
    address = own.server.address(user, own.schema, settings=settings, host=f":{port}")

    with Ledger.open(address, read_only=True) as ledger:
        assert len(list(ledger.entries())) == SIZE
    with pytest.raises(OSError, match="no connection"):
        Ledger.open(address.replace(str(port), "1"), read_only=True)


def test_a_server_that_does_not_answer_is_said(postgresql: Server) -> None:
    address = postgresql.address("x", "x").replace(str(postgresql.port), "1")

    with pytest.raises(OSError, match="no connection") as refused:
        Ledger.open(address)
    assert refused.value.filename == address


def test_a_mistake_of_our_own_is_no_refusal_of_the_server(own: OnServer) -> None:
    store = PostgresqlStore.open(read_address(own.writer), read_only=True)

    with pytest.raises(AttributeError):
        store._run(None)  # type: ignore[arg-type]
    store.close()
