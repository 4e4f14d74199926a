# SPDX-License-Identifier: Apache-2.0
"""A strict reader of GGUF headers, versions 2 and 3, little-endian.

Reads key/values and tensor descriptions, never the tensors. Counts and lengths are
capped before anything is allocated, and tensors must follow each other without gaps.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from tiergate.errors import CheckpointError
from tiergate.model.digest import unreadable
from tiergate.model.tensors import TensorEntry

if TYPE_CHECKING:
    from pathlib import Path

MAGIC = b"GGUF"
"""The first four bytes."""
VERSIONS = (2, 3)
"""The versions that this reader knows."""
DEFAULT_ALIGNMENT = 32
"""Used when ``general.alignment`` is absent."""
MAX_KEYS = 2**16
"""Most key/value pairs."""
MAX_TENSORS = 2**20
"""Most tensors."""
MAX_KEY_BYTES = 2**16
"""Longest key or tensor name."""
MAX_STRING_BYTES = 2**26
"""Longest text value."""
MAX_ARRAY_ITEMS = 2**26
"""Most items of one array."""
MAX_DIMENSIONS = 4
"""Most axes of a tensor, as in the format's own library."""

_SCALARS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<B",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_BOOL, _STRING, _ARRAY, _FLOATS = 7, 8, 9, (6, 12)

