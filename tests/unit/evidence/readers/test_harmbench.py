# SPDX-License-Identifier: Apache-2.0
"""HarmBench results: one row a test case, clustered by behaviour."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings

from logs.disturbed import disturbed
from logs.jailbreakbench_logs import Json, a_case, write_results
from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import BindingLevel
from tiergate.evidence.readers.base import ForeignLog, Row, Series
from tiergate.evidence.readers.harmbench import HarmBenchReader

READER = HarmBenchReader()


def read(folder: Path, behaviours: object) -> ForeignLog:
    return READER.read(write_results(folder / "model.json", behaviours))


def values(series: Series) -> list[object]:
    return [row.value for row in series.rows]


def messages(log: ForeignLog, code: str) -> list[str]:
    return [remark.message for remark in log.remarks if remark.code == code]


def codes(log: ForeignLog) -> set[str]:
    return {remark.code for remark in log.remarks} - {"grader-not-named", "no-date"}


def test_plain_results_are_read_into_one_series_clustered_by_behaviour(tmp_path: Path) -> None:
    log = read(tmp_path, {"colours": [a_case(0), a_case(1)], "animals": [a_case(0)]})

    assert (log.source.format, log.source.reader) == ("harmbench-results/1", "harmbench/1")
    assert (log.binding.name, log.binding.level) == ("", BindingLevel.NAME)
    assert log.series == (
        Series(
            task="HarmBench",
            task_version="",
            dataset="",
            scorer="label",
            rows=(
                Row(sample="animals/1", attempt=1, value=Decimal(0), cluster="animals"),
                Row(sample="colours/1", attempt=1, value=Decimal(0), cluster="colours"),
                Row(sample="colours/2", attempt=1, value=Decimal(1), cluster="colours"),
            ),
            planned=3,
            superseded=0,
            elicitation="",
            generation="",
            finished_at=datetime(1970, 1, 1, tzinfo=UTC),
            samples_kept=3,
        ),
    )
    assert [(remark.code, remark.message) for remark in log.remarks] == [
        ("grader-not-named", "The file does not name the graders behind its labels (label)."),
        ("no-date", "The file does not say when the run was; it counts as older than anything."),
    ]


def test_another_grader_s_labels_beside_the_first_are_a_series(tmp_path: Path) -> None:
    log = read(tmp_path, {"colours": [a_case(0, advbench_label=1), a_case(1)]})

    assert {s.scorer: values(s) for s in log.series} == {
        "advbench_label": [1, None],
        "label": [0, 1],
    }


LABELS: dict[str, tuple[Json, object, set[str]]] = {
    "no verdict": (a_case(-1), None, {"grader-failed"}),
    "null": (a_case(None), None, set()),
    "true": (a_case(label=True), True, set()),
    "a text": (a_case("1"), "1", {"scores-as-text"}),
    "a list": (a_case([1]), None, set()),
    "0 without a generation": (a_case(0, generation=None), None, {"no-response"}),
    "the text 0 without a generation": (
        a_case("0", generation=None),
        None,
        {"no-response", "scores-as-text"},
    ),
    "1 without a generation": (a_case(1, generation=None), 1, {"no-response"}),
    "0 on an empty generation": (a_case(0, generation=""), 0, set()),
}


@pytest.mark.parametrize("sentence", LABELS)
def test_the_value_of_a_test_case_labelled(sentence: str, tmp_path: Path) -> None:
    case, expected, remarks = LABELS[sentence]

    log = read(tmp_path, {"colours": [case]})

    assert [expected] == values(log.series[0])
    assert remarks == codes(log)


def test_labels_without_a_verdict_are_counted_in_the_remark(tmp_path: Path) -> None:
    log = read(tmp_path, {"colours": [a_case(-1), a_case(0), a_case(-1)]})

    assert messages(log, "grader-failed") == [
        "2 of 3 test cases have label -1, which is no verdict; they have no value."
    ]


def test_a_behaviour_without_test_cases_is_an_attempt_that_was_not_made(tmp_path: Path) -> None:
    log = read(tmp_path, {"colours": [a_case(0)], "animals": []})

    assert (log.series[0].planned, len(log.series[0].rows)) == (2, 1)
    assert messages(log, "samples-missing") == [
        "1 of 2 behaviours have no test case; each counts as one attempt that was not made."
    ]


def test_no_text_of_a_test_case_or_a_generation_gets_out(tmp_path: Path) -> None:
    hidden = "a text that must not get out"

    log = read(tmp_path, {"colours": [a_case(0, test_case=hidden, generation=hidden)]})

    assert hidden not in repr(log)


def test_a_behaviour_that_is_named_by_a_text_is_known_by_its_digest(tmp_path: Path) -> None:
    hidden = "a text that must not get out"

    log = read(
        tmp_path, {hidden: [a_case(0), a_case(1)], "x" * 101: [a_case(0)], "plain": [a_case()]}
    )

    assert hidden not in repr(log)
    digest = hashlib.sha256(hidden.encode()).hexdigest()[:16]
    assert {digest, "plain"} < {row.cluster for row in log.series[0].rows}
    assert {len(row.cluster) for row in log.series[0].rows} == {16, 5}


OTHER: dict[str, object] = {
    "completions without labels": {"colours": [a_case(...)]},
    "test cases alone": {"colours": ["Please name a colour"]},
    "cases of which one has no label": {"colours": [a_case(0), a_case(...)]},
    "a note beside the behaviours": {"colours": [a_case(0)], "note": "by hand"},
    "behaviours without any test case": {"colours": [], "animals": []},
    "nothing": {},
    "a list": [a_case(0)],
    "a text": "label",
}


@pytest.mark.parametrize("sentence", OTHER)
def test_a_file_is_not_recognised_and_refused_that_holds(sentence: str, tmp_path: Path) -> None:
    path = write_results(tmp_path / "model.json", OTHER[sentence])

    assert not READER.recognises(path)
    with pytest.raises(EvidenceError):
        READER.read(path)


def test_results_are_recognised_by_their_shape(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"colours": [{"test_case": 1, "generation": 2, "label"', encoding="utf-8")

    assert READER.recognises(write_results(tmp_path / "any name", {"colours": [a_case(0)]}))
    assert not READER.recognises(broken)
    assert not READER.recognises(tmp_path)
    assert not READER.recognises(tmp_path / "absent.json")


def test_completions_are_refused_with_what_to_give_instead(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="Give the results that the evaluation step wrote"):
        read(tmp_path, {"colours": [a_case(...)]})


DISTURBED: Json = {
    "colours": [a_case(0, advbench_label=1), a_case(-1)],
    "animals": [a_case(1, generation=None)],
}


@settings(max_examples=200, deadline=None)
@given(document=disturbed(DISTURBED))
def test_whatever_results_hold_they_give_counts_that_fit_together_or_an_error_of_ours(
    document: Json, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_results(tmp_path_factory.mktemp("any") / "model.json", document)

    try:
        log = READER.read(path)
    except EvidenceError:
        return

    assert log.series
    for series in log.series:
        assert len({(r.sample, r.attempt) for r in series.rows}) == len(series.rows)
        assert series.planned >= len(series.rows) == series.samples_kept > 0
    assert json.dumps(asdict(log), default=str, ensure_ascii=False).encode()
