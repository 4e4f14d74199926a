# SPDX-License-Identifier: Apache-2.0
"""The list of members at the end of a ZIP file, kept as the bytes that it is written in.

A log of 200,000 samples has as many members. An object for each would take more memory
than all of their scores, so a member is looked up in the bytes when it is asked for.
"""

from __future__ import annotations

import bisect
import struct
from array import array
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from tiergate.evidence.readers.archive_limits import ArchiveLimits, damaged, too_large

UTF8_NAME = 0x800
"""Flag of a member whose name is UTF-8, and not the older code page 437."""

_ENTRY = struct.Struct("<4s4xHH4xIIIHHHH6xI")
_END = struct.Struct("<4sHHHHIIH")
_END_64 = struct.Struct("<4sQ4xIIQQQQ")
_LOCATOR_64 = struct.Struct("<4sIQI")
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_FULL = (_FULL_16, _FULL_32)
_ZIP64_FIELD = 1


class Entry(NamedTuple):
    """What the list says of one member."""

    name: str
    """Its name, with ``/`` between folders."""
    flags: int
    """General purpose flags; 0x1 means encrypted."""
    method: int
    """How it is packed."""
    checksum: int
    """CRC-32 of the content."""
    packed_bytes: int
    """Length as packed."""
    size_bytes: int
    """Length of the content."""
    offset: int
    """Where in the file its own header starts."""
    name_bytes: bytes
    """Its name as written."""
    front: bytes
    """What its own header begins with, up to the length of the name, when all is as usual."""


class Directory:
    """Every member of an archive. Of two with one name the later one counts."""

    def __init__(self, table: bytes, where: str) -> None:
        """Read the list.

        Args:
            table: the list as the file holds it.
            where: how messages name the archive.

        Raises:
            EvidenceError: the list is cut short or holds what no list does.
        """
        self._table = table
        self._where = where
        self._starts = self._sorted = array("Q")
        self._replaced = array("Q")
        self.content_bytes = 0
        """Length of the contents of all members together, replaced ones included."""
        hashes: set[int] = set()
        for start, name, size in self._walk():
            self._starts.append(start)
            hashes.add(hash(name))
            self.content_bytes += size
        # Few archives have repeats, and to look for them by name would take a lot of memory.
        if len(hashes) < len(self._starts):
            self._find_repeats()

    def __len__(self) -> int:
        """Return how many members count."""
        return len(self._starts)

    def __iter__(self) -> Iterator[Entry]:
        """Yield the members that count, in the order in which their names come up first."""
        return self.part(0, None)

    def part(self, start: int, stop: int | None) -> Iterator[Entry]:
        """Yield the members from number ``start`` up to ``stop``, or to the end."""
        return map(self._entry, self._starts[start:stop])

    @property
    def listed(self) -> int:
        """How many members the list has, replaced ones included."""
        return len(self._starts) + len(self._replaced)

    def replaced(self) -> Iterator[str]:
        """Yield the name of each member that a later one of the same name replaced."""
        return (self._entry(start).name for start in self._replaced)

    def mentions(self, part: str) -> bool:
        """Tell whether these characters are anywhere in the list, as in a name."""
        return part.encode() in self._table

    def find(self, name: str) -> Entry | None:
        """Return the member of this name that counts; None when there is none."""
        wanted, end = name.encode(), len(self._table)
        # From the end, because of repeated names the last one counts.
        while (position := self._table.rfind(wanted, _ENTRY.size, end)) >= 0:
            start, end = position - _ENTRY.size, position + len(wanted) - 1
            index = bisect.bisect_left(self._sorted, start)
            if index < len(self._sorted) and self._sorted[index] == start:
                entry = self._entry(start)
                if entry.name == name:
                    return entry
        return None

    def _find_repeats(self) -> None:
        latest: dict[bytes, int] = {}
        for start, name, _ in self._walk():
            if (earlier := latest.get(name)) is not None:
                self._replaced.append(earlier)
            latest[name] = start
        self._starts = array("Q", latest.values())
        self._sorted = array("Q", sorted(self._starts))

    def _walk(self) -> Iterator[tuple[int, bytes, int]]:
        """Yield the start, the name in UTF-8 and the size of the content of every member."""
        table, start = self._table, 0
        while start < len(table):
            if len(table) - start < _ENTRY.size:
                raise damaged(self._where, "a list of members that is cut short or damaged")
            fields = _ENTRY.unpack_from(table, start)
            magic, flags, size, disk, offset = fields[0], fields[1], fields[5], *fields[9:]
            name_start = start + _ENTRY.size
            name_end = name_start + fields[6]
            end = name_end + fields[7] + fields[8]
            if magic != b"PK\x01\x02" or end > len(table) or disk not in (0, _FULL_16):
                raise damaged(self._where, "a list of members that is cut short or damaged")
            name = table[name_start:name_end]
            if not name.isascii():
                name = self._decoded(name, flags).encode()
            if b"\x00" in name:
                raise damaged(self._where, "a member whose name has no end")
            if _FULL_32 in (size, fields[4], offset):
                size = self._entry(start).size_bytes
            yield start, name, size
            start = end

    def _entry(self, start: int) -> Entry:
        fields = _ENTRY.unpack_from(self._table, start)
        _, flags, method, checksum, packed, size, name_length, extra_length, _, _, offset = fields
        name_start = start + _ENTRY.size
        name_end = name_start + name_length
        if _FULL_32 in (size, packed, offset):
            extra = self._table[name_end : name_end + extra_length]
            size, packed, offset = self._long_numbers(extra, size, packed, offset)
        name = self._table[name_start:name_end]
        # The header in front of a member has these fields in the same order.
        front = b"PK\x03\x04" + self._table[start + 6 : start + 30]
        text = name.decode() if name.isascii() else self._decoded(name, flags)
        return Entry(text, flags, method, checksum, packed, size, offset, name, front)

    def _decoded(self, name: bytes, flags: int) -> str:
        try:
            return name.decode("utf-8" if flags & UTF8_NAME else "cp437")
        except UnicodeDecodeError as error:
            raise damaged(self._where, "a member whose name is not UTF-8") from error

    def _long_numbers(self, extra: bytes, *short: int) -> tuple[int, ...]:
        """Replace each number that is too long for its place by the one in the ZIP64 field."""
        position, field = 0, b""
        while len(extra) - position >= 4:
            kind, length = struct.unpack_from("<HH", extra, position)
            if kind == _ZIP64_FIELD:
                field = extra[position + 4 : position + 4 + length]
            position += 4 + length
        wanted = sum(number == _FULL_32 for number in short)
        if len(field) < 8 * wanted:
            raise damaged(self._where, "a member without the sizes that it refers to")
        long = iter(struct.unpack_from(f"<{wanted}Q", field))
        return tuple(next(long) if number == _FULL_32 else number for number in short)


