# SPDX-License-Identifier: Apache-2.0
"""``tiergate watch describe``: from a checkpoint to its entry among the released models."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml
from pydantic import ValidationError

from tiergate.cli.watch_session import read_released
from tiergate.errors import InputError
from tiergate.landscape.watch.released import ReleasedFile, ReleasedModel, ReleasedModelsFile
from tiergate.landscape.watch.structure import structure_digest
from tiergate.model.checkpoint import identify
from tiergate.model.files import FileRole
from tiergate.model.lineage.opened import open_local
from tiergate.model.lineage.sketch import draw
from tiergate.model.lineage.sketch_file import write_sketch
from tiergate.model.source import locate


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeRequest:
    """What the command line asked for."""

    model: str
    """Path of the checkpoint."""
    name: str
    """Where it was released."""
    aliases: tuple[str, ...]
    """Other repositories of its owner."""
    released_at: datetime
    """When."""
    release: str | None
    """Its name in the ledger."""
    add_to: Path | None
    """File of released models that it is added to."""
    with_sketch: bool
    """Whether its sketch is written beside that file."""


def describe(request: DescribeRequest) -> ReleasedModelsFile:
    """Return the file with the model in it; it is written when it was named.

    Raises:
        CheckpointError: the checkpoint cannot be read.
        InputError: the file cannot be read or written, or the name is none.
    """
    checkpoint = identify(request.model, with_weights_digest=True)
    opened = open_local(locate(request.model))
    sketch = None
    if request.with_sketch:
        if request.add_to is None:
            raise InputError("--sketch", "no --add-to", "a file that it is written beside")
        sketch = f"{request.name.replace('/', '--')}.sketch"
    try:
        model = ReleasedModel(
            name=request.name,
            aliases=request.aliases,
            released_at=request.released_at,
            release=request.release,
            weights_digest=checkpoint.weights_digest,
            structure=structure_digest((t.name, t.dtype, t.shape) for t in opened.tensors),
            sketch=sketch,
            files=tuple(
                ReleasedFile(name=entry.path, size_bytes=entry.size_bytes, sha256=entry.sha256)
                for entry in checkpoint.manifest.entries
                if entry.role is FileRole.WEIGHTS and entry.size_bytes
            ),
        )
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc']))} {each['input']!r}"[:200] for each in error.errors()
        )
        raise InputError("what describes it", wrong, "names of the form org/name") from None
    if sketch is not None and request.add_to is not None:
        write_sketch(draw(opened), request.add_to.parent / sketch)
    return _added(model, request.add_to)


def text_of(file: ReleasedModelsFile) -> str:
    """Write the file as people read it."""
    content = file.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump({"format": file.format, **content}, sort_keys=False, width=120)


def _added(model: ReleasedModel, path: Path | None) -> ReleasedModelsFile:
    others: tuple[ReleasedModel, ...] = ()
    if path is not None and path.exists():
        known = read_released(path).models
        others = tuple(each for each in known if each.name.lower() != model.name.lower())
    file = ReleasedModelsFile(models=(*others, model))
    if path is not None:
        unfinished = path.with_name(f"{path.name}.part")
        try:
            unfinished.write_text(text_of(file), encoding="utf-8")
            unfinished.replace(path)
        except OSError as error:
            words = error.strerror or str(error)
            raise InputError(str(path), f"no way to write ({words})", "a file") from None
    return file
