# SPDX-License-Identifier: Apache-2.0
"""Data at ``datasets/``: no tier and no release; nobody gets it without a grant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_runner import run
from gateway.town import DATA, GATED, Town
from tiergate.gateway.stops import EVERYTHING

FILE = f"/{DATA}/resolve/main/part/one.jsonl"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    found = Town(folder=tmp_path)
    found.settle_one()
    with found.served():
        yield found
    found.house.close()


def test_that_announced_data_is_known_and_had_by_those_with_a_grant_alone(town: Town) -> None:
    town.publish_data()
    nobody, without = town.ask(FILE), town.ask(FILE, who="nora")
    town.house.requests.give(DATA, "nora", by="anna", at=town.now)
    granted = town.ask(FILE, who="nora")

    assert (nobody.status, nobody.code) == (401, "GatedRepo")
    assert (without.status, without.code) == (403, "GatedRepo")
    assert (granted.status, granted.body) == (200, b'{"prompt": "one"}\n')
    (line,) = town.house.downloads()
    assert (line.repository, line.path) == (DATA, "part/one.jsonl")


def test_that_a_grant_for_a_model_is_none_for_data_of_its_name(town: Town) -> None:
    town.publish_data()

    assert town.ask(f"/{GATED}/resolve/main/config.json", who="gwen").status == 200
    assert town.ask(FILE, who="gwen").status == 403


def test_that_data_that_is_not_announced_is_hidden_from_those_without_a_grant(town: Town) -> None:
    town.publish_data(is_announced=False)
    town.house.requests.give(DATA, "gwen", by="anna", at=town.now)

    assert (town.ask(FILE, who="nora").status, town.ask(FILE).status) == (404, 401)
    assert town.ask(f"/api/{DATA}", who="nora").code == "RepoNotFound"
    assert town.ask(FILE, who="gwen").status == 200


def test_that_a_stop_and_a_jurisdiction_hold_for_data(town: Town) -> None:
    town.publish_data(excluded=("DE",))
    town.person("dieter", jurisdiction="DE")
    for person in ("gwen", "dieter"):
        town.house.requests.give(DATA, person, by="anna", at=town.now)

    assert town.ask(FILE, who="dieter").status == 451
    assert town.ask(FILE, who="gwen").status == 200
    town.house.stops.stop(EVERYTHING, by="anna", reason="", at=town.now)
    assert town.ask(FILE, who="gwen").status == 403


def test_that_models_and_data_are_listed_apart(town: Town) -> None:
    town.publish_data()
    models = json.loads(town.ask("/api/models").body)
    data = json.loads(town.ask("/api/datasets").body)

    assert [row["id"] for row in models] == [GATED]
    assert [row["id"] for row in data] == ["acme/prompts"]


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/api/datasets/acme/prompts/commit/main", "POST"),
        ("/api/datasets/acme/prompts/preupload/main", "POST"),
        ("/datasets/acme/prompts.git/info/lfs/objects/batch", "POST"),
        ("/acme/prompts/resolve/main/part/one.jsonl", "GET"),
        ("/datasets/datasets/acme/prompts/resolve/main/part/one.jsonl", "GET"),
        ("/datasets%2Facme/prompts/resolve/main/part/one.jsonl", "GET"),
        ("/api/models/datasets/acme/prompts", "GET"),
    ],
)
def test_that_there_is_no_way_around(town: Town, path: str, method: str) -> None:
    town.publish_data()
    town.house.requests.give(DATA, "gwen", by="anna", at=town.now)

    found = town.ask(path, method=method, who="gwen", body=b"{}" if method == "POST" else None)

    assert found.status in {400, 401, 403, 404, 501}
    assert b"prompt" not in found.body.replace(b"prompts", b"")


def test_that_data_is_published_from_the_command_line(town: Town) -> None:
    folder = town.folder / "data"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    words = ("gateway", "publish-data", folder, "--folder", town.folder / "gateway")
    done = run(*words, "--repository", "acme/new")

    assert done.code == 0
    assert done.out.startswith("datasets/acme/new at ")
    assert town.ask("/api/datasets/acme/new", who="nora").code == "RepoNotFound"


@pytest.mark.parametrize(
    ("folder", "repository", "said"),
    [
        ("model", "acme", "org/name"),
        ("model", "a/../b", "org/name"),
        ("model", "datasets/acme/x", "org/name"),
        ("absent", "acme/new", "no folder"),
        ("nothing", "acme/new", "no files"),
    ],
)
def test_that_data_needs_a_name_and_files(
    town: Town, folder: str, repository: str, said: str
) -> None:
    (town.folder / "nothing").mkdir()
    words = ("gateway", "publish-data", town.folder / folder, "--repository", repository)
    done = run(*words, "--folder", town.folder / "gateway")

    assert done.code == 4
    assert said in done.err
