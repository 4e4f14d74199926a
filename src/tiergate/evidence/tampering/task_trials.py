# SPDX-License-Identifier: Apache-2.0
"""After a run: a user's own task on the model that decided about each attack."""

from __future__ import annotations

from collections.abc import Iterator

from tiergate.evidence.tampering.attack_evidence import deciding
from tiergate.evidence.tampering.engines import Engine
from tiergate.evidence.tampering.harness import RunResult, Step, Watch, ignore
from tiergate.evidence.tampering.task_files import TaskFile
from tiergate.evidence.tampering.trial import Phase, Trial, TrialResult


def task_trials(run: RunResult, task: TaskFile) -> tuple[Trial, ...]:
    """Return one trial for each attack that was confirmed: its setting, its seed, its point."""
    return tuple(
        Trial(
            attack=found.result.trial.attack,
            setting=found.result.trial.setting,
            seed=found.result.trial.seed,
            phase=Phase.TASK,
            point=found.result.trial.point,
            task=task.stamp,
        )
        for attack in run.attacks
        for found in [deciding(attack)]
        if found is not None
    )


def run_tasks(
    run: RunResult, task: TaskFile, engine: Engine, *, watch: Watch = ignore
) -> Iterator[TrialResult]:
    """Attack again, as when it was confirmed, and run the task; what goes wrong is in the result.

    Args:
        run: what the attacks came to.
        task: the user's own.
        engine: who carries out trials.
        watch: told of every trial that ends.
    """
    trials = task_trials(run, task)
    for number, result in enumerate(engine.run(trials), 1):
        watch(Step(result=result, done=number, planned=len(trials)))
        yield result
