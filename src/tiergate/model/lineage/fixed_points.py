# SPDX-License-Identifier: Apache-2.0
"""Units that are each other's best partner at the same index: the test of matrices as they are.

Every matrix of one model is held against every matrix of the other whose rows are equally long:
names and the order of layers do not matter, so copies, gaps and moves are found. Rows are
partners by the size of their cosine, once the mean row is taken away; columns likewise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tiergate.model.lineage.choice import Indices
from tiergate.model.lineage.evidence import log_e_fixed_points, log_mean
from tiergate.model.lineage.sketch import SketchedMatrix, patch_indices

Numbers = npt.NDArray[np.float32]
_FEWEST = 8
_AT_ONCE = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class PairTable:
    """Every matrix of a candidate against every matrix of a base."""

    row_matches: npt.NDArray[np.int64]
    """Rows that match at their own index, by (candidate matrix, base matrix); -1 where the two
    cannot be compared, or the rows of one have an order that models share."""
    column_matches: npt.NDArray[np.int64]
    """The same for columns."""
    log_e: npt.NDArray[np.float64]
    """Log e-value of each pair, over both; minus infinity where neither can be compared."""

    @property
    def pairs(self) -> int:
        """How many pairs were compared."""
        return int(np.isfinite(self.log_e).sum())

    @property
    def log_mean_e(self) -> float:
        """Log e-value of all pairs together; valid whatever they have in common."""
        return log_mean(self.log_e[np.isfinite(self.log_e)])


def pair_table(
    candidate: Sequence[SketchedMatrix], base: Sequence[SketchedMatrix], key: str
) -> PairTable:
    """Compare all matrices of two models.

    Args:
        candidate: matrices of the one; those that do not count are passed over.
        base: matrices of the other.
        key: with which both were sketched.
    """
    shape = (len(candidate), len(base))
    rows = np.full(shape, -1, dtype=np.int64)
    columns = np.full(shape, -1, dtype=np.int64)
    for ours, theirs in _groups(candidate, base):
        one, other = _aligned(candidate, ours, base, theirs, key)
        if one.shape[1] < _FEWEST:
            continue
        index = np.ix_(ours, theirs)
        rows[index] = row_matches(unit_rows(one), unit_rows(other))
        columns[index] = row_matches(unit_rows(one.swapaxes(1, 2)), unit_rows(other.swapaxes(1, 2)))
    rows[~_both(candidate, base, "inner_rows")] = -1
    columns[~_both(candidate, base, "inner_columns")] = -1
    return PairTable(row_matches=rows, column_matches=columns, log_e=_mean_of_sides(rows, columns))


def _both(
    candidate: Sequence[SketchedMatrix], base: Sequence[SketchedMatrix], flag: str
) -> npt.NDArray[np.bool_]:
    ours, theirs = ([bool(getattr(m, flag)) for m in side] for side in (candidate, base))
    return np.asarray(np.outer(ours, theirs), dtype=np.bool_)


def _mean_of_sides(
    rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return the log of the mean e-value of the sides that were compared."""
    logs = [np.where(m >= 0, log_e_fixed_points(m), -np.inf) for m in (rows, columns)]
    sides = np.maximum((rows >= 0).astype(int) + (columns >= 0), 1)
    return np.asarray(np.logaddexp(*logs) - np.log(sides))


def _groups(
    candidate: Sequence[SketchedMatrix], base: Sequence[SketchedMatrix]
) -> Iterator[tuple[list[int], list[int]]]:
    """Yield positions of matrices of one size on each side, where rows are equally long."""
    for columns in sorted({matrix.columns for matrix in candidate if matrix.counts}):
        for ours in _by_rows(candidate, columns):
            for theirs in _by_rows(base, columns):
                yield ours, theirs


def _by_rows(matrices: Sequence[SketchedMatrix], columns: int) -> list[list[int]]:
    found: dict[int, list[int]] = {}
    for number, matrix in enumerate(matrices):
        if matrix.counts and matrix.columns == columns:
            found.setdefault(matrix.rows, []).append(number)
    return list(found.values())


def _aligned(
    candidate: Sequence[SketchedMatrix],
    ours: list[int],
    base: Sequence[SketchedMatrix],
    theirs: list[int],
    key: str,
) -> tuple[Numbers, Numbers]:
    """Return both sides as (matrices, rows, columns), rows that both patches show."""
    mine, _ = patch_indices(candidate[ours[0]], key)
    other, _ = patch_indices(base[theirs[0]], key)
    _, here, there = common_indices(mine, other)
    one = np.stack([candidate[number].patch[here] for number in ours])
    two = np.stack([base[number].patch[there] for number in theirs])
    return one.astype(np.float32), two.astype(np.float32)


def common_indices(one: Indices, other: Indices) -> tuple[Indices, Indices, Indices]:
    """Return the indices that both have, and where they stand in each."""
    common, here, there = np.intersect1d(one, other, assume_unique=True, return_indices=True)
    return common, here.astype(np.int64), there.astype(np.int64)


def row_matches(left: Numbers, right: Numbers) -> npt.NDArray[np.int64]:
    """Count rows whose best partner is the row of the same index, for all pairs of matrices.

    Args:
        left: what ``unit_rows`` gave for (matrices, rows, columns).
        right: the same for the other model.

    Returns:
        (matrices, matrices of the other).
    """
    theirs, rows, columns = right.shape
    flat = np.ascontiguousarray(right.reshape(-1, columns).T)
    found = np.empty((len(left), theirs), dtype=np.int64)
    own = np.arange(rows)
    for start in range(0, len(left), _AT_ONCE):
        part = left[start : start + _AT_ONCE]
        size = (part.reshape(-1, columns) @ flat).reshape(len(part), rows, theirs, rows)
        np.abs(size, out=size)
        same = size[:, own, :, own].transpose(1, 0, 2)
        size[:, own, :, own] = -1.0
        # A tie is no match: which of two equal rows is the better partner depends on nothing.
        found[start : start + _AT_ONCE] = (same > size.max(axis=3)).sum(axis=1)
    return found


def unit_rows(patches: Numbers) -> Numbers:
    """Take the mean row away and scale rows to length 1; empty rows stay 0.

    Args:
        patches: (..., rows, columns).
    """
    # Rows first: a row's length must not decide how much it adds to the mean.
    scaled = to_unit(patches)
    return to_unit(scaled - scaled.mean(axis=-2, keepdims=True))


def to_unit(rows: Numbers) -> Numbers:
    """Scale rows to length 1; empty rows stay 0."""
    length = np.sqrt((rows * rows).sum(axis=-1, keepdims=True))
    return np.asarray(rows / np.where(length > 1e-6, length, np.inf), dtype=np.float32)
