# SPDX-License-Identifier: Apache-2.0
"""HELM runs: counted from the statistics of single instances, whatever the means claim."""

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
from logs.helm_logs import (
    ASKED_AT,
    LOWERCASE,
    Json,
    a_request,
    a_run_spec,
    a_stat,
    an_adapter,
    an_entry,
    entries,
    requests,
    write_run,
)
from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import BindingLevel, Relation
from tiergate.evidence.readers.base import ForeignLog, Row, Series
from tiergate.evidence.readers.helm import HelmReader

READER = HelmReader()
MAIN = "per_instance_stats.json"


def values(series: Series) -> list[object]:
    return [row.value for row in series.rows]


def messages(log: ForeignLog, code: str) -> list[str]:
    return [remark.message for remark in log.remarks if remark.code == code]


def codes(log: ForeignLog) -> set[str]:
    return {remark.code for remark in log.remarks} - {"read-with"}


def test_a_plain_run_is_read_into_one_series_with_everything_it_says(tmp_path: Path) -> None:
    stats = [a_stat(total=0.5), a_stat("num_instances", 2)]
    folder = write_run(tmp_path / "run", entries(1.0, 0.0), requests(2), stats=stats)

    log = READER.read(folder)

    digest = hashlib.sha256((folder / MAIN).read_bytes()).hexdigest()
    assert (log.source.file_name, log.source.sha256) == (MAIN, f"sha256:{digest}")
    assert (log.source.format, log.source.reader, log.source.tool) == (
        "helm-run/1",
        "helm/1",
        "crfm-helm",
    )
    assert log.files == tuple(sorted(folder.iterdir()))
    assert codes(log) == set()
    assert log.series == (
        Series(
            task="sums:difficulty=easy",
            task_version="",
            dataset="sums org.SumsScenario difficulty=easy",
            scorer="exact_match,test",
            rows=(
                Row(sample="id0", attempt=1, value=Decimal("1.0")),
                Row(sample="id1", attempt=1, value=Decimal("0.0")),
            ),
            planned=2,
            superseded=0,
            elicitation="generation; up to 5 examples in the prompt; instructions of 7 characters",
            generation='max_tokens=20 num_outputs=1 num_trials=1 stop_sequences=["\\n"] '
            "temperature=0.0",
            finished_at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
            samples_kept=2,
        ),
    )


def test_the_other_files_are_named_with_their_digests(tmp_path: Path) -> None:
    folder = write_run(tmp_path, entries(1.0), requests(1))

    log = READER.read(folder)

    digest = hashlib.sha256((folder / "stats.json").read_bytes()).hexdigest()
    assert f"Read together with stats.json, sha256:{digest}." in messages(log, "read-with")
    assert len(messages(log, "read-with")) == 4


def test_the_folder_and_the_statistics_in_it_name_the_same_run(tmp_path: Path) -> None:
    folder = write_run(tmp_path, entries(1.0), requests(1))

    assert READER.read(folder) == READER.read(folder / MAIN)


def test_every_metric_on_every_split_is_a_series(tmp_path: Path) -> None:
    kept = [
        an_entry("id0", a_stat(), a_stat("f1", 0.25)),
        an_entry("id1", a_stat(total=0.0, split="valid")),
        an_entry("id0", a_stat("length", 7)),
    ]
    asked = [a_request("id0"), a_request("id1", split="valid"), a_request("id2", split="valid")]

    log = READER.read(write_run(tmp_path, kept, asked))

    assert {s.scorer: (values(s), s.planned) for s in log.series} == {
        "exact_match,test": ([1], 1),
        "exact_match,valid": ([0, None], 2),
        "f1,test": ([Decimal("0.25")], 1),
        "length,test": ([7], 1),
    }


def test_a_part_of_a_split_is_named_after_it(tmp_path: Path) -> None:
    asked = [a_request("id0", sub_split="toxic"), a_request("id1", split=...)]

    log = READER.read(write_run(tmp_path, entries(1.0, 0.0), asked))

    assert {s.scorer: values(s) for s in log.series} == {
        "exact_match": [0],
        "exact_match,test,toxic": [1],
    }


