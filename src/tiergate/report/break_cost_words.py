# SPDX-License-Identifier: Apache-2.0
"""The picture of attack success against attacker budget in words: its headline and its labels."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from tiergate.decision.words import percent
from tiergate.evidence.measurement import AttackClass
from tiergate.evidence.tampering.adversary import Prices
from tiergate.evidence.tampering.curve import FamilyCurve, cost_words, short_cost_words
from tiergate.evidence.tampering.outcomes import AttackOutcome
from tiergate.report.break_cost import BreakCost

_SHORT = {
    AttackClass.SYSTEM_PROMPT_REMOVAL: "no system prompt",
    AttackClass.FINE_TUNING: "fine-tuning",
}
"""Names for narrow places."""
_SETTLED = frozenset({AttackOutcome.HOLDS, AttackOutcome.DESTROYED})


def headline(found: BreakCost) -> tuple[str, str]:
    """Say the most important thing first, and where knowledge ends."""
    first = found.curves[0]
    most = max(curve.tested.cost.flop for curve in found.curves)
    tested = f"Tested up to {cost_words(most, found.prices)}. Nothing is known beyond."
    cheapest = first.cheapest_break
    if cheapest is not None:
        price, paid = (cost_words(c.flop, found.prices) for c in (cheapest.price, cheapest.cost))
        with_search = "" if price == paid else f"With the search {paid}. "
        return f"Broken by {first.family}: {price}", with_search + tested
    outcomes = {point.outcome for curve in found.curves for point in curve.points}
    if AttackOutcome.BROKEN in outcomes:
        return "Looks broken, not confirmed", tested
    if outcomes & {AttackOutcome.INVALID, AttackOutcome.UNDECIDED} or found.limit is None:
        return "Neither shown to hold nor to be broken", tested
    return f"Not broken up to {cost_words(most, found.prices)}", "Nothing is known beyond."


def label_of(curve: FamilyCurve, *, is_wide: bool) -> str:
    """Name a family where its curve ends."""
    return str(curve.family) if is_wide else _SHORT.get(curve.family, str(curve.family))


def short_statement(curve: FamilyCurve, prices: Prices, *, is_wide: bool) -> str:
    """Say in a few words what is known of a family."""
    if curve.cheapest_break is not None:
        return f"broken, {short_cost_words(curve.cheapest_break.price.flop, prices)}"
    if curve.worst is None:
        return "no useful model"
    bound = percent(Decimal(curve.worst.upper), ROUND_CEILING)
    if any(point.outcome is AttackOutcome.BROKEN for point in curve.points):
        return f"at least {percent(Decimal(curve.worst.lower), ROUND_FLOOR)}, not confirmed"
    if not is_wide:
        return f"at most {bound}"
    is_open = any(point.outcome not in _SETTLED for point in curve.points)
    return f"{'undecided' if is_open else 'not broken'}, at most {bound}"
