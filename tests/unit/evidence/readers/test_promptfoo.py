# SPDX-License-Identifier: Apache-2.0
"""promptfoo exports: counted from their results, whatever the totals claim."""

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
from logs.promptfoo_logs import (
    Json,
    a_prompt,
    a_result,
    a_verdict,
    an_assertion,
    an_error,
    an_export,
    some_stats,
    write_export,
)
from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import BindingLevel
from tiergate.evidence.readers.base import ForeignLog, Row, Series
from tiergate.evidence.readers.promptfoo import PromptfooReader

READER = PromptfooReader()
HIDDEN = "a text that must not get out"


def read(folder: Path, *results: Json, **changes: object) -> ForeignLog:
    return READER.read(write_export(folder / "out.json", results, **changes))


def values(log: ForeignLog, scorer: str = "success") -> list[object]:
    [series] = [series for series in log.series if series.scorer == scorer]
    return [row.value for row in series.rows]


def messages(log: ForeignLog, code: str) -> list[str]:
    return [remark.message for remark in log.remarks if remark.code == code]


def codes(log: ForeignLog) -> set[str]:
    return {remark.code for remark in log.remarks}


def test_a_plain_export_is_read_into_a_series_for_each_scorer(tmp_path: Path) -> None:
    failed = a_result(1, a_verdict(holds=False), text="Say it")
    path = write_export(
        tmp_path / "out.json",
        [a_result(0, text="Name it"), failed],
        stats=some_stats(1, 1),
        prompts=[a_prompt(1, 1, 0)],
        providers=[{"id": "echo", "config": {"temperature": 0.5, "apiKey": HIDDEN}}],
    )

    log = READER.read(path)

    assert log.source.sha256 == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    assert (log.source.format, log.source.reader) == ("promptfoo-results/3", "promptfoo/1")
    assert (log.source.tool, log.source.file_name, log.files) == (
        "promptfoo 0.121.20",
        "out.json",
        (path,),
    )
    assert (log.binding.name, log.binding.level) == ("echo", BindingLevel.NAME)
    assert codes(log) == set()
    names = [
        hashlib.sha256(f'"{text}"'.encode()).hexdigest()[:16] for text in ("Name it", "Say it")
    ]
    assert log.series[0] == Series(
        task="colours",
        task_version="",
        dataset="",
        scorer="success",
        rows=(
            Row(sample=names[0], attempt=1, value=True),
            Row(sample=names[1], attempt=1, value=False),
        ),
        planned=2,
        superseded=0,
        elicitation="prompt template of 9 characters",
        generation="temperature=0.5",
        finished_at=datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC),
        samples_kept=2,
    )
    assert [(s.scorer, values(log, s.scorer)) for s in log.series[1:]] == [
        ("score", [Decimal(1), Decimal(0)]),
        ("contains", [True, False]),
    ]


def test_every_prompt_is_a_task(tmp_path: Path) -> None:
    results = [a_result(0), a_result(0, a_verdict(holds=False), prompt=1), a_result(1)]

    log = read(tmp_path, *results, prompts=[a_prompt(2, 0, 0), a_prompt(0, 1, 0)])

    assert {s.task: [r.value for r in s.rows] for s in log.series if s.scorer == "success"} == {
        "colours / prompt 1": [True, True],
        "colours / prompt 2": [False],
    }
    assert codes(log) == set()


def test_prompts_that_only_results_tell_of_are_kept_apart(tmp_path: Path) -> None:
    log = read(tmp_path, a_result(0), a_result(0, prompt=1), prompts=..., description=...)

    assert {s.task for s in log.series} == {"promptfoo / prompt 1", "promptfoo / prompt 2"}


def test_a_prompt_without_results_is_remarked(tmp_path: Path) -> None:
    log = read(tmp_path, a_result(0), prompts=[a_prompt(), a_prompt(5, 0, 0)])

    assert messages(log, "samples-missing") == [
        "1 of 2 prompts have no result; nothing of them counts."
    ]


