# SPDX-License-Identifier: Apache-2.0
"""Weights laid out once for many matrix products on a CPU.

A product with a few dozen rows spends a quarter to a third of its time on bringing the weight
into the layout that the kernels read. While :func:`packed` is open, a copy in that layout serves
every product. The numbers stay what they are: in bfloat16 the products are the same bit for bit,
in float32 another summation order of the same kernels' library is used.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

import torch
from torch import nn

_MEMORY_SHARE = 0.5
"""Largest share of the free memory that the copies may take."""

_LinearForward = Callable[[torch.Tensor], torch.Tensor]


@contextlib.contextmanager
def packed(model: nn.Module, rows: int) -> Iterator[int]:
    """Serve linear layers from packed copies for as long as the block is open.

    Weights must not change within. Hooks run as always. Layers elsewhere than on a CPU, and
    layers that a library has already given another ``forward``, are left alone; so are all of
    them when torch has no such kernels or the copies would not fit.

    Args:
        model: any module.
        rows: rows that a product usually has.

    Yields:
        How many layers are served.
    """
    layers = [
        module for module in model.modules() if isinstance(module, nn.Linear) and _is_plain(module)
    ]
    if not _fits(layers):
        yield 0
        return
    served: list[nn.Linear] = []
    try:
        for layer in layers:
            forward = _packed_forward(layer, rows)
            if forward is None:
                break
            layer.forward = forward  # type: ignore[assignment, method-assign]
            served.append(layer)
        yield len(served)
    finally:
        for layer in served:
            del layer.forward


def _is_plain(module: nn.Linear) -> bool:
    return (
        type(module) is nn.Linear
        and "forward" not in vars(module)
        and module.weight.device.type == "cpu"
        and module.weight.dtype in (torch.bfloat16, torch.float32)
        and module.weight.layout is torch.strided
    )


def _fits(layers: list[nn.Linear]) -> bool:
    wanted = sum(layer.weight.numel() * layer.weight.element_size() for layer in layers)
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return False
    return wanted <= free * _MEMORY_SHARE


def _packed_forward(layer: nn.Linear, rows: int) -> _LinearForward | None:
    """Return a forward pass on a packed copy of the weight; None when torch has none."""
    kernels = torch.ops.mkldnn
    bias = layer.bias
    try:
        weight = kernels._reorder_linear_weight(layer.weight.detach(), rows)  # noqa: SLF001
        product = kernels._linear_pointwise  # noqa: SLF001 - torch.compile's own entry
    except (AttributeError, NotImplementedError, RuntimeError):
        return None

    def forward(inputs: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = product(inputs, weight, bias, "none", [], "")
        return result

    return forward
