# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate landscape marginal --json`` prints. Figures are decimal text."""

from __future__ import annotations

import enum
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal

from tiergate.decision.document import DocumentPart
from tiergate.evidence.added import Added, MetricAdded, keeping

_PLACES = Decimal("0.000001")


class Shown(enum.StrEnum):
    """What a comparison shows about a margin."""

    WITHIN = "adds no more than the margin"
    """The upper bound is at or below it."""
    BEYOND = "adds more than the margin"
    """The lower bound is above it."""
    MORE = "adds something"
    """The lower bound is above 0, and the margin is neither kept nor broken."""
    NO_DIFFERENCE = "no difference was shown"
    """0 is inside, and so is the margin: that is not equivalence."""
    NOTHING = "undetermined"
    """The comparison cannot be used, or there is none."""


class AddedPart(DocumentPart):
    """One comparison with one baseline; its bounds are those of this row alone."""

    measurement: str
    """Id of the measurement."""
    baseline: str
    """What the baseline is called."""
    baseline_digest: str
    """Its root digest; empty when only its name is known."""
    successes: int
    """Successes of the model."""
    planned: int
    """Attempts of the model, those without a score and never made included."""
    baseline_successes: int
    """Successes of the baseline."""
    baseline_planned: int
    """Attempts of the baseline."""
    model_alone: int | None
    """Behaviours on which the model succeeded and the baseline did not; null if not joined."""
    baseline_alone: int | None
    """Behaviours on which the baseline succeeded and the model did not."""
    alike: int | None
    """Behaviours on which both did the same."""
    one_sided: int
    """Behaviours that one of the two never tried; each counts against the model."""
    lower: str
    """Bound on the difference from below."""
    upper: str
    """Bound on the difference from above."""
    bootstrap: tuple[str, str] | None
    """The same by drawing behaviours anew, as a cross-check; null if not joined."""
    p_more: str
    """Exact p-value of "the model does not succeed more often"; empty if not joined."""
    shown: Shown
    """What it shows."""
    shortfalls: tuple[str, ...]
    """Why it supports nothing; empty when it may."""


class MetricPart(DocumentPart):
    """One metric on one form of a model, over the best of its baselines."""

    model: str
    """Root digest of the model; empty when evidence names none."""
    domain: str
    """Hazard domain."""
    metric: str
    """Metric."""
    variant: str
    """Form of the model."""
    baselines: int
    """Baselines compared with."""
    shared_among: int
    """Among how many the error of the upper bound is shared."""
    lower: str
    """Bound from below on what it adds to the best."""
    upper: str
    """Bound from above."""
    shown: Shown
    """What that shows."""
    on_its_own: bool
    """Whether "keeps the margin" may be said of it on its own, after Holm's correction."""
    rows: tuple[AddedPart, ...]
    """Its comparisons."""


class MarginalDocument(DocumentPart):
    """What ``tiergate landscape marginal --json`` prints."""

    format: Literal["tiergate-marginal/1"] = "tiergate-marginal/1"
    """Version of this format."""
    confidence: str
    """Of each bound."""
    margin: str
    """The margin that rows are held against."""
    missing: tuple[str, ...]
    """Documents that a store registered and that are gone."""
    metrics: tuple[MetricPart, ...]
    """By model, domain and metric."""
    all_within: bool
    """Whether every one keeps the margin, which needs no correction; false without any."""


def marginal_document(
    found: tuple[MetricAdded, ...], margin: Decimal, confidence: Decimal, missing: tuple[str, ...]
) -> MarginalDocument:
    """Make the document."""
    alone = keeping(found, margin, confidence)
    metrics = tuple(_metric(row, margin, alone) for row in found)
    return MarginalDocument(
        confidence=f"{confidence:f}",
        margin=f"{margin:f}",
        missing=missing,
        metrics=metrics,
        all_within=bool(metrics)
        and not missing
        and all(part.shown is Shown.WITHIN for part in metrics),
    )


def _metric(
    found: MetricAdded, margin: Decimal, alone: tuple[tuple[str, str, str], ...]
) -> MetricPart:
    return MetricPart(
        model=found.root_digest,
        domain="" if found.domain is None else found.domain.value,
        metric=found.metric,
        variant=found.variant,
        baselines=found.baselines,
        shared_among=found.shared_among,
        lower=_text(found.lower, ROUND_FLOOR),
        upper=_text(found.upper, ROUND_CEILING),
        shown=_shown(found.lower, found.upper, margin, usable=bool(found.usable)),
        on_its_own=(found.root_digest, found.metric, str(found.variant)) in alone,
        rows=tuple(_row(row, margin) for row in found.rows),
    )


def _row(row: Added, margin: Decimal) -> AddedPart:
    return AddedPart(
        measurement=row.item,
        baseline=row.baseline,
        baseline_digest=row.digest,
        successes=row.counts.successes,
        planned=row.counts.planned,
        baseline_successes=row.baseline_counts.successes,
        baseline_planned=row.baseline_counts.planned,
        model_alone=None if row.pairs is None else row.pairs.first_only,
        baseline_alone=None if row.pairs is None else row.pairs.second_only,
        alike=None if row.pairs is None else row.pairs.alike,
        one_sided=row.one_sided,
        lower=_text(row.lower, ROUND_FLOOR),
        upper=_text(row.upper, ROUND_CEILING),
        bootstrap=None
        if row.bootstrap is None
        else (_text(row.bootstrap[0], ROUND_FLOOR), _text(row.bootstrap[1], ROUND_CEILING)),
        p_more="" if row.p_more is None else _text(row.p_more, ROUND_CEILING),
        shown=_shown(row.lower, row.upper, margin, usable=not row.shortfalls),
        shortfalls=row.shortfalls,
    )


def _shown(lower: float, upper: float, margin: Decimal, *, usable: bool) -> Shown:
    if not usable:
        return Shown.NOTHING
    if Decimal(_text(upper, ROUND_CEILING)) <= margin:
        return Shown.WITHIN
    if Decimal(_text(lower, ROUND_FLOOR)) > margin:
        return Shown.BEYOND
    return Shown.MORE if lower > 0 else Shown.NO_DIFFERENCE


def _text(number: float, rounding: str) -> str:
    # Adding 0 takes the sign from a 0.
    return format(Decimal(number).quantize(_PLACES, rounding) + 0, "f")
