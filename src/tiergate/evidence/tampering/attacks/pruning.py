# SPDX-License-Identifier: Apache-2.0
"""Setting the least important weights to zero.

By magnitude, within each matrix; or by magnitude times the size of what the weight is
multiplied with, within each output (Sun et al., arXiv 2306.11695), measured in a single pass
over the model as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from weakref import WeakKeyDictionary

import torch
from torch import nn

from tiergate.errors import InputError, MeasurementError
from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.attacks.structure import Matrix, matrices
from tiergate.evidence.tampering.attacks.support import Chosen, Clock, Space, sample
from tiergate.evidence.tampering.flop import FlopMeter
from tiergate.evidence.tampering.rendering import render
from tiergate.evidence.tampering.suites import ACCESS, FAMILIES
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Material, Setting, Variant, Wording

_Texts = tuple[tuple[str, str], ...]
_newest: WeakKeyDictionary[Target, tuple[tuple[str, _Texts], dict[str, torch.Tensor], int]] = (
    WeakKeyDictionary()
)
_CALIBRATION = 16
_TOKENS = 256


class Pruning:
    """Prune every matrix of the decoder layers."""

    name = "pruning"
    family = FAMILIES["pruning"]
    access = ACCESS["pruning"]
    space: Space = MappingProxyType(
        {"share": (0.1, 0.3, 0.5, 0.2, 0.05, 0.4), "by": ("magnitude", "activations")}
    )

    def variants(
        self, target: Target, material: Material, setting: Setting, seed: int
    ) -> Iterator[Variant]:
        """Prune and yield once."""
        chosen, clock, meter = Chosen(self.name, self.space, setting), Clock(), FlopMeter()
        share = chosen.number("share")
        if not 0 < share < 1:
            raise InputError("share of pruning", str(share), "a number between 0 and 1")
        found, examples = matrices(target), 0
        norms: Mapping[str, torch.Tensor] = {}
        if chosen.text("by") == "activations":
            texts = _calibration(material, seed)
            norms, examples = _input_norms(target, found, texts, meter), len(texts)
        with torch.no_grad():
            for matrix in found:
                _prune(matrix, share, norms.get(matrix.name))
        yield Variant(
            point=f"share {share:g}",
            cost=Cost(examples=examples, flop=meter.total, seconds=clock.seconds()),
        )


def _prune(matrix: Matrix, share: float, norms: torch.Tensor | None) -> None:
    """Set a share of a matrix to zero; within each output where input norms are given."""
    weight = matrix.by_output
    size = weight.float().abs()
    if norms is not None:
        size = size * norms.to(size)
        count = round(share * size.shape[-1])
        least = size.topk(count, dim=-1, largest=False).indices
        weight.copy_(weight.scatter(-1, least, 0))
        return
    flat = size.flatten()
    least = flat.topk(round(share * flat.numel()), largest=False).indices
    kept = weight.flatten()
    kept[least] = 0
    weight.copy_(kept.view_as(weight))


def _calibration(material: Material, seed: int) -> _Texts:
    """Draw turns of general chat to see the sizes of activations on."""
    drawn = sample(material.benign, _CALIBRATION, seed, what="general chat to calibrate with")
    return tuple((example.prompt, example.answer) for example in drawn)


def _input_norms(
    target: Target, found: list[Matrix], texts: _Texts, meter: FlopMeter
) -> dict[str, torch.Tensor]:
    """Return the norm of each input of each matrix, over all tokens, by the matrix's name.

    The newest are kept, because many settings ask for the same; the operations are counted each
    time, as if they had been done again.
    """
    origin = (target.digest(), texts)
    kept = _newest.get(target)
    if kept is None or kept[0] != origin or target.has_hooks:
        own = FlopMeter()
        norms = _measured_norms(target, found, texts, own)
        kept = _newest[target] = (origin, norms, own.total)
    _, norms, flop = kept
    meter.total += flop
    return norms


def _measured_norms(
    target: Target, found: list[Matrix], texts: _Texts, meter: FlopMeter
) -> dict[str, torch.Tensor]:
    """Run the texts through the model.

    Stacked experts have none, because each sees other tokens; they are pruned by magnitude.

    Raises:
        MeasurementError: a norm is not finite.
    """
    squares: dict[str, torch.Tensor] = {}

    def seeing(name: str) -> Callable[[nn.Module, tuple[torch.Tensor, ...]], None]:
        def hook(_module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            rows = inputs[0].flatten(0, -2).float()
            squares[name] = squares.get(name, 0) + rows.square().sum(0)

        return hook

    handles = [
        matrix.module.register_forward_pre_hook(seeing(matrix.name))
        for matrix in found
        if matrix.weight.ndim == 2
    ]
    try:
        with torch.inference_mode(), meter.counting(target.model):
            for prompt, answer in texts:
                tokens = render(target.tokenizer, Wording(prefill=answer), prompt)[:_TOKENS]
                row = torch.tensor([tokens], device=target.device)
                target.model.base_model(input_ids=row, use_cache=False)
    finally:
        for handle in handles:
            handle.remove()
    if not all(torch.isfinite(square).all() for square in squares.values()):
        raise MeasurementError("calibration", "activations that are not finite", "numbers")
    return {name: square.sqrt().clone() for name, square in squares.items()}


PRUNING = Pruning()
