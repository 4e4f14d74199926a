# SPDX-License-Identifier: Apache-2.0
"""A page about a policy, in Markdown: for the documentation, and for a policy of one's own.

Whatever is printed of a clause or a number carries the mark of how it is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tiergate.decision.policy import Policy, Requirement, TierDefinition
from tiergate.decision.policy_words import (
    check_words,
    number_words,
    numbers_of,
    read_words,
    trigger_watch_words,
)
from tiergate.decision.trace import answers_of
from tiergate.landscape.obligations import Obligation

Lines = Iterator[str]


Known = Mapping[str, Obligation]


def page(policy: Policy, remarks: str, known: Known) -> str:
    """Return the page.

    Args:
        policy: what it is about.
        remarks: what the file says about itself at its head, as :func:`remarks_at_head` reads it.
        known: the clauses that are known, by their id.
    """
    return "\n".join(_page(policy, remarks, known)) + "\n"


def remarks_at_head(text: str) -> str:
    """Return the comment at the head of a policy file, without the line about its licence."""
    found = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        if "SPDX-License-Identifier" not in line:
            found.append(line.removeprefix("#").removeprefix(" "))
    return "\n".join(found)


def _page(policy: Policy, remarks: str, known: Known) -> Lines:
    yield f"# {policy.title}"
    yield ""
    yield "<!-- made from the policy's file; do not edit -->"
    yield ""
    yield f"`{policy.id}` {policy.version}, facts as of {policy.as_of}. {policy.summary}"
    yield ""
    yield from _remarks(policy, remarks)
    yield from _loosenings(policy)
    yield from _tiers(policy)
    yield from _matrix(policy)
    yield from _requirements(policy, known)
    yield from _bands(policy)
    yield from _tamper(policy)
    yield from _triggers(policy)
    yield from _gaps(policy)
    yield from _clauses(policy, known)


def _remarks(policy: Policy, remarks: str) -> Lines:
    if remarks:
        yield remarks
        yield ""
    if policy.extends:
        below = ", which extends ".join(policy.extends)
        yield f"It extends {below}; what follows is all of it together."
        yield ""


def _loosenings(policy: Policy) -> Lines:
    if not policy.loosenings:
        return
    yield "```{warning}"
    yield "It asks for less than the policy that it extends, in these places:"
    yield ""
    yield from (f"- `{each.field}`: {each.what}" for each in policy.loosenings)
    yield ""
    for policy_name, reason in dict.fromkeys((e.policy, e.reason) for e in policy.loosenings):
        yield f"Why, says {policy_name}: {reason}."
    yield "```"
    yield ""


def _tiers(policy: Policy) -> Lines:
    yield "## Tiers"
    yield ""
    for rung in policy.tiers:
        yield f"{rung.tier} {rung.name}"
        yield f": {rung.access}"
        yield from (f"  {line}" for line in _conditions(rung))
        yield ""


def _conditions(rung: TierDefinition) -> Lines:
    yield ""
    yield f"- approvals: {rung.approvals}"
    for hold in rung.holds:
        when = "" if hold.unless is None else ", unless shown to be needless"
        yield f"- hold: {hold.text}{when} ({number_words(hold.days)})"
    yield f"- expiry: {number_words(rung.expiry)}"
    if rung.expiry_note:
        yield f"- then: {rung.expiry_note}"
    yield f"- evidence no older than {number_words(rung.standards.longest_age_days)}"
    grades = ", ".join(f"{d} {g}" for d, g in rung.standards.minimum_grades.items())
    yield f"- grades of evidence: {grades or 'any but 0'}"
    for name, words in (
        ("safeguards", rung.safeguards),
        ("security", rung.security),
        ("monitoring", rung.monitoring),
    ):
        if words:
            yield f"- {name}: {words}"


def _matrix(policy: Policy) -> Lines:
    yield "## What each tier asks for"
    yield ""
    yield "x is asked for, f is on the fast path of the tier."
    yield ""
    yield "| requirement | " + " | ".join(rung.tier for rung in policy.tiers) + " |"
    yield "|---|" + "---|" * len(policy.tiers)
    for name, requirement in policy.requirements.items():
        marks = " | ".join(_mark(name, rung) for rung in policy.tiers)
        yield f"| {name} {_cell(requirement.title)} | {marks} |"
    yield ""


def _mark(name: str, rung: TierDefinition) -> str:
    return ("x" if name in rung.requirements else "") + ("f" if name in rung.fast_path else "")


def _requirements(policy: Policy, known: Known) -> Lines:
    yield "## Requirements"
    yield ""
    for requirement in policy.requirements.values():
        yield from _requirement(requirement, known)


def _requirement(requirement: Requirement, known: Known) -> Lines:
    yield f"### {requirement.id}: {requirement.title}"
    yield ""
    yield requirement.asks
    yield ""
    if requirement.applies_to:
        yield f"Written for: {requirement.applies_to}."
        yield ""
    yield "Met when:"
    yield ""
    for depth, words in check_words(requirement.expression):
        yield f"{'  ' * depth}- {words}"
    yield ""
    numbers = list(numbers_of(requirement.expression))
    if numbers:
        yield "Numbers:"
        yield ""
        yield from (f"- {number_words(number)}" for number in numbers)
        yield ""
    answered = (f"{name}{_mark_of(name, known)}" for name in requirement.clauses)
    waivable = "" if requirement.waivable else " It cannot be waived."
    yield f"Answers {', '.join(answered)}.{waivable}"
    yield ""


def _mark_of(clause: str, known: Known) -> str:
    return known[clause].mark if clause in known else " [nobody knows this clause]"


def _bands(policy: Policy) -> Lines:
    if not policy.bands:
        return
    yield "## Capability bands and ceilings"
    yield ""
    yield "| domain | band | reached when | most open tier |"
    yield "|---|---|---|---|"
    for domain, bands in policy.bands.items():
        for band, definition in bands.items():
            ceiling = policy.ceilings[domain][band]
            yield f"| {domain.label} | {band} | {_cell(definition.reached_when)} | {ceiling} |"
    yield ""
    for domain, bands in policy.bands.items():
        for band, definition in bands.items():
            numbers = "; ".join(number_words(number) for number in definition.numbers)
            read = f"reads {read_words(definition.ruled_out)}"
            yield f"- {domain.label} {band} {read}{': ' if numbers else ''}{numbers}"
    yield ""


def _tamper(policy: Policy) -> Lines:
    if not policy.tamper.levels:
        return
    yield "## Tamper resistance"
    yield ""
    limit = number_words(policy.tamper.limit)
    yield f"A safeguard holds up to {limit} of `{policy.tamper.metric}`."
    yield ""
    for level, definition in policy.tamper.levels.items():
        suite = "" if definition.suite is None else f" Suite {definition.suite.stamp}."
        yield f"- {level}: {definition.means}.{suite}"
        yield from (f"  - {number_words(number)}" for number in definition.numbers)
    yield ""


def _triggers(policy: Policy) -> Lines:
    if not policy.triggers:
        return
    yield "## What reopens a decision"
    yield ""
    for trigger in policy.triggers:
        yield f"- {trigger.id} {trigger.title}: {trigger.asks} ({trigger.applies_to})"
        if trigger.watch is not None:
            yield f"  - {trigger_watch_words(trigger.watch)}"
    yield ""


def _gaps(policy: Policy) -> Lines:
    yield "## What it never asks about"
    yield ""
    yield from (f"- {gap}" for gap in policy.not_covered)
    yield ""


def _clauses(policy: Policy, known: Known) -> Lines:
    yield "## Clauses that it answers"
    yield ""
    yield "The sentences are this project's own; what is marked was not read at first hand."
    yield ""
    yield "| clause | asks | where it stands | answered by |"
    yield "|---|---|---|---|"
    by_clause: dict[str, list[str]] = {}
    for answer in answers_of(policy):
        for name in answer.clauses:
            by_clause.setdefault(name, []).append(answer.id)
    for name, obligation in known.items():
        if name in by_clause:
            cells = (name, obligation.words, obligation.source, ", ".join(by_clause[name]))
            yield "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
