# SPDX-License-Identifier: Apache-2.0
"""The lines of a long file, hashed by a second thread while the first one reads them.

Every block is taken from the file once, and both the digest and the lines are made of it,
so that what was hashed is what was read.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Self

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.values import as_text

# Small enough for the processor's cache, and large enough that taking the next block from
# the file gives the second thread the time to wake up.
_BLOCK_BYTES = 512 * 1024
# So many blocks may wait to be hashed; they bound the memory where that is the slower part.
_BLOCKS_AHEAD = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class HashedLines:
    """A file whose lines can be read once; after that it has a digest."""

    name: str
    """Last part of its path; messages name the file so."""
    size_bytes: int
    """Length of the file."""
    max_line_bytes: int
    """A longer line is refused."""
    _handle: io.FileIO
    """The open file."""
    _digest: _Digest
    """The digest of the blocks that have been taken from the file."""

    def batches(self) -> Iterator[tuple[int, list[bytes]]]:
        """Yield some lines at a time, or none, and the number of the first of them, from 1.

        Raises:
            EvidenceError: a line is too long.
        """
        number = 1
        for lines in _batches(self._blocks(), self.max_line_bytes):
            if max(map(len, lines)) > self.max_line_bytes:
                fitting = list(takewhile(lambda x: len(x) <= self.max_line_bytes, lines))
                yield number, fitting
                raise EvidenceError(
                    self.where(number + len(fitting)),
                    "a line without end",
                    f"at most {self.max_line_bytes} bytes",
                )
            yield number, lines
            number += len(lines)

    def where(self, number: int) -> str:
        """Return how messages name a line."""
        return f"{self.name}:{number}"

    def sha256(self) -> str:
        """Return the digest of what has been read, ``sha256:<hex>``; nothing more can be."""
        return f"sha256:{self._digest.hexdigest()}"

    def _blocks(self) -> Iterator[bytes]:
        while block := self._handle.read(_BLOCK_BYTES):
            self._digest.update(block)
            yield block


def _batches(blocks: Iterator[bytes], max_line_bytes: int) -> Iterator[list[bytes]]:
    """Cut blocks into lines; whoever gets a line that is too long will not ask for more."""
    begun = bytearray()
    for block in blocks:
        lines = io.BytesIO(block).readlines()
        if begun:
            begun += lines[0]
            lines[0] = bytes(begun)
            begun.clear()
        if not lines[-1].endswith(b"\n") and len(lines[-1]) <= max_line_bytes:
            begun += lines.pop()
        if lines:
            yield lines
    if begun:
        yield [bytes(begun)]


@contextmanager
def hashed_lines(path: Path, *, max_line_bytes: int) -> Iterator[HashedLines]:
    """Open ``path``; on leaving, make sure that it was not written to meanwhile.

    Raises:
        EvidenceError: not a readable regular file, or it changed while it was read.
    """
    name = as_text(path.name)
    try:
        if not path.is_file():
            raise EvidenceError(str(path), "no file", "a log file")
        with path.open("rb", buffering=0) as handle, _Digest() as digest:
            before = _state(handle)
            yield HashedLines(
                name=name,
                size_bytes=before[0],
                max_line_bytes=max_line_bytes,
                _handle=handle,
                _digest=digest,
            )
            if _state(handle) != before:
                raise EvidenceError(
                    name,
                    "a file that changed while it was read",
                    "a finished log",
                    "Wait until nothing writes to it, then read it again.",
                )
    except OSError as error:
        found = f"a file that cannot be read ({error.strerror or error})"
        raise EvidenceError(name, found, "a readable log") from error


def _state(handle: io.FileIO) -> tuple[int, int]:
    status = os.fstat(handle.fileno())
    return status.st_size, status.st_mtime_ns


class _Digest:
    """SHA-256 that a second thread works out."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._blocks: SimpleQueue[bytes] = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()
        self._thread = Thread(target=self._work, daemon=True)
        for _ in range(_BLOCKS_AHEAD):
            self._room.put(None)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._blocks.put(b"")
        self._thread.join()

    def update(self, block: bytes) -> None:
        """Hash a block, now or later; wait while too many are to be hashed already."""
        self._room.get()
        self._blocks.put(block)

    def hexdigest(self) -> str:
        """Return the digest of all blocks; no other one can follow."""
        self._blocks.put(b"")
        self._thread.join()
        return self._digest.hexdigest()

    def _work(self) -> None:
        while block := self._blocks.get():
            # hashlib leaves the interpreter to the other thread while it works.
            self._digest.update(block)
            self._room.put(None)
