# SPDX-License-Identifier: Apache-2.0
"""What a model represents at the end of a prompt, and the direction that refusing differs by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from torch import nn

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.attacks.support import sample
from tiergate.evidence.tampering.flop import FlopMeter
from tiergate.evidence.tampering.prompts import PromptPair
from tiergate.evidence.tampering.rendering import render
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Material, Wording

_BATCH = 16
_Origin = tuple[str, tuple[PromptPair, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Representations of guarded prompts and of their twins, at the last position of each."""

    guarded: torch.Tensor
    """Prompts x layers x hidden size, in single precision on the CPU."""
    twin: torch.Tensor
    """The same for the harmless twins, in the same order."""

    @property
    def examples(self) -> int:
        """Prompts that were run through the model."""
        return len(self.guarded) + len(self.twin)

    def mean_difference(self, layer: int) -> torch.Tensor:
        """Return mean of guarded minus mean of twins after a layer; shape hidden size."""
        return self.guarded[:, layer].mean(0) - self.twin[:, layer].mean(0)

    def directions(self, layer: int, count: int) -> torch.Tensor:
        """Return orthonormal directions, count x hidden size, the strongest first.

        The first is the difference of means. Each further one is what the differences of the
        single pairs share most once the earlier ones are taken out of them. Fewer come back
        where the pairs do not span as many.

        Raises:
            MeasurementError: guarded prompts and twins are represented alike.
        """
        mean = self.mean_difference(layer)
        if not torch.isfinite(mean).all() or mean.norm() < 1e-6:
            raise MeasurementError(
                f"layer {layer}",
                "the same representation of guarded prompts and of their twins",
                "a difference between the two",
            )
        first = mean / mean.norm()
        rest = self.guarded[:, layer] - self.twin[:, layer]
        rest = rest - torch.outer(rest @ first, first)
        _, strengths, others = torch.linalg.svd(rest, full_matrices=False)
        kept = others[: count - 1][strengths[: count - 1] > 1e-6]
        return torch.cat([first[None], kept])


_newest: WeakKeyDictionary[Target, tuple[_Origin, Contrast, int]] = WeakKeyDictionary()


def contrast(
    target: Target, material: Material, *, most: int, seed: int, meter: FlopMeter
) -> Contrast:
    """Run a sample of the attacker's pairs through the model.

    Attacks on one model ask for the same sample with many settings, so the newest is kept; its
    operations are counted each time, as if it had been run again.

    Args:
        target: the model.
        material: whose pairs the sample is drawn from.
        most: pairs in the sample, at most.
        seed: of the sample.
        meter: counts the operations.

    Raises:
        MeasurementError: the attacker has no pairs with twins.
    """
    usable = [pair for pair in material.pairs if pair.twin]
    pairs = sample(usable, most, seed, what="pairs of a guarded prompt and a twin")
    origin = (target.digest(), tuple(pairs))
    kept = _newest.get(target)
    if kept is None or kept[0] != origin or target.has_hooks:
        kept = _newest[target] = (origin, *_contrast(target, pairs))
    _, found, flop = kept
    meter.total += flop
    return found


def _contrast(target: Target, pairs: Sequence[PromptPair]) -> tuple[Contrast, int]:
    meter = FlopMeter()
    with meter.counting(target.model):
        found = Contrast(
            guarded=last_positions(target, [pair.guarded for pair in pairs]),
            twin=last_positions(target, [pair.twin for pair in pairs]),
        )
    return found, meter.total


def last_positions(target: Target, prompts: Sequence[str]) -> torch.Tensor:
    """Return what each decoder layer gives out at the last position of each prompt.

    Shape prompts x layers x hidden size, in single precision on the CPU.
    """
    tokens = [render(target.tokenizer, Wording(), prompt) for prompt in prompts]
    order = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
    rows: list[torch.Tensor] = [torch.empty(0)] * len(tokens)
    for start in range(0, len(order), _BATCH):
        chosen = order[start : start + _BATCH]
        found = _batch(target, [tokens[index] for index in chosen])
        for index, row in zip(chosen, found, strict=True):
            rows[index] = row
    return torch.stack(rows)


def _batch(target: Target, tokens: Sequence[Sequence[int]]) -> torch.Tensor:
    """Run one batch. Padding stands on the right, where no token before it can see it."""
    width = max(map(len, tokens))
    padded = torch.tensor([[*row, *[0] * (width - len(row))] for row in tokens])
    ends = torch.tensor([len(row) - 1 for row in tokens])
    seen: list[torch.Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: object) -> None:
        hidden = output[0] if isinstance(output, tuple) else output
        if not isinstance(hidden, torch.Tensor):
            raise MeasurementError("decoder layer", "an output of another kind", "a tensor")
        seen.append(hidden[torch.arange(len(ends)), ends].float().cpu())

    handles = [layer.register_forward_hook(keep) for layer in target.layers]
    try:
        with torch.inference_mode():
            target.model.base_model(input_ids=padded.to(target.device), use_cache=False)
    finally:
        for handle in handles:
            handle.remove()
    return torch.stack(seen, dim=1).clone()


def layer_at(target: Target, depth: float) -> int:
    """Return the layer at a fraction of the depth; the last layer is never chosen for less than 1.

    Raises:
        MeasurementError: the fraction is not between 0 and 1.
    """
    if not 0 <= depth <= 1:
        raise MeasurementError("depth", str(depth), "a fraction between 0 and 1")
    return min(int(depth * len(target.layers)), len(target.layers) - 1)
