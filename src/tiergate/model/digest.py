# SPDX-License-Identifier: Apache-2.0
"""SHA-256 of files, as fast as the cores or the disk allow.

Every byte is read once; hashlib releases the interpreter lock, so threads hash side by
side. A file that changes while it is read has no digest: that is an error.
"""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tiergate.errors import CheckpointError, ExtensionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

READ_SIZE_BYTES = 1024 * 1024
"""Large enough to amortise a system call, small enough to stay in a core's cache."""

ALGORITHMS = ("sha256", "blake2b", "blake3")
"""What a part of a file can be hashed with; a whole file always is with SHA-256."""

_OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class Hash(Protocol):
    """A hash that is being computed."""

    def update(self, data: memoryview, /) -> object:
        """Take more bytes."""

    def hexdigest(self) -> str:
        """Return the digest in hexadecimal."""
        ...


class Progress(Protocol):
    """Told how far the hashing is."""

    def __call__(self, bytes_done: int, /) -> None:
        """Receive the bytes hashed so far, over all files; called from worker threads, in turn."""


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of ``data`` as 64 lower-case hexadecimal digits, without a prefix.

    >>> sha256_hex(b"")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(data).hexdigest()


def sha256_digest(data: bytes) -> str:
    """Return the SHA-256 of ``data`` in the form of every public field: ``sha256:<64 hex>``.

    >>> sha256_digest(b"")[:15]
    'sha256:e3b0c442'
    """
    return f"sha256:{sha256_hex(data)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """What the file system says of a file; two equal states mean "not touched since"."""

    size_bytes: int
    """Length in bytes."""
    mtime_ns: int
    """Last change of the content, in nanoseconds since 1970."""
    ctime_ns: int
    """Last change of content or metadata, in nanoseconds since 1970."""
    inode: int
    """Number of the file within its device."""
    device: int
    """Device that holds the file."""

    @classmethod
    def of(cls, status: os.stat_result) -> FileState:
        """Read the state out of a ``stat`` result."""
        return cls(
            size_bytes=status.st_size,
            mtime_ns=status.st_mtime_ns,
            ctime_ns=status.st_ctime_ns,
            inode=status.st_ino,
            device=status.st_dev,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HashJob:
    """One file to hash."""

    path: Path
    """Where the file is; its last part is not a symbolic link."""
    label: str
    """How messages name the file."""
    state: FileState | None = None
    """The state that the file had when it was found; None accepts the state at opening."""
    sections: tuple[tuple[int, int], ...] = ()
    """Byte ranges (start, end) to hash on their own as well, ascending, not overlapping."""
    section_algorithm: str = "sha256"
    """With which of ``ALGORITHMS`` the sections are hashed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDigests:
    """What hashing one file gave."""

    sha256: str
    """Digest of the whole file, ``sha256:<64 hex>``."""
    sections: tuple[str, ...]
    """Digest of each section that was asked for, in the order of the job."""


def changed_while_read(label: str) -> CheckpointError:
    """Make the error for a file whose bytes moved under the reader."""
    return CheckpointError(
        label,
        "a file that changed while it was read",
        "files at rest",
        "Wait until nothing writes to the checkpoint, then run the command again.",
    )


def unreadable(label: str, error: OSError) -> CheckpointError:
    """Make the error for a file that the system does not let us read."""
    return CheckpointError(
        label,
        f"a file that cannot be read ({error.strerror or error})",
        "a readable regular file",
        "Fix its permissions or remove it.",
    )


def new_hash(algorithm: str) -> Hash:
    """Start a hash.

    Raises:
        ExtensionError: BLAKE3 is asked for and its package is not installed.
    """
    if algorithm == "blake3":
        try:
            from blake3 import blake3
        except ImportError:
            remedy = "Install it: pip install blake3"
            raise ExtensionError("blake3", "no such package", "BLAKE3", remedy) from None
        return blake3()
    return hashlib.blake2b() if algorithm == "blake2b" else hashlib.sha256()


class _Sections:
    """Hashes byte ranges of a stream that is fed in order."""

    def __init__(self, ranges: Sequence[tuple[int, int]], algorithm: str) -> None:
        self._ranges = ranges
        self._algorithm = algorithm
        self._hash = new_hash(algorithm)
        self.digests: list[str] = []

    def update(self, view: memoryview, position: int) -> None:
        """Take the bytes of the stream that start at ``position``."""
        stop = position + len(view)
        while len(self.digests) < len(self._ranges):
            start, end = self._ranges[len(self.digests)]
            if start >= stop and start != end:
                return
            self._hash.update(view[max(start - position, 0) : max(end - position, 0)])
            if end > stop:
                return
            self.digests.append(f"{self._algorithm}:{self._hash.hexdigest()}")
            self._hash = new_hash(self._algorithm)


