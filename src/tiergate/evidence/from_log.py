# SPDX-License-Identifier: Apache-2.0
"""From a foreign log to measurements: rows are counted under a declared mapping.

Nothing is taken from a ready-made average. A raw score that the mapping cannot compare
is unscored, and said.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from decimal import Decimal

from tiergate.errors import EvidenceError
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.conversion import with_digest
from tiergate.evidence.mapping import MappingEntry, TaskMapping
from tiergate.evidence.measurement import Attack, AttackBudget, Counts, Measurement, Setting
from tiergate.evidence.provenance import Binding, Producer, ReadAs, Remark
from tiergate.evidence.readers.base import ForeignLog, Series

ALMOST = "success-value-almost"
"""Code of the remark that a success value nearly equals one in the log."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Interpretation:
    """What a mapping makes of a log."""

    measurements: tuple[Measurement, ...]
    """One per series and mapping entry."""
    unmapped: tuple[str, ...]
    """Series that no entry names, as ``task / scorer``."""
    remarks: tuple[Remark, ...]
    """What did not compare."""


def interpret(log: ForeignLog, mapping: TaskMapping) -> Interpretation:
    """Count every series of ``log`` that ``mapping`` names."""
    measurements: list[Measurement] = []
    unmapped: list[str] = []
    remarks: list[Remark] = []
    tool = log.source.reader.split("/", 1)[0]
    for series in log.series:
        entries = mapping.entries_for(tool, series.task, series.scorer)
        if not entries:
            unmapped.append(f"{series.task} / {series.scorer}")
        for entry in entries:
            measurements.append(_measurement(series, entry))
            remarks.extend(_uncomparable(series, entry))
            remarks.extend(_never_seen(series, entry))
    return Interpretation(
        measurements=tuple(measurements), unmapped=tuple(unmapped), remarks=tuple(remarks)
    )


def document_from_log(
    log: ForeignLog,
    mapping: TaskMapping,
    producer: Producer,
    binding: Binding,
) -> EvidenceDocument:
    """Make the evidence document of a log.

    Raises:
        EvidenceError: the mapping names nothing in the log, or a success value that
            differs from one in the log only by case, spaces or type.
    """
    meaning = interpret(log, mapping)
    differing = [remark for remark in meaning.remarks if remark.code == ALMOST]
    if differing:
        raise EvidenceError(
            log.source.file_name,
            differing[0].message,
            "success values as the log writes them",
            "Mend the mapping file: a success that is never recognised would count as none.",
        )
    if not meaning.measurements:
        raise EvidenceError(
            log.source.file_name,
            f"nothing that the mapping names (unmapped: {', '.join(meaning.unmapped) or 'none'})",
            "at least one mapped task and scorer",
            "Add an entry to the mapping file; docs/how-to/map-a-task.md shows how.",
        )
    return with_digest(
        EvidenceDocument(
            digest="",
            binding=binding,
            producer=producer,
            read_as=ReadAs.PRIMARY,
            source=log.source,
            source_url="",
            measurements=meaning.measurements,
            claims=(),
            remarks=(*log.remarks, *meaning.remarks),
            unmapped=meaning.unmapped,
        )
    )


def _measurement(series: Series, entry: MappingEntry) -> Measurement:
    version = f" {series.task_version}" if series.task_version else ""
    return Measurement(
        metric=entry.metric,
        domain=entry.domain,
        direction=entry.direction,
        success_means=entry.success_means,
        value=count(series, entry),
        setting=Setting(
            variant=entry.variant,
            elicitation="; ".join(filter(None, (series.elicitation, entry.elicitation))),
            generation=series.generation,
        ),
        task=f"{series.task}{version}",
        dataset=series.dataset,
        grader=entry.grader or series.scorer,
        finished_at=series.finished_at,
        samples_kept=series.samples_kept,
        attack=_attack(entry),
    )


def count(series: Series, entry: MappingEntry) -> Counts:
    """Count the rows of ``series`` under the entry's success condition, by behaviour."""
    behaviours: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in series.rows:
        success = _success(row.value, entry)
        tally = behaviours[row.behaviour]
        tally[0] += success is True
        tally[1] += success is not None
        tally[2] += success is None
    return Counts.of(
        ((s, n, u) for s, n, u in behaviours.values()),
        planned=max(series.planned, len(series.rows)),
        errored=sum(row.errored for row in series.rows),
        limited=sum(row.limited for row in series.rows),
        superseded=series.superseded,
    )


def _success(value: str | bool | Decimal | None, entry: MappingEntry) -> bool | None:  # noqa: FBT001
    return None if value is None else entry.success.holds(value)


def _attack(entry: MappingEntry) -> Attack | None:
    if entry.attack is None:
        return None
    return Attack(
        name=entry.attack.name,
        attack_class=entry.attack.attack_class,
        budget=AttackBudget(**dict(entry.attack.budget)),
        controls=entry.attack.controls,
    )


def _uncomparable(series: Series, entry: MappingEntry) -> tuple[Remark, ...]:
    odd = sum(
        row.value is not None and entry.success.holds(row.value) is None for row in series.rows
    )
    if not odd:
        return ()
    message = (
        f"{series.task} / {series.scorer}: {odd} of {len(series.rows)} scores cannot be compared "
        f"with the success condition of {entry.metric} and count as unscored"
    )
    return (Remark(code="scores-do-not-compare", message=message),)


def _never_seen(series: Series, entry: MappingEntry) -> tuple[Remark, ...]:
    equals = entry.success.equals
    seen = {row.value for row in series.rows if row.value is not None}
    if equals is None or not seen or any(entry.success.holds(value) for value in seen):
        return ()
    asked = ", ".join(sorted(repr(_folded(value)) for value in equals))
    shown = ", ".join(sorted(str(value) for value in seen)[:5])
    near = {_folded(value) for value in equals} & {_folded(value) for value in seen}
    code = ALMOST if near else "success-value-never-seen"
    how = "differs only by case, spaces or type from one" if near else "is not"
    message = (
        f"{series.task} / {series.scorer}: the success value of {entry.metric} ({asked}) {how} "
        f"among the scores (such as {shown})"
    )
    return (Remark(code=code, message=message),)


def _folded(value: object) -> str:
    return str(value).strip().casefold()
