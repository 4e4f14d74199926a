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

import pytest

from tiergate.evidence.provenance import BindingLevel
from tiergate.evidence.readers.base import ForeignLog, Row
from tiergate.evidence.readers.builtin import read_log

pytestmark = pytest.mark.tools

# From each run to the attempts planned, and for each series the values and how often they occur.
KNOWN: dict[str, tuple[int, dict[str, dict[object, int]]]] = {
    "plain": (6, {"match": {"C": 3, "I": 3}}),
    "epochs": (12, {"match": {"C": 6, "I": 6}}),
    "limited": (5, {"match": {"C": 2, "I": 3}}),
    "errors": (6, {"match": {"C": 1, "I": 3, None: 2}}),
    "cut_short": (3, {"match": {"I": 3}}),
    "scorers": (
        8,
        {
            "number": {Decimal(n) / 4: 2 for n in (1, 2, 3, 4)},
            "parts.harm": {Decimal(n): 2 for n in (1, 2, 3, 4)},
            "parts.help": {Decimal("0.5"): 8},
            "truth": {False: 2, True: 6},
            "unscored": {Decimal(1): 6, None: 2},
        },
    ),
    "edited": (6, {"match": {"C": 1, "I": 4, None: 1}}),
    "killed": (6, {"match": {"C": 3, "I": 3}}),
    "chunked": (6, {"match": {"C": 3, "I": 3}}),
}

REMARKS: dict[str, set[str]] = {
    "limited": {"limited"},
    "edited": {"edited-scores", "invalidated"},
    "killed": {"not-finished"},
}


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


def log_of(runs: Path, name: str) -> ForeignLog:
    return read_log(next(p for p in runs.glob(f"{name}.*") if p.suffix != ".truth"))


@pytest.mark.parametrize("name", KNOWN)
def test_the_counts_are_those_that_were_put_in(name: str, runs: Path) -> None:
    planned, series = KNOWN[name]

    log = log_of(runs, name)

    counted = {s.scorer: dict(Counter(row.value for row in s.rows)) for s in log.series}
    assert series == counted
    assert {planned} == {s.planned for s in log.series}
    assert {remark.code for remark in log.remarks} == REMARKS.get(name, set())


@pytest.mark.parametrize("name", [*KNOWN, "stopped"])
def test_every_row_is_that_of_the_tool(name: str, runs: Path) -> None:
    truth = json.loads((runs / f"{name}.truth").read_text("utf-8"), parse_float=Decimal)

    log = log_of(runs, name)

    for series in log.series:
        assert sorted(
            (_row_of(sample, series.scorer) for sample in truth["samples"]), key=_order
        ) == sorted(series.rows, key=_order)
        assert series.samples_kept == len(truth["samples"])


def _row_of(sample: dict[str, object], scorer: str) -> Row:
    scores, identity, epoch = sample["scores"], sample["id"], sample["epoch"]
    assert isinstance(scores, dict)
    assert isinstance(identity, str)
    assert isinstance(epoch, int)
    value = scores.get(scorer)
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    return Row(
        sample=identity,
        attempt=epoch,
        value=None if sample["errored"] or sample["invalid"] else value,
        errored=bool(sample["errored"]),
        limited=bool(sample["limited"]),
    )


def _order(row: Row) -> tuple[str, int]:
    return row.behaviour, row.attempt


def test_a_run_that_an_error_stopped_keeps_its_plan(runs: Path) -> None:
    log = log_of(runs, "stopped")

    [series] = log.series
    assert (series.planned, [r.value for r in series.rows if not r.errored]) == (6, ["I"])
    assert [remark.code for remark in log.remarks] == ["not-finished"]
    assert "its status is error" in log.remarks[0].message


def test_flags_of_errors_and_limits_are_those_of_the_tool(runs: Path) -> None:
    errors, cut_short = log_of(runs, "errors"), log_of(runs, "cut_short")

    assert [row.behaviour for row in errors.series[0].rows if row.errored] == ["2", "4"]
    assert [row.limited for row in cut_short.series[0].rows] == [True] * 3


def test_metadata_given_to_the_run_binds_the_log(runs: Path) -> None:
    log = log_of(runs, "plain")

    assert log.binding.level is BindingLevel.DIGEST_AT_LOAD
    assert log.binding.root_digest == "sha256:" + "ab" * 32
    assert log.series[0].elicitation.startswith("solvers system_message > generate")
    assert (log.series[0].task, log.series[0].task_version) == ("toy", "2")
