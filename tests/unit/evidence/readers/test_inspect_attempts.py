# SPDX-License-Identifier: Apache-2.0
"""Which attempts an Inspect log has: repeated, missing, still to come, or oddly written."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from logs.inspect_logs import (
    Json,
    a_header,
    a_sample,
    json_member,
    samples,
    summary_of,
    write_eval,
    write_json,
    write_members,
)
from logs.zip_files import Member
from tiergate.errors import EvidenceError
from tiergate.evidence.readers.archive_limits import ArchiveLimits
from tiergate.evidence.readers.base import ForeignLog
from tiergate.evidence.readers.inspect_ai import InspectReader

READER = InspectReader()


def remarks(log: ForeignLog) -> dict[str, str]:
    return {remark.code: remark.message for remark in log.remarks}


def values(log: ForeignLog) -> list[object]:
    return [row.value for row in log.series[0].rows]


def under_names(path: Path, kept: Sequence[tuple[str, Json]], *more: Member) -> Path:
    members = [json_member(f"samples/{name}.json", sample) for name, sample in kept]
    return write_members(path, [*members, *more, json_member("header.json", a_header(1))])


def test_of_two_members_with_one_sample_the_later_one_counts(tmp_path: Path) -> None:
    kept = [("1_epoch_1", a_sample(1, "I")), ("again", a_sample(1, "C"))]

    log = READER.read(under_names(tmp_path / "run.eval", kept))

    assert values(log) == ["C"]
    assert {"superseded": "1 of 1 samples were replaced by a later try in the same log."} == (
        remarks(log)
    )


REPEATED: dict[str, tuple[list[object], str, set[str]]] = {
    "agrees with the summary, as an earlier one did not": (["I", "C"], "C", {"superseded"}),
    "does not agree with the summary, as an earlier one did": (
        ["C", "I"],
        "C",
        {"superseded", "summary-disagrees"},
    ),
    "does not agree with the summary, and an earlier one did neither": (
        ["P", "I"],
        "C",
        {"superseded", "summary-disagrees"},
    ),
    "agrees with the summary, as an earlier one did": (["C", "C"], "C", {"superseded"}),
    "is the third": (["C", "I", "C"], "C", {"superseded"}),
}


@pytest.mark.parametrize("sentence", REPEATED)
def test_the_summary_is_compared_with_the_sample_that_counts_when_it(
    sentence: str, tmp_path: Path
) -> None:
    tries, summary, expected = REPEATED[sentence]
    kept = [(f"try_{n}", a_sample(1, value)) for n, value in enumerate(tries)]
    summaries = json_member("summaries.json", [summary_of(a_sample(1, summary))])

    log = READER.read(under_names(tmp_path / "run.eval", kept, summaries))

    assert [tries[-1]] == values(log)
    assert expected == set(remarks(log))
    assert len(tries) - 1 == log.series[0].superseded


def test_a_repeated_sample_that_the_summary_leaves_out_is_left_out_once(tmp_path: Path) -> None:
    kept = [("a", a_sample(1, "I")), ("b", a_sample(1, "C"))]

    log = READER.read(under_names(tmp_path / "run.eval", kept, json_member("summaries.json", [])))

    assert remarks(log)["summary-disagrees"] == (
        "1 of 1 samples are not in the summary; the samples count: 1 epoch 1."
    )


def test_true_and_the_number_one_are_different_scores(tmp_path: Path) -> None:
    kept = [a_sample(1, value=True), a_sample(2, 1), a_sample(3, 1.0)]
    summed = [summary_of(a_sample(n, 1)) for n in (1, 2, 3)]
    path = write_eval(tmp_path / "run.eval", kept, summaries=summed)

    log = READER.read(path)

    assert values(log) == [True, Decimal(1), Decimal("1.0")]
    assert remarks(log)["summary-disagrees"].endswith("1 epoch 1.")


def test_a_run_that_still_goes_on_and_has_no_sample_yet_is_refused(tmp_path: Path) -> None:
    start = json_member("_journal/start.json", a_header(5, status=...))

    with pytest.raises(EvidenceError) as caught:
        READER.read(write_members(tmp_path / "run.eval", [start]))

    assert "found no samples" in str(caught.value)
    assert caught.value.remedy == "Wait until the run has ended; the log has no header yet."


def test_a_run_without_a_header_is_said_to_go_on_perhaps(tmp_path: Path) -> None:
    members = [
        json_member("_journal/start.json", a_header(5, status=...)),
        json_member("samples/1_epoch_1.json", a_sample(1)),
    ]

    log = READER.read(write_members(tmp_path / "run.eval", members))

    assert remarks(log)["not-finished"] == (
        "The run did not finish: its status is started and the log has no header; "
        "it may still go on."
    )
    assert log.series[0].planned == 5
    assert log.source.read[0] == "start of the journal"


def test_what_was_read_and_what_was_not_is_said(tmp_path: Path) -> None:
    with_summary = READER.read(write_eval(tmp_path / "run.eval", samples("C")))
    without = READER.read(write_json(tmp_path / "run.json", samples("C")))

    every_sample = "every sample's scores, error, limit and edits"
    assert ("header", every_sample, "every summary's scores and error") == with_summary.source.read
    assert ("header", every_sample) == without.source.read
    assert {"prompts", "responses"} < set(with_summary.source.left_out)


ODD_SCORES: dict[str, tuple[object, object]] = {
    "a text in place of all scores": ("C", None),
    "a list in place of all scores": (["C"], None),
    "a text in place of a score": ({"match": "C"}, None),
    "a number in place of a score": ({"match": 1}, None),
    "a score without a value": ({"match": {"answer": "C"}}, None),
    "true as a text, which stays one": ({"match": {"value": "True"}}, "True"),
    "a number as a text, which stays one": ({"match": {"value": "0.5"}}, "0.5"),
    "a number that no float can hold": ({"match": {"value": 10**400}}, None),
    "a value two objects deep": ({"match": {"value": {"": {"value": 1}}}}, None),
}


@pytest.mark.parametrize("sentence", ODD_SCORES)
def test_a_sample_has_no_score_that_it_does_not_have(sentence: str, tmp_path: Path) -> None:
    scores, expected = ODD_SCORES[sentence]
    kept = [a_sample(1, scores=scores), a_sample(2, "C")]

    for path in (
        write_eval(tmp_path / "run.eval", kept),
        write_json(tmp_path / "run.json", kept),
    ):
        log = READER.read(path)

        found = next(series for series in log.series if series.scorer == "match")
        assert [expected, "C"] == [row.value for row in found.rows]


ODD_NUMBERS: dict[str, tuple[dict[str, object], int]] = {
    "a negative number of samples": ({"eval__dataset__samples": -5}, 2),
    "a negative number of epochs": ({"eval__config__epochs": -1}, 2),
    "a negative limit": ({"eval__config__limit": -1, "eval__dataset__sample_ids": ...}, 2),
    "a negative total": ({"results__total_samples": -7}, 2),
    "numbers as texts": ({"results__total_samples": "7", "eval__config__epochs": "9"}, 2),
    "more completed than planned": ({"results__completed_samples": 7}, 7),
    "more kept than planned": ({"results__logged_samples": 9}, 9),
    "more scored than planned": (
        {"results__scores": [{"name": "x", "scored_samples": 3, "unscored_samples": 2}]},
        5,
    ),
    "more in its shards than planned": ({"eval__shards": {"sample_count": 4}}, 4),
    "epochs of the samples in its shards": (
        {"eval__shards": {"sample_count": 4}, "eval__config__epochs": 2},
        8,
    ),
}


@pytest.mark.parametrize("sentence", ODD_NUMBERS)
def test_the_plan_is_the_largest_number_that_a_header_announces_with(
    sentence: str, tmp_path: Path
) -> None:
    changes, expected = ODD_NUMBERS[sentence]

    log = READER.read(write_eval(tmp_path / "run.eval", samples("C", "I"), a_header(2, **changes)))

    assert expected == log.series[0].planned
    assert "more-samples-than-planned" not in remarks(log)


REFUSED_SAMPLES: dict[str, tuple[Json, str]] = {
    "an epoch below one": (a_sample(1, epoch=-1), "a sample without an id or an epoch"),
    "an epoch that is a text": (a_sample(1) | {"epoch": "1"}, "without an id or an epoch"),
    "an epoch that is true": (a_sample(1) | {"epoch": True}, "without an id or an epoch"),
    "an epoch with a fraction": (a_sample(1) | {"epoch": 1.0}, "without an id or an epoch"),
    "an id that is a list": (a_sample(1) | {"id": [1]}, "without an id or an epoch"),
    "an empty id": (a_sample(""), "without an id or an epoch"),
}


@pytest.mark.parametrize("sentence", REFUSED_SAMPLES)
def test_a_log_is_refused_whose_sample_has(sentence: str, tmp_path: Path) -> None:
    sample, expected = REFUSED_SAMPLES[sentence]
    in_archive = under_names(tmp_path / "run.eval", [("1", sample)])
    in_text = write_json(tmp_path / "run.json", [sample])

    for path in (in_archive, in_text):
        with pytest.raises(EvidenceError, match=expected):
            READER.read(path)


def test_a_summary_that_takes_too_much_is_refused(tmp_path: Path) -> None:
    reader = InspectReader(limits=ArchiveLimits(streamed_bytes=100))

    with pytest.raises(EvidenceError) as caught:
        reader.read(write_eval(tmp_path / "run.eval", samples("C", "I")))

    assert caught.value.where == "run.eval:summaries.json"
    assert caught.value.expected == "at most 100 bytes"


def test_summaries_that_are_no_list_are_refused(tmp_path: Path) -> None:
    summaries = json_member("summaries.json", {"1": summary_of(a_sample(1))})
    path = under_names(tmp_path / "run.eval", [("1_epoch_1", a_sample(1))], summaries)

    with pytest.raises(EvidenceError, match=r"run\.eval:summaries\.json: found JSON that is no"):
        READER.read(path)


def test_chunks_of_a_sample_whose_id_has_a_slash_are_left_alone(tmp_path: Path) -> None:
    kept = [
        ("suite/a_epoch_1/sample", a_sample("suite/a", "C")),
        ("suite/a_epoch_1/events/0", {"id": "suite/b", "epoch": 1}),
        ("suite/b_epoch_1", a_sample("suite/b", "I")),
    ]

    log = READER.read(under_names(tmp_path / "run.eval", kept))

    assert [("suite/a", "C"), ("suite/b", "I")] == [
        (row.sample, row.value) for row in log.series[0].rows
    ]
