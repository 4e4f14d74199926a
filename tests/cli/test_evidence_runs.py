# SPDX-License-Identifier: Apache-2.0
"""``evidence plan``, ``runs`` and ``compare``: runs beside each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli_fixtures import MAPPING, a_folder, policy
from cli_runner import Run, run
from logs.inspect_logs import a_header, samples, write_eval
from tiergate.model.checkpoint import identify

LATER = "2999-01-01T00:00:00+00:00"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return a_folder(tmp_path / "acme-1b")


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.yaml"
    path.write_text(MAPPING)
    return path


def a_log(path: Path, model: Path, *values: object, **header: object) -> Path:
    metadata = {"tiergate_root_digest": identify(model).root_digest}
    return write_eval(
        path, samples(*values), a_header(len(values), eval__metadata=metadata, **header)
    )


def plan(model: Path, *more: object, behaviours: int = 4) -> Run:
    return run(
        "evidence",
        "plan",
        "cyber.exploits",
        "--model",
        model,
        "--task",
        "arithmetic",
        "--behaviours",
        behaviours,
        *more,
    )


def add(log: Path, model: Path, mapping: Path, *more: object) -> Run:
    return run("evidence", "add", log, "--model", model, "--mapping", mapping, *more)


def test_a_run_is_registered_before_it_starts_and_does_not_change_the_checkpoint(
    model: Path,
) -> None:
    before = identify(model).root_digest

    done = plan(model, "--plan", "four sums, one attempt each")

    assert 0 == done.code
    assert "NOT SHOWN · registered now" in done.flat
    assert "--run " in done.out
    assert before == identify(model).root_digest


def test_a_log_filed_under_its_run_is_shown(model: Path, mapping: Path, tmp_path: Path) -> None:
    run_id = plan(model, "--json").json["added"]
    log = a_log(tmp_path / "run.eval", model, 0, 0, 0, 1, stats__completed_at=LATER)

    filed = add(log, model, mapping, "--run", run_id)
    runs = run("evidence", "runs", "--model", model, "--json").json

    assert 0 == filed.code, filed.err
    [listed] = runs["runs"]
    assert listed["counts"] is True
    assert [] == runs["unregistered"]


def test_a_log_of_no_registered_run_is_noticed_when_it_shows_up(
    model: Path, mapping: Path, tmp_path: Path
) -> None:
    plan(model)

    filed = add(a_log(tmp_path / "run.eval", model, 0, 0, 0, 1), model, mapping)
    runs = run("evidence", "runs", "--model", model)

    assert "unregistered-run: cyber.exploits: 1 runs of this claim are registered" in filed.flat
    assert "NOT SHOWN" in runs.out
    assert "UNREGISTERED: sha256:" in runs.out


def test_a_run_that_ended_before_it_was_registered_does_not_count(
    model: Path, mapping: Path, tmp_path: Path
) -> None:
    run_id = plan(model, "--json").json["added"]

    filed = add(a_log(tmp_path / "run.eval", model, 0, 0, 0, 1), model, mapping, "--run", run_id)
    runs = run("evidence", "runs", "--model", model)

    assert "registered-too-late" in filed.flat
    assert "which is NOT the run as registered" in runs.flat


def test_a_run_that_nobody_registered_cannot_be_named(
    model: Path, mapping: Path, tmp_path: Path
) -> None:
    done = add(a_log(tmp_path / "run.eval", model, 0), model, mapping, "--run", "0" * 16)

    assert 4 == done.code
    assert "no such run" in done.err


def test_a_run_that_was_never_shown_stands_in_the_decision(model: Path, tmp_path: Path) -> None:
    run_id = plan(model, "--json").json["added"]
    standard = policy(tmp_path / "standard.yaml")

    done = run("check", model, "--policy", standard, "--all")

    assert f"run {run_id} of cyber.exploits, as released: registered and never shown" in done.flat


def test_filed_evidence_is_graded_with_reasons(model: Path, mapping: Path, tmp_path: Path) -> None:
    add(a_log(tmp_path / "run.eval", model, 0, 0, 0, 1), model, mapping)

    done = run("evidence", "grades", "--model", model)
    [part] = run("evidence", "grades", "--model", model, "--json").json["measurements"]

    assert "1 measurement" in done.out
    assert "binding 2: digest at load: nobody ran it again on these files" in done.flat
    assert "elicitation 0: not stated <- the weakest counts" in done.flat
    assert "elicitation" == part["weakest"]
    assert 9 == len(part["grades"])


BAD_PLANS = {
    "a metric that is none": (("plan", "Exploits!"), 4),
    "no behaviours": (("plan", "cyber.exploits", "--behaviours", "0"), 2),
}


@pytest.mark.parametrize("sentence", BAD_PLANS)
def test_plan_refuses(sentence: str, model: Path) -> None:
    words, code = BAD_PLANS[sentence]

    done = run("evidence", *words, "--model", model, "--task", "t", "--behaviours", 5)
    if "--behaviours" in words:
        done = run("evidence", *words, "--model", model, "--task", "t")

    assert code == done.code


def test_two_runs_over_the_same_behaviours_are_compared_in_pairs(
    model: Path, mapping: Path, tmp_path: Path
) -> None:
    first = a_log(tmp_path / "a.eval", model, *[1] * 40, *[0] * 60)
    second = a_log(tmp_path / "b.eval", model, *[0] * 38, *[1] * 2, *[0] * 60)

    done = run("evidence", "compare", first, second, "--mapping", mapping)

    assert 0 == done.code
    assert "FINDINGS none" in done.flat
    assert "A 40 of 100 (100 planned)" in done.flat
    assert "success in A alone 38, in B alone 0" in done.flat
    assert "A succeeds more often than B" in done.flat
    assert "success in A or B: 40 of 100 behaviours" in done.flat


def test_what_makes_two_runs_hard_to_compare_is_said_first(
    model: Path, mapping: Path, tmp_path: Path
) -> None:
    first = a_log(tmp_path / "a.eval", model, 0, 0)
    second = a_log(tmp_path / "b.eval", model, 0, 0, 1, eval__dataset__name="other")

    done = run("evidence", "compare", first, second, "--mapping", mapping, "--json").json

    assert ["compared-differ"] == [remark["code"] for remark in done["remarks"]]
    [part] = done["metrics"]
    assert 2 == part["shared"]
    assert 1 == part["missing"]
    assert float(part["lower"]) < 0 < float(part["upper"])


def test_repeated_attempts_are_compared_as_shares(
    model: Path, mapping: Path, tmp_path: Path
) -> None:
    text = MAPPING + "  behaviour: '^(.)'\n"
    mapping.write_text(text)
    first = a_log(tmp_path / "a.eval", model, *[1] * 9)
    second = a_log(tmp_path / "b.eval", model, *[0] * 9)

    [part] = run("evidence", "compare", first, second, "--mapping", mapping, "--json").json[
        "metrics"
    ]

    assert 9 == part["shared"]
    assert 0 < float(part["lower"]) <= 1


BAD_COMPARISONS = {
    "no metric in common": (MAPPING.replace("task: arithmetic", "task: geometry"), "no metric"),
    "a metric twice": (
        MAPPING + MAPPING.partition("entries:\n")[2],
        "cyber.exploits from several series",
    ),
}


@pytest.mark.parametrize("sentence", BAD_COMPARISONS)
def test_compare_refuses(sentence: str, model: Path, mapping: Path, tmp_path: Path) -> None:
    text, found = BAD_COMPARISONS[sentence]
    mapping.write_text(text)
    log = a_log(tmp_path / "a.eval", model, 0, 1)

    done = run("evidence", "compare", log, log, "--mapping", mapping)

    assert 4 == done.code
    assert found in done.err
