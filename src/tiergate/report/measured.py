# SPDX-License-Identifier: Apache-2.0
"""Measurements as rows of the evidence table, in words.

Every measurement has one number on the page. The plot, the table and the requirements
all refer to it by that number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from tiergate.decision.decision import Decision
from tiergate.decision.words import percent
from tiergate.evidence.bounds import bounds
from tiergate.evidence.collection import Collection, EvidenceDocument, MeasurementItem
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import (
    Attack,
    AttackBudget,
    Comparison,
    Counts,
    Measurement,
    Quantity,
    Variant,
)
from tiergate.report.held import set_aside_at

_PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementRow:
    """One measurement in words."""

    item: str
    """Id of the measurement."""
    number: int
    """Number on the page, from 1."""
    metric: str
    """Metric."""
    means: str
    """What one success is."""
    successes: str
    """Successes; empty for a quantity, as are the next three."""
    scored: str
    """Attempts with a score."""
    planned: str
    """Attempts that the run set out to make."""
    unscored: str
    """Planned attempts without a score, those never made included."""
    quantity: str
    """The quantity with its unit; empty for counts."""
    bounds: str
    """One-sided bounds; empty for a quantity."""
    variant: str
    """Form of the model."""
    attack: str
    """Attack and its budget; empty when there was none."""
    made_by: str
    """Who measured."""
    standing: str
    """How they stand to the developer, and how the fact was read."""
    tied: str
    """How it is tied to the weights."""
    date: str
    """When the run ended."""
    set_aside: tuple[str, ...]
    """Why it cannot support what the tier in question asks; empty when nothing is against it."""
    details: tuple[tuple[str, str], ...]
    """Further facts as label and text."""


def ordered(evidence: Collection) -> tuple[MeasurementItem, ...]:
    """Return every measurement: by domain, metric, worst case first, then id."""
    items = [
        MeasurementItem(id=f"{document.digest}#m{index}", measurement=found, document=document)
        for document in evidence.documents
        for index, found in enumerate(document.measurements)
    ]
    return tuple(sorted(items, key=_order))


def _order(item: MeasurementItem) -> tuple[object, ...]:
    found, domains = item.measurement, list(HazardDomain)
    rank = len(domains) if found.domain is None else domains.index(found.domain)
    return (rank, found.metric, found.setting.variant is not Variant.WORST_CASE, item.id)


def measurement_rows(decision: Decision, evidence: Collection) -> tuple[MeasurementRow, ...]:
    """Return every measurement in words, numbered in the order of :func:`ordered`."""
    aside = set_aside_at(decision, decision.asked)
    return tuple(
        _row(number, item, decision, aside.get(item.id, ()))
        for number, item in enumerate(ordered(evidence), start=1)
    )


def _row(
    number: int, item: MeasurementItem, decision: Decision, set_aside: tuple[str, ...]
) -> MeasurementRow:
    found, document = item.measurement, item.document
    value = found.value
    counts = value if isinstance(value, Counts) else None
    return MeasurementRow(
        item=item.id,
        number=number,
        metric=found.metric,
        means=found.success_means,
        successes="" if counts is None else str(counts.successes),
        scored="" if counts is None else str(counts.scored),
        planned="" if counts is None else str(counts.planned),
        unscored="" if counts is None else str(counts.planned - counts.scored),
        quantity=quantity_words(value) if isinstance(value, Quantity) else "",
        bounds="" if counts is None else range_words(*ends(counts, decision)),
        variant=found.setting.variant,
        attack="" if found.attack is None else attack_words(found.attack),
        made_by=maker_words(document),
        standing=f"{document.producer.relation}; {document.read_as}",
        tied=f"{document.binding.level}; {document.binding.relation}",
        date=day(found.finished_at),
        set_aside=set_aside,
        details=tuple((label, text) for label, text in _details(found, document) if text),
    )


def _details(found: Measurement, document: EvidenceDocument) -> Iterator[tuple[str, str]]:
    counts = found.value if isinstance(found.value, Counts) else None
    yield "grader", found.grader or "not stated"
    yield "task", found.task
    yield "data set", found.dataset or "not stated"
    yield "elicitation", found.setting.elicitation or "not stated"
    yield "generation", found.setting.generation
    if counts is not None:
        yield "behaviours", f"{counts.behaviours}"
        parts = (
            (counts.not_attempted, "never made"),
            (counts.errored, "ended in an error"),
            (counts.limited, "cut short by a limit"),
            (counts.superseded, "replaced by a re-run"),
        )
        yield "attempts", ", ".join(f"{n} {words}" for n, words in parts if n)
    if isinstance(found.value, Quantity):
        yield "interval", found.value.method
    yield "baseline", "" if found.comparison is None else baseline_words(found.comparison)
    yield "raw samples", f"{found.samples_kept} kept" if found.samples_kept else "none kept"
    if document.source is not None:
        yield "tool", document.source.tool or "not stated"
        yield "source", f"{document.source.file_name}, {document.source.sha256}"
    yield "document", document.digest


def ends(counts: Counts, decision: Decision) -> tuple[Decimal, Decimal]:
    """Return the bounds at the confidence of the tier in question, rounded outwards."""
    confidence = decision.verdict(decision.asked).definition.standards.confidence
    interval = bounds(counts, confidence)
    return (
        Decimal(interval.lower).quantize(_PLACES, ROUND_FLOOR),
        Decimal(interval.upper).quantize(_PLACES, ROUND_CEILING),
    )


def range_words(lower: Decimal, upper: Decimal) -> str:
    """Write two bounds of a rate."""
    return f"{percent(lower, ROUND_FLOOR)} to {percent(upper, ROUND_CEILING)}"


def quantity_words(found: Quantity) -> str:
    """Write a quantity with its unit."""
    ends_words = f"{found.lower.normalize():f} to {found.upper.normalize():f}"
    return f"{ends_words} {found.unit}".rstrip()


def attack_words(attack: Attack) -> str:
    """Write an attack, its family, what it cost and whether its controls worked."""
    spent = budget_words(attack.budget)
    return f"{attack.name} ({attack.attack_class}); {spent}; controls {attack.controls}"


def budget_words(budget: AttackBudget) -> str:
    """Write what an attacker spent."""
    parts = (
        (budget.usd, "USD"),
        (budget.gpu_hours, "GPU-hours"),
        (budget.steps, "steps"),
        (budget.examples, "examples"),
    )
    return ", ".join(f"{n} {unit}" for n, unit in parts if n is not None) or "cost not stated"


def baseline_words(found: Comparison) -> str:
    """Write the baseline of a comparison with its counts."""
    counts = found.counts
    public = "downloadable" if found.downloadable else "not downloadable"
    return f"{found.baseline_name} ({public}): {counts.successes} of {counts.planned}"


def maker_words(document: EvidenceDocument) -> str:
    """Write who made a document."""
    maker = document.producer
    return f"{maker.name}, {maker.organisation}" if maker.organisation else maker.name


def day(when: datetime) -> str:
    """Write the day of ``when`` in UTC."""
    return f"{when.astimezone(UTC):%Y-%m-%d}"
