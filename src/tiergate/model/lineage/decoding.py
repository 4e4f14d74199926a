# SPDX-License-Identifier: Apache-2.0
"""Numbers out of the bytes of a tensor: every element type that a checkpoint is stored in.

Types of GGUF that pack several numbers are decoded by the format's own package, which is an
extra. A type that is not known here is not guessed at.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from tiergate.errors import ExtensionError
from tiergate.model.gguf_header import TENSOR_TYPES
from tiergate.model.safetensors_header import BITS_PER_ELEMENT

Numbers = npt.NDArray[np.float32]
_PLAIN = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I8": "i1"}
_FLOAT8 = {"F8_E4M3": (4, 3), "F8_E5M2": (5, 2)}
_BLOCKS = {name: (elements, size) for name, elements, size in TENSOR_TYPES.values()}
_NUMBERS = {name: number for number, (name, _, _) in TENSOR_TYPES.items()}


def is_decodable(dtype: str) -> bool:
    """Whether numbers can be read from this type; "I32" and its like hold packed numbers."""
    if dtype in _PLAIN or dtype in _FLOAT8 or dtype == "BF16":
        return True
    return dtype in _BLOCKS and _BLOCKS[dtype][0] > 1


def row_bytes(dtype: str, columns: int) -> int:
    """Return the bytes of one row; GGUF rows are whole blocks."""
    if dtype in _BLOCKS:
        elements, size = _BLOCKS[dtype]
        return columns // elements * size
    return BITS_PER_ELEMENT[dtype] * columns // 8


def decode(data: bytes, dtype: str, columns: int) -> Numbers:
    """Return the rows in ``data`` as float32, shape (rows, ``columns``); may hold NaN.

    Raises:
        ExtensionError: a packed type of GGUF, and its package is not installed.
    """
    if dtype in _PLAIN:
        flat = np.frombuffer(data, dtype=_PLAIN[dtype])
        with np.errstate(over="ignore"):
            return flat.astype(np.float32).reshape(-1, columns)
    if dtype == "BF16":
        high = np.frombuffer(data, dtype="<u2").astype(np.uint32) << np.uint32(16)
        return high.view(np.float32).reshape(-1, columns)
    if dtype in _FLOAT8:
        return _float8_table(dtype)[np.frombuffer(data, dtype=np.uint8)].reshape(-1, columns)
    return _dequantise(data, dtype, columns)


@cache
def _float8_table(dtype: str) -> Numbers:
    """Return the value of each byte; the patterns for NaN and infinity give NaN."""
    exponent_bits, fraction_bits = _FLOAT8[dtype]
    byte = np.arange(256)
    sign = np.where(byte >= 128, -1.0, 1.0)
    exponent = (byte >> fraction_bits) & (2**exponent_bits - 1)
    fraction = (byte & (2**fraction_bits - 1)) / 2**fraction_bits
    bias = 2 ** (exponent_bits - 1) - 1
    normal = (1 + fraction) * 2.0 ** (exponent - bias)
    value = sign * np.where(exponent == 0, fraction * 2.0 ** (1 - bias), normal)
    special = (byte & 127) == 127 if dtype == "F8_E4M3" else exponent == 2**exponent_bits - 1
    return np.where(special, np.nan, value).astype(np.float32)


def _dequantise(data: bytes, dtype: str, columns: int) -> Numbers:
    try:
        from gguf.constants import GGMLQuantizationType
        from gguf.quants import dequantize
    except ImportError:
        raise ExtensionError(
            "gguf",
            "no such package",
            f"what decodes {dtype}",
            "Install it: pip install 'tiergate[gguf]'",
        ) from None
    rows = np.frombuffer(data, dtype=np.uint8).reshape(-1, row_bytes(dtype, columns))
    try:
        values = dequantize(rows, GGMLQuantizationType(_NUMBERS[dtype]))
    except (NotImplementedError, ValueError, KeyError) as error:
        raise ExtensionError(
            "gguf", f"no way to decode {dtype} ({error})", "a newer gguf package", ""
        ) from error
    return np.asarray(values, dtype=np.float32).reshape(-1, columns)
