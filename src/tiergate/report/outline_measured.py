# SPDX-License-Identifier: Apache-2.0
"""Measurements in outlines: counts and bounds, who measured, and what they were held against."""

from __future__ import annotations

from collections.abc import Iterator

from tiergate.decision.document import ReadingPart
from tiergate.decision.explanation import Reading
from tiergate.decision.words import bounds_words, count_words
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Measurement
from tiergate.evidence.provenance import ProducerRelation
from tiergate.report.export_source import readings
from tiergate.report.outline import Filled, Missing
from tiergate.report.outline_source import Found, OutlineSource
from tiergate.report.view import short_digest
from tiergate.report.wording import day, maker_words

OUTSIDE = frozenset({ProducerRelation.COMMISSIONED, ProducerRelation.INDEPENDENT})
_SHOWN_LIMITS = 4


def measured(source: OutlineSource, domain: HazardDomain) -> Found:
    """Give every measurement of a hazard that the decision read, as counts and bounds."""
    prefix = f"{domain.value}."
    found = [
        f for r, held in readings(source.export.decision) for f in _read(source, r, held, prefix)
    ]
    if found:
        return found, []
    gap = Missing(
        what=f"results of evaluations for {domain.label}",
        remedy="tiergate evidence add LOG --model MODEL --mapping MAPPING",
    )
    return [], [gap]


def measured_safeguards(source: OutlineSource) -> Found:
    """Give every measured attack on the safeguards that the decision read."""
    metric = source.policy.tamper.metric
    # The same attack is read by its own name too; that says more.
    named = {
        _without_label(part) for part, _ in readings(source.export.decision) if " " in part.label
    }
    found = [
        f
        for part, held in readings(source.export.decision)
        for f in _read(source, part, held, metric)
        if " " in part.label or _without_label(part) not in named
    ]
    if found:
        return found, []
    gap = Missing(what="how safeguards fare under attack", remedy="tiergate attack MODEL")
    return [], [gap]


def _without_label(part: ReadingPart) -> tuple[object, ...]:
    return part.item, part.variant, part.lower, part.upper


def _read(
    source: OutlineSource, part: ReadingPart, held: tuple[str, ...], prefix: str
) -> Iterator[Filled]:
    if not part.label.startswith(prefix):
        return
    reading = Reading(**{name: getattr(part, name) for name in ReadingPart.model_fields})
    counts = count_words(reading)
    held = tuple(sorted(held, key=lambda words: f" at {source.export.decision.asked}" not in words))
    more = f"; and {len(held) - _SHOWN_LIMITS} more" if len(held) > _SHOWN_LIMITS else ""
    yield Filled(
        sentence=(
            f"{reading.label}, {reading.variant}: {f'{counts}, ' if counts else ''}"
            f"one-sided bounds {bounds_words(reading)}"
        ),
        rests_on=(
            f"measurement {_short(part.item)}",
            *_measured_by(source, part.item),
            f"held against {'; '.join(held[:_SHOWN_LIMITS])}{more}",
        ),
    )


def _short(item: str) -> str:
    digest, mark, index = item.partition("#")
    return f"{short_digest(digest)}{mark}{index}"


def _measured_by(source: OutlineSource, item: str) -> Iterator[str]:
    for name, document, found in measurements(source):
        if name == item:
            yield f"measured by {maker_words(document)} ({document.producer.relation})"
            yield f"task {found.task}, finished {day(found.finished_at)}"
            elicitation = found.setting.elicitation
            yield (
                f"elicitation: \u201c{elicitation}\u201d"
                if elicitation
                else "elicitation not stated"
            )
            yield f"{found.samples_kept} raw samples kept"


def measurements(
    source: OutlineSource,
) -> Iterator[tuple[str, EvidenceDocument, Measurement]]:
    """Yield every measurement that is at hand with its id and its document."""
    for document in source.documents:
        for index, found in enumerate(document.measurements):
            yield f"{document.digest}#m{index}", document, found


def from_outside(source: OutlineSource) -> Found:
    """Name those outside the developer who measured or stated something, as they call it."""
    filled = [
        Filled(
            sentence=(
                f"{maker_words(document)} calls itself {document.producer.relation} and is behind "
                f"{len(document.measurements)} measurements and {len(document.claims)} claims"
            ),
            rests_on=(f"evidence {short_digest(document.digest)}",),
        )
        for document in source.documents
        if document.producer.relation in OUTSIDE
    ]
    gap = Missing(
        what="evaluations by somebody outside the developer",
        remedy="tiergate evidence add LOG --model MODEL --mapping MAPPING",
    )
    return filled, [] if filled else [gap]
