# SPDX-License-Identifier: Apache-2.0
"""Engines: the same trials give the same results in the same order, whoever runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tiergate.errors import ExtensionError, MeasurementError
from tiergate.evidence.tampering.engines import (
    Engine,
    JournalledEngine,
    Keep,
    LocalEngine,
    keep_nothing,
)
from tiergate.evidence.tampering.journal import Journal
from tiergate.evidence.tampering.ray_engine import ray_engine, require_ray
from tiergate.evidence.tampering.trial import Trial, TrialResult
from toy_worker import ToyContext, ToyWorker, began, made_up, make_toy_worker, toy_trial

TESTS = Path(__file__).parents[3]
TRIALS = [toy_trial(seed) for seed in range(5)]


@pytest.fixture
def context(tmp_path: Path) -> ToyContext:
    folder = tmp_path / "began"
    folder.mkdir()
    return ToyContext(7, str(folder))


def expected(trials: Sequence[Trial]) -> list[TrialResult]:
    return [made_up(trial, 7) for trial in trials]


def times(context: ToyContext, trials: Sequence[Trial]) -> list[int]:
    return [len(began(context, trial)) for trial in trials]


def test_the_local_engine_runs_every_trial_in_order(context: ToyContext) -> None:
    kept: list[TrialResult] = []

    found = list(LocalEngine(ToyWorker(context)).run(TRIALS, kept.append))

    assert expected(TRIALS) == found == kept


def test_the_local_engine_runs_nothing_before_it_is_asked_for(context: ToyContext) -> None:
    results = LocalEngine(ToyWorker(context)).run(TRIALS)

    next(results)

    assert [1, 0, 0, 0, 0] == times(context, TRIALS)


def test_what_is_in_the_journal_is_not_run_again(context: ToyContext, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal.open(path, {}) as journal:
        first = list(JournalledEngine(LocalEngine(ToyWorker(context)), journal).run(TRIALS[1:3]))

    with Journal.open(path, {}) as journal:
        again = list(JournalledEngine(LocalEngine(ToyWorker(context)), journal).run(TRIALS))

    assert first == again[1:3]
    assert [trial.id for trial in TRIALS] == [result.trial.id for result in again]
    assert [1, 1, 1, 1, 1] == times(context, TRIALS)


def test_a_trial_that_is_asked_for_twice_is_run_once(context: ToyContext, tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.jsonl", {}) as journal:
        engine = JournalledEngine(LocalEngine(ToyWorker(context)), journal)
        found = list(engine.run([TRIALS[0], TRIALS[1], TRIALS[0]]))

    assert found[0] == found[2] != found[1]
    assert [1, 1] == times(context, TRIALS[:2])


class Backwards:
    """An engine that has its results in the wrong order and gives them in the right one."""

    def __init__(self, worker: ToyWorker) -> None:
        self._worker = worker
        self.was_closed = False

    def run(self, trials: Sequence[Trial], keep: Keep = keep_nothing) -> Iterator[TrialResult]:
        """Run all, the last one first."""
        try:
            found = [self._worker.run(trial) for trial in reversed(trials)]
            for result in found:
                keep(result)
            yield from reversed(found)
        finally:
            self.was_closed = True


def test_results_are_written_when_they_come_and_given_in_order(
    context: ToyContext, tmp_path: Path
) -> None:
    kept: list[TrialResult] = []
    engine = Backwards(ToyWorker(context))

    with Journal.open(tmp_path / "journal.jsonl", {}) as journal:
        results = JournalledEngine(engine, journal).run(TRIALS, kept.append)
        first = next(results)
        written = list(journal.found)

    assert TRIALS[0].id == first.trial.id
    assert [trial.id for trial in reversed(TRIALS)] == written
    assert written == [result.trial.id for result in kept]


def test_an_engine_is_told_when_nobody_wants_more(context: ToyContext, tmp_path: Path) -> None:
    engine = Backwards(ToyWorker(context))

    with Journal.open(tmp_path / "journal.jsonl", {}) as journal:
        results = JournalledEngine(engine, journal).run(TRIALS)
        next(results)
        before = engine.was_closed
        results.close()  # type: ignore[attr-defined]

    assert (False, True) == (before, engine.was_closed)


def test_a_trial_that_raises_leaves_the_ones_before_in_the_journal(
    context: ToyContext, tmp_path: Path
) -> None:
    trials = [TRIALS[0], toy_trial(9, refuses=1), TRIALS[1]]

    with Journal.open(tmp_path / "journal.jsonl", {}) as journal:
        engine: Engine = JournalledEngine(LocalEngine(ToyWorker(context)), journal)
        with pytest.raises(MeasurementError, match="cannot be done"):
            list(engine.run(trials))
        found = list(journal.found)

    assert [TRIALS[0].id] == found


SAME = [
    toy_trial(1, sleep=0.3),
    toy_trial(2, dies=1),
    toy_trial(3),
    toy_trial(4, dies=2),
    toy_trial(5),
]
ALWAYS_DIES = toy_trial(6, dies=9)
REFUSES = toy_trial(7, refuses=1)


@dataclass(frozen=True, slots=True)
class OnRay:
    """What a run on a cluster of this machine left behind."""

    found: list[TrialResult]
    error: str
    journal: Path
    context: ToyContext


@pytest.fixture(scope="module")
def on_ray(tmp_path_factory: pytest.TempPathFactory) -> OnRay:
    """Run trials on Ray in a program of its own, because Ray opens sockets."""
    pytest.importorskip("ray")
    folder = tmp_path_factory.mktemp("ray")
    (folder / "began").mkdir()
    words = {
        "seed": 7,
        "folder": str(folder / "began"),
        "trials": [trial.to_json() for trial in (*SAME, ALWAYS_DIES, REFUSES)],
        "workers": 2,
        "journal": str(folder / "journal.jsonl"),
    }
    program = [sys.executable, str(TESTS / "toy_worker.py"), json.dumps(words)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    return OnRay(
        found=[TrialResult.from_json(result) for result in said["results"]],
        error=said["error"],
        journal=folder / "journal.jsonl",
        context=ToyContext(7, str(folder / "began")),
    )


@pytest.mark.tools
def test_workers_on_ray_that_are_killed_in_the_middle_change_nothing_but_time(
    on_ray: OnRay,
) -> None:
    found = [result.to_json() for result in on_ray.found[: len(SAME)]]

    assert [result.to_json() for result in expected(SAME)] == found
    assert [1, 2, 1, 3, 1] == times(on_ray.context, SAME)


@pytest.mark.tools
def test_a_trial_that_kills_every_worker_is_invalid_and_the_others_are_done(on_ray: OnRay) -> None:
    assert [3] == times(on_ray.context, [ALWAYS_DIES])
    assert "ended 3 times" in on_ray.found[-1].error
    assert () == on_ray.found[-1].points


@pytest.mark.tools
def test_everything_finished_on_a_cluster_is_in_the_journal(on_ray: OnRay) -> None:
    with Journal.open(on_ray.journal, {}) as journal:
        assert {trial.id for trial in SAME} == set(journal.found)
        assert "1 trial that ended in an error will run again" in journal.note


@pytest.mark.tools
def test_an_error_of_ours_comes_home_from_a_cluster_as_it_was_raised(on_ray: OnRay) -> None:
    assert "toy: found a trial that cannot be done. Do another." == on_ray.error


@pytest.mark.tools
def test_a_cluster_that_does_not_answer_is_an_error_of_ours(
    context: ToyContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_ADDRESS", "nowhere://")

    with (
        pytest.raises(MeasurementError, match="does not answer"),
        ray_engine(context, make_toy_worker, workers=1),
    ):
        raise AssertionError


def test_without_ray_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)

    with pytest.raises(ExtensionError, match=r"pip install 'tiergate\[ray\]'"):
        require_ray()
