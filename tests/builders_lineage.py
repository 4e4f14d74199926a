# SPDX-License-Identifier: Apache-2.0
"""Small models of random numbers, and what people do to weights, in numpy alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tiergate.model.lineage.opened import open_local
from tiergate.model.lineage.sketch import Sketch, draw
from tiergate.model.source import locate

Weights = dict[str, npt.NDArray[np.float32]]
WIDTH, INNER, VOCABULARY, LAYERS = 64, 160, 512, 4
_NAMES = {"f2": "F16", "f4": "F32", "f8": "F64", "i1": "I8", "u1": "U8", "i4": "I32", "i8": "I64"}


def llama(seed: int, *, layers: int = LAYERS, width: int = WIDTH) -> Weights:
    """Return a model with a gated feed-forward, as if trained from this seed."""
    chance = np.random.default_rng(seed)
    found: Weights = {"model.embed_tokens.weight": _normal(chance, VOCABULARY, width)}
    for layer in range(layers):
        stem = f"model.layers.{layer}."
        for name in ("q", "k", "v", "o"):
            found[f"{stem}self_attn.{name}_proj.weight"] = _normal(chance, width, width)
        for name in ("gate", "up"):
            found[f"{stem}mlp.{name}_proj.weight"] = _normal(chance, INNER, width)
        found[f"{stem}mlp.down_proj.weight"] = _normal(chance, width, INNER)
        found[f"{stem}input_layernorm.weight"] = np.ones(width, dtype=np.float32)
    found["model.norm.weight"] = np.ones(width, dtype=np.float32)
    return found


def _normal(chance: np.random.Generator, rows: int, columns: int) -> npt.NDArray[np.float32]:
    return chance.standard_normal((rows, columns), dtype=np.float32)


def tuned(weights: Weights, *, by: float = 0.1, seed: int = 99) -> Weights:
    """Return the weights with noise, as training on leaves them."""
    chance = np.random.default_rng(seed)
    return {
        name: value + by * value.std() * chance.standard_normal(value.shape, dtype=np.float32)
        for name, value in weights.items()
    }


def permuted_width(weights: Weights, seed: int = 5) -> Weights:
    """Put the units of the width into another order, which changes nothing that is computed."""
    order = np.random.default_rng(seed).permutation(WIDTH)
    changed = dict(weights)
    for name, value in weights.items():
        axis = 0 if "down_proj" in name or "o_proj" in name or "norm" in name else 1
        changed[name] = np.take(value, order, axis=axis)
    return changed


def permuted_inner(weights: Weights, seed: int = 6) -> Weights:
    """Put the inner units of each layer into another order."""
    changed = dict(weights)
    for layer in range(LAYERS):
        order = np.random.default_rng(seed + layer).permutation(INNER)
        stem = f"model.layers.{layer}.mlp."
        for name, axis in (("gate", 0), ("up", 0), ("down", 1)):
            tensor = f"{stem}{name}_proj.weight"
            changed[tensor] = np.take(weights[tensor], order, axis=axis)
    return changed


def rotated(weights: Weights, seed: int = 7) -> Weights:
    """Rotate the width; with gains of 1 the model computes what it did."""
    chance = np.random.default_rng(seed)
    turn = np.linalg.qr(chance.normal(size=(WIDTH, WIDTH)))[0].astype(np.float32)
    changed = dict(weights)
    for name, value in weights.items():
        if value.ndim == 2:
            outward = "down_proj" in name or "o_proj" in name
            changed[name] = turn.T @ value if outward else value @ turn
    return changed


def layers_of(weights: Weights, chosen: list[int]) -> Weights:
    """Return a model of these layers."""
    built = {name: value for name, value in weights.items() if ".layers." not in name}
    for number, layer in enumerate(chosen):
        for name, value in weights.items():
            if f".layers.{layer}." in name:
                built[name.replace(f".layers.{layer}.", f".layers.{number}.")] = value
    return built


def safetensors_file(path: Path, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
    """Write arrays; those of ``uint16`` are the bits of bfloat16."""
    header, position = {}, 0
    for name, array in arrays.items():
        end = position + array.nbytes
        dtype = "BF16" if array.dtype == np.uint16 else _NAMES[array.dtype.str[1:]]
        header[name] = {
            "dtype": dtype,
            "shape": list(array.shape),
            "data_offsets": [position, end],
        }
        position = end
    text = json.dumps(header).encode()
    body = b"".join(np.ascontiguousarray(array).tobytes() for array in arrays.values())
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)


def bfloat16(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint16]:
    """Return the upper half of the bits."""
    return (np.ascontiguousarray(values).view(np.uint32) >> np.uint32(16)).astype(np.uint16)


def write(
    folder: Path, weights: Mapping[str, npt.NDArray[np.generic]], card: str | None = None
) -> Path:
    """Write a checkpoint; return its folder."""
    folder.mkdir(parents=True)
    safetensors_file(folder / "model.safetensors", weights)
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    if card is not None:
        (folder / "README.md").write_text(f"---\n{card}\n---\n")
    return folder


def sketched(folder: Path, weights: Mapping[str, npt.NDArray[np.generic]]) -> Sketch:
    """Write a checkpoint and draw its sketch."""
    return draw(open_local(locate(str(write(folder, weights)))))
