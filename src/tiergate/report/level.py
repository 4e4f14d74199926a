# SPDX-License-Identifier: Apache-2.0
"""The confidence of the bounds on the page: that of the decision, spent once per claim."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from tiergate.decision.decision import Decision
from tiergate.evidence.bounds import bounds_of
from tiergate.evidence.collection import Collection
from tiergate.evidence.measurement import Measurement, Variant
from tiergate.stats.multiplicity import spent

_PLACES = Decimal("0.000001")
_SHOWN_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The confidence of a bound on one claim: a metric on one form of the model."""

    confidence: Decimal
    """What the tier in question asks for."""
    tries: int
    """The run that is shown, and the registered runs that are not."""

    @property
    def each(self) -> Decimal:
        """The confidence of each bound, so that all tries together keep the one asked for."""
        return spent(self.confidence, self.tries)


def level_of(decision: Decision, evidence: Collection, metric: str, variant: Variant) -> Level:
    """Return the level at which the decision bounds what was measured of a claim."""
    standards = decision.verdict(decision.asked).definition.standards
    unseen = evidence.unseen_runs(metric, variant)
    return Level(confidence=standards.confidence, tries=1 + len(unseen))


def ends(found: Measurement, decision: Decision, evidence: Collection) -> tuple[Decimal, Decimal]:
    """Return the bounds of a rate as the decision used them, rounded outwards."""
    level = level_of(decision, evidence, found.metric, found.setting.variant)
    interval = bounds_of(found, level.confidence, tries=level.tries)
    return rounded_down(interval.lower), rounded_up(interval.upper)


def rounded_down(bound: float) -> Decimal:
    """Return a lower bound with six places."""
    return Decimal(bound).quantize(_PLACES, ROUND_FLOOR)


def rounded_up(bound: float) -> Decimal:
    """Return an upper bound with six places."""
    return Decimal(bound).quantize(_PLACES, ROUND_CEILING)


def confidence_words(confidence: Decimal) -> str:
    """Write a confidence, rounded down, as in ``95 %``.

    >>> confidence_words(Decimal("0.95")), confidence_words(Decimal("0.98333333"))
    ('95 %', '98.33 %')
    """
    shown = confidence.quantize(_SHOWN_PLACES, ROUND_FLOOR) * 100
    return f"{shown.normalize():f} %"


def level_words(level: Level) -> str:
    """Say at which confidence a bound stands, and why when it is not the one asked for."""
    asked = confidence_words(level.confidence)
    if level.tries == 1:
        return asked
    gone = level.tries - 1
    runs = "1 registered run" if gone == 1 else f"{gone} registered runs"
    return f"{confidence_words(level.each)}: {asked} shared with {runs} not shown as registered"
