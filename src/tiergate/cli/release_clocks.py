# SPDX-License-Identifier: Apache-2.0
"""What incidents make due, as ``release status`` prints it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from tiergate.cli import text
from tiergate.cli.near_names import meant
from tiergate.decision.document import DocumentPart
from tiergate.decision.policy import NumberStatus
from tiergate.errors import InputError
from tiergate.evidence.document_types import UtcTime
from tiergate.landscape.sources import ReadAs
from tiergate.release.bodies import Severity
from tiergate.release.incident_clocks import Clock, ClockState, IncidentClocks
from tiergate.release.incident_deadlines import Phase, shipped_deadlines

_INDENT = "              "
_DEEP = "                        "


class ClockPart(DocumentPart):
    """One deadline for one incident."""

    deadline: str
    """Its id."""
    jurisdiction: str
    """Where it holds."""
    instrument: str
    """The law or code, with its place."""
    phase: Phase
    """From when it is counted."""
    state: ClockState
    """How it stands."""
    within: str
    """How long, or what is said instead of a number."""
    due_at: UtcTime | None
    """When it is due; null when that cannot be said."""
    remaining_seconds: int | None
    """Time left, negative when it has passed; null unless it is due or overdue."""
    to: str
    """Who has to be told."""
    status: NumberStatus
    """Whether law, publication or judgement set it."""
    read_as: ReadAs
    """How it is known here; of the instrument itself only as primary text."""
    basis: str
    """For whom, and why."""
    source_url: str
    """Where it stands."""
    source_date: date
    """Date of that source."""
    in_force_from: date | None
    """From when it holds; null when no date belongs to it."""
    report: int | None
    """The event that stopped it, or from which updates are counted; null when there is none."""
    reported_at: UtcTime | None
    """When that report was made."""


class UnclearPart(DocumentPart):
    """A jurisdiction in scope for which there is no deadline here."""

    jurisdiction: str
    """Which."""
    says: str
    """What is known of it."""


class IncidentPart(DocumentPart):
    """What one incident makes due. Not legal advice."""

    event: int
    """The event that opened it."""
    severity: Severity
    """What kind it is."""
    known_at: UtcTime
    """When it became known."""
    closed_at: UtcTime | None
    """When it was closed; null while it is open."""
    jurisdictions: tuple[str, ...]
    """Those in scope."""
    as_of: date
    """When the deadlines were read."""
    clocks: tuple[ClockPart, ...]
    """What is due, most urgent first."""
    unclear: tuple[UnclearPart, ...]
    """Jurisdictions in scope without a deadline."""


def incident_part(found: IncidentClocks) -> IncidentPart:
    """Build what one incident makes due."""
    case = found.case
    return IncidentPart(
        event=case.sequence,
        severity=case.severity,
        known_at=case.known_at,
        closed_at=case.closed_at,
        jurisdictions=found.jurisdictions,
        as_of=shipped_deadlines().as_of,
        clocks=tuple(map(_clock_part, found.clocks)),
        unclear=tuple(UnclearPart(jurisdiction=place, says=says) for place, says in found.unclear),
    )


def lines(found: Iterable[IncidentClocks]) -> Iterator[str]:
    """Say what every incident makes due, for people."""
    every = tuple(found)
    for each in every:
        yield from _incident(each)
    if every:
        as_of = shipped_deadlines().as_of
        yield f"  Deadlines as read by {as_of}, counted in UTC. Not legal advice."


def refuse_unknown_deadline(name: str) -> None:
    """Refuse an id that no deadline has.

    Raises:
        InputError: there is none.
    """
    known = [row.id for row in shipped_deadlines().deadlines]
    if name not in known:
        expected = f"one of: {', '.join(known)}"
        raise InputError("--deadline", f"{name[:60]!r}", expected)


def without_deadlines(places: Iterable[str]) -> Iterator[str]:
    """Say of which places nothing is known, so that no clock runs for them."""
    table = shipped_deadlines()
    known = {row.jurisdiction for row in table.deadlines}
    known |= {row.jurisdiction for row in table.without}
    for place in places:
        if place not in known:
            words = f"{place}: no deadline of it is known here, so no clock runs"
            shown = f"Known are {', '.join(sorted(known))}."
            yield " ".join(filter(None, (f"{words}.", meant(place, known), shown)))


def _incident(found: IncidentClocks) -> Iterator[str]:
    case = found.case
    closed = "" if case.closed_at is None else f"; closed {case.closed_at:%Y-%m-%d %H:%M} UTC"
    known = (
        f"event {case.sequence}, {case.severity}, known since {case.known_at:%Y-%m-%d %H:%M} UTC"
    )
    yield ""
    yield from text.wrapped(f"{known}{closed}", _INDENT, "  clocks      ")
    if not found.jurisdictions:
        words = "no jurisdiction is named: what is due is not assessed"
        yield from text.wrapped(words, _DEEP, "      ")
    for clock in found.clocks:
        yield from text.wrapped(_words(clock), _DEEP, f"      {clock.state.ljust(18)}")
    for place, says in found.unclear:
        yield from text.wrapped(f"{place}: {says}", _DEEP, f"      {'no clock'.ljust(18)}")


def _words(clock: Clock) -> str:
    row = clock.deadline
    within = row.words if row.within is None else row.within.text
    parts = [
        _when(clock),
        f"{row.jurisdiction}, to {row.to}",
        f"{within}, {row.phase} ({row.id})",
        f"{row.status}{f', {row.mark}' if row.mark else ''}: {row.instrument}",
    ]
    return "; ".join(part for part in parts if part)


def _when(clock: Clock) -> str:
    if clock.state in {ClockState.REPORTED, ClockState.REPORTED_LATE} and clock.report:
        return f"{clock.report.reported_at:%Y-%m-%d %H:%M} UTC by event {clock.report.sequence}"
    if clock.state is ClockState.NOT_IN_FORCE:
        return f"holds from {clock.deadline.in_force_from}"
    if clock.due_at is None:
        return ""
    left = "" if clock.remaining is None else f" ({_left(clock.remaining)})"
    return f"{clock.due_at:%Y-%m-%d %H:%M} UTC{left}"


def _left(remaining: timedelta) -> str:
    word = "left" if remaining >= timedelta() else "over"
    hours, rest = divmod(int(abs(remaining).total_seconds()), 3600)
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h {word}" if days else f"{hours} h {rest // 60} min {word}"


def _clock_part(clock: Clock) -> ClockPart:
    row, report = clock.deadline, clock.report
    seconds = None if clock.remaining is None else int(clock.remaining.total_seconds())
    names = ("jurisdiction", "instrument", "phase", "to", "status", "read_as", "basis")
    return ClockPart(
        **{name: getattr(row, name) for name in (*names, "source_url", "source_date")},
        deadline=row.id,
        in_force_from=row.in_force_from,
        state=clock.state,
        within=row.words if row.within is None else row.within.text,
        due_at=clock.due_at,
        remaining_seconds=seconds,
        report=None if report is None else report.sequence,
        reported_at=None if report is None else report.reported_at,
    )
