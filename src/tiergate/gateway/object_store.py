# SPDX-License-Identifier: Apache-2.0
"""Files by the digest of their content, in a bucket that speaks S3.

What comes in is staged in the gateway's folder, hashed there, and sent to the bucket when it is
whole. What goes out is read from the bucket and passes through the gateway, which asks on the way
whether it still may; only what is open to everybody can be fetched from the bucket itself, by an
address that is signed for a minute.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from tiergate.errors import ExtensionError, InputError
from tiergate.gateway.objects import (
    CHUNK_BYTES,
    KIND,
    Arriving,
    Objects,
    Source,
    Stored,
    name_of,
    require_length,
    sha256_of,
)

if TYPE_CHECKING:
    from obstore.store import ObjectStore

URL_SECONDS = 60
"""How long an address counts under which everybody gets a content."""
_PART_BYTES = 16 * CHUNK_BYTES
"""What is sent at once; S3 takes ten thousand of them."""
_PARTS_AT_ONCE = 4
_QUICKLY = {"max_retries": 2, "retry_timeout": timedelta(seconds=6)}
"""A client waits ten seconds for an answer."""
_CLIENT = {"connect_timeout": "4s", "read_timeout": "30s", "timeout": "1d"}
"""A download may take as long as its reader does."""
_MOST_BREAKS = 3
"""How often a content may break off without a byte in between."""


class Bucket(Objects):
    """A bucket of files known by their SHA-256."""

    def __init__(
        self, store: ObjectStore, staging: Path, patient: ObjectStore | None = None
    ) -> None:
        """Use a store.

        Args:
            store: what answers soon or not at all.
            staging: folder for what comes in.
            patient: the same, for what may take long; None for the same one.
        """
        super().__init__(staging)
        self._store = store
        self._patient = patient or store

    @classmethod
    def at(cls, url: str, staging: Path) -> Bucket:
        """Use the bucket at an address; keys and endpoint are in the variables ``AWS_*``.

        Args:
            url: ``s3://BUCKET/PREFIX``.
            staging: folder for what comes in.

        Raises:
            ExtensionError: the extra is not installed.
            InputError: it is no such address.
        """
        try:
            from obstore.exceptions import BaseError
            from obstore.store import S3Store
        except ImportError:
            remedy = "Install it: pip install 'tiergate[s3]'"
            raise ExtensionError(
                "--objects", "no obstore", "the extra tiergate[s3]", remedy
            ) from None
        if not url.startswith("s3://"):
            raise InputError("--objects", repr(url), "s3://BUCKET/PREFIX")
        # Options of the client take the place of this variable, which the store reads itself.
        client: Any = {**_CLIENT, "allow_http": _is_true("AWS_ALLOW_HTTP")}
        try:
            return cls(
                S3Store.from_url(url, client_options=client, retry_config=cast("Any", _QUICKLY)),
                staging,
                S3Store.from_url(url, client_options=client),
            )
        except BaseError as error:
            words = str(error).splitlines()[0]
            raise InputError("--objects", f"{url!r} ({words})", "s3://BUCKET/PREFIX") from None

    def require(self) -> None:
        """See that the bucket answers.

        Raises:
            OSError: it does not, or not to these keys.
        """
        self.has(f"sha256:{'0' * 64}")

    def place_of(self, sha256: str) -> Path:
        """Refuse: what is in a bucket has no path.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(sha256)

    def has(self, sha256: str) -> bool:
        """Tell whether that content is there.

        Raises:
            OSError: the bucket does not answer.
        """
        try:
            self.size_of(sha256)
        except FileNotFoundError:
            return False
        return True

    def size_of(self, sha256: str) -> int:
        """Return how long the content with that digest is."""
        import obstore

        with _translated(sha256):
            return obstore.head(self._store, name_of(sha256))["size"]

    def source(self, sha256: str, size_bytes: int | None = None) -> Source:
        """Return what opens the content with that digest, unless it is of another length."""
        return partial(_Streamed, self._store, sha256, size_bytes)

    def shown(self, sha256: str) -> str:
        """Return how messages name the place of a content."""
        return f"{name_of(sha256)} in the bucket"

    def stored(self) -> Iterator[Stored]:
        """Yield what is there, whatever it is."""
        import obstore

        with _translated("the bucket"):
            for page in obstore.list(self._store, prefix=KIND):
                for found in page:
                    name, size = found["path"], found["size"]
                    yield Stored(name=name, sha256=sha256_of(name), size_bytes=size)

    def temporary_url(self, sha256: str) -> str:
        """Return where everybody gets that content for a minute; empty for nowhere."""
        import obstore
        from obstore.store import S3Store

        if not isinstance(self._store, S3Store):
            return ""
        with _translated(sha256):
            return obstore.sign(self._store, "GET", name_of(sha256), timedelta(seconds=URL_SECONDS))

    @contextmanager
    def opened(self, sha256: str) -> Iterator[BinaryIO]:
        """Yield the content with that digest, to read here and there."""
        import obstore

        with _translated(sha256):
            reader = obstore.open_reader(self._store, name_of(sha256), buffer_size=CHUNK_BYTES)
        yield cast("BinaryIO", _Seekable(reader))

    def _settle(self, arriving: Arriving, sha256: str) -> None:
        import obstore

        with _translated(sha256):
            obstore.put(
                self._patient,
                name_of(sha256),
                arriving.whole(),
                chunk_size=_PART_BYTES,
                max_concurrency=_PARTS_AT_ONCE,
            )
        if self.size_of(sha256) != arriving.size_bytes:
            raise OSError(errno.EIO, "another length than was sent", sha256)