def test_the_same_prompt_sent_again_is_a_further_attempt(tmp_path: Path) -> None:
    again = a_result(1, a_verdict(holds=False), text="Name it")

    log = read(tmp_path, again, a_result(0, text="Name it"), a_result(2))

    [rows] = [s.rows for s in log.series if s.scorer == "success"]
    assert [(r.attempt, r.value) for r in rows] == [(1, True), (2, False), (1, True)]
    assert len({r.sample for r in rows}) == 2


def test_prompts_that_were_stripped_are_one_behaviour(tmp_path: Path) -> None:
    log = read(tmp_path, *(a_result(n, text="[prompt stripped]") for n in range(3)))

    assert len({row.behaviour for row in log.series[0].rows}) == 1


def test_a_result_without_its_prompt_is_known_by_its_variables(tmp_path: Path) -> None:
    log = read(tmp_path, *(a_result(n, prompt=0) | {"prompt": {}} for n in range(2)))

    assert len({row.sample for row in log.series[0].rows}) == 2


def test_one_text_under_several_strategies_is_one_behaviour(tmp_path: Path) -> None:
    made = {"metadata": {"strategyId": "base64", "originalText": "plain"}}
    results = [a_result(0, text="plain"), a_result(1, text="cGxhaW4=", case=made), a_result(2)]

    log = read(tmp_path, *results)

    rows = log.series[0].rows
    assert rows[0].cluster == rows[1].cluster != ""
    assert rows[2].cluster == ""
    assert len({row.sample for row in rows}) == 3
    assert "attack strategies base64" in log.series[0].elicitation


def test_assertions_are_named_by_metric_or_type_and_numbered_within_a_test(tmp_path: Path) -> None:
    verdicts = [
        a_verdict(),
        a_verdict(holds=False),
        a_verdict(an_assertion("equals", metric="Exact")),
        a_verdict({}, holds=False),
    ]

    log = read(tmp_path, a_result(0, *verdicts), a_result(1))

    assert {s.scorer: values(log, s.scorer) for s in log.series if s.scorer not in OVERALL} == {
        "Exact": [True],
        "assertion": [False],
        "contains": [True, True],
        "contains 2": [False],
    }


OVERALL = ("success", "score")


def test_a_set_of_assertions_is_a_series_before_those_in_it(tmp_path: Path) -> None:
    inner = [a_verdict(), a_verdict(an_assertion("equals"), holds=False)]
    whole = a_verdict(holds=False, assertion=..., componentResults=inner)
    both = {"type": "assert-set", "assert": [an_assertion(), an_assertion("equals")]}
    case: Json = {"assert": [both]}

    log = read(tmp_path, a_result(0, whole, *inner, case=case), an_error(1, case=case))

    assert {s.scorer: values(log, s.scorer) for s in log.series if s.scorer not in OVERALL} == {
        "assert-set": [False, None],
        "contains": [True, None],
        "equals": [False, None],
    }


def test_an_error_has_no_value_under_any_scorer(tmp_path: Path) -> None:
    log = read(tmp_path, a_result(0), an_error(1))

    for series in log.series:
        assert [(r.value is None, r.errored) for r in series.rows] == [(False, False), (True, True)]
        assert series.planned == 2


def test_an_error_that_does_not_say_its_reason_is_one_all_the_same(tmp_path: Path) -> None:
    log = read(tmp_path, a_result(0), an_error(1, failureReason=...))

    assert [row.errored for row in log.series[0].rows] == [False, True]


def test_an_error_with_a_success_on_top_is_still_an_error(tmp_path: Path) -> None:
    log = read(tmp_path, an_error(0, success=True), a_result(1))

    assert values(log) == [None, True]


def test_a_result_without_assertions_is_unscored_and_remarked(tmp_path: Path) -> None:
    graded: Json = {"pass": True, "score": 1, "reason": "No assertions"}
    bare = a_result(0, gradingResult=graded, case={"assert": []})

    log = read(tmp_path, bare, a_result(1))

    assert (values(log), values(log, "score")) == ([None, True], [None, 1])
    assert messages(log, "no-assertions") == [
        "1 of 2 results have no assertion; that an answer came is no score, so they have no value."
    ]


