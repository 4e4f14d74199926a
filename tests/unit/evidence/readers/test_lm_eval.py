# SPDX-License-Identifier: Apache-2.0
"""lm-evaluation-harness runs: counted from their samples, whatever the results claim."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings

from logs.disturbed import disturbed
from logs.lm_eval_logs import (
    TIME,
    Json,
    a_config,
    a_row,
    rows,
    some_results,
    write_rows,
    write_run,
)
from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import BindingLevel, Relation
from tiergate.evidence.readers.base import ForeignLog, Row, Series
from tiergate.evidence.readers.lm_eval import LmEvalReader

READER = LmEvalReader()
DIGEST = "sha256:" + "ab" * 32
OTHER_DIGEST = "sha256:" + "cd" * 32
COMMIT = "0123456789abcdef0123456789abcdef01234567"
NAN = float("nan")


def values(series: Series) -> list[object]:
    return [row.value for row in series.rows]


def messages(log: ForeignLog, code: str) -> list[str]:
    return [remark.message for remark in log.remarks if remark.code == code]


def codes(log: ForeignLog) -> set[str]:
    return {remark.code for remark in log.remarks} - {"read-with"}


def test_a_plain_run_is_read_into_one_series_with_everything_it_says(tmp_path: Path) -> None:
    path = write_run(tmp_path, {"sums": rows(1.0, 0.0)})

    log = READER.read(path)

    assert log.source.sha256 == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    assert (log.source.format, log.source.reader) == ("lm-eval/0.4", "lm_eval/1")
    assert (log.source.tool, log.source.file_name) == ("lm_eval 0.4.13", path.name)
    assert log.source.read == ("configuration and averages of every task", "scores of every sample")
    assert log.source.left_out == ("documents", "prompts", "responses", "targets")
    assert codes(log) == set()
    assert log.series == (
        Series(
            task="sums",
            task_version="1.0",
            dataset="org/sums easy test",
            scorer="exact_match,none",
            rows=(
                Row(sample="0", attempt=1, value=Decimal("1.0")),
                Row(sample="1", attempt=1, value=Decimal("0.0")),
            ),
            planned=2,
            superseded=0,
            elicitation="3-shot; generate_until; description of 12 characters; no chat template",
            generation='temperature=0.0 until=["\\n"]',
            finished_at=datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC),
            samples_kept=2,
        ),
    )


def test_results_samples_and_folder_name_the_same_run(tmp_path: Path) -> None:
    results = write_run(tmp_path / "out" / "org__model", {"sums": rows(1.0, 0.0)})
    samples = results.with_name(f"samples_sums_{TIME}.jsonl")

    logs = [READER.read(p) for p in (results, samples, results.parent, tmp_path / "out")]

    assert {log.series for log in logs} == {logs[0].series}
    assert [log.source.file_name for log in logs] == [
        results.name,
        samples.name,
        results.name,
        results.name,
    ]
    digest = hashlib.sha256(samples.read_bytes()).hexdigest()
    assert messages(logs[0], "read-with") == [
        f"Read together with {samples.name}, sha256:{digest}."
    ]
    assert results.name in messages(logs[1], "read-with")[0]


def test_samples_of_another_run_in_the_same_folder_are_left_alone(tmp_path: Path) -> None:
    results = write_run(tmp_path, {"sums": rows(1.0, 0.0)})
    write_rows(tmp_path / "samples_sums_2026-03-02T12-00-00.jsonl", rows(1.0, 1.0))
    write_rows(tmp_path / "samples_more_2026-03-02T12-00-00.jsonl", rows(1.0, 1.0))

    log = READER.read(results)

    assert [(series.task, values(series)) for series in log.series] == [("sums", [1, 0])]


def test_every_metric_under_every_filter_is_a_series(tmp_path: Path) -> None:
    strict = rows(1.0, 0.0, filter="strict", metrics=["exact_match", "f"], f=True)
    flexible = rows(1.0, 1.0, filter="flexible")
    averages = {"exact_match,strict": 0.5, "exact_match,flexible": 1.0}
    results = some_results({"sums": (2, averages)})

    log = READER.read(write_run(tmp_path, {"sums": strict + flexible}, results))

    assert {series.scorer: values(series) for series in log.series} == {
        "exact_match,flexible": [1, 1],
        "exact_match,strict": [1, 0],
        "f,strict": [True, True],
    }
    assert [series.planned for series in log.series] == [2, 2, 2]
    assert codes(log) == set()


NO_VALUE: dict[str, Json] = {
    "null": a_row(0, None),
    "not a number": a_row(0, NAN),
    "infinity": a_row(0, float("inf")),
    "no field for the metric": a_row(0, ...),
    "no field for the metric and no list of metrics": a_row(0, ..., metrics=...),
}


@pytest.mark.parametrize("sentence", NO_VALUE)
def test_a_sample_has_no_value_with(sentence: str, tmp_path: Path) -> None:
    results = some_results({"sums": (2, {"exact_match,none": 1.0})})

    log = READER.read(write_run(tmp_path, {"sums": [NO_VALUE[sentence], a_row(1)]}, results))

    assert values(log.series[0]) == [None, 1]
    assert log.series[0].planned == 2


def test_documents_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    kept = [a_row(number, float(number)) for number in (10, 9, 100)]
    results = some_results({"sums": (3, {})})

    log = READER.read(write_run(tmp_path, {"sums": kept}, results))

    assert [row.behaviour for row in log.series[0].rows] == ["9", "10", "100"]


def test_samples_of_an_old_version_take_the_only_filter_of_the_results(tmp_path: Path) -> None:
    kept = rows(1.0, 0.0, filter=..., metrics=...)

    log = READER.read(write_run(tmp_path, {"sums": kept}))

    assert [(s.scorer, values(s)) for s in log.series] == [("exact_match,none", [1, 0])]


def test_fewer_samples_than_claimed_leave_the_plan_as_it_was(tmp_path: Path) -> None:
    results = some_results({"sums": (5000, {"exact_match,none": 0.5})})

    log = READER.read(write_run(tmp_path, {"sums": rows(1.0, 0.0)}, results))

    assert (log.series[0].planned, log.series[0].samples_kept) == (5000, 2)
    assert messages(log, "fewer-samples-than-claimed") == [
        (
            "Task sums claims 5000 samples; its file has 2. "
            "Those that are missing count as not attempted."
        )
    ]


def test_a_repeated_document_is_a_further_attempt_and_does_not_stand_for_a_missing_one(
    tmp_path: Path,
) -> None:
    kept = [a_row(0, 1.0), a_row(1, 0.0), a_row(1, 1.0)]
    results = some_results({"sums": (3, {"exact_match,none": 0.666666667})})

    log = READER.read(write_run(tmp_path, {"sums": kept}, results))

    assert [(r.behaviour, r.attempt, r.value) for r in log.series[0].rows] == [
        ("0", 1, 1),
        ("1", 1, 0),
        ("1", 2, 1),
    ]
    assert log.series[0].planned == 4
    assert codes(log) == {"fewer-samples-than-claimed", "repeated-documents"}


def test_a_limit_is_remarked_with_both_numbers(tmp_path: Path) -> None:
    results = some_results()
    results["n-samples"] = {"sums": {"original": 90, "effective": 2}}

    log = READER.read(write_run(tmp_path, {"sums": rows(1.0, 0.0)}, results))

    assert log.series[0].planned == 2
    assert messages(log, "limited") == ["Task sums was limited to 2 of its 90 samples."]


PLANNED: dict[str, tuple[Json, int, set[str]]] = {
    "claims nothing": ({"n-samples": ...}, 2, set()),
    "claims less than there is": (
        {"n-samples": {"sums": {"effective": 1, "original": 1}}},
        2,
        {"more-samples-than-planned"},
    ),
    "claims a length only": (
        {"n-samples": ..., "results": {"sums": {"sample_len": 4, "exact_match,none": 0.5}}},
        4,
        {"fewer-samples-than-claimed"},
    ),
}


@pytest.mark.parametrize("sentence", PLANNED)
def test_what_was_planned_when_the_run(sentence: str, tmp_path: Path) -> None:
    changes, expected, remarks = PLANNED[sentence]

    log = READER.read(write_run(tmp_path, {"sums": rows(1.0, 0.0)}, some_results(None, **changes)))

    assert log.series[0].planned == expected
    assert codes(log) == remarks


def test_a_task_without_samples_does_not_count_and_is_remarked(tmp_path: Path) -> None:
    claims = {"sums": (2, {"exact_match,none": 0.5}), "products": (9, {"exact_match,none": 0.0})}
    path = write_run(tmp_path, {"sums": rows(1.0, 0.0)}, some_results(claims))

    log = READER.read(path)

    assert [series.task for series in log.series] == ["sums"]
    assert messages(log, "samples-missing") == [
        "Task products has results and no samples; nothing of it counts."
    ]


def test_a_filter_without_samples_is_remarked(tmp_path: Path) -> None:
    results = some_results({"sums": (2, {"exact_match,none": 0.5, "exact_match,strict": 0.0})})

    log = READER.read(write_run(tmp_path, {"sums": rows(1.0, 0.0)}, results))

    assert messages(log, "samples-missing") == [
        "The results have exact_match,strict of sums and no samples; nothing of it counts."
    ]


AVERAGES: dict[str, tuple[Json, object, bool]] = {
    "states the mean of the samples": (a_config(), 0.5, False),
    "states another mean": (a_config(), 0.75, True),
    "states another mean of a metric that is averaged by default": (
        a_config(metric_list=[{"metric": "exact_match"}]),
        0.75,
        True,
    ),
    "aggregates in another way": (
        a_config(metric_list=[{"metric": "exact_match", "aggregation": "median"}]),
        0.75,
        False,
    ),
    "states no average": (a_config(), None, False),
}


@pytest.mark.parametrize("sentence", AVERAGES)
def test_the_average_is_recounted_when_the_run(sentence: str, tmp_path: Path) -> None:
    config, average, disagrees = AVERAGES[sentence]
    results = some_results({"sums": (2, {"exact_match,none": average})}, configs={"sums": config})

    log = READER.read(write_run(tmp_path, {"sums": rows(1.0, 0.0)}, results))

    assert messages(log, "header-disagrees") == (
        ["The results state 0.75 for exact_match,none of sums; 2 samples give 0.5."]
        if disagrees
        else []
    )


def test_a_metric_that_keeps_no_score_per_sample_is_left_out(tmp_path: Path) -> None:
    kept = rows(1.0, 0.0, metrics=["exact_match", "f1"], f1=[0, 1])

    log = READER.read(write_run(tmp_path, {"sums": kept}))

    assert [series.scorer for series in log.series] == ["exact_match,none"]
    assert messages(log, "not-per-sample") == [
        "Metric f1,none of sums keeps no score for each sample; it is left out."
    ]


def test_responses_repeated_for_one_score_and_templates_are_part_of_the_elicitation(
    tmp_path: Path,
) -> None:
    results = some_results(
        configs={"sums": a_config(repeats=4)},
        system_instruction="Be brief.",
        chat_template="{{ messages }}",
    )

    log = READER.read(write_run(tmp_path, {"sums": rows(1.0, 0.0)}, results))

    assert log.series[0].elicitation == (
        "3-shot; generate_until; description of 12 characters; "
        "system instruction of 9 characters; chat template; "
        "4 responses for each sample, of which the filter makes one score"
    )


def test_a_cache_is_remarked(tmp_path: Path) -> None:
    config = {"model": "hf", "model_args": {"pretrained": "org/model"}, "use_cache": "cache.db"}

    log = READER.read(write_run(tmp_path, {"sums": rows(1.0, 0.0)}, some_results(config=config)))

    assert codes(log) == {"cached-responses"}


HUB: Json = {"model": "hf", "model_args": "pretrained=org/model,dtype=float32"}

BINDINGS: dict[str, tuple[Json, tuple[str, str, BindingLevel, Relation]]] = {
    "a name": (HUB, ("org/model", "", BindingLevel.NAME, Relation.UNKNOWN)),
    "the tool's own model": (
        {"model": "dummy", "model_args": {}},
        ("dummy", "", BindingLevel.NAME, Relation.UNKNOWN),
    ),
    "a branch": (
        HUB | {"model_revision": "main", "model_sha": ""},
        ("org/model", "main", BindingLevel.MUTABLE_REVISION, Relation.UNKNOWN),
    ),
    "a branch beside a folder": (
        {"model_args": {"pretrained": "./model"}, "model_revision": "main"},
        ("model", "", BindingLevel.NAME, Relation.UNKNOWN),
    ),
    "a commit that was looked up": (
        HUB | {"model_revision": "main", "model_sha": COMMIT},
        ("org/model", COMMIT, BindingLevel.IMMUTABLE_REVISION, Relation.UNKNOWN),
    ),
    "a commit that was asked for": (
        {"model_args": f"pretrained=org/model,revision={COMMIT}"},
        ("org/model", COMMIT, BindingLevel.IMMUTABLE_REVISION, Relation.UNKNOWN),
    ),
    "a commit with an adapter on it": (
        {"model_args": "pretrained=org/model,peft=org/adapter", "model_sha": COMMIT},
        ("org/model", COMMIT, BindingLevel.IMMUTABLE_REVISION, Relation.ADAPTER_ON),
    ),
    "a commit loaded in four bits": (
        {"model_args": "pretrained=org/model,load_in_4bit=True", "model_sha": COMMIT},
        ("org/model", COMMIT, BindingLevel.IMMUTABLE_REVISION, Relation.QUANTISED_FROM),
    ),
    "a commit not loaded in four bits": (
        {"model_args": "pretrained=org/model,load_in_4bit=False", "model_sha": COMMIT},
        ("org/model", COMMIT, BindingLevel.IMMUTABLE_REVISION, Relation.UNKNOWN),
    ),
}


@pytest.mark.parametrize("sentence", BINDINGS)
def test_the_binding_is_no_more_than(sentence: str, tmp_path: Path) -> None:
    config, expected = BINDINGS[sentence]

    log = READER.read(write_run(tmp_path, {"sums": rows(1.0, 0.0)}, some_results(config=config)))

    found = log.binding
    assert expected == (found.name, found.revision, found.level, found.relation)
    assert found.root_digest == ""
    looked_up = "revision-looked-up-later" in codes(log)
    assert looked_up == (config.get("model_sha") == COMMIT)


def test_a_digest_of_a_folder_comes_without_a_revision(tmp_path: Path) -> None:
    config = {"model_args": {"pretrained": "/models/x"}, "model_revision": "main"}
    kept, results = with_digests(DIGEST)

    log = READER.read(write_run(tmp_path, kept, results | {"config": config}))

    assert (log.binding.root_digest, log.binding.revision) == (DIGEST, "")


def with_digests(*digests: object) -> tuple[dict[str, list[Json]], Json]:
    names = [f"task{number}" for number in range(len(digests))]
    results = some_results({name: (2, {"exact_match,none": 0.5}) for name in names})
    results["configs"] = {
        name: a_config(metadata={"version": 1} | ({"tiergate_root_digest": d} if d else {}))
        for name, d in zip(names, digests, strict=True)
    }
    return {name: rows(1.0, 0.0) for name in names}, results


def test_a_digest_given_to_the_run_binds_it(tmp_path: Path) -> None:
    kept, results = with_digests(DIGEST, DIGEST)

    log = READER.read(write_run(tmp_path, kept, results))

    assert (log.binding.level, log.binding.relation, log.binding.root_digest) == (
        BindingLevel.DIGEST_AT_LOAD,
        Relation.IDENTICAL,
        DIGEST,
    )


BAD_DIGESTS: dict[str, tuple[tuple[object, ...], str]] = {
    "is malformed": (("sha256:abc",), "expected sha256: and 64 lower-case hexadecimal digits"),
    "is a list": (([DIGEST],), "expected sha256: and 64 lower-case hexadecimal digits"),
    "differs between tasks": ((DIGEST, OTHER_DIGEST), "found 2 different root digests"),
    "stands at one task only": ((DIGEST, None), "a root digest at some tasks and none at others"),
}


@pytest.mark.parametrize("sentence", BAD_DIGESTS)
def test_a_run_is_refused_whose_root_digest(sentence: str, tmp_path: Path) -> None:
    digests, expected = BAD_DIGESTS[sentence]
    kept, results = with_digests(*digests)

    with pytest.raises(EvidenceError) as caught:
        READER.read(write_run(tmp_path, kept, results))

    assert expected in str(caught.value)


def run_of(kept: list[Json], **changes: object) -> Callable[[Path], Path]:
    return lambda folder: write_run(folder, {"sums": kept}, some_results(None, **changes))


def samples_of(content: bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = write_run(folder, {"sums": []})
        path.with_name(f"samples_sums_{TIME}.jsonl").write_bytes(content)
        return path

    return write


def _two_runs(folder: Path) -> Path:
    first = write_run(folder / "a", {"sums": rows(1.0)})
    write_run(folder / "b", {"sums": rows(1.0)})
    return first.parent.parent


def _renamed(folder: Path) -> Path:
    return write_run(folder, {"sums": rows(1.0)}).rename(folder / "mine.json")


def _lonely_samples(folder: Path) -> Path:
    return write_rows(folder / f"samples_sums_{TIME}.jsonl", rows(1.0))


LINE = json.dumps(a_row(0)).encode()

REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "without samples": (
        lambda folder: write_run(folder, {}),
        "found averages without samples, expected samples_<task>_",
    ),
    "with an empty samples file": (run_of([]), "found no samples"),
    "of version 0.3": (
        run_of(rows(1.0), configs=..., lm_eval_version=...),
        "found results of lm_eval before 0.4, expected results of lm_eval 0.4",
    ),
    "of version 0.5": (run_of(rows(1.0), lm_eval_version="0.5.0"), "results of lm_eval 0.5.0"),
    "without a date": (run_of(rows(1.0), date=...), "found no usable date"),
    "from the far future": (run_of(rows(1.0), date=1e300), "found no usable date"),
    "whose date is a text": (run_of(rows(1.0), date="today"), "found no usable date"),
    "with a line cut short": (
        samples_of(LINE + b"\n" + LINE[:40]),
        f"samples_sums_{TIME}.jsonl:2: found broken JSON",
    ),
    "with a line that is not UTF-8": (
        samples_of(b'{"doc_id": "\xff"}\n'),
        f"samples_sums_{TIME}.jsonl:1: found bytes that are not UTF-8",
    ),
    "with a sample that is a list": (samples_of(b"\n[]\n"), ".jsonl:2: found JSON of type list"),
    "with a sample without doc_id": (
        run_of([a_row(0, doc_id=...)]),
        "found a sample without doc_id",
    ),
    "with a doc_id that is true": (run_of([a_row(0, doc_id=True)]), "a sample without doc_id"),
    "with a sample that does not say which of two filters": (
        run_of(
            rows(1.0, filter=...),
            results={"sums": {"exact_match,strict": 1.0, "exact_match,flexible": 1.0}},
        ),
        "found a sample that does not say its filter, expected one of flexible, strict",
    ),
    "with no score for single samples": (
        run_of(rows(1.0, exact_match=[0, 1])),
        "found no score for any single sample",
    ),
    "in a folder with two": (_two_runs, "found 2 results files"),
    "in a folder with none": (lambda folder: folder, "found 0 results files, expected one run"),
    "without the time in its name": (_renamed, "found a name without the time of the run"),
    "of samples without results": (_lonely_samples, "found samples with 0 results files"),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_run_is_refused(sentence: str, tmp_path: Path) -> None:
    make, expected = REFUSED[sentence]
    path = make(tmp_path)

    with pytest.raises(EvidenceError) as caught:
        READER.read(path)

    assert expected in str(caught.value)


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    path = write_run(tmp_path, {"sums": rows(1.0)})

    with pytest.raises(EvidenceError, match="found a line without end, expected at most 20 bytes"):
        LmEvalReader(max_line_bytes=20).read(path)


def test_a_run_is_recognised_by_what_it_holds(tmp_path: Path) -> None:
    write_run(tmp_path / "out" / "org__model", {"sums": rows(1.0)})
    recognised = {
        "out": tmp_path / "out",
        "model": tmp_path / "out" / "org__model",
        "results": tmp_path / "out" / "org__model" / f"results_{TIME}.json",
        "samples": tmp_path / "out" / "org__model" / f"samples_sums_{TIME}.jsonl",
        "cut samples": tmp_path / f"samples_cut_{TIME}.jsonl",
        "samples with another first line": tmp_path / f"samples_odd_{TIME}.jsonl",
        "samples with a long first line": tmp_path / "long.jsonl",
    }
    other = {
        "folder": tmp_path,
        "json": tmp_path / "results_other.json",
        "jsonl": tmp_path / "other.jsonl",
        "text": tmp_path / "results.txt",
        "absent": tmp_path / "absent.json",
    }
    recognised["cut samples"].write_bytes(LINE[:20])
    recognised["samples with another first line"].write_bytes(b"{\n" + LINE + b"\n")
    write_rows(recognised["samples with a long first line"], [a_row(0, doc="x" * 100_000)])
    other["json"].write_text('{"results": {}}', encoding="utf-8")
    other["jsonl"].write_text('{"doc_id": 1}\n', encoding="utf-8")
    other["text"].write_text(json.dumps(some_results()), encoding="utf-8")

    assert {name for name, path in recognised.items() if READER.recognises(path)} == set(recognised)
    assert not [name for name, path in other.items() if READER.recognises(path)]


CLAIMS = some_results(
    config={"model": "hf", "model_args": {"pretrained": "org/model"}, "model_sha": COMMIT},
    configs={"sums": a_config(metadata={"tiergate_root_digest": DIGEST})},
)


@settings(max_examples=200, deadline=None)
@given(results=disturbed(CLAIMS), row=disturbed(a_row(0)))
def test_whatever_a_run_holds_it_gives_counts_that_fit_together_or_an_error_of_ours(
    results: Json, row: Json, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_run(tmp_path_factory.mktemp("any"), {"sums": [row, a_row(1, 0.0)]}, results)

    try:
        log = READER.read(path)
    except EvidenceError:
        return

    assert log.series
    for series in log.series:
        assert len({(r.behaviour, r.attempt) for r in series.rows}) == len(series.rows)
        assert series.planned >= len(series.rows) == series.samples_kept > 0
    assert json.dumps(asdict(log), default=str, ensure_ascii=False).encode()
