# SPDX-License-Identifier: Apache-2.0
"""Pushing activations away from refusing while the model answers.

The difference between the mean representations of guarded prompts and of their twins after one
layer is subtracted there at every position. The weights stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType

import torch
from torch import nn

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.attacks.representations import contrast, layer_at
from tiergate.evidence.tampering.attacks.support import Chosen, Clock, Space
from tiergate.evidence.tampering.flop import FlopMeter
from tiergate.evidence.tampering.suites import ACCESS, FAMILIES
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Material, Setting, Variant

_PAIRS = 32


class Steering:
    """Subtract the refusal direction from the activations of one layer."""

    name = "steering"
    family = FAMILIES["steering"]
    access = ACCESS["steering"]
    space: Space = MappingProxyType(
        {"depth": (0.55, 0.4, 0.7, 0.3), "coefficient": (1.0, 0.5, 2.0, 4.0)}
    )

    def variants(
        self, target: Target, material: Material, setting: Setting, seed: int
    ) -> Iterator[Variant]:
        """Yield once, while a hook is in place."""
        chosen = Chosen(self.name, self.space, setting)
        clock, meter = Clock(), FlopMeter()
        found = contrast(target, material, most=_PAIRS, seed=seed, meter=meter)
        layer, coefficient = layer_at(target, chosen.number("depth")), chosen.number("coefficient")
        shift = -coefficient * found.mean_difference(layer)
        if not torch.isfinite(shift).all():
            raise MeasurementError(f"layer {layer}", "activations that are not finite", "numbers")
        handle = target.layers[layer].register_forward_hook(_adding(shift))
        try:
            yield Variant(
                point=f"coefficient {coefficient:g}",
                cost=Cost(examples=found.examples, flop=meter.total, seconds=clock.seconds()),
            )
        finally:
            handle.remove()


def _adding(shift: torch.Tensor) -> Callable[[nn.Module, object, object], object]:
    """Return a hook that adds a vector to a layer's output, in whatever type that has."""

    def hook(_module: nn.Module, _inputs: object, output: object) -> object:
        if isinstance(output, tuple):
            return (output[0] + shift.to(output[0]), *output[1:])
        if isinstance(output, torch.Tensor):
            return output + shift.to(output)
        raise MeasurementError("decoder layer", "an output of another kind", "a tensor")

    return hook


STEERING = Steering()