def test_verdicts_that_were_stripped_leave_the_success_of_the_whole(tmp_path: Path) -> None:
    log = read(tmp_path, a_result(0, gradingResult=None), a_result(1))

    assert (values(log), values(log, "contains")) == ([True, True], [None, True])


GRADER_ERROR: Json = {"graderError": True}
GRADERS: dict[str, tuple[list[Json], list[object]]] = {
    "alone": ([a_verdict(holds=False, metadata=GRADER_ERROR)], [None, None, None]),
    "beside one that held": (
        [a_verdict(holds=False, metadata=GRADER_ERROR), a_verdict(an_assertion("equals"))],
        [None, None, None],
    ),
    "beside one that did not hold": (
        [
            a_verdict(holds=False, metadata=GRADER_ERROR),
            a_verdict(an_assertion("equals"), holds=False),
        ],
        [False, None, None],
    ),
}


@pytest.mark.parametrize("sentence", GRADERS)
def test_a_grader_that_failed_gives_no_verdict(sentence: str, tmp_path: Path) -> None:
    verdicts, expected = GRADERS[sentence]

    log = read(tmp_path, a_result(0, *verdicts))

    found = [values(log, scorer) for scorer in (*OVERALL, "contains")]
    assert [[value] for value in expected] == found
    assert messages(log, "grader-failed") == [
        "1 of 1 results have an assertion whose grader gave no verdict; it has no value there."
    ]


def test_a_verdict_by_hand_is_a_series_and_is_remarked(tmp_path: Path) -> None:
    by_hand = a_verdict({"type": "human"}, holds=False)

    log = read(tmp_path, a_result(0, a_verdict(), by_hand), a_result(1))

    assert values(log, "human") == [False]
    assert messages(log, "edited-scores") == [
        "1 of 2 results have a verdict that a person gave after the run."
    ]


def test_an_answer_from_a_cache_and_one_that_was_cut_are_told(tmp_path: Path) -> None:
    cached = a_result(0, response={"cached": True})
    cut = a_result(1, response={"finishReason": "length"})

    log = read(tmp_path, cached, cut)

    assert [row.limited for row in log.series[0].rows] == [False, True]
    assert messages(log, "cached-responses") == [
        "1 of 2 results have a response from a cache of an earlier run."
    ]


RUBRIC = an_assertion("llm-rubric")
MODELS: dict[str, tuple[Json, Json, tuple[str, ...], bool]] = {
    "at the assertion": (RUBRIC | {"provider": "openai:gpt-x"}, {}, ("openai:gpt-x",), False),
    "at the assertion in an object": (
        RUBRIC | {"provider": {"id": "openai:gpt-x", "label": "strict"}},
        {},
        ("strict (openai:gpt-x)",),
        False,
    ),
    "at the test": (RUBRIC, {"options": {"provider": "openai:gpt-y"}}, ("openai:gpt-y",), False),
    "at both": (
        RUBRIC | {"provider": "openai:gpt-x"},
        {"options": {"provider": "openai:gpt-y"}},
        ("openai:gpt-x",),
        False,
    ),
    "by kind": (RUBRIC, {"options": {"provider": {"text": "a:b"}}}, ("a:b",), False),
    "nowhere": (RUBRIC, {}, (), True),
    "nowhere, for a negated assertion": (an_assertion("not-llm-rubric"), {}, (), True),
    "nowhere, for an attack": (an_assertion("promptfoo:redteam:politics"), {}, (), True),
    "where no model grades": (an_assertion(provider="openai:gpt-x"), {}, (), False),
}


@pytest.mark.parametrize("sentence", MODELS)
def test_the_model_that_grades_is_named(sentence: str, tmp_path: Path) -> None:
    assertion, case, expected, unnamed = MODELS[sentence]

    log = read(tmp_path, a_result(0, a_verdict(assertion), case=case))

    assert {expected} == {series.graders for series in log.series}
    assert bool(messages(log, "grader-not-named")) is unnamed


