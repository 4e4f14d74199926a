# SPDX-License-Identifier: Apache-2.0
"""What has to hold after a soak. Pure: what clients got, what was allowed when, and the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.soak_clients import Got
from tiergate.gateway.audit import Download

CUT_SECONDS = 5.0
"""How long bytes of a running download may come after it was no longer allowed."""


@dataclass(slots=True, kw_only=True)
class Allowed:
    """When one person was allowed one repository: from, and until; an open end is still so."""

    spans: list[tuple[float, float]] = field(default_factory=list)

    def begin(self, at: float) -> None:
        """Allow from now; nothing happens when it is so already."""
        if not self.spans or self.spans[-1][1] != float("inf"):
            self.spans.append((at, float("inf")))

    def end(self, at: float) -> None:
        """Allow no more."""
        if self.spans and self.spans[-1][1] == float("inf"):
            self.spans[-1] = (self.spans[-1][0], at)

    def within(self, first: float, last: float) -> bool:
        """Tell whether it was allowed at any moment between two."""
        return any(start <= last and first <= end for start, end in self.spans)

    def since_last(self, at: float) -> float:
        """Return for how long it had not been allowed then."""
        return at - max((end for _, end in self.spans if end <= at), default=float("-inf"))


def problems(
    got: Sequence[Got],
    allowed: Mapping[tuple[str, str], Allowed],
    log: Iterable[Download],
    names: Mapping[str, str],
    lag: Callable[[float], float] = lambda _: 0.0,
) -> Iterator[str]:
    """Say what does not hold.

    Args:
        got: what clients got.
        allowed: by person and repository.
        log: every line.
        names: under which digest each person stands in the log.
        lag: by how much whoever noted the times was late then.
    """
    yield from _answers(got)
    yield from _without_permission(got, allowed, lag)
    yield from _without_a_line(got, log, names)


def _answers(got: Sequence[Got]) -> Iterator[str]:
    for each in got:
        if each.status >= 500:
            yield f"{each.ask}: a refusal with status {each.status}"
        if each.status in {401, 403, 404, 451} and not each.code:
            yield f"{each.ask}: a refusal without a code"
        if each.has_bytes and each.count > each.ask.last - each.ask.first + 1:
            yield f"{each.ask}: {each.count} bytes"


def _without_permission(
    got: Sequence[Got],
    allowed: Mapping[tuple[str, str], Allowed],
    lag: Callable[[float], float],
) -> Iterator[str]:
    for each in got:
        if not each.has_bytes:
            continue
        spans = allowed[each.ask.who, each.ask.repository]
        if not spans.within(each.asked_at, each.answered_at):
            yield f"{each.ask}: not allowed, and answered"
        late = [at for at in each.arrivals if not spans.within(at - CUT_SECONDS - lag(at), at)]
        if late:
            over = max(spans.since_last(at) - CUT_SECONDS - lag(at) for at in late)
            yield (
                f"{each.ask}, asked at {each.asked_at:.1f}, answered at {each.answered_at:.1f},"
                f" last at {each.arrivals[-1]:.1f}: late bytes, {len(late)} times and up to"
                f" {over:.2f} s"
            )


def _without_a_line(
    got: Sequence[Got], log: Iterable[Download], names: Mapping[str, str]
) -> Iterator[str]:
    lines = Counter(
        (line.who, line.repository, line.path, line.method, line.first, line.last) for line in log
    )
    for each in got:
        if each.has_bytes:
            ask = each.ask
            key = (names[ask.who], ask.repository, ask.path, ask.method, ask.first, ask.last)
            lines[key] -= 1
            if lines[key] < 0:
                yield f"{ask}: no line of the log"
