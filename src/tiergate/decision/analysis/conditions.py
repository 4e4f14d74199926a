# SPDX-License-Identifier: Apache-2.0
"""How the conditions of two policies relate: what has to happen besides, whatever the evidence.

Approvals, holds, expiries and what waivers may do are sets and numbers, so each of them is
stricter, looser or neither. The conditions of a tier that only one policy has are not compared.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tiergate.decision.analysis.relation import Relation, joined, relation_of
from tiergate.decision.implication import Comparison
from tiergate.decision.policy import Hold, Policy, TierDefinition
from tiergate.decision.policy_words import amount
from tiergate.decision.tier import Tier

_BUSINESS = "business days"
_WEEK, _WEEKEND = 5, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition in which two policies differ."""

    tier: Tier | None
    """The tier that it belongs to; None for waivers."""
    what: str
    """What it is: approvals, holds, expiry, or something about waivers."""
    relation: Relation
    """How the first stands to the second."""
    first: str
    """What the first asks for."""
    second: str
    """What the second asks for."""


def conditions(first: Policy, second: Policy) -> Iterator[Condition]:
    """Yield every condition in which two policies differ, by tier, then those of waivers."""
    compared = Comparison(first.requirements, second.requirements)
    back = Comparison(second.requirements, first.requirements)
    for one in first.tiers:
        other = second.tier(one.tier)
        if other is not None:
            yield from _differing(_of_tier(one, other, compared, back))
    yield from _differing(_waivers(first, second))


def relation_by_tier(found: Iterable[Condition]) -> dict[Tier | None, Relation]:
    """Join the conditions of each tier, and those of waivers under None."""
    rows: dict[Tier | None, list[Relation]] = {}
    for each in found:
        rows.setdefault(each.tier, []).append(each.relation)
    return {tier: joined(relations) for tier, relations in rows.items()}


def _differing(found: Iterator[Condition]) -> Iterator[Condition]:
    return (each for each in found if each.relation is not Relation.EQUIVALENT)


def _of_tier(
    one: TierDefinition, other: TierDefinition, compared: Comparison, back: Comparison
) -> Iterator[Condition]:
    here, there = Counter(one.approval_roles), Counter(other.approval_roles)
    yield Condition(
        tier=one.tier,
        what="approvals",
        relation=_at_least(here >= there, there >= here),
        first=_words(one.approval_roles),
        second=_words(other.approval_roles),
    )
    yield Condition(
        tier=one.tier,
        what="holds",
        relation=relation_of(
            _opens_alone(one.holds, other.holds, compared),
            _opens_alone(other.holds, one.holds, back),
        ),
        first=_words(map(_hold, one.holds)),
        second=_words(map(_hold, other.holds)),
    )
    days, others = one.expiry.value, other.expiry.value
    yield Condition(
        tier=one.tier,
        what="expires after",
        relation=_at_least(days <= others, others <= days),
        first=amount(one.expiry),
        second=amount(other.expiry),
    )


def _waivers(first: Policy, second: Policy) -> Iterator[Condition]:
    one, other = first.waivers, second.waivers
    yield Condition(
        tier=None,
        what="waivers up to",
        relation=_at_least(
            one.highest_tier.rank <= other.highest_tier.rank,
            other.highest_tier.rank <= one.highest_tier.rank,
        ),
        first=str(one.highest_tier),
        second=str(other.highest_tier),
    )
    days, others = one.longest_days.value, other.longest_days.value
    yield Condition(
        tier=None,
        what="waivers for at most",
        relation=_at_least(days <= others, others <= days),
        first=amount(one.longest_days),
        second=amount(other.longest_days),
    )
    here, there = set(one.roles), set(other.roles)
    yield Condition(
        tier=None,
        what="waivers given by",
        relation=_at_least(here <= there, there <= here),
        first=_words(sorted(here)),
        second=_words(sorted(there)),
    )
    both = [name for name in first.requirements if name in second.requirements]
    kept = {name for name in both if not first.requirements[name].waivable}
    kept_there = {name for name in both if not second.requirements[name].waivable}
    yield Condition(
        tier=None,
        what="may not be waived",
        relation=_at_least(kept >= kept_there, kept_there >= kept),
        first=_words(sorted(kept - kept_there)),
        second=_words(sorted(kept_there - kept)),
    )


def _at_least(first: bool, second: bool) -> Relation:  # noqa: FBT001 - as they stand to each other
    """Return the relation where the first asks for at least as much, or the second does."""
    return relation_of(first_alone=not first, second_alone=not second)


def _opens_alone(
    mine: tuple[Hold, ...], theirs: tuple[Hold, ...], compared: Comparison
) -> bool | None:
    """Tell whether something may open under ``mine`` while a hold of ``theirs`` runs.

    Returns:
        None where that depends on what makes holds unnecessary, and could not be shown.
    """
    lasting = [[_keeps(found, hold, compared) for found in mine] for hold in theirs]
    if all(True in row for row in lasting):
        return False
    return None if any(True not in row and None in row for row in lasting) else True


def _keeps(mine: Hold, theirs: Hold, compared: Comparison) -> bool | None:
    """Tell whether one hold lasts while another does; None where that could not be shown."""
    if not _is_as_long(mine, theirs):
        return False
    if mine.unless is None:
        return True
    if theirs.unless is None:
        return False
    return True if compared.asks_as_much(mine.unless, theirs.unless) else None


def _is_as_long(mine: Hold, theirs: Hold) -> bool:
    days = theirs.days.value
    if mine.days.unit != _BUSINESS == theirs.days.unit:
        # From a Friday on a week of business days takes a weekend more.
        days += _WEEKEND * math.ceil(days / _WEEK)
    return mine.days.value >= days


def _hold(found: Hold) -> str:
    return found.text if found.unless is None else f"{found.text} (can be lifted)"


def _words(parts: Iterable[str]) -> str:
    return ", ".join(parts) or "none"
