# SPDX-License-Identifier: Apache-2.0
"""Tensors by name, and the digest over them that survives resharding.

The header readers give ``TensorEntry``; this module adds them up. The weights digest
covers what the weights are (name, dtype, shape, bytes), not how they are split into files.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from tiergate.errors import CheckpointError
from tiergate.model.digest import sha256_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorEntry:
    """One tensor, as a header describes it."""

    name: str
    """Name, unique within its file."""
    dtype: str
    """Element type in the words of the file format: "BF16", "Q4_K"."""
    shape: tuple[int, ...]
    """Length of each axis, in the order of the file format; empty for a scalar."""
    start: int
    """Offset of its first byte from the beginning of the file."""
    end: int
    """Offset behind its last byte from the beginning of the file."""
    file: str
    """Path of the file within the checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HashedTensor:
    """One tensor with the digest of its bytes."""

    name: str
    """Name, unique within its set."""
    dtype: str
    """Element type, or ``file:<format>`` for a weights file that is hashed as a whole."""
    shape: tuple[int, ...]
    """Length of each axis; the size in bytes for a file that is hashed as a whole."""
    sha256: str
    """Digest of the bytes, ``sha256:<64 hex>``."""
    file: str
    """Path of the file that holds it; for messages only, not part of the digest."""
    weight_set: str = ""
    """Which set of shards it belongs to, when a checkpoint holds several."""


def weights_digest(tensors: Iterable[HashedTensor]) -> str:
    """Return the digest over the canonical JSON list of [name, dtype, shape, sha256].

    The list is sorted by name (UTF-8 bytes). When the tensors belong to more than one set
    (two quantisations side by side, say) each item ends with the label of its set. File
    names, offsets, order and free-text metadata have no influence.

    Raises:
        CheckpointError: one set has a tensor name twice, or there is no tensor at all.
    """
    import rfc8785

    ordered = sorted(tensors, key=lambda tensor: (tensor.weight_set, tensor.name.encode()))
    if not ordered:
        raise CheckpointError("weights", "no tensors", "at least one tensor")
    refuse_duplicates([(tensor.weight_set, tensor.name, tensor.file) for tensor in ordered])
    several = len({tensor.weight_set for tensor in ordered}) > 1
    rows: list[Any] = [
        [tensor.name, tensor.dtype, list(tensor.shape), tensor.sha256]
        + ([tensor.weight_set] if several else [])
        for tensor in ordered
    ]
    return sha256_digest(rfc8785.dumps(rows))


def refuse_duplicates(named: Sequence[tuple[str, str, str]]) -> None:
    """Refuse a (set, tensor name, file) row whose set already has the tensor name.

    Raises:
        CheckpointError: naming the tensor and both files.
    """
    seen: dict[tuple[str, str], str] = {}
    for weight_set, name, file in named:
        if (weight_set, name) in seen:
            raise CheckpointError(
                file,
                f"the tensor {name!r}, which {seen[weight_set, name]} holds too",
                "every tensor in one shard only",
                "Remove the shard that does not belong to this checkpoint.",
            )
        seen[weight_set, name] = file


def parameter_count(tensors: Iterable[TensorEntry]) -> int:
    """Return the number of elements of all tensors (packed types count as stored)."""
    return sum(prod(tensor.shape) for tensor in tensors)


def dtype_counts(tensors: Iterable[TensorEntry]) -> tuple[tuple[str, int], ...]:
    """Return (dtype, number of elements) for each dtype, sorted by dtype."""
    counts: Counter[str] = Counter()
    for tensor in tensors:
        counts[tensor.dtype] += prod(tensor.shape)
    return tuple(sorted(counts.items()))
