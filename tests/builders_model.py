# SPDX-License-Identifier: Apache-2.0
"""Builds tiny checkpoints on the spot: safetensors, GGUF, a hub client's cache.

Written by hand, byte by byte, so that the tests can also write what no library would.
"""

from __future__ import annotations

import hashlib
import json
import random
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"
"""Commit of the snapshots that ``write_hub_cache`` makes."""

LLAMA_CONFIG: Mapping[str, object] = {
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 4,
    "model_type": "llama",
}
"""A config.json of a text model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """One tensor to write."""

    name: str
    """Its name."""
    shape: tuple[int, ...]
    """Its axes."""
    data: bytes
    """Its bytes."""
    dtype: str = "F32"
    """Its element type."""


def tensors(count: int = 4, *, seed: int = 0) -> tuple[Tensor, ...]:
    """Return ``count`` small tensors of F32, the same for the same seed."""
    source = random.Random(seed)  # noqa: S311 - reproducible bytes, not secrets
    return tuple(
        Tensor(
            name=f"model.layers.{number}.weight",
            shape=(2, number + 1),
            data=source.randbytes(8 * (number + 1)),
        )
        for number in range(count)
    )


def safetensors_header(
    items: Sequence[Tensor], metadata: Mapping[str, str] | None = None
) -> dict[str, object]:
    """Return the header as the format wants it."""
    header: dict[str, object] = {} if metadata is None else {"__metadata__": dict(metadata)}
    position = 0
    for item in items:
        end = position + len(item.data)
        header[item.name] = {
            "dtype": item.dtype,
            "shape": list(item.shape),
            "data_offsets": [position, end],
        }
        position = end
    return header


def safetensors_bytes(header: object, data: bytes, *, padding: int = 0) -> bytes:
    """Return a file with this header (an object, or the raw bytes) and this data."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    text += b" " * padding
    return struct.pack("<Q", len(text)) + text + data


def write_safetensors(
    path: Path, items: Sequence[Tensor], metadata: Mapping[str, str] | None = None
) -> Path:
    """Write a well-formed safetensors file."""
    data = b"".join(item.data for item in items)
    path.write_bytes(safetensors_bytes(safetensors_header(items, metadata), data))
    return path


def write_shards(folder: Path, items: Sequence[Tensor], count: int) -> None:
    """Write the tensors as ``count`` shards with their index, round robin."""
    rows: dict[str, str] = {}
    for number in range(count):
        name = f"model-{number + 1:05}-of-{count:05}.safetensors"
        part = items[number::count]
        write_safetensors(folder / name, part)
        rows |= {item.name: name for item in part}
    index = {"metadata": {}, "weight_map": rows}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def write_checkpoint(
    folder: Path,
    *,
    items: Sequence[Tensor] | None = None,
    shards: int = 1,
    config: Mapping[str, object] = LLAMA_CONFIG,
    files: Mapping[str, str | bytes] | None = None,
) -> Path:
    """Write a folder with weights, config.json and any further files; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = tensors() if items is None else items
    if shards == 1:
        write_safetensors(folder / "model.safetensors", weights)
    else:
        write_shards(folder, weights, shards)
    (folder / "config.json").write_text(json.dumps(config))
    for name, content in (files or {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def gguf_string(text: str | bytes) -> bytes:
    """Return a length and the bytes of a text."""
    data = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(data)) + data


def gguf_text(key: str, value: str) -> bytes:
    """Return one key with a text."""
    return gguf_string(key) + struct.pack("<I", 8) + gguf_string(value)


def gguf_number(key: str, value: int) -> bytes:
    """Return one key with an unsigned 32-bit number."""
    return gguf_string(key) + struct.pack("<II", 4, value)


def gguf_tensor(name: str, shape: Sequence[int], kind: int, offset: int) -> bytes:
    """Return the description of one tensor."""
    axes = struct.pack(f"<{len(shape)}Q", *shape)
    return (
        gguf_string(name) + struct.pack("<I", len(shape)) + axes + struct.pack("<IQ", kind, offset)
    )


def gguf_bytes(
    *,
    keys: Sequence[bytes] = (gguf_text("general.architecture", "llama"),),
    described: Sequence[bytes] | None = None,
    data: bytes = b"\1" * 16,
    version: int = 3,
    magic: bytes = b"GGUF",
    key_count: int | None = None,
    tensor_count: int | None = None,
    alignment: int = 32,
) -> bytes:
    """Return a GGUF file; by default one F32 tensor of 4 elements."""
    parts = [gguf_tensor("output.weight", [4], 0, 0)] if described is None else list(described)
    header = magic + struct.pack(
        "<IQQ",
        version,
        len(parts) if tensor_count is None else tensor_count,
        len(keys) if key_count is None else key_count,
    )
    header += b"".join(keys) + b"".join(parts)
    return header + b"\0" * (-len(header) % alignment) + data


def torch_zip(members: Mapping[str, bytes] | None = None) -> bytes:
    """Return a zip as a tensor library writes it, with a harmless pickle inside."""
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in (members or {"archive/data.pkl": b"\x80\x02}."}).items():
            archive.writestr(name, data)
    return buffer.getvalue()


def write_hub_cache(
    root: Path, files: Mapping[str, bytes], *, repo_id: str = "org/name", commit: str = COMMIT
) -> Path:
    """Write the cache layout of the Hugging Face client; return ``models--org--name``."""
    model = root / f"models--{repo_id.replace('/', '--')}"
    snapshot = model / "snapshots" / commit
    (model / "blobs").mkdir(parents=True, exist_ok=True)
    (model / "refs").mkdir(exist_ok=True)
    (model / "refs" / "main").write_text(commit)
    for name, data in files.items():
        digest = hashlib.sha256(data).hexdigest()
        (model / "blobs" / digest).write_bytes(data)
        link = snapshot / name
        link.parent.mkdir(parents=True, exist_ok=True)
        depth = len(link.relative_to(model).parts) - 1
        link.symlink_to("/".join([".."] * depth + ["blobs", digest]))
    return model
