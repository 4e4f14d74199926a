# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate report --as ... --json`` prints, field by field."""

from __future__ import annotations

from typing import Literal

from tiergate.decision.document import DocumentPart
from tiergate.report.outline import Outline


class FilledPart(DocumentPart):
    """A sentence that something known stands behind."""

    sentence: str
    """What is said."""
    rests_on: tuple[str, ...]
    """What it rests on; never empty."""


class MissingDetailPart(DocumentPart):
    """Something that is asked for and that nothing here says."""

    what: str
    """What."""
    remedy: str
    """What to run, or to do, so that it is there."""


class SectionPart(DocumentPart):
    """One part of the outline."""

    title: str
    """Its title."""
    asks: str
    """What is asked for there; empty when the title says it."""
    clauses: tuple[str, ...]
    """Ids of the clauses that ask for it."""
    filled: tuple[FilledPart, ...]
    """What is known."""
    missing: tuple[MissingDetailPart, ...]
    """What is not."""


class OutlineDocument(DocumentPart):
    """What ``tiergate report --as ... --json`` prints."""

    format: Literal["tiergate-outline/1"] = "tiergate-outline/1"
    """Format and version of this document."""
    id: str
    """Which outline."""
    title: str
    """Its title."""
    root_digest: str
    """The checkpoint."""
    decision: str
    """Digest of the record, or of the decision while nobody signed it."""
    preface: tuple[str, ...]
    """What a reader has to know first."""
    front_matter: str
    """YAML to stand in front; empty when none does."""
    sections: tuple[SectionPart, ...]
    """Its parts."""
    missing: int
    """How many things are missing."""
    exit_code: int
    """The exit code of the command."""


def outline_document(
    outline: Outline, *, root_digest: str, decision: str, exit_code: int
) -> OutlineDocument:
    """Build what is printed."""
    names = ("id", "title", "preface", "front_matter", "missing")
    return OutlineDocument(
        root_digest=root_digest,
        decision=decision,
        sections=tuple(SectionPart.model_validate(section) for section in outline.sections),
        exit_code=exit_code,
        **{name: getattr(outline, name) for name in names},
    )
