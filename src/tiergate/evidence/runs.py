# SPDX-License-Identifier: Apache-2.0
"""The run ledger: runs of a claim are registered before they start, so that all of them show.

A claim is a metric on one form of one checkpoint. Whoever may repeat a run until it passes
will pass, so the error that a bound may make is spent once: it is shared among a run that
is shown and every registered run that is not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field, ValidationError

from tiergate.errors import EvidenceError
from tiergate.evidence.chain import digest_of_line, head_of, linked
from tiergate.evidence.document_types import Count, Digest, Metric, Name, Part, Text, UtcTime
from tiergate.evidence.measurement import Variant

_ID_LENGTH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """A run that was registered before it started."""

    id: str
    """First 16 hexadecimal digits of the digest of its line."""
    root_digest: str
    """The checkpoint it is to measure."""
    metric: str
    """The metric it is to give."""
    variant: Variant
    """Form of the model."""
    task: str
    """Task and version, as the log will name them."""
    behaviours: int
    """Behaviours that it sets out to try."""
    plan: str
    """What was fixed beforehand: data set, attempts, grader, limit, in words."""
    registered_at: datetime
    """When, in UTC."""


class _Line(Part):
    root_digest: Digest
    metric: Metric
    variant: Variant
    task: Name
    behaviours: Annotated[Count, Field(ge=1)]
    plan: Text
    registered_at: UtcTime
    previous: Digest


def read_runs(content: bytes, where: str) -> tuple[PlannedRun, ...]:
    """Read a ledger; empty content gives no runs.

    Raises:
        EvidenceError: a line is damaged, or does not follow the one before it.
    """
    return tuple(_read(content, where))


def _read(content: bytes, where: str) -> Iterator[PlannedRun]:
    latest: datetime | None = None
    for number, line, previous in linked(content):
        try:
            fields = _Line.model_validate_json(line)
        except ValidationError:
            raise _broken(f"{where}:{number}", "a damaged line") from None
        if fields.previous != previous:
            raise _broken(f"{where}:{number}", "a line that does not follow the one before it")
        if latest is not None and fields.registered_at < latest:
            raise _broken(f"{where}:{number}", "a line that is dated before the one before it")
        latest = fields.registered_at
        yield _run(fields, digest_of_line(line))


def appended(content: bytes, run: PlannedRun) -> tuple[bytes, PlannedRun]:
    """Return the line that registers ``run`` after ``content``, and the run with its id.

    Raises:
        EvidenceError: the ledger is damaged, or the run holds what no line can.
    """
    known = read_runs(content, "runs.jsonl")
    if known and run.registered_at < known[-1].registered_at:
        raise EvidenceError(
            "run",
            f"a time before the last registered run ({run.registered_at:%Y-%m-%d %H:%M} UTC)",
            "runs in the order of registration",
            "Set the clock.",
        )
    fields = {
        "root_digest": run.root_digest,
        "metric": run.metric,
        "variant": run.variant.value,
        "task": run.task,
        "behaviours": run.behaviours,
        "plan": run.plan,
        "registered_at": run.registered_at.isoformat().replace("+00:00", "Z"),
        "previous": head_of(content, "runs.jsonl"),
    }
    line = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    try:
        registered = _run(_Line.model_validate_json(line), digest_of_line(line))
    except ValidationError as error:
        found = "; ".join(
            f"{'.'.join(map(str, m['loc'])) or 'run'}: {m['msg']}"
            for m in error.errors(include_url=False)
        )
        raise EvidenceError("run", found, "a run that can be registered") from None
    return line + b"\n", registered


def _run(fields: _Line, digest: str) -> PlannedRun:
    return PlannedRun(
        id=digest.removeprefix("sha256:")[:_ID_LENGTH],
        root_digest=fields.root_digest,
        metric=fields.metric,
        variant=fields.variant,
        task=fields.task,
        behaviours=fields.behaviours,
        plan=fields.plan,
        registered_at=fields.registered_at,
    )


def of_claim(runs: Iterable[PlannedRun], metric: str, variant: Variant) -> tuple[PlannedRun, ...]:
    """Return the runs of one claim, in the order of registration."""
    return tuple(run for run in runs if run.metric == metric and run.variant is variant)


def _broken(where: str, found: str) -> EvidenceError:
    return EvidenceError(
        where,
        found,
        "registered runs, each line naming the digest of the one before",
        "Restore runs.jsonl: without it, repeated runs could not be noticed.",
    )
