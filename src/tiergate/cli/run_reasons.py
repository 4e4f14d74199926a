# SPDX-License-Identifier: Apache-2.0
"""Why a document that names a registered run is not the result of it, in words."""

from __future__ import annotations

from collections.abc import Iterator

from tiergate.cli import text
from tiergate.evidence.collection import Collection, MeasurementItem
from tiergate.evidence.measurement import Counts
from tiergate.evidence.provenance import BindingLevel, Relation
from tiergate.evidence.runs import PlannedRun

_SAME_WEIGHTS = frozenset({Relation.IDENTICAL, Relation.SAFEGUARDS_REMOVED})


def why_not(run: PlannedRun, evidence: Collection) -> str:
    """Return every reason that can be named; call it only for a run that does not count."""
    return "; ".join(dict.fromkeys(_reasons(run, evidence))) or "for another reason"


def _reasons(run: PlannedRun, evidence: Collection) -> Iterator[str]:
    named = [document for document in evidence.documents if document.run == run.id]
    if not named:
        yield "it is about another checkpoint"
        return
    if len(named) > 1:
        yield f"{len(named)} documents name this run"
    logs = {document.source.sha256 for document in named if document.source is not None}
    if any(
        d.run not in {"", run.id} and d.source and d.source.sha256 in logs
        for d in evidence.documents
    ):
        yield "its log is filed under another run too"
    own = [
        item
        for item in evidence.measurements(run.metric)
        if item.document in named and item.measurement.setting.variant is run.variant
    ]
    if not own:
        yield f"it does not give {run.metric}, {run.variant}"
    for item in own:
        yield from _of_item(item, run)


def _of_item(item: MeasurementItem, run: PlannedRun) -> Iterator[str]:
    found, binding = item.measurement, item.document.binding
    if not f"{found.task} ".startswith(f"{run.task} "):
        yield f"it is of another task ({text.shortened(found.task, 80)})"
    if found.began_at < run.registered_at:
        yield f"it began at {found.began_at:%Y-%m-%d %H:%M} UTC, before it was registered"
    if not isinstance(found.value, Counts):
        yield "it has no counts"
    elif found.value.behaviours < run.behaviours:
        yield f"it tried {found.value.behaviours} of {run.behaviours} behaviours"
    if binding.relation not in _SAME_WEIGHTS:
        yield f"the weights that ran are {binding.relation}"
    if binding.level.rank < BindingLevel.IMMUTABLE_REVISION.rank:
        yield f"its tie to the weights is no more than a {binding.level}"
