# SPDX-License-Identifier: Apache-2.0
"""Measurements as rows of the evidence table, in words.

Every measurement has one number on the page. The plot, the table and the requirements
all refer to it by that number.
"""

from __future__ import annotations

from dataclasses import dataclass

from tiergate.decision.decision import Decision
from tiergate.evidence.collection import Collection, MeasurementItem
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Counts, Quantity, Variant
from tiergate.report.details import details_of
from tiergate.report.held import set_aside_at
from tiergate.report.level import ends, level_of
from tiergate.report.wording import attack_words, day, maker_words, quantity_words, range_words


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
    document: str
    """Digest of the document that it stands in."""
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
        _row(number, item, decision, evidence, aside.get(item.id, ()))
        for number, item in enumerate(ordered(evidence), start=1)
    )


def _row(
    number: int,
    item: MeasurementItem,
    decision: Decision,
    evidence: Collection,
    set_aside: tuple[str, ...],
) -> MeasurementRow:
    found, document = item.measurement, item.document
    level = level_of(decision, evidence, found.metric, found.setting.variant)
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
        bounds="" if counts is None else range_words(*ends(found, decision, evidence)),
        variant=found.setting.variant,
        attack="" if found.attack is None else attack_words(found.attack),
        made_by=maker_words(document),
        standing=f"{document.producer.relation}; {document.read_as}",
        document=document.digest,
        tied=f"{document.binding.level}; {document.binding.relation}",
        date=day(found.finished_at),
        set_aside=set_aside,
        details=details_of(item, level, evidence),
    )
