# SPDX-License-Identifier: Apache-2.0
"""The reader of garak reports against garak itself, and against a count by hand."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.base import ForeignLog
from tiergate.evidence.readers.builtin import read_log
from tools.foreign import run_tool

pytestmark = pytest.mark.foreign

THRESHOLD = Decimal("0.5")

# From each run to the attempts planned for each probe, and the codes of its remarks.
KNOWN: dict[str, tuple[dict[str, int], set[str]]] = {
    "plain": ({"test.Blank": 3, "test.Test": 24}, set()),
    "plain_again": ({"test.Test": 24}, set()),
    "silent": ({"test.Test": 16}, {"scores-without-response"}),
    "capped": ({"glitch.Glitch": 10}, {"limited"}),
    "buffed": ({"test.Test": 32}, set()),
    "strict": ({"test.Test": 40}, {"header-disagrees"}),
    "killed": ({"test.Test": 24}, {"not-finished", "unfinished-attempts"}),
    "merged": (
        {"test.Blank": 3, "test.Test": 48},
        {"merged-runs", "not-finished", "repeated-attempts"},
    ),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("garak")
    run_tool("garak", Path(__file__).with_name("run_garak.py"), folder)
    return folder


def log_of(runs: Path, name: str) -> ForeignLog:
    return read_log(runs / f"{name}.report.jsonl")


def truth_of(runs: Path, name: str) -> dict[str, Any]:
    text = (runs / f"{name}.truth").read_text("utf-8")
    truth: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return truth


@pytest.mark.parametrize("name", KNOWN)
def test_plans_and_remarks_are_those_of_what_was_run(name: str, runs: Path) -> None:
    planned, codes = KNOWN[name]

    log = log_of(runs, name)

    assert planned == {series.task: series.planned for series in log.series}
    assert codes == {remark.code for remark in log.remarks}


@pytest.mark.parametrize("name", KNOWN)
def test_every_row_is_one_that_a_count_by_hand_finds(name: str, runs: Path) -> None:
    expected: Counter[tuple[str, str, str]] = Counter()
    prompts: dict[tuple[str, str], set[int]] = defaultdict(set)
    for probe, detector, prompt, score, answered in truth_of(runs, name)["rows"]:
        value = "" if score is None or not answered else str(Decimal(score))
        expected[(probe, detector, value)] += 1
        prompts[(probe, detector)].add(prompt)

    log = log_of(runs, name)

    found = Counter(
        (series.task, series.scorer, "" if row.value is None else str(row.value))
        for series in log.series
        for row in series.rows
    )
    unscored = {key: count for key, count in found.items() if not key[2]}
    if name == "killed":
        assert {("test.Test", detector, ""): 18 for detector in ALWAYS} == unscored
        found = found - Counter(unscored)
    assert expected == found
    if name != "killed":
        assert {key: len(kept) for key, kept in prompts.items()} == {
            (series.task, series.scorer): len({row.sample for row in series.rows})
            for series in log.series
        }


ALWAYS = ("always.Fail", "always.Pass", "always.Random")


@pytest.mark.parametrize("name", ["plain", "plain_again", "capped", "buffed"])
def test_hits_and_totals_are_those_that_the_tool_printed(name: str, runs: Path) -> None:
    printed = truth_of(runs, name)["printed"]

    log = log_of(runs, name)

    counted = []
    for series in log.series:
        scores = [row.value for row in series.rows if isinstance(row.value, Decimal)]
        passed = sum(score < THRESHOLD for score in scores)
        counted.append([series.task, series.scorer, passed, len(scores)])
    assert printed
    assert sorted(printed) == sorted(counted)


def test_what_has_no_response_never_counts_as_safe_as_it_does_for_the_tool(runs: Path) -> None:
    printed = truth_of(runs, "silent")["printed"]

    log = log_of(runs, "silent")

    assert ["test.Test", "always.Pass", 16, 16] in printed
    assert {(None, True)} == {(r.value, r.errored) for s in log.series for r in s.rows}


def test_prompts_that_a_buff_changed_are_behaviours_of_the_probe(runs: Path) -> None:
    log = log_of(runs, "buffed")

    [series] = log.series
    assert Counter({f"prompt {number}": 4 for number in range(8)}) == Counter(
        row.behaviour for row in series.rows
    )
    assert log.binding.name == "test.Lipsum model-7b"
    assert series.elicitation.endswith("prompts changed by Lowercase")


def test_the_same_probe_in_two_merged_reports_makes_further_attempts(runs: Path) -> None:
    log = log_of(runs, "merged")

    attempts = Counter(row.sample for row in log.series[-1].rows)
    assert set(attempts.values()) == {6}
    assert {row.attempt for row in log.series[-1].rows} == {1, 2, 3, 4, 5, 6}


def test_the_hit_log_beside_a_report_is_refused(runs: Path) -> None:
    with pytest.raises(EvidenceError, match="a hit log: successes without"):
        read_log(runs / "plain.hitlog.jsonl")
