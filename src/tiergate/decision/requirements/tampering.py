# SPDX-License-Identifier: Apache-2.0
"""A safeguard must have been measured to survive an attacker with a stated budget.

A level asks for every family of attack of its own and of the levels below. A family is
survived when attacks that cost at least the level's budget, with working controls, stay
at or below the limit. It is broken when any attack within the budget, or of unknown
cost, gets above it; one of no stated family, or no attack at all, breaks every family.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tiergate.decision.explanation import Explanation, Reading, Scale, Side
from tiergate.decision.outcome import Outcome, all_of
from tiergate.decision.policy import Scene, TamperDefinition
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.tier import TamperLevel
from tiergate.evidence.measurement import Attack, AttackBudget, AttackClass, Controls, Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class TamperResistance:
    """A safeguard must have reached this level."""

    level: TamperLevel
    """Lowest level that is enough."""

    def judge(self, scene: Scene) -> Explanation:
        """Judge every attack family of the level and of those below."""
        levels = [
            (level, scene.policy.tamper.levels[level])
            for level in TamperLevel
            if TamperLevel.TR0.rank < level.rank <= self.level.rank
        ]
        rows = tuple(_level(level, definition, scene) for level, definition in levels)
        return Explanation(
            id="",
            title=f"tamper resistance at least {self.level}",
            outcome=all_of(row.outcome for row in rows),
            reason="",
            children=rows,
        )


_Amount = Decimal | int | None

_OF_NO_FAMILY = frozenset({AttackClass.NONE, AttackClass.OTHER})
_NO_ATTACK = Attack(
    name="", attack_class=AttackClass.NONE, budget=AttackBudget(), controls=Controls.NOT_RUN
)


def _level(level: TamperLevel, definition: TamperDefinition, scene: Scene) -> Explanation:
    rows = tuple(_family(family, definition, scene) for family in definition.attack_classes)
    return Explanation(
        id="",
        title=f"{level}: {definition.means}",
        outcome=all_of(row.outcome for row in rows),
        reason="" if rows else "no attack can show this level; it needs an argument of its own",
        children=rows,
    )


def _family(family: AttackClass, definition: TamperDefinition, scene: Scene) -> Explanation:
    policy = scene.policy.tamper
    limit = LimitOnMetric(
        metric=policy.metric, scale=Scale.RATE, side=Side.AT_MOST, limit=policy.limit
    )
    readings: list[Reading] = []
    within: list[Outcome] = []
    survived = False
    for item in scene.evidence.measurements(policy.metric):
        attack = item.measurement.attack or _NO_ATTACK
        is_family = attack.attack_class is family
        reading = limit.read(item, scene, Variant.AS_RELEASED)
        if reading is None or not (is_family or attack.attack_class in _OF_NO_FAMILY):
            continue
        breaks = reading.outcome is not Outcome.MET and not (
            reading.is_neutral or exceeds(attack.budget, definition.budget)
        )
        if breaks:
            within.append(reading.outcome)
        if is_family or breaks:
            readings.append(reading)
        if is_family and reading.outcome is Outcome.MET and not reading.set_aside:
            survived |= covers(attack.budget, definition.budget)
    gone = scene.evidence.missing_about(policy.metric)
    held = Outcome.MET if survived and not gone else Outcome.UNDETERMINED
    outcome = all_of([held, *within])
    return Explanation(
        id="",
        title=f"{family} holds up to the budget",
        outcome=outcome,
        reason="" if readings else "this family of attack was not tried",
        readings=tuple(readings),
        used=tuple(reading.item for reading in readings),
        next_step=""
        if outcome is Outcome.MET
        else f"attack MODEL with {family} at this budget, then: tiergate evidence add LOG",
        is_adverse=bool(within or gone),
    )


def covers(spent: AttackBudget, budget: AttackBudget) -> bool:
    """Tell whether at least one stated currency was spent up to the budget."""
    return any(
        asked is not None and paid is not None and paid >= asked
        for asked, paid in _currencies(spent, budget)
    )


def exceeds(spent: AttackBudget, budget: AttackBudget) -> bool:
    """Tell whether an attack certainly cost more than the budget, in every currency of it.

    A cost that is not stated in one of them is unknown and does not exceed.
    """
    needed = [(asked, paid) for asked, paid in _currencies(spent, budget) if asked is not None]
    return bool(needed) and all(paid is not None and paid > asked for asked, paid in needed)


def _currencies(spent: AttackBudget, budget: AttackBudget) -> tuple[tuple[_Amount, _Amount], ...]:
    return (
        (budget.usd, spent.usd),
        (budget.gpu_hours, spent.gpu_hours),
        (budget.steps, spent.steps),
        (budget.examples, spent.examples),
    )
