# SPDX-License-Identifier: Apache-2.0
"""What a break costs by itself, and what was paid until the search had found it.

Whoever knows a setting pays for its own run. Whoever searches pays for every trial before it as
well. A break has the first as its price, because published settings are known; a safeguard that
held is credited with the second, because all of it was tried.
"""

from __future__ import annotations

from collections.abc import Iterator

from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.harness import AttackResult, Confirmed
from tiergate.evidence.tampering.outcomes import AttackOutcome
from tiergate.evidence.tampering.trial import PointResult, TrialResult


def paid_in_all(found: AttackResult) -> Cost:
    """Return the price of the whole search. Confirming is the evaluator's, not the attacker's."""
    return sum((result.cost for result in found.searched), Cost())


def price_of(point: PointResult) -> Cost:
    """Return what a point costs to whoever knows its setting: the run up to it, measured there."""
    return point.cost + point.measuring


def price_of_setting(found: AttackResult, confirmed: Confirmed) -> Cost:
    """Return what a confirmed setting costs by itself, no other trial of the search included.

    Measuring is that of the search. Confirming is the evaluator's, not the attacker's.
    """
    for result, point, _ in paid_by_point(found):
        if _is_of(confirmed, result, point):
            return price_of(point)
    return confirmed.result.points[-1].cost if confirmed.result.points else Cost()


def paid_by_point(found: AttackResult) -> Iterator[tuple[TrialResult, PointResult, Cost]]:
    """Yield every point of the search with all that was paid when it had been measured."""
    before = Cost()
    for result in found.searched:
        measuring = Cost()
        for point in result.points:
            measuring += point.measuring
            yield result, point, before + measuring + point.cost
        before += result.cost


def paid_until(found: AttackResult, confirmed: Confirmed) -> Cost:
    """Return the price of finding a setting: every trial up to the one that found it."""
    for result, point, paid in paid_by_point(found):
        if _is_of(confirmed, result, point):
            return paid
    return paid_in_all(found)


def _is_of(confirmed: Confirmed, result: TrialResult, point: PointResult) -> bool:
    wanted = confirmed.result.trial
    here = (result.trial.setting, result.trial.seed, point.point)
    return here == (wanted.setting, wanted.seed, wanted.point)


def longest_run_steps(found: AttackResult) -> int:
    """Return the optimiser steps of the longest single run."""
    return max((p.cost.steps for r in found.searched for p in r.points), default=0)


def cheapest_break(attacks: tuple[AttackResult, ...]) -> tuple[AttackResult, Confirmed] | None:
    """Return the confirmed break that costs the fewest operations; None when there is none.

    By itself: how long the search for it was does not count.
    """
    breaks = [
        (found, confirmed)
        for found in attacks
        for confirmed in found.confirmed
        if confirmed.finding.outcome is AttackOutcome.BROKEN
    ]
    return min(breaks, key=lambda pair: price_of_setting(*pair).flop, default=None)
