# SPDX-License-Identifier: Apache-2.0
"""Where the triggers of an extension fire for less than those of the policy that it extends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tiergate.decision.policy import Trigger, TriggerWatch
from tiergate.decision.policy_words import amount
from tiergate.decision.strict_yaml import Location


def looser_triggers(
    mine: Sequence[Trigger], theirs: Sequence[Trigger]
) -> Iterator[tuple[Location, str]]:
    """Yield where ``mine`` fire for less than ``theirs``. Triggers are known by their ids."""
    other = {trigger.id: trigger.watch for trigger in theirs}
    for index, trigger in enumerate(mine):
        there = other.get(trigger.id)
        if there is not None:
            for place, what in _watch(trigger.watch, there):
                yield (index, "watch", *place), what


def _watch(mine: TriggerWatch | None, theirs: TriggerWatch) -> Iterator[tuple[Location, str]]:
    if mine is None:
        yield (), "fires for nothing that the watch finds"
        return
    kinds = [kind for kind in theirs.findings if kind not in mine.findings]
    if kinds:
        yield ("findings",), f"does not fire for {', '.join(kinds)}"
    strengths = [each for each in theirs.strengths if each not in mine.strengths]
    if strengths:
        yield ("strengths",), f"does not fire for what rests on: {', '.join(strengths)}"
    if mine.review_days.value > theirs.review_days.value:
        yield ("review",), f"{amount(mine.review_days)}, {amount(theirs.review_days)} there"
