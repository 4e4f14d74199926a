# SPDX-License-Identifier: Apache-2.0
"""Writing weights the ways that people publish them, for the lineage bench.

Rounding is to the nearest, without calibration. Layouts follow what the libraries write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.lineage_models import Family, Tensors

_Array = npt.NDArray[np.generic]
Writer = Callable[[Family, Tensors, Path], None]


def write_plain(family: Family, weights: Tensors, folder: Path) -> None:
    """Write half-precision safetensors."""
    _write(family, {n: v.astype(np.float16) for n, v in weights.items()}, folder)


def write_single(family: Family, weights: Tensors, folder: Path) -> None:
    """Write single-precision safetensors."""
    _write(family, dict(weights), folder)


def write_renamed(family: Family, weights: Tensors, folder: Path) -> None:
    """Write names that no library uses, in three shards."""
    named = {f"t{number:04}.{_layer(name)}w": v for number, (name, v) in enumerate(weights.items())}
    names = list(named)
    folder.mkdir(parents=True)
    for shard in range(3):
        part = {name: named[name].astype(np.float16) for name in names[shard::3]}
        _save(part, folder / f"model-{shard + 1:05}-of-00003.safetensors")
    (folder / "config.json").write_text(json.dumps(family.config))


def write_int8(family: Family, weights: Tensors, folder: Path) -> None:
    """Write 8-bit rows with a scale for each."""
    found: dict[str, _Array] = {}
    for name, value in weights.items():
        if value.ndim != 2:
            found[name] = value.astype(np.float16)
            continue
        scale = np.maximum(np.abs(value).max(axis=1, keepdims=True), 1e-12) / 127
        found[name] = np.rint(value / scale).astype(np.int8)
        found[f"{name}_scale"] = scale.astype(np.float16)
    _write(family, found, folder)


def write_float8(family: Family, weights: Tensors, folder: Path) -> None:
    """Write 8-bit floats (E4M3), as torch rounds them."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True)
    found = {}
    for name, value in weights.items():
        tensor = torch.from_numpy(value)
        scale = max(float(tensor.abs().max()), 1e-12) / 448
        kind = torch.float8_e4m3fn if value.ndim == 2 else torch.float16
        found[name] = (tensor / (scale if value.ndim == 2 else 1)).to(kind).contiguous()
    save_file(found, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(family.config))


