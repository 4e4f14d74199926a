# SPDX-License-Identifier: Apache-2.0
"""Files in a bucket, on a server that speaks S3, for real clients.

The server knows one key and ends addresses in time, but computes no signatures of version 4;
those are compared with what botocore computes, in the unit tests.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import obstore
import pytest
from obstore.store import S3Store

from cli_runner import run
from gateway.attack_table import FILE, OURS, request
from gateway.client_stories import what_may_be_had_is_had_whole
from gateway.clients import Client, Watched, do, environment
from gateway.raw_http import connected
from gateway.test_attacks_in_time import _SMALL, _the_rest
from gateway.test_serving import started
from gateway.town import GATED, OPEN, WEIGHTS, Town
from gateway_site import NAME, Answer, Site
from tiergate.decision.tier import Tier
from tiergate.gateway.house import House
from tiergate.gateway.objects import name_of
from tools.foreign import ENVIRONMENTS

pytestmark = pytest.mark.foreign

PROGRAM = Path(__file__).with_name("run_s3.js")
KEY = "S3RVER"
"""Both halves of the only key that the server knows."""
CLIENT = Client(interpreter=Path(sys.executable))
_OPEN_FILE = f"/{OPEN}/resolve/main/{WEIGHTS}"
_GATED_FILE = f"/{GATED}/resolve/main/{WEIGHTS}"


@dataclass(slots=True)
class Server:
    """The server, with one bucket."""

    folder: Path
    port: int = 0
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it."""
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        modules = ENVIRONMENTS / "s3"
        assert modules.exists(), "the S3 server is not installed: run make foreign"
        self.process = subprocess.Popen(
            ["node", PROGRAM, modules, self.folder, str(self.port), "models"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def stop(self) -> None:
        """Stop it."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def environment(self) -> dict[str, str]:
        """Return the variables that name it."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": KEY,
            "AWS_REGION": "us-east-1",
        }


@pytest.fixture
def s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server(tmp_path / "s3")
    server.start()
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    yield server
    server.stop()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    found = Site(folder=tmp_path)
    yield found
    found.house.close()


@pytest.fixture
def town(tmp_path: Path, s3: Server) -> Iterator[Watched]:
    """A town whose files are in a bucket."""
    found = Watched(folder=tmp_path)
    found.house.close()
    found.house = House(tmp_path / "gateway", objects="s3://models/some/prefix")
    yield found
    found.house.close()


def _fetched(url: str, **headers: str) -> Answer:
    """Ask the bucket, as whoever has the address can."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.netloc, timeout=20)
    try:
        connection.request("GET", f"{place.path}?{place.query}", headers=headers)
        found = connection.getresponse()
        return Answer(status=found.status, headers=dict(found.getheaders()), body=found.read())
    finally:
        connection.close()


def test_that_an_open_file_is_fetched_from_the_bucket_and_stands_in_the_log_before(
    town: Watched,
) -> None:
    town.settle()
    with town.served():
        head = town.ask(_OPEN_FILE, method="HEAD")
        sent = town.ask(_OPEN_FILE)
    url = sent.headers["location"]
    digest = f'"{town.sha256}"'

    assert (head.status, head.headers["etag"], head.body) == (200, digest, b"")
    assert "location" not in head.headers
    assert (sent.status, sent.body) == (302, b"")
    assert sent.headers["x-repo-commit"] == town.revision.commit
    assert sent.headers["etag"] == sent.headers["x-linked-etag"] == digest
    assert sent.headers["x-linked-size"] == str(len(town.weights))
    assert "no-store" in sent.headers["cache-control"]
    assert parse_qs(urlsplit(url).query)["X-Amz-Expires"] == ["60"]
    assert [line.method for line in town.house.downloads()] == ["HEAD", "GET"]

    assert (_fetched(url).status, _fetched(url).body) == (200, town.weights)
    assert _fetched(url, Range="bytes=5-9").body == town.weights[5:10]
    assert _fetched(url.replace("X-Amz-Expires=60", "X-Amz-Expires=0")).status == 403
    assert _fetched(url.replace(f"Credential={KEY}", "Credential=SOMEBODY")).status == 403


def test_that_a_file_that_is_not_for_everybody_comes_through_the_gateway_only(
    town: Watched,
) -> None:
    town.settle()
    with town.served():
        whole = town.ask(_GATED_FILE, who="gwen")
        part = town.ask(_GATED_FILE, who="gwen", Range="bytes=7-1000")
        refused = [town.ask(_GATED_FILE, who="nora"), town.ask(_GATED_FILE)]

    assert (whole.status, whole.body) == (200, town.weights)
    assert (part.status, part.body) == (206, town.weights[7:1001])
    assert [(answer.status, answer.code) for answer in refused] == [
        (403, "GatedRepo"),
        (401, "GatedRepo"),
    ]
    for answer in (whole, part, *refused):
        assert "location" not in answer.headers
        assert b"X-Amz" not in answer.body


def test_that_a_revocation_cuts_a_download_from_the_bucket(tmp_path: Path, s3: Server) -> None:
    town = Town(folder=tmp_path)
    town.house.close()
    town.house = House(tmp_path / "gateway", objects="s3://models")
    town.settle_one(12 * 1024 * 1024)
    with town.served(), connected(town.port, receive_buffer=_SMALL) as connection:
        connection.sendall(town.fill(request(FILE, OURS)))
        connection.recv(_SMALL)
        town.house.requests.revoke(GATED, "gwen", town.now)
        time.sleep(2.5)
        after = _the_rest(connection)
    town.house.close()

    assert after <= 8 * _SMALL


def test_that_real_clients_have_the_true_files(town: Watched) -> None:
    town.settle()
    with town.served():
        what_may_be_had_is_had_whole(CLIENT, town)
        opened, part = CLIENT.run(
            town,
            do("snapshot", OPEN),
            do("fs_read", f"{OPEN}/{WEIGHTS}", 10, 2000),
            who="gwen",
        )

    assert (opened.error, part.error) == ("", "")
    assert opened.found[WEIGHTS] == town.sha256


def test_that_a_mirror_follows_to_the_bucket_without_its_token(town: Watched) -> None:
    """The server refuses a request that is signed in its address and has a token besides."""
    town.settle()
    words = [sys.executable, "-m", "tiergate", "gateway", "mirror", OPEN, "--revision", "main"]
    words += ["--from", "http://127.0.0.1:{port}", "--folder", str(town.folder / "mine")]
    with town.served():
        done = subprocess.run(
            [word.format(port=town.port) for word in words]
            + ["--repository", "here/model", "--release", "acme"],
            env=environment(town.folder, town, "gwen"),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        redirected = town.ask(_OPEN_FILE, who="gwen")
    both = _fetched(redirected.headers["location"], Authorization=f"Bearer {town.tokens['gwen']}")

    assert done.returncode == 0, done.stderr
    assert f"here/model at {town.revision.commit}" in done.stdout
    assert both.status == 400


def test_that_nothing_leaves_while_the_bucket_is_gone(town: Watched, s3: Server) -> None:
    town.settle_one()
    with town.served():
        s3.stop()
        begun = time.monotonic()
        gone = town.ask(_GATED_FILE, who="gwen")
        took = time.monotonic() - begun
        s3.start()
        after = town.ask(_GATED_FILE, who="gwen")

    assert (gone.status, gone.code) == (403, "GatedRepo")
    assert "cannot be read now" in gone.said
    assert took < 9
    assert (after.status, after.body) == (200, town.weights)


def test_that_the_commands_publish_to_the_bucket_and_serve_from_it(
    site: Site, s3: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIERGATE_OBJECTS", "s3://models/by/command")
    revision = site.publish()
    site.house.close()
    folder = site.folder / "gateway"
    objects = folder / "objects" / "sha256"
    for path in sorted(objects.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    words = ("--folder", folder, "--repository", NAME, "--release", "acme")
    done = run("gateway", "publish", site.folder / "model", *words)
    assert done.code == 0, done.err
    assert [path for path in objects.rglob("*") if path.is_file()] == []

    site.house = House(folder, objects="s3://models/by/command")
    site.release(revision, Tier.T2, Tier.T4, Tier.T5)
    with started(site):
        sent = site.ask(f"/{NAME}/resolve/main/{WEIGHTS}")
    assert sent.status == 302
    assert _fetched(sent.headers["location"]).body == (site.folder / "model" / WEIGHTS).read_bytes()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (lambda weights: weights[:-1] + bytes([weights[-1] ^ 1]), "content with digest sha256:"),
        (lambda weights: weights[:100], "100 bytes"),
        (None, "no file"),
    ],
    ids=["changed", "cut", "missing"],
)
def test_that_what_is_not_as_it_was_in_the_bucket_is_found_while_the_gateway_serves(
    content: Callable[[bytes], bytes] | None,
    found: str,
    town: Watched,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TIERGATE_OBJECTS", "s3://models/some/prefix")
    town.settle_one()
    bucket = S3Store.from_url("s3://models/some/prefix", client_options={"allow_http": True})
    name = name_of(f"sha256:{town.sha256}")
    words = ("gateway", "verify", "--folder", town.folder / "gateway", "--json")
    obstore.put(bucket, "sha256/left", b"1")
    with town.served():
        before = run(*words)
        if content is None:
            obstore.delete(bucket, name)
        else:
            obstore.put(bucket, name, content(town.weights))
        after = run(*words)
        sent = town.ask(_GATED_FILE, who="gwen")
    (fault,) = json.loads(after.out)["faults"]

    assert (before.code, json.loads(before.out)["unnamed"]) == (0, 1)
    assert after.code == 5
    assert fault["found"].startswith(found)
    assert f"{WEIGHTS}, {name} in the bucket" in fault["where"]
    # What was changed and is as long as it was is sent: nothing is hashed on the way out.
    assert sent.status == (200 if "digest" in found else 403)


def test_that_a_bucket_that_is_gone_is_no_fault_of_files(
    town: Watched, s3: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIERGATE_OBJECTS", "s3://models/some/prefix")
    town.settle_one()
    s3.stop()
    done = run("gateway", "verify", "--folder", town.folder / "gateway")

    assert (done.code, done.out) == (6, "")
    assert "no answer of the bucket" in done.err


@pytest.mark.parametrize(
    ("name", "value"),
    [("AWS_ACCESS_KEY_ID", "SOMEBODY"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:9")],
)
def test_that_a_bucket_that_cannot_be_used_is_said_at_the_start(
    name: str, value: str, site: Site, s3: Server
) -> None:
    words = [sys.executable, "-m", "tiergate", "serve", site.folder / "gateway"]
    words += ["--ledger", site.ledger, "--trust", site.folder / "trust.yaml"]
    done = subprocess.run(
        [*map(str, words), "--objects", "s3://models/x"],
        env={**os.environ, **s3.environment(), name: value},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 6
    assert "no answer of the bucket" in done.stderr


def test_that_a_large_content_is_sent_in_parts_while_others_read(town: Watched) -> None:
    town.settle_one(40 * 1024 * 1024)
    with town.served():
        answers: list[Answer] = []

        def download() -> None:
            answers.append(town.ask(_GATED_FILE, who="gwen"))

        people = [threading.Thread(target=download) for _ in range(3)]
        for person in people:
            person.start()
        for person in people:
            person.join()

    assert {answer.status for answer in answers} == {200}
    assert {answer.body == town.weights for answer in answers} == {True}
