# SPDX-License-Identifier: Apache-2.0
"""From a foreign log to measurements: rows are counted under a declared mapping.

Nothing is taken from a ready-made average. A raw score that the mapping cannot compare
is unscored, and said.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import TypeAlias

from tiergate.errors import EvidenceError
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.conduct import Audit
from tiergate.evidence.conversion import with_digest
from tiergate.evidence.findings import derived
from tiergate.evidence.mapping import MappingEntry, TaskMapping
from tiergate.evidence.measurement import (
    Attack,
    AttackBudget,
    BehaviourResult,
    Counts,
    Measurement,
    RunRule,
    Setting,
)
from tiergate.evidence.provenance import Binding, Producer, ReadAs, Remark
from tiergate.evidence.readers.base import ForeignLog, Row, Series

_PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@+-]{0,79}")

Audits: TypeAlias = Mapping[tuple[str, str, str, str], Audit]
"""Audits by the task, the scorer, the metric and the condition that they are about."""

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


def interpret(
    log: ForeignLog, mapping: TaskMapping, audits: Audits = MappingProxyType({})
) -> Interpretation:
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
            about = (series.task, series.scorer, entry.metric, entry.condition)
            measurements.append(_measurement(series, entry, audits.get(about)))
            remarks.extend(_uncomparable(series, entry))
            remarks.extend(_never_seen(series, entry))
    return Interpretation(
        measurements=tuple(measurements), unmapped=tuple(unmapped), remarks=tuple(remarks)
    )


def document_from_log(  # noqa: PLR0913 - what a document is made of
    log: ForeignLog,
    mapping: TaskMapping,
    producer: Producer,
    binding: Binding,
    *,
    audits: Audits = MappingProxyType({}),
    run: str = "",
) -> EvidenceDocument:
    """Make the evidence document of a log.

    Args:
        log: what a reader found.
        mapping: what it means.
        producer: who made it.
        binding: the tie to a checkpoint.
        audits: people's labels on what the grader said, by what they are about.
        run: the registered run that this is the log of.

    Raises:
        EvidenceError: the mapping names nothing in the log, or a success value that
            differs from one in the log only by case, spaces or type.
    """
    meaning = interpret(log, mapping, audits)
    _refuse_useless(log, meaning)
    return with_digest(
        EvidenceDocument(
            digest="",
            binding=binding,
            producer=producer,
            read_as=ReadAs.PRIMARY,
            source=log.source,
            source_url="",
            measurements=meaning.measurements,
            claims=log.claims,
            remarks=(*log.remarks, *derived(log), *meaning.remarks, *_chosen_seeds(log, audits)),
            unmapped=meaning.unmapped,
            run=run,
        )
    )


def _chosen_seeds(log: ForeignLog, audits: Audits) -> Iterator[Remark]:
    for (task, scorer, *_), audit in audits.items():
        if audit.seed != log.source.sha256:
            yield Remark(
                code="chosen-seed",
                message=f"{task} / {scorer}: what people looked at was drawn with a seed other "
                "than the digest of the log; whoever chose it could have tried several.",
            )


def _refuse_useless(log: ForeignLog, meaning: Interpretation) -> None:
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


def _measurement(series: Series, entry: MappingEntry, audit: Audit | None) -> Measurement:
    version = f" {series.task_version}" if series.task_version else ""
    results = by_behaviour(series, entry)
    return Measurement(
        metric=entry.metric,
        domain=entry.domain,
        direction=entry.direction,
        success_means=entry.success_means,
        value=_counts(series, results),
        setting=Setting(
            variant=entry.variant,
            elicitation="; ".join(filter(None, (series.elicitation, entry.elicitation))),
            generation=series.generation,
        ),
        task=f"{series.task}{version}",
        dataset=series.dataset,
        grader=entry.grader or series.scorer,
        finished_at=series.finished_at,
        started_at=series.started_at,
        samples_kept=series.samples_kept,
        attack=_attack(entry),
        conduct=entry.conduct.inside(),
        audit=audit,
        behaviours=results,
        grader_models=series.graders,
    )


def by_behaviour(series: Series, entry: MappingEntry) -> tuple[BehaviourResult, ...]:
    """Count the rows of ``series`` under the entry's success condition, by behaviour."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in series.rows:
        success = success_of(row, entry)
        tally = found[behaviour_of(row, entry)]
        tally[0] += success is True
        tally[1] += success is not None
        tally[2] += success is None
    return tuple(
        BehaviourResult(behaviour=name, successes=s, scored=n, unscored=u)
        for name, (s, n, u) in sorted(found.items())
    )