def test_a_perturbed_instance_is_a_further_sample_on_the_same_behaviour(tmp_path: Path) -> None:
    changed = a_stat(total=0.0, perturbation=LOWERCASE)
    kept = [an_entry("id0"), an_entry("id0", changed, perturbation=LOWERCASE)]
    asked = [a_request("id0"), a_request("id0", perturbation=LOWERCASE)]

    [series] = READER.read(write_run(tmp_path, kept, asked)).series

    assert [(r.behaviour, r.cluster, r.value) for r in series.rows] == [
        ("id0", "", 1),
        ("id0", "id0", 0),
    ]
    assert [r.sample.partition(":")[0] for r in series.rows] == ["id0", "id0+lowercase"]
    assert series.planned == 2


def test_two_settings_of_one_perturbation_are_two_samples(tmp_path: Path) -> None:
    strong = LOWERCASE | {"prob": 0.9}
    asked = [a_request("id0", perturbation=LOWERCASE), a_request("id0", perturbation=strong)]
    kept = [
        an_entry("id0", a_stat(total=1.0, perturbation=LOWERCASE), perturbation=LOWERCASE),
        an_entry("id0", a_stat(total=0.0, perturbation=strong), perturbation=strong),
    ]

    [series] = READER.read(write_run(tmp_path, kept, asked)).series

    assert sorted(values(series), key=str) == [0, 1]
    assert len({r.sample for r in series.rows}) == 2


def test_training_trials_are_attempts(tmp_path: Path) -> None:
    kept = [an_entry("id0", a_stat(total=t), trial=t) for t in (0, 1)]
    asked = [a_request("id0", trial) for trial in (0, 1)]
    spec = a_run_spec(an_adapter(num_train_trials=2))

    [series] = READER.read(write_run(tmp_path, kept, asked, spec=spec)).series

    assert [(r.sample, r.attempt, r.value) for r in series.rows] == [("id0", 1, 0), ("id0", 2, 1)]
    assert series.planned == 2
    assert "2 training trials" in series.elicitation


def test_trials_that_are_missing_are_attempts_that_were_not_made(tmp_path: Path) -> None:
    spec = a_run_spec(an_adapter(num_train_trials=3))

    log = READER.read(write_run(tmp_path, entries(1.0, 0.0), requests(2), spec=spec))

    assert (log.series[0].planned, len(log.series[0].rows)) == (6, 2)


NO_VALUE: dict[str, tuple[list[Json], list[Json]]] = {
    "a count of 0": ([an_entry("id0", a_stat(count=0, total=0))], requests(1)),
    "no count": ([an_entry("id0", a_stat(count=...))], requests(1)),
    "no sum": ([an_entry("id0", a_stat(sum=...))], requests(1)),
    "a sum that is a text": ([an_entry("id0", a_stat(sum="1"))], requests(1)),
    "a sum that is not a number": ([an_entry("id0", a_stat(sum=float("nan")))], requests(1)),
    "a request that failed": (entries(1.0), [a_request("id0", success=False)]),
    "a request that does not say how it ended": (entries(1.0), [a_request("id0", success=...)]),
    "a request without a result": (entries(1.0), [a_request("id0", result=...)]),
    "one of two requests that failed": (
        entries(1.0),
        [a_request("id0"), a_request("id0", success=False)],
    ),
    "one of two requests without a result": (
        entries(1.0),
        [a_request("id0", result=...), a_request("id0")],
    ),
}


@pytest.mark.parametrize("sentence", NO_VALUE)
def test_an_instance_has_no_value_with(sentence: str, tmp_path: Path) -> None:
    kept, asked = NO_VALUE[sentence]

    [series] = READER.read(write_run(tmp_path, kept, asked)).series

    assert values(series) == [None]
    assert series.planned == 1
    assert series.rows[0].errored is ("failed" in sentence or "how it ended" in sentence)


