# SPDX-License-Identifier: Apache-2.0
"""What people do to weights, honest and not: changes of a model, for the lineage bench.

Each takes weights and gives weights. Permutations and rotations leave what the model computes
as it was; the bench says which it has checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.lineage_models import Family, Tensors

_Places = Sequence[tuple[str, int]]
_Number = np.random.Generator

WIDTH: dict[str, _Places] = {
    "llama": (
        (r"embed_tokens|lm_head|[qkv]_proj|gate_proj|up_proj", 1),
        (r"o_proj|down_proj|norm", 0),
    ),
    "bert": (
        (r"embeddings\.\w+_embeddings|(query|key|value)\.weight|intermediate.*weight", 1),
        (r"LayerNorm|output\.dense", 0),
        (r"pooler\.dense\.weight", 1),
    ),
    "gpt2": ((r"wte|wpe|c_proj\.weight", 1), (r"ln_|c_attn\.weight|c_fc\.weight|c_proj\.bias", 0)),
}
"""Where the width is an axis, by family: (pattern of names, axis)."""
INNER: dict[str, _Places] = {
    "llama": ((r"gate_proj|up_proj", 0), (r"down_proj", 1)),
    "bert": ((r"intermediate\.dense", 0), (r"layer\.\d+\.output\.dense\.weight", 1)),
    "gpt2": ((r"c_fc\.weight", 1), (r"c_fc\.bias", 0), (r"mlp\.c_proj\.weight", 0)),
}
"""Where the feed-forward's inner units are an axis."""
HEADS: dict[str, _Places] = {
    "llama": ((r"[qkv]_proj", 0), (r"o_proj", 1)),
    "bert": ((r"(query|key|value)\.(weight|bias)", 0), (r"attention\.output\.dense\.weight", 1)),
    "gpt2": (),
}
"""Where heads are an axis."""
LAYER = {
    "llama": r"(model\.layers\.)(\d+)(\..*)",
    "bert": r"(encoder\.layer\.)(\d+)(\..*)",
    "gpt2": r"(transformer\.h\.)(\d+)(\..*)",
}


def places(weights: Tensors, table: _Places) -> list[tuple[str, int]]:
    """Return (name, axis) of every tensor in which the units are an axis."""
    found = []
    for name in weights:
        for pattern, axis in table:
            if re.search(pattern, name):
                found.append((name, axis))
                break
    return found


def layer_of(family: Family, name: str) -> int | None:
    """Return the layer of a tensor."""
    found = re.fullmatch(LAYER[family.kind], name)
    return int(found[2]) if found else None


def layer_count(family: Family, weights: Tensors) -> int:
    """Return how many layers there are."""
    return 1 + max(layer_of(family, name) or 0 for name in weights)


def permute_width(family: Family, weights: Tensors, chance: _Number) -> Tensors:
    """Put the units of the width into another order."""
    table = places(weights, WIDTH[family.kind])
    order: np.ndarray[tuple[int, ...], np.dtype[np.int64]] | None = None
    changed = dict(weights)
    for name, axis in table:
        if order is None:
            order = chance.permutation(weights[name].shape[axis])
        changed[name] = np.take(weights[name], order, axis=axis)
    return changed


def permute_inner(family: Family, weights: Tensors, chance: _Number) -> Tensors:
    """Put the inner units of each feed-forward into another order."""
    return _by_layer(family, weights, INNER, chance.permutation)


def permute_heads(family: Family, weights: Tensors, chance: _Number) -> Tensors:
    """Put the heads of each attention into another order, queries with their keys."""
    queries, pairs = family.heads
    orders: dict[int | None, np.ndarray[tuple[int, ...], np.dtype[np.int64]]] = {}
    changed = dict(weights)
    for name, axis in places(weights, HEADS[family.kind]):
        order = orders.setdefault(layer_of(family, name), chance.permutation(pairs))
        size = weights[name].shape[axis]
        of_queries = family.kind != "llama" or re.search(r"[qo]_proj", name) is not None
        block = size // (queries if of_queries else pairs) * (queries // pairs if of_queries else 1)
        index = np.arange(size).reshape(pairs, block)[order].ravel()
        changed[name] = np.take(weights[name], index, axis=axis)
    return changed


def permute_all(family: Family, weights: Tensors, chance: _Number) -> Tensors:
    """Put width, inner units and heads into another order."""
    for change in (permute_width, permute_inner, permute_heads):
        weights = change(family, weights, chance)
    return weights


