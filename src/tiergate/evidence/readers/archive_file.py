# SPDX-License-Identifier: Apache-2.0
"""Two ways to read from the file of an archive: next to the last place, and bit by bit."""

from __future__ import annotations

from typing import BinaryIO

_WINDOW_BYTES = 256 * 1024


class Window:
    """A part of a file that is kept. Members stand in a row, so it often holds several."""

    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle
        self._start = 0
        self._content = b""

    def at(self, offset: int, length: int) -> tuple[bytes, int]:
        """Return a part of the file and the place in it that is ``offset`` in the file.

        From there it has ``length`` bytes, or fewer where the file ends.
        """
        position = offset - self._start
        if position < 0 or position + length > len(self._content):
            self._handle.seek(offset)
            self._content = self._handle.read(max(length, _WINDOW_BYTES))
            self._start, position = offset, 0
        return self._content, position


class Packed:
    """The packed bytes of one member, read from the file as they are needed."""

    def __init__(self, handle: BinaryIO, start: int, length: int) -> None:
        self._handle = handle
        self._position = start
        self._left = length

    def read(self, most_bytes: int = -1) -> bytes:
        """Return the next bytes; none at the end of the member, or of the file."""
        wanted = self._left if most_bytes < 0 else min(most_bytes, self._left)
        # Others read from the same file in between.
        self._handle.seek(self._position)
        content = self._handle.read(wanted)
        self._position += len(content)
        self._left -= len(content)
        return content
