# SPDX-License-Identifier: Apache-2.0
"""A database that is gone, kept by somebody or full: nothing leaves, and clients are told so.

A 5xx would let clients fall back to an old copy, and a silent one would let them wait.
"""

from __future__ import annotations

import resource
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from gateway.attack_table import FILE, OURS, request
from gateway.raw_http import connected
from gateway.test_attacks_in_time import _SMALL, _the_rest
from gateway.test_routes import PATHS
from gateway.test_serving import started
from gateway.town import GATED, Town
from gateway_site import NAME, Site
from tiergate.decision.tier import Tier
from tiergate.gateway import audit
from tiergate.gateway.house import House
from tiergate.gateway.targets import Kind

if TYPE_CHECKING:
    from pathlib import Path

    from postgresql_server import Server

WEIGHTS = f"/{NAME}/resolve/main/model.safetensors"
LENGTH = 12 * 1024 * 1024
LONGEST_SECONDS = 8
"""How long any answer takes; clients give up after ten."""


@pytest.fixture
def town(tmp_path: Path, postgresql: Server) -> Iterator[Town]:
    """A town whose database is on a server."""
    found = Town(folder=tmp_path)
    found.house.close()
    name = f"g{secrets.token_hex(6)}"
    postgresql.run(f"CREATE DATABASE {name}")
    found.house = House(
        tmp_path / "other", f"postgresql://the_admin@127.0.0.1:{postgresql.port}/{name}"
    )
    yield found
    found.house.close()


@pytest.mark.postgresql
def test_that_no_route_answers_with_bytes_or_a_5xx_while_the_server_is_gone(
    town: Town, postgresql: Server
) -> None:
    town.settle_one()
    path = f"/{GATED}/resolve/main/model.safetensors"
    with town.served():
        assert town.ask(path, who="gwen").status == 200
        postgresql.kill()
        try:
            begun = time.monotonic()
            found = {kind.value: town.ask(path, who="gwen") for kind, path in PATHS.items()}
            found["head"] = town.ask(path, method="HEAD", who="gwen")
            anonymous = town.ask(path)
            took = time.monotonic() - begun
        finally:
            postgresql.start()
        again = town.ask(path, who="gwen")
        lines = list(town.house.downloads())

    refused = found[Kind.FILE.value]
    assert (refused.status, refused.code) == (403, "GatedRepo")
    assert "cannot be checked now" in refused.said
    assert (anonymous.status, anonymous.code) == (403, "GatedRepo")
    for kind, answer in found.items():
        assert answer.status < 500 or answer.status == 501, kind
        assert town.weights not in answer.body
    assert took < LONGEST_SECONDS * len(found)
    assert (again.status, again.body) == (200, town.weights)
    assert len(lines) == 2


@pytest.mark.postgresql
def test_that_a_running_download_ends_when_nobody_can_be_asked(
    town: Town, postgresql: Server
) -> None:
    town.settle_one(LENGTH)
    with town.served(), connected(town.port, receive_buffer=_SMALL) as connection:
        connection.sendall(town.fill(request(FILE, OURS)))
        before = len(connection.recv(_SMALL))
        postgresql.kill()
        try:
            time.sleep(5)
            after = _the_rest(connection)
        finally:
            postgresql.start()

    assert before
    assert after <= 8 * _SMALL


@pytest.mark.postgresql
def test_that_a_running_download_outlives_a_server_that_is_started_again(
    town: Town, postgresql: Server
) -> None:
    town.settle_one(LENGTH)
    with town.served(), connected(town.port, receive_buffer=_SMALL) as connection:
        connection.sendall(town.fill(request(FILE, OURS)))
        got = len(connection.recv(_SMALL))
        postgresql.kill_and_start()
        time.sleep(2)
        got += _the_rest(connection)

    assert got > LENGTH


@pytest.fixture
def open_to_all(site: Site) -> Site:
    site.release(site.publish(), Tier.T2, Tier.T4, Tier.T5)
    return site


@pytest.mark.parametrize("name", ["gateway.sqlite", "audit.sqlite"])
def test_that_a_file_that_somebody_keeps_is_not_waited_for_for_ever(
    name: str, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "LONGEST_WRITE_SECONDS", 1.0)
    site.release(site.publish(), Tier.T2, Tier.T4, Tier.T5)
    site.person("erin")
    with site.served():
        # The first download of a person writes to both.
        with closing(sqlite3.connect(site.folder / "gateway" / name)) as keeper:
            keeper.execute("BEGIN IMMEDIATE")
            begun = time.monotonic()
            kept = site.ask(WEIGHTS, who="erin")
            took = time.monotonic() - begun
        after = site.ask(WEIGHTS, who="erin")

    assert (kept.status, kept.code) == (403, "GatedRepo")
    assert took < LONGEST_SECONDS
    assert after.status == 200


def test_that_nothing_leaves_from_a_disk_that_takes_nothing(open_to_all: Site) -> None:
    with started(open_to_all) as process:
        before = open_to_all.ask(WEIGHTS)
        limit = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, limit[1]))
        full = [open_to_all.ask(WEIGHTS) for _ in range(3)]
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, limit)
        after = open_to_all.ask(WEIGHTS)

    assert before.status == 200
    assert {(answer.status, answer.code) for answer in full} == {(403, "GatedRepo")}
    assert after.status == 200
    assert len(list(open_to_all.house.downloads())) == 2
