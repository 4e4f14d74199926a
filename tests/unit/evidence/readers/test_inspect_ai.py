# SPDX-License-Identifier: Apache-2.0
"""Inspect logs: both containers, every layout, and what has no value and why."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from logs.disturbed import disturbed
from logs.inspect_logs import (
    Json,
    a_header,
    a_sample,
    json_member,
    sample_member,
    samples,
    summary_of,
    write_eval,
    write_json,
    write_members,
)
from logs.zip_files import ZSTANDARD, Member, zip_bytes
from tiergate.errors import EvidenceError
from tiergate.evidence.readers.archive_limits import ArchiveLimits
from tiergate.evidence.readers.base import ForeignLog, Row, Series
from tiergate.evidence.readers.inspect_ai import InspectReader

READER = InspectReader()
NAN = float("nan")


def values(series: Series) -> list[object]:
    return [row.value for row in series.rows]


def only(log: ForeignLog) -> Series:
    assert len(log.series) == 1
    return log.series[0]


def codes(log: ForeignLog) -> list[str]:
    return [remark.code for remark in log.remarks]


def message(log: ForeignLog, code: str) -> str:
    return " ".join(remark.message for remark in log.remarks if remark.code == code)


def test_a_plain_log_is_read_into_one_series_with_everything_the_log_says(tmp_path: Path) -> None:
    path = write_eval(tmp_path / "run.eval", samples("C", "I"))

    log = READER.read(path)

    assert log.source.sha256 == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    assert (log.source.file_name, log.source.size_bytes) == ("run.eval", path.stat().st_size)
    assert (log.source.format, log.source.reader) == ("inspect-eval/2", "inspect_ai/1")
    assert log.source.tool == "inspect_ai 0.3.285"
    assert log.remarks == ()
    assert only(log) == Series(
        task="arithmetic",
        task_version="3",
        dataset="sums at sums.jsonl",
        scorer="match",
        rows=(
            Row(sample="1", attempt=1, value="C"),
            Row(sample="2", attempt=1, value="I"),
        ),
        planned=2,
        superseded=0,
        elicitation="solvers system_message > use_tools > generate; 2 tools (bash, web); "
        "system_message of 9 characters",
        generation="max_tokens=8 temperature=0.0",
        finished_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
        samples_kept=2,
    )


def test_both_containers_and_every_packing_give_the_same_series(tmp_path: Path) -> None:
    kept = [a_sample(n, value, epoch=e) for n in (1, 2) for e, value in ((1, "C"), (2, NAN))]
    header = a_header(2, eval__config__epochs=2)
    paths = [
        write_eval(tmp_path / "deflated.eval", kept, header),
        write_eval(tmp_path / "zstandard.eval", kept, header, method=ZSTANDARD),
        write_eval(tmp_path / "reversed.eval", kept[::-1], header),
        write_json(tmp_path / "whole.json", kept, header),
    ]

    logs = [READER.read(path) for path in paths]

    assert {log.series for log in logs} == {logs[0].series}
    assert logs[-1].source.format == "inspect-json/2"
    assert values(only(logs[0])) == ["C", None, "C", None]
    assert [(r.behaviour, r.attempt) for r in only(logs[0]).rows] == [
        ("1", 1),
        ("1", 2),
        ("2", 1),
        ("2", 2),
    ]


def test_a_sample_in_several_zstandard_frames_is_read_whole(tmp_path: Path) -> None:
    content = json.dumps(a_sample(1, "C")).encode()
    frames = zstandard.compress(content[:50]) + zstandard.compress(content[50:])
    member = Member(name="samples/1_epoch_1.json", content=content, method=93, packed=frames)
    path = write_members(tmp_path / "run.eval", [member, json_member("header.json", a_header())])

    assert values(only(READER.read(path))) == ["C"]


def test_message_de_duplication_is_a_known_version(tmp_path: Path) -> None:
    path = write_eval(tmp_path / "run.eval", samples("C"), a_header(version=3))

    assert READER.read(path).source.format == "inspect-eval/3"


def test_a_chunked_sample_is_read_from_its_head_and_its_chunks_are_left_alone(
    tmp_path: Path,
) -> None:
    chunks: dict[str, object] = {
        "samples/2_epoch_1/sample.json": a_sample(2, "I"),
        "samples/2_epoch_1/skeleton.json": {"no": "sample"},
        "samples/2_epoch_1/events/0.json": ["not", "a", "sample"],
    }
    path = write_eval(
        tmp_path / "run.eval",
        samples("C"),
        a_header(2),
        summaries=[summary_of(sample) for sample in samples("C", "I")],
        more=chunks,
    )

    log = READER.read(path)

    assert values(only(log)) == ["C", "I"]
    assert codes(log) == []


def test_sample_ids_may_hold_slashes(tmp_path: Path) -> None:
    kept = [a_sample("suite/a", "C"), a_sample("suite/b", "I")]
    header = a_header(2, eval__dataset__sample_ids=["suite/a", "suite/b"])

    log = READER.read(write_eval(tmp_path / "run.eval", kept, header))

    assert [row.behaviour for row in only(log).rows] == ["suite/a", "suite/b"]


def test_a_sample_that_was_run_again_counts_once_with_its_last_try(tmp_path: Path) -> None:
    first, second = a_sample(1, "I"), a_sample(1, "C")
    header = json_member("header.json", a_header())
    again = write_members(
        tmp_path / "run.eval", [sample_member(first), sample_member(second), header]
    )
    in_json = write_json(tmp_path / "run.json", [first, second], a_header())

    for log in map(READER.read, (again, in_json)):
        assert values(only(log)) == ["C"]
        assert (only(log).superseded, only(log).planned) == (1, 1)
        assert "1 of 1 samples were replaced by a later try" in message(log, "superseded")


NO_VALUE: dict[str, Json] = {
    "not a number": a_sample(1, NAN),
    "null": a_sample(1, None),
    "an empty list": a_sample(1, []),
    "no entry for the scorer": a_sample(1, scores={}),
    "no scores at all": a_sample(1, scores=None),
    "a score, and an error": a_sample(1, "C", error={"message": "boom"}),
    "a score that was declared invalid": a_sample(1, "C", invalidation={"author": "someone"}),
}


@pytest.mark.parametrize("sentence", NO_VALUE)
def test_a_sample_has_no_value_with(sentence: str, tmp_path: Path) -> None:
    kept = [NO_VALUE[sentence], a_sample(2, "C")]

    series = only(READER.read(write_eval(tmp_path / "run.eval", kept)))

    assert values(series) == [None, "C"]
    assert series.planned == 2


def test_errors_and_limits_are_flagged_on_the_attempt(tmp_path: Path) -> None:
    kept = [
        a_sample(1, "C", error={"message": "boom"}),
        a_sample(2, "C", limit={"type": "token", "limit": 10}),
    ]

    series = only(READER.read(write_eval(tmp_path / "run.eval", kept)))

    assert [(r.value, r.errored, r.limited) for r in series.rows] == [
        (None, True, False),
        ("C", False, True),
    ]


def test_a_score_with_several_entries_gives_a_series_for_each(tmp_path: Path) -> None:
    kept = [
        a_sample(1, {"harm": 1, "refusal": None}),
        a_sample(2, [True, 0.5]),
        a_sample(3, NAN),
    ]

    log = READER.read(write_eval(tmp_path / "run.eval", kept))

    found = {series.scorer: values(series) for series in log.series}
    assert found == {
        "match.0": [None, True, None],
        "match.1": [None, Decimal("0.5"), None],
        "match.harm": [Decimal(1), None, None],
    }


def test_a_sample_that_one_of_two_scorers_missed_is_unscored_for_that_one(tmp_path: Path) -> None:
    kept = samples("C", "I")
    kept[0]["scores"] = {"match": {"value": "C"}, "grader": {"value": False}}

    log = READER.read(write_eval(tmp_path / "run.eval", kept))

    assert [(s.scorer, values(s)) for s in log.series] == [
        ("grader", [False, None]),
        ("match", ["C", "I"]),
    ]


def test_a_scorer_that_never_gave_a_score_is_a_series_without_any_value(tmp_path: Path) -> None:
    header = a_header(2, eval__scorers=[{"name": "match"}, {"name": "package/grader"}])

    log = READER.read(write_eval(tmp_path / "run.eval", samples("C", "I"), header))

    assert [(s.scorer, values(s)) for s in log.series] == [
        ("grader", [None, None]),
        ("match", ["C", "I"]),
    ]


def test_an_attempt_that_only_the_summary_knows_has_no_value(tmp_path: Path) -> None:
    summaries = [summary_of(sample) for sample in samples("C", "C")]
    path = write_eval(tmp_path / "run.eval", samples("C"), a_header(2), summaries=summaries)

    log = READER.read(path)

    assert values(only(log)) == ["C", None]
    assert (only(log).planned, only(log).samples_kept) == (2, 1)
    assert "sample-missing" in codes(log)


def test_a_log_invalidated_as_a_whole_has_no_value_at_all(tmp_path: Path) -> None:
    path = write_eval(tmp_path / "run.eval", samples("C", "I"), a_header(2, invalidated=True))

    log = READER.read(path)

    assert values(only(log)) == [None, None]
    assert "none of its scores counts" in message(log, "invalidated")


def test_where_samples_say_which_of_them_are_invalid_the_others_keep_their_value(
    tmp_path: Path,
) -> None:
    kept = [a_sample(1, "C", invalidation={"author": "someone"}), a_sample(2, "I")]
    path = write_eval(tmp_path / "run.eval", kept, a_header(2, invalidated=True))

    log = READER.read(path)

    assert values(only(log)) == [None, "I"]
    assert message(log, "invalidated").startswith("1 of 2 samples are invalidated")


def test_a_killed_run_is_read_from_its_journal(tmp_path: Path) -> None:
    start = a_header(5, status=..., stats=..., results=...)
    members = [
        json_member("_journal/start.json", start),
        *(sample_member(sample) for sample in samples("C", "I")),
        json_member("_journal/summaries/1.json", [summary_of(a_sample(1, "C"))]),
        json_member("_journal/summaries/2.json", [summary_of(a_sample(2, "I"))]),
    ]

    log = READER.read(write_members(tmp_path / "run.eval", members))

    assert values(only(log)) == ["C", "I"]
    assert only(log).planned == 5
    assert only(log).finished_at == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert codes(log) == ["not-finished"]
    assert "its status is started and the log has no header" in message(log, "not-finished")


def test_the_later_of_two_journal_summaries_counts_in_the_order_of_numbers(tmp_path: Path) -> None:
    members = [
        json_member("_journal/start.json", a_header(1, status=...)),
        json_member("_journal/summaries/10.json", [summary_of(a_sample(1, "C"))]),
        json_member("_journal/summaries/9.json", [summary_of(a_sample(1, "I"))]),
        sample_member(a_sample(1, "C")),
    ]

    log = READER.read(write_members(tmp_path / "run.eval", members))

    assert codes(log) == ["not-finished"]


def _without_ids(path: Path) -> Path:
    return write_eval(path, [{"epoch": 1, "scores": {}}], summaries=[], more={})


def _write(content: bytes) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return write


def _members(*members: Member) -> Callable[[Path], Path]:
    return _write(zip_bytes(members))


HEADER = json_member("header.json", a_header())
WHOLE = zip_bytes([sample_member(a_sample(1)), HEADER])

SCORED_TWICE = b'{"id": 1, "epoch": 1, "scores": {"a": {"value": 1}}, "scores": {}}'

REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "of a newer version": (
        lambda p: write_eval(p, samples("C"), a_header(version=4)),
        "found Inspect log version 4, expected version 2 or 3",
    ),
    "of the first version": (
        lambda p: write_eval(p, samples("C"), a_header(version=1)),
        "found Inspect log version 1",
    ),
    "whose version is true": (
        lambda p: write_eval(p, samples("C"), a_header(version=True)),
        "found Inspect log version True",
    ),
    "without a version": (
        lambda p: write_eval(p, samples("C"), a_header(version=...)),
        "found Inspect log version None",
    ),
    "without samples": (
        lambda p: write_eval(p, [], a_header(3)),
        "found no samples, expected the samples that the scores were given to",
    ),
    "with summaries and no samples": (
        lambda p: write_eval(p, [], a_header(), summaries=[summary_of(a_sample(1))]),
        "found no samples",
    ),
    "with samples and no scorer": (
        lambda p: write_eval(p, [a_sample(1, scores={})], a_header(eval__scorers=None)),
        "found 1 samples and no scorer",
    ),
    "cut in the middle, or still being written": (
        _write(WHOLE[: len(WHOLE) // 2]),
        "found a ZIP file without its list of members: cut short, or still being written",
    ),
    "without header and journal": (
        _members(sample_member(a_sample(1))),
        "a ZIP file without header.json and _journal/start.json",
    ),
    "with a member that unpacks to eight megabytes of nothing": (
        _members(Member(name="samples/1_epoch_1.json", content=bytes(8 * 1024**2)), HEADER),
        "expected at most 1000 bytes for each packed one",
    ),
    "with a sample that is not UTF-8": (
        _members(Member(name="samples/1_epoch_1.json", content=b'{"id": "\xff"}'), HEADER),
        "run.eval:samples/1_epoch_1.json: found bytes that are not UTF-8",
    ),
    "with a sample nested without end": (
        _members(Member(name="samples/1_epoch_1.json", content=b'{"a":' * 100_000), HEADER),
        "run.eval:samples/1_epoch_1.json: found JSON that is nested too deeply",
    ),
    "with a sample that is a list": (
        _members(json_member("samples/1_epoch_1.json", []), HEADER),
        "JSON of type list, expected a JSON object",
    ),
    "with a sample that has its scores twice": (
        _members(Member(name="samples/1_epoch_1.json", content=SCORED_TWICE), HEADER),
        "a JSON object with one key twice",
    ),
    "with a sample without an id": (
        _members(json_member("samples/x.json", {"epoch": 1}), HEADER),
        "run.eval:samples/x.json: found a sample without an id or an epoch",
    ),
    "with a sample in epoch 0": (
        _members(sample_member(a_sample(1, epoch=0)), HEADER),
        "found a sample without an id or an epoch",
    ),
    "with a header that is no object": (
        _members(sample_member(a_sample(1)), json_member("header.json", "x")),
        "run.eval:header.json: found JSON of type str",
    ),
    "without any time": (
        lambda p: write_eval(p, samples("C"), a_header(stats=..., eval__created=...)),
        "found no time of the run, expected stats.completed_at or eval.created",
    ),
    "with more epochs than a run can have": (
        lambda p: write_eval(
            p,
            samples("C"),
            a_header(eval__config__epochs=2**52, eval__dataset__sample_ids=[1, 2, 3]),
        ),
        "planned attempts, expected a number that a run can have",
    ),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_log_is_refused(sentence: str, tmp_path: Path) -> None:
    make, expected = REFUSED[sentence]
    path = make(tmp_path / "run.eval")

    with pytest.raises(EvidenceError) as caught:
        READER.read(path)

    assert expected in str(caught.value)
    assert caught.value.where.startswith("run.eval")


def test_the_limits_of_a_reader_can_be_set_lower(tmp_path: Path) -> None:
    reader = InspectReader(limits=ArchiveLimits(member_bytes=100))

    with pytest.raises(EvidenceError, match="at most 100 bytes"):
        reader.read(write_eval(tmp_path / "run.eval", samples("C")))


def test_a_log_is_recognised_by_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"results": {}}', encoding="utf-8")
    (tmp_path / "prose.eval").write_text("no log", encoding="utf-8")
    reordered = json.dumps(dict(sorted((a_header() | {"samples": []}).items())))
    (tmp_path / "sorted.json").write_text(reordered, encoding="utf-8")
    (tmp_path / "other.zip").write_bytes(zip_bytes([Member(name="a", content=b"")]))
    (tmp_path / "cut.zip").write_bytes(WHOLE[:50])
    (tmp_path / "cut.eval").write_bytes(WHOLE[:50])
    write_eval(tmp_path / "renamed.zip", samples("C"))
    write_json(tmp_path / "log.json", samples("C"))

    recognised = [p.name for p in sorted(tmp_path.iterdir()) if READER.recognises(p)]

    assert recognised == ["cut.eval", "log.json", "renamed.zip", "sorted.json"]
    assert not READER.recognises(tmp_path)


@settings(max_examples=60, deadline=None)
@given(position=st.integers(0, 100_000), byte=st.integers(0, 255))
def test_a_changed_byte_never_gives_another_count(
    position: int, byte: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = bytearray(WHOLE)
    whole[position % len(whole)] = byte
    path = tmp_path_factory.mktemp("fuzz") / "run.eval"
    path.write_bytes(whole)

    try:
        log = READER.read(path)
    except EvidenceError:
        return

    assert values(only(log)) == ["C"]


CLAIMS = a_header(
    2,
    results__total_samples=2,
    results__completed_samples=2,
    results__scores=[
        {
            "name": "match",
            "scorer": "match",
            "scored_samples": 2,
            "metrics": {"accuracy": {"name": "accuracy", "value": 0.5, "params": {}}},
        }
    ],
    eval__config__limit=[0, 2],
    eval__metadata={"tiergate_root_digest": "sha256:" + "ab" * 32},
)
SCORED = a_sample(1, "C", model_fallbacks=[{"fallback_model": "x"}], error_retries=[{}], limit=None)


@settings(max_examples=300, deadline=None)
@given(
    header=disturbed(CLAIMS),
    sample=disturbed(SCORED),
    summary=st.one_of(st.just(summary_of(SCORED)), disturbed(summary_of(SCORED))),
)
def test_whatever_a_log_holds_it_gives_counts_that_fit_together_or_an_error_of_ours(
    header: Json, sample: Json, summary: Json, tmp_path_factory: pytest.TempPathFactory
) -> None:
    members = [
        json_member("samples/1_epoch_1.json", sample),
        sample_member(a_sample(2, "I")),
        json_member("summaries.json", [summary]),
        json_member("header.json", header),
    ]
    path = write_members(tmp_path_factory.mktemp("any") / "run.eval", members)

    try:
        log = READER.read(path)
    except EvidenceError:
        return

    assert log.series
    for series in log.series:
        assert len({(row.behaviour, row.attempt) for row in series.rows}) == len(series.rows)
        assert series.planned >= len(series.rows) >= series.samples_kept > 0
        assert not [row for row in series.rows if row.errored and row.value is not None]
    assert json.dumps(asdict(log), default=str, ensure_ascii=False).encode()
