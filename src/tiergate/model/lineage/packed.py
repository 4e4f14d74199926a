# SPDX-License-Identifier: Apache-2.0
"""Matrices that a quantiser spread over several tensors of safetensors.

Three layouts: GPTQ (``qweight``, ``qzeros``, ``scales``, columns packed), compressed-tensors
(``weight_packed``, ``weight_scale``, rows packed) and 4-bit bitsandbytes (``weight`` with
``weight.absmax`` and a table of values). What is stored with them as a scale is undone as far
as similarity needs it. Anything else that is packed is left out, and counted as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from tiergate.model.lineage.decoding import Numbers, decode
from tiergate.model.lineage.opened import ByteSource
from tiergate.model.strict_json import read_json_object
from tiergate.model.tensors import TensorEntry

_Parts = dict[str, TensorEntry]
_PER_WORD = 8
_BNB_STATE = ".quant_state.bitsandbytes__"
_BNB_PARTS = (
    "",
    ".absmax",
    ".quant_map",
    ".nested_absmax",
    ".nested_quant_map",
    f"{_BNB_STATE}nf4",
    f"{_BNB_STATE}fp4",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedMatrix:
    """One matrix in several tensors."""

    name: str
    """Name that the matrix had before it was packed."""
    rows: int
    """Number of rows."""
    columns: int
    """Length of a row."""
    dtype: str
    """The layout."""
    unpack: partial[Numbers]
    """Called with a source of bytes, gives the whole matrix."""


def packed_matrices(
    tensors: Sequence[TensorEntry], source: ByteSource
) -> tuple[tuple[TensorEntry, ...], tuple[PackedMatrix, ...]]:
    """Return the tensors that stand for themselves, and the matrices that others make up."""
    by_name = {tensor.name: tensor for tensor in tensors}
    found: list[PackedMatrix] = []
    used: set[str] = set()
    for name in by_name:
        for suffix, parts_of, make in _LAYOUTS:
            if not name.endswith(suffix):
                continue
            stem = name.removesuffix(suffix)
            parts = {part: by_name[stem + part] for part in parts_of if stem + part in by_name}
            matrix = make(stem, parts, source)
            if matrix is not None:
                found.append(matrix)
                used |= {stem + part for part in parts}
    return tuple(t for t in tensors if t.name not in used), tuple(found)


def _gptq(stem: str, parts: _Parts, _: ByteSource) -> PackedMatrix | None:
    packed, scales, zeros = (parts.get(part) for part in (".qweight", ".scales", ".qzeros"))
    if packed is None or scales is None or zeros is None:
        return None
    if packed.dtype != "I32" or zeros.dtype != "I32" or len(packed.shape) != 2:
        return None
    columns, rows = packed.shape[0] * _PER_WORD, packed.shape[1]
    fits = len(scales.shape) == 2 and scales.shape[1] == rows and columns % scales.shape[0] == 0
    if not fits or zeros.shape != (scales.shape[0], rows // _PER_WORD) or rows % _PER_WORD:
        return None
    return PackedMatrix(
        name=f"{stem}.weight",
        rows=rows,
        columns=columns,
        dtype="GPTQ",
        unpack=partial(_unpack_gptq, packed, scales, zeros, parts.get(".g_idx")),
    )


def _unpack_gptq(
    packed: TensorEntry,
    scales: TensorEntry,
    zeros: TensorEntry,
    order: TensorEntry | None,
    source: ByteSource,
    /,
) -> Numbers:
    values = _nibbles(_words(packed, source).T)
    groups, rows = scales.shape
    zero = _nibbles(_words(zeros, source)) + 1
    scale = decode(_bytes(scales, source), scales.dtype, rows)
    group = np.arange(values.shape[1]) // (values.shape[1] // groups)
    if order is not None and order.dtype == "I32" and order.shape == (values.shape[1],):
        group = np.frombuffer(_bytes(order, source), dtype="<i4").clip(0, groups - 1)
    return np.asarray((values - zero[group].T) * scale[group].T, dtype=np.float32)


def _compressed(stem: str, parts: _Parts, _: ByteSource) -> PackedMatrix | None:
    packed, scale = parts[".weight_packed"], parts.get(".weight_scale")
    if packed.dtype != "I32" or len(packed.shape) != 2 or scale is None:
        return None
    rows, columns = packed.shape[0], packed.shape[1] * _PER_WORD
    if len(scale.shape) != 2 or scale.shape[0] != rows or columns % scale.shape[1]:
        return None
    return PackedMatrix(
        name=f"{stem}.weight",
        rows=rows,
        columns=columns,
        dtype="PACKED4",
        unpack=partial(_unpack_compressed, packed, scale),
    )


def _unpack_compressed(packed: TensorEntry, scale: TensorEntry, source: ByteSource, /) -> Numbers:
    values = _nibbles(_words(packed, source)) - 8
    scales = decode(_bytes(scale, source), scale.dtype, scale.shape[1])
    return np.asarray(values * np.repeat(scales, values.shape[1] // scale.shape[1], axis=1))


def _bitsandbytes(stem: str, parts: _Parts, source: ByteSource) -> PackedMatrix | None:
    packed, absmax, table = (parts.get(part) for part in ("", ".absmax", ".quant_map"))
    described = parts.get(f"{_BNB_STATE}nf4") or parts.get(f"{_BNB_STATE}fp4")
    if packed is None or absmax is None or table is None or described is None:
        return None
    state = read_json_object(_bytes(described, source), described.name)
    shape, block = state.get("shape"), state.get("blocksize")
    if not (isinstance(shape, list) and len(shape) == 2 and isinstance(block, int) and block > 0):
        return None
    rows, columns = (side if isinstance(side, int) else 0 for side in shape)
    size = packed.end - packed.start
    if packed.dtype != "U8" or rows * columns != 2 * size or table.shape != (16,):
        return None
    blocks = absmax.shape[0] if absmax.shape else 0
    if blocks * block != rows * columns:
        return None
    nested = [parts.get(".nested_absmax"), parts.get(".nested_quant_map")]
    if absmax.dtype == "U8" and None in nested:
        return None
    return PackedMatrix(
        name=stem,
        rows=rows,
        columns=columns,
        dtype="BNB4",
        unpack=partial(_unpack_bitsandbytes, parts, state, (rows, columns)),
    )


def _unpack_bitsandbytes(
    parts: _Parts, state: dict[str, object], shape: tuple[int, int], source: ByteSource, /
) -> Numbers:
    data = np.frombuffer(_bytes(parts[""], source), dtype=np.uint8)
    codes = np.stack([data >> 4, data & 15], axis=1).ravel()
    values = _table(parts[".quant_map"], source)[codes]
    scale = _bitsandbytes_scale(parts, state, source)
    return np.asarray((values.reshape(len(scale), -1) * scale[:, None]).reshape(shape))


def _bitsandbytes_scale(parts: _Parts, state: dict[str, object], source: ByteSource) -> Numbers:
    absmax = parts[".absmax"]
    if absmax.dtype != "U8":
        return _table(absmax, source)
    codes = np.frombuffer(_bytes(absmax, source), dtype=np.uint8)
    nested, offset = _table(parts[".nested_absmax"], source), state.get("nested_offset", 0.0)
    values = _table(parts[".nested_quant_map"], source)[codes]
    scale = np.repeat(nested, -(-len(values) // len(nested)))[: len(values)]
    return values * scale + np.float32(offset if isinstance(offset, int | float) else 0.0)


def _table(tensor: TensorEntry, source: ByteSource) -> Numbers:
    return decode(_bytes(tensor, source), tensor.dtype, 1)[:, 0]


def _bytes(tensor: TensorEntry, source: ByteSource) -> bytes:
    return source.read(tensor.file, tensor.start, tensor.end)


def _words(tensor: TensorEntry, source: ByteSource) -> npt.NDArray[np.uint32]:
    return np.frombuffer(_bytes(tensor, source), dtype="<u4").reshape(tensor.shape)


def _nibbles(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """Return the eight numbers of each word side by side, lowest bits first."""
    shifts = np.arange(_PER_WORD, dtype=np.uint32) * np.uint32(4)
    return (words[..., None] >> shifts & np.uint32(15)).astype(np.int64).reshape(len(words), -1)


_LAYOUTS = (
    (".qweight", (".qweight", ".scales", ".qzeros", ".g_idx"), _gptq),
    (".weight_packed", (".weight_packed", ".weight_scale", ".weight_shape"), _compressed),
    (".absmax", _BNB_PARTS, _bitsandbytes),
)