def _by_layer(
    family: Family,
    weights: Tensors,
    tables: dict[str, _Places],
    order_of: Callable[[int], np.ndarray[tuple[int, ...], np.dtype[np.int64]]],
) -> Tensors:
    orders: dict[int | None, np.ndarray[tuple[int, ...], np.dtype[np.int64]]] = {}
    changed = dict(weights)
    for name, axis in places(weights, tables[family.kind]):
        layer = layer_of(family, name)
        if layer not in orders:
            orders[layer] = order_of(weights[name].shape[axis])
        changed[name] = np.take(weights[name], orders[layer], axis=axis)
    return changed


def prune_inner(family: Family, weights: Tensors, share: float = 0.25) -> Tensors:
    """Remove the inner units with the smallest rows."""
    first = INNER[family.kind][0]
    norms = {
        layer_of(family, name): np.sqrt((np.moveaxis(weights[name], axis, 0) ** 2).sum(axis=1))
        for name, axis in places(weights, [first])
        if weights[name].ndim == 2
    }
    kept = {
        layer: np.sort(np.argsort(norm)[int(share * len(norm)) :]) for layer, norm in norms.items()
    }
    changed = dict(weights)
    for name, axis in places(weights, INNER[family.kind]):
        changed[name] = np.take(weights[name], kept[layer_of(family, name)], axis=axis)
    return changed


def prune_width(family: Family, weights: Tensors, chance: _Number, share: float = 0.125) -> Tensors:
    """Remove units of the width."""
    table = places(weights, WIDTH[family.kind])
    size = weights[table[0][0]].shape[table[0][1]]
    kept = np.sort(chance.permutation(size)[int(share * size) :])
    return dict(weights) | {name: np.take(weights[name], kept, axis=axis) for name, axis in table}


