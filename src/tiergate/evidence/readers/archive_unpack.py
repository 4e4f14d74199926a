# SPDX-License-Identifier: Apache-2.0
"""Unpacking one member of a ZIP file: stored (0), deflate (8) or Zstandard (93).

Nothing is unpacked beyond the stated size. Zstandard may come in several frames, which
Inspect writes for members above 200 MiB.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, BinaryIO, cast

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.archive_file import Packed
from tiergate.evidence.readers.archive_limits import damaged

if TYPE_CHECKING:
    import zstandard

STORED, DEFLATED, ZSTANDARD = 0, 8, 93

_PACKED_PIECE_BYTES = 128 * 1024


def unpacked(method: int, packed: memoryview, size: int, where: str) -> bytes:
    """Unpack a whole member, or one byte more than ``size`` when it holds more.

    Raises:
        EvidenceError: damaged, or packed with an unknown method.
    """
    if method == STORED:
        return bytes(packed)
    try:
        if method == DEFLATED:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size + 1)
        if method == ZSTANDARD:
            single = _single_frame(packed, size)
            return _frames(packed, size) if single is None else single
    except _damage() as error:
        raise damaged(where, f"a member that does not unpack ({error})") from error
    raise _unknown(method, where)


def unpacked_pieces(method: int, packed: Packed, piece_bytes: int, where: str) -> Iterator[bytes]:
    """Unpack a member piece by piece.

    Raises:
        EvidenceError: damaged, or packed with an unknown method.
    """
    if method == STORED:
        yield from iter(lambda: packed.read(piece_bytes), b"")
        return
    try:
        if method == DEFLATED:
            yield from _inflated(packed, piece_bytes)
        elif method == ZSTANDARD:
            # It needs no more of a file than ``read``.
            file = cast("BinaryIO", packed)
            with _zstandard().stream_reader(file, read_across_frames=True) as source:
                yield from iter(lambda: source.read(piece_bytes), b"")
        else:
            raise _unknown(method, where)
    except _damage() as error:
        raise damaged(where, f"a member that does not unpack ({error})") from error


def _inflated(packed: Packed, piece_bytes: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    while not inflater.eof:
        source = inflater.unconsumed_tail or packed.read(_PACKED_PIECE_BYTES)
        piece = inflater.decompress(source, piece_bytes)
        if piece:
            yield piece
        elif not source:
            return


def _single_frame(packed: memoryview, size: int) -> bytes | None:
    """Unpack one frame of exactly ``size`` bytes; None when the member is something else."""
    # A frame may state its own size, for which memory would be set aside unseen.
    if size == 0 or _frame_size()(packed) not in (-1, size):
        return None
    try:
        return _zstandard().decompress(packed, max_output_size=size, allow_extra_data=False)
    except _damage():
        return None


def _frames(packed: memoryview, size: int) -> bytes:
    with _zstandard().stream_reader(packed, read_across_frames=True) as source:
        # The reader stops at the end of a frame, so one call may give less than asked for.
        pieces, wanted = [], size + 1
        while wanted > 0 and (piece := source.read(wanted)):
            pieces.append(piece)
            wanted -= len(piece)
        return b"".join(pieces)


@cache
def _zstandard() -> zstandard.ZstdDecompressor:
    import zstandard

    return zstandard.ZstdDecompressor()


@cache
def _frame_size() -> Callable[[memoryview], int]:
    import zstandard

    return zstandard.frame_content_size


def _damage() -> tuple[type[Exception], ...]:
    import zstandard

    return zlib.error, zstandard.ZstdError


def _unknown(method: int, where: str) -> EvidenceError:
    return EvidenceError(
        where,
        f"compression method {method}",
        "stored (0), deflate (8) or Zstandard (93)",
        "Write the log again with the tool itself.",
    )
