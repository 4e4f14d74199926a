# SPDX-License-Identifier: Apache-2.0
"""Databases of every version that was released are brought up to date, and keep what they hold."""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from gateway.databases import KINDS, SCHEMAS, Databases, described
from tiergate.errors import InputError
from tiergate.gateway.audit import Audit
from tiergate.gateway.database import Database, DatabaseDownError
from tiergate.gateway.house import House
from tiergate.gateway.log_lines import LogLines
from tiergate.gateway.migrations import NEWEST
from tiergate.gateway.requests import Status
from tiergate.gateway.roles import GatewayRole

RELEASED = range(1, NEWEST)
AT = dt.datetime(2026, 11, 2, 9, 30, tzinfo=dt.UTC)
_SECRET = b"the secret of a test, 32 bytes.."


@pytest.fixture(params=KINDS)
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Databases]:
    found = Databases(str(request.param), tmp_path, lambda: request.getfixturevalue("postgresql"))
    yield found
    found.close()


@pytest.fixture
def new(databases: Databases) -> sa.Engine:
    """A database that this version made."""
    url = databases.new()
    Database(url).close()
    return databases.engine(url)


@pytest.mark.parametrize("number", RELEASED)
def test_that_an_upgraded_database_has_exactly_the_tables_of_a_new_one(
    number: int, databases: Databases, new: sa.Engine
) -> None:
    url = databases.of_revision(number)
    Database(url).close()
    engine = databases.engine(url)

    assert described(engine) == described(new)


@pytest.mark.parametrize("number", RELEASED)
def test_that_what_a_released_version_wrote_is_there_after_the_upgrade(
    number: int, databases: Databases, tmp_path: Path
) -> None:
    folder = tmp_path / "gateway"
    folder.mkdir()
    (folder / "secret").write_bytes(_SECRET)
    with closing(House(folder, databases.of_revision(number))) as house:
        pia, olga = house.accounts.person("pia"), house.accounts.person("olga")
        assert pia is not None
        assert olga is not None
        assert (pia.full_name, pia.publishes("other/model")) == ("Pia Ü.", True)
        assert olga.roles == {GatewayRole.OWNER, GatewayRole.AUDITOR}
        assert house.accounts.person("gone") is None
        holder = house.accounts.holder(f"hf_{'a' * 40}", AT)
        assert holder is not None
        assert (holder.name, holder.jurisdiction) == ("erin", "DE")

        model = house.catalogue.repository("acme/model")
        assert model is not None
        assert (model.release, model.is_announced, model.created_at) == ("acme", True, AT)
        assert model.excluded == {"KP", "RU"}
        revision = house.catalogue.revision("acme/model", "main")
        assert revision is not None
        assert "model.safetensors" in revision.files

        (pending,) = house.requests.listed("acme/model", Status.PENDING)
        assert (pending.id, pending.person, pending.asked_at) == ("request-nora", "nora", AT)
        (given,) = house.requests.grants("acme/model", "erin")
        assert (given.id, given.downloads_left, given.revoked_at) == ("grant-erin", 7, None)
        assert given.until == AT + dt.timedelta(days=90)
        (taken,) = house.requests.grants("acme/model", "gone")
        assert taken.revoked_at == AT
        assert house.uploads.sizes("acme/model", "pia") == {f"sha256:{'ab' * 32}": 6_000_000_000}
        known = "ece3e5196103c20441360fd5b7c4aa339ee104734549595ac7e30e4a090c3ed8"
        assert house.pseudonyms.known("erin") == known


