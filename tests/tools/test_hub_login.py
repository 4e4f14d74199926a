# SPDX-License-Identifier: Apache-2.0
"""``hf auth login`` and keyless jobs, with the client as it is installed."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.clients import environment
from gateway.issuer import Issuer, an_issuer
from gateway.login_site import CI, a_site
from gateway.town import GATED, Town, a_model
from gateway.visitor import Visitor
from tiergate.cli import clock
from tiergate.decision.tier import Tier
from tiergate.gateway.accounts import Person
from tiergate.gateway.roles import GatewayRole
from tiergate.gateway.scopes import Scope
from tools.foreign import ENVIRONMENTS

pytestmark = pytest.mark.foreign

BIN = ENVIRONMENTS / "hub_2_4" / "bin"
_CODE = re.compile(r"\b([BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4})\b")


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with an_issuer() as found:
        yield found


@pytest.fixture
def town(tmp_path: Path, issuer: Issuer) -> Iterator[Town]:
    assert BIN.exists(), "the client is not installed: run make foreign"
    like = a_site(tmp_path / "like", issuer)
    like.house.close()
    found = Town(folder=tmp_path, url=like.url, at_port=like.at_port, login=like.login)
    found.model = a_model(tmp_path / "model")
    revision = found.publish(name=GATED, of="gated", model=found.model)
    found.release(revision, Tier.T2, Tier.T4, of="gated")
    found.person("erin")
    found.person("anna", GatewayRole.APPROVER)
    found.house.accounts.add(Person(name="ci", full_name="CI", roles=frozenset(), jurisdiction=""))
    for name in ("erin", "ci"):
        found.house.requests.give(GATED, name, by="anna", at=found.now)
    with found.served(), _ticking(found):
        yield found
    found.house.close()


@contextmanager
def _ticking(town: Town) -> Iterator[None]:
    """Let the gateway's clock go on, as that of the client does."""
    is_over = threading.Event()

    def tick() -> None:
        while not is_over.wait(0.2):
            town.now = clock.now()

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _hf(town: Town, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "hf", *words],
        env=environment(town.folder, town, "") | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def _logging_in(town: Town, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [BIN / "hf", "auth", "login"],
            env=environment(town.folder, town, "") | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _code(log: Path) -> str:
    for _ in range(300):
        found = _CODE.search(log.read_text())
        if found is not None:
            return found[1]
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def test_that_hf_auth_login_waits_until_somebody_allows_it(town: Town) -> None:
    log = town.folder / "login.txt"
    with _logging_in(town, log) as process:
        code = _code(log)
        visitor = Visitor(site=town, cookies={"tiergate": town.session("erin")})
        looked = visitor.send("/-/device", {"user_code": code})
        key = re.search(rb'name="form_key" value="([0-9a-f]+)"', looked.body)
        assert key is not None
        fields = {"form_key": key[1].decode(), "user_code": code, "act": "allow", "scope": "read"}
        assert visitor.post("/-/device/answer", fields).status == 200
        assert process.wait(timeout=60) == 0, log.read_text()
    whoami = _hf(town, "auth", "whoami")
    got = _hf(town, "download", GATED, "config.json", "--quiet")

    assert f"{town.url}/-/device" in log.read_text()
    assert "erin" in whoami.stdout
    assert got.returncode == 0, got.stderr
    assert Path(got.stdout.strip()).read_bytes() == (town.model / "config.json").read_bytes()


def test_that_hf_auth_login_ends_when_nobody_allows_it(town: Town) -> None:
    log = town.folder / "login.txt"
    with _logging_in(town, log) as process:
        town.house.ways_in.devices.deny(_code(log), town.now)
        assert process.wait(timeout=60) != 0
    assert "denied" in log.read_text()


def test_that_a_job_downloads_without_a_token_of_its_own(town: Town, issuer: Issuer) -> None:
    token = issuer.token({"sub": "repo:acme/training", "aud": town.url, **CI})
    variables = {"HF_OIDC_RESOURCE": GATED, "HF_OIDC_ID_TOKEN": token}
    got = _hf(town, "download", GATED, "config.json", "--quiet", **variables)

    assert got.returncode == 0, got.stderr
    assert Path(got.stdout.strip()).read_bytes() == (town.model / "config.json").read_bytes()
    (made,) = town.house.accounts.tokens.of("ci", town.now)
    assert (made.repository, made.scopes) == (GATED, frozenset({Scope.READ, Scope.PUBLISH}))


def test_that_another_job_is_told_that_no_rule_is_for_it(town: Town, issuer: Issuer) -> None:
    claims = {"sub": "repo:acme/other", "aud": town.url, **CI, "ref": "refs/pull/1/merge"}
    variables = {"HF_OIDC_RESOURCE": GATED, "HF_OIDC_ID_TOKEN": issuer.token(claims)}
    got = _hf(town, "download", GATED, "config.json", "--quiet", **variables)

    assert got.returncode != 0
    assert "No rule of this gateway" in got.stderr + got.stdout


def test_that_a_job_of_github_asks_for_a_token_that_is_for_this_gateway(
    town: Town, issuer: Issuer
) -> None:
    token = issuer.token({"sub": "repo:acme/training", "aud": town.url, **CI})
    issuer.answers["/mint"] = (200, {}, json.dumps({"value": token}).encode())
    variables = {
        "HF_OIDC_RESOURCE": GATED,
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{issuer.url}/mint",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x",
    }
    got = _hf(town, "download", GATED, "config.json", "--quiet", **variables)

    assert got.returncode == 0, got.stderr
    assert "/mint" in issuer.asked
