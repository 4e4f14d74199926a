# SPDX-License-Identifier: Apache-2.0
"""Whether a measurement of some quality may support a check."""

from __future__ import annotations

from tiergate.decision.analysis.formula import Check, standards_key
from tiergate.decision.analysis.pieces import Piece, Place, Quality, Rate, gathered
from tiergate.decision.analysis.qualities import qualities
from tiergate.decision.memo import Memo
from tiergate.decision.requirements.eligibility import reasons_against_measurement
from tiergate.evidence.collection import Collection, MeasurementItem
from tiergate.evidence.measurement import Direction, Variant


class Eligibility:
    """Whether a measurement of a quality may support a check; found out once for each.

    Of qualities that support the same the best one is taken, or with ``is_plain`` the plainest,
    as new as it has to be.
    """

    def __init__(self, place: Place, *, is_plain: bool = False) -> None:
        self.place = place
        self.is_plain = is_plain
        self._known: dict[tuple[Quality, Variant, int, str, Variant], bool] = {}
        self._items: dict[
            tuple[Quality, Variant, int], tuple[Collection, MeasurementItem, Memo]
        ] = {}

    def qualities(self, checks: tuple[Check, ...]) -> list[Quality]:
        """Return the qualities that tell checks apart, in the order in which they are taken."""
        found = qualities(checks, is_plain=self.is_plain)[0]
        if not self.is_plain:
            return found
        return [quality for quality in reversed(found) if quality.age_days == found[0].age_days]

    def of(self, quality: Quality, variant: Variant, houses: int, check: Check) -> bool:
        """Tell whether one on ``variant``, by so many houses alike, may support ``check``."""
        key = (quality, variant, houses, standards_key(check.standards), check.variant)
        if key not in self._known:
            evidence, item, memo = self._measured(quality, variant, houses)
            self._known[key] = not reasons_against_measurement(
                item,
                check.scene(evidence, self.place.at, memo),
                check.variant,
                item.measurement.direction,
            )
        return self._known[key]

    def _measured(
        self, quality: Quality, variant: Variant, houses: int
    ) -> tuple[Collection, MeasurementItem, Memo]:
        """Return a measurement of a quality, and what is found out about it whoever asks."""
        key = (quality, variant, houses)
        if key not in self._items:
            sample = Rate(
                successes=0,
                trials=400,
                direction=Direction.HIGHER_IS_RISKIER,
                baseline=(0, 400),
            )
            piece = Piece(
                topic="metric:utility.any",
                found=sample,
                variant=variant,
                quality=quality,
                houses=houses,
            )
            evidence = gathered([piece], self.place)
            self._items[key] = (evidence, evidence.measurements("utility.any")[0], Memo())
        return self._items[key]
