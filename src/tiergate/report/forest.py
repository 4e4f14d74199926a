# SPDX-License-Identifier: Apache-2.0
"""What the forest plot shows: every measured rate with its bounds, against its limits.

Quantities and margins over a baseline have other axes; they stand in the table that
says the same in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tiergate.decision.decision import Decision
from tiergate.decision.explanation import Scale
from tiergate.evidence.collection import Collection
from tiergate.evidence.measurement import Counts, Measurement
from tiergate.report.held import held
from tiergate.report.level import ends
from tiergate.report.measured import ordered


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """One measured rate."""

    item: str
    """Id of the measurement."""
    number: int
    """Its number on the page."""
    metric: str
    """Metric."""
    setting: str
    """Form of the model, and the attack when there was one."""
    successes: int
    """Successes counted."""
    planned: int
    """Attempts planned."""
    lower: Decimal
    """One-sided lower bound."""
    upper: Decimal
    """One-sided upper bound."""
    limits: tuple[Decimal, ...]
    """Limits below 1 that it was held against at any tier, sorted, each once."""
    can_support: bool
    """Whether some limit may rest on it; otherwise it can only count against the model."""


def forest_rows(decision: Decision, evidence: Collection) -> tuple[ForestRow, ...]:
    """Return one row per measurement that counted something, numbered as on the page."""
    against = held(decision)
    supporting = _supporting(decision)
    rows = []
    for number, item in enumerate(ordered(evidence), start=1):
        value = item.measurement.value
        if not isinstance(value, Counts):
            continue
        lower, upper = ends(item.measurement, decision, evidence)
        limits = {
            row.reading.limit
            for row in against.get(item.id, ())
            if row.reading.scale is Scale.RATE and 0 <= row.reading.limit < 1
        }
        rows.append(
            ForestRow(
                item=item.id,
                number=number,
                metric=item.measurement.metric,
                setting=setting_words(item.measurement),
                successes=value.successes,
                planned=value.planned,
                lower=lower,
                upper=upper,
                limits=tuple(sorted(limits)),
                can_support=item.id in supporting,
            )
        )
    return tuple(rows)


def _supporting(decision: Decision) -> frozenset[str]:
    return frozenset(
        reading.item
        for verdict in decision.tiers
        for row in (*verdict.requirements, *verdict.fast_path)
        for node in row.walk()
        for reading in node.readings
        if not reading.set_aside
    )


def setting_words(found: Measurement) -> str:
    """Write the form of the model and the family of attack."""
    if found.attack is None:
        return str(found.setting.variant)
    return f"{found.setting.variant}, {found.attack.attack_class}"
