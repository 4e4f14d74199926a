# SPDX-License-Identifier: Apache-2.0
"""What holds of every incident, whenever it became known and whatever was reported."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from builders_release import DAY, START, event
from tiergate.release import bodies
from tiergate.release.bodies import Severity
from tiergate.release.incident_case import IncidentCase
from tiergate.release.incident_clocks import Clock, ClockState, incident_clocks
from tiergate.release.incident_deadlines import Phase, shipped_deadlines

IDS = [row.id for row in shipped_deadlines().deadlines]
PLACES = sorted({row.jurisdiction for row in shipped_deadlines().deadlines} | {"JP", "FR"})
DONE = {ClockState.REPORTED, ClockState.REPORTED_LATE}

MOMENTS = st.integers(0, 60 * 24 * 900).map(lambda minutes: START + dt.timedelta(minutes=minutes))
SCOPES = st.sets(st.sampled_from(PLACES))
REPORTS = st.lists(st.tuples(st.sampled_from(IDS), MOMENTS), max_size=5)


def _case(
    severity: Severity, known_at: dt.datetime, reports: list[tuple[str, dt.datetime]]
) -> IncidentCase:
    body = bodies.Incident(severity=severity, known_at=known_at)
    case = IncidentCase.opened_by(event(1, body, at=known_at))
    for place, (deadline, at) in enumerate(reports, start=2):
        made = bodies.Reported(incident=1, deadline=deadline, reported_at=at)
        case = case.reported_by(event(place, made, at=at))
    return case


CASES = st.builds(_case, st.sampled_from(Severity), MOMENTS, REPORTS)


def _by_id(case: IncidentCase, scope: set[str], at: dt.datetime) -> dict[str, Clock]:
    return {clock.deadline.id: clock for clock in incident_clocks(case, scope, at).clocks}


@settings(max_examples=200, derandomize=True)
@given(st.sampled_from(Severity), MOMENTS, MOMENTS, SCOPES)
def test_an_incident_that_was_known_later_is_due_no_earlier(
    severity: Severity, one: dt.datetime, other: dt.datetime, scope: set[str]
) -> None:
    early, late = sorted((one, other))
    before, after = (_by_id(_case(severity, known, []), scope, late) for known in (early, late))

    assert before.keys() == after.keys()
    for name, clock in before.items():
        later = after[name].due_at
        if clock.due_at is not None:
            assert later is not None
            assert clock.due_at <= later


@settings(max_examples=200, derandomize=True)
@given(CASES, SCOPES, MOMENTS, st.booleans())
def test_nothing_is_done_without_an_event_that_says_so(
    case: IncidentCase,
    scope: set[str],
    at: dt.datetime,
    closed: bool,  # noqa: FBT001 - drawn
) -> None:
    if closed:
        body = bodies.Incident(severity=case.severity, known_at=case.known_at, closes=1)
        case = case.closed_by(event(99, body, at=case.known_at + DAY))
    for name, clock in _by_id(case, scope, at).items():
        reported = name in {report.deadline for report in case.reports}
        if clock.deadline.phase is Phase.UPDATE:
            assert clock.state not in DONE
        else:
            assert (clock.state in DONE) == reported


@settings(max_examples=200, derandomize=True)
@given(st.sampled_from(Severity), MOMENTS, SCOPES, MOMENTS, MOMENTS)
def test_what_is_overdue_stays_so_as_time_passes(
    severity: Severity, known_at: dt.datetime, scope: set[str], one: dt.datetime, two: dt.datetime
) -> None:
    case = _case(severity, known_at, [])
    early, late = (_by_id(case, scope, at) for at in sorted((one, two)))

    assert early.keys() == late.keys()
    for name, clock in early.items():
        assert clock.due_at == late[name].due_at
        if clock.state is ClockState.OVERDUE:
            assert late[name].state is ClockState.OVERDUE


@settings(max_examples=100, derandomize=True)
@given(CASES, SCOPES, SCOPES, MOMENTS)
def test_a_wider_scope_only_adds_and_every_place_is_spoken_of(
    case: IncidentCase, scope: set[str], more: set[str], at: dt.datetime
) -> None:
    narrow, wide = incident_clocks(case, scope, at), incident_clocks(case, scope | more, at)

    assert set(narrow.clocks) <= set(wide.clocks)
    spoken_of = {c.deadline.jurisdiction for c in wide.clocks} | {p for p, _ in wide.unclear}
    assert spoken_of == scope | more
