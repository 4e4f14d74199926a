# SPDX-License-Identifier: Apache-2.0
"""What one evaluation keeps, so that nothing is found out twice."""

from __future__ import annotations

from typing import Any

from tiergate.decision.explanation import Explanation
from tiergate.evidence.collection import MeasurementItem
from tiergate.evidence.grades import Grade
from tiergate.evidence.hazards import HazardDomain
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
        self.band_metrics: dict[HazardDomain, frozenset[str]] = {}
        """By domain: the metrics that its bands read."""
        self.attacks: dict[int, tuple[Any, ...]] = {}
        """By standards: every measured attack on the safeguard, as that requirement reads it."""
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

    def without(self, metric: str) -> Memo:
        """Return what stays true when measurements of ``metric`` are other ones.

        What a measurement is graded depends on it, on who made it and on others of its metric.
        """
        gone = {item.id for item in self.measurements.get(metric, ())}
        kept = Memo()
        kept.grades = {name: found for name, found in self.grades.items() if name not in gone}
        kept.measurements = {m: items for m, items in self.measurements.items() if m != metric}
        kept.reasons = {key: found for key, found in self.reasons.items() if key[0] not in gone}
        kept.band_metrics = self.band_metrics
        kept._standards, kept._numbers = self._standards, self._numbers
        return kept