def test_the_model_that_would_have_graded_an_error_is_named(tmp_path: Path) -> None:
    case: Json = {"assert": [RUBRIC | {"provider": "openai:gpt-x"}]}

    log = read(tmp_path, an_error(0, case=case), a_result(1))

    assert {s.scorer: s.graders for s in log.series}["llm-rubric"] == ("openai:gpt-x",)


def test_assertions_whose_model_is_not_named_are_listed(tmp_path: Path) -> None:
    log = read(tmp_path, a_result(0, a_verdict(RUBRIC)))

    assert messages(log, "grader-not-named") == [
        (
            "The file does not name the model that grades llm-rubric; "
            "it is the tool's default of the day."
        )
    ]


def test_only_the_series_of_a_model_s_verdicts_name_it(tmp_path: Path) -> None:
    graded = a_verdict(RUBRIC | {"provider": "openai:gpt-x"})

    log = read(tmp_path, a_result(0, a_verdict(), graded))

    assert {s.scorer: s.graders for s in log.series} == {
        "success": ("openai:gpt-x",),
        "score": ("openai:gpt-x",),
        "contains": (),
        "llm-rubric": ("openai:gpt-x",),
    }


TOTALS: dict[str, tuple[Json, list[str]]] = {
    "are those of the results": (
        {"stats": some_stats(1, 1, 1), "prompts": [a_prompt(1, 1, 1)]},
        [],
    ),
    "are not stated": ({"stats": ..., "prompts": ...}, []),
    "count an error as a success": (
        {"stats": some_stats(2, 1, 0)},
        [
            (
                "The totals state 2 successes, 1 failures and 0 errors; "
                "3 results give 1 successes, 1 failures and 1 errors."
            )
        ],
    ),
    "state successes alone": (
        {"stats": {"successes": 3}},
        [
            (
                "The totals state 3 successes, 0 failures and 0 errors; "
                "3 results give 1 successes, 1 failures and 1 errors."
            )
        ],
    ),
    "are wrong for a prompt": (
        {"prompts": [a_prompt(3, 0, 0)]},
        [
            (
                "The totals for prompt 1 state 3 successes, 0 failures and 0 errors; "
                "3 results give 1 successes, 1 failures and 1 errors."
            )
        ],
    ),
}


@pytest.mark.parametrize("sentence", TOTALS)
def test_the_totals_are_counted_again_when_they(sentence: str, tmp_path: Path) -> None:
    changes, expected = TOTALS[sentence]

    log = read(tmp_path, a_result(0), a_result(1, a_verdict(holds=False)), an_error(2), **changes)

    assert expected == messages(log, "header-disagrees")


def a_test(**fields: object) -> Json:
    return {"vars": {"n": "x"}, **fields}


PLANNED: dict[str, tuple[Json, int]] = {
    "nothing but its results": ({}, 1),
    "more in its totals": ({"stats": some_stats(3, 1, 1)}, 5),
    "more for its prompt": ({"prompts": [a_prompt(1, 2, 3)]}, 6),
    "more tests in its configuration": ({"tests": [a_test(), a_test(), a_test()]}, 3),
    "tests that are repeated": ({"tests": [a_test()], "runtimeOptions": {"repeat": 4}}, 4),
    "tests that its options repeat": ({"tests": [a_test()], "evaluateOptions": {"repeat": 4}}, 4),
    "tests with several values": ({"tests": [{"vars": {"a": ["x", "y"], "b": ["z"] * 3}}]}, 6),
    "tests whose lists are values": (
        {"tests": [a_test(vars={"a": ["x", "y"]}, options={"disableVarExpansion": True})]},
        1,
    ),
    "tests whose lists are values by default": (
        {
            "tests": [a_test(vars={"a": ["x", "y"]})],
            "defaultTest": {"options": {"disableVarExpansion": True}},
        },
        1,
    ),
    "tests of other prompts": ({"tests": [a_test(prompts=["other"]), a_test(), a_test()]}, 2),
    "tests of other providers": ({"tests": [a_test(providers=["other"])]}, 1),
    "tests in another file": ({"tests": ["file://more.yaml", a_test(), a_test()]}, 2),
}


