# SPDX-License-Identifier: Apache-2.0
"""Contents read through and hashed, each with the marked copies that are made of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tiergate.gateway.objects import CHUNK_BYTES, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A file of a copy."""

    grant: str
    """Whose it is."""
    sha256: str
    """Its digest."""
    size_bytes: int
    """Its length."""
    where: str
    """How messages name it."""


class Pass:
    """Hashes one marked copy while its original is read."""

    def __init__(self, marked: Marked, header: bytes, skipped: int) -> None:
        self.marked = marked
        self._hasher = hashlib.sha256(header)
        self._left_out = skipped
        self._size_bytes = len(header)

    def take(self, chunk: bytes) -> None:
        """Take more of the original."""
        piece = memoryview(chunk)[self._left_out :]
        self._left_out = max(0, self._left_out - len(chunk))
        self._hasher.update(piece)
        self._size_bytes += len(piece)

    @property
    def expected(self) -> str:
        """Digest and length as they were when it was made."""
        return f"{self.marked.sha256} of {self.marked.size_bytes} bytes"

    @property
    def found(self) -> str:
        """Digest and length of what was taken."""
        return f"sha256:{self._hasher.hexdigest()} of {self._size_bytes} bytes"


class Reading:
    """Reads contents, and tells how much of them so far."""

    def __init__(self, progress: Callable[[int], object]) -> None:
        self._progress = progress
        self._bytes = 0

    def through(self, source: Source, size: int, passes: Sequence[Pass] = ()) -> str:
        """Return the digest of a content.

        Raises:
            OSError: it cannot be read.
        """
        hasher, left = hashlib.sha256(), size
        content = source(0, size)
        try:
            while left and (chunk := content.read(min(CHUNK_BYTES, left))):
                hasher.update(chunk)
                for each in passes:
                    each.take(chunk)
                left -= len(chunk)
                self._bytes += len(chunk)
                self._progress(self._bytes)
        finally:
            content.close()
        return f"sha256:{hasher.hexdigest()}"
