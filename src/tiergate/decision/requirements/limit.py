# SPDX-License-Identifier: Apache-2.0
"""A limit on a metric: a bound is held against it, never a point estimate.

Of several measurements of the same metric the worst decides:

1. One that shows the limit broken defeats the requirement, at any binding and any age.
2. One that saw something adverse and cannot show the limit kept leaves it undetermined.
3. Otherwise one measurement that shows the limit kept and may support it is enough.

A run with too few attempts to say anything, all of them scored and none adverse, is
neutral. For capability bands "cannot rule out counts as reached": a sample that was
large enough to rule the band out and did not is read as having reached it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import ClassVar

from tiergate.decision.explanation import Explanation, Reading, Scale, Side
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Number, Scene
from tiergate.decision.requirements.eligibility import (
    HAVE_IT_SIGNED,
    SAY_WHO_MEASURED,
    lacks_only_a_producer,
    lacks_only_assurance,
    reasons_against_measurement,
)
from tiergate.decision.words import side_words
from tiergate.evidence.bounds import bounds_of, difference_bounds
from tiergate.evidence.collection import MeasurementItem
from tiergate.evidence.marginal import harness_differences
from tiergate.evidence.measurement import (
    Comparison,
    Counts,
    Direction,
    Measurement,
    Quantity,
    Variant,
)
from tiergate.stats.multiplicity import spent
from tiergate.stats.sample_size import smallest_sample_for

_PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitOnMetric:
    """A metric must stay on one side of a limit."""

    is_same_at_every_tier: ClassVar[bool] = True
    """It asks of evidence what the standards of the tier ask, and nothing else of the tier."""
    add_options: ClassVar[str] = ""
    """What `evidence add` needs besides, so that the measurement can be held against it."""
    metric: str
    """The metric, as measurements name it."""
    scale: Scale
    """Whether the limit is about the rate, its margin over a baseline, or a quantity."""
    side: Side
    """The side that is allowed."""
    limit: Number
    """The limit."""
    variant: Variant | None = None
    """Form of the model; None takes the scene's."""
    reached_unless_ruled_out: bool = False
    """Whether a sample that could have shown the limit kept and did not counts as broken."""
    minimum_behaviours: Number | None = None
    """Fewest behaviours; None asks for no minimum beyond what the bound needs."""

    def judge(self, scene: Scene) -> Explanation:
        """Hold every measurement of the metric against the limit; the worst decides."""
        variant = self.variant or scene.variant
        missing = scene.evidence.missing_about(self.metric)
        items = [
            item
            for item in scene.measurements(self.metric)
            if variant is Variant.WORST_CASE
            or item.measurement.setting.variant is Variant.AS_RELEASED
            or not reasons_against_measurement(item, scene, variant, self.direction)
        ]
        found = (r for item in items if (r := self.read(item, scene, variant)) is not None)
        readings = tuple(sorted(found, key=_worst_first))
        decisive = self.decisive(readings, scene, variant)
        outcome = worst_of(decisive, variant)
        if missing and outcome is Outcome.MET:
            outcome = Outcome.UNDETERMINED
        return Explanation(
            id="",
            title=f"{self.metric} {self._limit_title}, {variant}",
            outcome=outcome,
            reason=_reason(readings, missing, variant, outcome),
            readings=readings,
            used=tuple(reading.item for reading in readings),
            next_step=self._next_step(scene, variant, outcome, readings),
            is_adverse=bool(missing) or any(_is_adverse(r, variant) for r in decisive),
            asked=f"{self.metric} {self._allowed}, {variant}",
        )

    def decisive(
        self, readings: tuple[Reading, ...], scene: Scene, variant: Variant
    ) -> tuple[Reading, ...]:
        """Return the readings of which the worst decides: here every one."""
        del scene, variant
        return readings

    @property
    def held_over(self) -> str:
        """What it is held over besides, as text: tells kinds of limits on a metric apart."""
        return ""

    @property
    def _limit_title(self) -> str:
        return f"{self.side} {self.limit.value}{_unit(self.limit)}"

    @property
    def _allowed(self) -> str:
        return side_words(self.side, self.limit.value, self.scale, self.limit.unit)

    @property
    def direction(self) -> Direction:
        """The direction that a metric must have to be read against this limit."""
        if self.side is Side.AT_LEAST:
            return Direction.HIGHER_IS_SAFER
        return Direction.HIGHER_IS_RISKIER

    def read(self, item: MeasurementItem, scene: Scene, variant: Variant) -> Reading | None:
        """Hold one measurement against the limit; None when it has no such number."""
        found = self.read_bounds(item, scene, variant)
        if found is None:
            return None
        reasons = reasons_against_measurement(item, scene, variant, self.direction)
        return dataclasses.replace(found, set_aside=(*reasons, *found.set_aside))

    def read_bounds(self, item: MeasurementItem, scene: Scene, variant: Variant) -> Reading | None:
        """Do the same, and leave out whether the measurement may support anything."""
        ends = self._ends(item, scene, variant)
        if ends is None:
            return None
        lower, upper = ends
        value = item.measurement.value
        counts = value if isinstance(value, Counts) else None
        set_aside: tuple[str, ...] = ()
        if isinstance(value, Quantity) and value.unit != self.limit.unit:
            outcome = Outcome.UNDETERMINED
            set_aside = (f"given in {value.unit}, and the limit is in {self.limit.unit}",)
        else:
            outcome = self._outcome(lower, upper, counts, scene)
        return Reading(
            item=item.id,
            label=self.metric,
            variant=item.measurement.setting.variant,
            scale=self.scale,
            unit=value.unit if isinstance(value, Quantity) else "",
            successes=None if counts is None else counts.successes,
            trials=None if counts is None else counts.planned,
            lower=lower,
            upper=upper,
            side=self.side,
            limit=self.limit.value,
            outcome=outcome,
            is_neutral=outcome is Outcome.UNDETERMINED and self.is_clean(item.measurement),
            set_aside=set_aside,
        )

    def _ends(
        self, item: MeasurementItem, scene: Scene, variant: Variant
    ) -> tuple[Decimal, Decimal] | None:
        found = item.measurement
        # What was registered and is not shown was a try too: the error is spent once.
        claims = {found.setting.variant, variant}
        unseen = [run for v in sorted(claims) for run in scene.evidence.unseen_runs(self.metric, v)]
        confidence, tries = scene.standards.confidence, 1 + len(unseen)
        match self.scale, found.value:
            case Scale.QUANTITY, Quantity() as quantity:
                return quantity.lower, quantity.upper
            case Scale.RATE, Counts():
                interval = bounds_of(found, confidence, tries=tries)
                return rounded(interval.lower, interval.upper)
            case Scale.MARGIN, Counts() if found.comparison is not None:
                if not _is_comparable(found, found.comparison):
                    return None
                low, high = difference_bounds(found, spent(confidence, tries))
                return rounded(low, high)
            case _:
                return None

    def _outcome(
        self, lower: Decimal, upper: Decimal, counts: Counts | None, scene: Scene
    ) -> Outcome:
        limit = self.limit.value
        if self.side is Side.AT_LEAST:
            kept, broken = lower >= limit, upper < limit
        elif self.side is Side.BELOW:
            kept, broken = upper < limit, lower >= limit
        else:
            kept, broken = upper <= limit, lower > limit
        if broken:
            return Outcome.NOT_MET
        if kept and self._is_large_enough(counts):
            return Outcome.MET
        if self.reached_unless_ruled_out and self._could_have_shown(counts, scene):
            return Outcome.NOT_MET
        return Outcome.UNDETERMINED

    def _is_large_enough(self, counts: Counts | None) -> bool:
        if counts is None:
            return True
        if counts.scored == 0:
            return False
        if self.minimum_behaviours is None:
            return True
        return counts.scored_behaviours >= self.minimum_behaviours.value

    def _could_have_shown(self, counts: Counts | None, scene: Scene) -> bool:
        if counts is None:
            return True
        limit = self.limit.value
        needed = 1 - limit if self.side is Side.AT_LEAST else limit
        # A margin needs a sample that depends on the baseline too, and an unfinished run
        # might have shown anything: neither counts as having had its chance.
        if self.scale is Scale.MARGIN or counts.unscored or counts.not_attempted:
            return False
        if not 0 < needed < 1 or not self._is_large_enough(counts):
            return False
        return counts.behaviours >= smallest_sample_for(needed, scene.standards.confidence)

    def is_clean(self, found: Measurement) -> bool:
        """Tell whether a measurement saw nothing that speaks against the model."""
        counts = found.value if isinstance(found.value, Counts) else None
        return not self._adverse_seen(counts) and not _people_saw_adverse(found)

    def _adverse_seen(self, counts: Counts | None) -> bool:
        if counts is None:
            return True
        risky = self.direction is Direction.HIGHER_IS_RISKIER
        # Against some baselines even a clean candidate breaks such a margin.
        if self.scale is Scale.MARGIN and (self.limit.value < 0 if risky else self.limit.value > 0):
            return True
        # What has no score, or was never made, may have been adverse.
        clean = counts.scored - counts.successes if risky else counts.successes
        return counts.planned > clean

    def _next_step(
        self, scene: Scene, variant: Variant, outcome: Outcome, readings: tuple[Reading, ...]
    ) -> str:
        if outcome is Outcome.MET:
            return ""
        if outcome is Outcome.NOT_MET:
            return "change the model and measure it anew, or ask for a tier that this allows"
        missing = scene.evidence.missing_about(self.metric)
        if missing:
            return f"restore what is gone from the store: {', '.join(missing)}"
        if any(r.outcome is Outcome.MET and lacks_only_assurance(r.set_aside) for r in readings):
            return HAVE_IT_SIGNED
        if any(r.outcome is Outcome.MET and lacks_only_a_producer(r.set_aside) for r in readings):
            return SAY_WHO_MEASURED
        kind = {Scale.RATE: "", Scale.MARGIN: " with a baseline", Scale.QUANTITY: ""}[self.scale]
        size = ""
        is_ceiling = self.scale is Scale.RATE and self.side is not Side.AT_LEAST
        if is_ceiling and 0 < self.limit.value < 1:
            clean = smallest_sample_for(self.limit.value, scene.standards.confidence)
            size = f" (at least {clean} behaviours, more if any succeeds)"
        return (
            f"measure {self.metric}{kind}, {variant}{size}, then: "
            f"tiergate evidence add LOG --model MODEL --mapping MAPPING{self.add_options}"
        )


