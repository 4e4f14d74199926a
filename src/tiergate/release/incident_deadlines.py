# SPDX-License-Identifier: Apache-2.0
"""Who has to be told of an incident by when, as it ships: ``incident_deadlines.yaml``.

Every row says whether it is law, published or a default, where it stands, and how it is known.
"""

from __future__ import annotations

import enum
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import resources
from typing import Annotated, Literal

import yaml
from pydantic import Field, model_validator

from tiergate.decision.policy import NumberStatus
from tiergate.evidence.document_types import Name, Part
from tiergate.landscape.sources import ReadAs
from tiergate.release.bodies import Jurisdiction, Severity
from tiergate.release.gates import business_days_after
from tiergate.release.plan import ShortName


class Phase(enum.StrEnum):
    """From when a deadline is counted."""

    INITIAL = "initial"
    """From when the incident became known."""
    UPDATE = "update"
    """From the last report under the same instrument, again and again while it is open."""
    FINAL = "final"
    """From when the incident was closed."""


class Unit(enum.StrEnum):
    """What a deadline is counted in."""

    HOURS = "hours"
    DAYS = "days"
    """Calendar days of 24 hours, so that nothing is later than whole days would be."""
    BUSINESS_DAYS = "business days"
    """Days from Monday to Friday; holidays are not known."""


class Within(Part):
    """A number of hours or days."""

    amount: Annotated[int, Field(strict=True, ge=1, le=3650)]
    """How many."""
    unit: Unit
    """Of what."""

    def after(self, start: datetime) -> datetime:
        """Return when it ends that began then; at the end of the calendar at the latest."""
        try:
            if self.unit is Unit.BUSINESS_DAYS:
                return business_days_after(start, self.amount)
            if self.unit is Unit.HOURS:
                return start + timedelta(hours=self.amount)
            return start + timedelta(days=self.amount)
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC)

    @property
    def text(self) -> str:
        """The same for people."""
        return f"{self.amount} {self.unit}"


class Deadline(Part):
    """One duty to tell somebody."""

    id: ShortName
    """Its name."""
    jurisdiction: Jurisdiction
    """Where it holds."""
    instrument: Name
    """The law or code, with its place."""
    phase: Phase
    """From when it is counted."""
    severities: Annotated[tuple[Severity, ...], Field(min_length=1)]
    """The incidents that it is about."""
    within: Within | None
    """How long; null when the instrument sets no number, or none is known here."""
    words: str = ""
    """What it says instead of a number; empty when there is one."""
    to: Name
    """Who has to be told."""
    status: NumberStatus
    """Whether law, publication or judgement set it."""
    read_as: ReadAs
    """How the row is known."""
    basis: Name
    """For whom, and why."""
    source_url: Annotated[str, Field(pattern=r"^https://")]
    """Where it stands."""
    source_date: date
    """Date of that source."""
    in_force_from: date | None = None
    """From when it holds; null when no date belongs to it."""

    @model_validator(mode="after")
    def _says_how_long(self) -> Deadline:
        if (self.within is None) != bool(self.words):
            raise ValueError("expected either a number or words in its place")
        if self.within is None and self.phase is not Phase.INITIAL:
            raise ValueError("only an initial deadline can be without a number")
        return self

    def holds_at(self, moment: datetime) -> bool:
        """Tell whether it was in force then; the first day begins at midnight UTC."""
        first = self.in_force_from
        return first is None or moment >= datetime.combine(first, time(), UTC)

    @property
    def mark(self) -> str:
        """What a reader has to know of how the row is known; empty for primary text."""
        return self.read_as.mark


class Without(Part):
    """A jurisdiction that was looked at and for which there is no deadline here."""

    jurisdiction: Jurisdiction
    """Which."""
    says: Name
    """What is known of it."""


class Deadlines(Part):
    """Every deadline that is known."""

    format: Literal["tiergate-incident-deadlines/1"]
    """Format and version of this file."""
    as_of: date
    """When the facts in it were read."""
    deadlines: tuple[Deadline, ...]
    """The duties."""
    without: tuple[Without, ...]
    """Where there is none."""


@cache
def shipped_deadlines() -> Deadlines:
    """Return the deadlines that ship."""
    source = resources.files(__package__).joinpath("incident_deadlines.yaml")
    return Deadlines.model_validate(yaml.safe_load(source.read_text("utf-8")))
