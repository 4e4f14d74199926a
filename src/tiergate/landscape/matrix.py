# SPDX-License-Identifier: Apache-2.0
"""What jurisdictions ask, by topic, and whether it binds on a day.

Everything here is read from the records of obligations; nothing is said twice. What a developer
or a scheme says is no matter of a jurisdiction and is left out.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

import yaml

from tiergate.landscape.obligations import Obligation, Standing, by_id, shipped_files

GROUPS = ("European Union", "United States", "Other jurisdictions and international bodies")
"""Groups of records that are about jurisdictions."""
UNSORTED = "other"
"""Topic of what has none."""


class Applies(enum.StrEnum):
    """How something that a jurisdiction asks applies on a day."""

    BINDING = "binding"
    """A law that holds, for those whom it is about."""
    PENDING = "pending"
    """A law that holds later, or a draft."""
    VOLUNTARY = "voluntary"
    """A code for those who sign it, or guidance that binds nobody."""
    NOTED = "asks nothing"
    """What an authority does or publishes, without asking anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One thing that a jurisdiction asks."""

    obligation: Obligation
    """What it asks, and where that stands."""
    topic: str
    """What it is about."""
    applies: Applies
    """Whether it binds."""

    @property
    def row(self) -> str:
        """The id of its row among the sources."""
        return row_id(self.obligation.id)

    @property
    def since(self) -> str:
        """From when it holds; empty when no date belongs to it."""
        found = self.obligation.in_force_from
        return "" if found is None else found.isoformat()


def row_id(obligation: str) -> str:
    """Return the id of the row of an obligation among the sources."""
    return f"obligation-{obligation}"


@cache
def topics() -> Mapping[str, tuple[str, ...]]:
    """Return the topics with the ids of their obligations, in the order in which to read them."""
    text = resources.files(__package__).joinpath("topics.yaml").read_text("utf-8")
    return {name: tuple(ids) for name, ids in yaml.safe_load(text).items()}


def duties(at: date) -> tuple[Duty, ...]:
    """Return what jurisdictions ask, in the order of the records, as it applies on a day."""
    topic_of = {name: topic for topic, names in topics().items() for name in names}
    return tuple(
        Duty(
            obligation=found,
            topic=topic_of.get(found.id, UNSORTED),
            applies=applies(found, at),
        )
        for found in by_id(shipped_files()).values()
        if found.group in GROUPS
    )


def applies(found: Obligation, at: date) -> Applies:
    """Say whether something binds on a day. A law without a date counts as one that holds."""
    match found.document.standing:
        case Standing.LAW:
            is_later = found.in_force_from is not None and found.in_force_from > at
            return Applies.PENDING if is_later else Applies.BINDING
        case Standing.DRAFT:
            return Applies.PENDING
        case Standing.VOLUNTARY | Standing.GUIDANCE:
            return Applies.VOLUNTARY
        case Standing.PUBLISHED | Standing.PRACTICE:
            return Applies.NOTED


def places(found: tuple[Duty, ...]) -> tuple[str, ...]:
    """Return the jurisdictions, each once, in the order of the records."""
    return tuple(dict.fromkeys(duty.obligation.place for duty in found))


def obligation_values(found: Obligation) -> dict[str, str]:
    """Return what a record of an obligation says, by name."""
    return {
        "id": found.id,
        "place": found.place,
        "document": found.document.name,
        "standing": found.document.standing.value,
        "clause": found.clause,
        "asks": found.asks,
        "applies_to": found.applies_to,
        "in_force_from": "" if found.in_force_from is None else found.in_force_from.isoformat(),
        "note": found.note,
        "not_required": found.not_required,
    }
