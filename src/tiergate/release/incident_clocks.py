# SPDX-License-Identifier: Apache-2.0
"""What is due to whom by when after an incident. Pure.

A clock stops with an event of the ledger that says that the report was made, and with nothing
else; closing an incident stops none that is counted from when it became known.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tiergate.release.incident_case import IncidentCase, Report
from tiergate.release.incident_deadlines import Deadline, Deadlines, Phase, shipped_deadlines


class ClockState(enum.StrEnum):
    """How a clock stands."""

    OVERDUE = "overdue"
    """Its time has passed, and no event says that the report was made."""
    RUNNING = "due"
    """Its time is to come."""
    NO_NUMBER = "due, no number"
    """No number of hours or days is set, or known here; it is due all the same."""
    WAITING = "not begun"
    """What it is counted from has not happened."""
    NOT_IN_FORCE = "not in force"
    """The instrument did not hold when the incident became known."""
    ENDED = "ended"
    """Updates are no longer due: the incident is closed."""
    REPORTED = "reported"
    """An event says that the report was made, in time as far as there is a number."""
    REPORTED_LATE = "reported late"
    """An event says that the report was made, after its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One deadline for one incident, at one time."""

    deadline: Deadline
    """The duty."""
    state: ClockState
    """How it stands."""
    due_at: datetime | None
    """When it is due; None when that cannot be said."""
    remaining: timedelta | None
    """Time left, negative when it has passed; None unless it is due or overdue."""
    report: Report | None
    """The report that stopped it, or the last one that updates are counted from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentClocks:
    """What one incident makes due."""

    case: IncidentCase
    """The incident."""
    jurisdictions: tuple[str, ...]
    """Those in scope, sorted."""
    clocks: tuple[Clock, ...]
    """What is due, most urgent first."""
    unclear: tuple[tuple[str, str], ...]
    """Jurisdictions in scope without a clock, and what is known of them."""


def incident_clocks(
    case: IncidentCase,
    jurisdictions: Iterable[str],
    at: datetime,
    table: Deadlines | None = None,
) -> IncidentClocks:
    """Say what an incident makes due, to whom, by when.

    Args:
        case: the incident.
        jurisdictions: those in scope besides the ones that the incident names.
        at: the time of asking.
        table: the deadlines; those that ship when None.
    """
    known = shipped_deadlines() if table is None else table
    scope = tuple(sorted({*case.jurisdictions, *jurisdictions}))
    rows = [
        row
        for row in known.deadlines
        if row.jurisdiction in scope and case.severity in row.severities
    ]
    clocks = (_clock(case, row, known, at) for row in rows)
    covered = {row.jurisdiction for row in rows}
    return IncidentClocks(
        case=case,
        jurisdictions=scope,
        clocks=tuple(sorted(clocks, key=_urgency)),
        unclear=tuple((place, _said(place, known)) for place in scope if place not in covered),
    )


def _clock(case: IncidentCase, row: Deadline, table: Deadlines, at: datetime) -> Clock:
    report = _report(case, row, table)
    begins = _begins(case, row, report)
    due = None if begins is None or row.within is None else row.within.after(begins)
    state = _state(case, row, report, due, at)
    counted = due is not None and state in {ClockState.RUNNING, ClockState.OVERDUE}
    return Clock(
        deadline=row,
        state=state,
        due_at=None if state in {ClockState.NOT_IN_FORCE, ClockState.ENDED} else due,
        remaining=due - at if counted and due is not None else None,
        report=report,
    )


def _report(case: IncidentCase, row: Deadline, table: Deadlines) -> Report | None:
    """Return what stops a clock: the first report of its own; for updates, the last of all."""
    if row.phase is not Phase.UPDATE:
        own = (report for report in case.reports if report.deadline == row.id)
        return min(own, key=lambda report: report.reported_at, default=None)
    same = {other.id for other in table.deadlines if other.instrument == row.instrument}
    found = (report for report in case.reports if report.deadline in same)
    return max(found, key=lambda report: report.reported_at, default=None)


def _begins(case: IncidentCase, row: Deadline, report: Report | None) -> datetime | None:
    if row.phase is Phase.INITIAL:
        return case.known_at
    if row.phase is Phase.FINAL:
        return case.closed_at
    return None if report is None else report.reported_at


def _state(
    case: IncidentCase, row: Deadline, report: Report | None, due: datetime | None, at: datetime
) -> ClockState:
    if row.phase is Phase.UPDATE:
        if case.closed_at is not None:
            return ClockState.ENDED
    elif report is not None:
        late = due is not None and report.reported_at > due
        return ClockState.REPORTED_LATE if late else ClockState.REPORTED
    if not row.holds_at(case.known_at):
        return ClockState.NOT_IN_FORCE
    if row.within is None:
        return ClockState.NO_NUMBER
    if due is None:
        return ClockState.WAITING
    return ClockState.OVERDUE if at > due else ClockState.RUNNING


def _urgency(clock: Clock) -> tuple[int, datetime, str]:
    never = datetime.max.replace(tzinfo=UTC)
    order = list(ClockState).index(clock.state)
    return order, clock.due_at or never, clock.deadline.id


def _said(jurisdiction: str, table: Deadlines) -> str:
    for row in table.without:
        if row.jurisdiction == jurisdiction:
            return row.says
    if any(row.jurisdiction == jurisdiction for row in table.deadlines):
        return "no deadline for an incident of this kind is known here"
    return "not assessed: nothing is known of it here"
