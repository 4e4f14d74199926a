# SPDX-License-Identifier: Apache-2.0
"""Opening a foreign file: hashed first, then read, and still the same file afterwards."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.values import as_text, parse_object

MAX_JSON_BYTES = 1024**3
"""A log that is one JSON text is held in memory whole; a longer one is refused."""

MAX_SNIFF_BYTES = 64 * 1024**2
"""To learn what a file is, no more than this is parsed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedFile:
    """A file whose bytes have been hashed and can now be read."""

    name: str
    """Last part of its path; messages name the file so."""
    handle: BinaryIO
    """Positioned at the start."""
    sha256: str
    """Digest of the bytes, ``sha256:<hex>``."""
    size_bytes: int
    """Length of the file."""

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
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
            handle.seek(0)
            yield OpenedFile(
                name=name, handle=handle, sha256=f"sha256:{digest}", size_bytes=before[0]
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
