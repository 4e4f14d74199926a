# SPDX-License-Identifier: Apache-2.0
"""Files by the digest of their content, in a folder: written once, read for ever.

A file is written beside its place, hashed on the way, made durable and only then given its
name, so that whatever has a name is whole. Nobody outside asks for a file by its digest.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol

from tiergate.errors import DigestMismatchError

CHUNK_BYTES = 1 << 20
"""What is read and written at once."""


class Content(Protocol):
    """Bytes that are read one after the other."""

    def read(self, size: int, /) -> bytes:
        """Return at most that many; nothing at the end."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


Source = Callable[[int, int], Content]
"""Opens a content from a byte on, up to and without another; may raise OSError, and does so where
that many bytes are not there."""
KIND = "sha256"
"""Begins the name of everything that is kept."""
_DIGITS = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One file that is there."""

    name: str
    """Where, from where the files are on; with slashes."""
    sha256: str
    """The digest that it stands under; empty where no file of a model would be."""
    size_bytes: int
    """Its length."""


class Objects:
    """A folder of files known by their SHA-256."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def place_of(self, sha256: str) -> Path:
        """Return where the content with that digest is, or would be.

        Args:
            sha256: ``sha256:<64 hex>``.
        """
        return self._folder / name_of(sha256)

    def source(self, sha256: str, size_bytes: int | None = None) -> Source:
        """Return what opens the content with that digest, unless it is of another length.

        Args:
            sha256: its digest.
            size_bytes: its length; None for any that has what is asked for.
        """
        return from_file(self.place_of(sha256), size_bytes)

    def shown(self, sha256: str) -> str:
        """Return how messages name the place of a content."""
        return str(self.place_of(sha256))

    def stored(self) -> Iterator[Stored]:
        """Yield what is there, whatever it is; not what is still coming in."""
        folder = self._folder / KIND
        for path in folder.rglob("*"):
            if path.is_dir():
                continue
            size = 0
            with suppress(OSError):  # whoever reads it is told
                size = path.stat().st_size
            name = path.relative_to(self._folder).as_posix()
            yield Stored(name=name, sha256=sha256_of(name), size_bytes=size)

    def temporary_url(self, sha256: str) -> str:
        """Return where everybody gets that content for a minute; empty for nowhere."""
        del sha256
        return ""

    def size_of(self, sha256: str) -> int:
        """Return how long the content with that digest is.

        Raises:
            OSError: it is not there.
        """
        return self.place_of(sha256).stat().st_size

    @contextmanager
    def opened(self, sha256: str) -> Iterator[BinaryIO]:
        """Yield the content with that digest, to read here and there.

        Raises:
            OSError: it is not there.
        """
        with self.place_of(sha256).open("rb") as file:
            yield file

    @property
    def _incoming(self) -> Path:
        return self._folder / "incoming"

    def tidy(self, before: float) -> int:
        """Delete what came in half and was left by a program that was killed.

        Args:
            before: seconds since 1970; what was written to since then may still be coming in.

        Returns:
            How many files there were.
        """
        left = [
            path
            for path in (self._incoming.iterdir() if self._incoming.is_dir() else ())
            if path.stat().st_mtime < before
        ]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def require(self) -> None:
        """See that it can be read; a folder that is not there yet is made when it is written to."""

    def has(self, sha256: str) -> bool:
        """Tell whether that content is there."""
        return self.place_of(sha256).is_file()

    def add(self, chunks: Iterable[bytes], sha256: str, where: str) -> None:
        """Keep content; nothing happens when it is there already.

        Args:
            chunks: the content.
            sha256: its digest.
            where: how messages name it.

        Raises:
            DigestMismatchError: it has another digest; nothing is kept.
            OSError: it cannot be written; nothing is kept.
        """
        if self.has(sha256):
            return
        try:
            with self.arriving() as arriving:
                for chunk in chunks:
                    arriving.write(chunk)
                self.keep(arriving, sha256, where)
        except OSError as error:
            if error.filename or error.errno is None:
                raise
            # A disk that is full says so of no file.
            named = f"{self._folder}, while {where} came in"
            raise OSError(error.errno, error.strerror, named) from error

    @contextmanager
    def arriving(self) -> Iterator[Arriving]:
        """Yield a place for content to come in; what is not kept within the block is gone."""
        staging = self._incoming
        staging.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=staging)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield Arriving(file, Path(temporary))
        finally:
            Path(temporary).unlink(missing_ok=True)

    def keep(self, arriving: Arriving, sha256: str, where: str) -> None:
        """Keep what has come in, of which every byte was hashed; also when it is there already.

        Args:
            arriving: the whole content.
            sha256: the digest that it has to have.
            where: how messages name it.

        Raises:
            DigestMismatchError: it has another digest; nothing is kept.
            OSError: it cannot be made durable; nothing is kept.
        """
        if arriving.sha256 != sha256:
            found = f"content with digest {arriving.sha256}"
            raise DigestMismatchError(where, found, sha256)
        if not self.has(sha256):
            self._settle(arriving, sha256)

    def _settle(self, arriving: Arriving, sha256: str) -> None:
        place = self.place_of(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        arriving.settle(place)
        # Each of these may be new, and is durable when the one above it is.
        for folder in (place.parent, *place.parents[1:4]):
            _sync_folder(folder)


class Arriving:
    """Content on its way in, hashed as it comes; nobody can ask for it yet."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path
        self._hasher = hashlib.sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        """Digest of what has come so far."""
        return f"sha256:{self._hasher.hexdigest()}"

    def write(self, chunk: bytes) -> None:
        """Take more of it."""
        self._hasher.update(chunk)
        self._file.write(chunk)
        self.size_bytes += len(chunk)

    def whole(self) -> Path:
        """Return where all that has come is."""
        self._file.flush()
        return self._path

    def settle(self, place: Path) -> None:
        """Make it durable, and give it its name."""
        self._file.flush()
        os.fsync(self._file.fileno())
        os.fchmod(self._file.fileno(), 0o444)
        self._path.replace(place)


def from_file(path: Path, size_bytes: int | None = None) -> Source:
    """Return what opens a file, unless it is of another length; None for any."""
    return partial(_from, path, size_bytes)


def _from(path: Path, size_bytes: int | None, first: int, end: int) -> BinaryIO:
    file = path.open("rb")
    try:
        require_length(os.fstat(file.fileno()).st_size, size_bytes, end, str(path))
        file.seek(first)
    except BaseException:
        file.close()
        raise
    return file


def require_length(found: int, wanted: int | None, end: int, where: str) -> None:
    """Refuse a content of another length, before any of it is read.

    Args:
        found: its length.
        wanted: that which it should have; None where that is not known.
        end: up to where it will be read.
        where: how messages name it.

    Raises:
        OSError: it has another length, or ends before that.
    """
    if found < end or wanted not in {None, found}:
        words = f"{found} bytes, where there should be {end if wanted is None else wanted}"
        raise OSError(errno.EIO, words, where)


def name_of(sha256: str) -> str:
    """Return the path of content within the folder.

    >>> name_of("sha256:" + "ab" * 32)[:17]
    'sha256/ab/ab/abab'
    """
    digits = sha256.removeprefix("sha256:")
    return f"{KIND}/{digits[:2]}/{digits[2:4]}/{digits}"


def sha256_of(name: str) -> str:
    """Return the digest of what has that path within the folder; empty for no such path.

    >>> sha256_of(name_of("sha256:" + "ab" * 32))[:13], sha256_of("sha256/ab/cd/abab")
    ('sha256:ababab', '')
    """
    digits = name.rpartition("/")[2]
    sha256 = f"sha256:{digits}"
    return sha256 if _DIGITS.fullmatch(digits) and name_of(sha256) == name else ""


def chunks_of(path: Path) -> Iterator[bytes]:
    """Yield the content of a file, a chunk at a time."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
