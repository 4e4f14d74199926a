# SPDX-License-Identifier: Apache-2.0
"""What a model adds to baselines, one row per comparison: a view, which decides nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from tiergate.evidence.bounds import difference_bounds
from tiergate.evidence.collection import EvidenceDocument, MeasurementItem
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.marginal import baseline_of, baselines_of, shortfalls
from tiergate.evidence.measurement import Comparison, Counts, Variant
from tiergate.evidence.paired_bounds import differences
from tiergate.stats.equivalence import paired_bootstrap
from tiergate.stats.multiplicity import holm_supported, spent
from tiergate.stats.paired import Pairs, sign_test


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """One comparison of the model with one baseline."""

    item: str
    """Id of the measurement."""
    baseline: str
    """What the baseline is called."""
    digest: str
    """Its digest; empty when only its name is known."""
    counts: Counts
    """What the model did."""
    baseline_counts: Counts
    """What the baseline did."""
    lower: float
    """Bound on the difference from below, at the confidence asked for, of this row alone."""
    upper: float
    """The same from above."""
    pairs: Pairs | None
    """Behaviours by which of the two succeeded at all; None where nothing is joined."""
    one_sided: int
    """Behaviours that one of the two never tried."""
    p_more: float | None
    """How likely so many changes for the worse would be without a difference; None if unknown."""
    bootstrap: tuple[float, float] | None
    """The same bounds by drawing behaviours anew; None where nothing is joined."""
    shortfalls: tuple[str, ...]
    """Why the comparison supports nothing; empty when it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricAdded:
    """One metric on one form of the model, against every baseline."""

    root_digest: str
    """The model."""
    domain: HazardDomain | None
    """Hazard domain of the metric."""
    metric: str
    """Metric."""
    variant: Variant
    """Form of the model."""
    usable: tuple[MeasurementItem, ...]
    """Measurements whose comparison may support something."""
    rows: tuple[Added, ...]
    """One per run and baseline, in the order of the baselines' names."""
    baselines: int
    """How many baselines were compared with."""
    shared_among: int
    """Among how many the error of the bound from above is shared."""
    lower: float
    """Bound on what it adds to the best usable baseline, from below."""
    upper: float
    """The same from above, with that error shared; 1 without a usable one."""


def added(
    documents: Iterable[EvidenceDocument], confidence: Decimal, among: int
) -> tuple[MetricAdded, ...]:
    """Return what models add to baselines, by metric and form of the model.

    Args:
        documents: evidence.
        confidence: of each bound.
        among: how many baselines the error of the bound over the best is shared among, if no
            more were compared.
    """
    items = [
        MeasurementItem(id=f"{document.digest}#m{index}", measurement=found, document=document)
        for document in documents
        for index, found in enumerate(document.measurements)
        if found.comparison is not None and isinstance(found.value, Counts)
    ]
    ordered = sorted(items, key=lambda item: (*_about(item), _called(item), item.id))
    return tuple(
        _metric(list(group), confidence, among)
        for _, group in itertools.groupby(ordered, key=_about)
    )


def keeping(
    found: Iterable[MetricAdded], margin: Decimal, confidence: Decimal
) -> tuple[tuple[str, str, str], ...]:
    """Return the metrics of which each may be said on its own to keep a margin (Holm).

    That all of several keep it needs no correction; naming those of them that do is choosing.

    Returns:
        The model's digest, the metric and the form of the model of each.
    """
    known = {(row.root_digest, row.metric, str(row.variant)): row for row in found}
    names = {str(place): key for place, key in enumerate(known)}

    def keeps(row: MetricAdded) -> Callable[[Decimal], bool]:
        return lambda level: _upper(row.usable, row.shared_among, level) <= float(margin)

    claims = {name: keeps(known[key]) for name, key in names.items()}
    return tuple(names[name] for name in holm_supported(claims, confidence))


def _about(item: MeasurementItem) -> tuple[str, str, str, str]:
    found = item.measurement
    domain = "" if found.domain is None else found.domain.value
    return item.document.binding.root_digest, domain, found.metric, found.setting.variant


def _called(item: MeasurementItem) -> str:
    compared = item.measurement.comparison
    return "" if compared is None else compared.baseline_name


def _metric(items: list[MeasurementItem], confidence: Decimal, among: int) -> MetricAdded:
    first = items[0]
    rows = tuple(_row(item, confidence) for item in items)
    usable = tuple(item for item, row in zip(items, rows, strict=True) if not row.shortfalls)
    many = len(baselines_of(items))
    shared = max(many, among)
    lows = [row.lower for row in rows if not row.shortfalls]
    return MetricAdded(
        root_digest=first.document.binding.root_digest,
        domain=first.measurement.domain,
        metric=first.measurement.metric,
        variant=first.measurement.setting.variant,
        usable=usable,
        rows=rows,
        baselines=many,
        lower=min(lows, default=-1.0),
        shared_among=shared,
        upper=_upper(usable, shared, confidence),
    )


def _upper(usable: Iterable[MeasurementItem], many: int, confidence: Decimal) -> float:
    """Bound what is added to the best baseline; every run over a baseline has to be within."""
    shared = spent(confidence, many)
    by_baseline: dict[str, list[float]] = {}
    for item in usable:
        high = difference_bounds(item.measurement, shared)[1]
        by_baseline.setdefault(baseline_of(item.measurement), []).append(high)
    return min((max(found) for found in by_baseline.values()), default=1.0)


def _row(item: MeasurementItem, confidence: Decimal) -> Added:
    found = item.measurement
    assert found.comparison is not None  # noqa: S101 - by the caller
    assert isinstance(found.value, Counts)  # noqa: S101 - by the caller
    compared = found.comparison
    lower, upper = difference_bounds(found, confidence)
    pairs = _pairs(compared)
    return Added(
        item=item.id,
        baseline=compared.baseline_name,
        digest=compared.baseline_digest,
        counts=found.value,
        baseline_counts=compared.counts,
        lower=lower,
        upper=upper,
        pairs=pairs,
        one_sided=0 if compared.paired is None else compared.paired.one_sided,
        p_more=None if pairs is None else sign_test(pairs),
        bootstrap=_bootstrap(found.value, compared, confidence),
        shortfalls=shortfalls(item, item.document.binding.root_digest),
    )


def _pairs(compared: Comparison) -> Pairs | None:
    """Count behaviours that both tried by which of the two succeeded at least once."""
    if compared.paired is None:
        return None
    changed = {1: 0, -1: 0, 0: 0}
    for tally in compared.paired.tallies:
        if tally.scored and tally.baseline_scored:
            step = (tally.successes > 0) - (tally.baseline_successes > 0)
            changed[step] += tally.behaviours
    return Pairs(first_only=changed[1], second_only=changed[-1], alike=changed[0])


def _bootstrap(
    counts: Counts, compared: Comparison, confidence: Decimal
) -> tuple[float, float] | None:
    if compared.paired is None:
        return None
    low = differences(counts, compared.counts, compared.paired, adverse=False)
    high = differences(counts, compared.counts, compared.paired, adverse=True)
    # From below what is missing is read the other way, as in the bounds.
    swapped = [(second, first, many) for first, second, many in low]
    return -paired_bootstrap(swapped, confidence)[1], paired_bootstrap(high, confidence)[1]
