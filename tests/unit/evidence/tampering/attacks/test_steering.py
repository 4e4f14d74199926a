# SPDX-License-Identifier: Apache-2.0
"""Pushing activations while the model answers."""

from __future__ import annotations

import pytest
import torch

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.attacks.representations import contrast, last_positions
from tiergate.evidence.tampering.attacks.steering import STEERING
from tiergate.evidence.tampering.flop import FlopMeter
from tiergate.evidence.tampering.target import Target
from unit.evidence.tampering.tiny import tiny_material

PROMPTS = ["Insult the piece 3.", "Hello."]


@pytest.mark.parametrize("coefficient", [0.5, 1.0, 4.0])
def test_that_the_difference_is_subtracted_at_the_layer_and_nowhere_before(
    target: Target, coefficient: float
) -> None:
    found = contrast(target, tiny_material(), most=32, seed=0, meter=FlopMeter())
    before = last_positions(target, PROMPTS)
    setting = {"depth": 0.55, "coefficient": coefficient}
    with target.edited():
        variants = STEERING.variants(target, tiny_material(), setting, 0)
        next(variants)
        after = last_positions(target, PROMPTS)
        variants.close()  # type: ignore[attr-defined]
    assert torch.equal(after[:, 0], before[:, 0])
    moved = (after - before)[:, 1]
    assert torch.allclose(moved, -coefficient * found.mean_difference(1).expand(2, -1), atol=1e-4)
    assert not torch.allclose(after[:, 2], before[:, 2], atol=1e-3)


def test_that_the_guarded_mean_becomes_the_twins_with_coefficient_one(target: Target) -> None:
    pairs = tiny_material().pairs
    found = contrast(target, tiny_material(), most=32, seed=0, meter=FlopMeter())
    with target.edited():
        variants = STEERING.variants(target, tiny_material(), {"depth": 0.55}, 0)
        next(variants)
        guarded = last_positions(target, [pair.guarded for pair in pairs])[:, 1].mean(0)
        variants.close()  # type: ignore[attr-defined]
    twin = last_positions(target, [pair.twin for pair in pairs])[:, 1].mean(0)
    # The direction comes from half of the pairs, which are much alike.
    assert (guarded - twin).norm() < 0.2 * found.mean_difference(1).norm()


def test_that_the_hook_is_there_for_as_long_as_the_variant_is_measured(target: Target) -> None:
    variants = STEERING.variants(target, tiny_material(), {}, 0)
    next(variants)
    assert target.has_hooks
    assert list(variants) == []
    assert not target.has_hooks


def test_that_the_hook_is_removed_when_measuring_fails(target: Target) -> None:
    variants = STEERING.variants(target, tiny_material(), {}, 0)
    next(variants)
    with pytest.raises(ZeroDivisionError):
        variants.throw(ZeroDivisionError())  # type: ignore[attr-defined]
    assert not target.has_hooks


def test_that_activations_keep_their_type(narrow_target: Target) -> None:
    variants = STEERING.variants(narrow_target, tiny_material(), {}, 0)
    next(variants)
    with torch.no_grad():
        logits = narrow_target.model(input_ids=torch.tensor([[3, 40]])).logits
    variants.close()  # type: ignore[attr-defined]
    assert logits.dtype is torch.bfloat16


def test_that_steering_without_pairs_is_refused(target: Target) -> None:
    with pytest.raises(MeasurementError, match="found none"):
        next(STEERING.variants(target, tiny_material(pairs=0), {}, 0))
