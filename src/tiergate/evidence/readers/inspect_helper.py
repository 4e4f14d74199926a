# SPDX-License-Identifier: Apache-2.0
"""The later half of a long log, read by a second process.

Decoding keeps the interpreter to itself, so that a second thread would not help. The helper
is this module, run by the same interpreter. It is handed the open file and not its path, so
that it reads what is being hashed, and gives back what each sample left, or the error that
reading gave. When it cannot be started or ends without a word, its half is read here. It is
asked through a pipe that stays open, and ends when that closes, so that it outlives nobody.
"""

from __future__ import annotations

import io
import itertools
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from threading import Thread
from typing import IO, BinaryIO, Protocol, Self, cast

import msgspec

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.archive import Archive
from tiergate.evidence.readers.archive_limits import ArchiveLimits
from tiergate.evidence.readers.inspect_members import SampleMembers
from tiergate.evidence.readers.inspect_sample import Outcome, SampleKey, SampleParser
from tiergate.evidence.readers.source import OpenedFile

_ROWS_AT_ONCE = 1000
_LENGTH_BYTES = 8
# One batch holds ids and scores alone; what claims to be longer is no message of ours.
_LONGEST_MESSAGE_BYTES = 1024**3

# A number is a list of its text, to be told from a text.
_Value = str | bool | list[str] | None


class _Request(msgspec.Struct):
    """What the helper is asked to read."""

    code: str
    """Where this module is; another one could read a log in another way."""
    name: str
    descriptor: int
    start: int
    limits: ArchiveLimits


class _Left(msgspec.Struct, array_like=True, gc=False):
    """What an attempt left; see ``Outcome``."""

    names: tuple[str, ...]
    values: list[_Value]
    scorers: list[str]
    errored: bool
    limited: bool
    invalidated: bool
    edited: int
    fallbacks: list[str]
    retries: int


class _Batch(msgspec.Struct, array_like=True):
    """Some samples, by id, epoch and the number of what they left; the first is number 0."""

    new: list[_Left]
    rows: list[tuple[str, int, int]]


class _Verdict(msgspec.Struct):
    """How many batches follow, or what is wrong with the log."""

    batches: int = 0
    refusal: tuple[str, str, str, str] | None = None


class Helper:
    """A process that reads a part of a log. It ends when the block that it is used in does."""

    def __init__(
        self,
        file: OpenedFile,
        start: int,
        limits: ArchiveLimits,
        *,
        interpreter: str = "",
    ) -> None:
        """Describe the part.

        Args:
            file: the log.
            start: how many members of the archive come before those that are to be read.
            limits: what the archive may ask of the machine.
            interpreter: Python, with this package; the one that runs unless given.
        """
        descriptor = file.handle.fileno()
        self._request = _Request(__file__, file.name, descriptor, start, limits)
        # Where Python is a part of another program, there is none to be run.
        self._interpreter = interpreter or sys.executable or ""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start the process, if that is possible."""
        # -P: modules that lie in the current folder are not ours.
        command = [self._interpreter, "-P", "-m", __name__]
        # What cannot be started, or has ended already, is found out when its answer is wanted.
        with suppress(OSError):
            self._process = subprocess.Popen(  # noqa: S603 - this very module
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=[self._request.descriptor],
            )
            if self._process.stdin:
                os.write(self._process.stdin.fileno(), msgspec.json.encode(self._request) + b"\n")
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        if self._process:
            self._process.kill()
            self._process.communicate()

    def outcomes(self) -> Iterator[tuple[SampleKey, Outcome]] | None:
        """Return what each sample left; None when the process cannot tell.

        Raises:
            EvidenceError: as reading the samples here would.
        """
        pipe = self._process.stdout if self._process else None
        first = _message(pipe) if pipe else None
        if not pipe or first is None:
            return None
        try:
            verdict = msgspec.msgpack.decode(first, type=_Verdict)
        except msgspec.MsgspecError:
            return None
        if verdict.refusal:
            raise EvidenceError(*verdict.refusal)
        batches = [_message(pipe) for _ in range(verdict.batches)]
        whole = [batch for batch in batches if batch is not None]
        return _received(whole) if len(whole) == verdict.batches else None


def worth_helping(content_bytes: int, least_bytes: int) -> bool:
    """Tell whether a log is long enough for a helper, and a core is there for it."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return content_bytes >= least_bytes and (cores or 1) > 1


