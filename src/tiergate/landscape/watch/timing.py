# SPDX-License-Identifier: Apache-2.0
"""Time from a release to the first derivative and to the first uncensored copy, with censoring.

Where none was seen, the time is only known to be longer than what the feeds cover, as far as they
show such things at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tiergate.landscape.watch.findings import Finding
from tiergate.landscape.watch.kinds import FindingKind
from tiergate.landscape.watch.released import ReleasedModel, days_between


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A finding and when it was first seen."""

    finding: Finding
    """The finding."""
    first_seen_at: datetime
    """When a feed first showed it, in UTC."""

    @property
    def dated_at(self) -> datetime:
        """Its date: that of its repository as the hub says, else when it was first seen."""
        return self.finding.created_at or self.first_seen_at


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """The first of its kind."""

    sighting: Sighting
    """What was seen."""
    days: int
    """Whole days after the release; negative when its date is earlier than that."""
    is_by_hub: bool
    """Whether the date is what the hub says; otherwise it is when the watch saw it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long it took for one released model."""

    model: ReleasedModel
    """The model."""
    copy: First | None
    """First copy or derivative of any kind but leads; None when none was seen."""
    uncensored: First | None
    """First uncensored variant, by its name; None when none was seen."""
    counts: tuple[tuple[FindingKind, int], ...]
    """How many of each kind were seen, leads included, in the order of the kinds."""


def times_of(model: ReleasedModel, sightings: Iterable[Sighting]) -> Times:
    """Return how long it took for one model.

    Args:
        model: the model.
        sightings: of any model; those of others are passed over.
    """
    own = [each for each in sightings if each.finding.released == model.name]
    matches = [each for each in own if not each.finding.kind.is_lead]
    uncensored = [each for each in matches if each.finding.kind is FindingKind.UNCENSORED]
    kinds = [each.finding.kind for each in own]
    return Times(
        model=model,
        copy=_first(model, matches),
        uncensored=_first(model, uncensored),
        counts=tuple((kind, kinds.count(kind)) for kind in FindingKind if kind in kinds),
    )


def _first(model: ReleasedModel, sightings: list[Sighting]) -> First | None:
    if not sightings:
        return None
    found = min(sightings, key=lambda each: (each.dated_at, each.finding.order))
    return First(
        sighting=found,
        days=days_between(model.released_at, found.dated_at),
        is_by_hub=found.finding.created_at is not None,
    )
