# SPDX-License-Identifier: Apache-2.0
"""JailbreakBench artifacts: counted from their rows, whatever the parameters claim."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings

from logs.disturbed import disturbed
from logs.jailbreakbench_logs import (
    Json,
    a_jailbreak,
    jailbreaks,
    some_parameters,
    write_artifact,
)
from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import BindingLevel
from tiergate.evidence.readers.base import ForeignLog, Row, Series
from tiergate.evidence.readers.jailbreakbench import JailbreakBenchReader

READER = JailbreakBenchReader()


def read(folder: Path, rows: list[Json], **changes: object) -> ForeignLog:
    return READER.read(write_artifact(folder / "model.json", rows, some_parameters(**changes)))


def values(series: Series) -> list[object]:
    return [row.value for row in series.rows]


def messages(log: ForeignLog, code: str) -> list[str]:
    return [remark.message for remark in log.remarks if remark.code == code]


def codes(log: ForeignLog) -> set[str]:
    return {remark.code for remark in log.remarks} - {"grader-not-named"}


def test_a_plain_artifact_is_read_into_one_series_with_everything_it_says(tmp_path: Path) -> None:
    path = write_artifact(tmp_path / "model.json", jailbreaks(2))

    log = READER.read(path)

    assert log.source.sha256 == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    assert (log.source.format, log.source.reader) == (
        "jailbreakbench-artifact/1",
        "jailbreakbench/1",
    )
    assert (log.source.tool, log.source.file_name, log.files) == ("", "model.json", (path,))
    assert (log.binding.name, log.binding.level) == ("vicuna-13b-v1.5", BindingLevel.NAME)
    assert codes(log) == set()
    [series] = log.series
    assert series == Series(
        task="PAIR",
        task_version="",
        dataset="",
        scorer="jailbroken",
        rows=series.rows,
        planned=100,
        superseded=0,
        elicitation="attack PAIR (black_box); 300 queries in total; served by litellm; "
        "attacker_model=mixtral n-iter=3",
        generation="",
        finished_at=datetime(2026, 3, 1, tzinfo=UTC),
        samples_kept=100,
    )
    assert series.rows[:3] == (
        Row(sample="0", attempt=1, value=True),
        Row(sample="1", attempt=1, value=True),
        Row(sample="2", attempt=1, value=False),
    )


def test_every_column_of_labels_is_a_series(tmp_path: Path) -> None:
    rows = jailbreaks(2, jailbroken_llama_guard1=True)

    log = read(tmp_path, rows)

    assert {s.scorer: Counter(values(s)) for s in log.series} == {
        "jailbroken": {True: 2, False: 98},
        "jailbroken_llama_guard1": {True: 100},
    }
    assert messages(log, "grader-not-named") == [
        (
            "The file does not name the graders behind its columns of labels "
            "(jailbroken, jailbroken_llama_guard1)."
        )
    ]


def test_a_column_that_some_rows_lack_leaves_them_without_a_value(tmp_path: Path) -> None:
    rows = [*jailbreaks(1, of=99), a_jailbreak(99, jailbroken=True, jailbroken_old=True)]

    log = read(tmp_path, rows)

    assert [(s.scorer, Counter(values(s))) for s in log.series] == [
        ("jailbroken", {True: 2, False: 98}),
        ("jailbroken_old", {None: 99, True: 1}),
    ]


SILENT: dict[str, tuple[object, object]] = {
    "is labelled as no jailbreak": (False, None),
    "is labelled as no jailbreak in a text": ("false", None),
    "is labelled with 0": (0, None),
    "has no label": (None, None),
    "is labelled as a jailbreak": (True, True),
    "is labelled as a jailbreak in a text": ("True", "True"),
    "is labelled with 1": (1, 1),
}


@pytest.mark.parametrize("response", [None, ...], ids=["null", "absent"])
@pytest.mark.parametrize("sentence", SILENT)
def test_the_value_of_a_row_without_a_response_that(
    sentence: str, response: object, tmp_path: Path
) -> None:
    label, expected = SILENT[sentence]

    log = read(tmp_path, [a_jailbreak(0, jailbroken=label, response=response)])

    assert [expected] == values(log.series[0])
    assert log.series[0].planned == 100


def test_an_empty_response_is_a_response(tmp_path: Path) -> None:
    log = read(tmp_path, [a_jailbreak(0, response="")])

    assert values(log.series[0]) == [False]
    assert messages(log, "no-response") == []


def test_rows_without_a_response_are_remarked_with_their_numbers(tmp_path: Path) -> None:
    rows = [
        a_jailbreak(i, jailbroken=i < 2, **({"response": None} if i else {})) for i in range(100)
    ]

    log = read(tmp_path, rows)

    assert Counter(values(log.series[0])) == {True: 2, None: 98}
    assert messages(log, "no-response") == [
        (
            "99 of 100 rows have no response; 98 of them, which jailbroken counts as no jailbreak, "
            "have no value; those labelled as jailbreaks all the same (1) stay so."
        )
    ]


def test_labels_that_are_texts_stay_texts_and_are_remarked(tmp_path: Path) -> None:
    rows = [
        a_jailbreak(0, jailbroken="true"),
        *(a_jailbreak(i, jailbroken="false") for i in range(1, 100)),
    ]

    log = read(tmp_path, rows, total_number_of_jailbreaks=1, attack_success_rate=0.01)

    assert Counter(values(log.series[0])) == {"true": 1, "false": 99}
    assert messages(log, "scores-as-text") == [
        (
            "100 of 100 labels of jailbroken are texts instead of true or false; "
            "a mapping has to name them as they are."
        )
    ]
    assert codes(log) == {"scores-as-text"}


HEADERS: dict[str, tuple[Json, list[str]]] = {
    "counts what the labels give": ({}, []),
    "counts more": (
        {"total_number_of_jailbreaks": 5},
        ["The parameters state 5 jailbreaks; the labels of 100 rows give 2."],
    ),
    "counts more under an older name": (
        {"total_number_of_jailbreaks": ..., "attack_success_count": 5},
        ["The parameters state 5 jailbreaks; the labels of 100 rows give 2."],
    ),
    "counts none": (
        {"total_number_of_jailbreaks": 0},
        ["The parameters state 0 jailbreaks; the labels of 100 rows give 2."],
    ),
    "states another rate": (
        {"attack_success_rate": 0.5},
        ["The parameters state a success rate of 0.5; 2 of 100 rows are jailbreaks."],
    ),
    "submitted fewer prompts": (
        {"number_of_submitted_prompts": 4},
        ["The parameters state 4 submitted prompts; 100 of 100 rows have one."],
    ),
    "claims nothing": (
        dict.fromkeys(
            (
                "total_number_of_jailbreaks",
                "attack_success_rate",
                "number_of_submitted_prompts",
                "total_number_of_queries",
            ),
            ...,
        ),
        [],
    ),
}


@pytest.mark.parametrize("sentence", HEADERS)
def test_the_parameters_are_counted_again_when_an_artifact(sentence: str, tmp_path: Path) -> None:
    changes, expected = HEADERS[sentence]

    log = read(tmp_path, jailbreaks(2), **changes)

    assert expected == messages(log, "header-disagrees")
    assert log.series[0].planned == 100


def test_an_older_grader_is_named_beside_a_count_that_disagrees(tmp_path: Path) -> None:
    rows = jailbreaks(90, jailbroken_llama_guard1=True)

    log = read(tmp_path, rows, total_number_of_jailbreaks=100, attack_success_rate=1.0)

    assert messages(log, "header-disagrees") == [
        (
            "The parameters state 100 jailbreaks; the labels of 100 rows give 90; "
            "jailbroken_llama_guard1 says 100."
        ),
        "The parameters state a success rate of 1.0; 90 of 100 rows are jailbreaks.",
    ]


def test_a_count_is_compared_with_the_only_column_there_is(tmp_path: Path) -> None:
    rows = jailbreaks(2, jailbroken=..., jailbroken_llama_guard1=True)

    log = read(tmp_path, rows, attack_success_rate=1.0)

    assert messages(log, "header-disagrees") == [
        "The parameters state 2 jailbreaks; the labels of 100 rows give 100."
    ]


def test_a_rate_over_the_prompts_that_were_submitted_is_no_disagreement(tmp_path: Path) -> None:
    rows = jailbreaks(2, of=10) + [
        a_jailbreak(i, prompt=None, response=None) for i in range(10, 100)
    ]

    log = read(tmp_path, rows, attack_success_rate=0.2, number_of_submitted_prompts=10)

    assert messages(log, "header-disagrees") == []


ROWS: dict[str, tuple[list[Json], int, set[str]]] = {
    "has a row for every behaviour": (jailbreaks(2), 100, set()),
    "has its indices as texts": (
        [a_jailbreak(str(i), jailbroken=i < 2) for i in range(100)],
        100,
        set(),
    ),
    "lacks ten behaviours": (jailbreaks(2, of=90), 100, {"fewer-samples-than-claimed"}),
    "has behaviours beyond the benchmark's": (
        jailbreaks(2, of=103),
        103,
        {"more-samples-than-planned"},
    ),
    "has a behaviour twice": (
        [*jailbreaks(2), a_jailbreak(7)],
        101,
        {"repeated-documents"},
    ),
    "has a behaviour twice instead of another": (
        [*jailbreaks(2, of=99), a_jailbreak(7)],
        101,
        {"fewer-samples-than-claimed", "repeated-documents"},
    ),
    "has behaviours of its own instead of the benchmark's": (
        [*jailbreaks(2, of=95), *(a_jailbreak(f"own {i}") for i in range(5))],
        105,
        {"fewer-samples-than-claimed", "more-samples-than-planned"},
    ),
    "has only behaviours of its own": (
        [a_jailbreak(f"own {i}", jailbroken=i < 2) for i in range(20)],
        100,
        {"planned-unknown"},
    ),
}


@pytest.mark.parametrize("sentence", ROWS)
def test_what_was_planned_when_an_artifact(sentence: str, tmp_path: Path) -> None:
    rows, planned, remarks = ROWS[sentence]

    log = read(tmp_path, rows, number_of_submitted_prompts=100, attack_success_rate=...)

    assert planned == log.series[0].planned
    assert remarks == codes(log) - {"header-disagrees"}


def test_more_prompts_than_rows_are_attempts_that_are_missing(tmp_path: Path) -> None:
    log = read(tmp_path, jailbreaks(2), number_of_submitted_prompts=140)

    assert log.series[0].planned == 140


def test_a_row_that_is_repeated_is_a_further_attempt(tmp_path: Path) -> None:
    log = read(tmp_path, [a_jailbreak(1), a_jailbreak(0), a_jailbreak(1, jailbroken=True)])

    assert [(r.sample, r.attempt, r.value) for r in log.series[0].rows] == [
        ("0", 1, False),
        ("1", 1, False),
        ("1", 2, True),
    ]
    assert "The file has 3 rows on 2 behaviours; the repeated ones count as further attempts." in (
        messages(log, "repeated-documents")
    )


def test_a_defence_in_front_of_the_model_is_told(tmp_path: Path) -> None:
    log = read(tmp_path, jailbreaks(2), defense="SmoothLLM")

    assert "defence SmoothLLM in front of the model" in log.series[0].elicitation
    assert messages(log, "defended") == [
        "The defence SmoothLLM stood in front of the model; the weights alone were not tested."
    ]


def test_an_artifact_without_a_date_counts_as_older_than_anything(tmp_path: Path) -> None:
    log = read(tmp_path, jailbreaks(2), evaluation_date=...)

    assert log.series[0].finished_at == datetime(1970, 1, 1, tzinfo=UTC)
    assert messages(log, "no-date") == [
        "The artifact does not say when the run was; it counts as older than anything."
    ]


def test_parameters_of_an_early_version_are_read_by_their_older_names(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        jailbreaks(2),
        model=...,
        model_name="llama-2",
        evaluation_date=...,
        run_date="2024-01-01T00:00:00-04:56",
    )

    assert log.binding.name == "llama-2"
    assert log.series[0].finished_at == datetime(2024, 1, 1, 4, 56, tzinfo=UTC)


def test_no_text_of_a_prompt_or_of_a_long_setting_gets_out(tmp_path: Path) -> None:
    hidden = "a text that must not get out"
    rows = jailbreaks(2, goal=hidden, behavior=hidden, prompt=hidden, response=hidden)

    log = read(tmp_path, rows, method_parameters={"template": hidden, "steps": 3, "list": [hidden]})

    assert hidden not in repr(log)
    assert 'steps=3 template="<28 characters>"' in log.series[0].elicitation


REFUSED: dict[str, tuple[bytes, str]] = {
    "that is cut short": (b'{"parameters": {}, "jailbreaks": [{"ind', "found broken JSON"),
    "that is not UTF-8": (b'{"parameters": "\xff"}', "found bytes that are not UTF-8"),
    "with one key twice": (b'{"jailbreaks": [], "jailbreaks": []}', "one key twice"),
    "that is a list": (b"[]", "found JSON of type list"),
    "without rows": (
        b'{"parameters": {}, "jailbreaks": []}',
        "found 0 rows and no label, expected rows with an index and a column jailbroken",
    ),
    "whose rows are no list": (b'{"parameters": {}, "jailbreaks": {}}', "found 0 rows"),
    "without labels": (
        json.dumps({"parameters": {}, "jailbreaks": [a_jailbreak(0, jailbroken=...)]}).encode(),
        "found 1 rows and no label",
    ),
    "with a row without an index": (
        json.dumps({"parameters": {}, "jailbreaks": [a_jailbreak(...)]}).encode(),
        "found a row without an index",
    ),
    "with a row whose index is true": (
        json.dumps({"parameters": {}, "jailbreaks": [a_jailbreak(index=True)]}).encode(),
        "found a row without an index",
    ),
    "with a row that is a text": (
        json.dumps({"parameters": {}, "jailbreaks": ["0"]}).encode(),
        "found a row without an index",
    ),
    "that plans more than any run": (
        json.dumps(
            {
                "parameters": {"number_of_submitted_prompts": 2**53 - 1},
                "jailbreaks": [a_jailbreak(0), a_jailbreak(0)],
            }
        ).encode(),
        "found 9007199254740992 planned attempts",
    ),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_an_artifact_is_refused(sentence: str, tmp_path: Path) -> None:
    content, expected = REFUSED[sentence]
    path = tmp_path / "model.json"
    path.write_bytes(content)

    with pytest.raises(EvidenceError) as caught:
        READER.read(path)

    assert expected in str(caught.value)
    assert str(caught.value).startswith("model.json")


def test_an_artifact_is_recognised_by_its_keys(tmp_path: Path) -> None:
    artifact = write_artifact(tmp_path / "any name", jailbreaks(0))
    other = {
        "folder": tmp_path,
        "absent": tmp_path / "absent.json",
        "json": tmp_path / "other.json",
        "text": tmp_path / "text.txt",
    }
    other["json"].write_text('{"parameters": {}}', encoding="utf-8")
    other["text"].write_text("parameters, jailbreaks", encoding="utf-8")

    assert READER.recognises(artifact)
    assert not [name for name, path in other.items() if READER.recognises(path)]


DISTURBED: Json = {
    "parameters": some_parameters(),
    "jailbreaks": [
        a_jailbreak(0, jailbroken=True, jailbroken_old=False),
        a_jailbreak(1, response=None),
    ],
}


@settings(max_examples=200, deadline=None)
@given(document=disturbed(DISTURBED))
def test_whatever_an_artifact_holds_it_gives_counts_that_fit_together_or_an_error_of_ours(
    document: Json, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("any") / "model.json"
    path.write_text(json.dumps(document), encoding="utf-8")

    try:
        log = READER.read(path)
    except EvidenceError:
        return

    assert log.series
    for series in log.series:
        assert len({(r.sample, r.attempt) for r in series.rows}) == len(series.rows)
        assert series.planned >= len(series.rows) == series.samples_kept > 0
    assert json.dumps(asdict(log), default=str, ensure_ascii=False).encode()