def hash_file(job: HashJob, *, on_bytes: Callable[[int], None] | None = None) -> FileDigests:
    """Read one file once; return its SHA-256 and those of its sections.

    Args:
        job: the file, and the byte ranges to hash on their own.
        on_bytes: called with the length of each piece after it was hashed.

    Raises:
        CheckpointError: the file cannot be read, is not a regular file, is shorter than a
            section needs, or changed between being found and being hashed.
    """
    try:
        descriptor = os.open(job.path, _OPEN_FLAGS)
        try:
            status = os.fstat(descriptor)
            before = FileState.of(status)
            if not stat.S_ISREG(status.st_mode) or before != (job.state or before):
                raise changed_while_read(job.label)
            digests, length = _hash_descriptor(descriptor, before.size_bytes, job, on_bytes)
            if FileState.of(os.fstat(descriptor)) != before or length != before.size_bytes:
                raise changed_while_read(job.label)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise unreadable(job.label, error) from error
    if len(digests.sections) != len(job.sections):
        raise changed_while_read(job.label)
    return digests


def _hash_descriptor(
    descriptor: int, size_bytes: int, job: HashJob, on_bytes: Callable[[int], None] | None
) -> tuple[FileDigests, int]:
    whole, sections = hashlib.sha256(), _Sections(job.sections, job.section_algorithm)
    position = 0
    # One byte more than a small file needs, so that its end is seen without a second buffer.
    view = memoryview(bytearray(min(size_bytes + 1, READ_SIZE_BYTES)))
    while count := os.readv(descriptor, [view]):
        piece = view[:count]
        whole.update(piece)
        if job.sections:
            sections.update(piece, position)
        position += count
        if on_bytes is not None:
            on_bytes(count)
    sections.update(memoryview(b""), position)
    return (
        FileDigests(sha256=f"sha256:{whole.hexdigest()}", sections=tuple(sections.digests)),
        position,
    )


class Counter:
    """Adds up bytes from many threads and tells one listener."""

    def __init__(self, on_progress: Progress | None) -> None:
        self._on_progress = on_progress
        self._lock = threading.Lock()
        self._bytes_done = 0

    def add(self, count: int) -> None:
        """Count ``count`` more bytes."""
        if self._on_progress is None:
            return
        with self._lock:
            self._bytes_done += count
            self._on_progress(self._bytes_done)


def available_cores() -> int:
    """Return how many cores this process may use, at least 1."""
    # Not every POSIX system can say which cores a process may use.
    allowed = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))(0)
    return max(1, len(allowed))


def hash_files(
    jobs: Sequence[HashJob], *, workers: int | None = None, counter: Counter | None = None
) -> tuple[FileDigests, ...]:
    """Hash many files in parallel threads; the result has the order of ``jobs``.

    Args:
        jobs: the files; the largest are started first so that no core waits at the end.
        workers: number of threads; None uses every core that this process may use.
        counter: told of the bytes hashed.

    Raises:
        CheckpointError: as ``hash_file``; the remaining files are then not read.
    """
    count = min(workers or available_cores(), len(jobs))
    on_bytes = counter.add if counter is not None else None
    sizes = [0 if job.state is None else job.state.size_bytes for job in jobs]
    order = deque(sorted(range(len(jobs)), key=lambda index: -sizes[index]))
    found: dict[int, FileDigests] = {}

    def work() -> None:
        for index in _drain(order):
            try:
                found[index] = hash_file(jobs[index], on_bytes=on_bytes)
            except BaseException:
                order.clear()
                raise

    if count <= 1:
        work()
    else:
        with ThreadPoolExecutor(count, thread_name_prefix="tiergate-hash") as pool:
            try:
                for future in [pool.submit(work) for _ in range(count)]:
                    future.result()
            finally:
                # An interrupt from the keyboard must not wait for files that nobody started.
                order.clear()
    return tuple(found[index] for index in range(len(jobs)))


def _drain(queue: deque[int]) -> Iterator[int]:
    """Yield items until the queue is empty; safe to share between threads."""
    while True:
        try:
            yield queue.popleft()
        except IndexError:
            return
