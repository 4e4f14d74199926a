# SPDX-License-Identifier: Apache-2.0
"""What another number would change: hundreds of variants of a decision in a second.

The checks of a policy are held against the evidence once. A variant changes the states of a few
of them, and the tier follows from the formulas alone, without waivers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tiergate.decision.analysis.formula import Check, Formula, State, holds, ladder, state_of
from tiergate.decision.explanation import Reading, Side
from tiergate.decision.memo import Memo
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Policy
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.tier import Tier
from tiergate.evidence.collection import Collection
from tiergate.evidence.measurement import Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A single number whose change moves the tier."""

    metric: str
    """Metric that the number is a limit on."""
    variant: Variant
    """Form of the model."""
    side: Side
    """Side of the limit that is allowed."""
    limit: Decimal
    """The number."""
    would_be: Decimal
    """Where it would have to lie; the bound that the evidence shows."""
    supported: Tier
    """What would be supported then."""


class WhatIf:
    """A decision, ready to be varied."""

    def __init__(self, policy: Policy, evidence: Collection, at: datetime) -> None:
        self._policy, self._evidence, self._at = policy, evidence, at
        self._memo = Memo()
        found = ladder(policy)
        self._met: dict[Tier, Formula] = {tier: found.met(tier) for tier in found.long}
        self.checks: dict[str, Check] = {check.key: check for check in found.checks()}
        self._judged = {
            key: check.scene(evidence, at, self._memo) for key, check in self.checks.items()
        }
        self._found = {
            key: self.checks[key].atom.judge(scene) for key, scene in self._judged.items()
        }
        self.states: dict[str, State] = {key: state_of(row) for key, row in self._found.items()}

    def supported(self, changed: Mapping[str, State] | None = None) -> Tier:
        """Return the most open tier that is supported when some checks are in other states.

        Args:
            changed: by the key of a check, the state that it is in instead.
        """
        states = {**self.states, **(changed or {})}
        open_tiers = [tier for tier, formula in self._met.items() if holds(formula, states)]
        return max(open_tiers, key=lambda tier: tier.rank, default=Tier.T0)

    def limits(self, metric: str) -> frozenset[Decimal]:
        """Return every limit on a metric that the policy has."""
        return frozenset(
            check.atom.limit.value
            for check in self.checks.values()
            if isinstance(check.atom, LimitOnMetric) and check.atom.metric == metric
        )

    def with_limit(self, metric: str, old: Decimal, new: Decimal) -> Tier:
        """Return what is supported when every limit ``old`` on a metric is ``new`` instead."""
        changed: dict[str, State] = {}
        for key, check in self.checks.items():
            atom = check.atom
            if not isinstance(atom, LimitOnMetric) or atom.metric != metric:
                continue
            if atom.limit.value == old:
                limit = dataclasses.replace(atom.limit, value=new)
                other = dataclasses.replace(atom, limit=limit)
                changed[key] = state_of(other.judge(self._judged[key]))
        return self.supported(changed)

    def moving(self) -> Iterator[Moved]:
        """Yield each limit that alone moves the tier up, and where it would have to lie."""
        now = self.supported()
        seen: set[tuple[str, Decimal, Variant]] = set()
        for key, check in sorted(self.checks.items()):
            atom = check.atom
            if not isinstance(atom, LimitOnMetric) or self.states[key] is State.MET:
                continue
            mark = (atom.metric, atom.limit.value, check.variant)
            bound = _bound(self._found[key].readings, atom.side)
            if mark in seen or bound is None:
                continue
            seen.add(mark)
            then = self.with_limit(atom.metric, atom.limit.value, bound)
            if then.rank > now.rank:
                yield Moved(
                    metric=atom.metric,
                    variant=check.variant,
                    side=atom.side,
                    limit=atom.limit.value,
                    would_be=bound,
                    supported=then,
                )


def _bound(readings: tuple[Reading, ...], side: Side) -> Decimal | None:
    """Return the number with which the worst reading would keep its limit; None without one."""
    short = [reading for reading in readings if reading.outcome is not Outcome.MET]
    if not short:
        return None
    if side is Side.AT_LEAST:
        return min(reading.lower for reading in short)
    least = max(reading.upper for reading in short)
    return least + Decimal("0.000001") if side is Side.BELOW else least
