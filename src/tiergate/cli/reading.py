# SPDX-License-Identifier: Apache-2.0
"""What a foreign log holds, odd things first, for people and as JSON."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path

from tiergate.cli import text
from tiergate.cli.evidence_input import UNNAMED
from tiergate.cli.grading import grade_lines
from tiergate.cli.listing import LogDocument, SeriesPart
from tiergate.decision.words import percent
from tiergate.evidence.bounds import bounds_of
from tiergate.evidence.collection import (
    Collection,
    EvidenceDocument,
    MeasurementItem,
    Subject,
    collect,
)
from tiergate.evidence.conversion import claim_part, measurement_part
from tiergate.evidence.document import BindingPart, RemarkPart, SourcePart
from tiergate.evidence.findings import about_another, derived
from tiergate.evidence.from_log import Interpretation, interpret
from tiergate.evidence.grades import grades
from tiergate.evidence.mapping import TaskMapping
from tiergate.evidence.measurement import Counts
from tiergate.evidence.provenance import ReadAs
from tiergate.evidence.readers.base import ForeignLog, Series
from tiergate.model.checkpoint import identify
from tiergate.stats.sample_size import best_possible_upper

_CONFIDENCE = Decimal("0.95")
_SHOWN_VALUES = 20


def held_against(log: ForeignLog, model: str) -> ForeignLog:
    """Add what shows that the log is about another model than ``model``.

    Raises:
        CheckpointError: it is a path, and no checkpoint can be read there.
    """
    digest = ""
    if Path(model).exists():
        checkpoint = identify(model)
        model, digest = checkpoint.name, checkpoint.root_digest
    return dataclasses.replace(log, remarks=(*about_another(log, model, digest), *log.remarks))


def log_document(
    log: ForeignLog, mapping: TaskMapping | None, *, at: datetime | None = None
) -> LogDocument:
    """Build what ``evidence read --json`` prints."""
    meaning = _meaning(log, mapping)
    return LogDocument(
        source=SourcePart.model_validate(dataclasses.asdict(log.source)),
        binding=BindingPart.model_validate(dataclasses.asdict(log.binding)),
        remarks=tuple(
            RemarkPart.model_validate(dataclasses.asdict(r))
            for r in (*log.remarks, *derived(log, at=at), *meaning.remarks)
        ),
        claims=tuple(claim_part(claim) for claim in log.claims),
        series=tuple(_series_part(series) for series in log.series),
        measurements=tuple(measurement_part(m) for m in meaning.measurements),
        unmapped=meaning.unmapped,
    )


def log_lines(
    log: ForeignLog, mapping: TaskMapping | None, *, at: datetime | None = None
) -> Iterator[str]:
    """Yield the lines of ``evidence read``: findings first."""
    meaning = _meaning(log, mapping)
    remarks = (*log.remarks, *derived(log, at=at), *meaning.remarks)
    yield from _heading(log)
    yield ""
    yield text.heading("FINDINGS") + ("" if remarks else "  none")
    for remark in remarks:
        yield from text.wrapped(f"{remark.code}: {remark.message}", "    ", "  ")
    yield ""
    if log.claims:
        yield text.heading("STATED, NOT MEASURED")
        for claim in log.claims:
            yield from text.wrapped(f"{claim.item}: {claim.statement}", "    ", "  ")
    if not log.series:
        return
    yield text.heading("COUNTED FROM SAMPLES")
    for series in log.series:
        yield from _series_lines(_series_part(series))
    yield ""
    if mapping is None:
        yield "No mapping given: what these scores mean for a release is not declared."
        return
    yield from _meaning_lines(log, meaning)


def _heading(log: ForeignLog) -> Iterator[str]:
    source, binding = log.source, log.binding
    yield from text.wrapped(f"{source.file_name}  {source.format}", "  ", "")
    yield from text.wrapped(f"digest  {source.sha256}", "    ", "  ")
    yield from text.wrapped(f"written by {source.tool or 'a tool it does not name'}", "    ", "  ")
    tied = binding.root_digest or "no digest of weights"
    yield from text.wrapped(
        f"model {binding.name!r}, tied by {binding.level}: {tied}", "    ", "  "
    )
    if source.left_out:
        yield from text.wrapped(
            f"read {', '.join(source.read)}; not looked at: {', '.join(source.left_out)}",
            "    ",
            "  ",
        )


def _meaning_lines(log: ForeignLog, meaning: Interpretation) -> Iterator[str]:
    yield text.heading("UNDER THE MAPPING")
    evidence, items = _as_evidence(log, meaning)
    for item in items:
        found = item.measurement
        if isinstance(found.value, Counts):
            counts = found.value
            line = (
                f"{found.metric}: {counts.successes} of {counts.planned} "
                f"({found.success_means}), {text.plural(counts.behaviours, 'behaviour')}"
            )
            yield from text.wrapped(line, "    ", "  ")
            interval = bounds_of(found, _CONFIDENCE)
            low = percent(Decimal(interval.lower), ROUND_FLOOR)
            high = percent(Decimal(interval.upper), ROUND_CEILING)
            best = percent(
                Decimal(best_possible_upper(counts.behaviours, _CONFIDENCE)), ROUND_CEILING
            )
            yield from text.wrapped(
                f"{low} to {high}, each one-sided at 95 %; with no success at all it could have "
                f"shown {best} at best",
                "    ",
            )
        yield from grade_lines(grades(item, evidence))
    for name in meaning.unmapped:
        yield from text.wrapped(f"unmapped: {name}", "    ", "  ")


def _as_evidence(
    log: ForeignLog, meaning: Interpretation
) -> tuple[Collection, tuple[MeasurementItem, ...]]:
    """Look at a log as at evidence that nobody has filed yet, by nobody in particular."""
    document = EvidenceDocument(
        digest="",
        binding=log.binding,
        producer=UNNAMED,
        read_as=ReadAs.PRIMARY,
        source=log.source,
        source_url="",
        measurements=meaning.measurements,
        claims=(),
        remarks=(*log.remarks, *derived(log), *meaning.remarks),
        unmapped=(),
    )
    subject = Subject(
        name="", root_digest=log.binding.root_digest, code_files=None, output_modalities=frozenset()
    )
    items = tuple(
        MeasurementItem(id=f"#m{index}", measurement=found, document=document)
        for index, found in enumerate(meaning.measurements)
    )
    return collect(subject, (document,)), items


def _meaning(log: ForeignLog, mapping: TaskMapping | None) -> Interpretation:
    if mapping is None:
        return Interpretation(measurements=(), unmapped=(), remarks=())
    return interpret(log, mapping)


def _series_lines(part: SeriesPart) -> Iterator[str]:
    yield from text.wrapped(f"{part.task} / {part.scorer}", "    ", "  ")
    facts = text.joined(
        (
            f"{part.attempts} of {part.planned} attempts",
            text.plural(part.behaviours, "behaviour"),
            f"{part.unscored} unscored" if part.unscored else "",
            f"{part.errored} errored" if part.errored else "",
            f"{part.limited} cut short" if part.limited else "",
            f"{part.superseded} superseded" if part.superseded else "",
        )
    )
    yield from text.wrapped(facts, "      ", "    ")
    values = ", ".join(f"{value} x {count}" for value, count in part.values.items())
    yield from text.wrapped(f"scores: {values or 'none'}", "      ", "    ")


def _series_part(series: Series) -> SeriesPart:
    values = Counter(_written(r.value) for r in series.rows if r.value is not None)
    return SeriesPart(
        task=series.task,
        scorer=series.scorer,
        behaviours=len({row.behaviour for row in series.rows}),
        attempts=len(series.rows),
        planned=series.planned,
        unscored=sum(row.value is None for row in series.rows),
        errored=sum(row.errored for row in series.rows),
        limited=sum(row.limited for row in series.rows),
        superseded=series.superseded,
        values=dict(sorted(values.most_common(_SHOWN_VALUES))),
    )


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
