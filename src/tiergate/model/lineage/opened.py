# SPDX-License-Identifier: Apache-2.0
"""A model that is open for reading, piece by piece: on this machine, or on a hub by ranges."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tiergate.errors import CheckpointError
from tiergate.model.card import ModelCard, read_card
from tiergate.model.digest import FileState, changed_while_read, unreadable
from tiergate.model.files import FoundFile, WeightsFormat
from tiergate.model.shards import read_small, read_weights
from tiergate.model.source import Source, list_source
from tiergate.model.tensors import TensorEntry


class ByteSource(Protocol):
    """Gives bytes of the weights files; safe to use from several threads."""

    def read(self, file: str, start: int, end: int) -> bytes:
        """Return exactly the bytes from ``start`` up to and without ``end``.

        Raises:
            CheckpointError: they are not there.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedModel:
    """One set of weights that can be read tensor by tensor."""

    name: str
    """What the model is called."""
    revision: str | None
    """Commit on a hub; None when not known."""
    tensors: tuple[TensorEntry, ...]
    """Every tensor of the set."""
    bytes_of: ByteSource
    """Where the tensors are."""
    is_local: bool
    """Whether reading everything is cheap: the files are on this machine."""
    card: ModelCard | None
    """The model card; None when there is none."""
    states: Mapping[str, tuple[FoundFile, FileState]]
    """Files by path with their state when they were found; empty for a hub."""
    notes: tuple[str, ...]
    """What a person should know."""


@dataclass(frozen=True, slots=True)
class LocalBytes:
    """Files of this machine."""

    files: Mapping[str, FoundFile]

    def read(self, file: str, start: int, end: int) -> bytes:
        """Return the bytes; see ``ByteSource``."""
        found = self.files[file]
        try:
            descriptor = os.open(found.location, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                pieces = []
                while start < end and (piece := os.pread(descriptor, end - start, start)):
                    pieces.append(piece)
                    start += len(piece)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise unreadable(file, error) from error
        if start != end:
            raise changed_while_read(file)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def open_local(source: Source) -> OpenedModel:
    """Open a checkpoint on this machine; only headers are read.

    Raises:
        CheckpointError: no weights, malformed or incomplete ones, or none in a format whose
            tensors can be read.
    """
    files = list_source(source)
    weights = read_weights(files, str(source.path))
    parts = [
        SetPart(
            path=weight.file.path,
            label=weight.weight_set,
            weights_format=weight.file.weights_format,
            size_bytes=weight.file.state.size_bytes,
        )
        for weight in weights.files
    ]
    paths, notes = chosen_set(parts, str(source.path))
    chosen = [weight for weight in weights.files if weight.file.path in paths]
    cards = [file for file in files if file.path == "README.md"]
    return OpenedModel(
        name=source.name,
        revision=source.revision,
        tensors=tuple(tensor for weight in chosen for tensor in weight.tensors),
        bytes_of=LocalBytes({weight.file.path: weight.file for weight in chosen}),
        is_local=True,
        card=read_card(read_small(cards[0])) if cards else None,
        states={weight.file.path: (weight.file, weight.file.state) for weight in chosen},
        notes=notes,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPart:
    """One weights file, as far as choosing a set needs it."""

    path: str
    """Path within the model."""
    label: str
    """Which set it belongs to."""
    weights_format: WeightsFormat | None
    """How it is written."""
    size_bytes: int
    """Its length."""


def chosen_set(parts: Sequence[SetPart], where: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the paths of the set that is looked at, and a note when there are others.

    Of several, safetensors come before GGUF, and the largest set before the others.

    Raises:
        CheckpointError: no file has a format whose tensors can be read.
    """
    preferred = {WeightsFormat.SAFETENSORS: 0, WeightsFormat.GGUF: 1}
    sizes: dict[tuple[int, str], int] = {}
    for part in parts:
        if part.weights_format in preferred:
            key = (preferred[part.weights_format], part.label)
            sizes[key] = sizes.get(key, 0) - part.size_bytes
    if not sizes:
        raise CheckpointError(
            where,
            "no safetensors and no GGUF",
            "weights whose tensors can be read without running code",
            "Convert them, for example with the library that they were made with.",
        )
    first, *others = (label for _, label in sorted(sizes, key=lambda k: (k[0], sizes[k], k[1])))
    notes = (
        (f"{len(others) + 1} sets of weights; looked at {first}, not at {', '.join(others[:5])}",)
        if others
        else ()
    )
    chosen = {p.path for p in parts if p.label == first and p.weights_format in preferred}
    return frozenset(chosen), notes


def check_unchanged(model: OpenedModel) -> None:
    """Refuse a model whose files changed since their headers were read.

    Raises:
        CheckpointError: naming the file.
    """
    for label, (file, state) in model.states.items():
        try:
            now = FileState.of(file.location.lstat())
        except OSError as error:
            raise unreadable(label, error) from error
        if now != state:
            raise changed_while_read(label)
