# SPDX-License-Identifier: Apache-2.0
"""Where an extension asks for less than the policy that it extends.

Every number has a direction in which it is stricter: limits, ceilings, ages and expiries fall;
grades, samples and holds rise; requirements, approvals and fields are added. What is not shown to
be at least as strict counts as looser, with the place where it is written.
"""

from __future__ import annotations

from collections.abc import Iterator

from tiergate.decision.implication import Comparison
from tiergate.decision.policy import (
    AllOf,
    AnyOf,
    AtLeast,
    Expression,
    Hold,
    Policy,
    Requirement,
    Standards,
    TierDefinition,
)
from tiergate.decision.policy_words import amount
from tiergate.decision.requirements.measured import Measured, band_metrics
from tiergate.decision.strict_yaml import Location
from tiergate.decision.tamper_tightening import looser_tamper
from tiergate.decision.trigger_tightening import looser_triggers
from tiergate.evidence.hazards import HazardDomain

Found = Iterator[tuple[Location, str]]


def looser(mine: Policy, theirs: Policy) -> Found:
    """Yield where ``mine`` asks for less than ``theirs``, the policy that it extends."""
    compared = Comparison(mine.requirements, theirs.requirements)
    yield from _confidence(mine, theirs)
    yield from _waivers(mine, theirs)
    for place, what in looser_tamper(mine.tamper, theirs.tamper):
        yield ("tamper_resistance", *place), what
    yield from _bands(mine, theirs, compared)
    yield from _ceilings(mine, theirs)
    for name, requirement in theirs.requirements.items():
        if name in mine.requirements:
            yield from _requirement(mine.requirements[name], requirement, compared)
    for place, what in looser_triggers(mine.triggers, theirs.triggers):
        yield ("triggers", *place), what
    for index, rung in enumerate(mine.tiers):
        their_rung = theirs.tier(rung.tier)
        if their_rung is None:
            yield ("tiers", index), f"opens {rung.tier}, which is no tier there"
        else:
            for place, what in _tier(rung, their_rung, compared):
                yield ("tiers", index, *place), what


def _confidence(mine: Policy, theirs: Policy) -> Found:
    # A file states one confidence for all of its tiers.
    ours, other = mine.tiers[0].standards.confidence, theirs.tiers[0].standards.confidence
    if ours < other:
        yield ("confidence",), f"{ours}, {other} there"


def _waivers(mine: Policy, theirs: Policy) -> Found:
    limits, others = mine.waivers, theirs.waivers
    if limits.highest_tier.rank > others.highest_tier.rank:
        yield ("waivers", "highest_tier"), f"{limits.highest_tier}, {others.highest_tier} there"
    if limits.longest_days.value > others.longest_days.value:
        words = f"{amount(limits.longest_days)}, {amount(others.longest_days)} there"
        yield ("waivers", "longest"), words
    more = [role for role in limits.roles if role not in others.roles]
    if more:
        yield ("waivers", "roles"), f"may be given by {', '.join(more)} too"


def _bands(mine: Policy, theirs: Policy, compared: Comparison) -> Found:
    for domain, bands in theirs.bands.items():
        for band, definition in bands.items():
            found = mine.bands[domain][band]
            if not compared.asks_as_much(found.ruled_out, definition.ruled_out):
                yield ("bands", domain, band), "is ruled out by less than there"
    for domain in sorted(_asked_to_be_measured(theirs)):
        # What a band reads answers whether the domain was measured at all.
        more = sorted(band_metrics(mine, domain) - band_metrics(theirs, domain))
        if more:
            words = f"reads {', '.join(more)} too, so that measuring nothing else would count"
            yield ("bands", domain), words


def _asked_to_be_measured(policy: Policy) -> set[HazardDomain]:
    found: set[HazardDomain] = set()
    todo: list[Expression] = [asked.expression for asked in policy.requirements.values()]
    while todo:
        match todo.pop():
            case AllOf(parts=parts) | AnyOf(parts=parts) | AtLeast(parts=parts):
                todo.extend(parts)
            case Measured(domains=domains):
                found.update(domains)
            case _:
                continue
    return found


def _ceilings(mine: Policy, theirs: Policy) -> Found:
    for domain, ceilings in mine.ceilings.items():
        others = theirs.ceilings.get(domain, {})
        for band, tier in ceilings.items():
            if band in others and tier.rank > others[band].rank:
                yield ("ceilings", "domains", domain, band), f"{tier}, {others[band]} there"


def _requirement(mine: Requirement, theirs: Requirement, compared: Comparison) -> Found:
    if mine.waivable and not theirs.waivable:
        yield ("requirements", mine.id, "waivable"), "may be waived, and not there"
    if not compared.asks_as_much(mine.expression, theirs.expression):
        yield ("requirements", mine.id, "requires"), "can be met where the check there is not"


def _tier(mine: TierDefinition, theirs: TierDefinition, compared: Comparison) -> Found:
    gone = [name for name in theirs.requirements if name not in mine.requirements]
    if gone:
        yield ("unsafe_drops",), f"does not ask for {', '.join(gone)}"
    shortened = [name for name in theirs.fast_path if name not in mine.fast_path]
    if mine.fast_path and not theirs.fast_path:
        yield ("fast_path",), "opens a fast path, and none is there"
    elif mine.fast_path and shortened:
        yield ("fast_path",), f"leaves out {', '.join(shortened)}"
    yield from _standards("evidence", mine.standards, theirs.standards)
    if _tells_ways_apart(mine) or _tells_ways_apart(theirs):
        yield from _standards("fast_path_evidence", mine.fast_standards, theirs.fast_standards)
    absent = [role for role in theirs.approval_roles if role not in mine.approval_roles]
    if absent:
        yield ("approvals",), f"needs no approval by {', '.join(absent)}"
    for hold in theirs.holds:
        if not any(_holds_as_long(found, hold, compared) for found in mine.holds):
            yield ("holds",), f"does not keep the hold of {amount(hold.days)} there"
    if mine.expiry.value > theirs.expiry.value:
        yield ("expiry",), f"{amount(mine.expiry)}, {amount(theirs.expiry)} there"


def _tells_ways_apart(rung: TierDefinition) -> bool:
    """Tell whether evidence is looked at in another way on the fast path, or to lift a hold."""
    is_used = bool(rung.fast_path) or any(hold.unless is not None for hold in rung.holds)
    return is_used and rung.fast_standards != rung.standards


def _standards(field: str, mine: Standards, theirs: Standards) -> Found:
    for dimension, grade in theirs.minimum_grades.items():
        if mine.minimum_grades.get(dimension, 0) < grade:
            found = mine.minimum_grades.get(dimension, "any")
            yield (field, "minimum_grades", dimension), f"{found}, {grade} there"
    age, other = mine.longest_age_days, theirs.longest_age_days
    if age.value > other.value:
        yield (field, "longest_age"), f"{amount(age)}, {amount(other)} there"


def _holds_as_long(mine: Hold, theirs: Hold, compared: Comparison) -> bool:
    if mine.days.unit != theirs.days.unit or mine.days.value < theirs.days.value:
        return False
    if mine.unless is None:
        return True
    return theirs.unless is not None and compared.asks_as_much(mine.unless, theirs.unless)
