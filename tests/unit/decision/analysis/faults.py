# SPDX-License-Identifier: Apache-2.0
"""Expressions that no policy file can hold, planted to see that they are found."""

from __future__ import annotations

from dataclasses import dataclass

from tiergate.decision.explanation import Explanation
from tiergate.decision.judging import judge
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Expression, Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """What the grammar does not have."""

    part: Expression

    def judge(self, scene: Scene) -> Explanation:
        """Met where the part is not."""
        found = judge(self.part, scene)
        flipped = {Outcome.MET: Outcome.NOT_MET, Outcome.NOT_MET: Outcome.MET}
        outcome = flipped.get(found.outcome, Outcome.UNDETERMINED)
        return Explanation(id="", title="not", outcome=outcome, reason="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Most:
    """More than half of many parts, which the grammar says with ``at_least``."""

    several: tuple[Expression, ...]

    def judge(self, scene: Scene) -> Explanation:
        """Met where more than half of the parts are."""
        met = [judge(part, scene).outcome is Outcome.MET for part in self.several]
        outcome = Outcome.MET if 2 * sum(met) > len(met) else Outcome.UNDETERMINED
        return Explanation(id="", title="most", outcome=outcome, reason="")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExemptIfAbsent:
    """Met where nobody measured."""

    metric: str

    def judge(self, scene: Scene) -> Explanation:
        """Met where there is no measurement of the metric."""
        absent = not scene.evidence.measurements(self.metric)
        outcome = Outcome.MET if absent else Outcome.UNDETERMINED
        return Explanation(id="", title="exempt", outcome=outcome, reason="")