def test_an_instance_without_a_statistic_of_the_metric_has_no_value(tmp_path: Path) -> None:
    log = READER.read(write_run(tmp_path, entries(1.0), requests(2)))

    assert values(log.series[0]) == [1, None]


def test_requests_are_counted_by_how_they_ended(tmp_path: Path) -> None:
    asked = [
        a_request("id0", success=False, error="filtered"),
        a_request("id1", result=...),
        a_request("id2", cached=True),
        a_request("id3", prompt_truncated=True),
    ]

    log = READER.read(write_run(tmp_path, entries(1.0, 1.0, 1.0, 1.0), asked))

    assert [(r.code, r.message) for r in log.remarks if r.code != "read-with"] == [
        ("cached-responses", "1 of 4 requests were answered from a cache of an earlier run."),
        ("not-finished", "1 of 4 requests have no result; what they belong to has no value."),
        ("prompts-cut", "1 of 4 requests had their prompt cut to what the model takes."),
        ("request-errors", "1 of 4 requests failed; what they belong to has no value."),
    ]


def test_an_answer_that_the_limit_on_tokens_cut_is_marked(tmp_path: Path) -> None:
    cut = [{"text": "fo", "finish_reason": {"reason": "length"}}]

    [series] = READER.read(
        write_run(tmp_path, entries(1.0), [a_request("id0", completions=cut)])
    ).series

    assert [(r.value, r.limited) for r in series.rows] == [(1, True)]


COLLECTIVE: dict[str, list[Json]] = {
    "several numbers": [an_entry("id0", a_stat(), a_stat("f1", 3.0, count=4))],
    "several numbers in one trial and one in another": [
        an_entry("id0", a_stat(), a_stat("f1")),
        an_entry("id0", a_stat("f1", 3.0, count=4), trial=1),
    ],
    "two numbers that differ": [
        an_entry("id0", a_stat(), a_stat("f1")),
        an_entry("id0", a_stat("f1", 0.0)),
    ],
}


@pytest.mark.parametrize("sentence", COLLECTIVE)
def test_a_metric_is_left_out_that_keeps_for_one_instance(sentence: str, tmp_path: Path) -> None:
    log = READER.read(write_run(tmp_path, COLLECTIVE[sentence], requests(1)))

    assert [series.scorer for series in log.series] == ["exact_match,test"]
    assert messages(log, "not-per-sample") == [
        "Metric f1,test keeps more than one number for an input; it is left out."
    ]


def test_the_same_number_from_two_metrics_counts_once(tmp_path: Path) -> None:
    log = READER.read(write_run(tmp_path, [an_entry("id0"), an_entry("id0")], requests(1)))

    assert values(log.series[0]) == [1]
    assert codes(log) == set()


MEANS: dict[str, tuple[list[Json], set[str]]] = {
    "states the mean of its instances": ([a_stat(total=0.5)], set()),
    "states another mean": ([a_stat(total=0.75)], {"header-disagrees"}),
    "states no mean for a count": ([a_stat(mean=...)], {"header-disagrees"}),
    "states nothing": ([], set()),
    "states a mean of no numbers": ([a_stat(count=0, mean=...)], set()),
    "states the worst of changed inputs": (
        [a_stat(total=0.1, perturbation=LOWERCASE | {"computed_on": "worst"})],
        set(),
    ),
    "states a metric that no instance has": ([a_stat("ece", 0.3)], {"not-per-sample"}),
    "states fewer instances than it has": ([a_stat("num_instances", 1)], set()),
    "states more instances than it has": (
        [a_stat("num_instances", 3)],
        {"fewer-samples-than-claimed"},
    ),
}


@pytest.mark.parametrize("sentence", MEANS)
def test_the_means_are_formed_again_when_a_run(sentence: str, tmp_path: Path) -> None:
    stats, expected = MEANS[sentence]

    log = READER.read(write_run(tmp_path, entries(1.0, 0.0), requests(2), stats=stats))

    assert expected == codes(log)


