# SPDX-License-Identifier: Apache-2.0
"""Every Eval Ever results without samples: statements by somebody, never measurements."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from logs.every_eval_ever_logs import UUID, Json, a_record, a_result, rows, write_record
from tiergate.errors import EvidenceError
from tiergate.evidence.claim import Claim, ClaimField
from tiergate.evidence.readers.base import ForeignLog
from tiergate.evidence.readers.every_eval_ever import EveryEvalEverReader

READER = EveryEvalEverReader()
RUN_TIME = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
LEADERBOARD: Json = {
    "source_type": "documentation",
    "source_organization_name": "A Board",
    "evaluator_relationship": "other",
}


def fields(claim: Claim) -> dict[str, object]:
    return {field.name: field.value for field in claim.fields}


def codes(log: ForeignLog) -> set[str]:
    return {remark.code for remark in log.remarks} - {"producer-self-declared"}


def messages(log: ForeignLog, code: str) -> list[str]:
    return [remark.message for remark in log.remarks if remark.code == code]


def test_a_result_without_samples_is_a_claim_with_everything_it_states(tmp_path: Path) -> None:
    config: Json = {
        "metric_name": "accuracy",
        "metric_unit": "proportion",
        "lower_is_better": False,
    }
    uncertainty: Json = {
        "standard_error": {"value": 0.01},
        "confidence_interval": {"lower": 0.4, "upper": 0.6, "confidence_level": 0.95},
        "num_samples": 1319,
    }
    result = a_result(
        metric_config=config, score_details={"score": 0.5, "uncertainty": uncertainty}
    )

    log = READER.read(write_record(tmp_path, None, a_record(result)))

    expected: dict[str, str | int | bool] = {
        "dataset": "sums at org/sums",
        "evaluator_relationship": "third_party",
        "interval_level": "0.95",
        "interval_lower": "0.4",
        "interval_upper": "0.6",
        "lower_is_better": False,
        "metric": "accuracy",
        "metric_unit": "proportion",
        "num_samples": 1319,
        "organisation": "An Institute",
        "result": "match:accuracy",
        "score": "0.5",
        "source_type": "evaluation_run",
        "standard_error": "0.01",
        "tool": "some_tool",
    }
    assert log.series == ()
    assert log.claims == (
        Claim(
            item="benchmark.sums",
            holds=True,
            statement="sums: accuracy is 0.5.",
            fields=tuple(ClaimField(name=n, value=v) for n, v in sorted(expected.items())),
            made_at=RUN_TIME,
        ),
    )
    assert codes(log) == {"aggregate-only"}
    assert log.files == (tmp_path / f"{UUID}.json",)
    assert log.source.left_out == ()


def test_a_claim_states_no_more_than_its_result(tmp_path: Path) -> None:
    result: Json = {"evaluation_name": "MATH Level 5", "score_details": {"score": 1}}
    record = a_record(result, source_metadata=..., eval_library=..., evaluation_timestamp=...)

    log = READER.read(write_record(tmp_path, None, record))

    [claim] = log.claims
    assert (claim.item, claim.statement) == ("benchmark.MATH-Level-5", "MATH Level 5: score is 1.")
    assert fields(claim) == {"score": "1"}
    assert claim.made_at == datetime(2026, 3, 2, 12, 0, 0, 500_000, tzinfo=UTC)
    assert log.source.tool == ""
    assert messages(log, "producer-self-declared") == [
        (
            "By its own word the record is from: not named; relation of the evaluator to the "
            "model: not stated."
        )
    ]


def test_numbers_of_a_leaderboard_are_claims_whatever_stands_beside_them(tmp_path: Path) -> None:
    record = a_record(a_result(), a_result(evaluation_name="b"), source_metadata=LEADERBOARD)

    path = write_record(tmp_path, rows(1.0, 0.0), record)
    logs = [READER.read(p) for p in (path, path.with_name(f"{UUID}_samples.jsonl"))]

    for log in logs:
        assert log.series == ()
        assert [claim.item for claim in log.claims] == ["benchmark.sums", "benchmark.b"]
        assert log.source.file_name == path.name
        assert messages(log, "aggregate-only") == [
            "2 results cannot be counted again (documentation); they are claims."
        ]


def test_samples_that_are_announced_and_not_there_are_missed(tmp_path: Path) -> None:
    path = write_record(tmp_path, rows(1.0, 0.0))
    path.with_name(f"{UUID}_samples.jsonl").unlink()

    log = READER.read(path)

    assert (log.series, len(log.claims)) == ((), 1)
    assert messages(log, "samples-missing") == [
        "The aggregate announces 2 rows of samples; the file is not beside it."
    ]


def test_a_result_that_no_row_names_is_a_claim_beside_the_others(tmp_path: Path) -> None:
    other = a_result(0.25, evaluation_name="products", evaluation_timestamp="2026-03-01T13:00:00Z")

    log = READER.read(write_record(tmp_path, rows(1.0, 0.0), a_record(a_result(), other)))

    assert [series.task for series in log.series] == ["sums"]
    assert [claim.item for claim in log.claims] == ["benchmark.products"]
    assert log.claims[0].made_at == datetime(2026, 3, 1, 13, tzinfo=UTC)
    assert messages(log, "aggregate-only") == [
        "1 results cannot be counted again (no samples); they are claims."
    ]


@pytest.mark.parametrize("score", [None, "0.5", True, float("nan"), [0.5]])
def test_a_result_without_a_number_claims_nothing(score: object, tmp_path: Path) -> None:
    path = write_record(tmp_path, None, a_record(a_result(score)))

    with pytest.raises(EvidenceError, match="found no result, expected at least one score"):
        READER.read(path)


def test_a_claim_without_any_time_is_refused(tmp_path: Path) -> None:
    record = a_record(
        a_result(evaluation_timestamp=...), evaluation_timestamp=..., retrieved_timestamp="soon"
    )

    with pytest.raises(EvidenceError, match="found no time of the run"):
        READER.read(write_record(tmp_path, None, record))


NAMES = {
    "GSM8K (5-shot)": "benchmark.GSM8K-5-shot",
    "../../etc": "benchmark...-..-etc",
    "数学": "benchmark.unnamed",
    "x" * 200: "benchmark." + "x" * 90,
}


@pytest.mark.parametrize("name", NAMES)
def test_the_item_of_a_claim_is_what_documents_can_hold(name: str, tmp_path: Path) -> None:
    record = a_record(a_result(evaluation_name=name))

    [claim] = READER.read(write_record(tmp_path, None, record)).claims

    assert claim.item == NAMES[name]
    assert re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", claim.item)
    assert 0 < len(claim.statement) <= 500


def test_an_old_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    steps = [{"solver": "multiple_choice", "params": {}}]
    old = a_result(
        1.0,
        evaluation_result_id=...,
        evaluation_name="choice",
        source_data={"source_type": "url", "dataset_name": "arc", "url": ["https://a.example/arc"]},
        metric_config={"evaluation_description": "accuracy"},
        generation_config={
            "generation_args": {"reasoning": False, "eval_plan": {"steps": [*steps, "{", "[1]"]}}
        },
    )
    record = a_record(
        old,
        schema_version="0.2.0",
        eval_library=...,
        model_info={"name": "org/model", "id": "org/model", "developer": "org"},
    )
    kept = rows(
        1.0,
        1.0,
        schema_version="0.2.0",
        evaluation_id="None_samples",
        evaluation_name="choice",
        evaluation_result_id=...,
    )

    log = READER.read(write_record(tmp_path, kept, record))

    [series] = log.series
    assert (series.task, series.scorer, series.planned) == ("choice", "score", 2)
    assert [row.value for row in series.rows] == [1, 1]
    assert series.dataset == "arc at https://a.example/arc"
    assert (series.elicitation, series.generation) == ("solvers multiple_choice", "reasoning=false")
    assert codes(log) == {"converted-log", "read-with", "run-disagrees"}
