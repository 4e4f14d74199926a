# SPDX-License-Identifier: Apache-2.0
"""garak reports: counted from the attempts that were scored, whatever their eval entries say."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from logs.garak_logs import (
    SENT,
    Json,
    a_completion,
    a_prompt,
    a_run,
    a_setup,
    an_attempt,
    an_eval,
    an_init,
    sent_then_scored,
    write_report,
)
from tiergate.evidence.readers.base import ForeignLog, Row, Series
from tiergate.evidence.readers.garak import GarakReader

READER = GarakReader()
NAN = float("nan")


def read(folder: Path, *entries: Json, setup: Json | None = None) -> ForeignLog:
    return READER.read(write_report(folder / "a.report.jsonl", a_run(*entries, setup=setup)))


def values(series: Series) -> list[object]:
    return [row.value for row in series.rows]


def messages(log: ForeignLog, code: str) -> list[str]:
    return [remark.message for remark in log.remarks if remark.code == code]


def codes(log: ForeignLog) -> list[str]:
    return [remark.code for remark in log.remarks]


def sample_of(text: str) -> str:
    return hashlib.sha256(json.dumps([["user", text, ""]]).encode()).hexdigest()[:16]


def test_a_plain_report_is_read_into_a_series_per_probe_and_detector(tmp_path: Path) -> None:
    scores = {"always.Pass": [0.0, 0.0], "always.Random": [0.25, 0.75]}
    attempts = [an_attempt(0, scores), an_attempt(1, scores)]
    evals = [an_eval(4, 0), an_eval(2, 2, detector="always.Random")]
    path = write_report(tmp_path / "a.report.jsonl", a_run(*sent_then_scored(*attempts), *evals))

    log = READER.read(path)

    samples = [sample_of(f"harmless prompt {number}") for number in (0, 1)]
    assert log.source.sha256 == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    assert (log.source.format, log.source.reader) == ("garak-report/0.14", "garak/1")
    assert (log.source.tool, log.source.file_name) == ("garak 0.17.1", "a.report.jsonl")
    assert log.files == (path,)
    assert codes(log) == []
    assert [series.scorer for series in log.series] == ["always.Pass", "always.Random"]
    assert log.series[1] == Series(
        task="test.Test",
        task_version="0.17.1",
        dataset="",
        scorer="always.Random",
        rows=tuple(
            Row(sample=sample, attempt=attempt, value=Decimal(value))
            for sample in sorted(samples)
            for attempt, value in ((1, "0.25"), (2, "0.75"))
        ),
        planned=4,
        superseded=0,
        elicitation="2 generations for each prompt",
        generation="generations=2",
        finished_at=datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC),
        samples_kept=4,
    )


def test_the_reader_is_called_as_the_tool_is() -> None:
    assert READER.name == "garak"


def test_the_parts_that_were_read_are_named(tmp_path: Path) -> None:
    log = read(tmp_path, an_attempt(0))

    assert "every attempt's scores" in log.source.read
    assert {"prompts", "responses"} <= set(log.source.left_out)


def test_a_report_from_before_the_target_was_called_so_is_read_too(tmp_path: Path) -> None:
    setup = a_setup(
        config__version="0.10.3",
        plugins__target_type=...,
        plugins__target_name=...,
        plugins__model_type="huggingface",
        plugins__model_name="org/model",
    )
    attempt = an_attempt(0, prompt="a prompt that is a text", outputs=["yes", "no"], intent=...)

    log = read(
        tmp_path, attempt, an_eval(2, 0, fails=..., total_evaluated=..., total=2), setup=setup
    )

    assert (log.source.format, log.source.tool) == ("garak-report/0.9", "garak 0.10.3")
    assert (log.binding.name, log.binding.revision) == ("huggingface org/model", "")
    assert values(log.series[0]) == [0, 0]
    assert codes(log) == []


TARGETS: dict[str, tuple[str | None, str]] = {
    "no name at all": (None, "test.Repeat"),
    "a repository": ("org/model", "test.Repeat org/model"),
    "a folder": ("/home/somebody/secret/model-7b/", "test.Repeat model-7b"),
    "a folder with a space": ("/home/somebody/my model", "test.Repeat my model"),
    "a folder from here": ("./models/model-7b", "test.Repeat model-7b"),
    "a folder of another system": ("C:\\Users\\somebody\\model-7b", "test.Repeat model-7b"),
    "an address with a password": (
        "https://somebody:secret@host.example/v1?key=secret",
        "test.Repeat https://host.example/v1",
    ),
    "something like an address": ("http://[", "test.Repeat http"),
}


@pytest.mark.parametrize("sentence", TARGETS)
def test_the_binding_is_a_name_without_places_or_secrets_for(sentence: str, tmp_path: Path) -> None:
    name, expected = TARGETS[sentence]

    log = read(tmp_path, an_attempt(0), setup=a_setup(plugins__target_name=name))

    assert (log.binding.level.value, log.binding.name) == ("name", expected)


NO_VALUE: dict[str, tuple[Json, bool, list[str]]] = {
    "null": (an_attempt(0, {"d.D": [None]}), False, []),
    "not a number": (an_attempt(0, {"d.D": [NAN]}), False, []),
    "a negative score": (an_attempt(0, {"d.D": [-1]}), False, ["scores-out-of-range"]),
    "a score above one": (an_attempt(0, {"d.D": [1.5]}), False, ["scores-out-of-range"]),
    "a truth value in words": (an_attempt(0, {"d.D": ["True"]}), False, ["scores-out-of-range"]),
    "a number in words": (an_attempt(0, {"d.D": ["0.0"]}), False, ["scores-out-of-range"]),
    "a list": (an_attempt(0, {"d.D": [[0.0]]}), False, ["scores-out-of-range"]),
    "a safe score and no response": (
        an_attempt(0, {"d.D": [0.0]}, outputs=[None]),
        True,
        ["scores-without-response"],
    ),
    "no score and no response": (an_attempt(0, {"d.D": [None]}, outputs=[None]), True, []),
    "a response beyond its scores": (
        an_attempt(0, {"d.D": []}, outputs=[{"text": "yes"}]),
        False,
        [],
    ),
}


@pytest.mark.parametrize("sentence", NO_VALUE)
def test_a_generation_has_no_value_with(sentence: str, tmp_path: Path) -> None:
    attempt, errored, expected = NO_VALUE[sentence]
    other = an_attempt(1, {"d.D": [0.5]})

    log = read(tmp_path, attempt, other, setup=a_setup(run__generations=1))

    [series] = log.series
    assert {(None, errored), (Decimal("0.5"), False)} == {(r.value, r.errored) for r in series.rows}
    assert codes(log) == expected
    assert series.planned == 2


def test_a_truth_value_is_a_score_of_one_or_nought_as_for_the_tool(tmp_path: Path) -> None:
    log = read(tmp_path, an_attempt(0, {"always.Pass": [True, False]}), an_eval(1, 1))

    assert values(log.series[0]) == [1, 0]
    assert codes(log) == []


def test_more_scores_than_responses_count_every_score(tmp_path: Path) -> None:
    attempt = an_attempt(0, {"d.D": [0.0, 1.0, 0.5]}, outputs=[{"text": "last turn"}, None])

    log = read(tmp_path, attempt)

    assert [Decimal(0), Decimal(1), Decimal("0.5")] == values(log.series[0])
    assert log.series[0].planned == 3


def test_more_scores_than_responses_have_no_value_when_there_is_no_response_at_all(
    tmp_path: Path,
) -> None:
    log = read(tmp_path, an_attempt(0, {"d.D": [0.0, 0.0]}, outputs=[]))

    assert values(log.series[0]) == [None, None]
    assert codes(log) == ["fewer-samples-than-claimed", "scores-without-response"]


def test_attempts_that_were_only_ever_sent_are_planned_and_have_no_value(tmp_path: Path) -> None:
    sent = an_attempt(1, status=SENT, detector_results={})

    log = read(tmp_path, an_attempt(0), sent)

    assert sorted(values(log.series[0]), key=str) == [0, 0, None, None]
    assert (log.series[0].planned, log.series[0].samples_kept) == (4, 4)
    assert messages(log, "unfinished-attempts") == [
        "1 of 2 attempts of test.Test were never scored; they have no value."
    ]


def test_scores_of_an_attempt_that_is_not_done_are_no_scores(tmp_path: Path) -> None:
    early = an_attempt(1, {"always.Pass": [0.0, 0.0]}, status=SENT)

    log = read(tmp_path, an_attempt(0), early)

    assert sorted(values(log.series[0]), key=str) == [0, 0, None, None]


def test_an_attempt_that_comes_late_at_status_one_stays_scored(tmp_path: Path) -> None:
    attempt = an_attempt(0)

    log = read(tmp_path, attempt, {**attempt, "status": SENT, "detector_results": {}})

    assert values(log.series[0]) == [0, 0]
    assert codes(log) == []


def test_fewer_generations_than_the_run_asks_for_leave_the_plan_as_it_was(tmp_path: Path) -> None:
    attempts = [an_attempt(n, {"always.Pass": [0.0]}) for n in range(8)]

    log = read(tmp_path, *attempts, an_eval(8, 0), setup=a_setup(run__generations=5))

    assert (log.series[0].planned, len(log.series[0].rows)) == (40, 8)
    assert messages(log, "fewer-samples-than-claimed") == [
        (
            "The run asks for 40 generations of test.Test, over 8 attempts; the report has 8. "
            "Those that are missing count as not attempted."
        )
    ]


def test_generations_beyond_the_plan_are_planned_and_do_not_stand_for_missing_ones(
    tmp_path: Path,
) -> None:
    more, fewer = an_attempt(0, {"d.D": [0.0] * 3}), an_attempt(1, {"d.D": [0.0]})

    log = read(tmp_path, more, fewer)

    assert log.series[0].planned == 5
    assert codes(log) == ["fewer-samples-than-claimed", "more-samples-than-planned"]


def test_an_eval_entry_that_claims_more_than_there_is_raises_the_plan(tmp_path: Path) -> None:
    log = read(tmp_path, an_attempt(0), an_eval(5000, 0))

    assert log.series[0].planned == 5000
    assert messages(log, "header-disagrees") == [
        (
            "The report states 5000 passed, 0 failed and 0 without a score for always.Pass on "
            "test.Test; its attempts give 2 passed, 0 failed and 0 without a score "
            "(threshold 0.5, the default, since the report states none)."
        )
    ]


CLAIMS: dict[str, tuple[Json, list[str]]] = {
    "the same counts": (an_eval(1, 1, 1), []),
    "a hit more": (an_eval(0, 2, 1), ["header-disagrees"]),
    "an unscored one that passed": (an_eval(2, 1, 0), ["header-disagrees"]),
    "a detector that left nothing": (
        an_eval(1, 1, 1, detector="other.D"),
        ["samples-missing"],
    ),
    "a probe that was not run": (an_eval(1, 1, 1, probe="other.P"), ["samples-missing"]),
    "the older name of the detector": (an_eval(1, 1, 1, detector="detector.always.Pass"), []),
}


@pytest.mark.parametrize("sentence", CLAIMS)
def test_the_counts_of_the_tool_are_compared_and_never_used_with(
    sentence: str, tmp_path: Path
) -> None:
    claim, expected = CLAIMS[sentence]
    setup = a_setup(run__generations=3)

    log = read(tmp_path, an_attempt(0, {"always.Pass": [0.49, 0.5, None]}), claim, setup=setup)

    assert values(log.series[0]) == [Decimal("0.49"), Decimal("0.5"), None]
    assert codes(log) == expected


def test_a_threshold_that_the_report_states_is_the_one_that_is_recounted_with(
    tmp_path: Path,
) -> None:
    attempt = an_attempt(0, {"always.Pass": [0.6, 0.9]})
    setup = a_setup(run__eval_threshold=0.8)

    agreeing = read(tmp_path, attempt, an_eval(1, 1), setup=setup)
    differing = read(tmp_path, attempt, an_eval(0, 2), setup=setup)

    assert codes(agreeing) == []
    assert messages(differing, "header-disagrees")[0].endswith("(threshold 0.8).")


def test_what_the_tool_makes_of_missing_responses_is_compared_and_not_taken(
    tmp_path: Path,
) -> None:
    log = read(tmp_path, an_attempt(0, outputs=[None, None]), an_eval(2, 0))

    assert values(log.series[0]) == [None, None]
    assert codes(log) == ["scores-without-response"]


def test_the_same_prompt_under_another_uuid_is_a_further_attempt(tmp_path: Path) -> None:
    again = an_attempt(0, {"always.Pass": [1.0, 1.0]}, uuid="another")

    log = read(tmp_path, an_attempt(0), again, an_attempt(1))

    assert [
        (sample_of("harmless prompt 0"), 1, 0),
        (sample_of("harmless prompt 0"), 2, 0),
        (sample_of("harmless prompt 0"), 3, 1),
        (sample_of("harmless prompt 0"), 4, 1),
    ] == [
        (row.sample, row.attempt, row.value)
        for row in log.series[0].rows
        if row.sample == sample_of("harmless prompt 0")
    ]
    assert log.series[0].planned == 6
    assert messages(log, "repeated-attempts") == [
        (
            "1 of 3 attempts of test.Test have the prompt of an earlier one; they count as "
            "further attempts on it."
        )
    ]


def test_an_attempt_that_stands_twice_with_one_result_counts_once(tmp_path: Path) -> None:
    log = read(tmp_path, an_attempt(0), an_attempt(0))

    assert (values(log.series[0]), log.series[0].superseded) == ([0, 0], 1)
    assert messages(log, "superseded") == [
        (
            "1 attempts of test.Test stand in the report more than once, with the same result; "
            "each counts once."
        )
    ]


def test_an_attempt_that_keeps_no_prompt_is_a_sample_of_its_own(tmp_path: Path) -> None:
    log = read(tmp_path, an_attempt(0, prompt=None), an_attempt(1, prompt=None))

    assert len({row.sample for row in log.series[0].rows}) == 2
    assert codes(log) == []


DIFFERENT: dict[str, tuple[object, object]] = {
    "texts": (a_prompt("one"), a_prompt("two")),
    "roles": (a_prompt("one"), {"turns": [{"role": "system", "content": {"text": "one"}}]}),
    "pictures": (
        {"turns": [{"role": "user", "content": {"text": "look", "data_checksum": "a"}}]},
        {"turns": [{"role": "user", "content": {"text": "look", "data_checksum": "b"}}]},
    ),
    "numbers of turns": (a_prompt("one"), {"turns": 2 * [{"role": "user", "content": "one"}]}),
    "messages of an older version": ({"text": "one"}, {"text": "two"}),
}


@pytest.mark.parametrize("sentence", DIFFERENT)
def test_prompts_are_told_apart_by_their(sentence: str, tmp_path: Path) -> None:
    one, other = DIFFERENT[sentence]

    log = read(tmp_path, an_attempt(0, prompt=one), an_attempt(1, prompt=other))

    assert len({row.behaviour for row in log.series[0].rows}) == 2
    assert codes(log) == []


def test_a_changed_prompt_is_the_behaviour_of_the_prompt_that_it_comes_from(
    tmp_path: Path,
) -> None:
    changed = an_attempt(
        10, seq=0, notes={"buff_creator": "Lowercase"}, prompt=a_prompt("harmless prompt 0")
    )

    log = read(tmp_path, an_attempt(0), an_attempt(1), changed)

    [series] = log.series
    assert {"prompt 0": 4, "prompt 1": 2} == {
        name: sum(row.behaviour == name for row in series.rows) for name in ("prompt 0", "prompt 1")
    }
    assert series.elicitation == "2 generations for each prompt; prompts changed by Lowercase"
    assert codes(log) == []


def test_a_detector_is_due_for_the_behaviours_that_it_scored_and_for_the_unknown_ones(
    tmp_path: Path,
) -> None:
    attempts = [
        an_attempt(0, {"one.D": [0.0, 0.0]}, intent="A"),
        an_attempt(1, {"two.D": [0.0, 0.0]}, intent="B"),
        an_attempt(2, {}, intent="A"),
        an_attempt(3, status=SENT, detector_results={}, intent="C"),
    ]

    log = read(tmp_path, *attempts)

    assert {"one.D": (6, 4), "two.D": (4, 2)} == {
        s.scorer: (s.planned, values(s).count(None)) for s in log.series
    }


def test_a_probe_without_any_score_is_said_and_makes_no_series(tmp_path: Path) -> None:
    silent = an_attempt(1, {}, probe_classname="other.Probe")

    log = read(tmp_path, an_attempt(0), silent)

    assert [series.task for series in log.series] == ["test.Test"]
    assert messages(log, "samples-missing") == [
        "No detector left a score for other.Probe; nothing of it counts."
    ]


@pytest.mark.parametrize(
    "announced", [["probes.test.Test", "probes.test.Blank"], "test.Test,test.Blank"]
)
def test_a_probe_that_was_announced_and_never_tried_is_said(
    announced: object, tmp_path: Path
) -> None:
    log = read(tmp_path, an_attempt(0), setup=a_setup(transient__active_probes=announced))

    assert messages(log, "samples-missing") == [
        "1 of 2 probes that the run announces have no attempts: test.Blank."
    ]


@pytest.mark.parametrize(("prompts", "expected"), [(1, []), (2, ["limited"]), (3, [])])
def test_a_probe_with_as_many_prompts_as_the_cap_allows_may_have_more(
    prompts: int, expected: list[str], tmp_path: Path
) -> None:
    attempts = [an_attempt(number) for number in range(prompts)]

    log = read(tmp_path, *attempts, setup=a_setup(run__soft_probe_prompt_cap=2))

    assert codes(log) == expected


def test_a_run_that_did_not_come_to_its_end_is_said_and_dated_by_its_start(tmp_path: Path) -> None:
    entries = [a_setup(), an_init(), an_attempt(0)]

    log = READER.read(write_report(tmp_path / "a.report.jsonl", entries))

    assert log.series[0].finished_at == datetime(2026, 3, 1, 11, 0, 0, 500_000, tzinfo=UTC)
    assert messages(log, "not-finished") == [
        ("0 of 1 runs in the report came to their end; prompts that were never sent are not in it.")
    ]


def test_half_a_last_line_is_a_run_that_was_killed(tmp_path: Path) -> None:
    entries = [a_setup(), an_init(), *sent_then_scored(an_attempt(0))]
    half = json.dumps(an_attempt(1)).encode()[:80]

    log = READER.read(write_report(tmp_path / "a.report.jsonl", entries, end=half))

    assert values(log.series[0]) == [0, 0]
    assert "and its last line is half a line" in messages(log, "not-finished")[0]


def test_reports_that_were_put_together_are_said_and_dated_by_the_first_start(
    tmp_path: Path,
) -> None:
    entries = [
        a_setup(aggregation=["/home/somebody/a.jsonl", "/home/somebody/b.jsonl"]),
        an_init(orig_start_time="2026-01-01T00:00:00"),
        an_attempt(0),
    ]

    log = READER.read(write_report(tmp_path / "a.report.jsonl", entries))

    assert codes(log) == ["merged-runs", "not-finished"]
    assert log.series[0].finished_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert not any("somebody" in remark.message for remark in log.remarks)


def test_two_runs_in_one_file_keep_their_own_plans_and_the_earlier_end(tmp_path: Path) -> None:
    second = [
        a_setup(run__generations=5),
        an_init(),
        an_attempt(1),
        a_completion(end_time="2026-02-01T00:00:00"),
    ]

    log = READER.read(write_report(tmp_path / "a.report.jsonl", a_run(an_attempt(0)) + second))

    assert log.series[0].planned == 7
    assert log.series[0].finished_at == datetime(2026, 2, 1, tzinfo=UTC)
    assert codes(log) == ["fewer-samples-than-claimed", "merged-runs"]


def test_a_cap_is_said_of_merged_runs_that_kept_more_than_it_between_them(tmp_path: Path) -> None:
    setup = a_setup(run__soft_probe_prompt_cap=1)
    entries = a_run(an_attempt(0), setup=setup) + a_run(an_attempt(1), setup=setup)

    log = READER.read(write_report(tmp_path / "a.report.jsonl", entries))

    assert codes(log) == ["limited", "merged-runs"]


def test_a_detector_that_asks_a_model_is_graded_by_a_default_and_says_so(tmp_path: Path) -> None:
    cache: Json = {
        "entry_type": "plugin_cache",
        "plugin_cache": {
            "detectors": {
                "detectors.judge.Refusal": {"DEFAULT_PARAMS": {"detector_model_name": "org/judge"}},
                "detectors.nli.D": {"DEFAULT_PARAMS": {"detector_model_path": "org/nli"}},
                "detectors.always.Pass": {"DEFAULT_PARAMS": {"skip": False}},
            }
        },
    }
    scores = {name: [0.0, 0.0] for name in ("always.Pass", "judge.Refusal", "nli.D")}

    log = read(tmp_path, cache, an_attempt(0, scores))

    assert [
        (),
        ("org/judge (the default of judge.Refusal)",),
        ("org/nli (the default of nli.D)",),
    ] == [series.graders for series in log.series]


def test_the_settings_and_the_length_of_a_system_prompt_are_kept(tmp_path: Path) -> None:
    setup = a_setup(run__seed=7, run__deprefix=True, run__system_prompt="Be brief.")

    log = read(tmp_path, an_attempt(0), setup=setup)

    assert log.series[0].generation == "deprefix=true generations=2 seed=7"
    assert log.series[0].elicitation.endswith("; system prompt of 9 characters")


def test_nothing_of_prompts_responses_or_places_gets_into_the_log(tmp_path: Path) -> None:
    attempt = an_attempt(
        0, prompt=a_prompt("HAZARD"), outputs=[{"text": "HAZARD"}] * 2, goal="HAZARD"
    )

    log = read(tmp_path, attempt, an_eval(0, 2), an_attempt(1, status=SENT, notes={"a": "HAZARD"}))

    assert "HAZARD" not in str(log)
    assert "somebody" not in str(log)
