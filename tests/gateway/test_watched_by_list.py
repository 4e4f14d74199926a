# SPDX-License-Identifier: Apache-2.0
"""The list of models that the gateway serves is read by the watch, like that of any other hub."""

from __future__ import annotations

from pathlib import Path

from cli_runner import run
from gateway.clients import Watched
from gateway.town import HIDDEN, OPEN


def test_the_watch_reads_what_everybody_may_know_of_and_digests_where_they_may_have_it(
    tmp_path: Path,
) -> None:
    town = Watched(folder=tmp_path)
    town.settle()
    released = tmp_path / "released.yaml"
    name = f"elsewhere/{OPEN.partition('/')[2]}"
    described = ("watch", "describe", town.model, "--name", name, "--released-at", "2026-01-01")
    assert run(*described, "--add-to", released).code == 0

    with town.served() as url:
        words = ("--hub", url, "--files", "--released", released, "--state", tmp_path / "state")
        done = run("watch", "run", *words, "--json")
    town.house.close()

    assert done.code == 1, done.err
    (feed,) = done.json["feeds"]
    assert (feed["source"], feed["is_complete"], feed["unreadable"]) == (url, True, 0)
    found = {(f["repository"], f["kind"]) for f in done.json["findings"]}
    assert (OPEN, "re-upload") in found
    assert HIDDEN not in {repository for repository, _ in found}
