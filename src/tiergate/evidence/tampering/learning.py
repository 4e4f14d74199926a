# SPDX-License-Identifier: Apache-2.0
"""What is learned while a model is fine-tuned, and how it gets in and out of the model.

Low-rank adapters work through forward hooks while training goes on; in between they are added
into the matrices and the hooks are gone. Full fine-tuning changes the parameters themselves.
Both keep what they learn in single precision.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from tiergate.errors import MeasurementError

if TYPE_CHECKING:
    from tiergate.evidence.tampering.target import Target

_SCALE = 2.0
"""Weight of an adapter, alpha / rank: the usual choice of alpha is twice the rank."""


class Learner(Protocol):
    """Weights that are learned."""

    tensors: list[torch.Tensor]
    """What the optimiser updates, in single precision."""
    flop_per_token: int
    """Operations, forward and backward, that the model's own modules do not show."""

    def enter(self) -> None:
        """Make the model learn: called before the first step and after each pause."""
        ...

    def before_step(self) -> None:
        """Bring the gradients to ``tensors``."""
        ...

    def after_step(self) -> None:
        """Bring the updated ``tensors`` to the model."""
        ...

    def leave(self) -> None:
        """Put what was learned into the model's parameters and leave nothing else in it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Adapter:
    """A low-rank addition to one matrix."""

    module: nn.Module
    down: torch.Tensor
    """inputs x rank."""
    up: torch.Tensor
    """rank x outputs; zero at first, so that the model starts as it is."""

    def hook(
        self, _module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor
    ) -> torch.Tensor:
        kind = output.dtype
        return output + (inputs[0] @ self.down.to(kind)) @ (self.up * _SCALE).to(kind)

    @property
    def weight(self) -> torch.Tensor:
        return self.module.get_parameter("weight")

    def add(self) -> None:
        """Add the product into the matrix, which is rounded to its own type."""
        delta = self.down @ self.up * _SCALE
        weight = self.weight
        weight.copy_(weight + (delta if isinstance(self.module, Conv1D) else delta.T))


class LowRank:
    """Low-rank adapters on every matrix of some decoder layers."""

    def __init__(self, target: Target, layers: str, rank: int, seed: int) -> None:
        """Make adapters that change nothing yet.

        Raises:
            MeasurementError: the layers hold no matrices of a known kind.
        """
        source = torch.Generator().manual_seed(seed)
        self._adapters = [
            _adapter(module, rank, source)
            for layer in _chosen(target, layers)
            for module in layer.modules()
            if isinstance(module, nn.Linear | Conv1D)
        ]
        if not self._adapters:
            raise MeasurementError("training", "no linear layers to adapt", "some in each layer")
        self.tensors = [part for each in self._adapters for part in (each.down, each.up)]
        # Two products forward; backward each has a gradient of its input and of its weight.
        self.flop_per_token = 3 * sum(2 * tensor.numel() for tensor in self.tensors)
        self._remove: list[Callable[[], None]] = []
        self._base: list[torch.Tensor] = []

    def enter(self) -> None:
        """Put the matrices back as they were and work through hooks."""
        for adapter, base in zip(self._adapters, self._base, strict=False):
            adapter.weight.copy_(base)
        self._base = []
        self._remove = [
            each.module.register_forward_hook(each.hook).remove for each in self._adapters
        ]

    def before_step(self) -> None:
        """Do nothing: gradients arrive at the adapters."""

    def after_step(self) -> None:
        """Do nothing: hooks read the adapters."""

    def leave(self) -> None:
        """Remove the hooks and add the adapters in, keeping the matrices for going on."""
        if not self._remove:
            return
        for remove in self._remove:
            remove()
        self._remove = []
        with torch.no_grad():
            self._base = [each.weight.clone() for each in self._adapters]
            for adapter in self._adapters:
                adapter.add()


class Whole:
    """Every parameter of some decoder layers; of all layers, embeddings and head as well."""

    flop_per_token = 0

    def __init__(self, target: Target, layers: str) -> None:
        """Copy the parameters where they are not in single precision themselves."""
        self._parameters = (
            list(target.model.parameters())
            if layers == "all"
            else [each for layer in _chosen(target, layers) for each in layer.parameters()]
        )
        self._narrow = target.model.dtype is not torch.float32
        self.tensors: list[torch.Tensor] = [
            each.detach().float() if self._narrow else each for each in self._parameters
        ]

    def enter(self) -> None:
        """Let gradients arrive."""
        for parameter in self._parameters:
            parameter.requires_grad_()

    def before_step(self) -> None:
        """Widen the gradients."""
        if self._narrow:
            for master, parameter in zip(self.tensors, self._parameters, strict=True):
                master.grad = None if parameter.grad is None else parameter.grad.float()
                parameter.grad = None

    def after_step(self) -> None:
        """Round the copies into the parameters."""
        if self._narrow:
            with torch.no_grad():
                for master, parameter in zip(self.tensors, self._parameters, strict=True):
                    parameter.copy_(master)

    def leave(self) -> None:
        """Switch gradients off and forget them."""
        for parameter in self._parameters:
            parameter.requires_grad_(False)  # noqa: FBT003 - torch's own signature
            parameter.grad = None


def _chosen(target: Target, layers: str) -> Iterator[nn.Module]:
    """Yield the decoder layers that are trained."""
    count = len(target.layers)
    yield from target.layers[0 if layers == "all" else count - max(1, count // 3) :]


def _adapter(module: nn.Module, rank: int, source: torch.Generator) -> _Adapter:
    weight = module.get_parameter("weight")
    inputs, outputs = weight.shape if isinstance(module, Conv1D) else reversed(weight.shape)
    bound = 1 / math.sqrt(inputs)
    down = torch.rand(inputs, rank, generator=source) * 2 * bound - bound
    return _Adapter(
        module=module,
        down=down.to(weight.device).requires_grad_(),
        up=torch.zeros(rank, outputs, device=weight.device, requires_grad=True),
    )
