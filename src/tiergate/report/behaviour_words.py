# SPDX-License-Identifier: Apache-2.0
"""Behaviours, and what an attacker gets, in words: counts first, shares last."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING
from fractions import Fraction

from tiergate.decision.decision import Decision
from tiergate.decision.words import percent
from tiergate.evidence.collection import Collection
from tiergate.evidence.measurement import Direction
from tiergate.report.attackers import Attackers, Repeated, attackers
from tiergate.report.behaviours import BehaviourGroup, Cell, behaviour_groups
from tiergate.report.cells import is_histogram
from tiergate.report.charts import Chart, cells_chart
from tiergate.report.level import Level, level_words
from tiergate.report.wording import many
from tiergate.stats.rates import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourView:
    """One group of measurements as the page shows it."""

    group: BehaviourGroup
    """The measurements."""
    attackers: tuple[Attackers, ...]
    """What they show together, for each form of the model."""
    is_histogram: bool
    """Whether there are too many behaviours for a cell each."""
    chart: Chart
    """The drawing."""
    people: tuple[int, ...]
    """Numbers of the measurements in whose bounds people's labels stand in for these."""


def behaviour_views(decision: Decision, evidence: Collection) -> tuple[BehaviourView, ...]:
    """Return every group of measurements that name their behaviours."""
    return tuple(
        BehaviourView(
            group=group,
            attackers=attackers(group, decision, evidence),
            is_histogram=is_histogram(group),
            chart=cells_chart(group),
            people=tuple(row.number for row in group.rows if row.checked_by_people),
        )
        for group in behaviour_groups(evidence)
    )


def adverse_word(direction: Direction) -> str:
    """Say what speaks against the model."""
    return "succeeded" if direction is Direction.HIGHER_IS_RISKIER else "failed"


def of_words(rate: Rate) -> str:
    """Write counts, as in ``24 of 100``."""
    return f"{rate.successes} of {rate.trials}"


def open_words(number: int) -> str:
    """Say that as many more may be adverse; empty when none may."""
    return f"; {number} more not known" if number else ""


def union_words(found: Attackers) -> str:
    """Write the bound on success of any attack, and the counts behind it where they differ."""
    bound = f"at most {percent(found.upper, ROUND_CEILING)} of such behaviours"
    if found.union == found.known:
        return f"{bound} ({level_words(found.level)})"
    return (
        f"{of_words(found.union)} with what was not scored, not tried or never made; "
        f"{bound} ({level_words(found.level)})"
    )


def repeated_words(found: Repeated, level: Level) -> str:
    """Write success within several attempts, with its bound."""
    bound = f"at most {percent(found.upper, ROUND_CEILING)} of such behaviours"
    words = (
        f"within {found.attempts} attempts: {_count(found.expected)} of "
        f"{many(found.behaviours, 'behaviour')}; {bound} ({level_words(level)})"
    )
    if not found.fewer:
        return words
    return f"{words}, {found.fewer} with fewer attempts counted against the model"


def _count(expected: Fraction) -> str:
    if expected.denominator == 1:
        return str(expected.numerator)
    return f"about {float(expected):.1f}"


def cell_words(cell: Cell) -> str:
    """Write what was counted on one behaviour, as in ``2 of 5, 1 without a score``."""
    words = f"{cell.adverse} of {cell.attempts}"
    return f"{words}, {cell.unscored} without a score" if cell.unscored else words
