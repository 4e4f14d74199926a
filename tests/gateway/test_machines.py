# SPDX-License-Identifier: Apache-2.0
"""Several machines that share a database on PostgreSQL: one gateway, and one log of downloads.

Each machine is a folder and a process of its own on this one.
"""

from __future__ import annotations

import re
import secrets
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cli_runner import run
from gateway.test_serving import started
from gateway_site import NAME, Answer, Site
from tiergate.decision.tier import Tier
from tiergate.errors import InputError, VerificationError
from tiergate.gateway.house import House
from tiergate.gateway.log import read_downloads
from tiergate.gateway.log_place import LogPlace

if TYPE_CHECKING:
    from postgresql_server import Server

pytestmark = pytest.mark.postgresql

FILE = f"/{NAME}/resolve/main/model.safetensors"


@pytest.fixture
def database(postgresql: Server) -> str:
    """The address of an empty database, for somebody who may make roles and is no superuser."""
    name = f"g{secrets.token_hex(6)}"
    postgresql.run(f"CREATE ROLE {name} LOGIN CREATEROLE")
    postgresql.run(f"CREATE DATABASE {name} OWNER {name}")
    return f"postgresql://{name}@127.0.0.1:{postgresql.port}/{name}?schema=log_{name}"


class Machines:
    """Two machines with one model, which is for people with a grant; Erin has one."""

    def __init__(self, site: Site, database: str) -> None:
        self.database = database
        site.house.close()
        shutil.rmtree(site.folder / "gateway")
        site.house = House(site.folder / "gateway", database)
        site.house.ready()
        site.release(site.publish(), Tier.T2, Tier.T4)
        site.person("erin")
        site.house.requests.give(NAME, "erin", by="ruth", at=site.now)
        self.first = site
        self.second = Site(folder=site.folder / "second")
        self.second.house.close()
        self.second.ledger, self.second.heads = site.ledger, site.heads
        self.second.tokens = site.tokens
        for name in ("ledger.sqlite", "gateway"):
            _remove(self.second.folder / name)
        (self.second.folder / "gateway").mkdir()
        for name in ("secret", "audit.key"):
            shutil.copy2(site.folder / "gateway" / name, self.second.folder / "gateway" / name)
        shutil.copytree(
            site.folder / "gateway" / "objects", self.second.folder / "gateway" / "objects"
        )

    @contextmanager
    def started(self) -> Iterator[None]:
        """Start both."""
        with ExitStack() as stack:
            for site in (self.first, self.second):
                stack.enter_context(started(site, database=self.database))
            yield


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


@pytest.fixture
def machines(site: Site, database: str) -> Machines:
    (site.folder / "second").mkdir()
    return Machines(site, database)


def _codes(answers: list[Answer]) -> Counter[tuple[int, str]]:
    return Counter((answer.status, answer.code) for answer in answers)


def test_that_two_machines_are_one_gateway_with_one_log(machines: Machines) -> None:
    first, second = machines.first, machines.second
    answers: list[Answer] = []
    with machines.started():

        def download(site: Site) -> None:
            answers.extend(site.ask(FILE, who="erin") for _ in range(15))

        people = [threading.Thread(target=download, args=(site,)) for site in (first, second) * 2]
        for person in people:
            person.start()
        for person in people:
            person.join()
        assert _codes(answers) == {(200, ""): 60}

        first.house.requests.revoke(NAME, "erin", first.now)
        assert second.ask(FILE, who="erin").status == 403
        first.house.requests.give(NAME, "erin", by="ruth", at=first.now)
        assert second.ask(FILE, who="erin").status == 200
        stop = first.house.stops.stop(NAME, by="ruth", reason="a drill", at=first.now)
        assert [site.ask(FILE, who="erin").status for site in (first, second)] == [403, 403]
        first.house.stops.lift(stop.id, by="olga", at=first.now)
        assert [site.ask(FILE, who="erin").status for site in (first, second)] == [200, 200]

    lines = list(first.house.downloads())
    assert len(lines) == 63
    assert {line.who for line in lines} == {first.house.pseudonyms.known("erin")}
    for site in (first, second):
        # Both have heads of their own, and the log agrees with each.
        log = LogPlace(site.folder / "gateway", first.house.log._address)
        assert list(log.heads.iterdir())
        assert len(list(read_downloads(log, first.house.ready().public))) == 63


