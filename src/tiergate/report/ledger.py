# SPDX-License-Identifier: Apache-2.0
"""Registered runs, and what became of each."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from tiergate.evidence.collection import Collection, EvidenceDocument, MeasurementItem
from tiergate.evidence.measurement import Counts
from tiergate.evidence.runs import PlannedRun
from tiergate.report.wording import day, many


class RunState(enum.StrEnum):
    """What became of a registered run."""

    SHOWN = "shown"
    NOT_SHOWN = "not shown"
    NOT_AS_REGISTERED = "not as registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One registered run in words."""

    id: str
    """Its id."""
    metric: str
    """The metric that it was to give."""
    variant: str
    """Form of the model."""
    task: str
    """Task and version."""
    plan: str
    """How many behaviours it sets out to try, and what else was fixed beforehand."""
    date: str
    """When it was registered."""
    state: RunState
    """What became of it."""
    reasons: tuple[str, ...]
    """Why it is not as registered; empty otherwise."""
    documents: tuple[str, ...]
    """Digests of the documents that name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unregistered:
    """A document about a registered claim that is the log of no registered run."""

    digest: str
    """Its digest."""
    claims: tuple[str, ...]
    """The registered claims that it is about."""


def run_rows(evidence: Collection) -> tuple[RunRow, ...]:
    """Return every registered run, in the order of registration."""
    return tuple(_row(run, evidence) for run in evidence.runs)


def _row(run: PlannedRun, evidence: Collection) -> RunRow:
    naming = tuple(document for document in evidence.documents if document.run == run.id)
    is_unseen = run in evidence.unseen_runs(run.metric, run.variant)
    state = RunState.SHOWN
    if is_unseen:
        state = RunState.NOT_AS_REGISTERED if naming else RunState.NOT_SHOWN
    return RunRow(
        id=run.id,
        metric=run.metric,
        variant=run.variant,
        task=run.task,
        plan="; ".join(filter(None, (many(run.behaviours, "behaviour"), run.plan))),
        date=day(run.registered_at),
        state=state,
        reasons=tuple(_reasons(run, naming, evidence)) if naming and is_unseen else (),
        documents=tuple(document.digest for document in naming),
    )


def _reasons(
    run: PlannedRun, naming: tuple[EvidenceDocument, ...], evidence: Collection
) -> Iterator[str]:
    if len(naming) > 1:
        yield f"{len(naming)} documents name it, and a run has one log"
    items = [item for item in evidence.measurements(run.metric) if _is_of(item, run)]
    if not items:
        yield f"nothing that names it measures {run.metric}, {run.variant}"
    for item in items:
        found = item.measurement
        if found.began_at < run.registered_at:
            began = "ended" if found.started_at is None else "began"
            yield f"the log {began} before the run was registered"
        if not f"{found.task} ".startswith(f"{run.task} "):
            yield f"the log is of another task, {found.task}"
        if isinstance(found.value, Counts) and found.value.behaviours < run.behaviours:
            yield f"{found.value.behaviours} of {many(run.behaviours, 'behaviour')} were tried"


def _is_of(item: MeasurementItem, run: PlannedRun) -> bool:
    return item.document.run == run.id and item.measurement.setting.variant is run.variant


def unregistered(evidence: Collection) -> tuple[Unregistered, ...]:
    """Return the documents about a registered claim that name no registered run."""
    claims = {(run.metric, run.variant) for run in evidence.runs}
    known = {run.id for run in evidence.runs}
    return tuple(
        Unregistered(digest=document.digest, claims=about)
        for document in evidence.documents
        if document.run not in known
        and (
            about := tuple(
                sorted(
                    {
                        f"{found.metric}, {found.setting.variant}"
                        for found in document.measurements
                        if (found.metric, found.setting.variant) in claims
                    }
                )
            )
        )
    )


def not_shown(evidence: Collection) -> int:
    """Count the registered runs whose results are not here as they were registered."""
    return sum(row.state is not RunState.SHOWN for row in run_rows(evidence))
