# SPDX-License-Identifier: Apache-2.0
"""The reader against lm-evaluation-harness 0.3, which keeps averages and no samples."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tiergate.evidence.provenance import BindingLevel
from tiergate.evidence.readers.base import ForeignLog
from tiergate.evidence.readers.builtin import read_log
from tools.foreign import run_tool

pytestmark = pytest.mark.foreign

SAMPLES = {"whole": 12, "limited": 5}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lm_eval_03")
    run_tool("lm_eval_03", Path(__file__).with_name("run_lm_eval_03.py"), folder)
    return folder


def values(log: ForeignLog, name: str) -> dict[str, object]:
    """From each metric to a field of its claim."""
    found: dict[str, object] = {}
    for claim in log.claims:
        fields = {field.name: field.value for field in claim.fields}
        found[str(fields["metric"])] = fields.get(name)
    return found


@pytest.mark.parametrize("run", SAMPLES)
def test_the_values_are_those_that_the_tool_returned_and_the_samples_had(
    run: str, folder: Path
) -> None:
    scored = json.loads((folder / f"{run}.scored").read_text("utf-8"))
    returned = json.loads((folder / f"{run}.json").read_text("utf-8"))["results"]["TinySums"]

    log = read_log(folder / f"{run}.json")

    assert {"acc", "acc_norm"} == set(scored) == set(values(log, "value"))
    for metric, value in values(log, "value").items():
        assert len(scored[metric]) == SAMPLES[run]
        assert sum(scored[metric]) / SAMPLES[run] == pytest.approx(float(str(value)))
        assert float(str(value)) == returned[metric]
    for metric, error in values(log, "stderr").items():
        assert float(str(error)) == returned[f"{metric}_stderr"]


def test_everything_else_the_tool_states_is_in_the_claims(folder: Path) -> None:
    whole, limited = (read_log(folder / f"{run}.json") for run in SAMPLES)

    assert {claim.item for claim in whole.claims} == {"benchmark.TinySums"}
    assert set(values(whole, "task_version").values()) == {"3"}
    assert set(values(whole, "shots").values()) == {"2"}
    assert set(values(whole, "limit").values()) == {None}
    assert set(values(limited, "limit").values()) == {"5"}


def test_the_log_is_a_statement_that_is_bound_to_a_branch_and_has_no_date(folder: Path) -> None:
    whole, limited = (read_log(folder / f"{run}.json") for run in SAMPLES)

    assert (whole.source.format, whole.series) == ("lm-eval/0.3", ())
    assert (whole.binding.name, whole.binding.revision) == ("org/tiny", "step0")
    assert whole.binding.level is BindingLevel.MUTABLE_REVISION
    assert limited.binding.name == "dummy"
    assert [remark.code for remark in whole.remarks] == ["no-date", "no-samples"]
    assert [remark.code for remark in limited.remarks] == ["limited", "no-date", "no-samples"]