def read_directory(handle: BinaryIO, where: str, limits: ArchiveLimits) -> Directory:
    """Read the list of members of a ZIP file.

    Raises:
        EvidenceError: not a whole ZIP file, or one that exceeds a limit.
    """
    stated, start, length = _position(handle, where)
    if length > limits.directory_bytes:
        raise too_large(
            where,
            f"a list of members of more than {limits.directory_bytes} bytes",
            "a shorter one",
        )
    handle.seek(start)
    directory = Directory(handle.read(length), where)
    if directory.listed != stated:
        raise damaged(where, f"a list of {directory.listed} members that claims {stated}")
    if stated > limits.members or directory.content_bytes > limits.total_bytes:
        raise too_large(
            where,
            f"{stated} members of {directory.content_bytes} bytes unpacked",
            f"at most {limits.members} members and {limits.total_bytes} bytes",
        )
    return directory


def _position(handle: BinaryIO, where: str) -> tuple[int, int, int]:
    """Return the number of members, and the start and the length of their list."""
    size = handle.seek(0, 2)
    tail_start = max(0, size - _END.size - _FULL_16)
    handle.seek(tail_start)
    tail = handle.read(_END.size + _FULL_16)
    found = _end_record(tail)
    if found < 0:
        raise damaged(
            where,
            "a ZIP file without its list of members: cut short, or still being written",
        )
    _, *numbers, _ = _END.unpack_from(tail, found)
    end = tail_start + found
    if (long := _long_end(handle, end)) is not None:
        # Readers differ in which of the two records they go by.
        if not all(a == b or a in _FULL for a, b in zip(numbers, long[0], strict=True)):
            raise damaged(where, "a ZIP file that is cut short or damaged (it ends in two ways)")
        numbers, end = long
    disk, first_disk, here, stated, length, start = numbers
    # Something in front of the members, or missing there, would let two readers see two logs.
    if (disk, first_disk) != (0, 0) or here != stated or start + length != end:
        raise damaged(where, "a ZIP file that is cut short or damaged (its parts do not fit)")
    return stated, start, length


def _end_record(tail: bytes) -> int:
    """Return where the last record starts; -1 when the file does not end with one."""
    position = len(tail)
    while (position := tail.rfind(b"PK\x05\x06", 0, position + 3)) >= 0:
        whole = position + _END.size <= len(tail)
        if whole and position + _END.size + _END.unpack_from(tail, position)[7] == len(tail):
            return position
        position -= 1
    return -1


def _long_end(handle: BinaryIO, end: int) -> tuple[list[int], int] | None:
    """Return the numbers of a ZIP64 record in front of ``end``, and where that record starts."""
    handle.seek(max(0, end - _END_64.size - _LOCATOR_64.size))
    content = handle.read(min(end, _END_64.size + _LOCATOR_64.size))
    locator = content[-_LOCATOR_64.size :]
    if not locator.startswith(b"PK\x06\x07"):
        return None
    start = end - len(content)
    if len(content) < _END_64.size + _LOCATOR_64.size or not content.startswith(b"PK\x06\x06"):
        return [-1] * 6, start
    _, length, *numbers = _END_64.unpack_from(content)
    _, disk, place, disks = _LOCATOR_64.unpack(locator)
    usual = (length, disk, place, disks) == (_END_64.size - 12, 0, start, 1)
    return (numbers if usual else [-1] * 6), start
