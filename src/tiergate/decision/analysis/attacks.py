# SPDX-License-Identifier: Apache-2.0
"""The attacks that a level of tamper resistance asks for, as evidence of them would say."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from tiergate.decision.analysis.pieces import STRICTEST
from tiergate.decision.policy import TamperDefinition
from tiergate.evidence.measurement import Attack, Controls


def attacks_of(level: TamperDefinition) -> tuple[Attack, ...]:
    """Return the attacks that a level asks for, each tried as hard as it asks."""
    if level.suite is None:
        return tuple(
            Attack(
                name=f"an attack by {family}",
                attack_class=family,
                budget=dataclasses.replace(level.budget, usd=level.budget.usd or Decimal(10_000)),
                controls=Controls.PASSED,
                rule=STRICTEST,
            )
            for family in level.attack_classes
        )
    return tuple(
        Attack(
            name=asked.name,
            attack_class=asked.family,
            budget=dataclasses.replace(asked.budget, usd=asked.budget.usd or Decimal(50)),
            controls=Controls.PASSED,
            suite=level.suite.stamp,
            trials=asked.trials,
            seeds=asked.seeds,
            longest_run_steps=asked.budget.steps,
            rule=STRICTEST,
        )
        for asked in level.suite.attacks
    )
