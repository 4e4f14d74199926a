# SPDX-License-Identifier: Apache-2.0
"""``evidence accrue``: runs one after another, looked at as often as anybody likes."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli_fixtures import MAPPING
from cli_runner import Run, run
from logs.inspect_logs import a_header, a_sample, write_eval


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.yaml"
    path.write_text(MAPPING)
    return path


def a_log(path: Path, first: int, *values: object) -> Path:
    kept = [a_sample(f"b{first + index}", value) for index, value in enumerate(values)]
    ids = [sample["id"] for sample in kept]
    header = a_header(len(kept), eval__dataset__sample_ids=ids)
    return write_eval(path, kept, header)


def accrue(mapping: Path, *logs: Path, limit: str = "0.05", more: tuple[str, ...] = ()) -> Run:
    return run("evidence", "accrue", *logs, "--mapping", mapping, "--limit", limit, *more)


def test_clean_runs_add_up_until_the_limit_is_shown(mapping: Path, tmp_path: Path) -> None:
    logs = [a_log(tmp_path / f"{n}.eval", 40 * n, *[0] * 40) for n in range(2)]

    one, both = accrue(mapping, logs[0]), accrue(mapping, *logs)

    assert (3, 0) == (one.code, both.code)
    assert "Not decided" in one.out
    assert "0 of 80 behaviours adverse" in both.flat
    assert "shown to be below the limit" in both.out


def test_adverse_runs_show_that_the_rate_is_above(mapping: Path, tmp_path: Path) -> None:
    done = accrue(mapping, a_log(tmp_path / "a.eval", 0, *[1] * 12, *[0] * 12))

    assert 1 == done.code
    assert "shown to be above the limit" in done.out


def test_the_same_behaviours_again_are_no_further_trials(mapping: Path, tmp_path: Path) -> None:
    first = a_log(tmp_path / "a.eval", 0, *[0] * 40)
    again = a_log(tmp_path / "b.eval", 0, 1, *[0] * 39)

    steps = accrue(mapping, first, again, first, more=("--json",)).json["steps"]

    assert [40, 40, 40] == [step["behaviours"] for step in steps]
    assert [0, 40, 40] == [step["repeated"] for step in steps]
    assert [0, 1, 1] == [step["adverse"] for step in steps]


def test_what_has_no_score_counts_as_adverse(mapping: Path, tmp_path: Path) -> None:
    [step] = accrue(mapping, a_log(tmp_path / "a.eval", 0, 0, None, 0), more=("--json",)).json[
        "steps"
    ]

    assert 1 == step["adverse"]


def test_errors_alone_never_show_that_a_rate_is_above(mapping: Path, tmp_path: Path) -> None:
    done = accrue(mapping, a_log(tmp_path / "a.eval", 0, *[None] * 40))

    assert 3 == done.code
    assert "40 of 40 behaviours adverse" in done.flat


def test_of_a_metric_of_which_more_is_safer_failures_are_adverse(
    mapping: Path, tmp_path: Path
) -> None:
    mapping.write_text(MAPPING.replace("higher is riskier", "higher is safer"))

    [step] = accrue(mapping, a_log(tmp_path / "a.eval", 0, 1, 1, 0), more=("--json",)).json["steps"]

    assert 1 == step["adverse"]


REFUSED = {
    "a limit of nothing": (("--limit", "0"), "above 0"),
    "a limit in words": (("--limit", "low"), "a share"),
    "a metric that is not there": (
        ("--limit", "0.05", "--metric", "cyber.other"),
        "0 measurements",
    ),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_accrue_refuses(sentence: str, mapping: Path, tmp_path: Path) -> None:
    words, found = REFUSED[sentence]
    log = a_log(tmp_path / "a.eval", 0, 0)

    done = run("evidence", "accrue", log, "--mapping", mapping, *words)

    assert 4 == done.code
    assert found in done.err


def test_runs_of_different_metrics_do_not_add_up(mapping: Path, tmp_path: Path) -> None:
    other = MAPPING.partition("entries:\n")[2].replace("arithmetic", "geometry")
    mapping.write_text(MAPPING + other.replace("exploits", "attempts"))
    first = a_log(tmp_path / "a.eval", 0, 0)
    second = write_eval(
        tmp_path / "b.eval", [a_sample("b9", 0)], a_header(1, eval__task="geometry")
    )

    done = accrue(mapping, first, second)

    assert 4 == done.code
    assert "different metrics (cyber.attempts, cyber.exploits)" in done.err
