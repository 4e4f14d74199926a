# SPDX-License-Identifier: Apache-2.0
"""A user's own Inspect task in `tiergate attack`: run, filed where a mapping says what it means."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tiergate.cli import filing, text
from tiergate.cli.attack_request import Asked, Prepared
from tiergate.errors import DigestMismatchError, TiergateError
from tiergate.evidence.readers.builtin import read_log
from tiergate.evidence.tampering.engines import Engine
from tiergate.evidence.tampering.trial import KeptLog, TrialResult

if TYPE_CHECKING:
    from tiergate.evidence.tampering.harness import RunResult, Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRun:
    """The task on the model that decided about one attack."""

    attack: str
    """The attack."""
    logs: tuple[Path, ...]
    """Logs, in the order of the tasks."""
    documents: tuple[str, ...]
    """Digests of the evidence that was filed; none without a mapping."""
    error: str
    """Why it has no logs, or why they were not filed; empty when nothing went wrong."""


def require_scores(prepared: Prepared) -> None:
    """Refuse a task without scores before hours are spent.

    Raises:
        MeasurementError: it has none, or cannot be loaded.
    """
    if prepared.context.task is not None:
        from tiergate.evidence.tampering.inspect_task import require_scored

        require_scored(prepared.context.task)


def ran_tasks(
    prepared: Prepared, result: RunResult, engine: Engine, watch: Watch
) -> tuple[TrialResult, ...]:
    """Run the task, if there is one, on the model that decided about each attack."""
    task = prepared.context.task
    if task is None:
        return ()
    from tiergate.evidence.tampering.task_trials import run_tasks

    return tuple(run_tasks(result, task, engine, watch=watch))


def file_logs(prepared: Prepared, found: TrialResult) -> TaskRun:
    """File the logs of one attack. What cannot be filed is said, and nothing that was is lost."""
    folder = prepared.context.inspect_logs or prepared.output
    documents: list[str] = []
    error = found.error and f"{found.trial.attack}: {found.error}"
    try:
        for log in found.logs:
            documents += _filed(prepared, folder / log.file, log)
    except TiergateError as failure:
        error = str(failure)
    return TaskRun(
        attack=found.trial.attack,
        logs=tuple(folder / log.file for log in found.logs),
        documents=tuple(documents),
        error=error,
    )


def _filed(prepared: Prepared, path: Path, log: KeptLog) -> tuple[str, ...]:
    """File one log, when its scores have a meaning and it is the one that was written."""
    if prepared.asked.mapping is None:
        return ()
    digest = read_log(path).source.sha256
    if digest != log.sha256:
        raise DigestMismatchError(str(path), digest, log.sha256, "Restore the log.")
    how = filing.How(
        mapping=prepared.asked.mapping,
        maker=prepared.asked.producer,
        related=None,
        audit=None,
        run="",
        folder=prepared.store,
    )
    return filing.file(prepared.store, filing.prepare(path, how, prepared.checkpoint)).added


def task_lines(tasks: Sequence[TaskRun], asked: Asked) -> Iterator[str]:
    """Yield the command that files each log which has not been filed."""
    if asked.mapping is not None:
        return
    store = ["--store", asked.store] if asked.store else []
    for task in tasks:
        for log in task.logs:
            words = ["tiergate", "evidence", "add", str(log), "--model", asked.model, *store]
            yield from text.command(f"{shlex.join(words)} --mapping MAPPING", "   ", "-> ")
