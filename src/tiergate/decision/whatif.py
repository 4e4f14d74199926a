# SPDX-License-Identifier: Apache-2.0
"""What another number would change: hundreds of variants of a decision in a second.

The checks of a policy are held against the evidence once. A variant changes the states of a few
of them, and the tier follows from the formulas alone, without waivers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tiergate.decision.analysis.formula import Check, Formula, State, holds, ladder, state_of
from tiergate.decision.explanation import Reading, Scale, Side
from tiergate.decision.judging import judge
from tiergate.decision.memo import Memo
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Policy
from tiergate.decision.requirements.checkpoint_facts import GeneratesOnly, LoadsWithoutCode
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.requirements.measured import Measured, band_metrics
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.tier import Tier
from tiergate.evidence.collection import Collection
from tiergate.evidence.measurement import Variant

_STEP = Decimal("0.000001")
"""Bounds are given to so many places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A single number whose change moves the tier."""

    metric: str
    """Metric that the number is a limit on."""
    variant: Variant
    """Form of the model."""
    scale: Scale
    """Whether it is a limit on the rate, on its margin over a baseline, or on a quantity."""
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
        self.policy, self.evidence, self._at = policy, evidence, at
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
        self._readers: dict[str, tuple[Check, ...]] = {}
        self._tiers: dict[frozenset[tuple[str, State]], Tier] = {}

    def supported(self, changed: Mapping[str, State] | None = None) -> Tier:
        """Return the most open tier that is supported when some checks are in other states.

        Args:
            changed: by the key of a check, the state that it is in instead.
        """
        other = {key: state for key, state in (changed or {}).items() if state != self.states[key]}
        mark = frozenset(other.items())
        if mark not in self._tiers:
            states = {**self.states, **other}
            met = [tier for tier, formula in self._met.items() if holds(formula, states)]
            self._tiers[mark] = max(met, key=lambda tier: tier.rank, default=Tier.T0)
        return self._tiers[mark]

    def readings(self, key: str) -> tuple[Reading, ...]:
        """Return the measurements that a check, by its key, was held against."""
        return self._found[key].readings

    def limits(self, metric: str) -> frozenset[Decimal]:
        """Return every limit on a metric that the policy has."""
        return frozenset(
            check.atom.limit.value
            for check in self.checks.values()
            if isinstance(check.atom, LimitOnMetric) and check.atom.metric == metric
        )

    def with_limit(
        self, metric: str, old: Decimal, new: Decimal, scale: Scale | None = None
    ) -> Tier:
        """Return what is supported when every limit ``old`` on a metric is ``new`` instead.

        Args:
            metric: what the limit is on.
            old: the number that the policy has.
            new: the number in its place.
            scale: only limits on this scale; None for those on all.
        """
        changed: dict[str, State] = {}
        for key, check in self.checks.items():
            atom = check.atom
            if not isinstance(atom, LimitOnMetric) or atom.metric != metric:
                continue
            if atom.limit.value == old and scale in {None, atom.scale}:
                limit = dataclasses.replace(atom.limit, value=new)
                other = dataclasses.replace(atom, limit=limit)
                changed[key] = state_of(other.judge(self._judged[key]))
        return self.supported(changed)

    def with_evidence(self, evidence: Collection, metric: str) -> Tier:
        """Return what is supported with evidence that differs in measurements of one metric.

        Args:
            evidence: the other evidence, about the same checkpoint.
            metric: nothing else may differ.
        """
        memo = self._memo.without(metric)
        return self.supported(
            {
                check.key: state_of(judge(check.atom, check.scene(evidence, self._at, memo)))
                for check in self._readers_of(metric)
            }
        )

    def _readers_of(self, metric: str) -> tuple[Check, ...]:
        if metric not in self._readers:
            readers = (check for check in self.checks.values() if _may_read(check, metric))
            self._readers[metric] = tuple(readers)
        return self._readers[metric]

    def moving(self) -> Iterator[Moved]:
        """Yield each limit that alone moves the tier, and where it would have to lie."""
        seen: set[tuple[str, Decimal, Scale, Variant, bool]] = set()
        for key, check in sorted(self.checks.items()):
            atom, is_met = check.atom, self.states[key] is State.MET
            if isinstance(atom, LimitOnMetric):
                mark = (atom.metric, atom.limit.value, atom.scale, check.variant, is_met)
                if mark not in seen:
                    moved = self._moved(
                        atom, check.variant, self._found[key].readings, is_met=is_met
                    )
                    seen |= {mark} if moved else set()
                    yield from moved

    def _moved(
        self, atom: LimitOnMetric, variant: Variant, readings: tuple[Reading, ...], *, is_met: bool
    ) -> list[Moved]:
        """Return the nearest limit that moves the tier: down where it is met now, else up."""
        now = self.supported().rank

        def moves(would_be: Decimal) -> bool:
            then = self.with_limit(atom.metric, atom.limit.value, would_be, atom.scale).rank
            return then < now if is_met else then > now

        near = atom.limit.value
        for far in (_stricter if is_met else _looser)(atom, readings):
            if moves(far):
                would_be = _between(near, far, moves)
                then = self.with_limit(atom.metric, atom.limit.value, would_be, atom.scale)
                return [
                    Moved(
                        metric=atom.metric,
                        variant=variant,
                        scale=atom.scale,
                        side=atom.side,
                        limit=atom.limit.value,
                        would_be=would_be,
                        supported=then,
                    )
                ]
            near = far
        return []


def _between(near: Decimal, far: Decimal, moves: Callable[[Decimal], bool]) -> Decimal:
    """Return a number that moves the tier where one step nearer does not."""
    step = _STEP if far > near else -_STEP
    if not moves(far - step):
        return far
    low, high = 0, int((far - near) / step)  # steps back from ``far``
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if moves(far - middle * step) else (low, middle)
    return far - low * step


def _may_read(check: Check, metric: str) -> bool:
    """Tell whether measurements of a metric may be looked at by a check."""
    match check.atom:
        case LimitOnMetric() | TamperResistance():
            return check.topic == f"metric:{metric}"
        case ClaimMade() | LoadsWithoutCode() | GeneratesOnly():
            return False
        case Measured(domains=domains):
            return any(metric in band_metrics(check.policy, domain) for domain in domains)
        case _:
            return True


def _looser(atom: LimitOnMetric, readings: tuple[Reading, ...]) -> Iterator[Decimal]:
    """Yield the limits that readings would keep which do not now, the nearest first."""
    short = [reading for reading in readings if reading.outcome is not Outcome.MET]
    if atom.side is Side.AT_LEAST:
        yield from sorted({reading.lower for reading in short}, reverse=True)
    else:
        step = _STEP if atom.side is Side.BELOW else Decimal(0)
        yield from sorted({reading.upper + step for reading in short})


def _stricter(atom: LimitOnMetric, readings: tuple[Reading, ...]) -> Iterator[Decimal]:
    """Yield the limits that readings would not keep any more, the nearest first."""
    kept = [reading for reading in readings if reading.outcome is Outcome.MET]
    if atom.side is Side.AT_LEAST:
        yield from sorted({reading.lower + _STEP for reading in kept})
    else:
        step = Decimal(0) if atom.side is Side.BELOW else _STEP
        yield from sorted({reading.upper - step for reading in kept}, reverse=True)
