# SPDX-License-Identifier: Apache-2.0
"""A safeguard must have been measured to survive an attacker with a stated budget.

A level asks for a suite, every attack of which must be survived as hard as the suite tries
it (:mod:`tiergate.decision.requirements.suite`), or for families of attack. A family is
survived when attacks that spent at least the level's budget, their search included, with working
controls, stay at or below the limit. It is broken when any attack whose setting costs no more
than the budget, however long the search for it was, or is of unknown cost, gets above it; one
of no stated family, or no attack at all, breaks every family. A level asks for the levels below
it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from tiergate.decision.explanation import Explanation
from tiergate.decision.outcome import Outcome, all_of
from tiergate.decision.policy import Scene, TamperDefinition
from tiergate.decision.requirements.attacked import Attacked, next_step, read_attacks
from tiergate.decision.requirements.suite import rows as suite_rows
from tiergate.decision.tier import TamperLevel
from tiergate.evidence.measurement import AttackBudget, AttackClass
from tiergate.evidence.tampering.suites import SuiteAttack


@dataclass(frozen=True, slots=True, kw_only=True)
class TamperResistance:
    """A safeguard must have reached this level."""

    is_same_at_every_tier: ClassVar[bool] = True
    """It asks of evidence what the standards of the tier ask, and nothing else of the tier."""
    level: TamperLevel
    """Lowest level that is enough."""

    def judge(self, scene: Scene) -> Explanation:
        """Judge every attack of the level and of those below."""
        attacks = read_attacks(scene)
        gone = scene.evidence.missing_about(scene.policy.tamper.metric)
        rows: list[Explanation] = []
        asked: frozenset[SuiteAttack] = frozenset()
        for level in TamperLevel:
            if TamperLevel.TR0.rank < level.rank <= self.level.rank:
                definition = scene.policy.tamper.levels[level]
                if definition.suite is None:
                    parts = tuple(
                        _family(family, definition.budget, attacks, gone)
                        for family in definition.attack_classes
                    )
                else:
                    suite = definition.suite
                    parts = suite_rows(suite, definition.budget, attacks, gone, asked)
                    asked |= frozenset(suite.attacks)
                rows.append(_level(level, definition, parts))
        return Explanation(
            id="",
            title=f"tamper resistance at least {self.level}",
            outcome=all_of(row.outcome for row in rows),
            reason="",
            children=tuple(rows),
        )


def _level(
    level: TamperLevel, definition: TamperDefinition, rows: tuple[Explanation, ...]
) -> Explanation:
    named = "" if definition.suite is None else f" (suite {definition.suite.stamp})"
    return Explanation(
        id="",
        title=f"{level}: {definition.means}{named}",
        outcome=all_of(row.outcome for row in rows),
        reason="" if rows else "no attack can show this level; it needs an argument of its own",
        children=rows,
    )


def _family(
    family: AttackClass,
    means: AttackBudget,
    attacks: tuple[Attacked, ...],
    gone: tuple[str, ...],
) -> Explanation:
    shown = []
    within: list[Outcome] = []
    survived = False
    for found in attacks:
        is_family = found.attack.attack_class is family
        breaks = found.bears_on(family) and found.breaks(means)
        if breaks:
            within.append(found.reading.outcome)
        if is_family or breaks:
            shown.append(found.reading)
        if is_family and found.holds:
            survived |= covers(found.attack.credit, means)
    held = Outcome.MET if survived and not gone else Outcome.UNDETERMINED
    outcome = all_of([held, *within])
    todo = f"attack MODEL with {family} at this budget, then: tiergate evidence add LOG"
    return Explanation(
        id="",
        title=f"{family} holds up to the budget",
        outcome=outcome,
        reason="" if shown else "this family of attack was not tried",
        readings=tuple(shown),
        used=tuple(reading.item for reading in shown),
        next_step=next_step(outcome, gone, todo),
        is_adverse=bool(within or gone),
    )


def covers(spent: AttackBudget, budget: AttackBudget) -> bool:
    """Tell whether at least one stated currency was spent up to the budget."""
    amounts: zip[tuple[Decimal | int | None, Decimal | int | None]]
    amounts = zip(budget.amounts, spent.amounts, strict=True)
    return any(asked is not None and paid is not None and paid >= asked for asked, paid in amounts)
