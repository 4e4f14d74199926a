# SPDX-License-Identifier: Apache-2.0
"""Where the tamper levels of an extension ask for less than those of the policy extended.

A budget says who attacks. What certainly cost more than it, in every currency, breaks nothing, so
more money is stricter. Where no suite says how hard an attack is tried, spending one currency in
full is enough, so one currency more would be looser.
"""

from __future__ import annotations

from collections.abc import Iterator

from tiergate.decision.policy import TamperDefinition, TamperPolicy
from tiergate.decision.policy_words import amount
from tiergate.decision.strict_yaml import Location
from tiergate.evidence.measurement import AttackBudget


def looser_tamper(mine: TamperPolicy, theirs: TamperPolicy) -> Iterator[tuple[Location, str]]:
    """Yield where ``mine`` asks for less than ``theirs``."""
    if mine.metric != theirs.metric:
        yield ("metric",), f"counts {mine.metric}, {theirs.metric} there"
    if theirs.levels and mine.limit.value > theirs.limit.value:
        yield ("limit",), f"{amount(mine.limit)}, {amount(theirs.limit)} there"
    for level, definition in theirs.levels.items():
        found = mine.levels[level]
        for place, what in _level(found, definition):
            yield ("levels", level, *place), what


def _level(mine: TamperDefinition, theirs: TamperDefinition) -> Iterator[tuple[Location, str]]:
    if not theirs.suite and not theirs.attack_classes and (mine.suite or mine.attack_classes):
        yield (), "can be reached by measurement, and not there"
    elif mine.suite != theirs.suite:
        yield ("suite",), "is measured by another suite than there"
    gone = [family for family in theirs.attack_classes if family not in mine.attack_classes]
    if gone:
        yield ("attack_classes",), f"does not ask for {', '.join(gone)}"
    is_by_family = bool(theirs.attack_classes)
    if not _is_at_least(mine.budget, theirs.budget, same_currencies=is_by_family):
        yield ("budget",), "is a weaker attacker than there"


def _is_at_least(mine: AttackBudget, theirs: AttackBudget, *, same_currencies: bool) -> bool:
    given = [m is not None for m in mine.amounts]
    others = [t is not None for t in theirs.amounts]
    if same_currencies and given != others:
        return False
    if not any(others):
        # Without means nothing costs more than they do: everything breaks.
        return not any(given)
    pairs = zip(mine.amounts, theirs.amounts, strict=True)
    return all(t is None or (m is not None and m >= t) for m, t in pairs)
