# SPDX-License-Identifier: Apache-2.0
"""JSON lines of hub metadata, packed with gzip or not: every line read, or counted with why not.

A line that is too long is passed over without being held. A file that unpacks to far more than
such metadata does is refused.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tiergate.errors import InputError
from tiergate.landscape.watch.hub_row import row_of_json
from tiergate.landscape.watch.row import Row
from tiergate.landscape.watch.tally import SHOWN

LONGEST_LINE_BYTES = 4 * 1024 * 1024
"""A longer line is no row."""
_FREE_BYTES = 256 * 1024 * 1024
_MOST_TIMES = 250
_BUFFER_BYTES = 1024 * 1024


class JsonLines:
    """The rows of one file. Go through it once; afterwards it says what could not be read."""

    def __init__(self, path: Path) -> None:
        """Read this file; whether it is packed is told by its first bytes."""
        self._path = path
        self.unreadable = 0
        self.reasons: list[str] = []
        self.lines = 0

    def __iter__(self) -> Iterator[Row]:
        """Yield every row that can be read.

        Raises:
            InputError: the file cannot be opened or unpacked, unpacks to far too much, or has
                lines and not one row.
        """
        read = 0
        try:
            with self._path.open("rb") as raw:
                for line in _lines(_unpacked(raw, self._path)):
                    self.lines += 1
                    row = self._row(line)
                    if row is not None:
                        read += 1
                        yield row
        except (OSError, EOFError, zlib.error) as error:
            words = getattr(error, "strerror", None) or str(error)
            found = f"a file that cannot be read ({words})"
            raise InputError(
                str(self._path), found, "JSON lines, packed with gzip or not"
            ) from None
        if self.unreadable and not read:
            remedy = "One repository a line, as list_models(full=True, cardData=True) gives it."
            found = f"{self.unreadable} lines and no row; the first: {self.reasons[0]}"
            raise InputError(
                str(self._path), found, "objects with an id of the form org/name", remedy
            )

    def _row(self, line: bytes | None) -> Row | None:
        if line is None:
            self._count(f"longer than {LONGEST_LINE_BYTES} bytes")
            return None
        if not line.strip():
            return None
        try:
            return row_of_json(line)
        except ValueError as error:
            self._count(str(error))
            return None

    def _count(self, reason: str) -> None:
        self.unreadable += 1
        if len(self.reasons) < SHOWN:
            self.reasons.append(f"line {self.lines}: {reason}")


def _lines(stream: IO[bytes]) -> Iterator[bytes | None]:
    """Yield lines; None in place of one that is too long."""
    while line := stream.readline(LONGEST_LINE_BYTES + 1):
        if len(line) <= LONGEST_LINE_BYTES or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(LONGEST_LINE_BYTES)
        yield None


def _unpacked(raw: IO[bytes], path: Path) -> IO[bytes]:
    magic = raw.read(2)
    size = raw.seek(0, io.SEEK_END)
    raw.seek(0)
    if magic != b"\x1f\x8b":
        return raw
    limited = _Limited(gzip.GzipFile(fileobj=raw), size, path)
    return io.BufferedReader(limited, _BUFFER_BYTES)


class _Limited(io.RawIOBase):
    """What a packed file unpacks to, as long as that is in proportion."""

    def __init__(self, packed: gzip.GzipFile, size_bytes: int, path: Path) -> None:
        self._packed = packed
        self._most = max(_FREE_BYTES, size_bytes * _MOST_TIMES)
        self._path = path
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # any writable buffer
        data = self._packed.read(len(view))
        self._given += len(data)
        if self._given > self._most:
            found = f"more than {self._most} bytes when unpacked"
            expected = f"at most {_MOST_TIMES} times the size of the file"
            remedy = "Unpack it yourself if you trust it, and give the file without .gz."
            raise InputError(str(self._path), found, expected, remedy)
        view[: len(data)] = data
        return len(data)
