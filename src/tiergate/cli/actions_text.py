# SPDX-License-Identifier: Apache-2.0
"""Open items of a decision for people, in the three groups that share the work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from tiergate.cli import text
from tiergate.decision.action import Action
from tiergate.decision.safety_case_judged import JudgedTier
from tiergate.landscape.obligations import by_id, shipped_files

_SHOWN_REASONS = 3


def actions_lines(
    judged: JudgedTier, found: Sequence[Action], *, with_sources: bool
) -> Iterator[str]:
    """Yield the lines: a heading for each group, then for each actor."""
    yield from text.wrapped(
        f"{judged.subject_name} at {judged.tier}, {judged.at:%Y-%m-%d}: {judged.outcome} by "
        f"policy {judged.policy.id} {judged.policy.version}",
        "  ",
        "",
    )
    if not found:
        yield "Nothing is open."
    for group, of_group in groupby(found, key=lambda each: each.actor.group):
        yield ""
        yield text.heading(group.upper())
        for actor, of_actor in groupby(of_group, key=lambda each: each.actor):
            items = list(of_actor)
            yield f"{actor}: {text.plural(len(items), 'item')}"
            for each in items:
                yield from _item(each)
    if with_sources:
        yield from _sources(found)


def _item(each: Action) -> Iterator[str]:
    about = f" [{', '.join(each.about)}]" if each.about else ""
    several = ", or something else instead" if each.one_of_several else ""
    state = f"{each.outcome}: " if each.outcome else ""
    yield from text.wrapped(f"{state}{each.words}{several}{about}", "    ", "  - ")
    for reason in each.reasons[:_SHOWN_REASONS]:
        yield from text.wrapped(reason, "      ")
    if len(each.reasons) > _SHOWN_REASONS:
        yield f"      and {len(each.reasons) - _SHOWN_REASONS} more"
    if each.command:
        yield from text.command(each.command, "       ", "    -> ")
    if each.clauses:
        yield from text.wrapped(f"clauses {', '.join(each.clauses)}", "       ", "    ")


def _sources(found: Sequence[Action]) -> Iterator[str]:
    """Say where each clause stands, as far as the shipped files know it."""
    known = by_id(shipped_files())
    names = sorted({name for each in found for name in each.clauses})
    yield ""
    yield text.heading("CLAUSES")
    for name in names:
        source = known[name].source if name in known else "not in the files that are shipped"
        yield from text.wrapped(f"{name}  {source}", "    ", "  ", keep_words=True)
