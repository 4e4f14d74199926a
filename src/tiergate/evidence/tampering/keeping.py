# SPDX-License-Identifier: Apache-2.0
"""Writing attacked weights, for those who ask for it: marked, so that nobody takes them for more.

Nothing is written unless ``--keep-variants`` is given. The mark is set in three places, so that
it goes along when some of the files are copied: a file beside the weights, a key of
``config.json``, and the metadata of every weights file. All three are easily removed. They keep
an honest user from a mistake, and nobody else from anything.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from tiergate.evidence.small_file import read_small_file
from tiergate.evidence.tampering.trial import Trial
from tiergate.model.checkpoint import Checkpoint
from tiergate.model.safetensors_header import PREFIX_BYTES, read_safetensors_header
from tiergate.model.strict_json import read_json_object

if TYPE_CHECKING:
    from tiergate.evidence.tampering.target import Target

MARKER = "TIERGATE-SAFEGUARDS-REMOVED"
"""Name of the file that says what the weights beside it are, and the key in their metadata."""
CONFIG_KEY = "tiergate_safeguards_removed"
"""Key of ``config.json`` that says the same."""
_CONFIG = "config.json"
_LARGEST_CONFIG_BYTES = 1 << 26
_ALIGNED_BYTES = 8


def keep_variant(target: Target, folder: Path, trial: Trial) -> None:
    """Write the model as it is in memory, with the marker written first."""
    folder.mkdir(parents=True, exist_ok=True)
    marker = {
        "warning": "The safeguards of these weights were attacked. Do not release them.",
        "attacked": target.root_digest,
        "trial": trial.to_json(),
    }
    (folder / MARKER).write_text(json.dumps(marker, indent=2) + "\n", "utf-8")
    target.model.save_pretrained(folder)
    target.tokenizer.save_pretrained(folder)
    _mark_config(folder / _CONFIG, marker)
    for file in sorted(folder.glob("*.safetensors")):
        _mark_weights(file, json.dumps(marker, sort_keys=True))


def marks_in(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Say where a checkpoint is marked as one whose safeguards were attacked; empty when nowhere.

    Raises:
        CheckpointError: a file can no longer be read as it was when it was identified.
    """
    return tuple(
        f"{entry.path} ({where})" if where else entry.path
        for entry in checkpoint.manifest.entries
        if (where := _mark_of(_place(checkpoint.path, entry.path), entry.path)) is not None
    )


def _mark_of(file: Path, path: str) -> str | None:
    """Return where in a file the mark is, empty for the file itself; None when it has none."""
    name = PurePosixPath(path).name
    if name == MARKER:
        return ""
    if name == _CONFIG:
        content = read_json_object(read_small_file(file, _LARGEST_CONFIG_BYTES), path)
        return f"key {CONFIG_KEY}" if CONFIG_KEY in content else None
    if name.endswith(".safetensors"):
        metadata = read_safetensors_header(file, file=path).metadata
        return f"metadata {MARKER}" if any(key == MARKER for key, _ in metadata) else None
    return None


def _place(root: Path, path: str) -> Path:
    """Return the file of a manifest entry; a checkpoint may be a single file."""
    return root / path if root.is_dir() else root


def _mark_config(file: Path, marker: dict[str, Any]) -> None:
    content = json.loads(file.read_text("utf-8"))
    content[CONFIG_KEY] = marker
    file.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", "utf-8")


def _mark_weights(file: Path, marker: str) -> None:
    """Write a file of weights anew, with the mark in its metadata and every tensor as it was."""
    marked = file.with_name(f"{file.name}.marked")
    with file.open("rb") as old, marked.open("wb") as new:
        length = int.from_bytes(old.read(PREFIX_BYTES), "little")
        header = json.loads(old.read(length))
        header["__metadata__"] = {**header.get("__metadata__", {}), MARKER: marker}
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % _ALIGNED_BYTES)
        new.write(len(text).to_bytes(PREFIX_BYTES, "little") + text)
        shutil.copyfileobj(old, new, 1 << 24)
    marked.replace(file)
