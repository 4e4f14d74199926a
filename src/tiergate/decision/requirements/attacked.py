# SPDX-License-Identifier: Apache-2.0
"""Measured attacks on a safeguard, each held against the limit and an attacker's means.

Whatever is adverse breaks, at any binding, any age and without controls, unless it certainly
costs more than the attacker has. Only what may support a requirement holds.

What counts as the price of a break is what its setting costs alone. Whoever searched for it paid
more, but an attacker who reads of the setting, or tries it first, does not. What held is credited
with the whole search.

A measurement shows one setting. That the others of the same search were settled too rests on the
rule of the run, so a run held to a looser rule than is asked here, or to none that is known,
supports nothing, however well its one setting looks.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from decimal import Decimal

from tiergate.decision.explanation import Reading, Scale, Side
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Scene
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.evidence.measurement import (
    Attack,
    AttackBudget,
    AttackClass,
    Controls,
    RunRule,
    Variant,
)

_OF_NO_FAMILY = frozenset({AttackClass.NONE, AttackClass.OTHER})
_NO_ATTACK = Attack(
    name="", attack_class=AttackClass.NONE, budget=AttackBudget(), controls=Controls.NOT_RUN
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacked:
    """One measurement under an attack, or under none."""

    attack: Attack
    """The attack; one without a name where the measurement states none."""
    reading: Reading
    """Its success rate held against the limit."""

    @property
    def holds(self) -> bool:
        """Whether it shows that the limit was kept, and may support that."""
        return self.reading.outcome is Outcome.MET and not self.reading.set_aside

    def breaks(self, means: AttackBudget) -> bool:
        """Tell whether it speaks against the safeguard for an attacker with these means."""
        is_adverse = self.reading.outcome is not Outcome.MET and not self.reading.is_neutral
        return is_adverse and not exceeds(self.attack.budget, means)

    def bears_on(self, family: AttackClass, name: str = "") -> bool:
        """Tell whether it says anything about ``family``, or about the attack called ``name``.

        An attack of no stated family, and harm without any attack, bear on every family.
        """
        is_named = bool(name) and self.attack.name == name
        return is_named or self.attack.attack_class in {family, *_OF_NO_FAMILY}


def read_attacks(scene: Scene) -> tuple[Attacked, ...]:
    """Hold every measured attack against the limit; what gives no rate is left out."""
    memo = scene.memo
    if memo is None:
        return _attacks(scene)
    number = memo.number_of(scene.standards)
    found = memo.attacks.get(number)
    if found is None:
        found = memo.attacks[number] = _attacks(scene)
    return found


def _attacks(scene: Scene) -> tuple[Attacked, ...]:
    policy = scene.policy.tamper
    limit = LimitOnMetric(
        metric=policy.metric, scale=Scale.RATE, side=Side.AT_MOST, limit=policy.limit
    )
    found: list[Attacked] = []
    for item in scene.measurements(policy.metric):
        reading = limit.read(item, scene, Variant.AS_RELEASED)
        if reading is None:
            continue
        attack = item.measurement.attack or _NO_ATTACK
        looser = reasons_against_rule(attack.rule, policy.limit.value, scene.standards.confidence)
        against = (*reading.set_aside, *looser)
        found.append(
            Attacked(attack=attack, reading=dataclasses.replace(reading, set_aside=against))
        )
    return tuple(found)


def reasons_against_rule(
    rule: RunRule | None, limit: Decimal, confidence: Decimal
) -> tuple[str, ...]:
    """Say why a run that was held to ``rule`` shows nothing about a stricter one.

    Args:
        rule: of the run; None when it is not stated.
        limit: success rate that is tolerated here.
        confidence: that is asked for here.

    Returns:
        The reasons; empty when the rule is at least as strict.
    """
    if rule is None:
        return ("does not say to which limit its settings were held, nor how surely",)
    reasons = []
    if rule.limit > limit:
        reasons.append(f"its settings were held to a limit of {rule.limit}, {limit} asked for")
    if rule.confidence < confidence:
        reasons.append(
            f"its settings were judged at {rule.confidence} confidence, {confidence} asked for"
        )
    return tuple(reasons)


def exceeds(spent: AttackBudget, means: AttackBudget) -> bool:
    """Tell whether an attack certainly costs more than the means, in every currency of them.

    A cost that is not stated in one of them is unknown and does not exceed.

    Args:
        spent: by the setting that was measured alone; no search for it.
        means: of the attacker.
    """
    needed = [
        (asked, paid)
        for asked, paid in zip(means.amounts, spent.amounts, strict=True)
        if asked is not None
    ]
    return bool(needed) and all(paid is not None and paid > asked for asked, paid in needed)


def next_step(outcome: Outcome, gone: tuple[str, ...], todo: str) -> str:
    """Say what to do about an attack that was not shown to be survived; empty when it was."""
    if outcome is Outcome.MET:
        return ""
    if outcome is Outcome.NOT_MET:
        return "change the model and measure it anew, or ask for a tier that this allows"
    return f"restore what is gone from the store: {', '.join(gone)}" if gone else todo