def test_that_the_log_is_read_with_the_command(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    with started(machines.first, database=machines.database):
        machines.first.ask(FILE, who="erin")
    monkeypatch.setenv("TIERGATE_DATABASE_URL", machines.database)
    done = run("gateway", "log", "--folder", machines.first.folder / "gateway")

    assert done.code == 0
    assert f"{NAME}: 1 request for files by 1 person" in done.out
    assert done.out.endswith("The log holds.\n")


def test_that_a_line_that_was_taken_out_is_noticed(machines: Machines, postgresql: Server) -> None:
    with started(machines.first, database=machines.database):
        for _ in range(3):
            machines.first.ask(FILE, who="erin")
    address = machines.first.house.log._address
    assert address is not None
    from pg8000.native import Connection

    connection = Connection(
        "the_admin",
        host="127.0.0.1",
        port=postgresql.port,
        database=address.database,
        ssl_context=False,
    )
    for statement in (
        f"SET search_path = {address.schema}",
        "ALTER TABLE entries DISABLE TRIGGER USER",
        "DELETE FROM entries WHERE sequence = 3",
    ):
        connection.run(statement)
    connection.close()
    with pytest.raises(VerificationError):
        list(machines.first.house.downloads())


def _open(folder: Path, database: str) -> None:
    with closing(House(folder, database)) as house:
        house.ready()


@pytest.mark.parametrize("name", ["secret", "audit.key"])
def test_that_a_machine_without_the_keys_of_the_others_is_refused(
    name: str, machines: Machines
) -> None:
    folder = machines.second.folder / "gateway"
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"{name}: found no such file") as refused:
        _open(folder, machines.database)

    assert "Copy" in refused.value.remedy
    assert not (folder / name).exists()


@pytest.mark.parametrize("name", ["secret", "audit.key"])
def test_that_a_machine_with_other_keys_is_refused(name: str, machines: Machines) -> None:
    folder = machines.second.folder / "gateway"
    _open(machines.second.folder / "other", "")
    shutil.copy2(machines.second.folder / "other" / name, folder / name)
    with pytest.raises(InputError, match=f"{name}: found another key"):
        _open(folder, machines.database)


def test_that_a_login_that_may_make_no_roles_is_told_what_has_to_be_run(
    postgresql: Server, tmp_path: Path
) -> None:
    name = f"g{secrets.token_hex(6)}"
    postgresql.run(f"CREATE ROLE {name} LOGIN")
    postgresql.run(f"CREATE DATABASE {name} OWNER {name}")
    place = f"127.0.0.1:{postgresql.port}/{name}"
    house = House(tmp_path / "gateway", f"postgresql://{name}@{place}?schema=log_{name}")
    with pytest.raises(InputError, match="no log of downloads") as refused:
        house.ready()
    told = refused.value.remedy
    ledger = re.search(r"--ledger '(\S+)'", told)
    grant = re.search(r"--command '(.+)'", told)
    assert ledger
    assert grant

    made = run("ledger", "init", "--ledger", ledger[1].replace("ADMIN", "the_admin"))
    assert made.code == 0, made.err
    postgresql.run(grant[1])
    house.ready()
    with house.log.open() as ledger_of_downloads:
        assert list(ledger_of_downloads.entries()) == []
    house.close()


def test_that_machines_that_start_at_once_make_one_log(postgresql: Server, tmp_path: Path) -> None:
    name = f"g{secrets.token_hex(6)}"
    postgresql.run(f"CREATE DATABASE {name}")
    url = f"postgresql://the_admin@127.0.0.1:{postgresql.port}/{name}?schema=log_{name}"
    houses = [House(tmp_path / "gateway", url) for _ in range(4)]
    found: list[str] = []

    def prepare(house: House) -> None:
        house.ready()
        with house.log.open() as ledger:
            found.append(ledger.origin)

    started_at_once = [threading.Thread(target=prepare, args=(house,)) for house in houses]
    for each in started_at_once:
        each.start()
    for each in started_at_once:
        each.join()
    for house in houses:
        house.close()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_that_a_machine_that_stops_in_the_middle_of_an_entry_holds_up_nobody_for_long(
    machines: Machines,
) -> None:
    with (
        started(machines.first, database=machines.database),
        suppress(OSError),
        machines.first.house.log.open() as stuck,
        stuck._store.writing(),
    ):
        begun = time.monotonic()
        kept = machines.first.ask(FILE, who="erin")
        took = time.monotonic() - begun
        after = machines.first.ask(FILE, who="erin")

    assert (kept.status, after.status) == (200, 200)
    assert 1 < took < 8
    assert len(list(machines.first.house.downloads())) == 2
