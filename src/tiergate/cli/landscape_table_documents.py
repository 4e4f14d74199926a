# SPDX-License-Identifier: Apache-2.0
"""What the commands about developers, jurisdictions, cases and costs print with ``--json``.

Every statement names its row among the sources and says where that is from.
"""

from __future__ import annotations

from typing import Literal

from tiergate.decision.document import DocumentPart


class SourcedPart(DocumentPart):
    """Base of whatever stands in one row."""

    row: str
    """Id of the row; `tiergate landscape row` shows it."""
    source: str
    """Where it is from, from when, under which licence and how it is known."""
    mark: str
    """What a reader has to know of how it is known; empty for primary text."""


class CountPart(DocumentPart):
    """How many of those who were looked at do something."""

    topic: str
    """The practice or the indicator."""
    region: str
    """Where they are; empty when that was no condition."""
    words: str
    """The count in words."""
    number: int
    """How many do."""
    of: int
    """How many were looked at."""
    rest: dict[str, int]
    """What was found of the others; empty where the source knows only yes and no."""
    counted: tuple[str, ...]
    """Ids of the rows that say that they do."""
    looked_at: tuple[str, ...]
    """Ids of every row that was looked at."""
    mark: str
    """How many of them nobody here read at first hand; empty when none."""


class PracticePart(SourcedPart):
    """What was found of one practice."""

    practice: str
    """The practice."""
    found: str
    """``yes``, ``partly``, ``no``, ``not found``, ``not checked`` or ``stated``."""
    says: str
    """That, in words."""


class DeveloperPart(SourcedPart):
    """A developer of open weights."""

    name: str
    """Its name."""
    region: str
    """Where it is."""
    models: str
    """The models that were looked at."""
    asks: str
    """What it says that it does before a release; empty where nothing was found."""
    clause: str
    """Id of that among the obligations; empty where nothing was found."""
    practices: tuple[PracticePart, ...]
    """What was found."""


class RatingPart(SourcedPart):
    """What somebody else says of a developer."""

    developer: str
    """The developer."""
    rating: str
    """Whose rating, of what."""
    value: str
    """The rating."""


class DevelopersDocument(DocumentPart):
    """What ``tiergate landscape developers --json`` prints."""

    format: Literal["tiergate-developers/1"] = "tiergate-developers/1"
    """Version of this format."""
    vintage: str
    """The day of the data."""
    counts: tuple[CountPart, ...]
    """How many do what; not found is never counted as no."""
    developers: tuple[DeveloperPart, ...]
    """By name."""
    ratings: tuple[RatingPart, ...]
    """What others rated."""
    credits: tuple[str, ...]
    """Whom to name."""


class PlacePart(DocumentPart):
    """What a jurisdiction asks, counted."""

    place: str
    """The jurisdiction."""
    applies: dict[str, int]
    """How many of its clauses are binding, pending, voluntary, or ask nothing."""
    states: dict[str, int]
    """How they stand by the decision; empty without one."""


class DutyPart(SourcedPart):
    """One thing that a jurisdiction asks."""

    id: str
    """Its id."""
    place: str
    """The jurisdiction."""
    topic: str
    """What it is about."""
    applies: str
    """``binding``, ``pending``, ``voluntary`` or ``asks nothing``."""
    since: str
    """From when it holds; empty when no date belongs to it."""
    asks: str
    """What it asks, with how it is known."""
    applies_to: str
    """Of whom, or of what."""
    answered_by: tuple[str, ...]
    """Parts of the policy that answer it; empty without a decision."""
    outcome: str | None
    """What the decision found; null without one, and where no requirement of the tier answers."""
    state: str
    """How it stands by the decision, in words; empty without one."""


class JudgedPart(DocumentPart):
    """The decision beside which the clauses stand."""

    subject_name: str
    """Name of the checkpoint."""
    root_digest: str
    """Its identity."""
    policy: str
    """The policy that decided."""
    tier: str
    """The tier in question."""
    outcome: str
    """What was found about it."""


class MatrixDocument(DocumentPart):
    """What ``tiergate landscape matrix --json`` prints."""

    format: Literal["tiergate-matrix/1"] = "tiergate-matrix/1"
    """Version of this format."""
    as_of: str
    """When the facts were read."""
    at: str
    """The day for which it is said what binds."""
    decision: JudgedPart | None
    """The decision; null without one."""
    places: tuple[PlacePart, ...]
    """The jurisdictions that were asked for."""
    duties: tuple[DutyPart, ...]
    """What they ask."""


class CasePart(SourcedPart):
    """Something that happened to a release."""

    date: str
    """When."""
    who: str
    """Who did it."""
    what: str
    """What it was done to."""
    happened: str
    """What happened."""
    element: str
    """The element of tiering in it."""


class CasesDocument(DocumentPart):
    """What ``tiergate landscape cases --json`` prints."""

    format: Literal["tiergate-cases/1"] = "tiergate-cases/1"
    """Version of this format."""
    vintage: str
    """The day of the data."""
    cases: tuple[CasePart, ...]
    """The newest first."""


class CostPart(SourcedPart):
    """What it took to remove a safeguard, or to fail."""

    model: str
    """From which model."""
    method: str
    """How."""
    cost: str
    """What it took, as published."""
    usd: str | None
    """That in US dollars, decimal text; null where neither money nor time was published."""
    usd_is_computed: bool
    """Whether the dollars were computed from hours, at the price that is named."""
    bound: str
    """``at most`` or ``about``; empty without an amount."""
    metric: str
    """What was counted."""
    before: str
    """Before; empty when that was not published."""
    after: str
    """After."""
    caveat: str
    """What speaks against relying on it."""


class CostsDocument(DocumentPart):
    """What ``tiergate landscape costs --json`` prints."""

    format: Literal["tiergate-costs/1"] = "tiergate-costs/1"
    """Version of this format."""
    vintage: str
    """The day of the data."""
    costs: tuple[CostPart, ...]
    """In the order of the table."""


class RowDocument(SourcedPart):
    """What ``tiergate landscape row --json`` prints."""

    format: Literal["tiergate-row/1"] = "tiergate-row/1"
    """Version of this format."""
    vintage: str
    """The day of the data; of an obligation, when the facts were read."""
    table: str
    """The table that it is of."""
    values: dict[str, str]
    """What it says, by column."""
