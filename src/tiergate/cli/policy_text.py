# SPDX-License-Identifier: Apache-2.0
"""A policy in words: tiers, what each requires, bands, ceilings, levels."""

from __future__ import annotations

from collections.abc import Iterator

from tiergate.cli import text
from tiergate.decision.policy import (
    Number,
    Policy,
    Requirement,
    Standards,
    TamperDefinition,
    TierDefinition,
)
from tiergate.errors import PolicyError
from tiergate.evidence.grades import Dimension


def lines(policy: Policy, requirement: str | None) -> Iterator[str]:
    """Yield the policy, or one requirement of it, in lines of 80 columns.

    Raises:
        PolicyError: the policy has no such requirement.
    """
    if requirement is not None:
        if requirement not in policy.requirements:
            known = ", ".join(sorted(policy.requirements))
            raise PolicyError(policy.id, f"no requirement {requirement}", f"one of {known}")
        yield from _requirement(policy.requirements[requirement])
        return
    yield from text.wrapped(f"{policy.title}  ({policy.id} {policy.version})", "  ", "")
    yield from text.wrapped(policy.summary, "  ")
    yield f"  facts as of {policy.as_of}, file {text.short_digest(policy.digest)}"
    for definition in policy.tiers:
        yield ""
        yield from _tier(definition, policy)
    yield ""
    yield from _bands(policy)
    yield ""
    yield from _tamper(policy)
    yield ""
    yield text.heading("REASSESSMENT")
    for trigger in policy.triggers:
        yield from text.wrapped(f"{trigger.id}  {trigger.title}: {trigger.asks}", "       ", "  ")


def number_words(number: Number) -> str:
    """Write a number with its unit, status and basis."""
    value = f"{number.value.normalize():f} {number.unit}".rstrip()
    return f"{value} [{number.status}; {number.basis}]"


def _tier(definition: TierDefinition, policy: Policy) -> Iterator[str]:
    yield text.heading(f"{definition.tier} {definition.name}")
    yield from text.wrapped(definition.access, "  ")
    for name in definition.requirements:
        title = policy.requirements[name].title
        yield from text.wrapped(f"{name}  {title}", "      ", "    - ")
    if definition.fast_path:
        yield from text.wrapped(f"or: {', '.join(definition.fast_path)}", "      ", "    ")
    yield from text.wrapped(f"approvals: {definition.approvals}", "      ", "    ")
    for hold in definition.holds:
        words = f"hold: {hold.text} ({number_words(hold.days)})"
        yield from text.wrapped(words, "      ", "    ")
    yield from text.wrapped(f"expiry: {number_words(definition.expiry)}", "      ", "    ")
    age = number_words(definition.standards.longest_age_days)
    asked = _grade_words(definition.standards)
    yield from text.wrapped(f"evidence: grades of at least {asked}; {age}", "      ", "    ")
    if definition.fast_path:
        asked = _grade_words(definition.fast_standards)
        yield from text.wrapped(f"on the shorter way: at least {asked}", "      ", "    ")
    yield from text.wrapped(f"answers {', '.join(definition.clauses)}", "      ", "    ")


def _grade_words(standards: Standards) -> str:
    asked = standards.minimum_grades
    return ", ".join(f"{d} {asked[d]}" for d in Dimension if d in asked) or "1 throughout"


def _requirement(requirement: Requirement) -> Iterator[str]:
    yield from text.wrapped(f"{requirement.id}  {requirement.title}", "  ", "")
    yield from text.wrapped(requirement.asks, "  ")
    if requirement.applies_to:
        yield from text.wrapped(f"applies to {requirement.applies_to}", "  ")
    yield from text.wrapped(f"answers {', '.join(requirement.clauses)}", "  ")
    yield f"  {'may be waived' if requirement.waivable else 'cannot be waived'}"


def _bands(policy: Policy) -> Iterator[str]:
    yield text.heading("CAPABILITY BANDS AND CEILINGS")
    for domain, bands in policy.bands.items():
        yield f"  {domain.label}"
        for band, definition in bands.items():
            ceiling = policy.ceilings[domain][band]
            words = f"{band}  at most {ceiling}: {definition.reached_when}"
            yield from text.wrapped(words, "        ", "    ")
            for number in definition.numbers:
                yield from text.wrapped(number_words(number), "          ", "        ")


def _attacks(definition: TamperDefinition) -> str:
    suite = definition.suite
    if suite is not None:
        return f"suite {suite.stamp} ({', '.join(attack.name for attack in suite.attacks)})"
    return ", ".join(definition.attack_classes) or "no attack can show it"


def _tamper(policy: Policy) -> Iterator[str]:
    yield text.heading("TAMPER RESISTANCE")
    limit = number_words(policy.tamper.limit)
    yield from text.wrapped(f"{policy.tamper.metric} at most {limit}", "    ", "  ")
    for level, definition in policy.tamper.levels.items():
        asked = _attacks(definition)
        yield from text.wrapped(f"{level}  {definition.means}: {asked}", "       ", "  ")
        for number in definition.numbers:
            yield from text.wrapped(number_words(number), "         ", "       ")
