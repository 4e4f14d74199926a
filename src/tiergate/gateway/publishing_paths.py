# SPDX-License-Identifier: Apache-2.0
"""Which files a revision may have, by their paths."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from tiergate.gateway.targets import is_file_path
from tiergate.model.files import is_no_part

MOST_FILES = 20_000


def is_left_out(path: str) -> bool:
    """Tell whether a file is no part of a checkpoint, wherever it is found.

    >>> is_left_out(".git/config"), is_left_out("config.json")
    (True, False)
    """
    folders = list(_prefixes(path))[:-1]
    within = any(is_no_part(folder, is_folder=True) for folder in folders)
    return within or is_no_part(path, is_folder=False)


def is_possible(path: object) -> bool:
    """Tell whether a file can be named so, and then be asked for.

    >>> is_possible("a/b.txt"), is_possible("../b.txt"), is_possible(["a"])
    (True, False, False)
    """
    return isinstance(path, str) and is_file_path(path)


def collision(paths: Iterable[str]) -> tuple[str, str] | None:
    """Return two paths that cannot stand beside each other on every system; None for none.

    Those are paths that differ in the case of letters or in how letters are put together, and a
    file that would be a folder as well.

    >>> collision(["a/b", "A/c"]), collision(["a", "a/b"]), collision(["a/b", "a/c"])
    (('a', 'A'), ('a', 'a/b'), None)
    """
    seen: dict[str, tuple[str, bool]] = {}
    for path in paths:
        for prefix in _prefixes(path):
            mine = (prefix, prefix == path)
            known = seen.setdefault(_folded(prefix), mine)
            if known != mine:
                return known[0], prefix if known[0] != prefix else path
    return None


def _prefixes(path: str) -> Iterator[str]:
    """Yield every folder that a path is in, and the path."""
    parts = path.split("/")
    return ("/".join(parts[: depth + 1]) for depth in range(len(parts)))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())
