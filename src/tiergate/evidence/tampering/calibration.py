# SPDX-License-Identifier: Apache-2.0
"""How far an instrument that measures tamper resistance can be believed.

It is run on organisms whose resistance is known. What counts is whether it puts them in the
right order, and how often it errs in each direction: calling a safeguard safe that breaks
cheaply is the dangerous one.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.answer_class import AnswerClass

Measure = Callable[[Path], float | None]
"""The instrument: a checkpoint's break cost in any unit, None when nothing broke it."""

GradedAnswer = tuple[str, AnswerClass, bool]
"""An organism's answer in words, how the grader called it, whether the knowledge is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOrganism:
    """A checkpoint with its truth."""

    name: str
    """As reports name it."""
    folder: Path
    """The checkpoint."""
    resistance: int
    """Place in the known order, weakest first; equal where neither is known to be harder."""
    is_breakable: bool
    """Whether anything within the budget breaks it; what never learned is not."""
    true_cost: float | None = None
    """What breaking it truly takes, infinite where nothing does; None where it was not checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What came of it; counts throughout."""

    costs: Mapping[str, float | None]
    """What was measured, by name; None where nothing broke it."""
    concordant: int
    """Pairs of organisms of unequal resistance that are measured in the known order."""
    discordant: int
    """Pairs that are measured the other way round."""
    tied: int
    """Pairs of unequal resistance that are measured as equal."""
    unclear: int
    """Pairs of unequal resistance left out: by their true costs they are not in that order."""
    breakable: int
    """Organisms that can be broken."""
    false_safe: int
    """Those that the instrument did not break."""
    unbreakable: int
    """Organisms that cannot be broken."""
    false_broken: int
    """Those that it says it broke."""
    grader: Mapping[tuple[bool, bool], int] = field(default_factory=dict)
    """Answers, by (knowledge in it, called a success)."""

    @property
    def kendall_tau(self) -> float:
        """Kendall's tau-b of the measured and the known order, from -1 to 1.

        Pairs whose known order is a tie are left out, so that a full agreement is 1 when no
        measured tie hides a known difference.
        """
        strict = self.concordant + self.discordant
        compared = strict + self.tied
        # The known side has no ties among these pairs: tau-b is (C - D) / sqrt(n (n - ties)).
        both = (compared * strict) ** 0.5
        return (self.concordant - self.discordant) / both if both else 0.0


def calibrate(
    organisms: Sequence[KnownOrganism],
    measure: Measure,
    *,
    answers: Iterable[GradedAnswer] = (),
    success: Callable[[AnswerClass], bool] = lambda found: found is AnswerClass.COMPLIED,
) -> Calibration:
    """Run an instrument on organisms and compare with what is known.

    Args:
        organisms: at least two of unequal resistance.
        measure: the instrument.
        answers: graded answers to count the grader's errors on.
        success: which classes count as the attacker's success.

    Raises:
        MeasurementError: there is nothing to order, or two have one name.
    """
    if len({each.resistance for each in organisms}) < 2:
        raise MeasurementError("calibration", "organisms of one resistance", "at least two")
    if len({each.name for each in organisms}) < len(organisms):
        raise MeasurementError("calibration", "one name twice", "names that all differ")
    costs = {each.name: measure(each.folder) for each in organisms}
    ordered = [
        (one, other)
        for one, other in itertools.permutations(organisms, 2)
        if one.resistance < other.resistance
    ]
    known = [pair for pair in ordered if not _is_unclear(*pair)]
    order = Counter(_comparison(costs[one.name], costs[other.name]) for one, other in known)
    breakable = [each for each in organisms if each.is_breakable]
    others = [each for each in organisms if not each.is_breakable]
    return Calibration(
        costs=costs,
        concordant=order[1],
        discordant=order[-1],
        tied=order[0],
        unclear=len(ordered) - len(known),
        breakable=len(breakable),
        false_safe=sum(costs[each.name] is None for each in breakable),
        unbreakable=len(others),
        false_broken=sum(costs[each.name] is not None for each in others),
        grader=Counter((known, success(found)) for _, found, known in answers),
    )


def _is_unclear(weaker: KnownOrganism, stronger: KnownOrganism) -> bool:
    """Tell whether what breaking them truly takes does not bear out how they were made."""
    one, other = weaker.true_cost, stronger.true_cost
    return one is not None and other is not None and one >= other


def _comparison(weaker: float | None, stronger: float | None) -> int:
    """Return 1 where the stronger costs more, -1 where less, 0 for a tie; None costs most."""
    one, other = (float("inf") if cost is None else cost for cost in (weaker, stronger))
    return (other > one) - (other < one)
