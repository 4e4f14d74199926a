# SPDX-License-Identifier: Apache-2.0
"""Whether one check asks for at least as much as another, read off how they are written.

The comparison is sound and not complete: when it says yes, no evidence meets the one and not the
other; when it says no, that could not be shown. There is no *not* in the
grammar, so it is enough to compare part by part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tiergate.decision.explanation import Side
from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Expression, Named, Requirement
from tiergate.decision.requirements.band import BandAtMost
from tiergate.decision.requirements.checkpoint_facts import GeneratesOnly
from tiergate.decision.requirements.claim import ClaimMade, FieldLimit
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.requirements.marginal import AddsAtMost
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.evidence.provenance import ProducerRelation

_COMPOSED = (AllOf, AnyOf, AtLeast)


class Comparison:
    """Comparing the checks of two policies, whose ids may stand for different ones."""

    def __init__(self, mine: Mapping[str, Requirement], theirs: Mapping[str, Requirement]) -> None:
        """Compare checks of ``mine`` with checks of ``theirs``."""
        self._mine = mine
        self._theirs = theirs
        # By identity, because equality would walk through all of both each time.
        self._known: dict[tuple[int, int], tuple[Expression, Expression, bool]] = {}

    def asks_as_much(self, mine: Expression, theirs: Expression) -> bool:
        """Tell whether all evidence that meets ``mine`` meets ``theirs``.

        An id that both policies have counts as the same: its checks are compared on their own.
        """
        key = (id(mine), id(theirs))
        if key not in self._known:
            self._known[key] = (mine, theirs, self._compared(mine, theirs))
        return self._known[key][2]

    def _compared(self, mine: Expression, theirs: Expression) -> bool:
        if isinstance(mine, Named) and isinstance(theirs, Named) and mine.id == theirs.id:
            return True
        if self._by_my_parts(mine, theirs) or self._by_their_parts(mine, theirs):
            return True
        if isinstance(mine, Named):
            return self.asks_as_much(self._mine[mine.id].expression, theirs)
        if isinstance(theirs, Named):
            return self.asks_as_much(mine, self._theirs[theirs.id].expression)
        return atom_asks_as_much(mine, theirs)

    def _by_my_parts(self, mine: Expression, theirs: Expression) -> bool:
        """Tell whether so many of my parts are needed that one which is enough is among them."""
        if not isinstance(mine, _COMPOSED):
            return False
        needed, parts = _as_at_least(mine)
        enough = sum(self.asks_as_much(part, theirs) for part in parts)
        return needed > len(parts) - enough

    def _by_their_parts(self, mine: Expression, theirs: Expression) -> bool:
        """Tell whether mine answers as many of their parts as are needed, alone or by its parts."""
        if not isinstance(theirs, _COMPOSED):
            return False
        their_needed, their_parts = _as_at_least(theirs)
        if sum(self.asks_as_much(mine, part) for part in their_parts) >= their_needed:
            return True
        # Of the parts of mine that are met, those without a partner may be among them.
        my_needed, my_parts = _as_at_least(mine)
        partners = self._partners(my_parts, their_parts) if len(my_parts) > 1 else 0
        return my_needed - (len(my_parts) - partners) >= their_needed

    def _partners(self, mine: tuple[Expression, ...], theirs: tuple[Expression, ...]) -> int:
        """Count how many parts of mine can be given a part of theirs, each a different one."""
        taken: dict[int, int] = {}
        fits = [[j for j, other in enumerate(theirs) if self.asks_as_much(p, other)] for p in mine]

        def place(index: int, tried: set[int]) -> bool:
            for other in fits[index]:
                if other not in tried:
                    tried.add(other)
                    if other not in taken or place(taken[other], tried):
                        taken[other] = index
                        return True
            return False

        return sum(place(index, set()) for index in range(len(fits)))


def _as_at_least(expression: Expression) -> tuple[int, tuple[Expression, ...]]:
    match expression:
        case AllOf(parts=parts):
            return len(parts), parts
        case AnyOf(parts=parts):
            return 1, parts
        case AtLeast(needed=needed, parts=parts):
            return needed, parts
        case _:
            return 1, (expression,)


def atom_asks_as_much(mine: Expression, theirs: Expression) -> bool:  # noqa: PLR0911 - one per kind
    """Tell whether all evidence that meets the check ``mine`` meets the check ``theirs``."""
    match mine, theirs:
        case AddsAtMost(), AddsAtMost():
            shared = replace(mine, baselines=theirs.baselines)
            return mine.baselines >= theirs.baselines and _limit(shared, theirs)
        case LimitOnMetric(), LimitOnMetric():
            return _limit(mine, theirs)
        case ClaimMade(), ClaimMade():
            return _claim(mine, theirs)
        case BandAtMost(), BandAtMost():
            return mine.band.rank <= theirs.band.rank and replace(mine, band=theirs.band) == theirs
        case Measured(), Measured():
            return _measured(mine, theirs)
        case TamperResistance(), TamperResistance():
            return mine.level.rank >= theirs.level.rank
        case GeneratesOnly(), GeneratesOnly():
            return mine.modalities <= theirs.modalities
        case _:
            return mine == theirs


def _limit(mine: LimitOnMetric, theirs: LimitOnMetric) -> bool:
    fewest = mine.minimum_behaviours.value if mine.minimum_behaviours else 0
    their_fewest = theirs.minimum_behaviours.value if theirs.minimum_behaviours else 0
    same = replace(
        mine,
        side=theirs.side,
        limit=theirs.limit,
        minimum_behaviours=theirs.minimum_behaviours,
    )
    is_alike = same == theirs and mine.limit.unit == theirs.limit.unit
    return is_alike and fewest >= their_fewest and _is_within(mine, theirs)


def _is_within(mine: LimitOnMetric | FieldLimit, theirs: LimitOnMetric | FieldLimit) -> bool:
    ours, other = mine.limit.value, theirs.limit.value
    if Side.AT_LEAST in {mine.side, theirs.side}:
        return mine.side is theirs.side and ours >= other
    if mine.side is Side.AT_MOST and theirs.side is Side.BELOW:
        return ours < other
    return ours <= other


def _claim(mine: ClaimMade, theirs: ClaimMade) -> bool:
    kept = all(any(_field_limit(m, t) for m in mine.limits) for t in theirs.limits)
    return (
        (mine.item, mine.expects) == (theirs.item, theirs.expects)
        and set(mine.fields) >= set(theirs.fields)
        and kept
        and _no_more_makers(mine.by, theirs.by)
    )


def _field_limit(mine: FieldLimit, theirs: FieldLimit) -> bool:
    is_alike = (mine.field, mine.limit.unit) == (theirs.field, theirs.limit.unit)
    return is_alike and _is_within(mine, theirs)


def _measured(mine: Measured, theirs: Measured) -> bool:
    return (
        mine.variant is theirs.variant
        and set(mine.domains) >= set(theirs.domains)
        and mine.with_baseline >= theirs.with_baseline
        and mine.samples_kept >= theirs.samples_kept
        and mine.producers >= theirs.producers
        and _no_more_makers(mine.by, theirs.by)
    )


def _no_more_makers(
    mine: tuple[ProducerRelation, ...], theirs: tuple[ProducerRelation, ...]
) -> bool:
    return not theirs or (bool(mine) and set(mine) <= set(theirs))
