# SPDX-License-Identifier: Apache-2.0
"""The grades of every measurement, against what the tier in question asks for."""

from __future__ import annotations

from dataclasses import dataclass

from tiergate.decision.decision import Decision
from tiergate.evidence.collection import Collection
from tiergate.evidence.grades import Dimension, Grade, grades
from tiergate.evidence.measurement import Variant
from tiergate.report.measured import ordered


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeCell:
    """One grade."""

    dimension: str
    """What is graded."""
    value: int
    """From 0 to 3."""
    asked: int
    """The least that supports a requirement of the tier in question."""
    reason: str
    """What it rests on."""
    is_weakest: bool
    """Whether no other grade of the measurement is lower."""

    @property
    def is_short(self) -> bool:
        """Whether it keeps the measurement from supporting the tier in question."""
        return self.value < self.asked


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeRow:
    """The grades of one measurement."""

    number: int
    """Its number on the page."""
    metric: str
    """Metric."""
    variant: str
    """Form of the model."""
    cells: tuple[GradeCell, ...]
    """One per dimension, in the order of ``asked_for``."""


def asked_for(decision: Decision) -> tuple[tuple[str, int], ...]:
    """Return every dimension with the grade that the tier in question asks for."""
    return tuple((dimension.value, _asked(dimension, decision)) for dimension in Dimension)


def asked_on_fast_path(decision: Decision) -> tuple[tuple[str, int], ...]:
    """Return the dimensions of which the tier's fast path asks something else, with what."""
    definition = decision.verdict(decision.asked).definition
    if not definition.fast_path:
        return ()
    return tuple(
        (dimension.value, least)
        for dimension in Dimension
        if (least := definition.fast_standards.grade_asked(dimension, Variant.WORST_CASE))
        != _asked(dimension, decision)
    )


def grade_rows(decision: Decision, evidence: Collection) -> tuple[GradeRow, ...]:
    """Return the grades of every measurement, numbered as on the page."""
    rows = []
    for number, item in enumerate(ordered(evidence), start=1):
        found = grades(item, evidence)
        lowest = min(grade.value for grade in found)
        variant = item.measurement.setting.variant
        rows.append(
            GradeRow(
                number=number,
                metric=item.measurement.metric,
                variant=variant,
                cells=tuple(
                    _cell(grade, decision, lowest=lowest, variant=variant) for grade in found
                ),
            )
        )
    return tuple(rows)


def _cell(grade: Grade, decision: Decision, *, lowest: int, variant: Variant) -> GradeCell:
    return GradeCell(
        dimension=grade.dimension,
        value=grade.value,
        asked=_asked(grade.dimension, decision, variant),
        reason=grade.reason,
        is_weakest=grade.value == lowest,
    )


def _asked(dimension: Dimension, decision: Decision, variant: Variant = Variant.WORST_CASE) -> int:
    standards = decision.verdict(decision.asked).definition.standards
    return standards.grade_asked(dimension, variant)
