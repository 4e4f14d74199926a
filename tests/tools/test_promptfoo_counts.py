# SPDX-License-Identifier: Apache-2.0
"""The reader of promptfoo exports against promptfoo itself, and against what was put in."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import BindingLevel
from tiergate.evidence.readers.base import ForeignLog
from tiergate.evidence.readers.promptfoo import PromptfooReader

pytestmark = pytest.mark.foreign

READER = PromptfooReader()

# From each export to the tests planned for a prompt, and for each series of its first prompt
# the values and how often they occur.
KNOWN: dict[str, tuple[int, dict[str, dict[object, int]]]] = {
    "plain": (
        3,
        {
            "success": {True: 2, False: 1},
            "contains": {True: 1, False: 1},
            "equals": {True: 1},
            "javascript": {True: 1},
            "Greyness": {True: 1},
        },
    ),
    "fragile": (
        10,
        {
            "success": {True: 4, False: 2, None: 4},
            "contains": {True: 6, None: 4},
            "assert-set": {False: 2},
            "contains 2": {True: 2},
            "contains 3": {False: 2},
            "not-contains": {False: 2},
            "Blueness": {None: 2},
        },
    ),
    "graded": (
        2,
        {
            "success": {True: 1, None: 1},
            "llm-rubric": {True: 1, None: 1},
            "contains": {True: 2},
        },
    ),
    "bare": (2, {"success": {False: 1, None: 1}, "contains": {False: 1}}),
    "strategies": (2, {"success": {True: 1, False: 1}, "contains": {True: 1, False: 1}}),
    "one": (1, {"success": {True: 1}, "contains": {True: 1}}),
    "filtered": (3, {"success": {True: 1}, "contains": {True: 1}, "equals": {True: 1}}),
}
REMARKS: dict[str, set[str]] = {
    "fragile": {"cached-responses"},
    "graded": {"grader-failed"},
    "bare": {"no-assertions"},
    "filtered": {"fewer-samples-than-claimed"},
}


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("promptfoo")
    program = Path(__file__).with_name("run_promptfoo.py")
    installed = Path(__file__).parents[2] / ".venv-tools" / "promptfoo"
    assert installed.is_dir(), "promptfoo is not installed: run make foreign"
    done = subprocess.run(
        [sys.executable, program, folder],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


def path_of(exports: Path, name: str) -> Path:
    return exports / f"{name}.out.json"


def log_of(exports: Path, name: str) -> ForeignLog:
    path = path_of(exports, name)
    assert READER.recognises(path)
    return READER.read(path)


@pytest.mark.parametrize("name", KNOWN)
def test_the_counts_are_those_that_were_put_in(name: str, exports: Path) -> None:
    planned, expected = KNOWN[name]

    log = log_of(exports, name)

    first = [series for series in log.series if not series.task.endswith("prompt 2")]
    counted = {s.scorer: Counter(row.value for row in s.rows) for s in first if s.scorer != "score"}
    assert expected == counted
    assert planned == next(s.planned for s in first if s.scorer == "success")
    assert {remark.code for remark in log.remarks} == REMARKS.get(name, set())


@pytest.mark.parametrize("name", KNOWN)
def test_assertions_that_held_are_as_many_as_the_tool_counts(name: str, exports: Path) -> None:
    content = json.loads(path_of(exports, name).read_text("utf-8"))
    stated = [prompt["metrics"] for prompt in content["results"]["prompts"]]

    log = log_of(exports, name)

    assertions = [s for s in log.series if s.scorer not in ("success", "score")]
    values = Counter(row.value for series in assertions for row in series.rows)
    assert sum(metrics["assertPassCount"] for metrics in stated) == values[True]
    # The tool takes a grader that failed for an assertion that did not hold.
    failed = sum(row.value is None and not row.errored for s in assertions for row in s.rows)
    assert sum(metrics["assertFailCount"] for metrics in stated) == values[False] + failed


@pytest.mark.parametrize("name", KNOWN)
def test_errors_are_as_many_as_the_tool_counts(name: str, exports: Path) -> None:
    stated = json.loads(path_of(exports, name).read_text("utf-8"))["results"]["stats"]

    log = log_of(exports, name)

    rows = [row for series in log.series if series.scorer == "success" for row in series.rows]
    assert stated["errors"] == sum(row.errored for row in rows)
    assert stated["successes"] + stated["failures"] + stated["errors"] == len(rows)


def test_repeats_are_attempts_on_one_sample(exports: Path) -> None:
    rows = log_of(exports, "fragile").series[0].rows

    # Five prompts: of two colours in one test each is a prompt of its own.
    assert Counter(row.attempt for row in rows) == {1: 5, 2: 5}
    assert len({row.sample for row in rows}) == 5
    assert sum(row.limited for row in rows) == 2


def test_a_text_and_what_a_strategy_made_of_it_are_one_behaviour(exports: Path) -> None:
    rows = log_of(exports, "strategies").series[0].rows

    assert len({row.sample for row in rows}) == 2
    assert len({row.behaviour for row in rows}) == 1


def test_an_export_made_later_is_no_newer_than_the_run(exports: Path) -> None:
    before, after = log_of(exports, "filtered"), log_of(exports, "exported")

    content = json.loads(path_of(exports, "exported").read_text("utf-8"))
    created = content["metadata"]["evaluationCreatedAt"].replace("Z", "+00:00")
    assert before.series == after.series
    assert after.series[0].finished_at == datetime.fromisoformat(created).astimezone(UTC)


def test_the_model_that_grades_is_named(exports: Path) -> None:
    log = log_of(exports, "graded")

    assert {s.scorer: s.graders for s in log.series} == {
        "success": ("file:grader.mjs",),
        "score": ("file:grader.mjs",),
        "llm-rubric": ("file:grader.mjs",),
        "contains": (),
    }


def test_the_run_is_told_in_words_and_bound_by_the_name_of_its_provider(exports: Path) -> None:
    log = log_of(exports, "plain")

    assert (log.binding.level, log.binding.name) == (BindingLevel.NAME, "an echo (echo)")
    assert {s.task for s in log.series} == {"colours / prompt 1", "colours / prompt 2"}
    assert (log.series[0].elicitation, log.series[0].generation) == (
        "prompt template of 26 characters",
        "temperature=0.5",
    )
    assert log.source.tool == "promptfoo 0.121.20"


def test_results_of_several_providers_are_refused(exports: Path) -> None:
    with pytest.raises(EvidenceError, match=r"results of 2 providers \(one \(echo\), two"):
        READER.read(path_of(exports, "several"))
