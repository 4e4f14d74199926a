# SPDX-License-Identifier: Apache-2.0
"""Sketches as files: a safetensors file with a fixed set of arrays.

What a first look at thousands of models needs stands in front, so that it is one short read.
A sketch file is not signed: whoever can write it can make it say anything, which at worst
raises an obligation or hides one.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tiergate.errors import CheckpointError
from tiergate.model.digest import unreadable
from tiergate.model.lineage.choice import PUBLIC_KEY, chosen_rows
from tiergate.model.lineage.first_look import FirstLook, first_look
from tiergate.model.lineage.sketch import (
    Sketch,
    SketchedMatrix,
    SketchedTensor,
    TokenRows,
    key_digest,
)
from tiergate.model.safetensors_header import PREFIX_BYTES, parse_safetensors_header
from tiergate.model.strict_json import read_json_object

FORMAT = "tiergate-sketch/1"
"""Format and version of a sketch file."""
SUFFIX = ".sketch"
"""How the name of a sketch file ends."""
MAX_BYTES = 64 * 1024 * 1024
"""A larger file is no sketch."""
_FRONT_BYTES = 64 * 1024
_TYPES: Mapping[str, str] = {"I8": "i1", "U8": "u1", "U64": "<u8"}
_NAMES = {numpy: name for name, numpy in _TYPES.items()}
_Arrays = dict[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SketchFront:
    """The front of a sketch file: enough to see whether the rest is worth reading."""

    path: Path
    """The file."""
    name: str
    """What the model is called."""
    key: str
    """Which key it was drawn with (``sketch.key_digest``)."""
    weights_digest: str | None
    """Digest over all tensors; None when only samples were read."""
    look: FirstLook
    """What the first look needs."""


def write_sketch(sketch: Sketch, path: Path) -> None:
    """Write a sketch; an existing file is replaced as a whole.

    Raises:
        CheckpointError: the file cannot be written.
    """
    about = {
        "name": sketch.name,
        "revision": sketch.revision,
        "weights_digest": sketch.weights_digest,
        "key": key_digest(sketch.key),
        "base_models": list(sketch.base_models),
        "licence": sketch.licence,
        "notes": list(sketch.notes),
        "vocabularies": [[t.name, t.rows, t.values.shape[0]] for t in sketch.tokens],
    }
    tables = {
        "matrices": [
            [m.name, m.rows, m.columns, _flags(m), m.sample, *m.patch.shape]
            for m in sketch.matrices
        ],
        "tensors": [[t.name, t.dtype, list(t.shape), t.sha256] for t in sketch.tensors],
    }
    look = first_look(sketch)
    arrays: _Arrays = {f"front.{name}": array for name, array in look.arrays().items()}
    arrays["tables"] = np.frombuffer(json.dumps(tables).encode(), dtype=np.uint8)
    patches = [m.patch.ravel() for m in sketch.matrices] or [np.zeros(0, dtype=np.int8)]
    arrays["patches"] = np.concatenate(patches)
    for number, tokens in enumerate(sketch.tokens):
        arrays[f"tokens.{number}"] = tokens.values
    data = _container(arrays, {"format": FORMAT, "about": json.dumps(about)})
    unfinished = path.with_name(f"{path.name}.part")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(path)
    except OSError as error:
        raise unreadable(str(path), error) from error


def _flags(matrix: SketchedMatrix) -> int:
    return matrix.counts + 2 * matrix.inner_rows + 4 * matrix.inner_columns


def read_front(path: Path) -> SketchFront:
    """Read the front of a sketch file.

    Raises:
        CheckpointError: not a sketch file, or of another version.
    """
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(0)
            data = stream.read(_FRONT_BYTES)
    except OSError as error:
        raise unreadable(str(path), error) from error
    return _front(path, data, size)


def read_sketch(path: Path, key: str = PUBLIC_KEY) -> Sketch:
    """Read a sketch file.

    Raises:
        CheckpointError: not a sketch file, of another version, drawn with another key, or its
            parts do not fit.
    """
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        raise unreadable(str(path), error) from error
    arrays, about = _open(path, data, size)
    if about.get("key") != key_digest(key):
        raise other_key(path)
    try:
        return _sketch(arrays, about, key, str(path))
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise _refused(path, f"parts that do not fit ({error})") from error


def _sketch(arrays: _Arrays, about: dict[str, object], key: str, where: str) -> Sketch:
    tables = read_json_object(arrays["tables"].tobytes(), where)
    patches, position, matrices = arrays["patches"].astype(np.int8), 0, []
    for name, rows, columns, flags, sample, high, wide in _rows(tables["matrices"]):
        end = position + int(high) * int(wide)
        patch = patches[position:end].reshape(int(high), int(wide))
        if not np.array_equal(len(chosen_rows(int(rows))), int(high)):
            raise ValueError(f"a patch of {high} rows")
        matrices.append(
            SketchedMatrix(
                name=str(name),
                rows=int(rows),
                columns=int(columns),
                counts=bool(int(flags) & 1),
                inner_rows=bool(int(flags) & 2),
                inner_columns=bool(int(flags) & 4),
                sample=str(sample),
                patch=patch,
            )
        )
        position = end
    return Sketch(
        name=str(about["name"]),
        revision=_text(about["revision"]),
        weights_digest=_text(about["weights_digest"]),
        key=key,
        base_models=tuple(str(item) for item in _list(about["base_models"])),
        licence=_text(about["licence"]),
        tensors=tuple(
            SketchedTensor(
                name=str(name), dtype=str(dtype), shape=tuple(_list(shape)), sha256=str(digest)
            )
            for name, dtype, shape, digest in _rows(tables["tensors"])
        ),
        matrices=tuple(matrices),
        tokens=tuple(
            TokenRows(
                name=str(name),
                rows=int(rows),
                indices=chosen_rows(int(rows), int(count), key=key),
                values=arrays[f"tokens.{number}"].astype(np.int8).reshape(int(count), -1),
            )
            for number, (name, rows, count) in enumerate(_rows(about["vocabularies"]))
        ),
        notes=tuple(str(item) for item in _list(about["notes"])),
    )


def _front(path: Path, data: bytes, size: int) -> SketchFront:
    arrays, about = _open(path, data, size)
    try:
        return SketchFront(
            path=path,
            name=str(about["name"]),
            key=str(about["key"]),
            weights_digest=_text(about["weights_digest"]),
            look=FirstLook.from_arrays(
                {n.removeprefix("front."): a for n, a in arrays.items() if n.startswith("front.")}
            ),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise _refused(path, f"parts that do not fit ({error})") from error


def _container(arrays: _Arrays, metadata: dict[str, str]) -> bytes:
    header: dict[str, object] = {"__metadata__": metadata}
    position = 0
    for name, array in arrays.items():
        end = position + array.nbytes
        header[name] = {
            "dtype": _NAMES[array.dtype.str.lstrip("|")],
            "shape": list(array.shape),
            "data_offsets": [position, end],
        }
        position = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    body = b"".join(np.ascontiguousarray(array).tobytes() for array in arrays.values())
    return struct.pack("<Q", len(text)) + text + body


def _open(path: Path, data: bytes, size: int) -> tuple[_Arrays, dict[str, object]]:
    """Return the arrays that ``data``, the front or all of the file, holds in full."""
    length = int.from_bytes(data[:PREFIX_BYTES], "little")
    if len(data) < PREFIX_BYTES or PREFIX_BYTES + length > len(data):
        raise _refused(path, "something else")
    header = parse_safetensors_header(
        data[PREFIX_BYTES : PREFIX_BYTES + length], size_bytes=size, file=str(path)
    )
    metadata = dict(header.metadata)
    if metadata.get("format") != FORMAT:
        raise _refused(path, f"the format {metadata.get('format', 'of another file')!r:.60}")
    arrays: _Arrays = {
        tensor.name: np.frombuffer(
            data[tensor.start : tensor.end], dtype=_TYPES[tensor.dtype]
        ).reshape(tensor.shape)
        for tensor in header.tensors
        if tensor.end <= len(data) and tensor.dtype in _TYPES
    }
    return arrays, read_json_object(metadata.get("about", "").encode(), str(path))


def other_key(path: Path) -> CheckpointError:
    """Make the error for a sketch whose rows are others than the candidate's."""
    return CheckpointError(
        str(path),
        "a sketch that was drawn with another key",
        "sketches of one key",
        "Give that key, or draw the sketch again with yours.",
    )


def _refused(path: Path, found: str) -> CheckpointError:
    return CheckpointError(
        str(path),
        found,
        f"a sketch file, {FORMAT}",
        "Draw it again: tiergate lineage MODEL --add-to FOLDER",
    )


def _list(value: object) -> list[int]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return value


def _rows(value: object) -> list[list[int]]:
    return [_list(row) for row in _list(value)]


def _text(value: object) -> str | None:
    return None if value is None else str(value)
