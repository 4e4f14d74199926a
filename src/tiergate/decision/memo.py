# SPDX-License-Identifier: Apache-2.0
"""What one evaluation keeps, so that nothing is found out twice."""

from __future__ import annotations

from tiergate.decision.explanation import Explanation
from tiergate.evidence.collection import MeasurementItem
from tiergate.evidence.grades import Grade
from tiergate.evidence.measurement import Direction, Variant


class Memo:
    """What one evaluation found out already, for one policy, evidence and time.

    A check does not depend on the tier but for its standards, and those of several tiers are
    often the same, so that each check is made once for all of them.
    """

    def __init__(self) -> None:
        self.checks: dict[tuple[int, int, Variant], Explanation] = {}
        """By the identity of a check, its standards and the form of the model."""
        self.grades: dict[str, tuple[Grade, ...]] = {}
        """By the id of a measurement."""
        self.measurements: dict[str, tuple[MeasurementItem, ...]] = {}
        """By metric."""
        self.reasons: dict[tuple[str, int, Variant, Direction], tuple[str, ...]] = {}
        """Why a measurement, by its id, supports nothing under standards, for a form of the model
        and a direction."""
        self._standards: list[object] = []
        self._numbers: dict[int, int] = {}

    def number_of(self, standards: object) -> int:
        """Return the same number for standards that ask for the same."""
        known = self._numbers.get(id(standards))
        if known is None:
            if standards not in self._standards:
                self._standards.append(standards)
            known = self._standards.index(standards)
            self._numbers[id(standards)] = known
        return known
