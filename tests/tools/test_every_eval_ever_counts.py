# SPDX-License-Identifier: Apache-2.0
"""Every Eval Ever itself: its conversions are read, and its validator takes what we export."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from builders import a_document, a_measurement
from tiergate.evidence.export_every_eval_ever import export
from tiergate.evidence.measurement import Variant
from tiergate.evidence.provenance import BindingLevel
from tiergate.evidence.readers.base import ForeignLog, Row
from tiergate.evidence.readers.every_eval_ever import EveryEvalEverReader
from tools.foreign import run_tool

pytestmark = pytest.mark.foreign

READER = EveryEvalEverReader()
COMMIT = "0123456789abcdef0123456789abcdef01234567"

# The harness's own dummy model answers "lol" to every question.
ANSWERS = ["lol", "no", "lol", "lol", "no", "no"]
TASK = """
task: tiny_saying
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: generate_until
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
generation_kwargs: {{until: ["\\n"], do_sample: false}}
metric_list: [{{metric: exact_match, aggregation: mean, higher_is_better: true}}]
metadata: {{version: 1}}
"""

# From each log to the attempts planned, and for each series the values and how often they occur.
KNOWN: dict[str, tuple[int, dict[str, dict[object, int]]]] = {
    "plain": (6, {"match:accuracy": {1: 3, 0: 3}}),
    "limited": (5, {"match:accuracy": {1: 2, 0: 3}}),
    "errors": (6, {"match:accuracy": {1: 1, 0: 3, None: 2}}),
    "epochs": (6, {"by_epoch:accuracy": {None: 6}, "by_epoch:mean": {None: 6}}),
    "parts": (4, {"match:accuracy": {1: 2, 0: 2}}),
    "lm_eval": (6, {"exact_match": {1: 3, 0: 3}}),
}
REMARKS: dict[str, set[str]] = {
    "limited": {"limited"},
    "errors": {"unattributed-scores"},
    "epochs": {"reduced-scores"},
    "parts": {"aggregate-only"},
}
ALWAYS = {"converted-log", "producer-self-declared", "read-with"}


@dataclass(frozen=True)
class Converted:
    """What the tool wrote."""

    folder: Path

    def aggregate(self, name: str) -> Path:
        """Return the aggregate that a log became."""
        [path] = (self.folder / "converted" / name).rglob("*.json")
        return path

    def log(self, name: str) -> ForeignLog:
        """Read it."""
        return READER.read(self.aggregate(name))

    def validation(self) -> dict[str, dict[str, object]]:
        """Return what the tool's own validator says of every file."""
        found = json.loads((self.folder / "validation.json").read_text("utf-8"))
        assert isinstance(found, dict)
        return found


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    folder = tmp_path_factory.mktemp("every_eval_ever")
    run_harness(folder)
    exported = [
        a_document(measurements=[a_measurement(successes=3), a_measurement("utility.refusal", 5)]),
        a_document(measurements=[a_measurement(variant=Variant.WORST_CASE)], organisation=""),
    ]
    for path, content in export(exported, at=datetime(2026, 11, 24, tzinfo=UTC)):
        target = folder / "exported" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    run_tool("every_eval_ever", Path(__file__).with_name("run_every_eval_ever.py"), folder)
    return Converted(folder)


def run_harness(folder: Path) -> None:
    data = folder / "data.jsonl"
    kept = ({"question": f"question {n}", "answer": a} for n, a in enumerate(ANSWERS))
    data.write_text("".join(json.dumps(one) + "\n" for one in kept), encoding="utf-8")
    (folder / "saying.yaml").write_text(TASK.format(data=data), encoding="utf-8")
    options = {
        "--model": "dummy",
        "--model_args": f"pretrained=tiny-org/tiny,revision={COMMIT}",
        "--include_path": str(folder),
        "--tasks": "tiny_saying",
        "--output_path": str(folder / "lm_eval"),
    }
    given = [word for option in options.items() for word in option]
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


@pytest.mark.parametrize("name", KNOWN)
def test_the_counts_are_those_that_were_put_in(name: str, converted: Converted) -> None:
    planned, series = KNOWN[name]

    log = converted.log(name)

    counted = {s.scorer: dict(Counter(row.value for row in s.rows)) for s in log.series}
    assert series == counted
    assert {planned} == {s.planned for s in log.series}
    assert REMARKS.get(name, set()) == {remark.code for remark in log.remarks} - ALWAYS


@pytest.mark.parametrize("name", ["plain", "limited", "errors", "parts"])
def test_every_row_is_an_attempt_as_inspect_holds_it(name: str, converted: Converted) -> None:
    kept = json.loads((converted.folder / "inspect" / f"{name}.truth").read_text("utf-8"))

    [series] = converted.log(name).series

    expected = [
        Row(
            sample=one["sample"],
            attempt=one["attempt"],
            value={"C": Decimal(1), "I": Decimal(0)}.get(one["scores"].get("match")),
            errored=one["errored"],
        )
        for one in kept
    ]
    assert sorted(expected, key=lambda row: row.sample) == sorted(
        series.rows, key=lambda row: row.sample
    )


def test_the_tool_writes_the_average_over_attempts_at_each_of_them(converted: Converted) -> None:
    truth = json.loads((converted.folder / "inspect" / "epochs.truth").read_text("utf-8"))
    samples = converted.aggregate("epochs")
    rows = samples.with_name(f"{samples.stem}_samples.jsonl").read_text("utf-8").splitlines()

    assert {1.0: 3, 0.0: 3} == Counter(one["scores"]["by_epoch"] for one in truth)
    assert {0.5} == {json.loads(row)["evaluation"]["score"] for row in rows}


def test_the_tool_writes_a_zero_where_an_attempt_failed(converted: Converted) -> None:
    samples = converted.aggregate("errors")
    rows = samples.with_name(f"{samples.stem}_samples.jsonl").read_text("utf-8").splitlines()

    failed = [row for row in map(json.loads, rows) if row["error"]]

    assert {(0.0, None)} == {(r["evaluation"]["score"], r["evaluation_result_id"]) for r in failed}
    errored = [row.value for row in converted.log("errors").series[0].rows if row.errored]
    assert [None, None] == errored


def test_results_that_no_row_names_are_claims(converted: Converted) -> None:
    log = converted.log("parts")

    assert ["benchmark.toy", "benchmark.toy"] == [claim.item for claim in log.claims]
    assert {"harm:mean", "help:mean"} == {
        field.value for claim in log.claims for field in claim.fields if field.name == "result"
    }


def test_the_binding_is_a_name_or_the_commit_that_the_harness_was_given(
    converted: Converted,
) -> None:
    plain, harness = converted.log("plain").binding, converted.log("lm_eval").binding

    assert ("tiny-org/tiny", BindingLevel.NAME) == (plain.name, plain.level)
    assert (COMMIT, BindingLevel.IMMUTABLE_REVISION) == (harness.revision, harness.level)


def test_the_validator_of_the_tool_takes_what_is_exported(converted: Converted) -> None:
    exported = {
        path: found
        for path, found in converted.validation().items()
        if path.startswith("exported/")
    }

    assert 3 == len(exported)
    assert {path: {"valid": True, "errors": []} for path in exported} == exported


def test_the_validator_of_the_tool_takes_what_it_converted(converted: Converted) -> None:
    own = [found for path, found in converted.validation().items() if "/data/" in path]

    assert 2 * len(KNOWN) + 3 == len(own)
    assert all(found["valid"] for found in own)
