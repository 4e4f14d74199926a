# SPDX-License-Identifier: Apache-2.0
"""Which single number moves the tier, in words: of the policy, of the evidence, and its age."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tiergate.cli import text
from tiergate.decision.explanation import Scale
from tiergate.decision.lapses import Lapse
from tiergate.decision.sensitivity import Shift
from tiergate.decision.tier import Tier
from tiergate.decision.whatif import Moved

SHOWN = 6
"""More lines of a kind are counted; ``--json`` has them all."""
_NAMED = 4


def sensitivity_lines(
    now: Tier,
    moving: tuple[Moved, ...],
    shifts: tuple[Shift, ...],
    lapses: tuple[Lapse, ...],
) -> Iterator[str]:
    """Yield the single numbers that move the tier, upwards first, and when evidence is too old."""
    if moving:
        yield "  single numbers of the policy that would move the tier as the evidence stands"
        nearest = sorted(moving, key=lambda moved: _up_then_near(moved, now))
        yield from _few([_moved_words(moved) for moved in nearest])
    if shifts:
        yield "  single measurements that would move the tier, by the fewest behaviours"
        by_item: dict[str, list[Shift]] = {}
        for shift in shifts:
            by_item.setdefault(shift.item, []).append(shift)
        ordered = sorted(by_item.values(), key=_worse_then_few)
        yield from _few([_shift_words(changes) for changes in ordered])
    if lapses:
        yield "  if nothing is renewed"
    for lapse in lapses:
        named = ", ".join(lapse.topics[:_NAMED])
        more = len(lapse.topics) - _NAMED
        others = f" and {more} more" if more > 0 else ""
        words = (
            f"{lapse.supported} until {lapse.until:%Y-%m-%d %H:%M} UTC, then {lapse.then} "
            f"(too old after it: {named}{others})"
        )
        yield from text.wrapped(words, "      ", "    - ")


def _few(rows: list[str]) -> Iterator[str]:
    for words in rows[:SHOWN]:
        yield from text.wrapped(words, "      ", "    - ")
    if len(rows) > SHOWN:
        yield f"    - {len(rows) - SHOWN} more with --json"


def _up_then_near(moved: Moved, now: Tier) -> tuple[bool, Decimal]:
    away = abs(moved.would_be - moved.limit) / (abs(moved.limit) or 1)
    return moved.supported.rank < now.rank, away


def _worse_then_few(changes: list[Shift]) -> tuple[bool, int]:
    return all(shift.change.is_worse for shift in changes), min(s.count for s in changes)


def _moved_words(moved: Moved) -> str:
    scale = "" if moved.scale is Scale.RATE else f" ({moved.scale})"
    return (
        f"{moved.metric}{scale} {moved.side} {moved.limit.normalize():f}, {moved.variant}: "
        f"with {moved.would_be.normalize():f} it would be {moved.supported}"
    )


def _shift_words(changes: list[Shift]) -> str:
    first = changes[0]
    would_be = (f"{s.count:,} {s.change}, and it would be {s.supported}" for s in changes)
    return (
        f"{first.metric}, {first.variant}, {first.adverse} of {first.behaviours} adverse by "
        f"{first.organisation or 'somebody'}: {'; '.join(would_be)}"
    )
