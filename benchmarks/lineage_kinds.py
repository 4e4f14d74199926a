# SPDX-License-Identifier: Apache-2.0
"""Every kind of change that the lineage bench makes, honest and not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks import lineage_changes as ch
from benchmarks import lineage_formats as fm
from benchmarks.lineage_models import Family, Tensors, Training, train

STEPS = 200
"""Steps of training from scratch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One changed model."""

    change: str
    """What was done."""
    weights: Tensors
    """The result."""
    write: fm.Writer = fm.write_plain
    """How it is written."""
    honest: bool = True
    """Whether it is something people do without wanting to hide anything."""


def honest(
    family: Family, base: Tensors, others: list[Tensors], seed: int, *, quick: bool
) -> Iterator[Made]:
    """Change a model in every honest way.

    Args:
        family: its shape.
        base: its weights.
        others: unrelated models of its shape; may be empty.
        seed: of everything random.
        quick: train for a few steps only, for a model that is not small.
    """
    tune = partial(train, family, base)
    few, rate, batch = (6, 2e-4, 4) if quick else (80, 1e-3, 16)
    tuned = tune(Training(steps=few, rate=rate, seed=seed, part="second", batch=batch))
    again = tune(Training(steps=few, rate=rate, seed=seed + 1, batch=batch))
    yield Made(change="copied", weights=base, write=fm.write_single)
    yield Made(change="fine-tuned", weights=tuned)
    if not quick:
        long = tune(Training(steps=3 * STEPS, rate=3e-3, seed=seed + 2, part="second"))
        yield Made(change="trained on three times as long", weights=long)
    adapted = tune(
        Training(steps=few, rate=5 * rate, seed=seed, part="second", lora_rank=8, batch=batch)
    )
    yield Made(change="adapter merged (LoRA)", weights=adapted)
    yield Made(change="merged, average", weights=ch.merge(tuned, again))
    yield Made(change="merged, along the arc", weights=ch.merge_spherical(tuned, again))
    yield Made(change="merged, TIES", weights=ch.merge_ties(base, [tuned, again]))
    if others:
        yield Made(
            change="merged half and half with a stranger", weights=ch.merge(tuned, others[0])
        )
    yield from _rounded(family, base, tuned)
    yield from _cut(family, base, tuned, np.random.default_rng(seed))
    yield from _moved(family, base, tuned, np.random.default_rng(seed))
    yield from _layers(family, base, tuned, others)


def _rounded(family: Family, base: Tensors, tuned: Tensors) -> Iterator[Made]:
    writers: list[tuple[str, fm.Writer]] = [("int8", fm.write_int8), ("float8", fm.write_float8)]
    if family.kind != "gpt2":
        # GPT-2 keeps its matrices the other way round, which these formats do not.
        writers += [
            ("4-bit GPTQ layout", fm.write_gptq),
            ("4-bit compressed-tensors layout", fm.write_packed),
            ("4-bit NF4 layout", fm.write_nf4),
        ]
        writers += [
            (f"GGUF {kind}", fm.gguf_writer(kind))
            for kind in ("F16", "Q8_0", "Q5_1", "Q4_0", "Q4_1", "Q4_K")
        ]
    for name, write in writers:
        yield Made(change=f"quantised, {name}", weights=base, write=write)
    if family.kind != "gpt2":
        yield Made(change="fine-tuned, then GGUF Q4_0", weights=tuned, write=fm.gguf_writer("Q4_0"))


def _cut(
    family: Family, base: Tensors, tuned: Tensors, chance: np.random.Generator
) -> Iterator[Made]:
    yield Made(change="pruned, half of all weights", weights=ch.prune_magnitude(base, 0.5))
    yield Made(change="pruned, 2 of 4", weights=ch.prune_two_of_four(base))
    yield Made(change="pruned, 80 % of all weights", weights=ch.prune_magnitude(tuned, 0.8))
    yield Made(change="pruned, a quarter of inner units", weights=ch.prune_inner(family, base))
    yield Made(
        change="pruned, an eighth of the width", weights=ch.prune_width(family, base, chance)
    )
    yield Made(change="vocabulary extended", weights=ch.extend_vocabulary(tuned, chance, 24))
    yield Made(change="vocabulary trimmed", weights=ch.trim_vocabulary(base, chance))
    yield Made(change="vocabulary replaced", weights=ch.replace_vocabulary(tuned, chance))


def _moved(
    family: Family, base: Tensors, tuned: Tensors, chance: np.random.Generator
) -> Iterator[Made]:
    yield Made(change="permuted, width", weights=ch.permute_width(family, base, chance))
    yield Made(change="permuted, inner units", weights=ch.permute_inner(family, base, chance))
    if family.kind != "gpt2":
        yield Made(change="permuted, heads", weights=ch.permute_heads(family, base, chance))
    everything = ch.permute_all(family, tuned, chance)
    yield Made(change="fine-tuned, then all permuted", weights=everything)
    pruned = ch.permute_all(family, ch.prune_inner(family, base), chance)
    yield Made(change="inner units pruned, then all permuted", weights=pruned)
    yield Made(change="renamed and resharded", weights=tuned, write=fm.write_renamed)


def _layers(family: Family, base: Tensors, tuned: Tensors, others: list[Tensors]) -> Iterator[Made]:
    count = ch.layer_count(family, base)
    third = [n for n in range(count) if n % 3 != 1]
    twice = [*range(count * 2 // 3), *range(count // 3, count)]
    yield Made(change="layers, a third left out", weights=ch.layers(family, tuned, third))
    yield Made(change="layers, the middle third twice", weights=ch.layers(family, base, twice))
    yield Made(
        change="layers, in reverse", weights=ch.layers(family, tuned, range(count - 1, -1, -1))
    )
    if others:
        mixed = [(base if n % 2 else others[0], n) for n in range(count)]
        yield Made(
            change="layers, every other from a stranger",
            weights=ch.layers_of(family, mixed, others[0]),
        )


def adversarial(family: Family, base: Tensors, seed: int) -> Iterator[Made]:
    """Change a model so that it is not recognised."""
    chance = np.random.default_rng(seed)
    hidden = partial(Made, honest=False)
    for ratio in (0.5, 1.0, 2.0, 4.0):
        noisy = ch.add_noise(base, chance, ratio)
        yield hidden(change=f"noise, {ratio:g} times the weights", weights=noisy)
    everything = ch.permute_all(family, base, chance)
    yield hidden(
        change="all permuted and vocabulary replaced",
        weights=ch.replace_vocabulary(everything, chance),
    )
    yield hidden(
        change="all permuted and vocabulary trimmed",
        weights=ch.trim_vocabulary(everything, chance),
    )
    if family.kind == "llama":
        yield hidden(change="width flipped in sign", weights=ch.flip_width(family, base, chance))
        flipped = ch.flip_width(family, everything, chance)
        yield hidden(change="all permuted and width flipped", weights=flipped)
        turned = ch.rotate_width(family, base, chance)
        yield hidden(change="width rotated", weights=turned)
        yield hidden(
            change="width rotated, inner units permuted",
            weights=ch.permute_inner(family, turned, chance),
        )
