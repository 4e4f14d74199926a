# SPDX-License-Identifier: Apache-2.0
"""The grades of every measurement, against what the tier in question asks for."""

from __future__ import annotations

from dataclasses import dataclass

from tiergate.decision.decision import Decision
from tiergate.decision.policy import Standards
from tiergate.evidence.collection import Collection
from tiergate.evidence.grades import Dimension, Grade, grades
from tiergate.evidence.measurement import Variant
from tiergate.report.measured import ordered

_LEAST = 1
"""A grade of 0 supports nothing, whatever a policy asks for."""
FROM_OUTSIDE = 2
"""The most that is asked of elicitation where the model is as released."""


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
        if (least := _least(dimension, definition.fast_standards)) != _asked(dimension, decision)
    )


def grade_rows(decision: Decision, evidence: Collection) -> tuple[GradeRow, ...]:
    """Return the grades of every measurement, numbered as on the page."""
    rows = []
    for number, item in enumerate(ordered(evidence), start=1):
        found = grades(item, evidence)
        lowest = min(grade.value for grade in found)
        as_released = item.measurement.setting.variant is Variant.AS_RELEASED
        rows.append(
            GradeRow(
                number=number,
                metric=item.measurement.metric,
                variant=item.measurement.setting.variant,
                cells=tuple(
                    _cell(grade, decision, lowest=lowest, as_released=as_released)
                    for grade in found
                ),
            )
        )
    return tuple(rows)


def _cell(grade: Grade, decision: Decision, *, lowest: int, as_released: bool) -> GradeCell:
    asked = _asked(grade.dimension, decision)
    if as_released and grade.dimension is Dimension.ELICITATION:
        asked = min(asked, FROM_OUTSIDE)
    return GradeCell(
        dimension=grade.dimension,
        value=grade.value,
        asked=asked,
        reason=grade.reason,
        is_weakest=grade.value == lowest,
    )


def _asked(dimension: Dimension, decision: Decision) -> int:
    return _least(dimension, decision.verdict(decision.asked).definition.standards)


def _least(dimension: Dimension, standards: Standards) -> int:
    return max(_LEAST, standards.minimum_grades.get(dimension, _LEAST))