def test_a_mean_that_disagrees_is_remarked_with_both_numbers(tmp_path: Path) -> None:
    changed = a_stat(total=0.0, perturbation=LOWERCASE)
    kept = [an_entry("id0"), an_entry("id0", changed, perturbation=LOWERCASE)]
    asked = [a_request("id0"), a_request("id0", perturbation=LOWERCASE)]
    stats = [a_stat(total=0.25), a_stat(total=0.5, perturbation=LOWERCASE), a_stat("ece", 1)]

    log = READER.read(write_run(tmp_path, kept, asked, stats=stats))

    assert messages(log, "header-disagrees") == [
        "stats.json states 0.25 for exact_match,test; the instances give 1.0.",
        (
            "stats.json states 0.5 for exact_match,test on inputs changed by lowercase; "
            "the instances give 0."
        ),
    ]
    assert messages(log, "not-per-sample") == [
        "1 metrics of stats.json have no score for single instances; nothing of them counts: ece."
    ]


def test_the_mean_of_trials_is_that_of_the_tool(tmp_path: Path) -> None:
    kept = [
        an_entry("id0", a_stat(total=1.0), trial=0),
        an_entry("id1", a_stat(total=1.0), trial=0),
        an_entry("id0", a_stat(total=0.0), trial=1),
    ]
    asked = [a_request("id0"), a_request("id1"), a_request("id0", 1), a_request("id1", 1)]
    spec = a_run_spec(an_adapter(num_train_trials=2))

    log = READER.read(write_run(tmp_path, kept, asked, stats=[a_stat(total=0.5)], spec=spec))

    assert codes(log) == set()


def test_a_large_mean_may_differ_in_its_last_digits(tmp_path: Path) -> None:
    stats = [a_stat(total=3_000_000_000.001)]

    log = READER.read(write_run(tmp_path, entries(3e9, 3e9), requests(2), stats=stats))

    assert codes(log) == set()


def test_no_instances_stated_announce_nothing(tmp_path: Path) -> None:
    stats = [a_stat("num_instances", 0)]

    log = READER.read(write_run(tmp_path, entries(1.0), requests(1), stats=stats))

    assert (log.series[0].planned, codes(log)) == (1, set())


def test_more_instances_stated_than_there_are_count_as_not_attempted(tmp_path: Path) -> None:
    stats = [
        a_stat("num_instances", 10),
        a_stat("num_instances", 5, perturbation=LOWERCASE),
        a_stat("num_instances", 7, split="valid"),
    ]

    log = READER.read(write_run(tmp_path, entries(1.0), requests(1), stats=stats))

    assert log.series[0].planned == 15
    assert messages(log, "fewer-samples-than-claimed")[0] == (
        "stats.json states 10 inputs of test; the run has requests for 1. "
        "Those that are missing count as not attempted."
    )


def test_statistics_without_a_request_are_more_than_was_planned(tmp_path: Path) -> None:
    log = READER.read(write_run(tmp_path, entries(1.0, 0.0, 1.0), requests(1)))

    assert values(log.series[0]) == [1, 0, 1]
    assert messages(log, "more-samples-than-planned") == [
        "2 inputs have statistics and no request."
    ]


LIMITS: dict[str, tuple[object, list[str]]] = {
    "none": (..., []),
    "more than there are": (3, []),
    "as many as there are": (
        2,
        ["The run took 2 instances, which is its limit; its scenario may have more."],
    ),
}


@pytest.mark.parametrize("sentence", LIMITS)
def test_a_limit_on_instances_is_remarked_when_it_is(sentence: str, tmp_path: Path) -> None:
    limit, expected = LIMITS[sentence]
    spec = a_run_spec(an_adapter(max_eval_instances=limit))

    log = READER.read(write_run(tmp_path, entries(1.0, 0.0), requests(2), spec=spec))

    assert expected == messages(log, "limited")


