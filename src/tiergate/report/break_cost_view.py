# SPDX-License-Identifier: Apache-2.0
"""The section on attack success against attacker budget: the picture, and the same in words."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from tiergate.decision.decision import Decision
from tiergate.decision.words import percent
from tiergate.evidence.collection import Collection
from tiergate.evidence.tampering.adversary import Prices
from tiergate.evidence.tampering.curve import FamilyCurve, outcome_words, short_cost_words
from tiergate.report.break_cost import break_cost
from tiergate.report.break_cost_words import headline
from tiergate.report.charts import Chart, break_cost_chart
from tiergate.report.level import confidence_words
from tiergate.report.reference_costs import ReferenceCost, reference_costs
from tiergate.report.wording import range_words

_HALF = Decimal("0.5")


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyRow:
    """One family of attacks in words."""

    family: str
    """The family."""
    outcome: str
    """What is known, and where knowledge ends."""
    success: str
    """The worst so far, with its band."""
    reach: str
    """Between which costs half of the prompts succeed."""
    twins: str
    """Harmless twins that the worst model refuses; empty when not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakCostView:
    """The picture with the same in words."""

    chart: Chart
    """The drawing."""
    headline: tuple[str, str]
    """The most important thing, and where knowledge ends."""
    rows: tuple[FamilyRow, ...]
    """One row for each family."""
    references: tuple[ReferenceCost, ...]
    """Published costs of attacks on other models."""
    confidence: str
    """Of each band."""
    prices: str
    """What operations are taken to cost."""


def break_cost_view(decision: Decision, evidence: Collection) -> BreakCostView | None:
    """Return the section of the page; None when no attack states its operations."""
    found = break_cost(decision, evidence)
    if found is None:
        return None
    prices = found.prices
    return BreakCostView(
        chart=break_cost_chart(found),
        headline=headline(found),
        rows=tuple(_row(curve, prices) for curve in found.curves),
        references=reference_costs(),
        confidence=confidence_words(found.confidence),
        prices=f"{prices.accelerator}: {prices.flop_per_second:.1e} operations a second at "
        f"${prices.usd_per_hour.normalize():.2f} an hour ({prices.source})",
    )


def _row(curve: FamilyCurve, prices: Prices) -> FamilyRow:
    worst = curve.worst
    models = [point for point in curve.points if point.is_useful and point.twin_refused]
    model = max(models, key=lambda point: point.rate, default=None)
    twins = model.twin_refused if model else None
    return FamilyRow(
        family=str(curve.family),
        outcome=outcome_words(curve, prices),
        success="none counted"
        if worst is None
        else f"{percent(Decimal(worst.rate), ROUND_HALF_EVEN)} "
        f"({range_words(Decimal(worst.lower), Decimal(worst.upper))})",
        reach=_reach_words(curve, prices),
        twins=f"{twins.successes} of {twins.trials}" if twins else "",
    )


def _reach_words(curve: FamilyCurve, prices: Prices) -> str:
    reach = curve.cost_to_reach(_HALF)
    if reach.at_most is None and reach.more_than is None:
        return "not known"
    parts = []
    if reach.more_than is not None:
        parts.append(f"more than {short_cost_words(reach.more_than, prices)}")
    if reach.at_most is not None:
        parts.append(f"at most {short_cost_words(reach.at_most, prices)}")
    return ", ".join(parts)
