# SPDX-License-Identifier: Apache-2.0
"""A strict reader of safetensors headers.

Refuses everything that the safetensors library refuses and, beyond it, duplicate keys and
unknown fields: two readers must not see two models in one file. Only the header is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from tiergate.errors import CheckpointError
from tiergate.model.digest import unreadable
from tiergate.model.strict_json import read_json_object
from tiergate.model.tensors import TensorEntry

if TYPE_CHECKING:
    from pathlib import Path

MAX_HEADER_BYTES = 100_000_000
"""The limit that the format's own library sets."""

PREFIX_BYTES = 8
"""A little-endian length stands before the header."""

MAX_DIMENSION = 2**53 - 1
"""Beyond this, canonical JSON cannot hold the number."""

BITS_PER_ELEMENT = {
    "BOOL": 8,
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "C64": 64,
    "F64": 64,
    "I64": 64,
    "U64": 64,
}
"""Every element type of the format, with its width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetensorsHeader:
    """What the front of a safetensors file says."""

    tensors: tuple[TensorEntry, ...]
    """Every tensor, ascending by offset."""
    metadata: tuple[tuple[str, str], ...]
    """The free text of ``__metadata__``, sorted by key; empty when there is none."""


def read_safetensors_header(path: Path, *, file: str | None = None) -> SafetensorsHeader:
    """Read and check the header of a safetensors file.

    Args:
        path: the file.
        file: how messages and entries name it; None uses the last part of ``path``.

    Raises:
        CheckpointError: the file cannot be read or breaks a rule of the format.
    """
    label = path.name if file is None else file
    try:
        with path.open("rb") as stream:
            size_bytes = stream.seek(0, 2)
            stream.seek(0)
            prefix = stream.read(PREFIX_BYTES)
            length = int.from_bytes(prefix, "little")
            _check_length(label, len(prefix), length, size_bytes)
            header = stream.read(length)
    except OSError as error:
        raise unreadable(label, error) from error
    return parse_safetensors_header(header, size_bytes=size_bytes, file=label)


def parse_safetensors_header(header: bytes, *, size_bytes: int, file: str) -> SafetensorsHeader:
    """Check the JSON of a header against the size of its file.

    Raises:
        CheckpointError: the header breaks a rule of the format.
    """
    text = header.rstrip(b" ")
    if not (text.startswith(b"{") and text.endswith(b"}")):
        _refuse(
            file, "a header that is not a JSON object", "a header from { to }, padded by spaces"
        )
    content = read_json_object(text, file, allow_float=False)
    metadata = _metadata(content.pop("__metadata__", {}), file)
    base = PREFIX_BYTES + len(header)
    tensors = sorted(
        (_tensor(name, value, base, file) for name, value in content.items()),
        key=lambda tensor: (tensor.start, tensor.end),
    )
    _check_layout(tensors, base, size_bytes, file)
    return SafetensorsHeader(tensors=tuple(tensors), metadata=metadata)


def _check_length(file: str, prefix_bytes: int, length: int, size_bytes: int) -> None:
    if prefix_bytes < PREFIX_BYTES:
        _refuse(file, f"a file of {size_bytes} bytes", "a safetensors file")
    if length > min(MAX_HEADER_BYTES, size_bytes - PREFIX_BYTES):
        _refuse(
            file,
            f"a header of {length} bytes in a file of {size_bytes} bytes",
            f"a header within the file and of at most {MAX_HEADER_BYTES} bytes",
        )


def _metadata(value: object, file: str) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        _refuse(file, "__metadata__ that is not an object", "text by key")
    pairs = [(key, text) for key, text in value.items() if isinstance(text, str)]
    if len(pairs) != len(value):
        _refuse(file, "__metadata__ with a value that is not text", "text by key")
    return tuple(sorted(pairs))


def _tensor(name: str, value: object, base: int, file: str) -> TensorEntry:
    where = f"{file}: tensor {name!r}"
    if not isinstance(value, dict) or set(value) != {"dtype", "shape", "data_offsets"}:
        _refuse(where, "other fields", "exactly dtype, shape and data_offsets")
    dtype, shape = value["dtype"], _naturals(value["shape"], where)
    offsets = _naturals(value["data_offsets"], where)
    if not isinstance(dtype, str) or dtype not in BITS_PER_ELEMENT:
        _refuse(where, f"the dtype {dtype!r}", "a dtype of the safetensors format")
    if len(offsets) != 2:
        _refuse(where, f"{len(offsets)} offsets", "a start and an end")
    bits = BITS_PER_ELEMENT[dtype]
    for axis in shape:
        # Checked step by step: a zero later on must not hide an overflow before it.
        bits *= axis
        if bits >= 2**63:
            _refuse(where, "a shape beyond 64 bits", "a shape that fits the file")
    start, end = offsets
    if end < start or bits != (end - start) * 8:
        _refuse(
            where,
            f"{end - start} bytes for shape {list(shape)} of {dtype}",
            f"{bits / 8:g} bytes",
        )
    return TensorEntry(
        name=name, dtype=dtype, shape=shape, start=base + start, end=base + end, file=file
    )


def _naturals(value: object, where: str) -> tuple[int, ...]:
    if not isinstance(value, list):
        _refuse(where, f"{value!r:.40}", "a list of whole numbers")
    numbers = [item for item in value if type(item) is int and item <= MAX_DIMENSION]
    if len(numbers) != len(value):
        _refuse(where, f"{value!r:.40}", f"whole numbers from 0 to {MAX_DIMENSION}")
    return tuple(numbers)


def _check_layout(tensors: list[TensorEntry], base: int, size_bytes: int, file: str) -> None:
    """Every byte behind the header belongs to exactly one tensor."""
    position = base
    for tensor in tensors:
        if tensor.start != position:
            kind = "a hole" if tensor.start > position else "an overlap"
            _refuse(f"{file}: tensor {tensor.name!r}", f"{kind} before its bytes", "no gap")
        position = tensor.end
    if position > size_bytes:
        _refuse(
            file,
            f"a truncated file of {size_bytes} bytes",
            f"{position} bytes, as its header says",
        )
    if position < size_bytes:
        _refuse(file, f"{size_bytes - position} trailing bytes", "no bytes behind the last tensor")


def _refuse(where: str, found: str, expected: str) -> NoReturn:
    raise CheckpointError(where, found, expected, "Fetch the file again or write it anew.")