DATES: dict[str, tuple[list[object], int | None]] = {
    "every request has a time": ([ASKED_AT + 9, ASKED_AT, ASKED_AT + 5], ASKED_AT),
    "no request has a time": ([..., ..., ...], None),
    "one request has no time": ([ASKED_AT, ..., ASKED_AT], None),
    "a time is beyond any calendar": ([ASKED_AT, 2**50, ASKED_AT], None),
    "a time is a text": ([ASKED_AT, "today", ASKED_AT], None),
}


@pytest.mark.parametrize("sentence", DATES)
def test_the_time_of_a_run_is_that_of_its_oldest_answer_where(
    sentence: str, tmp_path: Path
) -> None:
    times, expected = DATES[sentence]
    asked = [a_request(f"id{n}", request_datetime=time) for n, time in enumerate(times)]

    log = READER.read(write_run(tmp_path, entries(1.0, 0.0, 0.0), asked))

    assert datetime.fromtimestamp(expected or 0, tz=UTC) == log.series[0].finished_at
    assert messages(log, "no-date") == (
        ["The run does not say when the run was; it counts as older than anything."]
        if expected is None
        else []
    )


def test_a_request_that_failed_needs_no_time(tmp_path: Path) -> None:
    asked = [a_request("id0"), a_request("id1", success=False, request_datetime=...)]

    log = READER.read(write_run(tmp_path, entries(1.0, 0.0), asked))

    assert messages(log, "no-date") == []


NAMES: dict[str, tuple[Json, str]] = {
    "a model": (an_adapter(), "simple/model1"),
    "a model and where it was served": (
        an_adapter(model_deployment="host/model1-turbo"),
        "simple/model1 (served as host/model1-turbo)",
    ),
    "a deployment alone": (an_adapter(model=...), "simple/model1"),
    "nothing": (an_adapter(model=..., model_deployment=...), ""),
}


@pytest.mark.parametrize("sentence", NAMES)
def test_the_binding_is_a_name_that_is(sentence: str, tmp_path: Path) -> None:
    adapter, expected = NAMES[sentence]

    log = READER.read(write_run(tmp_path, entries(1.0), requests(1), spec=a_run_spec(adapter)))

    found = log.binding
    assert (expected, BindingLevel.NAME, Relation.UNKNOWN, "") == (
        found.name,
        found.level,
        found.relation,
        found.root_digest,
    )


def test_perturbations_and_models_that_grade_are_told(tmp_path: Path) -> None:
    spec = a_run_spec(
        name="sums",
        data_augmenter_spec={
            "perturbation_specs": [{"class_name": "helm.a.LowerCasePerturbation", "args": {}}]
        },
        annotators=[{"class_name": "org.Annotator", "args": {"model": "org/grader", "n": 3}}],
    )

    [series] = READER.read(write_run(tmp_path, entries(1.0), requests(1), spec=spec)).series

    assert series.task == "sums"
    assert series.elicitation.endswith("inputs also changed by LowerCasePerturbation")
    assert series.graders == ("org/grader",)


def test_no_text_of_an_input_or_a_completion_gets_out(tmp_path: Path) -> None:
    hidden = "a text that must not get out"
    asked = [a_request("id0", completions=[{"text": hidden}], request={"prompt": hidden})]
    spec = a_run_spec(an_adapter(instructions=hidden))

    log = READER.read(write_run(tmp_path, entries(1.0), asked, spec=spec))

    assert hidden not in repr(log)


def written(*, without: str = "", **parts: object) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        kept, asked = parts.get("kept", entries(1.0)), parts.get("asked", requests(1))
        write_run(folder, kept, asked, spec=parts.get("spec"))
        if without:
            (folder / without).unlink()
        return folder

    return write


