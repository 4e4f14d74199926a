# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate landscape update --json`` prints. Figures are decimal text."""

from __future__ import annotations

from typing import Literal

from tiergate.decision.document import DocumentPart
from tiergate.landscape.updating import Move, TableChange, Update


class MovePart(DocumentPart):
    """A row whose figure changed."""

    name: str
    """What it is about."""
    before: str
    """What it was."""
    after: str
    """What it is."""


class TableChangePart(DocumentPart):
    """How a table differs from the one before."""

    table: str
    """Its name."""
    before: int
    """Rows that it had."""
    after: int
    """Rows that it has."""
    new: tuple[str, ...]
    """What has a row and had none."""
    gone: tuple[str, ...]
    """What had a row and has none."""
    moved: tuple[MovePart, ...]
    """What has another figure, the largest change first."""


class CarriedPart(DocumentPart):
    """A table that came along as it was."""

    table: str
    """Its name."""
    read: str
    """When it was read."""


class UpdateDocument(DocumentPart):
    """What ``tiergate landscape update --json`` prints."""

    format: Literal["tiergate-vintage-update/1"] = "tiergate-vintage-update/1"
    """Version of this format."""
    before: str
    """The vintage that it was compared with."""
    vintage: str
    """The new vintage; the one before when nothing is new."""
    folder: str | None
    """Where it was written; null when nothing is new."""
    refitted: bool
    """Whether what was known before has other figures, so that the two do not compare."""
    changes: tuple[TableChangePart, ...]
    """Tables that were fetched."""
    carried: tuple[CarriedPart, ...]
    """Tables that came along as they were."""
    unknown_access: tuple[str, ...]
    """Classes of access that this program does not know; their models count as unknown."""


def update_document(found: Update) -> UpdateDocument:
    """Return an update as it is printed."""
    return UpdateDocument(
        before=found.before,
        vintage=found.id,
        folder=None if found.folder is None else str(found.folder),
        refitted=found.is_refitted,
        changes=tuple(map(_change, found.changes)),
        carried=tuple(CarriedPart(table=name, read=read) for name, read in found.carried),
        unknown_access=found.unknown_access,
    )


def _change(found: TableChange) -> TableChangePart:
    return TableChangePart(
        table=found.table,
        before=found.before,
        after=found.after,
        new=found.new,
        gone=found.gone,
        moved=tuple(map(_move, found.moved)),
    )


def _move(found: Move) -> MovePart:
    before, after = (f"{value:.2f}" for value in (found.before, found.after))
    return MovePart(name=found.name, before=before, after=after)
