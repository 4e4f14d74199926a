# SPDX-License-Identifier: Apache-2.0
"""Weights files read together: shards, their index, and the sets that they form.

A set is what one loader loads at once: the shards of one index, the files numbered
``-00001-of-00004``, or a file on its own. Within a set no tensor may be held twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from tiergate.errors import CheckpointError
from tiergate.model.digest import unreadable
from tiergate.model.files import FileRole, FoundFile, WeightsFormat
from tiergate.model.gguf_header import read_gguf_header
from tiergate.model.safetensors_header import read_safetensors_header
from tiergate.model.strict_json import MAX_JSON_BYTES, read_json_object
from tiergate.model.tensors import HashedTensor, TensorEntry, refuse_duplicates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiergate.model.digest import FileDigests

_SHARD = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<suffix>\.[^./]+)")
_POINTER = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsFile:
    """One weights file with what its header says."""

    file: FoundFile
    """The file."""
    weight_set: str
    """Label of the set that it belongs to."""
    tensors: tuple[TensorEntry, ...]
    """Its tensors, ascending by offset; empty for formats that are hashed as a whole."""
    text: Mapping[str, str]
    """Values of the header that are text; only GGUF has any that we read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Every weights file of a checkpoint."""

    files: tuple[WeightsFile, ...]
    """The files, sorted by path."""
    notes: tuple[str, ...]
    """What a person should know about how the files fit together."""

    @property
    def tensors(self) -> tuple[TensorEntry, ...]:
        """All tensors of all files."""
        return tuple(tensor for file in self.files for tensor in file.tensors)


def read_weights(files: Sequence[FoundFile], where: str = "the checkpoint") -> Weights:
    """Read every header and index, and check that they fit together.

    Raises:
        CheckpointError: no weights; a malformed header; a shard that an index or a shard's
            own number asks for is missing, or does not hold what the index says; a tensor
            held twice in one set.
    """
    found = [file for file in files if file.role is FileRole.WEIGHTS]
    if not found:
        raise CheckpointError(
            where,
            "no weights" if files else "an empty folder",
            "at least one .safetensors or .gguf file",
            "Give the folder that holds the weights.",
        )
    indexes = {
        file.path: _read_index(file) for file in files if file.role is FileRole.WEIGHTS_INDEX
    }
    label_of = _labels(indexes)
    weights = tuple(_read_file(file, label_of) for file in found)
    notes = [note for path, rows in indexes.items() for note in _check_index(path, rows, weights)]
    _check_numbered({file.path for file in found})
    refuse_duplicates(
        [
            (weight.weight_set, tensor.name, tensor.file)
            for weight in weights
            for tensor in weight.tensors
        ]
    )
    sets = sorted({weight.weight_set for weight in weights})
    if len(sets) > 1:
        notes.append(f"the checkpoint holds {len(sets)} sets of weights: {', '.join(sets[:10])}")
    return Weights(files=weights, notes=tuple(notes))


def hashed_tensors(
    weights: Weights, digests: Mapping[str, FileDigests]
) -> tuple[HashedTensor, ...]:
    """Join tensors with their digests.

    A file whose format has no header that we read (a pickle, ONNX, ...) counts as a single
    tensor that is named by its path, has the dtype ``file:<format>`` and its size as shape.

    Args:
        weights: the headers.
        digests: by path of the file; sections in the order of the tensors of the file.
    """
    rows: list[HashedTensor] = []
    for weight in weights.files:
        found = digests[weight.file.path]
        weights_format = weight.file.weights_format
        if weights_format not in {WeightsFormat.SAFETENSORS, WeightsFormat.GGUF}:
            rows.append(
                HashedTensor(
                    name=weight.file.path,
                    dtype=f"file:{weights_format}",
                    shape=(weight.file.state.size_bytes,),
                    sha256=found.sha256,
                    file=weight.file.path,
                    weight_set=weight.weight_set,
                )
            )
        rows.extend(
            HashedTensor(
                name=tensor.name,
                dtype=tensor.dtype,
                shape=tensor.shape,
                sha256=sha256,
                file=tensor.file,
                weight_set=weight.weight_set,
            )
            for tensor, sha256 in zip(weight.tensors, found.sections, strict=True)
        )
    return tuple(rows)


def _labels(indexes: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the set of each file that an index names."""
    return {
        shard: index.removesuffix(".index.json")
        for index, rows in indexes.items()
        for shard in rows.values()
    }


