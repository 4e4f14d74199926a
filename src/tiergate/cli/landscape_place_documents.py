# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate landscape place --json`` prints. Figures are decimal text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Literal

from tiergate.cli.landscape_documents import LagPart, ModelPart, decimal, lag_part, model_part
from tiergate.decision.document import DocumentPart
from tiergate.landscape import frontier
from tiergate.landscape.frontier import Pace
from tiergate.landscape.placement import Placement, nearest
from tiergate.landscape.vintage import Vintage

if TYPE_CHECKING:
    from tiergate.cli.landscape_measured import MeasuredScore


class PacePart(DocumentPart):
    """How far something is behind the best closed model, at the pace of the closed ones."""

    months: str
    """Months."""
    points: str
    """Points of the index."""
    points_per_month: str
    """How fast the best closed model rose."""
    best: str
    """The best closed model."""
    definition: str
    """What was counted."""


class MeasuredPart(DocumentPart):
    """A score that was counted from evidence."""

    benchmark: str
    """The benchmark."""
    metric: str
    """What the evidence calls it."""
    success_means: str
    """What one success is, in its words."""
    successes: int
    """Attempts that met that."""
    scored: int
    """Attempts with a score."""
    guessing: str
    """Share that somebody who guesses gets right."""
    score: str
    """Share of what can be reached beyond guessing."""
    lowest: str
    """The least that it may be, with 95 % confidence."""
    highest: str
    """The most that it may be, with 95 % confidence."""
    item: str
    """Id of the measurement."""


class PlaceDocument(DocumentPart):
    """What ``tiergate landscape place --json`` prints."""

    format: Literal["tiergate-place/1"] = "tiergate-place/1"
    """Version of this format."""
    vintage: str
    """The day of the data."""
    at: str
    """The day as of which it is said: models that were released later do not count."""
    index: str | None
    """Where the model stands; null when every score is at one end of its benchmark."""
    lowest: str | None
    """Lower end of the band; null when nothing bounds it from below."""
    highest: str | None
    """Upper end of the band; null when nothing bounds it from above."""
    used: tuple[str, ...]
    """Benchmarks that the index rests on."""
    top: tuple[str, ...]
    """Benchmarks that the model is at the top of, left out of the index."""
    bottom: tuple[str, ...]
    """Benchmarks that the model is at the bottom of, left out of the index."""
    unknown: tuple[str, ...]
    """Benchmarks without parameters, which count for nothing."""
    meant: dict[str, str]
    """Benchmarks that may be meant by some of those."""
    measured: tuple[MeasuredPart, ...] = ()
    """Scores that were counted from evidence; the band holds their sampling error too."""
    level: str
    """What ``age`` and ``downloadable`` are held against: the index, or else the known end."""
    age: LagPart
    """How long ago a closed model first was there."""
    pace: PacePart | None
    """The same in points and at the pace of the closed models; null when it is not below them."""
    downloadable: tuple[ModelPart, ...]
    """Models at or above it that anybody can download."""
    hazard_domains: Literal["undetermined"] = "undetermined"
    """What this says of them: nothing."""


def measured_part(found: MeasuredScore) -> MeasuredPart:
    """Return a measured score as it is printed."""
    return MeasuredPart(
        benchmark=found.benchmark,
        metric=found.item.measurement.metric,
        success_means=found.item.measurement.success_means,
        successes=found.successes,
        scored=found.scored,
        guessing=f"{found.guessing:g}",
        score=f"{found.score:.3f}",
        lowest=f"{found.low:.3f}",
        highest=f"{found.high:.3f}",
        item=found.item.id,
    )


def place_document(
    vintage: Vintage, found: Placement, at: date, measured: Iterable[MeasuredScore] = ()
) -> PlaceDocument:
    """Return a placement as it is printed, beside what was out on a day."""
    models = frontier.known(vintage, until=at)
    benchmarks = frontier.items(vintage)
    near = {name: nearest(name, benchmarks) for name in found.unknown}
    return PlaceDocument(
        vintage=vintage.id,
        at=at.isoformat(),
        index=_end(found.index),
        lowest=_end(found.lowest),
        highest=_end(found.highest),
        used=found.used,
        top=found.top,
        bottom=found.bottom,
        unknown=found.unknown,
        meant={name: other for name, other in near.items() if other is not None},
        measured=tuple(map(measured_part, measured)),
        level=decimal(found.level),
        age=lag_part(frontier.age(models, found.level, at)),
        pace=_pace(frontier.at_pace(models, found.level, min(at, date.fromisoformat(vintage.id)))),
        downloadable=tuple(map(model_part, frontier.downloadable(models, found.level))),
    )


def _pace(found: Pace | None) -> PacePart | None:
    if found is None:
        return None
    return PacePart(
        months=f"{found.months:.1f}",
        points=decimal(found.points),
        points_per_month=f"{found.points_per_month:.2f}",
        best=found.best.name,
        definition=found.definition,
    )


def _end(value: float | None) -> str | None:
    return None if value is None else decimal(value)
