# SPDX-License-Identifier: Apache-2.0
"""What another limit would give, as rows of a table that needs no script."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from tiergate.decision.explanation import Scale
from tiergate.decision.tier import Tier
from tiergate.decision.whatif_grid import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfStep:
    """A part of the scale on which the tier is the same."""

    words: str
    """From where to where, and which tier."""
    is_now: bool
    """Whether the policy's own number lies there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfView:
    """One limit."""

    metric: str
    """Metric that it is on."""
    about: str
    """Kind of number; empty for a rate."""
    limit: str
    """The limit, as in ``at most 0.05``."""
    steps: tuple[WhatIfStep, ...]
    """The parts of its scale, ascending."""


def what_if_rows(lines: Iterable[Line]) -> tuple[WhatIfView, ...]:
    """Return the limits for the page."""
    return tuple(
        WhatIfView(
            metric=line.metric,
            about="" if line.scale is Scale.RATE else str(line.scale),
            limit=f"{line.side} {_plain(line.limit)} {line.unit}".rstrip(),
            steps=tuple(_step(line, place) for place in range(len(line.steps))),
        )
        for line in lines
    )


def _step(line: Line, place: int) -> WhatIfStep:
    start, tier = line.steps[place]
    is_last = place + 1 == len(line.steps)
    after = None if is_last else line.steps[place + 1][0]
    is_now = start <= line.limit and (after is None or line.limit < after)
    return WhatIfStep(words=_words(start, after, tier, is_first=place == 0), is_now=is_now)


def _words(start: Decimal, after: Decimal | None, tier: Tier, *, is_first: bool) -> str:
    if is_first and after is not None:
        return f"{tier} below {_plain(after)}"
    return f"{tier} from {_plain(start)}"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
