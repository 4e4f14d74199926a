# SPDX-License-Identifier: Apache-2.0
"""Telling JSON files apart without parsing those of other tools."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tiergate.evidence.readers.source import MAX_SNIFF_BYTES, first_bytes, sniffed_keys

# Most first lines are short; the longest that is looked at is the last of these.
_FIRST_LINE_BYTES = (64 * 1024, 4 * 1024**2)


def mentions(path: Path, names: Iterable[str]) -> bool:
    """Tell whether a file starts like a JSON object and has every name in it, in quotes."""
    if not first_bytes(path, 64).lstrip().startswith(b"{"):
        return False
    # A file that is too long to be parsed for its keys is not searched for them either.
    if path.stat().st_size > MAX_SNIFF_BYTES:
        return False
    content = first_bytes(path, MAX_SNIFF_BYTES)
    return all(f'"{name}"'.encode() in content for name in names)


def has_keys(path: Path, keys: frozenset[str]) -> bool:
    """Tell whether a file is a JSON object with these keys among those at its top."""
    return mentions(path, keys) and keys <= sniffed_keys(path)


def first_line_mentions(path: Path, words: Iterable[str]) -> bool:
    """Tell whether one of the words stands in the first line, as far as that is looked at."""
    sought = [word.encode() for word in words]
    for count in _FIRST_LINE_BYTES:
        line, newline, _ = first_bytes(path, count).partition(b"\n")
        if any(word in line for word in sought):
            return True
        if newline or len(line) < count:
            return False
    return False
