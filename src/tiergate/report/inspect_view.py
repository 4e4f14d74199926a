# SPDX-License-Identifier: Apache-2.0
"""How to open the log behind a document in Inspect View, the viewer of Inspect AI.

Inspect View serves a folder of logs and shows those that end in ``.eval`` or ``.json``. A
log has the address ``#/logs/NAME`` there, a sample ``#/logs/NAME/samples/sample/ID/EPOCH``.
A log is said to be somewhere only where whoever writes the page found a file with its
digest there.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

from tiergate.evidence.provenance import SourceFile
from tiergate.report.facts import LogPlace

ADDRESS = "http://127.0.0.1:7575"
"""Where Inspect View listens unless it is told otherwise."""
_SUFFIXES = frozenset({".eval", ".json"})
_FOLDER = "FOLDER"
_COPIES = "inspect-logs"


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectView:
    """How to open one log."""

    file_name: str
    """Name of the log."""
    link: str
    """Relative link to the file; empty when nobody found it."""
    path: str
    """The same as a path; empty when nobody found it."""
    commands: tuple[str, ...]
    """What to run; ``FOLDER`` stands for the folder that the log is in, where nobody found it."""
    address: str
    """Address of the log while that runs; empty when the viewer cannot address its name."""
    sample_address: str
    """Address of one of its samples, with ``ID`` and ``EPOCH`` to put in."""


def is_inspect_log(source: SourceFile) -> bool:
    """Tell whether a document was read from a log that Inspect View can show."""
    return (
        source.format.startswith("inspect-") and PurePosixPath(source.file_name).suffix in _SUFFIXES
    )


def view_of(source: SourceFile | None, places: tuple[LogPlace, ...]) -> InspectView | None:
    """Return how to open the log; None when it is not one of Inspect's."""
    if source is None or not is_inspect_log(source):
        return None
    # Whoever wrote the document chose the name, and it ends up in a command.
    name = PurePosixPath(source.file_name).name
    place = next((place for place in places if place.sha256 == source.sha256), None)
    path = "" if place is None else place.path
    found = PurePosixPath(path or f"{_FOLDER}/{name}")
    commands = [_view(str(found.parent))]
    if found.suffix in _SUFFIXES:
        name = found.name
    else:
        copy = shlex.join(["cp", path, f"{_COPIES}/{name}"])
        commands = [f"mkdir -p {_COPIES}", copy, _view(_COPIES)]
    # The viewer cuts an address at these, even when they are quoted.
    address = (
        ""
        if set(name) & set("#?")
        else f"{ADDRESS}/#/logs/{quote(name, safe='', errors='replace')}"
    )
    return InspectView(
        file_name=name,
        link=_link(path),
        path=path,
        commands=tuple(commands),
        address=address,
        sample_address=f"{address}/samples/sample/ID/EPOCH" if address else "",
    )


def _view(folder: str) -> str:
    return shlex.join(["inspect", "view", "start", "--log-dir", folder])


def _link(path: str) -> str:
    if not path:
        return ""
    quoted = quote(path, errors="replace")
    # A first part with a colon would be read as a scheme.
    return quoted if quoted.startswith("../") else f"./{quoted}"