@pytest.mark.parametrize("sentence", PLANNED)
def test_what_was_planned_when_an_export_announces(sentence: str, tmp_path: Path) -> None:
    changes, expected = PLANNED[sentence]

    log = read(tmp_path, a_result(0), **changes)

    assert {expected} == {series.planned for series in log.series}
    assert bool(messages(log, "fewer-samples-than-claimed")) is (expected > 1)


def test_what_is_missing_is_remarked_with_both_numbers(tmp_path: Path) -> None:
    log = read(tmp_path, a_result(0), stats=some_stats(5))

    assert messages(log, "fewer-samples-than-claimed") == [
        (
            "The file announces 5 tests of prompt 1 and has 1. "
            "Those that are missing count as not attempted."
        )
    ]


def test_what_is_missing_is_missing_under_every_assertion(tmp_path: Path) -> None:
    other = a_result(1, a_verdict(an_assertion("equals")))

    log = read(tmp_path, a_result(0), other, stats=some_stats(5))

    assert {s.scorer: s.planned for s in log.series} == {
        "success": 5,
        "score": 5,
        "contains": 4,
        "equals": 4,
    }


DATES: dict[str, tuple[Json, datetime]] = {
    "its beginning": ({}, datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)),
    "its beginning in the metadata": (
        {"timestamp": ..., "evaluationCreatedAt": "2026-02-01T00:00:00Z"},
        datetime(2026, 2, 1, tzinfo=UTC),
    ),
    "nothing but its export": ({"timestamp": ...}, datetime(1970, 1, 1, tzinfo=UTC)),
    "a time that is none": ({"timestamp": "yesterday"}, datetime(1970, 1, 1, tzinfo=UTC)),
}


@pytest.mark.parametrize("sentence", DATES)
def test_the_time_of_an_evaluation_that_states(sentence: str, tmp_path: Path) -> None:
    changes, expected = DATES[sentence]

    log = read(tmp_path, a_result(0), **changes)

    assert expected == log.series[0].finished_at
    assert bool(messages(log, "no-date")) is (expected.year == 1970)


PROVIDERS: dict[str, tuple[object, str]] = {
    "a text": ("openai:chat:gpt-x", "openai:chat:gpt-x"),
    "an id": ({"id": "openai:chat:gpt-x"}, "openai:chat:gpt-x"),
    "an id with a label": ({"id": "echo", "label": "mine"}, "mine (echo)"),
    "an id with a slash": ("huggingface:chat:org/model", "huggingface:chat:org/model"),
    "a file": ({"id": "file:///home/me/mine.py"}, "file:mine.py"),
    "a script": ("python:./models/mine.py", "python:mine.py"),
    "a path": ("/home/me/mine.sh", "mine.sh"),
    "an address with a key": (
        {"id": "https://me:pass@api.example.org/v1?key=1"},
        "https://api.example.org",
    ),
    "an address that is none": ("https://[", "https"),
    "nothing": (None, ""),
}


@pytest.mark.parametrize("sentence", PROVIDERS)
def test_the_binding_is_the_name_of_a_provider_that_is(sentence: str, tmp_path: Path) -> None:
    provider, expected = PROVIDERS[sentence]

    log = read(tmp_path, a_result(0, provider=provider))

    assert (expected, BindingLevel.NAME) == (log.binding.name, log.binding.level)


def test_sampling_parameters_are_those_of_the_provider_that_answered(tmp_path: Path) -> None:
    providers = [{"id": "other", "config": {"seed": 1}}, {"id": "echo", "config": {"seed": 2}}]

    log = read(tmp_path, a_result(0), providers=providers)

    assert log.series[0].generation == "seed=2"


