# SPDX-License-Identifier: Apache-2.0
"""A policy in words: tiers, what each requires, bands, ceilings, levels."""

from __future__ import annotations

from collections.abc import Iterator

from tiergate.cli import text
from tiergate.cli.near_names import meant
from tiergate.decision.policy import (
    Policy,
    Requirement,
    Standards,
    TamperDefinition,
    TierDefinition,
)
from tiergate.decision.policy_words import (
    check_words,
    number_words,
    numbers_of,
    read_words,
    trigger_watch_words,
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
            found = f"no requirement {requirement}"
            remedy = meant(requirement, policy.requirements)
            raise PolicyError(policy.id, found, f"one of {known}", remedy)
        yield from _requirement(policy.requirements[requirement], policy)
        return
    yield from text.wrapped(f"{policy.title}  ({policy.id} {policy.version})", "  ", "")
    yield from text.wrapped(policy.summary, "  ")
    yield f"  facts as of {policy.as_of}, {'' if policy.extends else 'file '}{_digest(policy)}"
    if policy.extends:
        yield from text.wrapped(f"extends {', which extends '.join(policy.extends)}", "  ")
    yield from _loosenings(policy)
    yield ""
    yield from _matrix(policy)
    for definition in policy.tiers:
        yield ""
        yield from _tier(definition)
    yield from _bands(policy)
    yield from _tamper(policy)
    yield from _rest(policy)


def _rest(policy: Policy) -> Iterator[str]:
    if policy.triggers:
        yield ""
        yield text.heading("REASSESSMENT")
        for trigger in policy.triggers:
            words = f"{trigger.id}  {trigger.title}: {trigger.asks}"
            yield from text.wrapped(words, "       ", "  ")
            if trigger.watch is not None:
                yield from text.wrapped(trigger_watch_words(trigger.watch), "       ", "       ")
    if policy.not_covered:
        yield ""
        yield text.heading("NEVER ASKED ABOUT")
        for gap in policy.not_covered:
            yield from text.wrapped(gap, "    ", "  - ")


def _digest(policy: Policy) -> str:
    return text.short_digest(policy.digest)


def _loosenings(policy: Policy) -> Iterator[str]:
    if policy.loosenings:
        yield ""
        yield text.heading("UNSAFE: LOOSER THAN THE POLICY THAT IT EXTENDS")
        for loosening in policy.loosenings:
            yield from text.wrapped(f"{loosening.field}: {loosening.what}", "    ", "  ")
        for reason in dict.fromkeys((each.policy, each.reason) for each in policy.loosenings):
            yield from text.wrapped(f"why, says {reason[0]}: {reason[1]}", "    ", "  ")


def _matrix(policy: Policy) -> Iterator[str]:
    """Yield every requirement as a sentence, with the tiers as columns."""
    yield text.heading("REQUIREMENTS") + "  x asked for, f on the fast path of the tier"
    columns = "".join(rung.tier.ljust(3) for rung in policy.tiers)
    yield f"  {columns}".rstrip()
    indent = " " * (len(columns) + 3)
    for name, requirement in policy.requirements.items():
        marks = "".join(_mark(name, rung).ljust(3) for rung in policy.tiers)
        yield from text.wrapped(f"{name}  {requirement.title}", indent, f"  {marks} ")
        yield from text.wrapped(requirement.asks, indent)


def _mark(name: str, rung: TierDefinition) -> str:
    asked = "x" if name in rung.requirements else ""
    fast = "f" if name in rung.fast_path else ""
    return asked + fast or "."


def _tier(definition: TierDefinition) -> Iterator[str]:
    yield text.heading(f"{definition.tier} {definition.name}")
    yield from text.wrapped(definition.access, "  ")
    count = text.plural(len(definition.requirements), "requirement")
    short = f", or {len(definition.fast_path)} on the fast path" if definition.fast_path else ""
    yield f"    {count} of its own{short}"
    for name, words in (
        ("safeguards", definition.safeguards),
        ("security", definition.security),
        ("monitoring", definition.monitoring),
    ):
        if words:
            yield from text.wrapped(f"{name}: {words}", "      ", "    ")
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


def _requirement(requirement: Requirement, policy: Policy) -> Iterator[str]:
    yield from text.wrapped(f"{requirement.id}  {requirement.title}", "  ", "")
    yield from text.wrapped(requirement.asks, "  ")
    if requirement.applies_to:
        yield from text.wrapped(f"applies to {requirement.applies_to}", "  ")
    yield from text.wrapped(f"answers {', '.join(requirement.clauses)}", "  ")
    yield f"  {'may be waived' if requirement.waivable else 'cannot be waived'}"
    tiers = [rung.tier.value for rung in policy.tiers if requirement.id in rung.requirements]
    if tiers:
        yield f"  asked for at {', '.join(tiers)}"
    yield "  is met when"
    for depth, words in check_words(requirement.expression):
        indent = "  " * (depth + 2)
        yield from text.wrapped(words, f"{indent}  ", indent)
    for number in numbers_of(requirement.expression):
        yield from text.wrapped(number_words(number), "      ", "    ", keep_words=True)


def _bands(policy: Policy) -> Iterator[str]:
    if not policy.bands:
        return
    yield ""
    yield text.heading("CAPABILITY BANDS AND CEILINGS")
    for domain, bands in policy.bands.items():
        yield f"  {domain.label}"
        for band, definition in bands.items():
            ceiling = policy.ceilings[domain][band]
            words = f"{band}  at most {ceiling}: {definition.reached_when}"
            yield from text.wrapped(words, "        ", "    ")
            read = f"reads {read_words(definition.ruled_out)}"
            yield from text.wrapped(read, "          ", "        ", keep_words=True)
            for number in definition.numbers:
                yield from text.wrapped(number_words(number), "          ", "        ")


def _attacks(definition: TamperDefinition) -> str:
    suite = definition.suite
    if suite is not None:
        return f"suite {suite.stamp} ({', '.join(attack.name for attack in suite.attacks)})"
    return ", ".join(definition.attack_classes) or "no attack can show it"


def _tamper(policy: Policy) -> Iterator[str]:
    if not policy.tamper.levels:
        return
    yield ""
    yield text.heading("TAMPER RESISTANCE")
    limit = number_words(policy.tamper.limit)
    yield from text.wrapped(f"{policy.tamper.metric} at most {limit}", "    ", "  ")
    for level, definition in policy.tamper.levels.items():
        asked = _attacks(definition)
        yield from text.wrapped(f"{level}  {definition.means}: {asked}", "       ", "  ")
        for number in definition.numbers:
            yield from text.wrapped(number_words(number), "         ", "       ")
