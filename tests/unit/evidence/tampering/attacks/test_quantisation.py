# SPDX-License-Identifier: Apache-2.0
"""Rounding weights to few levels."""

from __future__ import annotations

import itertools

import pytest
import torch

from tiergate.errors import InputError
from tiergate.evidence.tampering.attacks.quantisation import QUANTISATION, rounded
from tiergate.evidence.tampering.attacks.structure import matrices
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Setting
from unit.evidence.tampering.tiny import tiny_material

COMBINATIONS = list(itertools.product(*QUANTISATION.space.values()))


def most_levels(weight: torch.Tensor, group: int) -> int:
    return max(
        len(part.unique()) for row in weight.flatten(0, -2) for part in row.float().split(group)
    )


@pytest.mark.parametrize(("bits", "group", "levels"), COMBINATIONS)
def test_that_each_group_has_no_more_values_than_the_bits_tell_apart(
    target: Target, bits: int, group: int, levels: str
) -> None:
    setting: Setting = {"bits": bits, "group": group, "levels": levels}
    with target.edited():
        next(QUANTISATION.variants(target, tiny_material(), setting, 0))
        for matrix in matrices(target):
            found = most_levels(matrix.weight, group)
            assert found <= 2**bits
            assert bits == 8 or found > 2 ** (bits - 2)


@pytest.mark.parametrize("is_symmetric", [True, False])
@pytest.mark.parametrize("bits", [8, 4, 3, 2])
def test_that_no_weight_moves_by_more_than_a_step(bits: int, *, is_symmetric: bool) -> None:
    torch.manual_seed(0)
    weight = torch.randn(16, 64)
    moved = (rounded(weight, bits, 32, is_symmetric=is_symmetric) - weight).abs().amax()
    span = weight.abs().amax() * 2
    steps = 2**bits - (2 if is_symmetric else 1)
    assert moved <= span / steps * 1.01


def test_that_more_bits_move_the_weights_less(target: Target) -> None:
    weight = matrices(target)[0].weight.float()
    errors = [
        float((rounded(weight, bits, 32, is_symmetric=True) - weight).norm()) for bits in (8, 4, 3)
    ]
    assert errors == sorted(errors)
    assert errors[0] < errors[1] / 4 < errors[2]


def test_that_a_shorter_last_group_is_rounded_on_its_own() -> None:
    torch.manual_seed(0)
    weight = torch.randn(4, 40) * torch.tensor([1.0] * 32 + [1000.0] * 8)
    whole = rounded(weight, 4, 32, is_symmetric=True)
    assert whole.shape == weight.shape
    assert torch.equal(whole[:, :32], rounded(weight[:, :32], 4, 32, is_symmetric=True))
    assert most_levels(whole[:, 32:], 8) <= 16


@pytest.mark.parametrize("is_symmetric", [True, False])
def test_that_zeros_and_constants_stay_finite(*, is_symmetric: bool) -> None:
    for value in (0.0, 0.5, -3.0):
        found = rounded(torch.full((2, 32), value), 4, 32, is_symmetric=is_symmetric)
        assert torch.allclose(found, torch.tensor(value), atol=1e-5)


def test_that_embeddings_and_head_are_left(target: Target) -> None:
    before = target.digests()
    with target.edited():
        next(QUANTISATION.variants(target, tiny_material(), {"bits": 3}, 0))
        changed = {name for name, found in target.digests().items() if found != before[name]}
    assert changed == {f"{matrix.name}.weight" for matrix in matrices(target)}


@pytest.mark.parametrize("setting", [{"bits": 1}, {"bits": 16}, {"group": 0}])
def test_that_a_setting_without_meaning_is_refused(
    target: Target, setting: dict[str, str | int | float]
) -> None:
    with pytest.raises(InputError, match="2 to 8 bits"):
        next(QUANTISATION.variants(target, tiny_material(), setting, 0))
