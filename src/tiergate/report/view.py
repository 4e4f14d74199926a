# SPDX-License-Identifier: Apache-2.0
"""From a decision and its evidence to what the page's template needs: words only."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR

from tiergate.decision.decision import Decision
from tiergate.decision.outcome import Outcome
from tiergate.decision.tier import Tier
from tiergate.decision.words import percent
from tiergate.evidence.collection import Collection, EvidenceDocument
from tiergate.evidence.measurement import AttackBudget, Counts, Measurement
from tiergate.report.forest import ForestRow


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """One measurement as a row of the evidence table."""

    number: int
    """Number of the row, from 1."""
    metric: str
    """Metric, and what a success means."""
    means: str
    """What one success is."""
    found: str
    """Counts or quantity."""
    bounds: str
    """One-sided bounds; empty for a quantity."""
    lost: str
    """Attempts without a score; empty when there are none."""
    setting: str
    """Form of the model, elicitation, attack."""
    made_by: str
    """Producer, and how they stand to the developer."""
    tied: str
    """How it is tied to the weights."""
    source: str
    """Tool, file and digest."""
    date: str
    """When the run ended."""
    grader: str
    """What decided success."""


def evidence_rows(evidence: Collection, forest: tuple[ForestRow, ...]) -> tuple[EvidenceRow, ...]:
    """Return every measurement, in the order of the plot where it is plotted."""
    plotted = {row.item: row for row in forest}
    order = {row.item: number for number, row in enumerate(forest)}
    found = [
        (f"{document.digest}#m{index}", document, measurement)
        for document in evidence.documents
        for index, measurement in enumerate(document.measurements)
    ]
    found.sort(key=lambda entry: (order.get(entry[0], len(order)), entry[0]))
    return tuple(
        _evidence_row(number, document, measurement, plotted.get(item))
        for number, (item, document, measurement) in enumerate(found, start=1)
    )


def _evidence_row(
    number: int, document: EvidenceDocument, found: Measurement, row: ForestRow | None
) -> EvidenceRow:
    value, maker, source = found.value, document.producer, document.source
    if isinstance(value, Counts):
        shown = f"{value.successes} of {value.planned}"
        lost = value.planned - value.scored
    else:
        shown, lost = f"{value.lower} to {value.upper} {value.unit}", 0
    attack = ""
    if found.attack is not None:
        spent = budget_words(found.attack.budget)
        attack = f"{found.attack.name} ({found.attack.attack_class}; {spent}; controls "
        attack += f"{found.attack.controls})"
    parts = (found.setting.variant, attack, found.setting.elicitation)
    return EvidenceRow(
        number=number,
        metric=found.metric,
        means=found.success_means,
        found=shown,
        bounds="" if row is None else rate_bounds(row),
        lost=f"{lost} without a score" if lost else "",
        setting="; ".join(part for part in parts if part),
        made_by=f"{maker.name}{f', {maker.organisation}' if maker.organisation else ''} "
        f"({maker.relation}; {document.read_as})",
        tied=f"{document.binding.level}; {document.binding.relation}",
        source=document.source_url
        if source is None
        else f"{source.tool or source.format}: {source.file_name}, {source.sha256}",
        date=f"{found.finished_at:%Y-%m-%d}",
        grader=found.grader or "not stated",
    )


def rate_bounds(row: ForestRow) -> str:
    """Write the bounds of a plotted row."""
    return f"{percent(row.lower, ROUND_FLOOR)} to {percent(row.upper, ROUND_CEILING)}"


def limits_words(row: ForestRow) -> str:
    """Write the limits of a plotted row."""
    return ", ".join(f"{(limit * 100).normalize():f} %" for limit in row.limits) or "none"


def budget_words(budget: AttackBudget) -> str:
    """Write what an attacker spent."""
    parts = (
        (budget.usd, "USD"),
        (budget.gpu_hours, "GPU-hours"),
        (budget.steps, "steps"),
        (budget.examples, "examples"),
    )
    return ", ".join(f"{n} {unit}" for n, unit in parts if n is not None) or "cost not stated"


def sentences(decision: Decision) -> tuple[str, ...]:
    """Say in two or three sentences what the decision means."""
    asked = decision.verdict(decision.asked)
    supported = decision.verdict(decision.supported)
    first = {
        Outcome.MET: f"The evidence supports {asked.tier} {asked.definition.name}.",
        Outcome.NOT_MET: f"The evidence speaks against {asked.tier} {asked.definition.name}.",
        Outcome.UNDETERMINED: "The evidence does not settle whether "
        f"{asked.tier} {asked.definition.name} may be opened, and what is not known opens nothing.",
    }[decision.outcome]
    second = f"It supports {supported.tier} {supported.definition.name}."
    if decision.supported is Tier.T0 and supported.outcome is not Outcome.MET:
        second = f"It supports nothing above the floor, {supported.tier}."
    third = ""
    if decision.asked.is_irreversible:
        third = "Weights that were published cannot be called back."
    return tuple(s for s in (first, "" if decision.outcome is Outcome.MET else second, third) if s)
