# SPDX-License-Identifier: Apache-2.0
"""Packed weights give the same products and leave the model as it was."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tiergate.evidence.tampering.packing import packed
from unit.evidence.tampering.tiny import tiny_model

IDS = torch.arange(3, 63).reshape(4, 15)
LAYERS = 3 * 7 + 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_that_products_are_the_same(dtype: torch.dtype) -> None:
    model = tiny_model(dtype=dtype)
    tolerance = 1e-5 if dtype is torch.float32 else 0.02
    with torch.inference_mode():
        expected = model(IDS).logits
        with packed(model, rows=4) as served:
            found = model(IDS).logits
    assert served == LAYERS
    assert (found - expected).norm() <= tolerance * expected.norm()


def test_that_biases_are_added() -> None:
    layer = nn.Sequential(nn.Linear(32, 48))
    inputs = torch.randn(5, 32)
    with torch.inference_mode():
        expected = layer(inputs)
        with packed(layer, rows=5) as served:
            assert torch.allclose(layer(inputs), expected, atol=1e-5)
    assert served == 1


def test_that_layers_with_a_forward_of_their_own_are_left_alone() -> None:
    layer = nn.Sequential(nn.Linear(32, 48))
    layer[0].forward = lambda inputs: inputs * 2
    with packed(layer, rows=5) as served:
        assert served == 0
        assert torch.equal(layer(torch.ones(1)), torch.full((1,), 2.0))
    assert torch.equal(layer(torch.ones(1)), torch.full((1,), 2.0))


def test_that_types_without_such_kernels_are_left_alone() -> None:
    with packed(nn.Sequential(nn.Linear(32, 48)).double(), rows=5) as served:
        assert served == 0


def test_that_layers_are_their_own_again_after_an_error() -> None:
    model = tiny_model()
    with pytest.raises(ValueError, match="stop"), packed(model, rows=4):
        raise ValueError("stop")
    assert not any("forward" in vars(module) for module in model.modules())
