# SPDX-License-Identifier: Apache-2.0
"""The grades of filed evidence, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from tiergate.attestation.trust import Trust
from tiergate.cli import clock, missing_documents, text
from tiergate.cli.listing import GradedPart, GradePart, GradesDocument
from tiergate.evidence.attestations import vouch
from tiergate.evidence.collection import Collection, MeasurementItem, Subject, collect
from tiergate.evidence.grades import Grade, grades, weakest
from tiergate.evidence.store import EvidenceStore


def graded(
    folder: Path, trust: Trust | None = None, *, at: datetime | None = None
) -> GradesDocument:
    """Grade every measurement of the store in ``folder``.

    Raises:
        VerificationError: a signature names a key of ``trust`` and does not hold.
    """
    store = EvidenceStore(folder)
    documents, runs = store.documents(), store.runs()
    believed, _ = vouch(documents, store.attestations(), trust, at=at or clock.now())
    parts: list[GradedPart] = []
    for root in sorted({document.binding.root_digest for document in documents}):
        subject = Subject(name="", root_digest=root, code_files=None, output_modalities=frozenset())
        own = (d for d in documents if d.binding.root_digest == root)
        evidence = collect(subject, own, runs=runs, vouching=believed)
        parts += [_part(item, evidence) for item in _items(evidence)]
    return GradesDocument(
        folder=str(folder),
        measurements=tuple(parts),
        missing=missing_documents.missing_from(store),
    )


def _items(evidence: Collection) -> Iterator[MeasurementItem]:
    metrics = {m.metric for document in evidence.documents for m in document.measurements}
    for metric in sorted(metrics):
        yield from evidence.measurements(metric)


def _part(item: MeasurementItem, evidence: Collection) -> GradedPart:
    found = grades(item, evidence)
    return GradedPart(
        item=item.id,
        metric=item.measurement.metric,
        variant=item.measurement.setting.variant,
        producer=item.document.producer.organisation or item.document.producer.name,
        grades=tuple(
            GradePart(dimension=grade.dimension, value=grade.value, reason=grade.reason)
            for grade in found
        ),
        weakest=weakest(found).dimension,
    )


def lines(found: GradesDocument) -> Iterator[str]:
    """Yield the lines of ``evidence grades``."""
    yield f"{found.folder}: {text.plural(len(found.measurements), 'measurement')}"
    yield from missing_documents.lines(found.missing)
    for part in found.measurements:
        yield ""
        words = (
            part.metric,
            part.variant,
            part.producer,
            text.short_digest(part.item.split("#")[0]),
        )
        yield from text.wrapped(text.joined(words), "    ", "  ")
        for grade in part.grades:
            mark = "  <- the weakest counts" if grade.dimension == part.weakest else ""
            yield from text.wrapped(
                f"{grade.dimension} {grade.value}: {grade.reason}{mark}", "      ", "    "
            )


def grade_lines(found: Iterable[Grade]) -> Iterator[str]:
    """Yield one grade a line, with its reason."""
    for grade in found:
        yield from text.wrapped(
            f"{grade.dimension} {grade.value}: {grade.reason}", "        ", "      "
        )
