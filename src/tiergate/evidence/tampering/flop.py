# SPDX-License-Identifier: Apache-2.0
"""Floating-point operations of matrix products, counted from the modules as they run.

A product of m x k with k x n counts 2 m k n, as :mod:`torch.utils.flop_counter` counts it; what
is done element by element is left out. A backward pass counts the products that it really
needs: one as large as the forward product for the gradient of the inputs, where they need one,
and one for that of the weight, where it is trained. Attention counts every pair of positions,
masked ones included, and twice as much backward.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_Arguments = tuple[object, ...]
_Named = Mapping[str, object]


class FlopMeter:
    """Adds up operations while :meth:`counting` is open."""

    def __init__(self) -> None:
        self.total = 0
        """Operations so far."""

    @contextlib.contextmanager
    def counting(self, model: PreTrainedModel) -> Iterator[None]:
        """Count what a model does, backward passes included, until the block ends.

        Counted are linear layers, attention and experts kept in stacked weights; adapters are
        linear layers too. Layers that are added while the block is open are not counted.
        """
        handles = []
        for module in model.modules():
            if isinstance(module, nn.Linear | Conv1D) or _is_router(module):
                handles.append(module.register_forward_hook(self._linear))
            elif _is_attention(module):
                handles.append(module.register_forward_hook(self._attention, with_kwargs=True))
            elif _is_stack_of_experts(module):
                handles.append(module.register_forward_hook(self._experts, with_kwargs=True))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _linear(self, module: nn.Module, given: _Arguments, output: torch.Tensor) -> None:
        inputs = given[0]
        weight = module.weight
        if isinstance(inputs, torch.Tensor) and isinstance(weight, torch.Tensor):
            # Each input number meets as many weights as there are outputs.
            flop = 2 * inputs.numel() * (weight.numel() // inputs.shape[-1])
            self._add(flop, output, inputs.requires_grad + weight.requires_grad)

    def _attention(
        self, module: nn.Module, given: _Arguments, named: _Named, output: object
    ) -> None:
        hidden = given[0] if given else named["hidden_states"]
        result = output[0] if isinstance(output, tuple) else output
        if isinstance(hidden, torch.Tensor) and isinstance(result, torch.Tensor):
            rows, queries = hidden.shape[:2]
            keys = _keys_seen(module, named, queries)
            flop = 2 * rows * queries * keys * _scores_and_values(module, hidden.shape[-1])
            self._add(flop, result, 2 * result.requires_grad)

    def _experts(self, module: nn.Module, given: _Arguments, named: _Named, output: object) -> None:
        tensors = [value for value in (*given, *named.values()) if isinstance(value, torch.Tensor)]
        chosen = next((t.numel() for t in tensors if t.dtype is torch.long), 0)
        stacks = [stack for stack in module.parameters(recurse=False) if stack.ndim == 3]
        for stack in stacks:
            flop = 2 * chosen * stack[0].numel()
            self._add(flop, output, tensors[0].requires_grad + stack.requires_grad)

    def _add(self, flop: int, output: object, products_backward: int) -> None:
        self.total += flop
        if isinstance(output, torch.Tensor) and output.requires_grad:
            # Counted when, and as often as, the gradient comes by.
            backward = products_backward * flop
            output.register_hook(lambda _: self._add(backward, None, 0))  # type: ignore[no-untyped-call]


def _is_attention(module: nn.Module) -> bool:
    """Whether a module is what transformers calls attention: by name, and with a layer's number."""
    return type(module).__name__.endswith("Attention") and hasattr(module, "layer_idx")


def _is_router(module: nn.Module) -> bool:
    """Whether a module chooses experts by a product with a weight of its own."""
    weight = getattr(module, "weight", None)
    return type(module).__name__.endswith("Router") and getattr(weight, "ndim", 0) == 2


def _is_stack_of_experts(module: nn.Module) -> bool:
    return type(module).__name__.endswith("Experts") and any(
        parameter.ndim == 3 for parameter in module.parameters(recurse=False)
    )


def _keys_seen(module: nn.Module, named: _Named, queries: int) -> int:
    """Return how many positions were attended to; the cache holds the new ones by now."""
    cache = named.get("past_key_values", named.get("layer_past"))
    length = getattr(cache, "get_seq_length", None)
    return queries if length is None else int(length(module.layer_idx))


def _scores_and_values(module: nn.Module, width: int) -> int:
    """Return multiplications for one query and key, over all heads: scores, then values.

    Args:
        module: attention; not every one keeps the configuration of its model.
        width: of what it reads, which the heads divide where they do not say their size.
    """
    config = getattr(module, "config", None)
    heads = getattr(config, "num_attention_heads", None) or _heads_of(module)
    if heads is None:
        return 2 * width
    size = getattr(module, "head_dim", None) or width // heads
    scored = getattr(module, "qk_head_dim", size)
    summed = getattr(module, "v_head_dim", size)
    return int(heads) * int(scored + summed)


def _heads_of(module: nn.Module) -> int | None:
    """Return how many heads a module says that it has; None when it does not."""
    found: tuple[Any, ...] = tuple(
        getattr(module, name, None) for name in ("num_heads", "num_attention_heads", "n_heads")
    )
    return next((heads for heads in found if isinstance(heads, int)), None)
