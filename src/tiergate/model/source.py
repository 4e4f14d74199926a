# SPDX-License-Identifier: Apache-2.0
"""Where a checkpoint is: a folder, one file, a hub client's cache, or a hub.

Nothing is fetched when a path of that name exists.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from tiergate.errors import CheckpointError
from tiergate.model.files import FoundFile, WeightsFormat, found_file, hub_cache_of, list_files
from tiergate.model.hub import fetch, is_hub_id

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A place on disk that holds a checkpoint."""

    path: Path
    """Folder or single file."""
    name: str
    """``org/name`` for a hub model, otherwise the last part of the path."""
    revision: str | None
    """Commit, when the folder is a snapshot of the hub client; otherwise None."""


def locate(text: str, *, revision: str | None = None, endpoint: str | None = None) -> Source:
    """Find the checkpoint that ``text`` means, fetching it from a hub if need be.

    Raises:
        CheckpointError: no such path and no such model; a revision that does not apply.
    """
    path = Path(text)
    if text and os.path.lexists(path):
        return _local(path, revision)
    if not is_hub_id(text):
        raise CheckpointError(
            text or "the path",
            "no such path",
            "a folder, a weights file, or org/name on a hub",
            "Check the spelling of the path.",
        )
    return _local(fetch(text, revision, endpoint=endpoint), None)


def list_source(source: Source) -> tuple[FoundFile, ...]:
    """Return the files of a checkpoint, sorted by path.

    Raises:
        CheckpointError: see ``files.list_files``; or a single file that is not weights.
    """
    if source.path.is_dir():
        return list_files(source.path)
    file = found_file(source.path)
    if file.weights_format not in {WeightsFormat.SAFETENSORS, WeightsFormat.GGUF}:
        raise CheckpointError(
            str(source.path),
            "a file that is neither safetensors nor GGUF",
            "a folder, or a .safetensors or .gguf file",
            "Give the folder that holds the weights.",
        )
    return (file,)


def _local(path: Path, revision: str | None) -> Source:
    if path.is_dir() and path.name.startswith("models--") and (path / "snapshots").is_dir():
        path, revision = _snapshot(path, revision or "main"), None
    model = hub_cache_of(path) if path.is_dir() else None
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
    commit = absolute.name if model is not None and _COMMIT.fullmatch(absolute.name) else None
    if revision not in {None, commit}:
        raise CheckpointError(
            str(path),
            f"the revision {revision!r} for a local path",
            "a revision for a hub model only",
            "Leave the revision out.",
        )
    name = absolute.name if model is None else "/".join(model.name.split("--")[1:])
    return Source(path=path, name=name, revision=commit)


def _snapshot(model: Path, revision: str) -> Path:
    reference = model / "refs" / revision
    commit = revision
    if _COMMIT.fullmatch(revision) is None:
        try:
            commit = reference.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            commit = ""
    snapshot = model / "snapshots" / commit
    if _COMMIT.fullmatch(commit) is None or not snapshot.is_dir():
        known = sorted(entry.name for entry in (model / "snapshots").iterdir())
        raise CheckpointError(
            str(model),
            f"no snapshot for the revision {revision!r}",
            f"one of {', '.join(known[:5])}" if known else "a snapshot",
            "Fetch the model again, or give the snapshot folder.",
        )
    return snapshot
