# SPDX-License-Identifier: Apache-2.0
"""``tiergate release`` and ``tiergate ledger`` on PostgreSQL: the same commands, another place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cli_runner import Run, run
from postgresql_server import ADMIN, OnServer, Server
from record_fixtures import key_file
from release_fixtures import PEOPLE, Release, day

pytestmark = pytest.mark.postgresql
ADA, BEA, CEM = (f"{n}-ed25519" for n in ("ada", "bea", "cem"))


class OnPostgresql(Release):
    """A release whose ledger is on a server, and whose heads are in a folder."""

    def __init__(self, folder: Path, own: OnServer) -> None:
        """Make what is missing."""
        super().__init__(folder)
        self.own = own
        self.heads = folder / "heads"
        self.address = own.writer

    @property
    def where(self) -> tuple[object, ...]:
        """The options that say where the ledger is, and whom it believes."""
        return ("--ledger", self.address, "--trust", self.trust, "--heads", self.heads)

    def first(self) -> Run:
        """Submit the record with the plan."""
        words = (self.record, "--policy", self.policy, "--plan", self.plan)
        return self.act(ADA, "submit", *words)

    def opened(self) -> None:
        """Submit, approve by two, and open the first stage."""
        for done in (
            self.first(),
            self.approve(BEA),
            self.approve(CEM),
            self.act(ADA, "open", "defenders"),
        ):
            assert done.code == 0, done.out + done.err


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a checkpoint, a record, keys and a trust file."""
    folder = tmp_path_factory.mktemp("release")
    Release(folder)
    for name in PEOPLE:
        key_file(folder, name)
    return folder


@pytest.fixture
def fresh(made_once: Path, tmp_path: Path, postgresql: Server) -> OnPostgresql:
    """Return a release before its submission, with an empty ledger on the server."""
    shutil.copytree(made_once, tmp_path / "own")
    return OnPostgresql(tmp_path / "own", postgresql.new_ledger())


def test_a_release_goes_through_its_stages(fresh: OnPostgresql) -> None:
    fresh.opened()
    early = fresh.act(ADA, "advance", "researchers", at=day(29))
    advanced = fresh.act(ADA, "advance", "researchers", at=day(30))
    fresh.address = fresh.own.reader
    log = run("release", "log", *fresh.where, "--json").json["events"]
    verified = run("ledger", "verify", *fresh.where)

    assert (early.code, advanced.code) == (6, 0)
    assert [event["sequence"] for event in log] == [1, 2, 3, 4, 5, 6]
    assert fresh.status(day(31))["serves"] == "T1"
    assert (verified.code, "agrees with every head" in verified.out) == (0, True)
    exported = run("ledger", "export", "--ledger", fresh.address).out.splitlines()
    assert len(exported) == 6
    assert run("ledger", "prove", "--ledger", fresh.address, "--event", 6).json["size"] == 6


def test_a_ledger_is_made_and_its_name_is_printed(postgresql: Server, tmp_path: Path) -> None:
    address = postgresql.address(ADMIN, "made_by_init")
    done = run("ledger", "init", "--ledger", address)
    again = run("ledger", "init", "--ledger", address)

    assert (done.code, done.out.startswith("tiergate.dev/ledger/")) == (0, True)
    assert (again.code, "there already" in again.err) == (4, True)


def test_the_script_for_somebody_else_is_printed_and_changes_nothing(postgresql: Server) -> None:
    address = postgresql.address(ADMIN, "by_script")
    printed = run("ledger", "init", "--ledger", address, "--print-sql")
    before = run("ledger", "export", "--ledger", address)
    postgresql.run(printed.out)
    after = run("ledger", "export", "--ledger", address)

    assert (printed.code, before.code, after.code) == (0, 4, 0)
    assert printed.out.startswith("BEGIN;\n")
    assert "CREATE ROLE by_script_writer NOLOGIN" in printed.out


def _cut(release: OnPostgresql) -> None:
    release.own.without_triggers("DELETE FROM entries WHERE sequence = 5")


def _edit(release: OnPostgresql) -> None:
    release.own.without_triggers("UPDATE entries SET entry = '' WHERE sequence = 3")


def _without_heads(release: OnPostgresql) -> Run:
    who = ("--as", "legal", "--key", release.folder / f"{CEM}.key", "--reason", "because")
    words = ("--ledger", release.address, "--trust", release.trust)
    return run("release", "hold", *who, *words)


def _as_admin(release: OnPostgresql) -> None:
    release.address = release.own.server.address(f"{ADMIN}:secret", release.own.schema)


def _as_reader(release: OnPostgresql) -> None:
    release.address = release.own.reader


def _elsewhere(release: OnPostgresql) -> None:
    release.address = "postgresql://somebody:secret@127.0.0.1:1/elsewhere"


def _misspelt(release: OnPostgresql) -> None:
    release.address = "postgresql://somebody:secret@127.0.0.1:port/elsewhere"


def _not_made(release: OnPostgresql) -> None:
    release.address = release.own.server.address(f"{ADMIN}:secret", "never_made")


def _nothing(release: OnPostgresql) -> None:
    del release


def _hold(release: OnPostgresql) -> Run:
    return release.act(CEM, "hold")


def _status(release: OnPostgresql) -> Run:
    return run("release", "status", *release.where)


def _verify(release: OnPostgresql) -> Run:
    return run("ledger", "verify", *release.where)


Act = Callable[[OnPostgresql], Run]
ROWS: dict[str, tuple[Callable[[OnPostgresql], None], Act, int, str]] = {
    "an act on a ledger that was cut off": (_cut, _hold, 5, "fewer events"),
    "the status of a ledger that was cut off": (_cut, _status, 5, "fewer events"),
    "the verification of a ledger that was cut off": (_cut, _verify, 5, "event 5 is missing"),
    "an act on a ledger that was edited": (_edit, _hold, 5, "event 3 is not what was appended"),
    "the status of a ledger that was edited": (_edit, _status, 5, "event 3 is not what was"),
    "an act without a folder for heads": (_nothing, _without_heads, 4, "with --heads"),
    "an act of somebody who could change entries": (_as_admin, _hold, 4, "who may change entries"),
    "an act of somebody who may only read": (_as_reader, _hold, 4, "permission denied"),
    "an act on a server that does not answer": (_elsewhere, _hold, 6, "no connection"),
    "the status of a ledger on a server that does not answer": (
        _elsewhere,
        _status,
        6,
        "no connection",
    ),
    "an act on a ledger that was never made": (_not_made, _hold, 4, "tiergate ledger init"),
    "a submission to a ledger that was never made": (
        _not_made,
        lambda release: release.first(),
        4,
        "tiergate ledger init",
    ),
    "an address with a mistake": (_misspelt, _hold, 4, "an address that cannot be read"),
    "a proof of an event that is not there": (
        _nothing,
        lambda release: run("ledger", "prove", "--ledger", release.address, "--event", 6),
        4,
        "found 5 events",
    ),
}


@pytest.mark.parametrize("what", ROWS)
def test_is_refused_with_its_code_and_nothing_is_written(fresh: OnPostgresql, what: str) -> None:
    prepare, act, code, said = ROWS[what]
    fresh.opened()
    prepare(fresh)
    before = _written(fresh)

    done = act(fresh)

    shown = done.out + done.err
    assert (done.code, said in " ".join(shown.split())) == (code, True), shown
    assert "secret" not in shown
    assert _written(fresh) == before


def _written(release: OnPostgresql) -> object:
    rows = release.own.admin("SELECT sequence, entry FROM entries ORDER BY sequence")
    return rows, sorted(path.name for path in release.heads.iterdir())