def test_that_the_log_of_a_released_version_still_holds_and_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "gateway"
    folder.mkdir()
    text = (SCHEMAS / "log_1.sqlite.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(folder / "audit.sqlite")) as connection:
        connection.executescript(text)
    key = ed25519.Ed25519PrivateKey.from_private_bytes(_SECRET)
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "audit.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    with closing(House(folder)) as house:
        before = list(house.downloads())
        lines = LogLines(house._database, house.log, house.ready().public)
        found = lines.verify()
        audit = Audit(house.log, house.ready())
        asyncio.run(audit.record(before[0]))
        audit.close()
        after = list(house.downloads())

    assert [(line.first, line.grant) for line in before] == [(0, "grant-erin"), (5, "grant-erin")]
    assert (found.problems, found.lines) == ((), 2)
    assert after == [*before, before[0]]


def test_that_an_upgraded_database_takes_new_rows(databases: Databases, tmp_path: Path) -> None:
    with closing(House(tmp_path / "gateway", databases.of_revision(1))) as house:
        house.requests.give("acme/model", "nora", by="ruth", at=AT)
        house.stops.stop("acme/model", by="ruth", reason="a drill", at=AT)

        assert len(house.requests.grants("acme/model", "nora")) == 1
        assert house.stops.on("acme/model") is not None


def test_that_a_database_of_a_newer_version_is_refused_and_not_touched(
    databases: Databases,
) -> None:
    url = databases.new()
    Database(url).close()
    databases.run(url, "UPDATE schema_version SET number = number + 1")
    engine = databases.engine(url)
    before = described(engine)
    with pytest.raises(InputError, match="a newer version") as refused:
        Database(url)

    assert "Install the version of Tiergate that was here before" in str(refused.value)
    assert described(engine) == before


def test_that_tables_of_somebody_else_are_refused_and_not_touched(databases: Databases) -> None:
    url = databases.new()
    databases.run(url, "CREATE TABLE people (shoe_size INTEGER)")
    with pytest.raises(InputError, match="no version of Tiergate has made"):
        Database(url)
    engine = databases.engine(url)

    assert sa.inspect(engine).get_table_names() == ["people"]


def test_that_an_upgrade_that_fails_leaves_everything_as_it_was(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tiergate.gateway.migrations import revision_2

    url = databases.of_revision(1)
    engine = databases.engine(url)
    before, upgrade = described(engine), revision_2.upgrade

    def fails_at_the_end(operations: object) -> None:
        upgrade(operations)  # type: ignore[arg-type]
        raise ZeroDivisionError

    monkeypatch.setattr(revision_2, "upgrade", fails_at_the_end)
    with pytest.raises(ZeroDivisionError):
        Database(url)
    assert described(engine) == before

    monkeypatch.setattr(revision_2, "upgrade", upgrade)
    Database(url).close()
    assert described(engine) != before


@pytest.mark.parametrize("released", [False, True], ids=["an empty one", "an old one"])
def test_that_many_who_start_at_once_bring_it_up_to_date_together(
    released: bool,  # noqa: FBT001 - a parameter of the test
    databases: Databases,
    new: sa.Engine,
) -> None:
    url = databases.of_revision(1) if released else databases.new()
    program = "import sys; from tiergate.gateway.database import Database; Database(sys.argv[1])"
    started = [
        subprocess.Popen([sys.executable, "-c", program, url], stderr=subprocess.PIPE)
        for _ in range(6)
    ]
    said = [process.communicate(timeout=60)[1] for process in started]
    engine = databases.engine(url)

    assert said == [b""] * 6
    assert described(engine) == described(new)


def test_that_a_database_that_somebody_keeps_is_waited_for(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'gateway.sqlite'}"
    keeper = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with keeper.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    opened = threading.Event()

    def opens() -> None:
        Database(url).close()
        opened.set()

    with keeper.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        waits = threading.Thread(target=opens)
        waits.start()
        assert not opened.wait(0.5)
        connection.exec_driver_sql("COMMIT")
        waits.join()
    keeper.dispose()

    assert opened.is_set()


def test_that_a_server_that_is_not_there_is_said_without_the_password() -> None:
    with pytest.raises(DatabaseDownError) as down:
        Database("postgresql://ada:opensesame@127.0.0.1:9/hub")

    assert down.value.filename == "postgresql://ada@127.0.0.1:9/hub"
    assert "opensesame" not in str(down.value)
