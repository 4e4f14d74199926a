# SPDX-License-Identifier: Apache-2.0
"""The landscape as pages in a folder: no request, no build, and nothing that needs its script.

Every statement carries the ids of its rows and leads to them; every row stands on a page of its
table, with its source, its licence and how it is known.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from jinja2 import Template
from markupsafe import Markup

from tiergate import __version__
from tiergate.attestation.new_file import already_there, write_new_file
from tiergate.decision.safety_case_judged import JudgedTier
from tiergate.errors import InputError
from tiergate.landscape.matrix import GROUPS, obligation_values, row_id
from tiergate.landscape.obligations import Obligation, by_id, shipped_files
from tiergate.landscape.vintage import Row, TablePart, Vintage
from tiergate.report.landscape_case_pages import cases_page, costs_page
from tiergate.report.landscape_cells import Figure, Group, Page, Sheet
from tiergate.report.landscape_duties import obligations_page
from tiergate.report.landscape_pages import models_page, overview, timeline_page
from tiergate.report.landscape_practice_pages import openness_page, practice_page
from tiergate.report.page import environment

_OBLIGATIONS = "obligation"
_NOT_SHOWN = {"scores"}
"""Tables that no page quotes: single scores, which the program places models by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A row among the sources."""

    id: str
    """Its id, and its place on the page."""
    values: Mapping[str, str]
    """What it says, by column."""
    url: str
    """Where that is published."""
    facts: str
    """Everything about the source in one line."""
    mark: str
    """What a reader has to know of how it is known; empty for primary text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTable:
    """Rows of one table, with what holds for all of them."""

    name: str
    """Name of the table."""
    page: str
    """File of its page, without the ending."""
    about: tuple[tuple[str, str], ...]
    """What holds for the table, by name."""
    rows: tuple[SourceRow, ...]
    """Its rows."""


def pages_of(vintage: Vintage, at: date, judged: JudgedTier | None = None) -> tuple[Page, ...]:
    """Return the pages, the first one first."""
    return (
        overview(vintage),
        timeline_page(vintage),
        models_page(vintage),
        practice_page(vintage),
        openness_page(vintage),
        obligations_page(at, judged),
        cases_page(vintage),
        costs_page(vintage),
    )


def source_tables(vintage: Vintage) -> tuple[SourceTable, ...]:
    """Return every row that a page may quote, by table."""
    tables = (
        SourceTable(
            name=name,
            page=page_of(rows[0].id),
            about=tuple(_about(rows[0].table)),
            rows=tuple(map(_row, rows)),
        )
        for name, rows in vintage.tables.items()
        if rows and name not in _NOT_SHOWN
    )
    return (*tables, _obligation_table())


def _about(part: TablePart) -> Iterator[tuple[str, str]]:
    yield "source", part.source or "each row names its own"
    yield "read", part.read
    yield "licence", part.licence if part.source else f"{part.licence}, or as the row says"
    yield "credit", part.credit
    yield "changed", part.changed
    yield "file", f"{part.file}, sha256:{part.sha256}"


def _row(row: Row) -> SourceRow:
    return SourceRow(
        id=row.id,
        values=row.values,
        url=row.source_url,
        facts=row.source,
        mark=row.read_as.mark,
    )


def _obligation_table() -> SourceTable:
    found = [one for one in by_id(shipped_files()).values() if one.group in GROUPS]
    as_of = max(file.as_of for file in shipped_files())
    return SourceTable(
        name="obligations",
        page=page_of(row_id(found[0].id)),
        about=(("read", f"{as_of}"), ("licence", "Apache-2.0"), ("credit", "The Tiergate authors")),
        rows=tuple(map(_obligation, found)),
    )


def _obligation(found: Obligation) -> SourceRow:
    return SourceRow(
        id=row_id(found.id),
        values=obligation_values(found),
        url=found.document.url,
        facts=found.source,
        mark=found.read_as.mark,
    )


def page_of(row: str) -> str:
    """Return the page on which a row stands, without the ending of its file.

    >>> page_of("practices-17"), page_of("obligation-EU-COP-M1.1")
    ('rows-practices', 'rows-obligations')
    """
    if row.startswith(f"{_OBLIGATIONS}-"):
        return f"rows-{_OBLIGATIONS}s"
    return f"rows-{row.rpartition('-')[0]}"


def address_of(row: str) -> str:
    """Return the address of a row within the site."""
    return f"{page_of(row)}.html#{row}"


def render_site(
    vintage: Vintage, at: date, judged: JudgedTier | None = None
) -> Iterator[tuple[str, str]]:
    """Yield the names of the files with their text. The same input gives the same bytes.

    Args:
        vintage: what is shown.
        at: the day for which it is said which clauses bind.
        judged: a decision to hold the clauses against; None for none.
    """
    pages = pages_of(vintage, at, judged)
    tables = source_tables(vintage)
    shared = {
        "pages": pages,
        "vintage": vintage.id,
        "at": at.isoformat(),
        "version": __version__,
        "script": script(),
        "script_hash": _hash_of(script()),
        "sheet_style": Markup(_text("landscape.css")),  # noqa: S704 - our own file
        "address_of": address_of,
        "Sheet": Sheet,
        "Figure": Figure,
        "Group": Group,
    }
    for page in pages:
        text = _template("landscape_page.html.j2").render(page=page, **shared)
        yield f"{page.name}.html", text
    yield (
        "sources.html",
        _template("landscape_sources.html.j2").render(
            page=None, title="Sources", tables=tables, **shared
        ),
    )
    for table in tables:
        text = _template("landscape_rows.html.j2").render(
            page=None, title=f"Rows of {table.name}", table=table, **shared
        )
        yield f"{table.page}.html", text


def write_site(folder: Path, files: Mapping[str, str]) -> tuple[Path, ...]:
    """Write files by their names into a folder, made when it is not there; return their paths.

    All of them are written or none: a folder that is new or empty gets its name when it is
    whole, and of files that come beside others none is left when one cannot be written.

    Raises:
        InputError: a file of that name is there already.
        OSError: there is no way to write.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not os.path.lexists(folder) or (folder.is_dir() and not any(folder.iterdir())):
        _write_whole(folder, files)
    else:
        _write_beside(folder, files)
    return tuple(folder / name for name in files)


def _write_whole(folder: Path, files: Mapping[str, str]) -> None:
    place = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".part-"))
    try:
        for name, text in files.items():
            write_new_file(place / name, text.encode())
        place.chmod(0o755)
        # A rename replaces nothing but an empty folder; a link to one is what it points to.
        place.rename(folder.resolve())
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _write_beside(folder: Path, files: Mapping[str, str]) -> None:
    for name in files:
        if os.path.lexists(folder / name):
            raise already_there(folder / name)
    written: list[Path] = []
    try:
        for name, text in files.items():
            write_new_file(folder / name, text.encode())
            written.append(folder / name)
    except (OSError, InputError):
        for path in written:
            path.unlink()
        raise


@cache
def script() -> Markup:
    """Return the one script of the pages, which sorts and filters tables."""
    return Markup(_text("landscape.js"))  # noqa: S704 - our own file


def _hash_of(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _text(name: str) -> str:
    made = environment()
    assert made.loader is not None  # noqa: S101 - the environment of our own pages
    return made.loader.get_source(made, name)[0]


def _template(name: str) -> Template:
    return environment().get_template(name)
