# SPDX-License-Identifier: Apache-2.0
"""A JSON array of any length, taken apart with no more than a piece of it in memory.

Inspect writes the summaries of all samples into one array: 600 MB for 200,000 samples. It is
cut where an element seems to end and the next to begin, and what lies before is decoded.
The first element starts at the front and an object that decodes has ended where it should,
so a wrong guess shows. Then, as for anything unusual, the strict parser finds the end of each
element.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from tiergate.evidence.readers.archive_limits import too_large
from tiergate.evidence.readers.inspect_fields import CountedSample, SampleDecoder
from tiergate.evidence.readers.values import (
    as_list,
    as_object,
    parse_first,
    parse_json,
    unusable,
)

Summary = CountedSample | dict[str, object]
"""The counted fields of one summary, decoded, or all of its fields as strictly parsed."""

MAX_ELEMENT_BYTES = 64 * 1024**2
"""A longer element of the array is refused."""

_SPACE = b" \t\n\r"
_SPACES = re.compile(r"[ \t\n\r]*")
_IDENTITY = rb'\s*:\s*(?:"(?:[^"\\]|\\.)*"|\d+)\s*,\s*"epoch"'
_HEAD = re.compile(rb'(\s*\{\s*"id")' + _IDENTITY)
# Messages within an element may begin like an element, but seldom so many in a row.
_MOST_GUESSES = 100


def summaries(
    pieces: Iterable[bytes], where: str, *, element_bytes: int = MAX_ELEMENT_BYTES
) -> Iterator[Summary]:
    """Yield every element of a JSON array.

    Args:
        pieces: the text of the array, cut anywhere.
        where: how messages name the array.
        element_bytes: a longer element is refused.

    Raises:
        EvidenceError: no array, broken JSON, or an element that is too long.
    """
    array = _Array(where)
    for piece in pieces:
        yield from array.add(piece)
        if array.waiting_bytes > element_bytes:
            expected = f"at most {element_bytes} bytes"
            raise too_large(where, "a summary without end", expected)
    yield from array.rest()


class _Array:
    """What has been read of the array and not yet been taken apart."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._decoder = SampleDecoder()
        self._buffer = b""
        self._joint = b""
        self._next_head = _HEAD
        self._opened = False
        self._taken = False
        self._not_before_bytes = 0

    @property
    def waiting_bytes(self) -> int:
        """Length of what waits for its end."""
        return len(self._buffer)

    def add(self, piece: bytes) -> Sequence[Summary]:
        """Return every element that the piece completes, but for the last of the array."""
        self._buffer += piece
        # An element that was not there whole is not tried again for every piece of it.
        if len(self._buffer) < self._not_before_bytes or not (self._opened or self._open()):
            return []
        if end := self._guess():
            found = self._decoder.samples(b"[%b]" % self._buffer[:end])
            if found is not None:
                self._buffer = self._buffer[end + 1 :]
                self._taken = True
                return found
        return self._strictly()

    def rest(self) -> Sequence[Summary]:
        """Return the elements up to the end of the array."""
        text = b"[" + self._buffer if self._opened else self._buffer
        found: Sequence[Summary] | None = self._decoder.samples(text)
        if found is None:
            found = [as_object(value) for value in as_list(parse_json(text, self._where))]
        if self._taken and not found:
            raise unusable(self._where, "broken JSON (a comma without anything after it)")
        return found

    def _open(self) -> bool:
        text = self._buffer.lstrip(_SPACE)
        if not text:
            return False
        if not text.startswith(b"["):
            raise unusable(self._where, "JSON that is no array")
        self._opened, self._buffer = True, text[1:]
        return True

    def _guess(self) -> int:
        """Return where the last element that is there whole seems to end; 0 when unknown."""
        if not self._joint and (head := _HEAD.match(self._buffer)):
            self._joint = b"}," + head[1]
            self._next_head = re.compile(re.escape(self._joint) + _IDENTITY)
        position = len(self._buffer)
        for _ in range(_MOST_GUESSES if self._joint else 0):
            position = self._buffer.rfind(self._joint, 0, position)
            if position < 0:
                return 0
            if self._next_head.match(self._buffer, position):
                return position + 1
        return 0

    def _strictly(self) -> Sequence[Summary]:
        text, tail = self._decoded()
        found: list[Summary] = []
        start = 0
        while (value := parse_first(text, _skipped(text, start), self._where)) is not None:
            end = _skipped(text, value[1])
            if text[end : end + 1] != ",":
                break
            found.append(as_object(value[0]))
            start = end + 1
        self._buffer = text[start:].encode() + tail
        if found:
            # What stands between the first two may not be what stands between the others.
            self._taken, self._joint = True, b""
        self._not_before_bytes = 0 if found else 2 * len(self._buffer)
        return found

    def _decoded(self) -> tuple[str, bytes]:
        """Return the text, and the bytes of a character at its end that is cut short."""
        try:
            return self._buffer.decode("utf-8"), b""
        except UnicodeDecodeError as error:
            if error.end < len(self._buffer) or len(self._buffer) - error.start > 3:
                raise unusable(self._where, "bytes that are not UTF-8") from error
            return self._buffer[: error.start].decode("utf-8"), self._buffer[error.start :]


def _skipped(text: str, start: int) -> int:
    match = _SPACES.match(text, start)
    return match.end() if match else start
