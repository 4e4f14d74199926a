# SPDX-License-Identifier: Apache-2.0
"""The Hub's client for JavaScript, unmodified, against a gateway on loopback."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.clients import Action, Outcome, Watched, do, environment
from gateway.town import ABSENT, FROZEN, GATED, HIDDEN, OPEN, REPOSITORIES, WEIGHTS
from tools.foreign import ENVIRONMENTS

pytestmark = pytest.mark.foreign

PROGRAM = Path(__file__).with_name("run_hub_client.mjs")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    found = Watched(folder=tmp_path_factory.mktemp("town"))
    found.settle()
    with found.served():
        yield found
    found.house.close()


def _by_node(town: Watched, *actions: Action, who: str = "") -> list[Outcome]:
    modules = ENVIRONMENTS / "hub_js" / "node_modules"
    assert modules.exists(), "the npm client is not installed: run make foreign"
    folder = town.folder / "node"
    folder.mkdir(exist_ok=True)
    asked = [[action.name, action.words, action.options] for action in actions]
    (folder / "actions.json").write_text(json.dumps(asked))
    done = subprocess.run(
        ["node", PROGRAM, modules.parent, folder],
        env=environment(folder, town, who),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    rows = json.loads((folder / "outcomes.json").read_text())
    return [Outcome(**{**row, "kinds": tuple(row.get("kinds", ()))}) for row in rows]


def test_that_the_npm_client_has_what_it_may_have(town: Watched) -> None:
    found = _by_node(
        town,
        do("whoami"),
        do("models", "acme"),
        do("info", GATED),
        do("list_files", GATED),
        do("file_exists", GATED, WEIGHTS),
        do("file_exists", GATED, "absent.txt"),
        do("access", GATED),
        do("download", GATED, WEIGHTS),
        do("slice", GATED, WEIGHTS, 100, 200),
        do("snapshot", OPEN),
        do("download", GATED, "absent.txt"),
        who="gwen",
    )

    assert [each.error for each in found] == [""] * len(found)
    assert [each.found for each in found] == [
        "gwen",
        sorted(set(REPOSITORIES) - {HIDDEN}),
        town.revision.commit,
        ["README.md", "config.json", "extra", "extra/notes.txt", WEIGHTS],
        True,
        False,
        True,
        town.sha256,
        hashlib.sha256(town.weights[100:200]).hexdigest(),
        town.sha256,
        None,
    ]


def test_that_the_npm_client_is_refused_in_our_words(town: Watched) -> None:
    found = _by_node(
        town,
        do("download", GATED, WEIGHTS),
        do("download", FROZEN, WEIGHTS),
        do("download", HIDDEN, WEIGHTS),
        do("download", ABSENT, WEIGHTS),
        do("access", HIDDEN),
        who="nora",
    )

    assert "Access to acme/gated is restricted: ask at" in found[0].said
    assert "Downloads of acme/frozen are stopped." in found[1].said
    assert found[2].error == found[3].error == "HubApiError"
    assert found[2].said.replace(HIDDEN, ABSENT) == found[3].said
    assert found[4].error
