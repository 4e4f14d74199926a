# SPDX-License-Identifier: Apache-2.0
"""Unpacking one member of a ZIP file: stored (0), deflate (8) or Zstandard (93).

Nothing is unpacked beyond the stated size. Zstandard may come in several frames, which
Inspect writes for members above 200 MiB.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, cast

import zstandard

# As Python's own zlib, several times as fast.
from zlib_ng import zlib_ng

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.archive_file import Packed
from tiergate.evidence.readers.archive_limits import damaged

STORED, DEFLATED, ZSTANDARD = 0, 8, 93

_PACKED_PIECE_BYTES = 128 * 1024
# Its stubs take the class for an instance.
_DAMAGE = (cast("type[Exception]", zlib_ng.error), zstandard.ZstdError)


class Unpacker:
    """Unpacks members, one at a time."""

    def __init__(self) -> None:
        self._zstandard = zstandard.ZstdDecompressor()

    def whole(self, method: int, packed: memoryview, size: int, where: str) -> bytes:
        """Unpack a whole member, or one byte more than ``size`` when it holds more.

        Raises:
            EvidenceError: damaged, or packed with an unknown method.
        """
        try:
            if method == ZSTANDARD:
                return self._frame(packed, size) or self._frames(packed, size)
            if method == DEFLATED:
                return zlib_ng.decompressobj(-zlib_ng.MAX_WBITS).decompress(packed, size + 1)
        except _DAMAGE as error:
            raise damaged(where, f"a member that does not unpack ({error})") from error
        if method == STORED:
            return bytes(packed)
        raise _unknown(method, where)

    def pieces(self, method: int, packed: Packed, piece_bytes: int, where: str) -> Iterator[bytes]:
        """Unpack a member piece by piece.

        Raises:
            EvidenceError: damaged, or packed with an unknown method.
        """
        try:
            if method == ZSTANDARD:
                # It needs no more of a file than ``read``.
                file = cast("BinaryIO", packed)
                with self._zstandard.stream_reader(file, read_across_frames=True) as source:
                    yield from iter(lambda: source.read(piece_bytes), b"")
            elif method == DEFLATED:
                yield from _inflated(packed, piece_bytes)
            elif method == STORED:
                yield from iter(lambda: packed.read(piece_bytes), b"")
            else:
                raise _unknown(method, where)
        except _DAMAGE as error:
            raise damaged(where, f"a member that does not unpack ({error})") from error

    def _frame(self, packed: memoryview, size: int) -> bytes:
        """Unpack one frame of ``size`` bytes; nothing when the member is something else."""
        # A frame may state its own size, for which memory would be set aside unseen.
        if size == 0 or zstandard.frame_content_size(packed) not in (-1, size):
            return b""
        try:
            return self._zstandard.decompress(packed, size, allow_extra_data=False)
        except zstandard.ZstdError:
            return b""

    def _frames(self, packed: memoryview, size: int) -> bytes:
        with self._zstandard.stream_reader(packed, read_across_frames=True) as source:
            # The reader stops at the end of a frame, so one call may give less than asked for.
            pieces, wanted = [], size + 1
            while wanted > 0 and (piece := source.read(wanted)):
                pieces.append(piece)
                wanted -= len(piece)
            return b"".join(pieces)


def _inflated(packed: Packed, piece_bytes: int) -> Iterator[bytes]:
    inflater = zlib_ng.decompressobj(-zlib_ng.MAX_WBITS)
    while not inflater.eof:
        source = inflater.unconsumed_tail or packed.read(_PACKED_PIECE_BYTES)
        piece = inflater.decompress(source, piece_bytes)
        if piece:
            yield piece
        elif not source:
            return


def _unknown(method: int, where: str) -> EvidenceError:
    return EvidenceError(
        where,
        f"compression method {method}",
        "stored (0), deflate (8) or Zstandard (93)",
        "Write the log again with the tool itself.",
    )
