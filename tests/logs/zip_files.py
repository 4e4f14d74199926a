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


def packed(method: int, content: bytes) -> bytes:
    """Pack as ``method`` does; unknown methods leave the content as it is."""
    if method == DEFLATED:
        packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        return packer.compress(content) + packer.flush()
    return zstandard.compress(content) if method == ZSTANDARD else content


def zip_bytes(members: Sequence[Member]) -> bytes:
    """Write the members in order, with their list at the end."""
    body, directory = b"", b""
    for member in members:
        data = packed(member.method, member.content) if member.packed is None else member.packed
        size = len(member.content) if member.size is None else member.size
        checksum = zlib.crc32(member.content) if member.checksum is None else member.checksum
        facts = struct.pack(
            "<HHHHHIII", 20, member.flags, member.method, 0, 33, checksum, len(data), size
        )
        name = member.name.encode()
        local = name if member.local_name is None else member.local_name.encode()
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + facts
        directory += struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, len(body)) + name
        body += b"PK\x03\x04" + facts + struct.pack("<HH", len(local), 0) + local + data
    end = struct.pack(
        "<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(members), len(members), len(directory), len(body), 0
    )
    return body + directory + end
