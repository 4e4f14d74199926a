# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate landscape update`` prints for people."""

from __future__ import annotations

from collections.abc import Iterator

from tiergate.cli.landscape_update_documents import TableChangePart, UpdateDocument
from tiergate.cli.text import plural, shortened, wrapped

_SHOWN = 5


def lines(found: UpdateDocument) -> Iterator[str]:
    """Say what was written, and what is other than before."""
    if found.folder is None:
        yield f"Nothing new since the vintage {found.before}. Nothing was written."
        return
    yield from wrapped(f"Vintage {found.vintage}: {found.folder}", "  ", "", keep_words=True)
    yield f"Against the vintage {found.before}:"
    for change in found.changes:
        yield ""
        yield from _change(change)
    yield ""
    refitted = (
        "The index was fitted anew: figures of the two vintages are not on one scale, and are never"
        " mixed."
        if found.refitted
        else "No figure that was known before is another."
    )
    yield from wrapped(refitted, "")
    for part in found.carried:
        yield from wrapped(f"As it was: {part.table}, read {part.read}", "  ", "")
    if found.unknown_access:
        words = f"Not known here, and counted as unknown: {', '.join(found.unknown_access)}"
        yield from wrapped(words, "  ", "")
    yield from wrapped(f"Use it with --vintage {found.folder}", "  ", "", keep_words=True)


def _change(found: TableChangePart) -> Iterator[str]:
    yield f"{found.table}: {plural(found.after, 'row')}, {found.before} before"
    yield from _names("new", found.new)
    yield from _names("gone", found.gone)
    if found.moved:
        yield f"  {len(found.moved)} moved, the furthest:"
        for move in found.moved[:_SHOWN]:
            yield f"    {move.before:>7} to {move.after:>7}  {shortened(move.name, 50)}"


def _names(word: str, names: tuple[str, ...]) -> Iterator[str]:
    if names:
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        yield from wrapped(f"{len(names)} {word}: {', '.join(names[:_SHOWN])}{more}", "    ", "  ")