class _Seekable:
    """A content that is read here and there, as bytes."""

    def __init__(self, reader: Any) -> None:  # noqa: ANN401 - a class that cannot be named
        self._reader = reader

    def read(self, size: int = -1, /) -> bytes:
        """Read as asked for."""
        with _translated("content"):
            return bytes(self._reader.read(None if size < 0 else size))

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go somewhere."""
        return int(self._reader.seek(offset, whence))

    def tell(self) -> int:
        """Return where it is."""
        return int(self._reader.tell())


class _Streamed:
    """Part of a content, taken up again where it breaks off."""

    def __init__(
        self, store: ObjectStore, sha256: str, size_bytes: int | None, first: int, end: int
    ) -> None:
        self._store = store
        self._sha256 = sha256
        self._size_bytes = size_bytes
        self._next = first
        self._end = end
        self._held = b""
        self._breaks = 0
        self._chunks = self._opened()

    def _opened(self) -> Iterator[Any]:
        import obstore

        if self._next >= self._end:
            return iter(())
        with _translated(self._sha256):
            found = obstore.get(
                self._store, name_of(self._sha256), options={"range": (self._next, self._end)}
            )
            require_length(found.meta["size"], self._size_bytes, self._end, self._sha256)
            return iter(found.stream(min_chunk_size=CHUNK_BYTES))

    def read(self, size: int, /) -> bytes:
        """Return at most that many bytes; nothing at the end.

        Raises:
            OSError: the bucket does not answer any more.
        """
        while not self._held and self._next < self._end:
            with suppress(OSError), _translated(self._sha256):
                self._held = bytes(next(self._chunks, b""))
            if not self._held:
                self._take_up_again()
            self._next += len(self._held)
        taken, self._held = self._held[:size], self._held[size:]
        if taken:
            self._breaks = 0
        return taken

    def _take_up_again(self) -> None:
        self._breaks += 1
        if self._breaks > _MOST_BREAKS:
            raise OSError(errno.EIO, "the bucket breaks off", self._sha256)
        self._chunks = self._opened()

    def close(self) -> None:
        """Let go of it."""
        self._chunks = iter(())


@contextmanager
def _translated(where: str) -> Iterator[None]:
    """Say what the store met as the system would have."""
    from obstore.exceptions import BaseError

    try:
        yield
    except BaseError as error:
        raise OSError(errno.EIO, f"no answer of the bucket ({_first(error)})", where) from error


def _is_true(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in {"true", "1", "yes", "on"}


def _first(error: Exception) -> str:
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__
