# SPDX-License-Identifier: Apache-2.0
"""Tensors as matrices whose rows can be read one by one, whatever they are stored in.

A matrix has one row for each unit that it feeds. Tensors of three axes are stacks of matrices
(experts); those with short inner axes and those of four axes are flattened. Names are used
for packed formats, which spread one matrix over several tensors, and for nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Protocol

import numpy as np

from tiergate.model.lineage.choice import Indices, chosen_of
from tiergate.model.lineage.decoding import Numbers, decode, is_decodable, row_bytes
from tiergate.model.lineage.opened import ByteSource, OpenedModel
from tiergate.model.lineage.packed import packed_matrices
from tiergate.model.tensors import TensorEntry

SMALLEST_SIDE = 8
"""A matrix with fewer rows or columns says too little."""
MAX_STACKED = 2
"""Matrices that are looked at of each stack: of 128 experts, these are two."""
_WHOLE_BYTES = 256 * 1024
_NUMBER = re.compile(r"\d+")


class RowReader(Protocol):
    """Reads rows of one matrix."""

    def __call__(self, rows: Indices | None, /) -> Numbers:
        """Return these rows (ascending), or all; float32, full width."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """One matrix of a model."""

    name: str
    """Name of its tensor, with the number in the stack: "experts.up[3]"."""
    rows: int
    """Number of rows."""
    columns: int
    """Length of a row."""
    dtype: str
    """Element type, or the packed format: "BF16", "Q4_K", "GPTQ"."""
    read: RowReader
    """Reads rows."""
    is_packed: bool = False
    """Whether any row needs all of it to be read."""

    @property
    def kind(self) -> str:
        """The name with every number as an asterisk: the same in every layer."""
        return kind_of(self.name)

    @property
    def layer(self) -> int | None:
        """The first number of the name; None when there is none."""
        return layer_of(self.name)


def kind_of(name: str) -> str:
    """Return the name with every number as an asterisk.

    >>> kind_of("blk.7.ffn_up.weight")
    'blk.*.ffn_up.weight'
    """
    return _NUMBER.sub("*", name)


def layer_of(name: str) -> int | None:
    """Return the first number in the name of a tensor.

    >>> layer_of("model.layers.7.mlp.experts.3.up_proj.weight")
    7
    """
    found = re.search(r"(?<![A-Za-z])\d+(?=\.)", name)
    return int(found[0]) if found else None


def list_matrices(model: OpenedModel) -> tuple[Matrix, ...]:
    """Return the matrices of a model that can be looked at, in natural order of their names."""
    plain, packed = packed_matrices(model.tensors, model.bytes_of)
    found = [matrix for tensor in plain for matrix in _plain(tensor, model.bytes_of)]
    found += [
        Matrix(
            name=item.name,
            rows=item.rows,
            columns=item.columns,
            dtype=item.dtype,
            read=partial(_packed_rows, item.unpack, model.bytes_of),
            is_packed=True,
        )
        for item in packed
    ]
    wide = [m for m in found if min(m.rows, m.columns) >= SMALLEST_SIDE]
    return _few_of_each_stack(sorted(wide, key=lambda matrix: natural(matrix.name)))


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts numbers in names by their value."""
    parts = re.split(r"(\d+)", name)
    return tuple((1, int(p), "") if p.isdigit() else (0, 0, p) for p in parts)


def _few_of_each_stack(matrices: Sequence[Matrix]) -> tuple[Matrix, ...]:
    """Keep a keyed choice of those that differ only in a second number: experts, blocks."""
    stacks: dict[tuple[str, int | None], list[Matrix]] = {}
    for matrix in matrices:
        stacks.setdefault((matrix.kind, matrix.layer), []).append(matrix)
    kept = {
        stack[number].name
        for stack in stacks.values()
        for number in chosen_of(len(stack), MAX_STACKED, "stack")
    }
    return tuple(matrix for matrix in matrices if matrix.name in kept)


def _plain(tensor: TensorEntry, source: ByteSource) -> list[Matrix]:
    if not is_decodable(tensor.dtype) or len(tensor.shape) < 2 or 0 in tensor.shape:
        return []
    # GGUF gives the length of a row first.
    shape = tensor.shape[::-1] if tensor.file.lower().endswith(".gguf") else tensor.shape
    stacked = len(shape) == 3 and min(shape[1:]) >= SMALLEST_SIDE
    count, rows = (shape[0], shape[1]) if stacked else (1, shape[0])
    columns = shape[-1] if stacked or len(shape) == 2 else prod(shape[1:])
    size = rows * row_bytes(tensor.dtype, columns)
    if count * size != tensor.end - tensor.start:
        return []
    return [
        Matrix(
            name=f"{tensor.name}[{number}]" if stacked else tensor.name,
            rows=rows,
            columns=columns,
            dtype=tensor.dtype,
            read=partial(_rows, tensor, source, (tensor.start + number * size, rows, columns)),
        )
        for number in range(count)
    ]


def _rows(
    tensor: TensorEntry, source: ByteSource, place: tuple[int, int, int], rows: Indices | None, /
) -> Numbers:
    start, count, columns = place
    size = row_bytes(tensor.dtype, columns)
    if rows is None or count * size <= _WHOLE_BYTES:
        whole = decode(source.read(tensor.file, start, start + count * size), tensor.dtype, columns)
        return whole if rows is None else whole[rows]
    data = b"".join(
        source.read(tensor.file, start + first * size, start + end * size)
        for first, end in _runs(rows)
    )
    return decode(data, tensor.dtype, columns)


def _runs(rows: Indices) -> list[tuple[int, int]]:
    """Return (first, end) of each run of neighbours."""
    cuts = np.flatnonzero(np.diff(rows) != 1) + 1
    return [(int(run[0]), int(run[-1]) + 1) for run in np.split(rows, cuts) if run.size]


def _packed_rows(unpack: partial[Numbers], source: ByteSource, rows: Indices | None, /) -> Numbers:
    whole = unpack(source)
    return whole if rows is None else whole[rows]