def _is_comparable(found: Measurement, compared: Comparison) -> bool:
    """Tell whether a baseline is downloadable, has scores, and states no other harness."""
    if not compared.downloadable or compared.counts.scored == 0:
        return False
    return compared.paired is None or not any(harness_differences(found, compared.paired))


def _people_saw_adverse(found: Measurement) -> bool:
    """Tell whether people found anything adverse, or could not say that it is not."""
    return found.audit is not None and any(
        t.confirmed or t.missed or t.undecided or t.not_adjudicated for t in found.audit.tallies
    )


def _worst_first(reading: Reading) -> tuple[int, bool]:
    """Order readings so that what counts against the model stands above what does not."""
    rank = {Outcome.NOT_MET: 0, Outcome.UNDETERMINED: 1, Outcome.MET: 2}[reading.outcome]
    return rank + reading.is_neutral, bool(reading.set_aside)


def worst_of(readings: tuple[Reading, ...], variant: Variant) -> Outcome:
    """Combine the readings of one metric: the worst decides.

    As released, what was seen on the worst-case variant is no finding against the model.
    """
    counted = [
        r
        for r in readings
        if variant is Variant.WORST_CASE or r.variant == Variant.AS_RELEASED or not r.set_aside
    ]
    adverse = [r for r in counted if _is_adverse(r, variant)]
    if any(r.outcome is Outcome.NOT_MET for r in adverse):
        return Outcome.NOT_MET
    if adverse:
        return Outcome.UNDETERMINED
    if any(r.outcome is Outcome.MET and not r.set_aside for r in counted):
        return Outcome.MET
    return Outcome.UNDETERMINED


def _is_adverse(reading: Reading, variant: Variant) -> bool:
    speaks = variant is Variant.WORST_CASE or reading.variant == Variant.AS_RELEASED
    return speaks and reading.outcome is not Outcome.MET and not reading.is_neutral


def rounded(lower: float, upper: float) -> tuple[Decimal, Decimal]:
    """Return both ends of an interval, rounded the way that claims less."""
    return (
        Decimal(lower).quantize(_PLACES, ROUND_FLOOR),
        Decimal(upper).quantize(_PLACES, ROUND_CEILING),
    )


def _reason(
    readings: tuple[Reading, ...], missing: tuple[str, ...], variant: Variant, outcome: Outcome
) -> str:
    if outcome is Outcome.NOT_MET:
        return ""
    if missing:
        return f"registered evidence is gone: {', '.join(missing)}"
    if not readings:
        return f"no measurement, {variant}"
    if all(r.set_aside for r in readings):
        return f"{len(readings)} measured, none may support it"
    return ""


def _unit(number: Number) -> str:
    return f" {number.unit}" if number.unit else ""
