# SPDX-License-Identifier: Apache-2.0
"""What unrelated models have in common, and must not be taken for a match.

Matrices that a formula made: position tables, masks, filter banks, constants, and those that
start as the identity. Their entries follow from their neighbours, take few different values, or
stand out along a diagonal; trained units have no neighbours. Learned position tables are smooth
too and are left out with them.

And sides that mean something outside of the model: tokens, positions, labels, pixels have an
order that every model shares. Only sides whose units a model has to itself have none.

The units of an attention are not free either. Its heads can change places, and within a head
the values can; but a head moves as a whole, so that one that meets its like brings many rows
with it, and rotary positions give each row of a query or key a frequency that is the same in
every model. Where several parts are stacked in one matrix, each part keeps its place. Of those
only the side of the width is free.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tiergate.model.lineage.choice import BLOCK_ROWS
from tiergate.model.lineage.decoding import Numbers
from tiergate.model.lineage.matrices import Matrix

_FEWEST_VALUES = 8
_FEWEST_ROWS = 8
_PREDICTED = 0.5
_ON_A_DIAGONAL = 0.5
_FEWEST_SIDES = 4
_OUTSIDE = re.compile(
    r"embed|embd|wte|wpe|lm_head|(^|\.)output\.weight|position|codebook|classifier|relative"
)
_ATTENTION = re.compile(
    r"attn|attention|qkv|(^|[._])([qkvo]_(proj|lin)|w[qkvo]|to_[qkv]|to_out|w_pack)([._]|$)",
    re.IGNORECASE,
)
_READS = re.compile(
    r"(^|[._])(attn_|to_|w)?(q|k|v|qkv|(q|kv)_a(_.*)?|(q|kv)_b|query|key|value|query_key_value)"
    r"(_proj|_lin|_proj_with_mqa)?([._]|$)|in_proj|w_pack",
    re.IGNORECASE,
)
_WRITES = re.compile(
    r"(^|[._])(o|o_proj|wo|out_proj|out_lin|to_out|attn_output)([._]|$)"
    r"|att(entio)?n\.(output\.)?dense",
    re.IGNORECASE,
)
_STACKED = re.compile(r"gate_?(and_)?up|in_proj|dense_h_to_4h|(^|[._])w12([._]|$)", re.IGNORECASE)
_ROWS = 32
_COLUMNS = 512

_Floats = npt.NDArray[np.float64]


def is_structured(rows: Numbers) -> bool:
    """Whether some rows of a matrix say nothing of where it comes from.

    Args:
        rows: blocks of ``BLOCK_ROWS`` neighbouring rows, in full width.
    """
    sample = rows[:_ROWS, :_COLUMNS].astype(np.float64)
    finite = np.isfinite(sample)
    values = np.where(finite, sample, 0.0)
    values = values / max(float(np.abs(values).max(initial=0.0)), 1e-300)
    filled = (np.count_nonzero(values, axis=1) > 1).sum()
    if filled < _FEWEST_ROWS or finite.mean() < 0.5 or np.unique(values).size < _FEWEST_VALUES:
        return True
    if _on_a_diagonal(values) > _ON_A_DIAGONAL:
        return True
    along_rows = values[:, None, :]
    down_columns = values.T.reshape(values.shape[1], -1, BLOCK_ROWS)
    return max(_predicted(along_rows), _predicted(down_columns)) > _PREDICTED


def inner_sides(matrices: Sequence[Matrix]) -> list[tuple[bool, bool]]:
    """Say of each matrix whether its rows, and its columns, are units of the model's own.

    The width and inner units are sides of many matrices. The number of tokens, labels or pixels
    is a side of few, and tables of tokens or positions are known by their names as well. So is
    an attention; where its name does not tell which side the heads are, neither is counted.
    """
    sides = Counter(side for matrix in matrices for side in (matrix.rows, matrix.columns))
    found = []
    for matrix in matrices:
        free_rows, free_columns = _free_sides(matrix)
        found.append(
            (
                free_rows
                and sides[matrix.rows] >= _FEWEST_SIDES
                and not _OUTSIDE.search(matrix.name),
                free_columns and sides[matrix.columns] >= _FEWEST_SIDES,
            )
        )
    return found


def _free_sides(matrix: Matrix) -> tuple[bool, bool]:
    """Say whether any order of the rows, and of the columns, would do as well, by the name."""
    name = matrix.name
    if not _ATTENTION.search(name):
        free = not _STACKED.search(name)
        return free, free
    if name.endswith("]"):
        # One matrix of a stack for each head: both sides may be the head's.
        return False, False
    if "c_attn" in name:
        # Some libraries store it transposed; the longer side is that of queries, keys and values.
        return matrix.rows < matrix.columns, matrix.rows > matrix.columns
    return bool(_WRITES.search(name)), bool(_READS.search(name) and not _WRITES.search(name))


def _on_a_diagonal(values: _Floats) -> float:
    """Return in how many neighbouring rows the largest entries step on by one distance."""
    largest = np.abs(values).argmax(axis=1).reshape(-1, BLOCK_ROWS)
    steps = np.diff(largest, axis=1).ravel()
    counts = Counter(int(step) for step in steps if step)
    return float(max(counts.values(), default=0) / max(1, steps.size))


def _predicted(series: _Floats) -> float:
    """Return how much of each entry its two predecessors explain, from 0 to 1, on average.

    Smooth curves and pure waves of any frequency give 1, noise nearly 0.

    Args:
        series: (series, pieces, length); a prediction stays within a piece.
    """
    centred = series - series.mean(axis=(1, 2), keepdims=True)
    before, last = centred[..., :-2], centred[..., 1:-1]
    now = centred[..., 2:]
    aa, bb, ab = _dot(before, before), _dot(last, last), _dot(before, last)
    ya, yb, total = _dot(now, before), _dot(now, last), _dot(now, now)
    # The least-squares solution for two unknowns; a little is added so that it exists.
    slack = 1e-6 * (aa + bb) + 1e-12
    aa, bb = aa + slack, bb + slack
    explained = (ya**2 * bb - 2 * ya * yb * ab + yb**2 * aa) / (aa * bb - ab**2)
    good = total > 1e-12 * max(float(total.max(initial=0.0)), 1e-300)
    return float(np.clip(explained[good] / total[good], 0.0, 1.0).mean()) if good.any() else 1.0


def _dot(one: _Floats, other: _Floats) -> _Floats:
    return np.asarray((one * other).sum(axis=(1, 2)))
