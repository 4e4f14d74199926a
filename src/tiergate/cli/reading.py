# SPDX-License-Identifier: Apache-2.0
"""What a foreign log holds, odd things first, for people and as JSON."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator

from tiergate.cli import text
from tiergate.cli.listing import LogDocument, SeriesPart
from tiergate.evidence.conversion import measurement_part
from tiergate.evidence.document import BindingPart, RemarkPart, SourcePart
from tiergate.evidence.from_log import Interpretation, interpret
from tiergate.evidence.mapping import TaskMapping
from tiergate.evidence.measurement import Counts
from tiergate.evidence.readers.base import ForeignLog, Series

_SHOWN_VALUES = 20


def log_document(log: ForeignLog, mapping: TaskMapping | None) -> LogDocument:
    """Build what ``evidence read --json`` prints."""
    meaning = _meaning(log, mapping)
    return LogDocument(
        source=SourcePart.model_validate(dataclasses.asdict(log.source)),
        binding=BindingPart.model_validate(dataclasses.asdict(log.binding)),
        remarks=tuple(
            RemarkPart.model_validate(dataclasses.asdict(r))
            for r in (*log.remarks, *meaning.remarks)
        ),
        series=tuple(_series_part(series) for series in log.series),
        measurements=tuple(measurement_part(m) for m in meaning.measurements),
        unmapped=meaning.unmapped,
    )


def log_lines(log: ForeignLog, mapping: TaskMapping | None) -> Iterator[str]:
    """Yield the lines of ``evidence read``."""
    meaning = _meaning(log, mapping)
    source, binding = log.source, log.binding
    yield from text.wrapped(f"{source.file_name}  {source.format}", "  ", "")
    yield from text.wrapped(f"digest  {source.sha256}", "    ", "  ")
    yield from text.wrapped(f"written by {source.tool or 'a tool it does not name'}", "    ", "  ")
    tied = binding.root_digest or "no digest of weights"
    yield from text.wrapped(
        f"model {binding.name!r}, tied by {binding.level}: {tied}", "    ", "  "
    )
    yield ""
    remarks = (*log.remarks, *meaning.remarks)
    yield text.heading("FINDINGS") + ("" if remarks else "  none")
    for remark in remarks:
        yield from text.wrapped(f"{remark.code}: {remark.message}", "    ", "  ")
    yield ""
    yield text.heading("COUNTED FROM SAMPLES")
    for series in log.series:
        yield from _series_lines(_series_part(series))
    yield ""
    if mapping is None:
        yield "No mapping given: what these scores mean for a release is not declared."
        return
    yield text.heading("UNDER THE MAPPING")
    for measurement in meaning.measurements:
        if isinstance(measurement.value, Counts):
            counts = measurement.value
            line = (
                f"{measurement.metric}: {counts.successes} of {counts.planned} "
                f"({measurement.success_means}), {text.plural(counts.behaviours, 'behaviour')}"
            )
            yield from text.wrapped(line, "    ", "  ")
    for name in meaning.unmapped:
        yield from text.wrapped(f"unmapped: {name}", "    ", "  ")


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
