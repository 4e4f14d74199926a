# SPDX-License-Identifier: Apache-2.0
"""What the ledger says about one incident: how bad, known since when, closed, reported."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime

from tiergate.release.bodies import Incident, Reported, Severity
from tiergate.release.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report that was made."""

    sequence: int
    """The event that says so."""
    deadline: str
    """Id of the deadline that it meets."""
    reported_at: datetime
    """When it was made."""
    reference: str
    """Under which its receiver has it; empty when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentCase:
    """One incident."""

    sequence: int
    """The event that opened it."""
    severity: Severity
    """How bad it is."""
    known_at: datetime
    """When it became known."""
    jurisdictions: tuple[str, ...]
    """Where it has to be reported, as whoever entered it said."""
    closed_at: datetime | None = None
    """When it was closed; None while it is open."""
    reports: tuple[Report, ...] = ()
    """Reports that were made, in the order in which they were entered."""

    @staticmethod
    def opened_by(event: Event) -> IncidentCase:
        """Begin a case with the event of an incident."""
        body = event.body
        assert isinstance(body, Incident)  # noqa: S101 - whoever calls looked
        return IncidentCase(
            sequence=event.sequence,
            severity=body.severity,
            known_at=body.known_at,
            jurisdictions=body.jurisdictions,
        )

    def closed_by(self, event: Event) -> IncidentCase:
        """Return the case as it is after the incident was closed."""
        return dataclasses.replace(self, closed_at=event.at)

    def reported_by(self, event: Event) -> IncidentCase:
        """Return the case as it is after a report."""
        body = event.body
        assert isinstance(body, Reported)  # noqa: S101 - whoever calls looked
        report = Report(
            sequence=event.sequence,
            deadline=body.deadline,
            reported_at=body.reported_at,
            reference=body.reference,
        )
        return dataclasses.replace(self, reports=(*self.reports, report))
