# SPDX-License-Identifier: Apache-2.0
"""The worked examples give what their pages say."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cli_runner import run
from docs.console import go_through
from tiergate.cli.evidence_input import read_mapping
from tiergate.evidence.bounds import bounds
from tiergate.evidence.measurement import Counts

DEMO = Path(__file__).parents[2] / "examples" / "demo"
GLM = Path(__file__).parents[2] / "examples" / "glm-5.3"
ELICITATION = Path(__file__).parents[2] / "examples" / "elicitation"
PUBLISHED = sorted((ELICITATION / "published").glob("*.json"))

Json = dict[str, Any]


def test_glm_was_undetermined_at_open_weights_before_its_release() -> None:
    done = run(
        "check", "GLM-5.3", "--without-weights", "--tier", "T5", "--at", "2026-08-27",
        "--evidence", GLM / "before",
    )  # fmt: skip

    assert done.code == 3
    assert "no weights were read" in done.out
    assert "T5 Open weights is undetermined." in done.flat


def test_glm_is_not_met_after_the_later_measurements_and_says_who_measured() -> None:
    done = run(
        "check", "GLM-5.3", "--without-weights", "--tier", "T5", "--at", "2026-09-30",
        "--evidence", GLM / "before", "--evidence", GLM / "after",
    )  # fmt: skip

    assert done.code == 1
    assert "by Anthropic (independent), tied by name, read second-hand" in done.flat
    assert "50 of 410 [9.6 %, 15.2 %], must be below 10 %" in done.flat


def test_the_page_gives_the_bounds_that_the_counts_have() -> None:
    rows = re.findall(
        r"\| (\d+) of (\d+) \| ([\d.]+) % to ([\d.]+) %", (GLM / "README.md").read_text()
    )

    assert len(rows) == 4
    for successes, trials, low, high in rows:
        interval = bounds(Counts.simple(int(successes), int(trials)), Decimal("0.95"))
        assert float(low) <= 100 * interval.lower < float(low) + 0.1001
        assert float(high) - 0.1001 < 100 * interval.upper <= float(high)


def test_a_name_alone_supports_nothing_even_with_clean_evidence(tmp_path: Path) -> None:
    document = json.loads((GLM / "after" / "anthropic-2026-09-29-as-released.json").read_text())
    for measurement in document["measurements"]:
        value = measurement["value"]
        none = {"successes": 0, "scored": 1, "unscored": 0, "behaviours": value["planned"]}
        value["tallies"] = [none]
    (tmp_path / "clean.json").write_text(json.dumps(document))

    done = run(
        "check", "GLM-5.3", "--without-weights", "--json", "--tier", "T1", "--evidence", tmp_path
    )

    assert done.code == 3
    assert done.json["checkpoint"] is None
    assert done.json["decision"]["supported"] == "T0"


def test_every_command_of_the_elicitation_page_does_what_the_page_says(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    shutil.copytree(ELICITATION, folder)

    go_through(ELICITATION / "README.md", folder)


def _published() -> dict[str, Json]:
    found = {}
    for path in PUBLISHED:
        document: Json = json.loads(path.read_text(encoding="utf-8"))
        found[document["measurements"][0]["attack"]["name"]] = document
    return found


def _successes(document: Json) -> int:
    tallies = document["measurements"][0]["value"]["tallies"]
    return sum(int(tally["successes"] * tally["behaviours"]) for tally in tallies)


def test_the_elicitation_page_gives_the_counts_and_bounds_of_its_documents() -> None:
    rows = re.findall(
        r"\| (\d+) of (\d+) \| ([\d.]+) % \|", (ELICITATION / "README.md").read_text()
    )

    documents = _published()
    counted = {name: _successes(document) for name, document in documents.items()}
    assert sorted(counted.values()) == sorted(int(successes) for successes, _, _ in rows)
    for successes, trials, high in rows:
        upper = bounds(Counts.simple(int(successes), int(trials)), Decimal("0.95")).upper
        assert float(high) - 0.1001 < 100 * upper <= float(high)


def test_a_header_of_the_elicitation_page_that_disagrees_is_a_remark_of_its_document() -> None:
    page = (ELICITATION / "README.md").read_text()
    headers = {
        int(labels): int(header) for header, labels in re.findall(r"\| (\d+) \| (\d+) of 100", page)
    }

    disagreeing = {
        _successes(document)
        for document in _published().values()
        if any(remark["code"] == "header-disagrees" for remark in document["remarks"])
    }
    assert disagreeing >= {labels for labels, header in headers.items() if labels != header}
    assert len(disagreeing) == 3


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_a_published_document_holds_counts_and_nothing_of_prompts_or_responses(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))

    texts = list(_texts(document))
    assert max(len(text) for text in texts) < 200
    assert not {"goal", "prompt", "response", "behaviours"} & document["measurements"][0].keys()


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def test_the_demo_states_the_digests_that_its_data_has() -> None:
    data = {
        f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in (DEMO / "tasks" / "data").glob("*.jsonl")
    }

    entries = read_mapping(DEMO / "mapping.yaml").entries
    assert data == {entry.conduct.dataset_digest for entry in entries}
