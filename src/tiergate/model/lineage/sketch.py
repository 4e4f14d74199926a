# SPDX-License-Identifier: Apache-2.0
"""What is kept of a model: a few hundred kilobytes with which its weights are compared.

A patch of each matrix (some rows, some columns), the rows of some tokens in full width, and
a digest of each tensor. Rows are scaled to length 1 and rounded to 8 bits; a similarity needs
no more. A sketch is drawn from the weights alone: names, configuration and card decide nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from tiergate.model.digest import available_cores, sha256_digest
from tiergate.model.lineage.choice import (
    MATCHED_COLUMNS,
    PATCH_COLUMNS,
    PATCH_ROWS,
    PUBLIC_KEY,
    TOKEN_ROWS,
    Indices,
    chosen_columns,
    chosen_rows,
)
from tiergate.model.lineage.decoding import Numbers
from tiergate.model.lineage.matrices import Matrix, list_matrices
from tiergate.model.lineage.opened import OpenedModel, check_unchanged
from tiergate.model.lineage.structure import inner_sides, is_structured
from tiergate.model.tensors import HashedTensor, TensorEntry, weights_digest

Rounded = npt.NDArray[np.int8]
_HASH_PIECE_BYTES = 4 * 1024 * 1024
_REMOTE_READERS = 8
_SAMPLE_DIGITS = 32
_MOST_TOKEN_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SketchedMatrix:
    """One matrix of a sketch."""

    name: str
    """Name of its tensor, with the number in a stack."""
    rows: int
    """Number of rows of the whole matrix."""
    columns: int
    """Length of a row."""
    counts: bool
    """Whether it can be evidence: not constant, not smooth, not mostly zero or NaN."""
    inner_rows: bool
    """Whether its rows are units of the model's own, which have no order to share with others."""
    inner_columns: bool
    """The same for its columns."""
    sample: str
    """Digest of the chosen rows as float32, in full width: equal for a cast that loses nothing."""
    patch: Rounded = field(repr=False)
    """The chosen rows and columns, rows scaled to length 127; (``PATCH_ROWS``,
    ``PATCH_COLUMNS``) or smaller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SketchedTensor:
    """One tensor of a sketch: what it is, and the digest of its bytes."""

    name: str
    """Name."""
    dtype: str
    """Element type."""
    shape: tuple[int, ...]
    """Length of each axis, in the order of the file format."""
    sha256: str
    """Digest of all bytes, ``sha256:<64 hex>``; empty when not all were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRows:
    """Some rows of a matrix with one row for each token, in full width."""

    name: str
    """Name of its tensor."""
    rows: int
    """Number of rows of the whole matrix: the vocabulary."""
    indices: Indices = field(repr=False)
    """Which rows these are, ascending."""
    values: Rounded = field(repr=False)
    """The rows, scaled to length 1 and rounded: (len(indices), width)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """What is kept of one model."""

    name: str
    """What the model is called."""
    revision: str | None
    """Commit on a hub; None when not known."""
    weights_digest: str | None
    """Digest over all tensors; None when only samples were read."""
    key: str
    """With which key rows and columns were chosen; sketches of other keys cannot be compared."""
    base_models: tuple[str, ...]
    """Base models that the card of the model names: claims."""
    licence: str | None
    """Licence that the card claims."""
    tensors: tuple[SketchedTensor, ...]
    """Every tensor."""
    matrices: tuple[SketchedMatrix, ...]
    """The matrices that were looked at."""
    tokens: tuple[TokenRows, ...]
    """Rows of the matrices with the most rows: embeddings, and the output when it is another."""
    notes: tuple[str, ...]
    """What a person should know."""

    @property
    def width(self) -> int:
        """Length of the rows of the vocabulary; 0 when there is none."""
        return self.tokens[0].values.shape[1] if self.tokens else 0


def draw(
    model: OpenedModel,
    *,
    with_digests: bool = True,
    key: str = PUBLIC_KEY,
) -> Sketch:
    """Draw the sketch of a model, one tensor at a time.

    Args:
        model: where the weights are.
        with_digests: read every byte for exact digests; otherwise, and from a hub, only the
            rows that are looked at are read.
        key: decides which rows and columns are looked at.

    Raises:
        CheckpointError: something cannot be read, or changed meanwhile.
        ExtensionError: a packed type of GGUF needs a package that is not installed.
    """
    matrices = list_matrices(model)
    workers = available_cores() if model.is_local else _REMOTE_READERS
    exact = with_digests and model.is_local
    with ThreadPoolExecutor(workers, thread_name_prefix="tiergate-sketch") as pool:
        looked = list(pool.map(lambda matrix: _look(matrix, key), matrices))
        pairs = zip(matrices, looked, strict=True)
        counting = [matrix for matrix, item in pairs if item.matrix.counts]
        tokens = list(pool.map(lambda matrix: _tokens(matrix, key), _vocabularies(counting)))
        digests = (
            list(pool.map(lambda tensor: _digest(tensor, model), model.tensors))
            if exact
            else [""] * len(model.tensors)
        )
    check_unchanged(model)
    sides = {m.name: s for m, s in zip(counting, inner_sides(counting), strict=True)}
    tensors = tuple(
        SketchedTensor(name=t.name, dtype=t.dtype, shape=t.shape, sha256=digest)
        for t, digest in zip(model.tensors, digests, strict=True)
    )
    return Sketch(
        name=model.name,
        revision=model.revision,
        weights_digest=_weights_digest(tensors) if exact else None,
        key=key,
        base_models=model.card.base_models if model.card else (),
        licence=(model.card.licence_name or model.card.licence) if model.card else None,
        tensors=tensors,
        matrices=tuple(_with_sides(item.matrix, sides) for item in looked),
        tokens=tuple(tokens),
        notes=(*model.notes, *_notes(model, matrices, looked)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """What looking at one matrix gave."""

    matrix: SketchedMatrix
    is_finite: bool


def _look(matrix: Matrix, key: str) -> _Looked:
    rows = chosen_rows(matrix.rows, key=key)
    values = matrix.read(rows)
    finite = bool(np.isfinite(values).all())
    columns = chosen_columns(matrix.columns, key=key)
    sketched = SketchedMatrix(
        name=matrix.name,
        rows=matrix.rows,
        columns=matrix.columns,
        counts=not is_structured(values),
        inner_rows=False,
        inner_columns=False,
        sample=hashlib.sha256(values.tobytes()).hexdigest()[:_SAMPLE_DIGITS],
        patch=rounded(values[:, columns]),
    )
    return _Looked(matrix=sketched, is_finite=finite)


def _with_sides(matrix: SketchedMatrix, sides: dict[str, tuple[bool, bool]]) -> SketchedMatrix:
    rows, columns = sides.get(matrix.name, (False, False))
    return replace(matrix, inner_rows=rows, inner_columns=columns)


def rounded(rows: Numbers) -> Rounded:
    """Scale each row to the range of 8 bits; NaN and infinity become 0.

    The largest entry of a row becomes 127, which keeps its direction; lengths are lost.
    """
    safe = np.nan_to_num(rows.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    top = np.abs(safe).max(axis=1, keepdims=True, initial=0.0)
    return np.rint(safe * (127.0 / np.where(top > 0, top, 1.0))).astype(np.int8)


def _vocabularies(matrices: Sequence[Matrix]) -> list[Matrix]:
    """Return up to two matrices with the most rows, if they are taller than wide."""
    tall = max((matrix.rows for matrix in matrices), default=0)
    found = [m for m in matrices if m.rows == tall and m.rows > m.columns]
    return found[:2]


def _tokens(matrix: Matrix, key: str) -> TokenRows:
    wanted = max(PATCH_ROWS, min(TOKEN_ROWS, _MOST_TOKEN_BYTES // matrix.columns // 8 * 8))
    indices = chosen_rows(matrix.rows, wanted, key=key)
    values = rounded(matrix.read(indices))
    return TokenRows(name=matrix.name, rows=matrix.rows, indices=indices, values=values)


def _digest(tensor: TensorEntry, model: OpenedModel) -> str:
    digest = hashlib.sha256()
    for start in range(tensor.start, tensor.end, _HASH_PIECE_BYTES):
        end = min(start + _HASH_PIECE_BYTES, tensor.end)
        digest.update(model.bytes_of.read(tensor.file, start, end))
    return f"sha256:{digest.hexdigest()}"


def _weights_digest(tensors: Sequence[SketchedTensor]) -> str:
    return weights_digest(
        HashedTensor(name=t.name, dtype=t.dtype, shape=t.shape, sha256=t.sha256, file="")
        for t in tensors
    )


def _notes(model: OpenedModel, matrices: Sequence[Matrix], looked: Sequence[_Looked]) -> list[str]:
    notes = []
    broken = [item.matrix.name for item in looked if not item.is_finite]
    if broken:
        notes.append(f"{len(broken)} matrices hold NaN or infinity, the first is {broken[0]}")
    read = {matrix.name.partition("[")[0] for matrix in matrices}
    large = [t for t in model.tensors if len(t.shape) >= 2 and t.end - t.start >= 4096]
    unread = [t for t in large if t.dtype in {"I32", "U8", "I16", "U16", "I64"}]
    left = [t.name for t in unread if t.name not in read]
    if left and len(left) * 4 > len(large):
        notes.append(f"{len(left)} tensors are packed in a way that is not read, such as {left[0]}")
    return notes


def patch_indices(matrix: SketchedMatrix, key: str) -> tuple[Indices, Indices]:
    """Return which rows and columns the patch of a matrix shows."""
    return chosen_rows(matrix.rows, key=key), chosen_columns(matrix.columns, key=key)


def matched_columns(width: int, key: str) -> Indices:
    """Return the columns of a vocabulary that are matched; they include those of patches."""
    return chosen_columns(width, MATCHED_COLUMNS, key=key)


def key_digest(key: str) -> str:
    """Return what a sketch file says of its key: which one, not what it is."""
    return key if key == PUBLIC_KEY else sha256_digest(key.encode())


assert PATCH_COLUMNS <= MATCHED_COLUMNS  # noqa: S101 - columns of patches are matched ones
