# SPDX-License-Identifier: Apache-2.0
"""The reader of Inspect logs against Inspect itself, and against what was put in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tiergate.evidence.provenance import BindingLevel
from tiergate.evidence.readers.base import ForeignLog, Row
from tiergate.evidence.readers.builtin import read_log

pytestmark = pytest.mark.tools

PACKINGS = ("zstandard.eval", "deflated.eval", "stored.eval", "chunked.eval", "text.json")

# From each run to the attempts planned, and for each series the values and how often they occur.
KNOWN: dict[str, tuple[int, dict[str, dict[object, int]]]] = {
    "plain": (6, {"match": {"C": 3, "I": 3}}),
    "epochs": (12, {"match": {"C": 6, "I": 6}}),
    "limited": (5, {"match": {"C": 2, "I": 3}}),
    "errors": (6, {"match": {"C": 1, "I": 3, None: 2}}),
    "retried": (5, {"match": {"C": 2, "I": 3}}),
    "cut_short": (3, {"match": {"I": 3}}),
    "scorers": (
        8,
        {
            "number": {Decimal(n) / 4: 2 for n in (1, 2, 3, 4)},
            "parts.harm": {Decimal(n): 2 for n in (1, 2, 3, 4)},
            "parts.help": {Decimal("0.5"): 8},
            "truth": {False: 2, True: 6},
            "unscored": {Decimal(1): 6, None: 2},
            "words": {"yes": 4, "no": 4},
        },
    ),
    "graded": (2, {"model_graded_qa": {"C": 2}}),
    "role": (2, {"model_graded_qa": {"I": 2}}),
    "edited": (6, {"match": {"C": 1, "I": 4, None: 1}}),
    "served": (6, {"match": {"C": 3, "I": 3}}),
}

# Remarks of each run, whatever its packing.
REMARKS: dict[str, set[str]] = {
    "limited": {"limited"},
    "retried": {"retried-samples"},
    "edited": {"edited-scores", "edited-log", "invalidated"},
    "served": {"model-fallbacks"},
}

# What became of a run afterwards, with its samples, remarks and replaced attempts.
AFTERWARDS: dict[str, tuple[dict[object, int], set[str], int]] = {
    "killed": ({"C": 3, "I": 3}, {"not-finished"}, 0),
    "version_3": ({"C": 3, "I": 3}, set(), 0),
    "run_again": ({"C": 2, "I": 2, "P": 2}, {"not-finished", "superseded"}, 2),
}

LOGS = [f"{name}__{packing}" for name in KNOWN for packing in PACKINGS]
STOPPED = [f"stopped__{packing}" for packing in PACKINGS]
ALL_LOGS = [*LOGS, *STOPPED, *(f"{name}.eval" for name in AFTERWARDS)]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inspect_ai")
    program = Path(__file__).with_name("run_inspect_ai.py")
    done = subprocess.run(
        [sys.executable, program, folder],
        cwd=folder,
        env=os.environ | {"INSPECT_EVAL_LOG_FILE_PATTERN": "{task}_{id}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


def truth_of(runs: Path, name: str) -> dict[str, Any]:
    text = (runs / name).with_suffix(".truth").read_text("utf-8")
    truth: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return truth


def remarks(log: ForeignLog) -> dict[str, str]:
    return {remark.code: remark.message for remark in log.remarks}


def test_there_are_many_logs_and_the_tool_has_read_each(runs: Path) -> None:
    written = {path.name for path in runs.glob("*.*") if path.suffix != ".truth"}

    assert set(ALL_LOGS) == written
    assert len(written) >= 60


@pytest.mark.parametrize("name", LOGS)
def test_the_counts_are_those_that_were_put_in(name: str, runs: Path) -> None:
    run = name.partition("__")[0]
    planned, series = KNOWN[run]

    log = read_log(runs / name)

    assert series == {s.scorer: dict(Counter(row.value for row in s.rows)) for s in log.series}
    assert {planned} == {s.planned for s in log.series}
    assert REMARKS.get(run, set()) == set(remarks(log))


@pytest.mark.parametrize("name", AFTERWARDS)
def test_the_counts_are_those_of_what_became_of_the_run(name: str, runs: Path) -> None:
    values, codes, superseded = AFTERWARDS[name]

    log = read_log(runs / f"{name}.eval")

    [series] = log.series
    assert values == Counter(row.value for row in series.rows)
    assert codes == set(remarks(log))
    assert (6, superseded) == (series.planned, series.superseded)


@pytest.mark.parametrize("name", ALL_LOGS)
def test_every_score_flag_and_count_is_that_of_the_tool(name: str, runs: Path) -> None:
    truth = truth_of(runs, name)
    samples = truth["samples"]

    log = read_log(runs / name)

    assert sorted({score for sample in samples for score in sample["scores"]}) == [
        series.scorer for series in log.series
    ]
    for series in log.series:
        expected = [_row_of(sample, series.scorer) for sample in samples]
        assert sorted(expected, key=_order) == list(series.rows)
        assert len(samples) == series.samples_kept
        assert max(truth["total"], len(samples)) <= series.planned
    found = remarks(log)
    assert (truth["status"] != "success") == ("not-finished" in found)
    assert (truth["updates"] > 0) == ("edited-log" in found)
    for flag, code in (
        ("edited", "edited-scores"),
        ("invalid", "invalidated"),
        ("retried", "retried-samples"),
        ("fallback", "model-fallbacks"),
    ):
        count = sum(sample[flag] for sample in samples)
        assert (f"{count} of {len(samples)} " if count else "") == found.get(code, "")[
            : len(f"{count} of {len(samples)} ")
        ]


def _row_of(sample: dict[str, Any], scorer: str) -> Row:
    value = sample["scores"].get(scorer)
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    return Row(
        sample=sample["id"],
        attempt=sample["epoch"],
        value=None if sample["errored"] or sample["invalid"] else value,
        errored=sample["errored"],
        limited=sample["limited"],
    )


def _order(row: Row) -> tuple[str, int]:
    return row.sample, row.attempt


@pytest.mark.parametrize("packing", PACKINGS)
def test_the_model_that_graded_is_named(packing: str, runs: Path) -> None:
    by_parameter = read_log(runs / f"graded__{packing}")
    by_role = read_log(runs / f"role__{packing}")
    by_none = read_log(runs / f"plain__{packing}")

    assert [("mockllm/grader",)] == [series.graders for series in by_parameter.series]
    assert [("mockllm/judge",)] == [series.graders for series in by_role.series]
    assert [()] == [series.graders for series in by_none.series]


@pytest.mark.parametrize("name", STOPPED)
def test_a_run_that_an_error_stopped_keeps_its_plan(name: str, runs: Path) -> None:
    log = read_log(runs / name)

    [series] = log.series
    assert (series.planned, [r.value for r in series.rows if not r.errored]) == (6, ["I"])
    assert ["not-finished"] == [remark.code for remark in log.remarks]
    assert "its status is error" in log.remarks[0].message


def test_flags_of_errors_and_limits_are_those_of_the_tool(runs: Path) -> None:
    errors = read_log(runs / "errors__zstandard.eval")
    cut_short = read_log(runs / "cut_short__zstandard.eval")

    assert [row.sample for row in errors.series[0].rows if row.errored] == ["2", "4"]
    assert [row.limited for row in cut_short.series[0].rows] == [True] * 3


def test_metadata_given_to_the_run_binds_the_log(runs: Path) -> None:
    log = read_log(runs / "plain__zstandard.eval")

    assert log.binding.level is BindingLevel.DIGEST_AT_LOAD
    assert log.binding.root_digest == "sha256:" + "ab" * 32
    assert log.series[0].elicitation.startswith("solvers system_message > generate")
    assert (log.series[0].task, log.series[0].task_version) == ("toy", "2")