TENSOR_TYPES = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
}
"""Type number to (name, elements per block, bytes per block)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufHeader:
    """What the front of a GGUF file says."""

    version: int
    """Version of the format: 2 or 3."""
    tensors: tuple[TensorEntry, ...]
    """Every tensor, ascending by offset; shapes in the order of the file."""
    text: dict[str, str]
    """Values that are text, by key: "general.architecture", "tokenizer.chat_template"."""
    integers: dict[str, int]
    """Values that are whole numbers, by key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Description:
    """One tensor as written, before the start of the data is known."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    offset: int
    size_bytes: int


class _Reader:
    """Reads little-endian values and never runs past the end of the file."""

    def __init__(self, stream: BinaryIO, file: str, size_bytes: int) -> None:
        self._stream = stream
        self.file = file
        self.size_bytes = size_bytes

    def refuse(self, found: str, expected: str) -> NoReturn:
        """Raise for this file."""
        raise CheckpointError(self.file, found, expected, "Fetch the file again or write it anew.")

    def take(self, count: int) -> bytes:
        """Read exactly ``count`` bytes."""
        data = self._stream.read(count)
        if len(data) != count:
            self.refuse("a truncated GGUF header", "a complete header")
        return data

    def skip(self, count: int) -> None:
        """Pass over ``count`` bytes, which must be there."""
        if self._stream.tell() + count > self.size_bytes:
            self.refuse("a truncated GGUF header", "a complete header")
        self._stream.seek(count, 1)

    def position(self) -> int:
        """Return the offset of the next byte."""
        return self._stream.tell()

    def scalar(self, layout: str) -> int:
        """Read one whole number."""
        value: int = struct.unpack(layout, self.take(struct.calcsize(layout)))[0]
        return value

    def count(self, what: str, most: int) -> int:
        """Read a 64-bit count that may not exceed ``most``."""
        value = self.scalar("<Q")
        if value > most:
            self.refuse(f"{value} {what}", f"at most {most}")
        return value

    def string(self, most: int) -> str:
        """Read a length and that many bytes of UTF-8."""
        length = self.count("bytes in one text", most)
        if length > self.size_bytes - self.position():
            self.refuse("a truncated GGUF header", "a complete header")
        try:
            return self.take(length).decode("utf-8")
        except UnicodeDecodeError:
            self.refuse("text that is not UTF-8", "UTF-8")


def read_gguf_header(path: Path, *, file: str | None = None) -> GgufHeader:
    """Read and check the header of a GGUF file.

    Args:
        path: the file.
        file: how messages and entries name it; None uses the last part of ``path``.

    Raises:
        CheckpointError: the file cannot be read or breaks a rule of the format.
    """
    label = path.name if file is None else file
    try:
        with path.open("rb") as stream:
            return read_gguf_stream(stream, label)
    except OSError as error:
        raise unreadable(label, error) from error


def read_gguf_stream(stream: BinaryIO, file: str) -> GgufHeader:
    """Read and check a header from the beginning of a stream that can seek.

    Raises:
        CheckpointError: it breaks a rule of the format.
        OSError: the stream cannot be read.
    """
    size_bytes = stream.seek(0, 2)
    stream.seek(0)
    return _read(_Reader(stream, file, size_bytes))


def _read(reader: _Reader) -> GgufHeader:
    if reader.take(4) != MAGIC:
        reader.refuse("other first bytes", "GGUF")
    version = reader.scalar("<I")
    if version not in VERSIONS:
        reader.refuse(f"GGUF version {version}", "version 2 or 3, little-endian")
    tensor_count = reader.count("tensors", MAX_TENSORS)
    key_count = reader.count("keys", MAX_KEYS)
    text: dict[str, str] = {}
    integers: dict[str, int] = {}
    seen: set[str] = set()
    for _ in range(key_count):
        key = reader.string(MAX_KEY_BYTES)
        if key in seen:
            reader.refuse(f"the key {key!r} twice", "every key once")
        seen.add(key)
        value = _value(reader, reader.scalar("<I"))
        if isinstance(value, str):
            text[key] = value
        elif value is not None:
            integers[key] = value
    alignment = integers.get("general.alignment", DEFAULT_ALIGNMENT)
    if alignment <= 0 or alignment & (alignment - 1) or alignment % 8:
        reader.refuse(f"the alignment {alignment}", "a power of two of at least 8")
    described = [_describe(reader) for _ in range(tensor_count)]
    tensors = _place(reader, described, alignment)
    return GgufHeader(version=version, tensors=tensors, text=text, integers=integers)


def _value(reader: _Reader, kind: int) -> str | int | None:
    """Read one value; floats and arrays are passed over and give None."""
    if kind == _STRING:
        return reader.string(MAX_STRING_BYTES)
    if kind == _ARRAY:
        _pass_over_array(reader)
        return None
    if kind not in _SCALARS:
        reader.refuse(f"the value type {kind}", "a type of the GGUF format")
    value = reader.scalar(_SCALARS[kind])
    if kind == _BOOL and value > 1:
        reader.refuse(f"the truth value {value}", "0 or 1")
    return None if kind in _FLOATS else value


def _pass_over_array(reader: _Reader) -> None:
    kind = reader.scalar("<I")
    count = reader.count("items in one array", MAX_ARRAY_ITEMS)
    if kind == _STRING:
        for _ in range(count):
            reader.skip(reader.count("bytes in one text", MAX_STRING_BYTES))
    elif kind in _SCALARS:
        reader.skip(count * struct.calcsize(_SCALARS[kind]))
    else:
        reader.refuse(f"an array of type {kind}", "an array of numbers or texts")


def _describe(reader: _Reader) -> _Description:
    name = reader.string(MAX_KEY_BYTES)
    dimensions = reader.scalar("<I")
    if dimensions > MAX_DIMENSIONS:
        reader.refuse(f"{dimensions} axes of tensor {name!r}", f"at most {MAX_DIMENSIONS}")
    shape = tuple(reader.count("elements on one axis", 2**53 - 1) for _ in range(dimensions))
    kind = reader.scalar("<I")
    if kind not in TENSOR_TYPES:
        reader.refuse(f"the tensor type {kind} of {name!r}", "a type of the GGUF format")
    dtype, block, block_bytes = TENSOR_TYPES[kind]
    if (shape[0] if shape else 1) % block:
        reader.refuse(f"a row of {name!r} that is no multiple of {block}", f"whole {dtype} blocks")
    return _Description(
        name=name,
        shape=shape,
        dtype=dtype,
        offset=reader.scalar("<Q"),
        size_bytes=prod(shape) // block * block_bytes,
    )


def _place(
    reader: _Reader, described: list[_Description], alignment: int
) -> tuple[TensorEntry, ...]:
    """Turn descriptions into entries; the data must be gapless apart from the padding."""
    base = _aligned(reader.position(), alignment)
    if len({tensor.name for tensor in described}) != len(described):
        reader.refuse("one tensor name twice", "every tensor once")
    entries, position, end = [], 0, 0
    for tensor in sorted(described, key=lambda item: (item.offset, item.size_bytes)):
        if tensor.offset != position:
            reader.refuse(f"tensor {tensor.name!r} at offset {tensor.offset}", f"offset {position}")
        end = position + tensor.size_bytes
        entries.append(
            TensorEntry(
                name=tensor.name,
                dtype=tensor.dtype,
                shape=tensor.shape,
                start=base + position,
                end=base + end,
                file=reader.file,
            )
        )
        position = _aligned(end, alignment)
    if described and base + end > reader.size_bytes:
        reader.refuse(f"a truncated file of {reader.size_bytes} bytes", f"{base + end} bytes")
    if reader.size_bytes > base + position:
        reader.refuse(f"{reader.size_bytes - base - position} trailing bytes", "no bytes behind")
    return tuple(entries)


def _aligned(position: int, alignment: int) -> int:
    return -(-position // alignment) * alignment
