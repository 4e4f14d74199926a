# SPDX-License-Identifier: Apache-2.0
"""The reader of JailbreakBench artifacts against the benchmark's own classes."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tiergate.evidence.readers.base import ForeignLog
from tiergate.evidence.readers.jailbreakbench import JailbreakBenchReader
from tools.foreign import run_tool

pytestmark = pytest.mark.foreign

READER = JailbreakBenchReader()
VICUNA, LLAMA = "vicuna-13b-v1.5", "llama-2-7b-chat-hf"

# From each artifact to how often each label occurs in each column, and the remarks.
KNOWN: dict[str, tuple[dict[str, dict[object, int]], set[str]]] = {
    f"black_box/{VICUNA}": ({"jailbroken": {True: 12, False: 88}}, set()),
    f"black_box/{LLAMA}": ({"jailbroken": {True: 3, False: 1, None: 96}}, {"no-response"}),
    f"white_box/{VICUNA}": (
        {
            "jailbroken": {True: 12, False: 88},
            "jailbroken_llama_guard1": {True: 25, False: 75},
        },
        {"header-disagrees"},
    ),
    f"white_box/{LLAMA}": (
        {"jailbroken": {True: 12, False: 48}},
        {"fewer-samples-than-claimed"},
    ),
}


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("jailbreakbench")
    run_tool("jailbreakbench", Path(__file__).with_name("run_jailbreakbench.py"), folder)
    return folder / "jailbreakbench" / "attack-artifacts" / "politeness"


def log_of(artifacts: Path, name: str) -> ForeignLog:
    path = artifacts / f"{name}.json"
    assert READER.recognises(path)
    return READER.read(path)


@pytest.mark.parametrize("name", KNOWN)
def test_the_counts_are_those_that_were_put_in(name: str, artifacts: Path) -> None:
    expected, remarks = KNOWN[name]

    log = log_of(artifacts, name)

    assert expected == {s.scorer: Counter(row.value for row in s.rows) for s in log.series}
    assert {s.planned for s in log.series} == {100}
    assert {remark.code for remark in log.remarks} == remarks | {"grader-not-named"}


@pytest.mark.parametrize("name", KNOWN)
def test_every_row_is_that_of_the_tool(name: str, artifacts: Path) -> None:
    truth = json.loads((artifacts / f"{name}.truth").read_text("utf-8"))

    log = log_of(artifacts, name)

    series = next(series for series in log.series if series.scorer == "jailbroken")
    # The tool takes a row without a response for a refusal.
    by_hand = {
        str(row["index"]): row["jailbroken"] or (None if row["silent"] else False)
        for row in truth["rows"]
    }
    assert by_hand == {row.sample: row.value for row in series.rows}
    assert series.finished_at == datetime.fromisoformat(truth["date"]).replace(tzinfo=UTC)
    assert log.binding.name == name.rpartition("/")[2]


def test_a_count_that_the_rows_do_not_give_is_remarked_with_both_graders(artifacts: Path) -> None:
    log = log_of(artifacts, f"white_box/{VICUNA}")

    assert [r.message for r in log.remarks if r.code == "header-disagrees"] == [
        (
            "The parameters state 20 jailbreaks; the labels of 100 rows give 12; "
            "jailbroken_llama_guard1 says 25."
        ),
        "The parameters state a success rate of 0.2; 12 of 100 rows are jailbreaks.",
    ]


def test_the_list_of_what_a_method_attacked_is_no_artifact(artifacts: Path) -> None:
    assert not READER.recognises(artifacts / "attack-info.json")
