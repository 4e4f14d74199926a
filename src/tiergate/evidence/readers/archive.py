# SPDX-License-Identifier: Apache-2.0
"""ZIP archives from strangers, read one member at a time and never past a limit.

Python's ``zipfile`` reads the directory; the members are unpacked here, because logs use
Zstandard in several frames (method 93), which ``zipfile`` lacks before Python 3.14, and
because every size that an archive states has to hold.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from tiergate.errors import EvidenceError

_STORED, _DEFLATED, _ZSTANDARD = 0, 8, 93
_ENCRYPTED = 0x1
_UTF8_NAME = 0x800
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_SMALL_BYTES = 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """What an archive may ask of the machine."""

    member_bytes: int = 512 * 1024**2
    """Unpacked size of one member."""
    total_bytes: int = 32 * 1024**3
    """Unpacked size of all members together."""
    members: int = 2_000_000
    """Number of members."""
    ratio: int = 1000
    """Unpacked bytes per packed byte, for members above one mebibyte."""
    directory_bytes: int = 512 * 1024**2
    """Size of the list of members."""


class Archive:
    """The members of one ZIP file. Of two members with one name the later one counts."""

    def __init__(self, handle: BinaryIO, name: str, limits: ArchiveLimits) -> None:
        """Read the list of members.

        Raises:
            EvidenceError: not a whole ZIP file, or one that exceeds a limit.
        """
        self._handle = handle
        self._name = name
        self._limits = limits
        entries = self._directory()
        self._members = {entry.filename: entry for entry in entries}
        self.names = tuple(self._members)
        """Every name once, in the order in which the archive lists it first."""
        self.replaced = tuple(e.filename for e in entries if self._members[e.filename] is not e)
        """Names of earlier members that a later one of the same name replaced."""

    def __contains__(self, member: object) -> bool:
        return member in self._members

    def read(self, member: str) -> bytes:
        """Unpack one member and check its size and checksum.

        Raises:
            EvidenceError: the member is too large, encrypted, cut short or damaged, or packed
                with an unknown method.
        """
        entry = self._members[member]
        where = f"{self._name}:{member}"
        self._check_size(entry, where)
        packed = self._packed(entry, where)
        try:
            content = _unpack(entry.compress_type, packed, entry.file_size, where)
        except zlib.error as error:
            raise _damaged(where, f"a member that does not unpack ({error})") from error
        if len(content) != entry.file_size or zlib.crc32(content) != entry.CRC:
            raise _damaged(where, "a member whose size or checksum is not the stated one")
        return content

    def _directory(self) -> list[zipfile.ZipInfo]:
        capped = _CappedReads(self._handle, self._limits.directory_bytes, self._name)
        try:
            with zipfile.ZipFile(capped) as archive:
                entries = archive.infolist()
        except (
            zipfile.BadZipFile,
            NotImplementedError,
            EOFError,
            OSError,
            OverflowError,
            ValueError,
            struct.error,
        ) as error:
            raise _damaged(self._name, f"a ZIP file that is cut short or damaged ({error})") from (
                error
            )
        total = sum(entry.file_size for entry in entries)
        if len(entries) > self._limits.members or total > self._limits.total_bytes:
            raise _too_large(
                self._name,
                f"{len(entries)} members of {total} bytes unpacked",
                f"at most {self._limits.members} members and {self._limits.total_bytes} bytes",
            )
        return entries

    def _check_size(self, entry: zipfile.ZipInfo, where: str) -> None:
        size, packed = entry.file_size, entry.compress_size
        if max(size, packed) > self._limits.member_bytes:
            raise _too_large(
                where,
                f"a member of {size} bytes unpacked",
                f"at most {self._limits.member_bytes} bytes",
            )
        if size > _SMALL_BYTES and size > self._limits.ratio * packed:
            raise _too_large(
                where,
                f"a member that unpacks from {packed} to {size} bytes",
                f"at most {self._limits.ratio} bytes for each packed one",
            )

    def _packed(self, entry: zipfile.ZipInfo, where: str) -> bytes:
        if entry.flag_bits & _ENCRYPTED:
            raise _damaged(where, "an encrypted member")
        # A list of members that lost the file in front of it points before the start.
        self._handle.seek(max(0, entry.header_offset))
        header = self._handle.read(_LOCAL_HEADER.size)
        if entry.header_offset < 0 or len(header) != _LOCAL_HEADER.size:
            raise _damaged(where, "a member that is cut short")
        magic, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        encoding = "utf-8" if entry.flag_bits & _UTF8_NAME else "cp437"
        name = self._handle.read(name_length).decode(encoding, "replace")
        # Another reader may go by the header in front of the member.
        if magic != b"PK\x03\x04" or name != entry.orig_filename:
            raise _damaged(where, "a member that is not what the list of members says")
        self._handle.seek(extra_length, io.SEEK_CUR)
        return self._handle.read(entry.compress_size)


class _CappedReads(io.RawIOBase):
    """A view of a file that hands out only so many bytes at once."""

    def __init__(self, handle: BinaryIO, most_bytes: int, name: str) -> None:
        super().__init__()
        self._handle = handle
        self._most_bytes = most_bytes
        self._name = name

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._handle.seek(offset, whence)

    def tell(self) -> int:
        return self._handle.tell()

    def read(self, size: int = -1, /) -> bytes:
        content = self._handle.read(
            self._most_bytes + 1 if size < 0 else min(size, self._most_bytes)
        )
        if max(size, len(content)) > self._most_bytes:
            raise _too_large(
                self._name,
                f"a list of members of more than {self._most_bytes} bytes",
                "a shorter one",
            )
        return content


def _unpack(method: int, packed: bytes, size: int, where: str) -> bytes:
    """Unpack at most one byte more than ``size``, so that a longer content shows."""
    if method == _STORED:
        return packed
    if method == _DEFLATED:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size + 1)
    if method == _ZSTANDARD:
        return _unpack_zstandard(packed, size, where)
    raise EvidenceError(
        where,
        f"compression method {method}",
        "stored (0), deflate (8) or Zstandard (93)",
        "Write the log again with the tool itself.",
    )


def _unpack_zstandard(packed: bytes, size: int, where: str) -> bytes:
    import zstandard

    source = zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True)
    try:
        with source:
            # The reader stops at the end of a frame, so one call may give less than asked for.
            pieces, wanted = [], size + 1
            while wanted > 0 and (piece := source.read(wanted)):
                pieces.append(piece)
                wanted -= len(piece)
            return b"".join(pieces)
    except zstandard.ZstdError as error:
        raise _damaged(where, f"a member that does not unpack ({error})") from error


def _damaged(where: str, found: str) -> EvidenceError:
    return EvidenceError(where, found, "a whole log", "Take the log from its source again.")


def _too_large(where: str, found: str, expected: str) -> EvidenceError:
    return EvidenceError(
        where, found, expected, "Do not unpack it; ask its source for a log of ordinary size."
    )
