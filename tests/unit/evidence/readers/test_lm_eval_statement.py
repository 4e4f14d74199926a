# SPDX-License-Identifier: Apache-2.0
"""Results of lm-evaluation-harness before 0.4: averages without samples, read as claims."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings

from logs.disturbed import disturbed
from logs.lm_eval_logs import TIME, Json, rows, some_averages, write_rows
from tiergate.errors import EvidenceError
from tiergate.evidence.document import ClaimPart
from tiergate.evidence.provenance import BindingLevel, Relation
from tiergate.evidence.readers.base import ForeignLog
from tiergate.evidence.readers.lm_eval import LmEvalReader

READER = LmEvalReader()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def written(folder: Path, results: object, name: str = "160m_step0.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(results), encoding="utf-8")
    return path


def messages(log: ForeignLog, code: str) -> list[str]:
    return [remark.message for remark in log.remarks if remark.code == code]


def codes(log: ForeignLog) -> list[str]:
    return [remark.code for remark in log.remarks]


def test_every_average_becomes_a_claim_with_what_stands_around_it(tmp_path: Path) -> None:
    path = written(tmp_path, some_averages())

    log = READER.read(path)

    assert (log.series, log.files) == ((), (path,))
    assert [(claim.item, claim.holds, claim.statement, claim.made_at) for claim in log.claims] == [
        ("benchmark.sums-hard", True, "sums-hard: acc is 0.22486772486772486.", EPOCH),
        ("benchmark.sums-hard", True, "sums-hard: ppl is 3559787.05379182.", EPOCH),
    ]
    assert {field.name: field.value for field in log.claims[0].fields} == {
        "metric": "acc",
        "shots": "5",
        "stderr": "0.02150209607822914",
        "task": "sums-hard",
        "task_version": "0",
        "value": "0.22486772486772486",
    }


def test_the_source_says_what_was_read(tmp_path: Path) -> None:
    path = written(tmp_path, some_averages())

    source = READER.read(path).source

    assert source.sha256 == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    assert (source.file_name, source.format, source.reader, source.tool) == (
        "160m_step0.json",
        "lm-eval/0.3",
        "lm_eval/1",
        "lm_eval",
    )
    assert source.read == (
        "configuration of the run",
        "every average and its standard error",
    )
    assert source.left_out == ("descriptions of tasks",)


def test_it_is_remarked_that_there_are_no_samples_and_no_date(tmp_path: Path) -> None:
    log = READER.read(written(tmp_path, some_averages()))

    assert codes(log) == ["no-date", "no-samples"]
    assert messages(log, "no-date") == [
        "The file does not say when the run was; it counts as older than anything."
    ]
    assert messages(log, "no-samples") == [
        (
            "The file has no samples; its averages (of sums-hard) are claims and count as no "
            "measurement."
        )
    ]


def test_a_date_is_taken_where_there_is_one(tmp_path: Path) -> None:
    log = READER.read(written(tmp_path, some_averages(date=1_672_531_200)))

    assert {claim.made_at for claim in log.claims} == {datetime(2023, 1, 1, tzinfo=UTC)}
    assert codes(log) == ["no-samples"]


def test_a_limit_is_remarked_and_stands_in_every_claim(tmp_path: Path) -> None:
    log = READER.read(written(tmp_path, some_averages(config={"limit": 10})))

    assert messages(log, "limited") == ["Every task was limited to 10 of its samples."]
    limits = [claim.field("limit") for claim in log.claims]
    assert [limit.value for limit in limits if limit] == ["10", "10"]


CACHES: dict[str, tuple[object, bool]] = {
    "is on": (False, True),
    "is off": (True, False),
    "is not mentioned": (..., False),
}


@pytest.mark.parametrize("sentence", CACHES)
def test_responses_may_be_cached_when_the_cache(sentence: str, tmp_path: Path) -> None:
    no_cache, expected = CACHES[sentence]

    log = READER.read(written(tmp_path, some_averages(config={"no_cache": no_cache})))

    assert ("cached-responses" in codes(log)) == expected


BINDINGS: dict[str, tuple[object, tuple[str, str, BindingLevel]]] = {
    "a branch": (
        "pretrained=org/model,revision=step0",
        ("org/model", "step0", BindingLevel.MUTABLE_REVISION),
    ),
    "a commit": (
        f"pretrained=org/model,revision={COMMIT}",
        ("org/model", COMMIT, BindingLevel.IMMUTABLE_REVISION),
    ),
    "a name": ("pretrained=org/model", ("org/model", "", BindingLevel.NAME)),
    "nothing but the kind of model": ("", ("hf-causal", "", BindingLevel.NAME)),
    "other arguments, as an object": (
        {"iteration": 63000},
        ("hf-causal", "", BindingLevel.NAME),
    ),
}


@pytest.mark.parametrize("sentence", BINDINGS)
def test_the_binding_is_no_more_than_what_was_loaded_when_it_names(
    sentence: str, tmp_path: Path
) -> None:
    arguments, expected = BINDINGS[sentence]

    log = READER.read(written(tmp_path, some_averages(config={"model_args": arguments})))

    found = log.binding
    assert expected == (found.name, found.revision, found.level)
    assert (found.relation, found.root_digest) == (Relation.UNKNOWN, "")


NO_NUMBERS: dict[str, object] = {
    "null": None,
    "NaN": float("nan"),
    "a text": "0.5",
    "true": True,
    "a list": [0.5],
}


@pytest.mark.parametrize("sentence", NO_NUMBERS)
def test_nothing_is_claimed_and_it_is_remarked_when_an_average_is(
    sentence: str, tmp_path: Path
) -> None:
    averages = {"sums": {"acc": NO_NUMBERS[sentence], "acc_stderr": 0.1, "em": 1}}

    log = READER.read(written(tmp_path, some_averages(results=averages)))

    assert [claim.statement for claim in log.claims] == ["sums: em is 1."]
    assert messages(log, "no-value") == [
        "Task sums states no number for acc; nothing is claimed of it."
    ]


def test_an_error_bar_without_its_metric_is_a_metric(tmp_path: Path) -> None:
    log = READER.read(written(tmp_path, some_averages(results={"sums": {"acc_stderr": 0.5}})))

    assert [claim.statement for claim in log.claims] == ["sums: acc_stderr is 0.5."]


NAMES: dict[str, tuple[str, str]] = {
    "hendrycksTest-anatomy": ("benchmark.hendrycksTest-anatomy", "hendrycksTest-anatomy: "),
    "a task+a prompt": ("benchmark.a-task-a-prompt", "a task+a prompt: "),
    "\ud800": ("benchmark.ud800", "\\ud800: "),
    "": ("benchmark.unnamed", "unnamed benchmark: "),
    "x" * 5000: ("benchmark." + "x" * 90, "x" * 199 + "…: "),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_makes_an_item_that_a_document_can_carry(name: str, tmp_path: Path) -> None:
    item, words = NAMES[name]

    log = READER.read(written(tmp_path, some_averages(results={name: {"acc": 0.5}})))

    assert [(item, words + "acc is 0.5.")] == [(c.item, c.statement) for c in log.claims]


def results_of(results: object) -> Callable[[Path], Path]:
    return lambda folder: written(folder, results)


def cut_short(folder: Path) -> Path:
    path = written(folder, some_averages())
    path.write_bytes(path.read_bytes()[:-20])
    return path


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "without any task": (results_of(some_averages(results={})), "found results without a number"),
    "whose tasks are a list": (
        results_of(some_averages(results=[{"task_name": "sums", "em": 0.5}])),
        "found results without a number",
    ),
    "whose averages are texts": (
        results_of(some_averages(results={"sums": {"acc": "0.5"}})),
        "found results without a number",
    ),
    "whose date is a text": (results_of(some_averages(date="today")), "found no usable date"),
    "of version 0.4 without samples": (
        lambda folder: written(
            folder, some_averages(configs={}, **{"n-shot": {}}), f"results_{TIME}.json"
        ),
        "found averages without samples",
    ),
    "that is cut short": (cut_short, "found a name without the time of the run"),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_file_is_refused(sentence: str, tmp_path: Path) -> None:
    make, expected = REFUSED[sentence]
    path = make(tmp_path)

    with pytest.raises(EvidenceError) as caught:
        READER.read(path)

    assert expected in str(caught.value)


def test_a_statement_stays_one_beside_samples(tmp_path: Path) -> None:
    path = written(tmp_path, some_averages(), f"results_{TIME}.json")
    write_rows(tmp_path / f"samples_sums-hard_{TIME}.jsonl", rows(1.0))

    log = READER.read(tmp_path)

    assert (log.series, len(log.claims), log.files) == ((), 2, (path,))


def test_a_statement_is_recognised_under_any_name(tmp_path: Path) -> None:
    statement = written(tmp_path, some_averages())
    without_versions = written(tmp_path, {"results": {}, "config": {}}, "other.json")

    assert READER.recognises(statement)
    assert not READER.recognises(without_versions)


@settings(max_examples=200, deadline=None)
@given(results=disturbed(some_averages()))
def test_whatever_a_file_holds_it_gives_claims_that_a_document_can_carry_or_an_error_of_ours(
    results: Json, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = written(tmp_path_factory.mktemp("any"), results)

    try:
        log = READER.read(path)
    except EvidenceError:
        return

    assert log.claims
    assert not log.series
    for claim in log.claims:
        fields = {field.name: field.value for field in claim.fields}
        ClaimPart.model_validate({**asdict(claim), "fields": fields})
        value = claim.field("value")
        assert value is not None
        assert value.number is not None
    assert json.dumps(asdict(log), default=str, ensure_ascii=False).encode()
