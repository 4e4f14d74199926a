# SPDX-License-Identifier: Apache-2.0
"""A writer of ZIP files that can also lie: any method, any stated size, any repeated name."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import zstandard

STORED, DEFLATED, ZSTANDARD = 0, 8, 93


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member; what is None is stated truthfully."""

    name: str
    """Name in the list of members."""
    content: bytes
    """Content before packing."""
    method: int = DEFLATED
    """Compression method, stated and, where it is known, used."""
    packed: bytes | None = None
    """Packed bytes."""
    size: int | None = None
    """Stated length of the content."""
    checksum: int | None = None
    """Stated CRC-32 of the content."""
    flags: int = 0x800
    """General purpose flags; 0x800 says that the name is UTF-8, 0x1 that it is encrypted."""
    local_name: str | None = None
    """Name in the header in front of the member."""
    local_method: int | None = None
    """Compression method in the header in front of the member."""
    local_size: int | None = None
    """Length of the content in the header in front of the member."""
    zip64: bool = False
    """Whether the list of members states sizes and place in a ZIP64 field, even small ones."""


def packed(method: int, content: bytes) -> bytes:
    """Pack as ``method`` does; unknown methods leave the content as it is."""
    if method == DEFLATED:
        packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        return packer.compress(content) + packer.flush()
    return zstandard.compress(content) if method == ZSTANDARD else content


def zip_bytes(members: Sequence[Member], *, front: bytes = b"", zip64: bool = False) -> bytes:
    """Write the members in order, with their list at the end.

    Args:
        members: what to write; two may have one name.
        front: bytes in front of the first member, which the list of members counts in.
        zip64: whether the end of the archive states its numbers in a ZIP64 record.
    """
    body, directory = front, b""
    for member in members:
        data = packed(member.method, member.content) if member.packed is None else member.packed
        directory += _listed(member, len(data), len(body))
        body += _local_header(member, len(data)) + data
    return body + directory + _end(len(members), len(directory), len(body), zip64=zip64)


def _facts(member: Member, method: int, packed_size: int, size: int) -> bytes:
    checksum = zlib.crc32(member.content) if member.checksum is None else member.checksum
    return struct.pack("<HHHHHIII", 20, member.flags, method, 0, 33, checksum, packed_size, size)


def _local_header(member: Member, packed_size: int) -> bytes:
    method = member.method if member.local_method is None else member.local_method
    size = _size(member) if member.local_size is None else member.local_size
    name = (member.name if member.local_name is None else member.local_name).encode()
    facts = _facts(member, method, packed_size, size)
    return b"PK\x03\x04" + facts + struct.pack("<HH", len(name), 0) + name


def _listed(member: Member, packed_size: int, place: int) -> bytes:
    name, size, extra = member.name.encode(), _size(member), b""
    if member.zip64:
        extra = struct.pack("<HHQQQ", 1, 24, size, packed_size, place)
        size = packed_size = place = 0xFFFFFFFF
    facts = _facts(member, member.method, packed_size, size)
    lengths = struct.pack("<HHHHHII", len(name), len(extra), 0, 0, 0, 0, place)
    return b"PK\x01\x02" + struct.pack("<H", 20) + facts + lengths + name + extra


def _size(member: Member) -> int:
    return len(member.content) if member.size is None else member.size


def _end(count: int, length: int, start: int, *, zip64: bool) -> bytes:
    if not zip64:
        return struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, length, start, 0)
    numbers = (44, 45, 45, 0, 0, count, count, length, start)
    record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", *numbers)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, start + length, 1)
    full = (0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return record + locator + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, *full)
