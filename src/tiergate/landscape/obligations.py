# SPDX-License-Identifier: Apache-2.0
"""What laws, codes and developers ask: records with clause, standing, source and date.

A file holds the documents that were read and what each of them asks. What is no requirement of a
release says why, so that nothing is left out in silence.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from tiergate.landscape.sources import CalendarDate, ReadAs

Words = Annotated[str, Field(min_length=1)]
ObligationId = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9.-]*[A-Z0-9]$")]


class Standing(enum.StrEnum):
    """What a document is."""

    LAW = "law"
    """Enacted; it may come into force later."""
    VOLUNTARY = "voluntary"
    """A code or commitment for those who sign it."""
    GUIDANCE = "guidance"
    """By an authority or a body, without binding anybody."""
    DRAFT = "draft"
    """A bill, a proposal, or a text of which it is not verified that it holds."""
    PUBLISHED = "published"
    """A framework of a developer, or research."""
    PRACTICE = "practice"
    """What somebody does."""


class Part(BaseModel):
    """Base of every part of a file of obligations."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Document(Part):
    """A document that something is asked in."""

    name: Words
    """Its name."""
    place: Words
    """Jurisdiction in which it holds, or the developer whose it is."""
    standing: Standing
    """What it is."""
    url: Annotated[str, Field(pattern=r"^https://\S+$")]
    """Where it stands."""
    address: str = ""
    """What is not known about that address; left out when it is the document's own."""
    date: CalendarDate
    """Day, month or year of it."""


class ObligationPart(Part):
    """One thing that a document asks."""

    id: ObligationId
    """Its id, as policies name it."""
    document: Words
    """The document, by its name in this file."""
    clause: Words
    """Where in the document."""
    asks: Words
    """What it asks, in a sentence of one's own."""
    applies_to: Words
    """Of whom, or of what."""
    read_as: ReadAs
    """How it is known; anything but primary text is marked wherever it is shown."""
    in_force_from: date | None = None
    """From when it holds; left out when no date belongs to it."""
    note: str = ""
    """What else matters for open weights."""


class NotRequired(Part):
    """An obligation that is no requirement of a release."""

    id: ObligationId
    """Which."""
    reason: Words
    """Why."""


class ObligationsFile(Part):
    """A file of what documents ask."""

    format: Literal["tiergate-obligations/1"]
    """Format and version of this file."""
    group: Words
    """What the documents have in common."""
    as_of: date
    """When the facts in it were read."""
    documents: dict[str, Document]
    """The documents, by a short name."""
    obligations: Annotated[tuple[ObligationPart, ...], Field(min_length=1)]
    """What they ask."""
    not_release_requirements: tuple[NotRequired, ...] = ()
    """Those that no release can answer, or need not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """One thing that somebody asks, with where it stands."""

    id: str
    """Its id."""
    group: str
    """Which file it is from."""
    place: str
    """Jurisdiction or developer."""
    document: Document
    """The document."""
    clause: str
    """Where in the document."""
    asks: str
    """What it asks."""
    applies_to: str
    """Of whom, or of what."""
    read_as: ReadAs
    """How it is known."""
    in_force_from: date | None
    """From when it holds."""
    note: str
    """What else matters for open weights."""
    not_required: str
    """Why it is no requirement of a release; empty when it is one."""

    @property
    def mark(self) -> str:
        """What a reader has to know of how it is known, in brackets; empty for primary text."""
        return f" [{self.read_as.mark}]" if self.read_as.mark else ""

    @property
    def words(self) -> str:
        """What it asks, with its mark."""
        return f"{self.asks}{self.mark}"

    @property
    def source(self) -> str:
        """Where it stands: document, clause, standing, address, date and mark."""
        found = self.document
        force = "" if self.in_force_from is None else f", in force from {self.in_force_from}"
        address = f" ({found.address})" if found.address else ""
        where = f"{found.name}, {self.clause} ({found.standing}{force})"
        return f"{where}; {found.url}{address}, {found.date}{self.mark}"


def obligations_of(file: ObligationsFile) -> Iterator[Obligation]:
    """Yield every obligation of a file in which every name leads somewhere."""
    reasons = {row.id: row.reason for row in file.not_release_requirements}
    for part in file.obligations:
        document = file.documents[part.document]
        yield Obligation(
            **{**dict(part), "document": document},
            group=file.group,
            place=document.place,
            not_required=reasons.get(part.id, ""),
        )


def misnamed(file: ObligationsFile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the places of a file whose names lead nowhere, and what is wrong with them."""
    times = Counter(part.id for part in file.obligations)
    used = {part.document for part in file.obligations}
    for index, part in enumerate(file.obligations):
        if part.document not in file.documents:
            yield ("obligations", index, "document"), f"no document is called {part.document}"
        if times[part.id] > 1:
            yield ("obligations", index, "id"), f"{part.id} stands here twice"
    for name in file.documents.keys() - used:
        yield ("documents", name), "nothing is said to stand in this document"
    seen: set[str] = set()
    for index, row in enumerate(file.not_release_requirements):
        place = ("not_release_requirements", index, "id")
        if row.id not in times:
            yield place, f"no obligation is called {row.id}"
        if row.id in seen:
            yield place, f"{row.id} stands here twice"
        seen.add(row.id)


@cache
def shipped_files() -> tuple[ObligationsFile, ...]:
    """Return the files that ship, by their name."""
    folder = resources.files(__package__).joinpath("data")
    paths = sorted((p for p in folder.iterdir() if p.name.endswith(".yaml")), key=lambda p: p.name)
    return tuple(ObligationsFile.model_validate(_text(path.read_text("utf-8"))) for path in paths)


def as_of() -> str:
    """Say when the facts about jurisdictions that ship were read."""
    return max(file.as_of for file in shipped_files()).isoformat()


def _text(data: str) -> object:
    # Dates stay as they are written; this loader makes nothing but text, lists and mappings.
    return yaml.load(data, Loader=yaml.BaseLoader)  # noqa: S506


def by_id(files: Iterable[ObligationsFile]) -> Mapping[str, Obligation]:
    """Return every obligation of some files by its id, in the order of the files."""
    return {found.id: found for file in files for found in obligations_of(file)}