def test_no_text_of_a_prompt_or_a_response_and_no_key_gets_out(tmp_path: Path) -> None:
    hidden = a_result(
        0,
        a_verdict(an_assertion(value=HIDDEN), reason=HIDDEN),
        text=HIDDEN,
        response={"output": HIDDEN},
        case={"metadata": {"originalText": HIDDEN, "strategyId": "base64"}},
    )
    provider = {"id": "echo", "config": {"apiKey": HIDDEN, "systemPrompt": HIDDEN}}

    log = read(tmp_path, hidden, an_error(1, error=HIDDEN), providers=[provider])

    assert HIDDEN not in repr(log)


REFUSED: dict[str, tuple[bytes, str]] = {
    "that is cut short": (b'{"evalId": "x", "results"', "found broken JSON"),
    "that is not UTF-8": (b'{"evalId": "\xff"}', "found bytes that are not UTF-8"),
    "that is a list": (b"[]", "found JSON of type list"),
    "of version 2": (
        json.dumps(an_export([a_result(0)], version=2)).encode(),
        "found promptfoo results of version 2, expected version 3",
    ),
    "of version 4": (json.dumps(an_export([a_result(0)], version=4)).encode(), "of version 4"),
    "without a version": (
        json.dumps(an_export([a_result(0)], version=...)).encode(),
        "of version None",
    ),
    "without results": (json.dumps(an_export([])).encode(), "found no results"),
    "whose results are an object": (json.dumps(an_export({})).encode(), "found no results"),
    "with a result that is a text": (
        json.dumps(an_export(["x"])).encode(),
        "found a result without promptIdx or testIdx",
    ),
    "with a result without its test": (
        json.dumps(an_export([a_result(...)])).encode(),
        "found a result without promptIdx or testIdx",
    ),
    "of two providers": (
        json.dumps(
            an_export([a_result(0), a_result(1, provider={"id": "echo", "label": "b"})])
        ).encode(),
        (
            "found results of 2 providers (b (echo), echo), expected results of one, "
            "since evidence is about one model. Run `promptfoo eval --filter-providers NAME"
        ),
    ),
    "that plans more than any run": (
        json.dumps(
            an_export(
                [a_result(0)],
                runtimeOptions={"repeat": 2**53 - 1},
                tests=[{"vars": {"a": ["x", "y"]}}],
            )
        ).encode(),
        "planned attempts, expected a number that a run can have",
    ),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_an_export_is_refused(sentence: str, tmp_path: Path) -> None:
    content, expected = REFUSED[sentence]
    path = tmp_path / "out.json"
    path.write_bytes(content)

    with pytest.raises(EvidenceError) as caught:
        READER.read(path)

    assert expected in str(caught.value)
    assert str(caught.value).startswith("out.json")


def test_an_export_is_recognised_by_its_keys_whatever_its_version(tmp_path: Path) -> None:
    recognised = [
        write_export(tmp_path / "new", [a_result(0)]),
        write_export(tmp_path / "old.json", [a_result(0)], version=2),
    ]
    other = {
        "folder": tmp_path,
        "absent": tmp_path / "absent.json",
        "configuration": tmp_path / "config.json",
        "rows": tmp_path / "out.jsonl",
    }
    other["configuration"].write_text('{"prompts": [], "tests": []}', encoding="utf-8")
    row = json.dumps(a_result(0))
    other["rows"].write_text(f"{row}\n{row}\n", encoding="utf-8")

    assert [path for path in recognised if READER.recognises(path)] == recognised
    assert not [name for name, path in other.items() if READER.recognises(path)]


DISTURBED = an_export(
    [a_result(0, a_verdict(RUBRIC), a_verdict()), an_error(1), a_result(0, prompt=1)],
    stats=some_stats(2, 0, 1),
    prompts=[a_prompt(1, 0, 1), a_prompt(1, 0, 0)],
    tests=[a_test(), a_test(options={})],
    providers=[{"id": "echo", "config": {"temperature": 0.5}}],
)


@settings(max_examples=200, deadline=None)
@given(document=disturbed(DISTURBED))
def test_whatever_an_export_holds_it_gives_counts_that_fit_together_or_an_error_of_ours(
    document: Json, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("any") / "out.json"
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
