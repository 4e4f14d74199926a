# SPDX-License-Identifier: Apache-2.0
"""Opening a foreign file: hashed while it is read, and the same file from start to end.

A long file is hashed by a second thread from the same open file. It counts as unchanged
when its size and its time of change are the same before the first byte is read or hashed
and after the last one is, so that what was hashed is what was read.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import BinaryIO, Self

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.values import as_text, parse_object

MAX_JSON_BYTES = 1024**3
"""A log that is one JSON text is held in memory whole; a longer one is refused."""

MAX_SNIFF_BYTES = 64 * 1024**2
"""To learn what a file is, no more than this is parsed."""

_BLOCK_BYTES = 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedFile:
    """A file that can be read, and whose bytes are hashed."""

    name: str
    """Last part of its path; messages name the file so."""
    handle: BinaryIO
    """Positioned at the start."""
    size_bytes: int
    """Length of the file."""
    digest: Digest = field(repr=False)
    """Hashes the bytes."""

    @property
    def sha256(self) -> str:
        """Digest of the bytes, ``sha256:<hex>``; waits until all of them are hashed."""
        return self.digest.text()

    def read_all(self, *, most_bytes: int = MAX_JSON_BYTES) -> bytes:
        """Return the whole content.

        Raises:
            EvidenceError: the file is longer than ``most_bytes``.
        """
        if self.size_bytes > most_bytes:
            raise EvidenceError(
                self.name,
                f"one JSON text of {self.size_bytes} bytes",
                f"at most {most_bytes}",
                "Write the log in the tool's own compressed format.",
            )
        return self.handle.read(self.size_bytes)


@contextmanager
def opened(path: Path) -> Iterator[OpenedFile]:
    """Open and hash ``path``; on leaving, make sure that it was not written to meanwhile.

    Raises:
        EvidenceError: not a readable regular file, or it changed while it was read.
    """
    name = as_text(path.name)
    try:
        if not path.is_file():
            raise EvidenceError(str(path), "no file", "a log file")
        with path.open("rb") as handle:
            before = _state(handle)
            with Digest(handle.fileno(), before[0]) as digest:
                yield OpenedFile(name=name, handle=handle, size_bytes=before[0], digest=digest)
                digest.text()
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


class Digest:
    """The SHA-256 digest of an open file, made while others read from it."""

    def __init__(self, descriptor: int, size_bytes: int) -> None:
        self._descriptor = descriptor
        self._size_bytes = size_bytes
        self._hash = hashlib.sha256()
        self._failure: OSError | None = None
        self._wanted = True
        # A thread takes longer to start than a short file to hash.
        self._thread = Thread(target=self._run) if size_bytes > _BLOCK_BYTES else None

    def __enter__(self) -> Self:
        """Start to hash."""
        if self._thread:
            self._thread.start()
        else:
            self._run()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop; without an error before, everything has been hashed."""
        self._wanted = False
        if self._thread:
            self._thread.join()

    def text(self) -> str:
        """Wait for the end and return ``sha256:<hex>``.

        Raises:
            OSError: the file could not be read.
        """
        if self._thread:
            self._thread.join()
        if self._failure:
            raise self._failure
        return f"sha256:{self._hash.hexdigest()}"

    def _run(self) -> None:
        position = 0
        try:
            while self._wanted and position < self._size_bytes:
                # Reading at a place of its own leaves the place of the others alone.
                block = os.pread(self._descriptor, _BLOCK_BYTES, position)
                if not block:
                    return
                self._hash.update(block)
                position += len(block)
        except OSError as error:
            self._failure = error


def _state(handle: BinaryIO) -> tuple[int, int]:
    status = os.fstat(handle.fileno())
    return status.st_size, status.st_mtime_ns


def first_bytes(path: Path, count: int) -> bytes:
    """Return up to ``count`` bytes from the start; none when there is no such readable file."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as handle:
            return handle.read(count)
    except OSError:
        return b""


def sniffed_keys(path: Path) -> frozenset[str]:
    """Return the top-level keys of a JSON object; none when the file is not a readable one."""
    if first_bytes(path, 64).lstrip()[:1] != b"{":
        return frozenset()
    try:
        with opened(path) as file:
            return frozenset(parse_object(file.read_all(most_bytes=MAX_SNIFF_BYTES), file.name))
    except EvidenceError:
        return frozenset()
