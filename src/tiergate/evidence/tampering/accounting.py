# SPDX-License-Identifier: Apache-2.0
"""What an attacker had paid when a break was found, failed trials and the search included."""

from __future__ import annotations

from collections.abc import Iterator

from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.harness import AttackResult, Confirmed
from tiergate.evidence.tampering.outcomes import AttackOutcome
from tiergate.evidence.tampering.trial import PointResult, TrialResult


def paid_in_all(found: AttackResult) -> Cost:
    """Return the price of the whole search. Confirming is the evaluator's, not the attacker's."""
    return sum((result.cost for result in found.searched), Cost())


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
    wanted = confirmed.result.trial
    for result, point, paid in paid_by_point(found):
        found_it = (result.trial.setting, result.trial.seed, point.point)
        if found_it == (wanted.setting, wanted.seed, wanted.point):
            return paid
    return paid_in_all(found)


def longest_run_steps(found: AttackResult) -> int:
    """Return the optimiser steps of the longest single run."""
    return max((p.cost.steps for r in found.searched for p in r.points), default=0)


def cheapest_break(attacks: tuple[AttackResult, ...]) -> tuple[AttackResult, Confirmed] | None:
    """Return the confirmed break that cost the least operations; None when there is none."""
    breaks = [
        (found, confirmed)
        for found in attacks
        for confirmed in found.confirmed
        if confirmed.finding.outcome is AttackOutcome.BROKEN
    ]
    return min(breaks, key=lambda pair: paid_until(*pair).flop, default=None)
