# SPDX-License-Identifier: Apache-2.0
"""``tiergate serve`` as people start it: a process, or several, on SQLite or PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from cli_runner import run
from gateway.raw_http import connected
from gateway.town import a_model
from gateway_site import NAME, Site
from tiergate.decision.tier import Tier
from tiergate.gateway.house import House
from tiergate.release import bodies

if TYPE_CHECKING:
    from postgresql_server import Server

FILE = f"/{NAME}/resolve/main/model.safetensors"


@contextmanager
def started(
    site: Site,
    *options: str,
    database: str = "",
    is_empty: bool = False,
    output: int | IO[str] = subprocess.PIPE,
) -> Iterator[subprocess.Popen[str]]:
    """Start the command, and wait until it answers.

    Args:
        site: what it serves.
        options: more of them.
        database: address of its database.
        is_empty: whether to serve an empty folder, with no other option.
        output: where what it says goes; a pipe that nobody reads stops it when it says much.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        site.port = int(free.getsockname()[1])
    words = [sys.executable, "-m", "tiergate", "serve", str(site.folder / "gateway")]
    if is_empty:
        words[-1] = str(site.folder / "new")
    else:
        words += ["--ledger", str(site.ledger), "--trust", str(site.folder / "trust.yaml")]
    environment = {**os.environ, "TIERGATE_DATABASE_URL": database}
    command = [*words, "--port", str(site.port), *options]
    with subprocess.Popen(
        command, env=environment, stdout=output, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            _wait_for(site.port, process)
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


def _wait_for(port: int, process: subprocess.Popen[str]) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, process.stdout and process.stdout.read()
        time.sleep(0.05)
    raise TimeoutError("the gateway does not answer")


def test_that_a_new_gateway_says_how_to_go_on_and_its_owner_can_log_in(site: Site) -> None:
    with started(site) as process:
        assert process.stdout is not None
        said = "".join(process.stdout.readline() for _ in range(6))
        token = re.search(r"shown once: (hf_[A-Za-z0-9]{40})\n", said)
        assert token, said
        site.tokens["owner"] = token[1]
        me = site.ask("/api/whoami-v2", who="owner")
    assert f"Tiergate serves {site.folder / 'gateway'} at http://127.0.0.1:{site.port}\n" in said
    assert "tiergate gateway publish ./model" in said
    assert (me.status, b'"name":"owner"' in me.body) == (200, True)


def test_that_an_empty_folder_is_enough_and_opens_nothing(tmp_path: Path) -> None:
    site = Site(folder=tmp_path)
    site.house.close()
    with started(site, is_empty=True) as process:
        assert process.stdout is not None
        said = "".join(process.stdout.readline() for _ in range(10))
        front, file = site.ask("/"), site.ask(FILE)

    assert re.search(r"counts once: http://\S+/-/first/\S+\n", said), said
    assert "Nobody is believed, so nothing opens: write " in said
    assert f"--ledger {tmp_path / 'new' / 'releases' / 'ledger.sqlite'}" in said
    assert (front.status, file.status, file.code) == (200, 401, "RepoNotFound")


def test_that_what_the_commands_set_up_is_what_is_served(site: Site) -> None:
    folder = site.folder / "gateway"
    site.release(site.publish(), Tier.T2, Tier.T4)
    assert run("gateway", "person", "erin", "--folder", folder).code == 0
    site.tokens["erin"] = run("gateway", "token", "erin", "--folder", folder).out.strip()
    with started(site):
        without = site.ask(FILE, who="erin")
        site.house.requests.give(NAME, "erin", by="ruth", at=site.now)
        granted = site.ask(FILE, who="erin")

    assert (without.status, without.code) == (403, "GatedRepo")
    assert (granted.status, granted.body[8:9]) == (200, b"{")
    assert run("gateway", "log", "--folder", folder).out.endswith("The log holds.\n")


@pytest.mark.postgresql
def test_that_two_processes_on_postgresql_serve_as_one(site: Site, postgresql: Server) -> None:
    site.release(site.publish(), Tier.T2, Tier.T4, Tier.T5)
    name = f"g{secrets.token_hex(6)}"
    postgresql.run(f"CREATE DATABASE {name}")
    database = f"postgresql://the_admin@127.0.0.1:{postgresql.port}/{name}"
    site.house.close()
    site.house = House(site.folder / "gateway", database)
    site.publish()
    with started(site, "--workers", "2", database=database):
        open_to_all = [site.ask(FILE).status for _ in range(20)]
        site.enter(bodies.Frozen(), "bea")
        time.sleep(1)
        frozen = [site.ask(FILE).code for _ in range(20)]

    assert open_to_all == [200] * 20
    assert frozen == ["GatedRepo"] * 20
    assert len(list(site.house.downloads())) == 20


def test_that_processes_end_with_the_one_that_started_them(site: Site) -> None:
    site.publish()
    with (site.folder / "said").open("w") as said:
        with started(site, "--workers", "2", output=said) as process:
            os.kill(process.pid, signal.SIGKILL)
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", site.port)):
                    return
            time.sleep(0.1)
    raise AssertionError("somebody still answers")


def test_that_a_process_that_is_killed_leaves_nothing_on_its_way(site: Site) -> None:
    """The system would go on sending what it holds, after a revocation too."""
    model = a_model(site.folder / "large", 1024 * 1024)
    site.release(site.publish(model=model), Tier.T2, Tier.T4, Tier.T5)
    small, got = 16 * 1024, 0
    with (
        (site.folder / "said").open("w") as said,
        started(site, output=said) as process,
        connected(site.port, receive_buffer=small) as connection,
    ):
        connection.sendall(f"GET {FILE} HTTP/1.1\r\nHost: hub.example\r\n\r\n".encode())
        got += len(connection.recv(small))
        time.sleep(1)
        process.kill()
        process.wait()
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(small):
                got += len(piece)

    assert got < 20 * small


@pytest.mark.parametrize("name", ["ledger", "changed ledger", "trust", "port", "host"])
def test_that_what_nothing_can_be_served_by_is_said_at_the_start(name: str, site: Site) -> None:
    site.release(site.publish(), Tier.T2)
    ledger, trust = site.ledger, site.folder / "trust.yaml"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port, host, words = "8642", "127.0.0.1", "misspelt"
        if name == "changed ledger":
            ledger.write_bytes(b"no ledger")
            words = "ledger.sqlite"
        elif name == "ledger":
            ledger = site.folder / "misspelt"
        elif name == "trust":
            trust = site.folder / "misspelt"
        elif name == "port":
            port, words = str(taken.getsockname()[1]), "cannot be listened on"
        else:
            host, words = "192.0.2.1", "cannot be listened on"
        options = ["--ledger", ledger, "--trust", trust, "--port", port, "--host", host]
        done = run("serve", site.folder / "gateway", *options)

    assert done.code == 4
    assert words in done.err
    assert "Tiergate serves" not in done.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("gateway", "person", "../x"), "letters, digits"),
        (("gateway", "token", "nobody"), "no account"),
        (("gateway", "erase", "nobody"), "no account"),
        (("gateway", "publish", "MODEL", "--repository", "a/../b", "--release", "x"), "org/name"),
        (("gateway", "publish", "MODEL", "--repository", "model", "--release", "x"), "org/name"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_that_a_name_that_is_none_is_refused(site: Site, words: tuple[str, ...], said: str) -> None:
    site.publish()
    named = [str(site.folder / "model") if word == "MODEL" else word for word in words]
    done = run(*named, "--folder", site.folder / "gateway")
    assert done.code == 4
    assert said in done.err
