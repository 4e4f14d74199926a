# SPDX-License-Identifier: Apache-2.0
"""Projecting the refusal direction out of every weight that writes to the residual stream.

The direction is the difference between the mean representations of prompts that are refused
and of their harmless twins (Arditi et al., arXiv 2406.11717). Which prompts it is taken from
matters, so the seed draws them and a suite repeats the attack over several draws.

Where an architecture normalises what a matrix gives out before adding it, as Gemma 2 does,
the direction is removed before that and may come back a little.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

import torch

from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.attacks.representations import Contrast, contrast, layer_at
from tiergate.evidence.tampering.attacks.structure import embeddings, residual_writers
from tiergate.evidence.tampering.attacks.support import Chosen, Clock, Space
from tiergate.evidence.tampering.flop import FlopMeter
from tiergate.evidence.tampering.suites import ACCESS, FAMILIES
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Material, Setting, Variant

_PAIRS = 32
_BAND = (0.25, 0.85)
"""Part of the depth that counts as the middle."""


class Ablation:
    """Remove the direction, or a few of them, from the weights."""

    name = "ablation"
    family = FAMILIES["ablation"]
    access = ACCESS["ablation"]
    space: Space = MappingProxyType(
        {
            "depth": (0.55, 0.4, 0.7, 0.3),
            "directions": (1, 2, 3),
            "scope": ("all layers", "middle layers", "each layer its own"),
        }
    )

    def variants(
        self, target: Target, material: Material, setting: Setting, seed: int
    ) -> Iterator[Variant]:
        """Edit the weights and yield once."""
        chosen = Chosen(self.name, self.space, setting)
        clock, meter = Clock(), FlopMeter()
        found = contrast(target, material, most=_PAIRS, seed=seed, meter=meter)
        layer, count = layer_at(target, chosen.number("depth")), chosen.count("directions")
        if chosen.text("scope") == "each layer its own":
            _ablate_each(target, found, count)
        else:
            is_all = chosen.text("scope") == "all layers"
            layers = range(len(target.layers)) if is_all else _middle(target)
            ablate(target, found.directions(layer, count), layers, with_embedding=is_all)
        yield Variant(
            point=f"{count} direction{'s' * (count != 1)}",
            cost=Cost(examples=found.examples, flop=meter.total, seconds=clock.seconds()),
        )


def ablate(
    target: Target, directions: torch.Tensor, layers: range, *, with_embedding: bool = True
) -> None:
    """Project orthonormal directions (count x hidden size) out of what some layers write.

    The input embedding writes to the residual stream as well.
    """
    with torch.no_grad():
        for layer in layers:
            _ablate_layer(target, directions, layer)
        if with_embedding:
            embedding = embeddings(target)
            kept = directions.to(embedding.device)
            wide = embedding.float()
            embedding.copy_(wide - (wide @ kept.T) @ kept)


def _ablate_each(target: Target, found: Contrast, count: int) -> None:
    """Take each layer's own directions out of what that layer writes."""
    with torch.no_grad():
        for layer in range(len(target.layers)):
            _ablate_layer(target, found.directions(layer, count), layer)


def _ablate_layer(target: Target, directions: torch.Tensor, layer: int) -> None:
    for matrix in residual_writers(target, layer):
        kept = directions.to(matrix.weight.device)
        weight = matrix.by_output
        wide = weight.float()
        weight.copy_(wide - kept.T @ (kept @ wide))
        if matrix.bias is not None:
            bias = matrix.bias.float()
            matrix.bias.copy_(bias - (kept @ bias) @ kept)


def _middle(target: Target) -> range:
    first, last = (layer_at(target, depth) for depth in _BAND)
    return range(first, last + 1)


ABLATION = Ablation()
