# SPDX-License-Identifier: Apache-2.0
"""What a run has found, on disk as it finds it, so that a killed run loses no finished trial.

A file of lines. The first says what the run is, and a run is only continued as what it began
as; each further line is the result of one trial, with the digest of its bytes::

    {"format":"tiergate-attack-journal/1","plan":{"seed":7,"suite":"TR1", ...}}
    {"digest":"sha256:...","result":{"trial":{...},"points":[...],"error":"","restored":"..."}}

A line is written at once and is on the disk before the next trial starts. Whatever a killed
process or a full disk left of a last line is cut off when the file is opened again. Anything
else that does not read is an error: a result in the middle is never left out silently.

A trial that ended in an error, as when a grader did not answer, has a line like others. When the
run goes on it is tried again, and only then may a second line stand for it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tiergate.errors import InputError, MeasurementError
from tiergate.evidence.tampering.trial import TrialResult
from tiergate.model.digest import sha256_digest

FORMAT = "tiergate-attack-journal/1"
_WORDS_SHOWN = 60


class Journal:
    """The results of one run, in one file that nobody else writes while it is open."""

    def __init__(self, path: Path, file: int, found: dict[str, TrialResult], note: str) -> None:
        """Take an open, locked and whole file; use :meth:`open`."""
        self.path = path
        self.found = found
        """Results by id of the trial, in the order in which they were written; of those that
        were there when the file was opened, the ones without an error."""
        self.note = note
        """What will be done again, and why; empty when nothing will."""
        self._file = file

    @classmethod
    def open(cls, path: Path, plan: Mapping[str, Any]) -> Journal:
        """Open the journal of a run, or begin it.

        Args:
            path: the file; its folder is made.
            plan: what the run is, as plain JSON values by name: everything that its results
                depend on. A run that is continued must have the same.

        Raises:
            InputError: the file is another run's, is no journal, or a line of it is damaged.
            MeasurementError: another process has it open, or it cannot be written.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            _lock(file, path)
            found, note = _whole(file, path, plan)
        except BaseException:
            os.close(file)
            raise
        return cls(path, file, found, note)

    def add(self, result: TrialResult) -> None:
        """Write the result of a trial and return when it is on the disk.

        Raises:
            ValueError: the trial is there already; nothing is counted twice.
            MeasurementError: it cannot be written, as when the disk is full. The results
                before it are kept.
        """
        name = result.trial.id
        if name in self.found:
            raise ValueError(f"trial {name} is in the journal already")
        content = _compact(result.to_json())
        _append(self.file, self.path, _line(content))
        self.found[name] = TrialResult.from_json(json.loads(content))

    @property
    def file(self) -> int:
        """Descriptor of the open file.

        Raises:
            ValueError: it was closed.
        """
        if self._file < 0:
            raise ValueError("the journal is closed")
        return self._file

    def close(self) -> None:
        """Let others have the file."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1

    def __enter__(self) -> Self:
        """Return the journal itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


def _lock(file: int, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise MeasurementError(
            str(path),
            "a run that is still writing it",
            "one run at a time",
            "Wait for it, or choose another --output.",
        ) from error


def _whole(file: int, path: Path, plan: Mapping[str, Any]) -> tuple[dict[str, TrialResult], str]:
    """Return the results in the file and what was cut off, and leave only whole lines in it."""
    header = _compact({"format": FORMAT, "plan": dict(plan)}) + b"\n"
    content = _read(file)
    lines = content.splitlines(keepends=True)
    if not content.endswith(b"\n") and header.startswith(content):
        # A new file, or one whose very first line was not finished: there is no result in it.
        _cut(file, 0)
        _append(file, path, header)
        _sync_folder(path.parent)
        return {}, ""
    _require_same_plan(lines[0], plan, path)
    results, is_torn = _results(lines[1:], path)
    if is_torn:
        _cut(file, len(content) - len(lines[-1]))
    found = {name: result for name, result in results.items() if not result.error}
    return found, _note(len(results) - len(found), path, is_torn=is_torn)


def _results(lines: Sequence[bytes], path: Path) -> tuple[dict[str, TrialResult], bool]:
    """Read every line; a last one that does not read was not finished."""
    results: dict[str, TrialResult] = {}
    for number, line in enumerate(lines, start=2):
        result = _result(line)
        if result is None and number == len(lines) + 1:
            return results, True
        if result is None:
            raise _damaged(f"{path}:{number}", "a damaged line")
        before = results.pop(result.trial.id, None)
        if before is not None and not before.error:
            raise _damaged(f"{path}:{number}", "a trial that is there already")
        results[result.trial.id] = result
    return results, False


def _note(failed: int, path: Path, *, is_torn: bool) -> str:
    words = []
    if is_torn:
        words.append("an unfinished last line was cut off; its trial runs again")
    if failed:
        words.append(f"{failed} trial{'s' * (failed != 1)} that ended in an error will run again")
    return f"{path}: {'; '.join(words)}" if words else ""


def _result(line: bytes) -> TrialResult | None:
    """Read a line; None when it is not whole or its digest is not that of its result."""
    try:
        given = json.loads(line)
        content = _compact(given["result"])
        is_whole = line == _line(content)
        return TrialResult.from_json(given["result"]) if is_whole else None
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError):
        return None


def _require_same_plan(line: bytes, plan: Mapping[str, Any], path: Path) -> None:
    try:
        header = json.loads(line)
        before, kind = dict(header["plan"]), header["format"]
    except (ValueError, LookupError, TypeError) as error:
        raise InputError(
            str(path), "a file that is no journal of a run", FORMAT, "Choose another --output."
        ) from error
    if kind != FORMAT:
        raise InputError(str(path), f"a journal of format {_shown(kind)}", FORMAT)
    now = json.loads(_compact(dict(plan)))
    differ = sorted(n for n in before.keys() | now.keys() if before.get(n) != now.get(n))
    if differ:
        was = ", ".join(f"{name} {_shown(before.get(name))}" for name in differ)
        wanted = ", ".join(f"{name} {_shown(now.get(name))}" for name in differ)
        raise InputError(
            str(path),
            f"the journal of another run, with {was}",
            wanted,
            "Choose another --output, or give what that run was given.",
        )


def _shown(value: object) -> str:
    words = json.dumps(value, sort_keys=True)
    return words if len(words) <= _WORDS_SHOWN else words[: _WORDS_SHOWN - 1] + "…"


def _damaged(where: str, found: str) -> InputError:
    return InputError(
        where,
        found,
        "the result of one trial, as it was written",
        "Restore the file, or choose another --output and run anew.",
    )


def _compact(value: object) -> bytes:
    """Write JSON in one way only, so that equal values are equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _line(content: bytes) -> bytes:
    return b'{"digest":"%s","result":%s}\n' % (sha256_digest(content).encode(), content)


def _read(file: int) -> bytes:
    os.lseek(file, 0, os.SEEK_SET)
    parts = []
    while part := os.read(file, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def _cut(file: int, size: int) -> None:
    os.ftruncate(file, size)
    os.fsync(file)


def _append(file: int, path: Path, line: bytes) -> None:
    """Append a line and wait for the disk; on failure leave the file as it was."""
    before = os.fstat(file).st_size
    try:
        written = 0
        while written < len(line):
            written += os.write(file, line[written:])
        os.fsync(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.ftruncate(file, before)
        raise MeasurementError(
            str(path),
            f"a result that cannot be written ({error.strerror})",
            "room on the disk",
            "Make room and run the same command again; finished trials are kept.",
        ) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
