# SPDX-License-Identifier: Apache-2.0
"""Finding, in any decoder-only architecture, the matrices that attacks change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.target import Target

_READERS = frozenset(
    {
        "q_proj",
        "k_proj",
        "v_proj",
        "qkv_proj",
        "query",
        "key",
        "value",
        "query_key_value",
        "c_attn",
        "up_proj",
        "gate_proj",
        "gate_up_proj",
        "fc1",
        "c_fc",
        "dense_h_to_4h",
    }
)
"""Matrices that read the residual stream; some give out as many numbers as it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """A weight that multiplies a vector, or a stack of such weights."""

    name: str
    """Name of its module, unique in the model."""
    module: nn.Module
    """The module that holds it, for hooks."""
    weight: nn.Parameter
    """The weight itself, as stored."""
    is_transposed: bool
    """Whether it is stored as inputs x outputs."""
    bias: nn.Parameter | None = None
    """What is added to the product; None for nothing."""

    @property
    def by_output(self) -> torch.Tensor:
        """The weight as (..., outputs, inputs); writing into it writes into the model."""
        return self.weight.transpose(-1, -2) if self.is_transposed else self.weight


def matrices(target: Target) -> list[Matrix]:
    """Return every matrix of the decoder layers; embeddings and output head are not among them.

    Raises:
        MeasurementError: the layers hold none of a known kind.
    """
    found = [matrix for layer in target.layers for matrix in _inside(layer, target)]
    if not found:
        raise MeasurementError(
            type(target.model).__name__, "no matrices in its layers", "linear layers"
        )
    return found


def residual_writers(target: Target, layer: int) -> list[Matrix]:
    """Return the matrices of a decoder layer whose output is added to the residual stream.

    Raises:
        MeasurementError: there are none of a known kind.
    """
    width = hidden_size(target)
    found = [
        matrix
        for matrix in _inside(target.layers[layer], target)
        if matrix.by_output.shape[-2] == width
        and not any(part in _READERS for part in matrix.name.split(".")[-1:])
    ]
    if not found:
        raise MeasurementError(
            f"layer {layer} of {type(target.model).__name__}",
            "no matrix that writes to the residual stream",
            "linear layers with as many outputs as the hidden size",
        )
    return found


def hidden_size(target: Target) -> int:
    """Return the width of the residual stream."""
    return int(embeddings(target).shape[1])


def embeddings(target: Target) -> torch.Tensor:
    """Return the input embeddings, vocabulary x hidden size; writing into them edits the model."""
    return target.model.get_input_embeddings().get_parameter("weight")


def _inside(layer: nn.Module, target: Target) -> Iterator[Matrix]:
    names = {id(module): name for name, module in target.model.named_modules()}
    for inner, module in layer.named_modules():
        name = names[id(module)]
        if isinstance(module, nn.Linear | Conv1D):
            yield Matrix(
                name=name,
                module=module,
                weight=module.get_parameter("weight"),
                is_transposed=isinstance(module, Conv1D),
                bias=module.bias,
            )
        elif "expert" in inner:
            yield from _experts(name, module)


def _experts(name: str, module: nn.Module) -> Iterator[Matrix]:
    """Yield weights of experts that are stacked in one parameter of three axes."""
    for inner, parameter in module.named_parameters(recurse=False):
        if parameter.ndim == 3:
            yield Matrix(
                name=f"{name}.{inner}", module=module, weight=parameter, is_transposed=False
            )