def prune_magnitude(weights: Tensors, share: float) -> Tensors:
    """Set the smallest weights of each matrix to 0."""

    def cut(value: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Tensors:
        limit = np.quantile(np.abs(value), share)
        return {"": np.where(np.abs(value) >= limit, value, 0).astype(np.float32)}

    return {name: cut(value)[""] if value.ndim == 2 else value for name, value in weights.items()}


def prune_two_of_four(weights: Tensors) -> Tensors:
    """Keep the two largest of every four neighbours in a row."""
    changed = dict(weights)
    for name, value in weights.items():
        if value.ndim == 2 and value.shape[1] % 4 == 0:
            groups = value.reshape(-1, 4)
            rank = np.argsort(np.argsort(-np.abs(groups), axis=1), axis=1)
            changed[name] = np.where(rank < 2, groups, 0).reshape(value.shape)
    return changed


def layers(family: Family, weights: Tensors, chosen: Sequence[int]) -> Tensors:
    """Build a model of these layers, which may be left out, repeated or in another order."""
    return layers_of(family, [(weights, layer) for layer in chosen], weights)


def layers_of(family: Family, chosen: Sequence[tuple[Tensors, int]], outside: Tensors) -> Tensors:
    """Build a model of layers of several models; the rest comes from ``outside``."""
    built = {n: v for n, v in outside.items() if layer_of(family, n) is None}
    for number, (source, layer) in enumerate(chosen):
        for name, value in source.items():
            found = re.fullmatch(LAYER[family.kind], name)
            if found and int(found[2]) == layer:
                built[f"{found[1]}{number}{found[3]}"] = value
    return built


def is_vocabulary(name: str) -> bool:
    """Whether a tensor has one row for each token."""
    return re.search(r"embed_tokens|lm_head|word_embeddings|wte", name) is not None


def extend_vocabulary(weights: Tensors, chance: _Number, more: int) -> Tensors:
    """Add tokens, each near the mean of the others."""
    changed = dict(weights)
    for name, value in weights.items():
        if is_vocabulary(name):
            noise = chance.normal(0, value.std() / 5, (more, value.shape[1]))
            changed[name] = np.concatenate([value, value.mean(axis=0) + noise]).astype(np.float32)
    return changed


def replace_vocabulary(weights: Tensors, chance: _Number) -> Tensors:
    """Give every token fresh rows, as for another tokenizer."""
    changed = dict(weights)
    for name, value in weights.items():
        if is_vocabulary(name):
            changed[name] = chance.normal(0, value.std(), value.shape).astype(np.float32)
    return changed


def trim_vocabulary(weights: Tensors, chance: _Number, share: float = 0.3) -> Tensors:
    """Remove tokens; the others move up."""
    changed = dict(weights)
    kept: np.ndarray[tuple[int, ...], np.dtype[np.int64]] | None = None
    for name, value in weights.items():
        if is_vocabulary(name):
            if kept is None:
                kept = np.sort(chance.permutation(len(value))[int(share * len(value)) :])
            changed[name] = value[kept]
    return changed


def merge(one: Tensors, other: Tensors, share: float = 0.5) -> Tensors:
    """Average two models of one shape."""
    return {n: ((1 - share) * v + share * other[n]).astype(np.float32) for n, v in one.items()}


def merge_spherical(one: Tensors, other: Tensors) -> Tensors:
    """Average two models along the arc between them, tensor by tensor."""
    found: Tensors = {}
    for name, value in one.items():
        left, right = value.ravel().astype(np.float64), other[name].ravel().astype(np.float64)
        size = np.sqrt((left @ left) * (right @ right)) or 1.0
        angle = np.arccos(np.clip(left @ right / size, -1, 1))
        mixed = (
            (left + right) / 2
            if angle < 1e-4
            else np.sin(angle / 2) / np.sin(angle) * (left + right)
        )
        found[name] = mixed.reshape(value.shape).astype(np.float32)
    return found


def merge_ties(base: Tensors, tuned: Sequence[Tensors], keep: float = 0.3) -> Tensors:
    """Add up what fine-tunes changed most, where their signs agree with the majority."""
    found: Tensors = {}
    for name, value in base.items():
        changes = np.stack([other[name] - value for other in tuned])
        limits = np.quantile(np.abs(changes.reshape(len(tuned), -1)), 1 - keep, axis=1)
        shaped = limits.reshape(-1, *[1] * value.ndim)
        large = np.where(np.abs(changes) >= shaped, changes, 0)
        agrees = np.sign(large) == np.sign(large.sum(axis=0))
        count = np.maximum((agrees & (large != 0)).sum(axis=0), 1)
        found[name] = (value + np.where(agrees, large, 0).sum(axis=0) / count).astype(np.float32)
    return found


def add_noise(weights: Tensors, chance: _Number, ratio: float) -> Tensors:
    """Add noise with ``ratio`` times the standard deviation of each matrix."""
    return {
        name: (value + chance.normal(0, ratio * value.std(), value.shape)).astype(np.float32)
        if value.ndim == 2
        else value
        for name, value in weights.items()
    }


def flip_width(family: Family, weights: Tensors, chance: _Number) -> Tensors:
    """Turn the sign of half of the width's units; norms keep theirs."""
    changed = dict(weights)
    signs: np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None = None
    for name, axis in places(weights, WIDTH[family.kind]):
        if "norm" in name:
            continue
        if signs is None:
            signs = chance.choice([-1, 1], weights[name].shape[axis]).astype(np.float32)
        changed[name] = weights[name] * (signs if axis == 1 else signs[:, None])
    return changed


def rotate_width(family: Family, weights: Tensors, chance: _Number) -> Tensors:
    """Rotate the width of a model with RMSNorm, gains folded into what reads them."""
    folded = fold_gains(weights)
    table = places(folded, WIDTH[family.kind])
    size = folded[table[0][0]].shape[table[0][1]]
    rotation = np.linalg.qr(chance.normal(size=(size, size)))[0].astype(np.float32)
    for name, axis in table:
        if folded[name].ndim == 2:
            value = folded[name]
            folded[name] = value @ rotation if axis == 1 else rotation.T @ value
    return folded


def fold_gains(weights: Tensors) -> Tensors:
    """Multiply the gains of RMSNorm into the matrices that read them; gains become 1."""
    changed = dict(weights)
    if "lm_head.weight" not in changed:
        changed["lm_head.weight"] = changed["model.embed_tokens.weight"]
    readers = {
        "input_layernorm": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
        "post_attention_layernorm": ("mlp.gate_proj", "mlp.up_proj"),
    }
    for name, gain in weights.items():
        layer, _, norm = name.removesuffix(".weight").rpartition(".")
        for reader in readers.get(norm, ()):
            changed[f"{layer}.{reader}.weight"] = weights[f"{layer}.{reader}.weight"] * gain
        if norm in readers or name == "model.norm.weight":
            changed[name] = np.ones_like(gain)
    changed["lm_head.weight"] = changed["lm_head.weight"] * weights["model.norm.weight"]
    return changed