def _message(pipe: IO[bytes]) -> bytes | None:
    """Return the next message; None when the other side has ended."""
    length = int.from_bytes(pipe.read(_LENGTH_BYTES), "big")
    if not 0 < length <= _LONGEST_MESSAGE_BYTES:
        return None
    content = pipe.read(length)
    return content if len(content) == length else None


def _received(batches: list[bytes]) -> Iterator[tuple[SampleKey, Outcome]]:
    decoder = msgspec.msgpack.Decoder(_Batch)
    outcomes: list[Outcome] = []
    for batch in map(decoder.decode, batches):
        outcomes += map(_outcome, batch.new)
        for name, epoch, number in batch.rows:
            yield (name, epoch), outcomes[number]


def _outcome(left: _Left) -> Outcome:
    return Outcome(
        kept=True,
        names=left.names,
        values=tuple(Decimal(v[0]) if isinstance(v, list) else v for v in left.values),
        scorers=frozenset(left.scorers),
        errored=left.errored,
        limited=left.limited,
        invalidated=left.invalidated,
        edited=left.edited,
        fallbacks=frozenset(left.fallbacks),
        retries=left.retries,
    )


def _left(outcome: Outcome) -> _Left:
    return _Left(
        names=outcome.names,
        values=[[str(v)] if isinstance(v, Decimal) else v for v in outcome.values],
        scorers=sorted(outcome.scorers),
        errored=outcome.errored,
        limited=outcome.limited,
        invalidated=outcome.invalidated,
        edited=outcome.edited,
        fallbacks=sorted(outcome.fallbacks),
        retries=outcome.retries,
    )


def answers(request: bytes) -> list[bytes]:
    """Read what is asked for and return the messages that say what was found."""
    asked = msgspec.json.decode(request, type=_Request)
    try:
        archive = Archive(cast("BinaryIO", _Positioned(asked.descriptor)), asked.name, asked.limits)
        found = SampleMembers(archive, asked.name).outcomes(SampleParser(), asked.start)
        batches = [msgspec.msgpack.encode(batch) for batch in _batches(found)]
    except EvidenceError as error:
        refusal = (error.where, error.found, error.expected, error.remedy)
        return [msgspec.msgpack.encode(_Verdict(refusal=refusal))]
    return [msgspec.msgpack.encode(_Verdict(batches=len(batches))), *batches]


def _batches(found: Iterator[tuple[SampleKey, Outcome]]) -> Iterator[_Batch]:
    numbers: dict[Outcome, int] = {}
    while some := list(itertools.islice(found, _ROWS_AT_ONCE)):
        batch = _Batch(new=[], rows=[])
        for (name, epoch), outcome in some:
            if (number := numbers.get(outcome)) is None:
                number = numbers[outcome] = len(numbers)
                batch.new.append(_left(outcome))
            batch.rows.append((name, epoch, number))
        yield batch


class _Positioned:
    """A file that is open elsewhere too, read at places of its own."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._position = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, counted from the start or from the end."""
        end = os.fstat(self._descriptor).st_size if whence == io.SEEK_END else 0
        self._position = end + offset
        return self._position

    def read(self, size: int) -> bytes:
        """Return so many bytes, or fewer at the end of the file."""
        content = os.pread(self._descriptor, size, self._position)
        self._position += len(content)
        return content


class _Output(Protocol):
    def write(self, content: bytes, /) -> int:
        """Write."""
        ...


def write_answers(request: bytes, output: _Output) -> None:
    """Write what was found to ``output``; nothing when other code was to be asked."""
    if msgspec.json.decode(request, type=_Request).code == __file__:
        for message in answers(request):
            output.write(len(message).to_bytes(_LENGTH_BYTES, "big") + message)


def _end_with(descriptor: int) -> None:
    """End this process as soon as the other side of a pipe is closed."""
    while os.read(descriptor, 1):
        pass
    os._exit(1)


class _ToOneWhoIsThere:
    """An output that says nothing once the other side of a pipe is closed."""

    def __init__(self, output: IO[bytes], asker: int) -> None:
        self._output = output
        self._events = select.poll()
        self._events.register(asker, 0)

    def write(self, content: bytes) -> int:
        """Write, or end this process where nobody asks any more."""
        if self._events.poll(0):
            os._exit(1)
        return self._output.write(content)


def main() -> None:
    """Answer the request that is the first line of the standard input."""
    request, asker = sys.stdin.buffer.readline(), sys.stdin.fileno()
    Thread(target=_end_with, args=(asker,), daemon=True).start()
    write_answers(request, _ToOneWhoIsThere(sys.stdout.buffer, asker))


if __name__ == "__main__":
    main()
