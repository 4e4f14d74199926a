# SPDX-License-Identifier: Apache-2.0
"""The reader of PyRIT's memory against PyRIT itself, and against what was put in."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tiergate.evidence.readers.base import ForeignLog
from tiergate.evidence.readers.builtin import read_log
from tools.foreign import run_tool

pytestmark = pytest.mark.foreign

SENDING = "PromptSendingAttack"
ENCODED = "PromptSendingAttack with Base64Converter"

# From each run to the values of each series and how often they occur.
KNOWN: dict[str, dict[tuple[str, str], dict[object, int]]] = {
    "plain": {
        (SENDING, "PlagiarismScorer"): {Decimal("0.8"): 3},
        (SENDING, "SubStringScorer.greeting"): {True: 1, False: 2},
        (SENDING, "attack outcome"): {"success": 1, "failure": 2},
    },
    "troubled": {
        (SENDING, "SubStringScorer.greeting"): {True: 1, False: 4, None: 1},
        (SENDING, "attack outcome"): {"success": 1, "failure": 2, None: 1},
    },
    "converted": {
        (SENDING, "SubStringScorer"): {True: 1, None: 1},
        (SENDING, "attack outcome"): {"success": 1, None: 1},
        (ENCODED, "SubStringScorer"): {False: 1},
        (ENCODED, "attack outcome"): {"failure": 1},
    },
    "turns": {
        ("RedTeamingAttack", "SubStringScorer"): {True: 1, False: 2},
        ("RedTeamingAttack", "attack outcome"): {"success": 1},
    },
    "graded": {
        (SENDING, "SelfAskTrueFalseScorer.greeting"): {True: 1},
        (SENDING, "attack outcome"): {"success": 1},
    },
    "sent": {
        ("memory", "SubStringScorer"): {True: 1, None: 3},
        ("memory", "SubStringScorer.greeting"): {True: 1, False: 2, None: 1},
    },
    "stopped": {
        (SENDING, "SubStringScorer"): {True: 1, False: 1},
        (SENDING, "attack outcome"): {"success": 1, "failure": 1},
    },
}

REMARKS: dict[str, set[str]] = {
    "plain": {"planned-unknown"},
    "troubled": {"blocked-responses", "planned-unknown", "unnamed-attacks"},
    "converted": {"planned-unknown"},
    "turns": {"planned-unknown", "several-responses"},
    "graded": {"planned-unknown"},
    "sent": {"planned-unknown", "scores-not-of-responses", "superseded"},
    "stopped": {"fewer-samples-than-claimed", "not-finished"},
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pyrit")
    run_tool("pyrit", Path(__file__).with_name("run_pyrit.py"), folder)
    return folder


def log_of(runs: Path, name: str) -> ForeignLog:
    return read_log(runs / f"{name}.db")


def truth_of(runs: Path, name: str) -> dict[str, Any]:
    text = (runs / f"{name}.truth").read_text("utf-8")
    truth: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return truth


def without_key(scorer: str) -> str:
    """Leave out what tells one scorer from another of its class."""
    name, _, rest = scorer.partition("#")
    return name + rest[8:]


@pytest.mark.parametrize("name", KNOWN)
def test_the_counts_are_those_that_were_put_in(name: str, runs: Path) -> None:
    log = log_of(runs, name)

    assert KNOWN[name] == {
        (series.task, without_key(series.scorer)): dict(Counter(row.value for row in series.rows))
        for series in log.series
    }
    assert REMARKS[name] == {remark.code for remark in log.remarks}
    missing = 1 if name == "stopped" else 0
    assert {missing} == {series.planned - len(series.rows) for series in log.series}


@pytest.mark.parametrize("name", [name for name in KNOWN if name != "sent"])
def test_every_score_of_a_response_is_one_that_the_tool_reads(name: str, runs: Path) -> None:
    expected = Counter(
        (score["scorer"], str(score["value"]))
        for score in truth_of(runs, name)["scores"]
        if score["role"] == "assistant"
    )

    log = log_of(runs, name)

    assert expected == Counter(
        (series.scorer.partition(".")[0], str(row.value))
        for series in log.series
        for row in series.rows
        if series.scorer != "attack outcome" and row.value is not None
    )


@pytest.mark.parametrize("name", [name for name in KNOWN if name != "sent"])
def test_every_outcome_is_that_of_the_tool_under_the_digest_of_its_objective(
    name: str, runs: Path
) -> None:
    known = {"success", "failure"}
    expected = Counter(
        (
            hashlib.sha256(attack["objective"].encode()).hexdigest()[:16],
            attack["outcome"] if attack["outcome"] in known else None,
            attack["outcome"] == "error",
        )
        for attack in truth_of(runs, name)["attacks"]
    )

    log = log_of(runs, name)

    assert expected == Counter(
        (row.sample, row.value, row.errored)
        for series in log.series
        if series.scorer == "attack outcome"
        for row in series.rows
    )


def test_every_conversation_of_an_attack_is_an_attempt_on_its_objective(runs: Path) -> None:
    attacks = truth_of(runs, "troubled")["attacks"]

    log = log_of(runs, "troubled")

    [scored] = [series for series in log.series if series.scorer != "attack outcome"]
    assert Counter(row.sample for row in scored.rows) == Counter(
        {
            hashlib.sha256(attack["objective"].encode()).hexdigest()[:16]: len(
                attack["conversations"]
            )
            for attack in attacks
        }
    )


def test_models_that_grade_and_that_write_prompts_are_named_and_not_measured(runs: Path) -> None:
    graded, turns = log_of(runs, "graded"), log_of(runs, "turns")

    assert [("Scripted grader-1",), ()] == [series.graders for series in graded.series]
    assert turns.series[0].elicitation.endswith("prompts written by Scripted adversary-1")
    assert {"Scripted echo-1"} == {log.binding.name for log in (graded, turns)}


def test_neither_texts_nor_addresses_get_into_the_log(runs: Path) -> None:
    for name in KNOWN:
        text = str(log_of(runs, name))
        assert "say hello" not in text
        assert "private" not in text
