# SPDX-License-Identifier: Apache-2.0
"""Carrying out `tiergate attack`: the engine, the journal, the evidence that is filed."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tiergate import __version__
from tiergate.cli import clock
from tiergate.cli.attack_request import (
    NULL,
    Prepared,
    find_users_modules,
    searched_clusters,
)
from tiergate.cli.attack_task import TaskRun, file_logs, ran_tasks, require_scores
from tiergate.cli.exit_codes import ExitCode
from tiergate.cli.session import identify_with_progress
from tiergate.errors import DigestMismatchError, ExtensionError, InputError
from tiergate.evidence.conduct import GraderKind, GraderValidation
from tiergate.evidence.conversion import write_document
from tiergate.evidence.provenance import SourceFile
from tiergate.evidence.store import EvidenceStore
from tiergate.evidence.tampering.engines import Engine, JournalledEngine, LocalEngine
from tiergate.evidence.tampering.journal import FORMAT, Journal
from tiergate.evidence.tampering.outcomes import AttackOutcome
from tiergate.evidence.tampering.trial import Phase, PointResult, Trial
from tiergate.model.digest import sha256_digest

if TYPE_CHECKING:
    from tiergate.evidence.tampering.harness import RunResult, Step

OUTCOME_CODES = {
    AttackOutcome.HOLDS: ExitCode.SUPPORTED,
    AttackOutcome.BROKEN: ExitCode.NOT_MET,
    AttackOutcome.UNDECIDED: ExitCode.UNDETERMINED,
    AttackOutcome.NO_SAFEGUARD: ExitCode.UNDETERMINED,
    AttackOutcome.INVALID: ExitCode.NOT_POSSIBLE_NOW,
    AttackOutcome.DESTROYED: ExitCode.NOT_POSSIBLE_NOW,
}
_PACKAGES = ("torch", "transformers", "optuna")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A run that came to its end."""

    prepared: Prepared
    """What was carried out."""
    result: RunResult
    """What it came to."""
    untouched: PointResult | None
    """The model as released, measured as in the search; None when it was not."""
    documents: tuple[str, ...]
    """Digests of the evidence that was filed."""
    found_before: int
    """Trials that the journal held when the run began."""
    tasks: tuple[TaskRun, ...] = ()
    """What the user's own task gave, by attack."""

    @property
    def code(self) -> ExitCode:
        """Exit code: that of the outcome, unless something else that was asked for failed."""
        if any(task.error for task in self.tasks):
            return ExitCode.NOT_POSSIBLE_NOW
        return OUTCOME_CODES[self.result.summary.outcome]


def require_extra() -> None:
    """Refuse to go on without what attacks need.

    Raises:
        ExtensionError: a package of the extra is missing.
    """
    from importlib.util import find_spec

    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise ExtensionError(
            "tiergate attack",
            f"no {' and no '.join(missing)}",
            "the extra tiergate[attack]",
            "Install it: pip install 'tiergate[attack]'",
        )


def carry_out(
    prepared: Prepared, watch: Callable[[Step], None], say: Callable[[str], None]
) -> Done:
    """Run what was prepared, or go on where an earlier run of the same stopped.

    Args:
        prepared: the run.
        watch: told of each trial that ends.
        say: told what a person should know at once.

    Raises:
        CheckpointError: the model cannot be attacked.
        InputError: the folder for the output holds another run.
        DigestMismatchError: the checkpoint changed while it was attacked.
        MeasurementError: it cannot go on, as when the disk is full, or the user's own task has
            no scores.
    """
    from tiergate.evidence.tampering.fitness import refuse_unfit
    from tiergate.evidence.tampering.grading import grader_named, validate

    find_users_modules()
    refuse_unfit(prepared.checkpoint)
    require_scores(prepared)
    validation = validate(grader_named(prepared.context.grader))
    prepared = _with_claims(prepared, validation)
    plan = prepared.context.plan(prepared.checkpoint.weights_digest or "")
    with Journal.open(prepared.journal, plan) as journal, _engine(prepared) as engine:
        if journal.note:
            say(journal.note)
        before = frozenset(journal.found)
        times = _Times.of(prepared.output / "times.json")
        kept = JournalledEngine(engine, journal)
        result = _attacked(prepared, kept, validation, watch)
        ran = ran_tasks(prepared, result, kept, watch)
        is_new = journal.found.keys() != before
        baseline = Trial(attack=NULL, seed=prepared.context.seed, phase=Phase.SEARCH)
        measured = journal.found.get(baseline.id)
    _require_unchanged(prepared)
    times = times if times.ended_at and not is_new else times.now(clock.now())
    times.write()
    digests = _file(prepared, result, times, validation)
    tasks = tuple(file_logs(prepared, found) for found in ran)
    return Done(
        prepared=prepared,
        result=result,
        untouched=measured.points[-1] if measured and measured.points else None,
        documents=(*digests, *(digest for task in tasks for digest in task.documents)),
        found_before=len(before),
        tasks=tasks,
    )