def replaced(name: str, content: bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        write_run(folder, entries(1.0), requests(1))
        (folder / name).write_bytes(content)
        return folder

    return write


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "without its run spec": (
        written(without="run_spec.json"),
        "found a run without run_spec.json, expected the 5 files",
    ),
    "without its requests": (
        written(without="scenario_state.json"),
        "found a run without scenario_state.json",
    ),
    "without its means": (written(without="stats.json"), "found a run without stats.json"),
    "without statistics of instances": (written(without=MAIN), f"found a run without {MAIN}"),
    "that is cut short": (replaced(MAIN, b"[{"), f"{MAIN}: found broken JSON"),
    "that is not UTF-8": (replaced("stats.json", b'["\xff"]'), "stats.json: found bytes that"),
    "whose statistics are an object": (written(kept={}), f"{MAIN}: found no statistics"),
    "whose statistics are empty": (written(kept=[]), f"{MAIN}: found no statistics"),
    "with an entry without an instance": (
        written(kept=[an_entry(...)]),
        f"{MAIN}, entry 0: found an entry without an instance id",
    ),
    "with an entry without a trial": (
        written(kept=[an_entry("id0", trial=...)]),
        "found an entry without an instance id or a train_trial_index",
    ),
    "with a request without an instance": (
        written(asked=[a_request(...)]),
        "scenario_state.json: found an entry without an instance id",
    ),
    "without requests": (written(asked=[]), "scenario_state.json: found no requests"),
    "with only collective metrics": (
        written(kept=[an_entry("id0", a_stat(count=4))]),
        "found no score for any single instance",
    ),
    "with a run spec of an early version": (
        written(spec=a_run_spec(scenario_spec=..., scenario={"class_name": "org.Sums"})),
        "run_spec.json: found no run spec of a known shape",
    ),
    "without a name": (written(spec=a_run_spec(name=...)), "found no run spec of a known shape"),
    "that plans more than any run": (
        written(spec=a_run_spec(an_adapter(num_train_trials=2**53 - 1)), asked=requests(2)),
        "planned attempts, expected a number that a run can have",
    ),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_run_is_refused(sentence: str, tmp_path: Path) -> None:
    make, expected = REFUSED[sentence]
    folder = make(tmp_path / "run")

    with pytest.raises(EvidenceError) as caught:
        READER.read(folder)

    assert expected in str(caught.value)


def test_a_run_is_recognised_by_its_files(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "suite" / "run", entries(1.0), requests(1))
    other = {
        "suite": tmp_path / "suite",
        "state": folder / "scenario_state.json",
        "absent": tmp_path / "absent",
        "lonely": tmp_path / MAIN,
        "half": tmp_path / "half",
    }
    other["half"].mkdir()
    (other["half"] / "run_spec.json").write_text("{}", encoding="utf-8")
    other["lonely"].write_text("[]", encoding="utf-8")

    assert READER.recognises(folder)
    assert READER.recognises(folder / MAIN)
    assert not [name for name, path in other.items() if READER.recognises(path)]


DISTURBED: Json = {
    "kept": [an_entry("id0", a_stat(), a_stat("f1", 0.5)), an_entry("id1", trial=1)],
    "asked": [a_request("id0", perturbation=LOWERCASE), a_request("id0"), a_request("id1", 1)],
    "stats": [a_stat(total=0.5), a_stat("num_instances", 2)],
    "spec": a_run_spec(),
}


@settings(max_examples=200, deadline=None)
@given(parts=disturbed(DISTURBED))
def test_whatever_a_run_holds_it_gives_counts_that_fit_together_or_an_error_of_ours(
    parts: Json, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = write_run(
        tmp_path_factory.mktemp("any"), parts["kept"], parts["asked"], spec=parts["spec"]
    )
    (folder / "stats.json").write_text(json.dumps(parts["stats"]), encoding="utf-8")

    try:
        log = READER.read(folder)
    except EvidenceError:
        return

    assert log.series
    for series in log.series:
        assert len({(r.sample, r.attempt) for r in series.rows}) == len(series.rows)
        assert series.planned >= len(series.rows) == series.samples_kept > 0
    assert json.dumps(asdict(log), default=str, ensure_ascii=False).encode()
