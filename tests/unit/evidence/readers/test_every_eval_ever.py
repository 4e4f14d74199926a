# SPDX-License-Identifier: Apache-2.0
"""Every Eval Ever records: counted from their samples, whatever the aggregate claims."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from logs.disturbed import disturbed
from logs.every_eval_ever_logs import (
    UUID,
    Json,
    a_record,
    a_result,
    a_row,
    attempts,
    changed,
    rows,
    samples_bytes,
    write_record,
)
from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import BindingLevel, Relation
from tiergate.evidence.readers.base import ForeignLog, Row, Series
from tiergate.evidence.readers.every_eval_ever import EveryEvalEverReader

READER = EveryEvalEverReader()
SCHEMAS = Path(__file__).parents[3] / "schemas" / "every_eval_ever"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
ALWAYS = {"converted-log", "producer-self-declared", "read-with"}


def values(series: Series) -> list[object]:
    return [row.value for row in series.rows]


def messages(log: ForeignLog, code: str) -> list[str]:
    return [remark.message for remark in log.remarks if remark.code == code]


def codes(log: ForeignLog) -> set[str]:
    return {remark.code for remark in log.remarks} - ALWAYS


def the_series(log: ForeignLog) -> Series:
    [series] = log.series
    return series


def mistakes(schema: str, documents: Iterable[Json]) -> list[str]:
    validator = Draft7Validator(json.loads((SCHEMAS / schema).read_text("utf-8")))
    return [error.message for document in documents for error in validator.iter_errors(document)]


def test_the_records_of_these_tests_are_what_the_format_asks_for(tmp_path: Path) -> None:
    path = write_record(tmp_path, rows(1.0, 0.0))

    assert [] == mistakes("eval.schema.json", [json.loads(path.read_text("utf-8"))])
    assert [] == mistakes("instance_level_eval.schema.json", rows(1.0, 0.0))


def test_a_plain_record_is_read_into_one_series_with_everything_it_says(tmp_path: Path) -> None:
    path = write_record(tmp_path, rows(1.0, 0.0))

    log = READER.read(path)

    assert log.source.sha256 == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    assert (log.source.format, log.source.reader) == ("every-eval-ever/0.3.0", "every_eval_ever/1")
    assert (log.source.tool, log.source.file_name) == ("some_tool 1.2", f"{UUID}.json")
    assert "is_correct" in log.source.left_out
    assert "every sample's score, error and attempt" in log.source.read
    assert (codes(log), log.claims) == (set(), ())
    assert log.series == (
        Series(
            task="sums",
            task_version="",
            dataset="sums at org/sums",
            scorer="match:accuracy",
            rows=(
                Row(sample="1", attempt=1, value=Decimal("1.0")),
                Row(sample="2", attempt=1, value=Decimal("0.0")),
            ),
            planned=2,
            superseded=0,
            elicitation=(
                "3-shot; solvers use_tools > generate; 2 tools (bash, web); "
                "prompt template of 9 characters; sandbox docker; message limit 5; "
                "at most 2 attempts"
            ),
            generation="seed=1 temperature=0.5",
            finished_at=datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC),
            samples_kept=2,
        ),
    )


def test_aggregate_samples_and_folder_name_the_same_record(tmp_path: Path) -> None:
    path = write_record(tmp_path / "model", rows(1.0, 0.0))
    samples = path.with_name(f"{UUID}_samples.jsonl")

    logs = [READER.read(p) for p in (path, samples, path.parent)]

    assert {log.series for log in logs} == {logs[0].series}
    assert [log.source.file_name for log in logs] == [path.name, samples.name, path.name]
    assert {log.files for log in logs} == {tuple(sorted([path, samples]))}
    digest = hashlib.sha256(samples.read_bytes()).hexdigest()
    assert messages(logs[0], "read-with") == [
        f"Read together with {samples.name}, sha256:{digest}."
    ]
    assert path.name in messages(logs[1], "read-with")[0]


def test_who_the_record_is_from_is_said_to_be_its_own_word(tmp_path: Path) -> None:
    log = READER.read(write_record(tmp_path, rows(1.0, 0.0)))

    assert messages(log, "producer-self-declared") == [
        (
            "By its own word the record is from: An Institute; relation of the evaluator to the "
            "model: third_party."
        )
    ]


def test_every_result_is_a_series_of_the_rows_that_name_it(tmp_path: Path) -> None:
    second = a_result(0.25, evaluation_result_id="f:mean", metric_config={"metric_name": "mean"})
    other = a_result(1.0, evaluation_name="products")
    kept = [
        *rows(1.0, 0.0),
        *rows(0.5, 0.0, evaluation_result_id="f:mean"),
        *rows(1, evaluation_name="products"),
    ]

    log = READER.read(write_record(tmp_path, kept, a_record(a_result(), second, other)))

    assert {(series.task, series.scorer): values(series) for series in log.series} == {
        ("products", "match:accuracy"): [1],
        ("sums", "f:mean"): [Decimal("0.5"), 0],
        ("sums", "match:accuracy"): [1, 0],
    }
    assert codes(log) == set()


NO_VALUE: dict[str, tuple[Json, bool]] = {
    "an error beside its score": (a_row(2, 0.0, error="the sandbox went away"), True),
    "an error that is no text": (a_row(2, 0.0, error={"message": "gone"}), True),
    "a score that is not a number": (a_row(2, float("nan")), False),
    "a score that is infinite": (a_row(2, float("inf")), False),
    "a score that is a text": (a_row(2, "1.0"), False),
    "no score": (a_row(2, evaluation={"is_correct": True}), False),
    "no evaluation": (a_row(2, evaluation=...), False),
    "another model": (a_row(2, model_id="org/other"), False),
    "no result that it names": (a_row(2, 0.0, evaluation_result_id=...), False),
}


@pytest.mark.parametrize("sentence", NO_VALUE)
def test_a_sample_has_no_value_with(sentence: str, tmp_path: Path) -> None:
    row, errored = NO_VALUE[sentence]

    log = READER.read(write_record(tmp_path, [a_row(1), row], a_record(a_result(1.0))))

    assert values(the_series(log)) == [1, None]
    assert [r.errored for r in the_series(log).rows] == [False, errored]
    assert the_series(log).planned == 2


def test_a_score_that_is_true_or_false_stays_so(tmp_path: Path) -> None:
    log = READER.read(write_record(tmp_path, rows(True, False)))  # noqa: FBT003

    assert values(the_series(log)) == [True, False]
    assert codes(log) == set()


def test_a_score_of_minus_one_is_no_score_where_there_is_an_unknown_level(tmp_path: Path) -> None:
    levels: Json = {
        "lower_is_better": False,
        "score_type": "levels",
        "level_names": ["no", "yes"],
        "has_unknown_level": True,
    }
    without = {**levels, "has_unknown_level": False}
    records = [a_record(a_result(0.0, metric_config=config)) for config in (levels, without)]

    first, second = (
        READER.read(write_record(tmp_path / str(n), rows(1, -1), record))
        for n, record in enumerate(records)
    )

    assert values(the_series(first)) == [1, None]
    assert values(the_series(second)) == [1, -1]


@pytest.mark.parametrize("reason", ["max_tokens", "model_length"])
def test_an_answer_that_a_limit_cut_short_is_marked(reason: str, tmp_path: Path) -> None:
    kept = [a_row(1, metadata={"stop_reason": reason}), a_row(2, metadata={"stop_reason": "stop"})]

    log = READER.read(write_record(tmp_path, kept, a_record(a_result(1.0))))

    assert [row.limited for row in the_series(log).rows] == [True, False]


def test_attempts_on_a_sample_keep_their_numbers(tmp_path: Path) -> None:
    kept = [*attempts(10, 1.0, 0.0), *attempts(9, 0.0, 0.0)]

    log = READER.read(write_record(tmp_path, kept, a_record(a_result(0.25))))

    assert [(row.sample, row.attempt, row.value) for row in the_series(log).rows] == [
        ("9", 1, 0),
        ("9", 2, 0),
        ("10", 1, 1),
        ("10", 2, 0),
    ]
    assert the_series(log).planned == 4
    assert codes(log) == set()


def test_an_attempt_that_is_left_out_is_missed(tmp_path: Path) -> None:
    kept = [*attempts(1, 1.0, 0.0, 1.0), attempts(2, 0.0)[0], attempts(2, 0.0, 0.0, 1.0)[2]]

    log = READER.read(write_record(tmp_path, kept, a_record(a_result(0.6))))

    assert (len(the_series(log).rows), the_series(log).planned) == (5, 6)


def test_rows_of_one_sample_without_numbers_are_further_attempts(tmp_path: Path) -> None:
    kept = [a_row(1, 1.0), a_row(2, 0.0), a_row(2, 1.0)]
    result = a_result(
        0.666666667,
        score_details={"score": 0.666666667, "uncertainty": {"num_samples": 3}},
    )

    log = READER.read(write_record(tmp_path, kept, a_record(result)))

    assert [(r.sample, r.attempt) for r in the_series(log).rows] == [("1", 1), ("2", 1), ("2", 2)]
    assert the_series(log).planned == 4
    assert codes(log) == {"repeated-documents", "fewer-samples-than-claimed"}


def test_the_average_over_attempts_at_every_attempt_is_no_score(tmp_path: Path) -> None:
    kept = [*attempts(1, 0.5, 0.5), *attempts(2, 1.0, 1.0)]
    library = {"name": "inspect", "version": "inspect_ai:0.3.285"}

    reduced = READER.read(write_record(tmp_path / "a", kept, a_record(eval_library=library)))
    own = READER.read(write_record(tmp_path / "b", kept, a_record(a_result(0.75))))

    assert values(the_series(reduced)) == [None] * 4
    assert messages(reduced, "reduced-scores") == [
        (
            "The conversion writes the average over attempts on a sample at each of them, and no "
            "two attempts of sums / match:accuracy differ; none has a value."
        )
    ]
    assert values(the_series(own)) == [Decimal("0.5"), Decimal("0.5"), 1, 1]
    assert codes(own) == set()


def test_where_rows_are_missing_one_attempt_may_be_the_average_over_several(
    tmp_path: Path,
) -> None:
    kept = [attempts(1, 0.5)[0], attempts(2, 1.0)[0]]
    record = a_record(a_result(0.75), eval_library={"name": "inspect_ai", "version": "unknown"})

    whole = READER.read(write_record(tmp_path / "a", kept, record))
    partial = READER.read(write_record(tmp_path / "b", kept, record, {"total_rows": 4}))

    assert values(the_series(whole)) == [Decimal("0.5"), 1]
    assert values(the_series(partial)) == [None, None]
    assert (the_series(partial).planned, codes(partial)) == (
        4,
        {"fewer-samples-than-claimed", "reduced-scores"},
    )


def test_attempts_that_differ_are_scores_of_their_own(tmp_path: Path) -> None:
    kept = [*attempts(1, 0.0, 1.0), *attempts(2, 1.0, 1.0)]
    library = {"name": "inspect", "version": "inspect_ai:0.3.285"}
    record = a_record(a_result(0.75), eval_library=library)

    log = READER.read(write_record(tmp_path, kept, record))

    assert values(the_series(log)) == [0, 1, 1, 1]
    assert codes(log) == set()


def test_a_row_that_names_no_result_is_an_attempt_at_each(tmp_path: Path) -> None:
    second = a_result(1.0, evaluation_result_id="f:mean", metric_config={"metric_name": "mean"})
    kept = [
        a_row(1),
        a_row(1, evaluation_result_id="f:mean"),
        a_row(2, 0.0, evaluation_result_id=...),
    ]

    log = READER.read(write_record(tmp_path, kept, a_record(a_result(1.0), second)))

    assert [values(series) for series in log.series] == [[1, None], [1, None]]
    assert len(messages(log, "unattributed-scores")) == 2
    assert "1 of 2 rows of sums / f:mean do not say" in messages(log, "unattributed-scores")[0]


UNNAMED: dict[str, tuple[list[Json], list[object], str, set[str]]] = {
    "add up to the only result": ([a_result()], [1, 0], "accuracy", set()),
    "do not add up to the only result": (
        [a_result(0.75)],
        [None, None],
        "accuracy",
        {"unattributed-scores"},
    ),
    "could belong to two results": (
        [a_result(), a_result()],
        [None, None],
        "score",
        {"unattributed-scores", "aggregate-only"},
    ),
    "belong to no result": (
        [a_result(evaluation_name="products")],
        [None, None],
        "score",
        {"unattributed-scores", "aggregate-only"},
    ),
    "leave out what the result is called": (
        [a_result(evaluation_result_id="match:accuracy")],
        [None, None],
        "match:accuracy",
        {"unattributed-scores"},
    ),
}


@pytest.mark.parametrize("sentence", UNNAMED)
def test_the_scores_of_rows_without_a_result_count_or_not_where_they(
    sentence: str, tmp_path: Path
) -> None:
    results, expected, scorer, remarks = UNNAMED[sentence]
    if scorer != "match:accuracy":
        for result in results:
            del result["evaluation_result_id"]
    kept = rows(1.0, 0.0, evaluation_result_id=...)

    log = READER.read(write_record(tmp_path, kept, a_record(*results)))

    assert [(series.scorer, values(series)) for series in log.series] == [(scorer, expected)]
    assert codes(log) == remarks


def test_rows_that_all_failed_do_not_add_up_to_the_only_result(tmp_path: Path) -> None:
    kept = rows(0.0, 0.0, evaluation_result_id=..., error="gone")
    record = a_record(a_result(0.0, evaluation_result_id=...))

    log = READER.read(write_record(tmp_path, kept, record))

    assert [(row.value, row.errored) for row in the_series(log).rows] == [(None, True)] * 2


def test_a_result_that_the_aggregate_does_not_have_is_remarked(tmp_path: Path) -> None:
    kept = rows(1.0, 0.0, evaluation_result_id="other")

    log = READER.read(write_record(tmp_path, kept))

    assert [(series.scorer, values(series)) for series in log.series] == [("other", [1, 0])]
    assert messages(log, "result-unknown") == [
        "2 rows name the result sums / other, which the aggregate does not have."
    ]
    assert len(log.claims) == 1


def test_a_result_is_found_by_its_identity_under_another_name(tmp_path: Path) -> None:
    kept = rows(1.0, 0.0, evaluation_name="the sums")

    log = READER.read(write_record(tmp_path, kept))

    assert (the_series(log).task, the_series(log).dataset) == ("the sums", "sums at org/sums")
    assert (codes(log), log.claims) == (set(), ())


def private(**details: str) -> Json:
    return {"dataset_name": "sums", "source_type": "other", "additional_details": details}


HF: Json = {"dataset_name": "sums", "source_type": "hf_dataset"}

PLANNED: dict[str, tuple[Json, int, set[str]]] = {
    "states nothing": ({}, 2, set()),
    "states the size of the data set": (
        {"source_data": HF | {"samples_number": 5000}},
        5000,
        {"fewer-samples-than-claimed"},
    ),
    "states the size in words": (
        {"source_data": private(samples_number="90")},
        90,
        {"fewer-samples-than-claimed"},
    ),
    "chose its samples from more": (
        {"source_data": HF | {"samples_number": 90, "sample_ids": [1, "2"]}},
        2,
        {"limited"},
    ),
    "chose its samples from more, in words": (
        {"source_data": private(samples_number="90", sample_ids="1,2")},
        2,
        {"limited"},
    ),
    "chose more than there are": (
        {"source_data": HF | {"sample_ids": ["1", "2", "3"]}},
        3,
        {"fewer-samples-than-claimed"},
    ),
    "chose others": (
        {"source_data": HF | {"sample_ids": ["1", "7"]}},
        3,
        {"fewer-samples-than-claimed", "more-samples-than-planned"},
    ),
    "averaged over more": (
        {"score_details": {"score": 0.5, "uncertainty": {"num_samples": 4}}},
        4,
        {"fewer-samples-than-claimed"},
    ),
    "averaged over fewer": (
        {"score_details": {"score": 0.5, "uncertainty": {"num_samples": 1}}},
        2,
        set(),
    ),
}


@pytest.mark.parametrize("sentence", PLANNED)
def test_what_was_planned_when_a_result(sentence: str, tmp_path: Path) -> None:
    changes, expected, remarks = PLANNED[sentence]

    log = READER.read(write_record(tmp_path, rows(1.0, 0.0), a_record(a_result(**changes))))

    assert the_series(log).planned == expected
    assert codes(log) == remarks


def test_fewer_rows_than_the_aggregate_claims_leave_the_plan_as_it_was(tmp_path: Path) -> None:
    log = READER.read(write_record(tmp_path, rows(1.0, 0.0), declared={"total_rows": 5000}))

    assert (the_series(log).planned, the_series(log).samples_kept) == (5000, 2)
    assert messages(log, "fewer-samples-than-claimed") == [
        (
            "The aggregate claims 5000 rows of samples; the file has 2. "
            "Those that are missing count as not attempted."
        )
    ]


FILES: dict[str, tuple[Json, dict[str, str]]] = {
    "of another digest": (
        {"checksum": "00" * 32},
        {
            "checksum-disagrees": f"The aggregate states the checksum {'00' * 32} for its samples; "
            f"{UUID}_samples.jsonl has "
        },
    ),
    "of another MD5 digest": (
        {"checksum": "00" * 16, "hash_algorithm": "md5"},
        {"checksum-disagrees": "The aggregate states the checksum 0000"},
    ),
    "with a digest of an unknown kind": (
        {"hash_algorithm": "blake3"},
        {"checksum-unchecked": "cannot be checked (algorithm blake3)"},
    ),
    "with a digest of no kind": (
        {"hash_algorithm": ..., "checksum": "abc"},
        {"checksum-unchecked": "cannot be checked (algorithm not named)"},
    ),
    "with the digest's kind left out": ({"hash_algorithm": ...}, {}),
    "without a digest": ({"checksum": ..., "hash_algorithm": ...}, {}),
    "without a number of rows": ({"total_rows": ...}, {}),
    "with more rows than claimed": (
        {"total_rows": 1},
        {"more-samples-than-planned": "claims 1 rows of samples; the file has 2."},
    ),
    "under another name": (
        {"file_path": "data/sums/org/model/other_samples.jsonl"},
        {"path-disagrees": "names data/sums/org/model/other_samples.jsonl for its samples"},
    ),
    "under no name": ({"file_path": ...}, {"path-disagrees": "names no file for its samples"}),
}


@pytest.mark.parametrize("sentence", FILES)
def test_the_samples_file_is_held_against_the_aggregate_when_it_is(
    sentence: str, tmp_path: Path
) -> None:
    declared, expected = FILES[sentence]

    log = READER.read(write_record(tmp_path, rows(1.0, 0.0), declared=declared))

    assert codes(log) == set(expected)
    for code, text in expected.items():
        assert text in messages(log, code)[0]
    assert values(the_series(log)) == [1, 0]


def test_an_md5_digest_that_agrees_is_no_remark(tmp_path: Path) -> None:
    digest = hashlib.md5(samples_bytes(rows(1.0, 0.0)), usedforsecurity=False).hexdigest()

    log = READER.read(
        write_record(
            tmp_path, rows(1.0, 0.0), declared={"checksum": digest.upper(), "hash_algorithm": "md5"}
        )
    )

    assert codes(log) == set()


def test_samples_that_the_aggregate_does_not_declare_are_read_and_remarked(tmp_path: Path) -> None:
    record = a_record(detailed_evaluation_results=None)

    log = READER.read(write_record(tmp_path, rows(1.0, 0.0), record))

    assert values(the_series(log)) == [1, 0]
    assert codes(log) == {"path-disagrees"}


def test_samples_are_found_under_the_name_that_the_aggregate_gives(tmp_path: Path) -> None:
    path = write_record(
        tmp_path, rows(1.0, 0.0), declared={"file_path": "instance_level_data/old.jsonl"}
    )
    path.with_name(f"{UUID}_samples.jsonl").rename(tmp_path / "old.jsonl")

    log = READER.read(path)

    assert values(the_series(log)) == [1, 0]
    assert codes(log) == set()


def test_rows_of_another_run_or_model_are_remarked(tmp_path: Path) -> None:
    kept = [a_row(1, evaluation_id="other"), a_row(2, 0.0, model_id="org/other")]

    log = READER.read(write_record(tmp_path, kept, a_record(a_result(1.0))))

    assert codes(log) == {"run-disagrees", "model-disagrees"}
    assert messages(log, "run-disagrees") == [
        "1 of 2 rows name another evaluation_id than the aggregate."
    ]
    assert messages(log, "model-disagrees") == [
        (
            "1 of 2 rows of sums / match:accuracy are about another model than the aggregate; they "
            "have no value."
        )
    ]


AVERAGES: dict[str, tuple[Json, object, bool]] = {
    "the mean of the rows": ({"metric_name": "accuracy"}, 0.5, False),
    "another mean": ({"metric_name": "accuracy"}, 0.75, True),
    "another mean, named by identity": ({"metric_id": "accuracy"}, 0.75, True),
    "another mean, named by kind": ({"metric_name": "Acc.", "metric_kind": "accuracy"}, 0.75, True),
    "a mean that was rounded": ({"metric_name": "mean"}, 0.5004, False),
    "another mean with few digits": ({"metric_name": "mean"}, 0.6, True),
    "a mean with too many digits": ({"metric_name": "mean"}, 0.50041, True),
    "the mean in percent": ({"metric_name": "mean", "metric_unit": "percent"}, 50, False),
    "another mean in percent": ({"metric_name": "mean", "metric_unit": "percent"}, 60, True),
    "something that is no mean": ({"metric_name": "median"}, 0.75, False),
    "no number": ({"metric_name": "accuracy"}, None, False),
}


@pytest.mark.parametrize("sentence", AVERAGES)
def test_the_average_is_recounted_when_the_aggregate_states(sentence: str, tmp_path: Path) -> None:
    config, score, disagrees = AVERAGES[sentence]
    kept = rows(1.0, 0.0) if score != 0.5004 else rows(1.0, 0.0007)
    record = a_record(a_result(score, metric_config=config))

    log = READER.read(write_record(tmp_path, kept, record))

    found = messages(log, "header-disagrees")
    assert bool(found) == disagrees
    assert all(
        f"states {score:.6g} for sums / match:accuracy; 2 rows give 0.5." in m for m in found
    )


def test_the_models_that_graded_are_named(tmp_path: Path) -> None:
    judges = [{"model_info": {"id": name, "name": "x"}} for name in ("org/b", "org/a", "org/b")]
    judges.append({"model_info": {"name": "A Judge"}})
    config = {"metric_name": "accuracy", "llm_scoring": {"judges": judges, "input_prompt": "?"}}

    log = READER.read(
        write_record(tmp_path, rows(1.0, 0.0), a_record(a_result(metric_config=config)))
    )

    assert the_series(log).graders == ("A Judge", "org/a", "org/b")


BINDINGS: dict[str, tuple[Json, tuple[str, BindingLevel, Relation]]] = {
    "a name": ({}, ("", BindingLevel.NAME, Relation.UNKNOWN)),
    "a branch": ({"revision": "main"}, ("main", BindingLevel.MUTABLE_REVISION, Relation.UNKNOWN)),
    "a commit": ({"commit": COMMIT}, (COMMIT, BindingLevel.IMMUTABLE_REVISION, Relation.UNKNOWN)),
    "a commit that is cut": (
        {"sha": COMMIT[:12]},
        (COMMIT[:12], BindingLevel.MUTABLE_REVISION, Relation.UNKNOWN),
    ),
    "a commit among loading arguments": (
        {"model_args": f"{{'pretrained': 'org/model', 'revision': '{COMMIT}'}}"},
        (COMMIT, BindingLevel.IMMUTABLE_REVISION, Relation.UNKNOWN),
    ),
    "a commit with an adapter on it": (
        {"revision": COMMIT, "model_args": "pretrained=org/model,peft=org/adapter"},
        (COMMIT, BindingLevel.IMMUTABLE_REVISION, Relation.ADAPTER_ON),
    ),
    "a commit loaded in four bits": (
        {"sha": COMMIT, "model_args": "{'pretrained': 'org/model', 'load_in_4bit': True}"},
        (COMMIT, BindingLevel.IMMUTABLE_REVISION, Relation.QUANTISED_FROM),
    ),
    "a commit not loaded in four bits": (
        {"sha": COMMIT, "model_args": "{'load_in_4bit': False, 'peft': None}"},
        (COMMIT, BindingLevel.IMMUTABLE_REVISION, Relation.UNKNOWN),
    ),
    "a commit without quantisation": (
        {"sha": COMMIT, "quantization": "None"},
        (COMMIT, BindingLevel.IMMUTABLE_REVISION, Relation.UNKNOWN),
    ),
    "a folder, whatever the revision": (
        {"sha": COMMIT, "model_args": "pretrained=./model"},
        ("", BindingLevel.NAME, Relation.UNKNOWN),
    ),
    "a name, whatever digest is stated": (
        {"root_digest": "sha256:" + "ab" * 32, "tiergate_root_digest": "sha256:" + "ab" * 32},
        ("", BindingLevel.NAME, Relation.UNKNOWN),
    ),
}


@pytest.mark.parametrize("sentence", BINDINGS)
def test_the_binding_is_no_more_than(sentence: str, tmp_path: Path) -> None:
    details, expected = BINDINGS[sentence]
    record = a_record(details={name: str(value) for name, value in details.items()})

    log = READER.read(write_record(tmp_path, rows(1.0, 0.0), record))

    found = log.binding
    assert expected == (found.revision, found.level, found.relation)
    assert (found.name, found.root_digest) == ("org/model", "")
    looked_up = "revision-looked-up-later" in codes(log)
    assert looked_up == (details.get("sha") == COMMIT == found.revision)


def run_of(kept: list[Json], **changes: object) -> Callable[[Path], Path]:
    return lambda folder: write_record(folder, kept, changed(a_record(), changes))


def samples_of(content: bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = write_record(folder, rows(1.0))
        path.with_name(f"{UUID}_samples.jsonl").write_bytes(content)
        return path

    return write


def _two_records(folder: Path) -> Path:
    path = write_record(folder, rows(1.0))
    path.with_name(f"1{path.name[1:]}").write_bytes(path.read_bytes())
    return folder


def _lonely_samples(folder: Path) -> Path:
    path = write_record(folder, rows(1.0))
    path.unlink()
    return path.with_name(f"{UUID}_samples.jsonl")


def _renamed_samples(folder: Path) -> Path:
    path = write_record(folder, rows(1.0))
    return path.with_name(f"{UUID}_samples.jsonl").rename(folder / "rows.jsonl")


LINE = json.dumps(a_row(1)).encode()
NO_TIME = {"evaluation_timestamp": ..., "evaluation_results": [a_result(evaluation_timestamp=...)]}

REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "of schema 0.1": (
        run_of(rows(1.0), schema_version="0.1.0"),
        "found Every Eval Ever schema '0.1.0', expected schema 0.2 or 0.3",
    ),
    "of schema 0.4": (run_of(rows(1.0), schema_version="0.4.0"), "schema '0.4.0'"),
    "without a schema": (run_of(rows(1.0), schema_version=...), "schema None"),
    "with a row of another schema": (
        run_of(rows(1.0, schema_version="1.0.0")),
        f"{UUID}_samples.jsonl:1: found Every Eval Ever schema '1.0.0'",
    ),
    "with an empty samples file": (run_of([]), "found no samples"),
    "without the time of the run": (run_of(rows(1.0), **NO_TIME), "found no time of the run"),
    "from the far future": (
        run_of(
            rows(1.0),
            evaluation_results=[a_result(evaluation_timestamp="9" * 12)],
            evaluation_timestamp="never",
        ),
        "found no time of the run",
    ),
    "with a line cut short": (
        samples_of(LINE + b"\n" + LINE[:40]),
        f"{UUID}_samples.jsonl:2: found broken JSON",
    ),
    "with a line that is a list": (samples_of(b"[]\n"), "found JSON of type list"),
    "with a row without a sample": (run_of(rows(1.0, sample_id=...)), "a row without sample_id"),
    "with a row without an evaluation": (
        run_of(rows(1.0, evaluation_name="")),
        "a row without evaluation_name",
    ),
    "with more planned than any run has": (
        run_of(
            [*attempts(1, 1.0), a_row(2, metadata={"epoch": "900000000"})],
            evaluation_results=[a_result(source_data=HF | {"samples_number": 2**50})],
        ),
        "planned attempts, expected a number that a run can have",
    ),
    "without a result": (
        lambda folder: write_record(folder, None, a_record(evaluation_results=[])),
        "found no result, expected at least one score",
    ),
    "in a folder with two": (_two_records, "found 2 records (0f8fad5b"),
    "in a folder with none": (lambda folder: folder, "found 0 records, expected one record"),
    "of samples without their aggregate": (_lonely_samples, "samples without their aggregate"),
    "of samples under another name": (_renamed_samples, "samples without their aggregate"),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_record_is_refused(sentence: str, tmp_path: Path) -> None:
    make, expected = REFUSED[sentence]
    path = make(tmp_path)

    with pytest.raises(EvidenceError) as caught:
        READER.read(path)

    assert expected in str(caught.value)


def test_empty_lines_between_rows_are_nothing(tmp_path: Path) -> None:
    log = READER.read(samples_of(LINE + b"\n\n \n")(tmp_path))

    assert values(the_series(log)) == [1]


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    path = write_record(tmp_path, rows(1.0))

    with pytest.raises(EvidenceError, match="found a line without end, expected at most 20 bytes"):
        EveryEvalEverReader(max_line_bytes=20).read(path)


def test_a_record_is_recognised_by_what_it_holds(tmp_path: Path) -> None:
    assert READER.name == "every_eval_ever"
    path = write_record(tmp_path / "model", rows(1.0))
    recognised = {
        "folder": path.parent,
        "aggregate": path,
        "aggregate under another name": tmp_path / "mine.json",
        "samples": path.with_name(f"{UUID}_samples.jsonl"),
        "samples with a long first line": tmp_path / f"{UUID}_samples.jsonl",
    }
    recognised["aggregate under another name"].write_bytes(path.read_bytes())
    recognised["samples with a long first line"].write_bytes(LINE[:20])
    other = {
        "folder above": tmp_path,
        "json": tmp_path / f"{UUID}.json",
        "jsonl": tmp_path / "other.jsonl",
        "no json": tmp_path / f"1{UUID[1:]}_samples.jsonl",
        "text": tmp_path / "record.txt",
        "absent": tmp_path / "absent.json",
    }
    other["json"].write_text('{"evaluation_id": "x"}', encoding="utf-8")
    other["jsonl"].write_text('{"evaluation_id": 1}\n', encoding="utf-8")
    other["no json"].write_text("x\n", encoding="utf-8")
    other["text"].write_bytes(path.read_bytes())

    assert {n for n, one in recognised.items() if READER.recognises(one)} == set(recognised)
    assert not [name for name, one in other.items() if READER.recognises(one)]


@settings(max_examples=100, deadline=None)
@given(
    scores=st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=6),
    gone=st.sets(st.integers(0, 5), max_size=5),
    tool=st.sampled_from(["inspect_ai", "lm_eval"]),
)
def test_leaving_out_rows_never_makes_a_record_say_more(
    scores: list[float], gone: set[int], tool: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("less")
    record = a_record(a_result(0.5), eval_library={"name": tool, "version": "1"})
    whole = rows(*scores)
    kept = [row for number, row in enumerate(whole) if number not in gone] or whole[:1]
    announced = {"total_rows": len(whole)}

    full = the_series(READER.read(write_record(folder / "full", whole, record, announced)))
    less = the_series(READER.read(write_record(folder / "less", kept, record, announced)))

    assert full.planned == less.planned == len(whole)
    known = {(row.sample, row.value) for row in full.rows}
    assert {(r.sample, r.value) for r in less.rows if r.value is not None} <= known


RECORD = a_record(details={"sha": COMMIT, "model_args": "a=1"})


@settings(max_examples=200, deadline=None)
@given(record=disturbed(RECORD), row=disturbed(a_row(1)))
def test_whatever_a_record_holds_it_gives_counts_that_fit_together_or_an_error_of_ours(
    record: Json, row: Json, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_record(tmp_path_factory.mktemp("any"), [row, a_row(2, 0.0)], record)

    try:
        log = READER.read(path)
    except EvidenceError:
        return

    assert log.series or log.claims
    for series in log.series:
        scored = sum(row.value is not None for row in series.rows)
        assert scored <= len(series.rows) <= series.planned
        assert all(row.value is None for row in series.rows if row.errored)
    for remark in log.remarks:
        assert 0 < len(remark.message) <= 500
