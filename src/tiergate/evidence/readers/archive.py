# SPDX-License-Identifier: Apache-2.0
"""ZIP archives from strangers, read one member at a time and never past a limit.

Python's ``zipfile`` keeps an object for every member and lacks Zstandard (method 93)
before version 3.14. Here the list of members stays as it is written, members are unpacked
in several frames too, and every size that an archive states has to hold.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from zlib_ng.zlib_ng import crc32

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.archive_directory import Entry, read_directory
from tiergate.evidence.readers.archive_file import Packed, Window
from tiergate.evidence.readers.archive_limits import ArchiveLimits, damaged, too_large
from tiergate.evidence.readers.archive_unpack import Unpacker

_ENCRYPTED, _SIZES_FOLLOW = 0x1, 0x8
_LOCAL_HEADER = struct.Struct("<4s2xHH4xIIIHH")
_EXTRA_LENGTH = struct.Struct("<H")
_FULL_32 = 0xFFFFFFFF
_SMALL_BYTES = 1024**2


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
        self._directory = read_directory(handle, name, limits)
        self._window = Window(handle)
        self._unpacker = Unpacker()

    def __contains__(self, member: str) -> bool:
        return self._directory.find(member) is not None

    def __iter__(self) -> Iterator[Entry]:
        """Yield every member that counts, in the order in which its name comes up first."""
        return iter(self._directory)

    def __len__(self) -> int:
        """Return how many members count."""
        return len(self._directory)

    def part(self, start: int, stop: int | None) -> Iterator[Entry]:
        """Yield the members from number ``start`` up to ``stop``, or to the end."""
        return self._directory.part(start, stop)

    @property
    def content_bytes(self) -> int:
        """Length of the contents of all members together, as the archive states it."""
        return self._directory.content_bytes

    def mentions(self, part: str) -> bool:
        """Tell whether the name of a member may have this part; what is false is certain."""
        return self._directory.mentions(part)

    def replaced(self) -> Iterator[str]:
        """Yield the name of each earlier member that a later one of the same name replaced."""
        return self._directory.replaced()

    def read(self, member: Entry | str) -> bytes:
        """Unpack one member and check its size and checksum.

        Raises:
            EvidenceError: there is no such member, or it is too large, encrypted, cut short or
                damaged, or packed with an unknown method.
        """
        entry = self._found(member)
        where = f"{self._name}:{entry.name}"
        self._check_size(entry, where, self._limits.member_bytes)
        start = self._packed_start(entry, where, entry.packed_bytes)
        block, place = self._window.at(start, entry.packed_bytes)
        packed = memoryview(block)[place : place + entry.packed_bytes]
        content = self._unpacker.whole(entry.method, packed, entry.size_bytes, where)
        if len(content) != entry.size_bytes or crc32(content) != entry.checksum:
            raise _not_as_stated(where)
        return content

    def pieces(self, member: Entry | str, piece_bytes: int) -> Iterator[bytes]:
        """Unpack one member piece by piece; its checksum is compared after the last piece.

        Raises:
            EvidenceError: as ``read``; what came before the error does not hold either.
        """
        entry = self._found(member)
        where = f"{self._name}:{entry.name}"
        self._check_size(entry, where, self._limits.streamed_bytes)
        start = self._packed_start(entry, where, 0)
        packed = Packed(self._handle, start, entry.packed_bytes)
        left, checksum = entry.size_bytes, 0
        most_bytes = min(piece_bytes, left + 1)
        for piece in self._unpacker.pieces(entry.method, packed, most_bytes, where):
            left -= len(piece)
            if left < 0:
                raise _not_as_stated(where)
            checksum = crc32(piece, checksum)
            yield piece
        if left or checksum != entry.checksum:
            raise _not_as_stated(where)

    def _found(self, member: Entry | str) -> Entry:
        if isinstance(member, Entry):
            return member
        if (entry := self._directory.find(member)) is None:
            raise damaged(self._name, f"no member {member}")
        return entry

    def _check_size(self, entry: Entry, where: str, most_bytes: int) -> None:
        size, packed = entry.size_bytes, entry.packed_bytes
        if max(size, packed) > most_bytes:
            raise too_large(
                where, f"a member of {size} bytes unpacked", f"at most {most_bytes} bytes"
            )
        if size > _SMALL_BYTES and size > self._limits.ratio * packed:
            raise too_large(
                where,
                f"a member that unpacks from {packed} to {size} bytes",
                f"at most {self._limits.ratio} bytes for each packed one",
            )

    def _packed_start(self, entry: Entry, where: str, more_bytes: int) -> int:
        """Check the header in front of a member and return where its packed bytes start.

        So many bytes behind the header are read with it.
        """
        if entry.flags & _ENCRYPTED:
            raise damaged(where, "an encrypted member")
        length = _LOCAL_HEADER.size + len(entry.name_bytes)
        block, place = self._window.at(entry.offset, length + more_bytes)
        if len(block) - place < length:
            raise damaged(where, "a member that is cut short")
        name_place = place + _LOCAL_HEADER.size
        same = block.startswith(entry.front, place) or _agrees(
            entry, _LOCAL_HEADER.unpack_from(block, place)
        )
        # Another reader may go by the header in front of the member.
        if not (same and block.startswith(entry.name_bytes, name_place)):
            raise damaged(where, "a member that is not what the list of members says")
        extra_bytes: int = _EXTRA_LENGTH.unpack_from(block, name_place - _EXTRA_LENGTH.size)[0]
        return entry.offset + length + extra_bytes


def _agrees(entry: Entry, header: tuple[bytes, int, int, int, int, int, int, int]) -> bool:
    """Tell whether the header in front of a member says what the list of members says."""
    magic, flags, method, checksum, packed, size, name_length, _ = header
    if (magic, method, name_length) != (b"PK\x03\x04", entry.method, len(entry.name_bytes)):
        return False
    # The numbers may stand behind the member, or in the ZIP64 field of its header.
    return bool(flags & _SIZES_FOLLOW) or (
        checksum == entry.checksum
        and packed in (entry.packed_bytes, _FULL_32)
        and size in (entry.size_bytes, _FULL_32)
    )


def _not_as_stated(where: str) -> EvidenceError:
    return damaged(where, "a member whose size or checksum is not the stated one")
