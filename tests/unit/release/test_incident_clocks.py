# SPDX-License-Identifier: Apache-2.0
"""What an incident makes due: the deadlines that ship, and how they are counted."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from builders_release import DAY, START, event
from tiergate.decision.policy import NumberStatus
from tiergate.landscape.sources import ReadAs
from tiergate.release import bodies
from tiergate.release.bodies import Severity
from tiergate.release.incident_case import IncidentCase
from tiergate.release.incident_clocks import Clock, ClockState, incident_clocks
from tiergate.release.incident_deadlines import (
    Deadline,
    Deadlines,
    Phase,
    Unit,
    Within,
    shipped_deadlines,
)

HOUR = dt.timedelta(hours=1)
IN_2027 = dt.datetime(2027, 3, 1, 12, tzinfo=dt.UTC)


def _case(severity: Severity, *places: str, known_at: dt.datetime = START) -> IncidentCase:
    body = bodies.Incident(severity=severity, known_at=known_at, jurisdictions=places)
    return IncidentCase.opened_by(event(6, body, at=known_at))


def _reported(case: IncidentCase, deadline: str, at: dt.datetime) -> IncidentCase:
    body = bodies.Reported(incident=6, deadline=deadline, reported_at=at)
    return case.reported_by(event(7, body, at=at))


def _closed(case: IncidentCase, at: dt.datetime) -> IncidentCase:
    body = bodies.Incident(severity=case.severity, known_at=case.known_at, closes=6)
    return case.closed_by(event(8, body, at=at))


def _clocks(case: IncidentCase, at: dt.datetime, *places: str) -> dict[str, Clock]:
    return {clock.deadline.id: clock for clock in incident_clocks(case, places, at).clocks}


def _deadline(**changes: Any) -> Deadline:  # noqa: ANN401 - fields of a row
    fields = {
        "id": "x-1",
        "jurisdiction": "XX",
        "instrument": "A law",
        "phase": "initial",
        "severities": ["serious"],
        "within": {"amount": 3, "unit": "business days"},
        "to": "an office",
        "status": "law",
        "read_as": "secondary",
        "basis": "a test",
        "source_url": "https://example.com/law",
        "source_date": dt.date(2026, 1, 1),
        **changes,
    }
    return Deadline.model_validate(fields)


def _table(*rows: Deadline) -> Deadlines:
    return Deadlines(
        format="tiergate-incident-deadlines/1",
        as_of=dt.date(2026, 11, 23),
        deadlines=rows,
        without=(),
    )


@pytest.mark.parametrize(
    ("severity", "place", "deadline", "after"),
    [
        (Severity.IMMINENT_HARM, "US-CA", "us-ca-sb53-imminent", 24 * HOUR),
        (Severity.IMMINENT_HARM, "US-NY", "us-ny-raise-imminent", 24 * HOUR),
        (Severity.IMMINENT_HARM, "US-IL", "us-il-sb315-imminent", 24 * HOUR),
        (Severity.CRITICAL_INFRASTRUCTURE, "EU", "eu-cop-infrastructure", 48 * HOUR),
        (Severity.IMMINENT_HARM, "EU", "eu-cop-imminent", 48 * HOUR),
        (Severity.INTIMATE_IMAGERY, "US", "us-take-it-down", 48 * HOUR),
        (Severity.INTIMATE_IMAGERY, "UK", "uk-cpa-100", 48 * HOUR),
        (Severity.SERIOUS, "US-NY", "us-ny-raise", 72 * HOUR),
        (Severity.SERIOUS, "US-IL", "us-il-sb315", 72 * HOUR),
        (Severity.SECURITY_BREACH, "EU", "eu-cop-security", 5 * DAY),
        (Severity.DEATH, "EU", "eu-cop-death", 10 * DAY),
        (Severity.SERIOUS, "EU", "eu-cop-serious", 15 * DAY),
        (Severity.SERIOUS, "US-CA", "us-ca-sb53", 15 * DAY),
    ],
)
def test_each_deadline_is_counted_from_when_the_incident_became_known(
    severity: Severity, place: str, deadline: str, after: dt.timedelta
) -> None:
    clock = _clocks(_case(severity, place, known_at=IN_2027), IN_2027 + HOUR)[deadline]

    assert (clock.due_at, clock.state) == (IN_2027 + after, ClockState.RUNNING)
    assert clock.remaining == after - HOUR


def test_a_clock_is_overdue_when_its_time_has_passed_and_not_on_the_minute() -> None:
    case = _case(Severity.DEATH, "EU")

    on_time = _clocks(case, START + 10 * DAY)["eu-cop-death"]
    late = _clocks(case, START + 10 * DAY + HOUR)["eu-cop-death"]

    assert (on_time.state, on_time.remaining) == (ClockState.RUNNING, dt.timedelta())
    assert (late.state, late.remaining) == (ClockState.OVERDUE, -HOUR)


def test_the_first_report_stops_a_clock_and_says_whether_it_was_late() -> None:
    case = _case(Severity.DEATH, "EU")
    in_time = _reported(_reported(case, "eu-cop-death", START + DAY), "eu-cop-death", START + DAY)
    late = _reported(case, "eu-cop-death", START + 11 * DAY)

    clock = _clocks(in_time, START + 99 * DAY)["eu-cop-death"]
    assert clock.state is ClockState.REPORTED
    assert clock.report is not None
    assert (clock.report.sequence, clock.remaining) == (7, None)
    assert _clocks(late, START + 99 * DAY)["eu-cop-death"].state is ClockState.REPORTED_LATE


def test_a_report_to_one_authority_stops_no_clock_of_another() -> None:
    case = _reported(_case(Severity.DEATH, "EU", "US-CA"), "eu-cop-death", START + DAY)

    found = _clocks(case, START + 20 * DAY)

    assert found["us-ca-sb53"].state is ClockState.OVERDUE
    assert found["eu-aia-55"].state is ClockState.NO_NUMBER


def test_closing_an_incident_stops_no_clock_but_that_of_updates() -> None:
    case = _closed(_case(Severity.DEATH, "EU"), START + 5 * DAY)

    found = _clocks(case, START + 20 * DAY)

    assert found["eu-cop-death"].state is ClockState.OVERDUE
    assert (found["eu-cop-update"].state, found["eu-cop-update"].due_at) == (
        ClockState.ENDED,
        None,
    )
    assert found["eu-cop-final"].due_at == START + 65 * DAY


def test_updates_are_counted_from_the_last_report_under_the_same_instrument() -> None:
    case = _case(Severity.DEATH, "EU")
    once = _reported(case, "eu-cop-death", START + DAY)
    twice = _reported(once, "eu-cop-update", START + 20 * DAY)
    elsewhere = _reported(case, "us-ca-sb53", START + DAY)

    def update(found: IncidentCase) -> Clock:
        return _clocks(found, START + 30 * DAY)["eu-cop-update"]

    assert (update(case).state, update(case).due_at) == (ClockState.WAITING, None)
    assert update(elsewhere).state is ClockState.WAITING
    assert (update(once).state, update(once).due_at) == (ClockState.OVERDUE, START + 29 * DAY)
    assert (update(twice).state, update(twice).due_at) == (ClockState.RUNNING, START + 48 * DAY)


def test_a_final_report_waits_until_the_incident_is_closed_and_is_then_due() -> None:
    case = _case(Severity.DEATH, "EU")
    closed = _closed(case, START + DAY)

    assert _clocks(case, START)["eu-cop-final"].state is ClockState.WAITING
    assert _clocks(closed, START + 60 * DAY)["eu-cop-final"].state is ClockState.RUNNING
    done = _reported(closed, "eu-cop-final", START + 2 * DAY)
    assert _clocks(done, START + 99 * DAY)["eu-cop-final"].state is ClockState.REPORTED


def test_a_law_that_did_not_hold_then_is_shown_as_such() -> None:
    first = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)

    before = _clocks(_case(Severity.SERIOUS, "US-NY", known_at=first - HOUR), first + 99 * DAY)
    after = _clocks(_case(Severity.SERIOUS, "US-NY", known_at=first), first)

    assert before["us-ny-raise"].state is ClockState.NOT_IN_FORCE
    assert before["us-ny-raise"].due_at is None
    assert after["us-ny-raise"].state is ClockState.RUNNING


def test_the_most_urgent_clock_comes_first() -> None:
    case = _reported(
        _case(Severity.IMMINENT_HARM, "EU", "US-CA", "US-NY", known_at=IN_2027),
        "eu-cop-imminent",
        IN_2027,
    )

    found = incident_clocks(case, (), IN_2027 + 2 * DAY)

    assert [clock.deadline.id for clock in found.clocks] == [
        "us-ca-sb53-imminent",
        "us-ny-raise-imminent",
        "us-ny-raise",
        "us-ca-sb53",
        "eu-cop-update",
        "eu-cop-final",
        "eu-cop-imminent",
    ]


def test_a_jurisdiction_without_a_clock_is_named_with_what_is_known() -> None:
    found = incident_clocks(_case(Severity.DEATH, "JP", "US"), ("FR", "EU"), START)

    assert found.jurisdictions == ("EU", "FR", "JP", "US")
    assert found.unclear == (
        ("FR", "not assessed: nothing is known of it here"),
        ("JP", "no deadline was found"),
        ("US", "no deadline for an incident of this kind is known here"),
    )


def test_business_days_leave_out_the_weekend() -> None:
    friday = dt.datetime(2026, 11, 27, 9, tzinfo=dt.UTC)
    found = incident_clocks(
        _case(Severity.SERIOUS, "XX", known_at=friday), (), friday, _table(_deadline())
    )

    assert found.clocks[0].due_at == dt.datetime(2026, 12, 2, 9, tzinfo=dt.UTC)


@pytest.mark.parametrize("unit", list(Unit))
def test_no_deadline_goes_beyond_the_end_of_the_calendar(unit: Unit) -> None:
    last = dt.datetime.max.replace(tzinfo=dt.UTC)

    assert Within(amount=3650, unit=unit).after(last) == last


def test_every_row_says_what_it_rests_on_and_how_it_is_known() -> None:
    table = shipped_deadlines()
    ids = [row.id for row in table.deadlines]

    assert len(ids) == len(set(ids))
    for row in table.deadlines:
        assert row.source_url
        assert row.source_date <= table.as_of
        assert bool(row.mark) == (row.read_as is not ReadAs.PRIMARY)
        assert row.status in NumberStatus
    kinds = {(r.phase, r.within.text) for r in table.deadlines if r.within and r.phase == "initial"}
    assert {text for _, text in kinds} >= {
        "24 hours",
        "2 days",
        "48 hours",
        "72 hours",
        "5 days",
        "10 days",
        "15 days",
    }


def test_how_a_row_is_known_is_said_in_words() -> None:
    marks = {row.read_as: row.mark for row in shipped_deadlines().deadlines}

    assert marks == {
        ReadAs.PRIMARY: "",
        ReadAs.SECONDARY: "read second-hand",
        ReadAs.BACKGROUND: "not checked",
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"within": None},
        {"words": "at once"},
        {"within": None, "words": "at once", "phase": Phase.FINAL},
        {"within": {"amount": 0, "unit": "days"}},
        {"severities": []},
        {"jurisdiction": "eu"},
    ],
)
def test_a_row_that_does_not_say_how_long_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        _deadline(**changes)
