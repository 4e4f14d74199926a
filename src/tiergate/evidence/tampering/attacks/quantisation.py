# SPDX-License-Identifier: Apache-2.0
"""Rounding weights to few levels, as anyone does to run a model on a small machine.

Round to nearest, group by group along the inputs of each matrix; embeddings and output head
stay as they are, as quantisers leave them. No packed format is written: each weight is put back
as the number that a quantised model would compute with.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

import torch
from torch.nn.functional import pad

from tiergate.errors import InputError
from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.attacks.structure import matrices
from tiergate.evidence.tampering.attacks.support import Chosen, Clock, Space
from tiergate.evidence.tampering.suites import ACCESS, FAMILIES
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Material, Setting, Variant


class Quantisation:
    """Quantise and dequantise in place."""

    name = "quantisation"
    family = FAMILIES["quantisation"]
    access = ACCESS["quantisation"]
    space: Space = MappingProxyType(
        {
            "bits": (8, 4, 3),
            "group": (32, 64, 128),
            "levels": ("symmetric", "asymmetric"),
        }
    )

    def variants(
        self,
        target: Target,
        material: Material,  # noqa: ARG002 - the interface of every attack
        setting: Setting,
        seed: int,  # noqa: ARG002 - the interface of every attack
    ) -> Iterator[Variant]:
        """Round every matrix and yield once."""
        chosen, clock = Chosen(self.name, self.space, setting), Clock()
        bits, group = chosen.whole("bits"), chosen.whole("group")
        if not 2 <= bits <= 8 or group < 1:
            raise InputError(
                "setting of quantisation", f"{bits} bits, groups of {group}", "2 to 8 bits, groups"
            )
        is_symmetric = chosen.text("levels") == "symmetric"
        with torch.no_grad():
            for matrix in matrices(target):
                weight = matrix.by_output
                weight.copy_(rounded(weight.float(), bits, group, is_symmetric=is_symmetric))
        yield Variant(point=f"{bits} bits", cost=Cost(seconds=clock.seconds()))


def rounded(weight: torch.Tensor, bits: int, group: int, *, is_symmetric: bool) -> torch.Tensor:
    """Return a weight (..., inputs) with at most ``2**bits`` values in each group of inputs.

    Symmetric levels are the same on both sides of 0; asymmetric ones span from the least to the
    greatest weight of the group, with 0 among them. The last group is shorter where the inputs
    are no multiple of ``group``.
    """
    inputs = weight.shape[-1]
    padded = pad(weight, (0, -inputs % group))
    groups = padded.reshape(*padded.shape[:-1], -1, group)
    if is_symmetric:
        most = 2 ** (bits - 1) - 1
        scale = (groups.abs().amax(-1, keepdim=True) / most).clamp_min(1e-12)
        result = (groups / scale).round().clamp(-most - 1, most) * scale
    else:
        least = groups.amin(-1, keepdim=True).clamp_max(0)
        greatest = groups.amax(-1, keepdim=True).clamp_min(0)
        scale = ((greatest - least) / (2**bits - 1)).clamp_min(1e-12)
        zero = (-least / scale).round()
        level = ((groups / scale).round() + zero).clamp(0, 2**bits - 1)
        result = (level - zero) * scale
    kept: torch.Tensor = result.flatten(-2)[..., :inputs]
    return kept


QUANTISATION = Quantisation()