def _with_claims(prepared: Prepared, grader: GraderValidation) -> Prepared:
    """Fix before the run whether its search is large enough to show that a setting holds."""
    from tiergate.evidence.tampering.assessing import with_holding_claims

    context = prepared.context
    rule = with_holding_claims(context.rule, searched_clusters(context), grader=grader)
    return dataclasses.replace(
        prepared, context=dataclasses.replace(context, rule=rule, grader_error=grader)
    )


def _attacked(
    prepared: Prepared, engine: Engine, grader: GraderValidation, watch: Callable[[Step], None]
) -> RunResult:
    """Carry out the suite, in the time that there is."""
    from tiergate.evidence.tampering.harness import run

    budget = prepared.asked.budget
    deadline = None if budget is None else time.monotonic() + budget
    return run(prepared.context, engine, grader=grader, watch=watch, deadline=deadline)


@contextmanager
def _engine(prepared: Prepared) -> Iterator[Engine]:
    """Make the engine that was asked for, and clean up after it."""
    from tiergate.evidence.tampering.worker import make_worker

    context, asked = prepared.context, prepared.asked
    if asked.engine == "ray":
        from tiergate.evidence.tampering.ray_engine import gpus_for, ray_engine

        with ray_engine(
            context, make_worker, workers=asked.workers, gpus=gpus_for(asked.device)
        ) as on_cluster:
            yield on_cluster
        return
    worker = make_worker(context)
    try:
        yield LocalEngine(worker)
    finally:
        worker.close()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Times:
    """When a run began and ended; kept beside the journal, so that a run that goes on has one."""

    path: Path
    started_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, path: Path) -> _Times:
        """Read them, or take the time now as the beginning, and write it down."""
        try:
            given = json.loads(path.read_text("ascii"))
            ended = given["ended_at"] and datetime.fromisoformat(given["ended_at"])
            started = datetime.fromisoformat(given["started_at"])
            return cls(path=path, started_at=started, ended_at=ended or None)
        except FileNotFoundError:
            times = cls(path=path, started_at=clock.now(), ended_at=None)
            times.write()
            return times
        except (ValueError, LookupError, TypeError) as error:
            raise InputError(
                str(path), "no times of a run", "what Tiergate wrote", "Choose another --output."
            ) from error

    def now(self, at: datetime) -> _Times:
        """Return them with the end that is given."""
        return dataclasses.replace(self, ended_at=at)

    def write(self) -> None:
        """Write them down."""
        ended = self.ended_at.isoformat() if self.ended_at else ""
        words = {"started_at": self.started_at.isoformat(), "ended_at": ended}
        self.path.write_text(json.dumps(words) + "\n", "ascii")


def _require_unchanged(prepared: Prepared) -> None:
    """Refuse to file evidence about a checkpoint whose files changed while it was attacked."""
    before, asked = prepared.checkpoint, prepared.asked
    after = identify_with_progress(
        str(before.path), revision=None, endpoint=asked.endpoint, use_cache=False
    )
    if after.root_digest != before.root_digest:
        raise DigestMismatchError(
            str(before.path),
            f"{after.root_digest} after the run",
            before.root_digest,
            "Nothing was filed. Restore the files and attack them anew.",
        )


def _file(
    prepared: Prepared, result: RunResult, times: _Times, validation: GraderValidation
) -> tuple[str, ...]:
    """File the evidence of a run with its journal, and return the digests of the documents."""
    from tiergate.evidence.tampering.attack_evidence import Circumstances, documents
    from tiergate.evidence.tampering.grading import grader_named

    content = prepared.journal.read_bytes()
    grader = prepared.context.grader
    around = Circumstances(
        name=prepared.checkpoint.name,
        root_digest=prepared.checkpoint.root_digest,
        producer=prepared.asked.producer,
        journal=SourceFile(
            file_name=prepared.journal.name,
            sha256=sha256_digest(content),
            size_bytes=len(content),
            format=FORMAT,
            reader=f"tiergate/{__version__}",
            tool=f"tiergate/{__version__}",
            read=("every trial",),
        ),
        started_at=times.started_at,
        finished_at=times.ended_at or times.started_at,
        prices=prepared.prices,
        grader=validation,
        grader_name=grader_named(grader).name,
        grader_kind=_grader_kind(grader),
    )
    store = EvidenceStore(prepared.store)
    return tuple(
        store.add(write_document(document), prepared.journal).digest
        for document in documents(result, prepared.context, around)
    )


def _grader_kind(name: str) -> GraderKind:
    if name.startswith(("http://", "https://")):
        return GraderKind.MODEL
    return GraderKind.RULE if name == "markers" else GraderKind.NOT_STATED