def success_of(row: Row, entry: MappingEntry) -> bool | None:
    """Tell whether an attempt met the entry's success condition; None when it has no score."""
    return None if row.value is None else entry.success.holds(row.value)


def behaviour_of(row: Row, entry: MappingEntry) -> str:
    """Return the behaviour that an attempt counts towards, as documents name it."""
    match = re.search(entry.behaviour, row.behaviour) if entry.behaviour else None
    return named(row.behaviour if match is None or match[1] is None else match[1])


def named(behaviour: str) -> str:
    """Return a behaviour's id as documents keep it: an id that is a text becomes a digest.

    >>> named("suite/7"), named("a whole prompt, kept as an id")
    ('suite/7', 'sha256:088590da7f1e2c19')
    """
    if _PLAIN_ID.fullmatch(behaviour):
        return behaviour
    return f"sha256:{hashlib.sha256(behaviour.encode()).hexdigest()[:16]}"


def _counts(series: Series, results: tuple[BehaviourResult, ...]) -> Counts:
    return Counts.of(
        ((r.successes, r.scored, r.unscored) for r in results),
        planned=max(series.planned, len(series.rows)),
        errored=sum(row.errored for row in series.rows),
        limited=sum(row.limited for row in series.rows),
        superseded=series.superseded,
    )


def _attack(entry: MappingEntry) -> Attack | None:
    if entry.attack is None:
        return None
    search = entry.attack.search_budget
    return Attack(
        name=entry.attack.name,
        attack_class=entry.attack.attack_class,
        budget=AttackBudget(**dict(entry.attack.budget)),
        controls=entry.attack.controls,
        trials=entry.attack.trials,
        seeds=entry.attack.seeds,
        longest_run_steps=entry.attack.longest_run_steps,
        rule=RunRule(**dict(entry.attack.rule)) if entry.attack.rule else None,
        search_budget=None if search is None else AttackBudget(**dict(search)),
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
    if not seen or any(entry.success.holds(value) for value in seen):
        return ()
    shown = ", ".join(sorted(_shown(value) for value in seen)[:5])
    if equals is None:
        if len(seen) == 1:
            return ()
        message = (
            f"{series.task} / {series.scorer}: none of {len(seen)} different scores meets the "
            f"success condition of {entry.metric} (such as {shown})"
        )
        return (Remark(code="success-value-never-seen", message=message),)
    asked = ", ".join(sorted(_shown(value) for value in equals))
    near = {_folded(value) for value in equals} & {_folded(value) for value in seen}
    kinds = {_kind(value) for value in equals}
    alien = len(seen) > 1 and not kinds & {_kind(value) for value in seen}
    code = ALMOST if near or alien else "success-value-never-seen"
    how = "is not"
    if alien:
        how = "is of another kind than every one"
    if near:
        how = "differs only by case, spaces or type from one"
    message = (
        f"{series.task} / {series.scorer}: the success value of {entry.metric} ({asked}) {how} "
        f"among the scores (such as {shown})"
    )
    return (Remark(code=code, message=message),)


def _shown(value: object) -> str:
    """Write a value so that its kind shows: text in quotes, numbers and truth values without."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, str) else str(value)


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "truth value"
    return "text" if isinstance(value, str) else "number"


def _folded(value: object) -> str:
    text = str(value).strip().casefold()
    try:
        return str(Decimal(text).normalize())
    except ArithmeticError:
        return text
