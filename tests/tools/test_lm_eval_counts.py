# SPDX-License-Identifier: Apache-2.0
"""The reader of lm-evaluation-harness runs against the harness itself, and what was put in."""

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
from tiergate.evidence.readers.base import ForeignLog, Series
from tiergate.evidence.readers.builtin import read_log

pytestmark = pytest.mark.tools

DIGEST = "sha256:" + "ab" * 32

# The harness's own dummy model answers "lol" to every question.
ANSWERS = ["lol", "no", "lol", "lol", "no", "no", "lol", "no"]

SAYING = """
task: tiny_saying
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: generate_until
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
generation_kwargs: {{until: ["\\n"], do_sample: false}}
metric_list: [{{metric: exact_match, aggregation: mean, higher_is_better: true}}]
filter_list:
  - {{name: whole, filter: [{{function: take_first}}]}}
  - name: digits
    filter: [{{function: regex, regex_pattern: "([0-9]+)"}}, {{function: take_first}}]
metadata: {{version: 1.5}}
"""

CHOOSING = """
task: tiny_choosing
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{question}}}}"
doc_to_choice: ["a", "b"]
doc_to_target: 0
metric_list: [{{metric: acc}}, {{metric: acc_norm}}]
metadata: {{version: 2}}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lm_eval")
    data = folder / "data.jsonl"
    documents = ({"question": f"question {n}", "answer": a} for n, a in enumerate(ANSWERS))
    data.write_text("".join(json.dumps(d) + "\n" for d in documents), encoding="utf-8")
    for name, text in (("saying", SAYING), ("choosing", CHOOSING)):
        (folder / f"{name}.yaml").write_text(text.format(data=data), encoding="utf-8")
    options = {
        "--model": "dummy",
        "--include_path": str(folder),
        "--tasks": "tiny_saying,tiny_choosing",
        "--limit": "6",
        "--output_path": str(folder / "out"),
        "--metadata": json.dumps({"tiergate_root_digest": DIGEST}),
    }
    given = [part for option in options.items() for part in option]
    done = subprocess.run(
        [sys.executable, "-m", "lm_eval", "run", "--log_samples", *given],
        cwd=folder,
        env=os.environ | {"HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return folder / "out"


@pytest.fixture(scope="module")
def log(run: Path) -> ForeignLog:
    return read_log(run)


def series_of(log: ForeignLog, task: str, scorer: str) -> Series:
    return next(s for s in log.series if (s.task, s.scorer) == (task, scorer))


def test_the_counts_are_those_that_were_put_in(log: ForeignLog) -> None:
    whole = series_of(log, "tiny_saying", "exact_match,whole")
    digits = series_of(log, "tiny_saying", "exact_match,digits")

    assert [row.value for row in whole.rows] == [int(a == "lol") for a in ANSWERS[:6]]
    assert Counter(row.value for row in digits.rows) == {Decimal(0): 6}
    assert (whole.planned, whole.samples_kept, whole.superseded) == (6, 6, 0)
    assert whole.task_version == "1.5"


def test_every_row_is_that_of_the_samples_the_tool_wrote(run: Path, log: ForeignLog) -> None:
    assert len(log.series) == 4
    for series in log.series:
        metric, filter_name = series.scorer.split(",")
        [path] = run.glob(f"*/samples_{series.task}_*.jsonl")
        samples = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        by_hand = {str(s["doc_id"]): s[metric] for s in samples if s["filter"] == filter_name}
        assert by_hand == {row.behaviour: row.value for row in series.rows}
        assert {row.attempt for row in series.rows} == {1}


def test_the_average_of_the_rows_is_the_one_that_the_tool_computed(
    run: Path, log: ForeignLog
) -> None:
    [path] = run.glob("*/results_*.json")
    stated = json.loads(path.read_text("utf-8"))["results"]

    for series in log.series:
        total = sum(row.value for row in series.rows if isinstance(row.value, Decimal))
        average = float(total) / len(series.rows)
        assert average == pytest.approx(stated[series.task][series.scorer])


def test_the_remarks_name_the_limit_and_nothing_that_disagrees(log: ForeignLog) -> None:
    codes = [remark.code for remark in log.remarks]

    assert codes == ["limited", "limited", "read-with", "read-with"]
    assert "6 of its 8 samples" in log.remarks[0].message


def test_metadata_given_to_the_run_binds_the_log(log: ForeignLog) -> None:
    assert log.binding.level is BindingLevel.DIGEST_AT_LOAD
    assert log.binding.root_digest == DIGEST
    assert log.binding.name == "dummy"
