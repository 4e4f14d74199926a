# SPDX-License-Identifier: Apache-2.0
"""Releases of the Hub's client for Python, unmodified, against a gateway on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.client_log import ACTIONS, golden, requests_of
from gateway.client_stories import CHANGING, READING
from gateway.clients import Client, Watched, environment
from gateway.town import GATED
from tools.foreign import ENVIRONMENTS, run_tool

pytestmark = pytest.mark.foreign

VERSIONS = {"hub_0_36": "0.36.2", "hub_1_19": "1.19.0", "hub_1_33": "1.33.0", "hub_2_4": "2.4.0"}
LOADING = Path(__file__).with_name("run_hub_transformers.py")


def _client(name: str) -> Client:
    interpreter = ENVIRONMENTS / name / "bin" / "python"
    assert interpreter.exists(), f"{name} is not installed: run make foreign"
    return Client(interpreter=interpreter, version=VERSIONS[name])


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    found = Watched(folder=tmp_path_factory.mktemp("town"))
    found.settle()
    with found.served():
        yield found
    found.house.close()


@pytest.mark.parametrize("name", VERSIONS)
@pytest.mark.parametrize("story", READING)
def test_that_this_client_sees_that(story: str, name: str, town: Watched) -> None:
    READING[story](_client(name), town)


@pytest.mark.parametrize("name", VERSIONS)
@pytest.mark.parametrize("story", CHANGING)
def test_that_this_client_finds_that(story: str, name: str, tmp_path: Path) -> None:
    site = Watched(folder=tmp_path)
    CHANGING[story](_client(name), site)
    site.house.close()


@pytest.mark.parametrize("name", VERSIONS)
def test_that_this_client_asks_for_what_it_always_did(name: str, town: Watched) -> None:
    assert requests_of(_client(name), town) == golden()[VERSIONS[name]]


def test_that_every_action_is_in_the_table_of_requests() -> None:
    assert {version: set(rows) for version, rows in golden().items()} == {
        version: set(ACTIONS) for version in VERSIONS.values()
    }


def test_that_transformers_loads_what_it_may_have_and_is_told_why_not(tmp_path: Path) -> None:
    site = Watched(folder=tmp_path)
    site.settle_one(tokenizer=True)
    (tmp_path / "given.json").write_text(
        json.dumps(
            {"repository": GATED, "tokens": {name: site.tokens[name] for name in ("gwen", "nora")}}
        )
    )
    with site.served():
        run_tool("hub_transformers", LOADING, tmp_path, variables=environment(tmp_path, site, ""))
    site.house.close()
    found = json.loads((tmp_path / "found.json").read_text())

    assert found["gwen"] == {"config": "llama", "tokens": "[1, 2]", "weights": site.sha256}
    for said in found["nora"].values():
        assert said.startswith("OSError: You are trying to access a gated repo.")
        assert "Access to acme/gated is restricted: ask at" in said