def write_gptq(family: Family, weights: Tensors, folder: Path, group: int = 32) -> None:
    """Write 4-bit matrices as GPTQ lays them out; the vocabulary stays as it is."""
    found: dict[str, _Array] = {}
    for name, value in weights.items():
        if not _is_packable(name, value, group):
            found[name] = value.astype(np.float16)
            continue
        stem = name.removesuffix(".weight")
        grouped = value.reshape(len(value), -1, group)
        low, high = grouped.min(axis=2), grouped.max(axis=2)
        scale = np.maximum(high - low, 1e-8) / 15
        zero = np.clip(np.rint(-low / scale), 1, 15)
        codes = np.clip(np.rint(grouped / scale[..., None]) + zero[..., None], 0, 15)
        found[f"{stem}.qweight"] = _words(codes.reshape(value.shape)).T.copy()
        found[f"{stem}.qzeros"] = _words(zero.T - 1)
        found[f"{stem}.scales"] = scale.T.astype(np.float16).copy()
        found[f"{stem}.g_idx"] = (np.arange(value.shape[1]) // group).astype(np.int32)
    _write(family, found, folder)


def write_packed(family: Family, weights: Tensors, folder: Path, group: int = 32) -> None:
    """Write 4-bit matrices as compressed-tensors lays them out."""
    found: dict[str, _Array] = {}
    for name, value in weights.items():
        if not _is_packable(name, value, group):
            found[name] = value.astype(np.float16)
            continue
        stem = name.removesuffix(".weight")
        grouped = value.reshape(len(value), -1, group)
        scale = np.maximum(np.abs(grouped).max(axis=2), 1e-8) / 7
        codes = np.clip(np.rint(grouped / scale[..., None]), -8, 7) + 8
        found[f"{stem}.weight_packed"] = _words(codes.reshape(value.shape))
        found[f"{stem}.weight_scale"] = scale.astype(np.float16)
        found[f"{stem}.weight_shape"] = np.array(value.shape, dtype=np.int64)
    _write(family, found, folder)


_BELOW = (-1.0, -0.6962, -0.5251, -0.3949, -0.2844, -0.1848, -0.0911, 0.0)
_ABOVE = (0.0796, 0.1609, 0.2461, 0.3379, 0.4407, 0.5626, 0.7230, 1.0)
_NF4 = np.array([*_BELOW, *_ABOVE], dtype=np.float32)


def write_nf4(family: Family, weights: Tensors, folder: Path, block: int = 64) -> None:
    """Write 4-bit matrices as bitsandbytes lays them out."""
    found: dict[str, _Array] = {}
    for name, value in weights.items():
        if not _is_packable(name, value, 8) or value.size % block:
            found[name] = value.astype(np.float16)
            continue
        blocks = value.reshape(-1, block)
        top = np.maximum(np.abs(blocks).max(axis=1), 1e-12)
        codes = np.abs((blocks / top[:, None])[..., None] - _NF4).argmin(axis=2).ravel()
        state = {"shape": list(value.shape), "blocksize": block, "quant_type": "nf4"}
        found[name] = (codes[::2] << 4 | codes[1::2]).astype(np.uint8)[:, None]
        found[f"{name}.absmax"] = top.astype(np.float32)
        found[f"{name}.quant_map"] = _NF4
        text = json.dumps(state).encode()
        found[f"{name}.quant_state.bitsandbytes__nf4"] = np.frombuffer(text, dtype=np.uint8)
    _write(family, found, folder)


def gguf_writer(kind: str) -> Writer:
    """Return a writer of GGUF files of this type, with names and row orders of that world."""

    def write(family: Family, weights: Tensors, folder: Path) -> None:
        import gguf

        folder.mkdir(parents=True)
        writer = gguf.GGUFWriter(folder / "model.gguf", "llama")
        _describe(writer, family)
        for name, given in weights.items():
            value, label = _gguf_order(family, name, given), _gguf_name(name)
            wanted = gguf.GGMLQuantizationType[kind]
            fits = value.ndim == 2 and value.shape[1] % gguf.GGML_QUANT_SIZES[wanted][0] == 0
            if not fits:
                writer.add_tensor(label, value.astype(np.float32))
                continue
            data = _q4_k(value) if kind == "Q4_K" else gguf.quants.quantize(value, wanted)
            writer.add_tensor(label, data, raw_dtype=wanted)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()

    return write


def _describe(writer: Any, family: Family) -> None:  # noqa: ANN401
    """Write the sizes that readers of that world expect."""
    config = family.config
    queries, pairs = family.heads
    writer.add_block_count(int(config["num_hidden_layers"]))
    writer.add_embedding_length(int(config["hidden_size"]))
    writer.add_feed_forward_length(int(config["intermediate_size"]))
    writer.add_context_length(int(config["max_position_embeddings"]))
    writer.add_head_count(queries)
    writer.add_head_count_kv(pairs)
    writer.add_vocab_size(int(config["vocab_size"]))
    writer.add_layer_norm_rms_eps(1e-6)


def _q4_k(value: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Round to the type Q4_K: super-blocks of 256 with eight scales and minima of 6 bits."""
    blocks = value.reshape(-1, 8, 32).astype(np.float64)
    low = np.minimum(blocks.min(axis=2), 0)
    scale = np.maximum((blocks.max(axis=2) - low) / 15, 1e-12)
    d, dmin = scale.max(axis=1) / 63, (-low).max(axis=1) / 63
    d, dmin = d.astype(np.float16).astype(float), dmin.astype(np.float16).astype(float)
    sc = np.clip(np.rint(scale / np.maximum(d, 1e-12)[:, None]), 0, 63)
    mn = np.clip(np.rint(-low / np.where(dmin > 0, dmin, 1)[:, None]), 0, 63)
    step = np.maximum(d[:, None] * sc, 1e-12)[..., None]
    codes = np.clip(np.rint((blocks + (dmin[:, None] * mn)[..., None]) / step), 0, 15)
    sc, mn, codes = sc.astype(np.uint8), mn.astype(np.uint8), codes.astype(np.uint8)
    packed = np.empty((len(blocks), 12), dtype=np.uint8)
    packed[:, 0:4] = sc[:, :4] | (sc[:, 4:] >> 4) << 6
    packed[:, 4:8] = mn[:, :4] | (mn[:, 4:] >> 4) << 6
    packed[:, 8:12] = (sc[:, 4:] & 15) | (mn[:, 4:] & 15) << 4
    halves = codes.reshape(-1, 4, 2, 32)
    nibbles = (halves[:, :, 0] | halves[:, :, 1] << 4).reshape(-1, 128)
    heads = np.stack([d, dmin], axis=1).astype("<f2").view(np.uint8)
    rows = np.concatenate([heads, packed, nibbles], axis=1)
    return rows.reshape(len(value), -1)


_GGUF_NAMES = (
    ("model.layers.", "blk."),
    ("self_attn.o_proj", "attn_output"),
    ("self_attn.q_proj", "attn_q"),
    ("self_attn.k_proj", "attn_k"),
    ("self_attn.v_proj", "attn_v"),
    ("mlp.gate_proj", "ffn_gate"),
    ("mlp.up_proj", "ffn_up"),
    ("mlp.down_proj", "ffn_down"),
    ("input_layernorm", "attn_norm"),
    ("post_attention_layernorm", "ffn_norm"),
    ("model.embed_tokens", "token_embd"),
    ("model.norm", "output_norm"),
    ("lm_head", "output"),
)


def _gguf_name(name: str) -> str:
    for ours, theirs in _GGUF_NAMES:
        name = name.replace(ours, theirs)
    return name


def _gguf_order(
    family: Family, name: str, value: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    queries, pairs = family.heads
    heads = {"q_proj": queries, "k_proj": pairs}.get(name.split(".")[-2] if "." in name else "")
    if heads is None:
        return value
    height, width = value.shape
    return value.reshape(heads, 2, height // heads // 2, width).swapaxes(1, 2).reshape(value.shape)


def _is_packable(name: str, value: npt.NDArray[np.float32], group: int) -> bool:
    inside = re.search(r"\.\d+\.", name) is not None and name.endswith(".weight")
    return value.ndim == 2 and inside and value.shape[1] % max(group, 8) == 0


def _words(codes: npt.NDArray[np.floating]) -> npt.NDArray[np.int32]:
    """Pack eight numbers of 4 bits into each word, along the rows."""
    parts = codes.astype(np.uint32).reshape(len(codes), -1, 8)
    shifts = np.arange(8, dtype=np.uint32) * np.uint32(4)
    return np.asarray((parts << shifts).sum(axis=2, dtype=np.uint32).view(np.int32))


def _layer(name: str) -> str:
    found = re.search(r"\.(\d+)\.", name)
    return f"{found[1]}." if found else ""


def _write(family: Family, arrays: Mapping[str, _Array], folder: Path) -> None:
    folder.mkdir(parents=True)
    _save(arrays, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(family.config))


def _save(arrays: Mapping[str, _Array], path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({name: np.ascontiguousarray(v) for name, v in arrays.items()}, path)