def _read_file(file: FoundFile, label_of: Mapping[str, str]) -> WeightsFile:
    numbered = _SHARD.fullmatch(file.path)
    own = file.path if numbered is None else numbered["stem"] + numbered["suffix"]
    label = label_of.get(file.path, own)
    tensors: tuple[TensorEntry, ...] = ()
    text: dict[str, str] = {}
    _refuse_pointer(file)
    if file.weights_format is WeightsFormat.SAFETENSORS:
        tensors = read_safetensors_header(file.location, file=file.path).tensors
    elif file.weights_format is WeightsFormat.GGUF:
        header = read_gguf_header(file.location, file=file.path)
        tensors, text = header.tensors, header.text
    return WeightsFile(file=file, weight_set=label, tensors=tensors, text=text)


def _refuse_pointer(file: FoundFile) -> None:
    if file.state.size_bytes < 1024 and read_small(file).startswith(_POINTER):
        raise CheckpointError(
            file.path,
            "a Git LFS pointer",
            "the weights themselves",
            "Run `git lfs pull` in the folder.",
        )


def read_small(file: FoundFile) -> bytes:
    """Read a whole supporting file.

    Raises:
        CheckpointError: unreadable, or longer than any supporting file should be.
    """
    if file.state.size_bytes > MAX_JSON_BYTES:
        raise CheckpointError(
            file.path, f"{file.state.size_bytes} bytes", f"at most {MAX_JSON_BYTES} bytes"
        )
    try:
        with file.location.open("rb") as stream:
            return stream.read(MAX_JSON_BYTES)
    except OSError as error:
        raise unreadable(file.path, error) from error


def _read_index(file: FoundFile) -> dict[str, str]:
    """Return tensor name to path of its shard within the checkpoint."""
    rows = read_json_object(read_small(file), file.path).get("weight_map")
    if not isinstance(rows, dict) or not rows:
        raise CheckpointError(file.path, "no weight_map", "tensor names with their shards")
    folder = PurePosixPath(file.path).parent
    return {name: str(folder / str(shard)) for name, shard in rows.items()}


def _check_index(index: str, rows: Mapping[str, str], weights: Sequence[WeightsFile]) -> list[str]:
    held = {weight.file.path: weight for weight in weights}
    named: dict[str, set[str]] = {}
    for name, shard in rows.items():
        named.setdefault(shard, set()).add(name)
    notes: list[str] = []
    for shard, names in sorted(named.items()):
        if shard not in held:
            raise CheckpointError(
                index,
                f"the shard {shard}, which is missing",
                "every shard that the index names",
                "Fetch the shard, or remove the index if the shards are not part of the model.",
            )
        tensors = {tensor.name for tensor in held[shard].tensors}
        if held[shard].file.weights_format is WeightsFormat.SAFETENSORS and names != tensors:
            if names - tensors:
                raise CheckpointError(
                    index,
                    f"the tensor {min(names - tensors)!r}, which {shard} does not hold",
                    "an index that agrees with its shards",
                    "Fetch the index and its shards from the same revision.",
                )
            notes.append(f"{shard} holds {len(tensors - names)} tensors that {index} does not name")
    return notes


def _check_numbered(paths: set[str]) -> None:
    for path in sorted(paths):
        numbered = _SHARD.fullmatch(path)
        if numbered is None:
            continue
        count = int(numbered["count"])
        shards = [
            f"{numbered['stem']}-{number:05}-of-{count:05}{numbered['suffix']}"
            for number in range(count + 1)
        ]
        # Most tools count from 1; with a shard 0 the last number is one less.
        wanted = shards[:-1] if shards[0] in paths else shards[1:]
        for shard in wanted:
            if shard not in paths:
                raise CheckpointError(
                    path,
                    f"one of {count} shards, but {shard} is missing",
                    "every shard",
                    "Fetch the missing shard.",
                )
