# SPDX-License-Identifier: Apache-2.0
"""A user's own task is found before anything runs, and known by what its file holds."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tiergate.errors import ExtensionError, InputError
from tiergate.evidence.tampering.task_files import TaskFile, require_inspect
from tiergate.evidence.tampering.task_trials import run_tasks, task_trials
from tiergate.evidence.tampering.trial import Phase, Trial
from unit.evidence.tampering.simulated import SimulatedEngine, Truth, context_of, guarded, suite_of


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine@home.py"
    path.write_text("a task")
    return path


def test_a_file_is_named_with_or_without_the_task_in_it(file: Path) -> None:
    assert str(file) == TaskFile.of(str(file)).specification
    assert f"{file}@letters" == TaskFile.of(f"{file}@letters").specification


def test_a_task_is_known_by_what_its_file_holds(file: Path) -> None:
    found = TaskFile.of(f"{file}@letters")
    before = found.stamp

    file.write_text("another task")

    assert before.startswith("mine@home.py@letters sha256:")
    assert before != found.stamp


BAD = {
    "task.txt": "no task",
    "letters": "no task",
    "nowhere.py": "no such file",
    "nowhere.py@letters": "no such file",
    "task.py@": "no task",
    "task.py@a b": "no task",
}


@pytest.mark.parametrize("words", BAD)
def test_what_is_no_task_is_refused(words: str, tmp_path: Path) -> None:
    (tmp_path / "task.py").touch()

    with pytest.raises(InputError, match=BAD[words]):
        TaskFile.of(str(tmp_path / words))


def test_without_inspect_the_command_that_installs_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "inspect_ai", None)

    with pytest.raises(ExtensionError, match="pip install inspect-ai"):
        require_inspect()


def truth(trial: Trial) -> Truth:
    points = (("10 steps", 10, 0.0), ("30 steps", 30, 1.0))
    return guarded(trial, {"template": Truth(points=points)})


def test_a_task_runs_once_for_each_attack_at_the_point_that_decided(file: Path) -> None:
    from tiergate.evidence.tampering.harness import run

    engine = SimulatedEngine(truth)
    result = run(context_of(suite_of("prefill", "template")), engine)
    task = TaskFile.of(str(file))

    ran = list(run_tasks(result, task, engine))

    assert ["prefill", "template"] == [found.trial.attack for found in ran]
    assert {Phase.TASK} == {found.trial.phase for found in ran}
    assert {task.stamp} == {found.trial.task for found in ran}
    assert "30 steps" == ran[1].trial.point
    for found, attack in zip(ran, result.attacks, strict=True):
        confirmed = [again.result.trial for again in attack.confirmed]
        assert (found.trial.setting, found.trial.seed) in [(t.setting, t.seed) for t in confirmed]


def test_a_void_run_has_no_model_to_run_a_task_on(file: Path) -> None:
    from tiergate.evidence.tampering.harness import run

    engine = SimulatedEngine(lambda _: Truth())
    result = run(context_of(suite_of("prefill")), engine)

    assert () == task_trials(result, TaskFile.of(str(file)))


def test_trials_without_a_task_are_known_as_before() -> None:
    trial = Trial(attack="prefill", phase=Phase.SEARCH)

    assert {"attack", "setting", "seed", "phase", "point"} == set(trial.to_json())
