# SPDX-License-Identifier: Apache-2.0
"""An outline that others ask for, filled from what is known, with what is missing marked.

Every filled sentence carries what it rests on. A sentence says what somebody stated, what was
counted, what the files are or what was decided, and never that something is safe: an outline is
filled by evidence alone, and what nobody stated stays missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tiergate.landscape.obligations import by_id, shipped_files
from tiergate.report.escaping import shown

_SPECIAL = str.maketrans(
    {c: f"\\{c}" for c in "\\`*_[]|#~"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A sentence that something known stands behind."""

    sentence: str
    """What is said, as plain text."""
    rests_on: tuple[str, ...]
    """What it rests on; never empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Something that is asked for and that nothing here says."""

    what: str
    """What."""
    remedy: str
    """What to run, or to do, so that it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of an outline."""

    title: str
    """Its title."""
    asks: str
    """What is asked for there; empty when the title says it."""
    clauses: tuple[str, ...]
    """Ids of the clauses that ask for it; empty when none does."""
    filled: tuple[Filled, ...]
    """What is known."""
    missing: tuple[Missing, ...]
    """What is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A whole outline."""

    id: str
    """Its id, as in ``eu-model-report``."""
    title: str
    """Its title."""
    preface: tuple[str, ...]
    """What a reader has to know first, a paragraph each."""
    front_matter: str
    """YAML to stand in front, fences left out; empty when none does."""
    sections: tuple[Section, ...]
    """Its parts."""

    @property
    def missing(self) -> int:
        """How many things are missing."""
        return sum(len(section.missing) for section in self.sections)


def markdown(outline: Outline) -> str:
    """Return the outline as Markdown; what it quotes can neither format nor link."""
    return "\n".join(_lines(outline)) + "\n"


def _lines(outline: Outline) -> Iterator[str]:
    if outline.front_matter:
        yield from ("---", outline.front_matter.rstrip("\n"), "---", "")
    yield f"# {escaped(outline.title)}"
    filled = sum(len(section.filled) for section in outline.sections)
    for paragraph in (*outline.preface, f"Filled: {filled}. Missing: {outline.missing}."):
        yield from ("", escaped(paragraph))
    for section in outline.sections:
        yield from ("", f"## {escaped(section.title)}", "")
        asked = " ".join(filter(None, (section.asks, _clauses(section))))
        if asked:
            yield from (f"*Asked for: {escaped(asked)}*", "")
        for each in section.filled:
            yield f"- {escaped(each.sentence)}"
            yield f"  - rests on: {escaped('; '.join(each.rests_on))}"
        for gap in section.missing:
            yield f"- **Missing:** {escaped(gap.what)}"
            remedy = shown(gap.remedy)
            yield (
                f"  - next: `{remedy}`"
                if gap.remedy.startswith("tiergate ")
                else (f"  - next: {escaped(gap.remedy)}")
            )


def _clauses(section: Section) -> str:
    """Name the clauses, with the mark of those whose own text was not read."""
    known = by_id(shipped_files())
    names = (f"{name}{known[name].mark if name in known else ''}" for name in section.clauses)
    return f"({', '.join(names)})" if section.clauses else ""


def escaped(text: str) -> str:
    """Return ``text`` for Markdown: on one line, formatting and markup as plain characters."""
    return str(shown(" ".join(text.split()))).translate(_SPECIAL)
