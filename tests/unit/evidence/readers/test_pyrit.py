# SPDX-License-Identifier: Apache-2.0
"""Scores and outcomes in memories of PyRIT: one row per scored response, one per attack."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from logs.pyrit_logs import (
    Json,
    Tables,
    a_piece,
    a_result,
    a_score,
    a_scorer,
    an_identifier,
    asked_and_answered,
    attacked,
    results,
    scores,
    write_memory,
)
from tiergate.evidence.readers.base import ForeignLog, Row, Series
from tiergate.evidence.readers.pyrit import PyritReader

READER = PyritReader()
SENDING = "PromptSendingAttack"


def read(folder: Path, *tables: Tables, **options: object) -> ForeignLog:
    return READER.read(write_memory(folder / "a.db", *tables, **options))  # type: ignore[arg-type]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def values(series: Series) -> list[object]:
    return [row.value for row in series.rows]


def series_of(log: ForeignLog) -> dict[str, list[object]]:
    return {f"{series.task} / {series.scorer}": values(series) for series in log.series}


def messages(log: ForeignLog, code: str) -> list[str]:
    return [remark.message for remark in log.remarks if remark.code == code]


def codes(log: ForeignLog) -> list[str]:
    return [remark.code for remark in log.remarks if remark.code != "planned-unknown"]


def test_a_plain_memory_is_read_into_a_series_per_scorer_and_one_of_outcomes(
    tmp_path: Path,
) -> None:
    path = write_memory(tmp_path / "a.db", attacked("a"), attacked("b", "True", outcome="success"))

    log = READER.read(path)

    first, second = sorted([digest("objective a"), digest("objective b")])
    value = {digest("objective a"): False, digest("objective b"): True}
    assert log.source.sha256 == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    assert (log.source.format, log.source.reader) == ("pyrit-memory/8d1e3f5a7b9c", "pyrit/1")
    assert (log.source.tool, log.source.file_name) == ("pyrit 1.1.0", "a.db")
    assert log.files == (path,)
    assert log.series[0] == Series(
        task=SENDING,
        task_version="",
        dataset="",
        scorer="SubStringScorer.greeting",
        rows=tuple(Row(sample=s, attempt=1, value=value[s]) for s in (first, second)),
        planned=2,
        superseded=0,
        elicitation="attack PromptSendingAttack",
        generation="",
        finished_at=datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC),
        samples_kept=2,
    )
    assert sorted(map(str, values(log.series[1]))) == ["failure", "success"]
    assert [remark.code for remark in log.remarks] == ["planned-unknown"]


def test_the_parts_that_were_read_are_named(tmp_path: Path) -> None:
    log = read(tmp_path, attacked("a"))

    assert "the table ScoreEntries" in log.source.read
    assert {"prompts", "responses"} <= set(log.source.left_out)


def test_the_reader_is_called_as_the_tool_is() -> None:
    assert READER.name == "pyrit"


VALUES: dict[str, tuple[str, object, object, bool]] = {
    "a small true": ("true_false", "true", True, False),
    "a capital true": ("true_false", "True", True, False),
    "a capital false": ("true_false", "False", False, False),
    "a number for a truth value": ("true_false", "1", None, True),
    "a number": ("float_scale", "0.25", Decimal("0.25"), False),
    "a number that is stored as one": ("float_scale", 0.5, Decimal("0.5"), False),
    "a negative number": ("float_scale", "-0.25", None, True),
    "a number above one": ("float_scale", "1.5", None, True),
    "a truth value for a number": ("float_scale", "True", None, True),
    "not a number": ("float_scale", "NaN", None, True),
    "infinity": ("float_scale", "Infinity", None, True),
    "an empty text": ("float_scale", "", None, True),
    "an unknown type": ("unknown", "0.5", None, True),
}


@pytest.mark.parametrize("sentence", VALUES)
def test_the_value_of_a_score_is_read_as_its_type_when_it_is(sentence: str, tmp_path: Path) -> None:
    kind, stored, expected, odd = VALUES[sentence]

    log = read(
        tmp_path,
        asked_and_answered("a"),
        scores(a_score("s", "a-1", stored, score_type=kind)),
        results(a_result("a")),
    )

    assert [expected] == values(log.series[0])
    assert ["scores-out-of-range"] * odd == codes(log)


def test_a_score_without_a_verdict_has_no_value(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        asked_and_answered("a"),
        scores(a_score("s", "a-1", None, status="undetermined")),
        results(a_result("a", "undetermined")),
    )

    assert {
        f"{SENDING} / SubStringScorer.greeting": [None],
        f"{SENDING} / attack outcome": [None],
    } == series_of(log)
    assert codes(log) == []


ERRORS: dict[str, tuple[str, object, bool, list[str]]] = {
    "an error of the target": ("processing", None, True, []),
    "an error of an unknown kind": ("unknown", None, True, []),
    "an empty response": ("empty", None, True, []),
    "a filter, which is an answer": ("blocked", False, False, ["blocked-responses"]),
    "no error": ("none", False, False, []),
    "nothing that is said about errors": ("", False, False, []),
}


@pytest.mark.parametrize("sentence", ERRORS)
def test_what_a_scorer_says_counts_or_not_beside(sentence: str, tmp_path: Path) -> None:
    error, value, errored, expected = ERRORS[sentence]

    log = read(
        tmp_path,
        asked_and_answered("a", response_error=error),
        scores(a_score("s", "a-1")),
        results(a_result("a")),
    )

    assert [(value, errored)] == [(row.value, row.errored) for row in log.series[0].rows]
    assert expected == codes(log)


UNSCORED: dict[str, tuple[Json, bool]] = {
    "a response": ({}, False),
    "a response that a filter blocked": ({"response_error": "blocked"}, False),
    "an error in its place": ({"response_error": "processing"}, True),
}


@pytest.mark.parametrize("sentence", UNSCORED)
def test_a_conversation_without_a_score_is_an_attempt_without_a_value_with(
    sentence: str, tmp_path: Path
) -> None:
    fields, errored = UNSCORED[sentence]

    log = read(tmp_path, attacked("a"), asked_and_answered("b", **fields), results(a_result("b")))

    [row] = [row for row in log.series[0].rows if row.sample == digest("objective b")]
    assert (row.value, row.errored) == (None, errored)
    assert log.series[0].planned == 2


OUTCOMES: dict[str, tuple[str, object, bool]] = {
    "success": ("success", "success", False),
    "failure": ("failure", "failure", False),
    "a verdict that was never reached": ("undetermined", None, False),
    "an error": ("error", None, True),
    "a word that PyRIT does not know": ("perhaps", None, False),
}


@pytest.mark.parametrize("sentence", OUTCOMES)
def test_the_outcome_of_an_attack_is_a_row_for(sentence: str, tmp_path: Path) -> None:
    outcome, value, errored = OUTCOMES[sentence]

    log = read(tmp_path, attacked("a", outcome=outcome))

    [series] = [series for series in log.series if series.scorer == "attack outcome"]
    assert [(value, errored)] == [(row.value, row.errored) for row in series.rows]


@pytest.mark.parametrize(
    ("outcome", "score", "kept"), [("failure", "true", None), ("success", "false", "success")]
)
def test_an_outcome_against_the_score_it_rests_on_is_said_and_never_counts_as_a_failure(
    outcome: str, score: str, kept: object, tmp_path: Path
) -> None:
    log = read(tmp_path, attacked("a", score, outcome=outcome, last_score_id="score-a"))

    assert [kept] == series_of(log)[f"{SENDING} / attack outcome"]
    assert messages(log, "header-disagrees") == [
        (
            f"attack outcome on {SENDING}: 1 outcomes say the opposite of the score that they "
            "rest on; such a failure has no value."
        )
    ]


AGREEING: dict[str, tuple[str, Json]] = {
    "the score it rests on": ("true", {"outcome": "success", "last_score_id": "score-a"}),
    "a score that is not there": ("true", {"outcome": "failure", "last_score_id": "other"}),
    "no verdict": ("true", {"outcome": "undetermined", "last_score_id": "score-a"}),
}


@pytest.mark.parametrize("sentence", AGREEING)
def test_an_outcome_is_not_doubted_for(sentence: str, tmp_path: Path) -> None:
    score, fields = AGREEING[sentence]

    assert codes(read(tmp_path, attacked("a", score, **fields))) == []


def test_several_results_of_one_conversation_count_once_and_not_at_all_when_they_differ(
    tmp_path: Path,
) -> None:
    log = read(
        tmp_path,
        attacked("a"),
        attacked("b"),
        results(a_result("a", id="again"), a_result("b", "success", id="other")),
    )

    [series] = [series for series in log.series if series.scorer == "attack outcome"]
    assert {digest("objective a"): "failure", digest("objective b"): None} == {
        row.sample: row.value for row in series.rows
    }
    assert (series.superseded, series.planned) == (2, 2)
    assert codes(log) == ["scores-disagree", "superseded"]


def test_conversations_that_were_given_up_are_attempts_on_the_same_objective(
    tmp_path: Path,
) -> None:
    log = read(
        tmp_path,
        asked_and_answered("a"),
        asked_and_answered("b"),
        scores(a_score("1", "a-1"), a_score("2", "b-1", "true")),
        results(a_result("b", "success", pruned_conversation_ids=["a", "b"])),
    )

    assert [
        Row(sample=digest("objective b"), attempt=1, value=False),
        Row(sample=digest("objective b"), attempt=2, value=True),
    ] == list(log.series[0].rows)
    assert values(log.series[1]) == ["success"]


def test_each_scored_response_of_a_conversation_is_an_attempt_and_unscored_turns_are_not(
    tmp_path: Path,
) -> None:
    turns = {
        "PromptMemoryEntries": [
            a_piece("a", number, "user" if number % 2 == 0 else "assistant") for number in range(6)
        ]
    }

    log = read(
        tmp_path,
        turns,
        scores(a_score("1", "a-1"), a_score("2", "a-5", "true")),
        results(a_result("a", "success")),
    )

    assert values(log.series[0]) == [False, True]
    assert messages(log, "several-responses") == [
        (
            f"SubStringScorer.greeting on {SENDING}: 1 conversations have more than one scored "
            "response; each response is an attempt."
        )
    ]


def test_what_was_copied_from_another_conversation_is_no_response_of_this_one(
    tmp_path: Path,
) -> None:
    branch = {
        "PromptMemoryEntries": [
            a_piece("b", 0, "user", original_prompt_id="a-0"),
            a_piece("b", 1, "assistant", original_prompt_id="a-1"),
            a_piece("b", 2, "user"),
            a_piece("b", 3, "assistant"),
            a_piece("c", 0, "user", original_prompt_id="a-0"),
        ]
    }

    log = read(
        tmp_path,
        asked_and_answered("a"),
        branch,
        scores(a_score("1", "a-1"), a_score("2", "b-3", "true")),
        results(a_result("b", "success", pruned_conversation_ids=["a", "c"])),
    )

    assert values(log.series[0]) == [False, True]


def test_parts_of_one_message_are_one_response(tmp_path: Path) -> None:
    second = {"PromptMemoryEntries": [a_piece("a", 1, "assistant", id="second")]}

    log = read(
        tmp_path,
        asked_and_answered("a"),
        second,
        scores(a_score("1", "a-1"), a_score("2", "second")),
        results(a_result("a")),
    )

    assert values(log.series[0]) == [False]
    assert log.series[0].superseded == 1


def test_scores_of_one_response_that_differ_are_no_value(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        attacked("a"),
        scores(a_score("later", "a-1", "true", timestamp="2026-03-02 12:00:00")),
    )

    assert values(log.series[0]) == [None]
    assert codes(log) == ["scores-disagree", "superseded"]


def test_a_scorer_with_several_categories_for_one_response_makes_a_series_of_each(
    tmp_path: Path,
) -> None:
    def of(identity: str, piece: str, category: object, value: str) -> Json:
        return a_score(identity, piece, value, score_type="float_scale", score_category=category)

    log = read(
        tmp_path,
        asked_and_answered("a"),
        asked_and_answered("b", response_error="blocked"),
        scores(
            of("1", "a-1", ["hate"], "0.5"),
            of("2", "a-1", ["violence"], "0.25"),
            of("3", "b-1", None, "0.0"),
        ),
        results(a_result("a"), a_result("b")),
    )

    found = {name: sorted(map(str, kept)) for name, kept in series_of(log).items()}
    assert {
        f"{SENDING} / SubStringScorer.hate": ["0.0", "0.5"],
        f"{SENDING} / SubStringScorer.violence": ["0.0", "0.25"],
        f"{SENDING} / attack outcome": ["failure", "failure"],
    } == found


def test_a_category_that_depends_on_the_response_does_not_split_a_scorer(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        asked_and_answered("a"),
        asked_and_answered("b"),
        scores(
            a_score("1", "a-1", "true", score_category=["one"]),
            a_score("2", "b-1", "true", score_category=["two"]),
        ),
        results(a_result("a"), a_result("b")),
    )

    assert [True, True] == series_of(log)[f"{SENDING} / SubStringScorer"]


def test_two_scorers_of_one_class_are_told_apart_by_what_they_are_set_to(tmp_path: Path) -> None:
    yes, no = a_scorer(substring="yes"), a_scorer(substring="no")
    # Where and when a scorer was made is no difference.
    again = a_scorer(substring="yes", hash="other", pyrit_version="1.1.1")

    log = read(
        tmp_path,
        asked_and_answered("a"),
        asked_and_answered("b"),
        scores(
            a_score("1", "a-1", "true", scorer_class_identifier=yes),
            a_score("2", "a-1", "false", scorer_class_identifier=no),
            a_score("3", "b-1", "true", scorer_class_identifier=again),
        ),
        results(a_result("a"), a_result("b")),
    )

    found = sorted(sorted(map(str, kept)) for kept in series_of(log).values())
    assert [["False", "None"], ["True", "True"], ["failure", "failure"]] == found
    names = [series.scorer for series in log.series if series.scorer != "attack outcome"]
    assert all(name.startswith("SubStringScorer#") for name in names)


def test_a_scorer_that_decides_and_never_spoke_is_a_series_without_values(tmp_path: Path) -> None:
    identifier = an_identifier(scorer=a_scorer("SelfAskRefusalScorer"))

    log = read(
        tmp_path,
        asked_and_answered("a"),
        results(a_result("a", "undetermined", atomic_attack_identifier=identifier)),
    )

    assert [None] == series_of(log)[f"{SENDING} / SelfAskRefusalScorer"]
