# SPDX-License-Identifier: Apache-2.0
"""Files by the digest of their content, in a folder: written once, read for ever.

A file is written beside its place, hashed on the way, made durable and only then given its
name, so that whatever has a name is whole. Nobody outside asks for a file by its digest.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tiergate.errors import DigestMismatchError

CHUNK_BYTES = 1 << 20
"""What is read and written at once."""


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
        with self.arriving() as arriving:
            for chunk in chunks:
                arriving.write(chunk)
            self.keep(arriving, sha256, where)

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
        if self.has(sha256):
            return
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

    def settle(self, place: Path) -> None:
        """Make it durable, and give it its name."""
        self._file.flush()
        os.fsync(self._file.fileno())
        os.fchmod(self._file.fileno(), 0o444)
        self._path.replace(place)


def name_of(sha256: str) -> str:
    """Return the path of content within the folder.

    >>> name_of("sha256:" + "ab" * 32)[:17]
    'sha256/ab/ab/abab'
    """
    digits = sha256.removeprefix("sha256:")
    return f"sha256/{digits[:2]}/{digits[2:4]}/{digits}"


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
