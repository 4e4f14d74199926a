# SPDX-License-Identifier: Apache-2.0
"""Which rows and columns of a matrix are looked at: a keyed, deterministic choice.

Every index has a pseudo-random rank that depends on the key and on nothing else, and the
lowest ranks are taken. So two matrices of nearly the same length (a vocabulary, and the same
with more words) share nearly all of their chosen indices.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

PUBLIC_KEY = "tiergate-sketch/1"
"""The key of sketches that anybody may compare. Whoever knows a key can avoid its rows."""
BLOCK_ROWS = 8
"""Rows are taken in blocks of neighbours, so that a range request brings several."""
PATCH_ROWS = 32
"""Rows of a patch."""
PATCH_COLUMNS = 32
"""Columns of a patch."""
TOKEN_ROWS = 64
"""Rows that are kept of a vocabulary, in full width."""
MATCHED_COLUMNS = 256
"""Columns of a vocabulary that are matched with those of another."""

Indices = npt.NDArray[np.int64]
_GOLDEN = 0x9E3779B97F4A7C15


def _ranks(count: int, purpose: str, key: str) -> npt.NDArray[np.uint64]:
    """Return a pseudo-random number for each index below ``count`` (the splitmix64 mix)."""
    seed = hashlib.sha256(f"{key}\0{purpose}".encode()).digest()[:8]
    start = np.uint64(int.from_bytes(seed, "little"))
    value = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_GOLDEN) + start
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def _lowest(count: int, wanted: int, purpose: str, key: str) -> Indices:
    chosen = np.argsort(_ranks(count, purpose, key), kind="stable")[:wanted]
    return np.sort(chosen).astype(np.int64)


def chosen_rows(rows: int, wanted: int = PATCH_ROWS, *, key: str = PUBLIC_KEY) -> Indices:
    """Return the rows that are looked at, ascending, in whole blocks of neighbours.

    >>> chosen_rows(16).tolist() == list(range(16))
    True
    """
    blocks = _lowest(rows // BLOCK_ROWS, wanted // BLOCK_ROWS, "rows", key)
    return (blocks[:, None] * BLOCK_ROWS + np.arange(BLOCK_ROWS)).ravel()


def chosen_columns(columns: int, wanted: int = PATCH_COLUMNS, *, key: str = PUBLIC_KEY) -> Indices:
    """Return the columns that are looked at, ascending; fewer wanted gives a subset of more."""
    return _lowest(columns, wanted, "columns", key)


def chosen_of(count: int, wanted: int, purpose: str, *, key: str = PUBLIC_KEY) -> Indices:
    """Return which of ``count`` things are looked at, ascending."""
    return _lowest(count, wanted, purpose, key)
