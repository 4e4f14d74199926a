# SPDX-License-Identifier: Apache-2.0
"""Which conversations of a PyRIT memory are attempts, on what, and by which attack."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from logs.pyrit_logs import (
    Json,
    Tables,
    a_conversation,
    a_piece,
    a_result,
    a_scenario,
    a_score,
    a_scorer,
    a_target,
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


def test_converters_make_a_task_of_their_own(tmp_path: Path) -> None:
    converted = an_identifier("Base64Converter", "ROT13Converter")

    log = read(
        tmp_path,
        attacked("a"),
        attacked("b", "true", outcome="success", atomic_attack_identifier=converted),
    )

    task = f"{SENDING} with Base64Converter > ROT13Converter"
    assert {
        f"{SENDING} / SubStringScorer.greeting": [False],
        f"{SENDING} / attack outcome": ["failure"],
        f"{task} / SubStringScorer.greeting": [True],
        f"{task} / attack outcome": ["success"],
    } == series_of(log)
    assert log.series[-1].elicitation == f"attack {task}"


def test_an_attack_that_an_error_left_without_a_name_counts_in_every_one(tmp_path: Path) -> None:
    unnamed = a_result("c", "error", atomic_attack_identifier=None)

    log = read(
        tmp_path,
        attacked("a"),
        attacked("b", atomic_attack_identifier=an_identifier(attack="CrescendoAttack")),
        asked_and_answered("c", response_error="processing"),
        results(unnamed),
    )

    assert {"CrescendoAttack", SENDING} == {series.task for series in log.series}
    for series in log.series:
        [row] = [row for row in series.rows if row.sample == digest("objective c")]
        assert (row.value, row.errored, series.planned) == (None, True, 2)
    assert messages(log, "unnamed-attacks") == [
        "1 of 3 attack results do not say which attack they are of; they count in every one."
    ]


def test_attacks_of_which_none_has_a_name_are_one_task(tmp_path: Path) -> None:
    log = read(tmp_path, attacked("a", atomic_attack_identifier=None))

    assert {"attack"} == {series.task for series in log.series}


def test_an_identifier_of_the_older_form_names_its_attack_too(tmp_path: Path) -> None:
    older = {"children": {"attack": {"class_name": "PAIRAttack"}}}

    log = read(tmp_path, attacked("a", atomic_attack_identifier=older))

    assert {"PAIRAttack"} == {series.task for series in log.series}


def test_a_conversation_that_is_not_there_is_an_attempt_without_a_value(tmp_path: Path) -> None:
    log = read(tmp_path, attacked("a"), results(a_result("gone", "error")))

    assert [(None, True)] == [
        (row.value, row.errored)
        for row in log.series[0].rows
        if row.sample == digest("objective gone")
    ]
    assert messages(log, "sample-missing") == [
        ("1 conversations that attack results stand for are not in the memory; they have no value.")
    ]


def test_conversations_of_no_attack_are_a_task_of_their_own(tmp_path: Path) -> None:
    said = {"original_value_sha256": "cd" * 32}
    again = {
        "Conversations": [a_conversation("b"), a_conversation("c")],
        "PromptMemoryEntries": [
            a_piece("b", 0, "user", **said),
            a_piece("b", 1, "assistant"),
            a_piece("c", 0, "user", **said),
            a_piece("c", 1, "assistant"),
        ],
    }

    log = read(
        tmp_path,
        asked_and_answered("a"),
        again,
        scores(a_score("1", "a-1"), a_score("2", "b-1", "true", objective=None)),
    )

    [series] = log.series
    assert (series.task, series.scorer) == ("memory", "SubStringScorer.greeting")
    assert [
        Row(sample="abababababababab", attempt=1, value=False, cluster=digest("HAZARD")),
        Row(sample="cdcdcdcdcdcdcdcd", attempt=1, value=True),
        Row(sample="cdcdcdcdcdcdcdcd", attempt=2, value=None),
    ] == list(series.rows)
    assert series.elicitation == "prompts sent by no attack"


def test_a_prompt_without_a_digest_is_known_by_its_conversation(tmp_path: Path) -> None:
    pieces = {
        "PromptMemoryEntries": [
            a_piece("a", 0, "user", original_value_sha256=None),
            a_piece("a", 1, "assistant"),
        ]
    }

    log = read(tmp_path, pieces, scores(a_score("1", "a-1", objective=None)))

    assert ["a"] == [row.behaviour for row in log.series[0].rows]


def test_converters_of_prompts_of_no_attack_make_a_task_of_their_own(tmp_path: Path) -> None:
    pieces = {
        "PromptMemoryEntries": [
            a_piece("a", 0, "user", converter_identifiers=[{"class_name": "ROT13Converter"}]),
            a_piece("a", 1, "assistant"),
        ]
    }

    log = read(tmp_path, pieces, scores(a_score("1", "a-1")))

    assert log.series[0].task == "memory with ROT13Converter"
    assert log.series[0].elicitation == "prompts sent by no attack with ROT13Converter"


def helper(name: str, target: Json) -> Tables:
    return {
        "Conversations": [a_conversation(name, target_identifier=target)],
        "PromptMemoryEntries": [a_piece(name, 0, "user"), a_piece(name, 1, "assistant")],
    }


HELPERS: dict[str, Callable[[Json], list[Tables]]] = {
    "grade": lambda target: [
        asked_and_answered("a"),
        scores(a_score("1", "a-1", scorer_class_identifier=a_scorer(grader=target))),
    ],
    "grade inside another scorer": lambda target: [
        asked_and_answered("a"),
        scores(
            a_score(
                "1",
                "a-1",
                scorer_class_identifier={
                    "class_name": "TrueFalseCompositeScorer",
                    "children": {"sub_scorers": [a_scorer(grader=target)]},
                },
            )
        ),
    ],
    "write prompts": lambda target: [
        attacked("a", atomic_attack_identifier=an_identifier(adversary=target))
    ],
    "change prompts": lambda target: [
        {
            "Conversations": [a_conversation("a")],
            "PromptMemoryEntries": [
                a_piece(
                    "a",
                    0,
                    "user",
                    converter_identifiers=[
                        {"class_name": "T", "children": {"converter_target": target}}
                    ],
                ),
                a_piece("a", 1, "assistant"),
            ],
        },
        scores(a_score("1", "a-1")),
    ],
}


@pytest.mark.parametrize("sentence", HELPERS)
def test_conversations_with_models_are_no_attempts_that_only(sentence: str, tmp_path: Path) -> None:
    other = a_target("org/helper")

    log = read(tmp_path, *HELPERS[sentence](other), helper("h", other))

    assert {1} == {len(series.rows) for series in log.series}
    assert log.binding.name == "OpenAIChatTarget org/model"
    assert codes(log) == []


def test_a_model_that_grades_itself_is_measured_all_the_same(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        asked_and_answered("a"),
        scores(a_score("1", "a-1", scorer_class_identifier=a_scorer(grader=a_target()))),
    )

    assert [[False]] == [values(series) for series in log.series]
    assert (("OpenAIChatTarget org/model",), "OpenAIChatTarget org/model") == (
        log.series[0].graders,
        log.binding.name,
    )


def test_a_conversation_with_the_adversary_of_an_attack_is_no_attempt(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        attacked("a", adversarial_chat_conversation_ids=["h"]),
        helper("h", a_target("org/adversary")),
    )

    assert {1} == {len(series.rows) for series in log.series}
    assert codes(log) == []


def test_models_that_grade_and_write_prompts_are_named(tmp_path: Path) -> None:
    scorer = a_scorer(grader=a_target("org/judge"))
    identifier = an_identifier(adversary=a_target("org/adversary"))

    log = read(
        tmp_path,
        asked_and_answered("a"),
        scores(a_score("1", "a-1", scorer_class_identifier=scorer)),
        results(a_result("a", atomic_attack_identifier=identifier)),
    )

    assert [("OpenAIChatTarget org/judge",), ()] == [series.graders for series in log.series]
    assert log.series[0].elicitation == (
        f"attack {SENDING}; prompts written by OpenAIChatTarget org/adversary"
    )


def test_scorers_inside_scorers_are_followed_a_reasonable_way_down(tmp_path: Path) -> None:
    def nested(depth: int) -> Json:
        inner = a_scorer(grader=a_target("org/judge"))
        for _ in range(depth):
            inner = {"class_name": "Composite", "children": {"sub_scorers": [inner]}}
        return inner

    log = read(
        tmp_path,
        asked_and_answered("a"),
        scores(
            a_score("1", "a-1", scorer_class_identifier=nested(10), score_category=None),
            a_score("2", "a-1", scorer_class_identifier=nested(30), score_category=None),
        ),
    )

    assert [(), ("OpenAIChatTarget org/judge",)] == sorted(s.graders for s in log.series)


def test_unscored_conversations_of_no_attack_are_said_and_make_no_series(tmp_path: Path) -> None:
    log = read(tmp_path, attacked("a"), asked_and_answered("b"), asked_and_answered("c"))

    assert {SENDING} == {series.task for series in log.series}
    assert messages(log, "unscored-conversations") == [
        "2 conversations of memory have no score; nothing of them counts."
    ]


def test_scores_of_other_things_than_responses_are_left_out(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        attacked("a"),
        scores(
            a_score("prompt", "a-0", "true"),
            a_score("loose", "", "true", prompt_request_response_id=None),
            a_score("gone", "z-1", "true"),
        ),
    )

    assert values(log.series[0]) == [False]
    assert messages(log, "scores-not-of-responses") == [
        (
            "3 of 4 scores are of prompts, of loose texts or of nothing that is in the memory; "
            "they are left out."
        )
    ]


TARGETS: dict[str, tuple[Json | None, str, str]] = {
    "a repository": (a_target(), "OpenAIChatTarget org/model", ""),
    "a deployment with a model behind it": (
        a_target("deployment-7", underlying_model_name="org/real"),
        "OpenAIChatTarget org/real",
        "",
    ),
    "a folder": (a_target("/home/somebody/model-7b"), "OpenAIChatTarget model-7b", ""),
    "no model": (a_target(""), "OpenAIChatTarget", ""),
    "nothing at all": (None, "", ""),
    "sampling parameters": (
        a_target(temperature=0.5, top_p=None, seed=7, extra_headers={"key": "secret"}),
        "OpenAIChatTarget org/model",
        "seed=7 temperature=0.5",
    ),
    "targets that share the requests": (
        {"class_name": "RoundRobinTarget", "children": {"targets": [a_target(), a_target()]}},
        "RoundRobinTarget org/model",
        "",
    ),
}


@pytest.mark.parametrize("sentence", TARGETS)
def test_the_binding_is_a_name_and_nothing_more_for(sentence: str, tmp_path: Path) -> None:
    target, name, generation = TARGETS[sentence]
    rows = attacked("a")
    rows["Conversations"] = [a_conversation("a", target_identifier=target)]

    log = read(tmp_path, rows)

    assert (log.binding.level.value, log.binding.name, log.binding.revision) == ("name", name, "")
    assert log.series[0].generation == generation


def test_data_sets_of_objectives_are_named(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        attacked("a", atomic_attack_identifier=an_identifier(dataset="greetings")),
        attacked("b", atomic_attack_identifier=an_identifier(dataset="farewells")),
    )

    assert {"farewells, greetings"} == {series.dataset for series in log.series}


def test_attempts_over_many_days_are_said(tmp_path: Path) -> None:
    late = {
        "PromptMemoryEntries": [
            a_piece("b", 0, "user"),
            a_piece("b", 1, "assistant", timestamp="2026-04-01 00:00:00"),
        ]
    }

    log = read(tmp_path, attacked("a"), late, results(a_result("b")))

    assert log.series[0].finished_at == datetime(2026, 4, 1, tzinfo=UTC)
    assert messages(log, "runs-over-days") == [
        (
            f"The attempts of {SENDING} were made from 2026-03-01 to 2026-04-01; the last of them "
            "dates the series."
        )
    ]


RETRIED: dict[str, Tables] = {
    "an attack": attacked("a", total_retries=2),
    "a turn": {
        **attacked("a"),
        "Conversations": [a_conversation("a", retries=[{"sequence": 1}])],
    },
}


@pytest.mark.parametrize("sentence", RETRIED)
def test_tries_after_an_error_are_said_of(sentence: str, tmp_path: Path) -> None:
    log = read(tmp_path, RETRIED[sentence])

    assert messages(log, "retried-samples") == [
        "Requests of 1 conversations were tried again after an error."
    ]


def test_what_a_scenario_plans_and_did_not_do_stays_planned(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        attacked("a", attribution_parent_id="s"),
        attacked("b", attribution_parent_id="s", outcome="error"),
        attacked("c"),
        a_scenario(10, "CANCELLED"),
    )

    assert {(3, 11)} == {(len(series.rows), series.planned) for series in log.series}
    assert messages(log, "fewer-samples-than-claimed") == [
        (
            "Scenarios plan 10 attacks on objectives; 8 of them have no result. Those that are "
            "missing count as not attempted."
        )
    ]
    assert messages(log, "not-finished") == ["A scenario did not finish: its state is CANCELLED."]
    assert messages(log, "planned-unknown") == []


def test_what_a_scenario_plans_is_no_plan_for_prompts_of_no_attack(tmp_path: Path) -> None:
    log = read(tmp_path, asked_and_answered("a"), scores(a_score("1", "a-1")), a_scenario(5))

    assert [("memory", 1)] == [(series.task, series.planned) for series in log.series]


def test_an_error_that_a_later_try_made_good_is_one_attack_of_the_plan(tmp_path: Path) -> None:
    again = a_result("b", attribution_parent_id="s", objective="objective a")

    log = read(
        tmp_path,
        attacked("a", attribution_parent_id="s", outcome="error"),
        asked_and_answered("b"),
        results(again),
        a_scenario(2),
    )

    assert {3} == {series.planned for series in log.series}
    assert codes(log) == ["fewer-samples-than-claimed"]


def test_a_scenario_that_did_what_it_planned_is_nothing_to_say(tmp_path: Path) -> None:
    log = read(tmp_path, attacked("a", attribution_parent_id="s"), a_scenario(1))

    assert log.remarks == ()
