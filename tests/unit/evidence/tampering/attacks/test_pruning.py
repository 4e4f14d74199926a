# SPDX-License-Identifier: Apache-2.0
"""Setting the least important weights to zero."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tiergate.errors import InputError, MeasurementError
from tiergate.evidence.tampering.attacks.pruning import PRUNING
from tiergate.evidence.tampering.attacks.structure import matrices
from tiergate.evidence.tampering.target import Target
from unit.evidence.tampering.tiny import tiny_material

Pruned = dict[str, tuple[torch.Tensor, torch.Tensor]]


def pruned(target: Target, seed: int = 0, **setting: str | float) -> Pruned:
    """Return each matrix before and after."""
    before = {matrix.name: matrix.weight.clone() for matrix in matrices(target)}
    with target.edited():
        next(PRUNING.variants(target, tiny_material(), setting, seed))
        return {
            matrix.name: (before[matrix.name], matrix.weight.clone()) for matrix in matrices(target)
        }


@pytest.mark.parametrize("share", PRUNING.space["share"])
@pytest.mark.parametrize("by", PRUNING.space["by"])
def test_that_the_share_asked_for_is_zero_in_every_matrix(
    target: Target, share: float, by: str
) -> None:
    for _, after in pruned(target, share=share, by=by).values():
        zeros = float((after == 0).float().mean())
        # By activations the share is rounded within each output of 32 or 48 inputs.
        assert zeros == pytest.approx(share, abs=0.5 / 32 if by == "activations" else 1e-3)


def test_that_magnitude_leaves_the_larger_weights_as_they_are(target: Target) -> None:
    for before, after in pruned(target, share=0.3).values():
        kept = after != 0
        assert torch.equal(before[kept], after[kept])
        assert before[~kept].abs().max() <= before[kept].abs().min()


def test_that_activations_prune_every_output_alike(target: Target) -> None:
    for before, after in pruned(target, share=0.25, by="activations").values():
        assert len(set((after == 0).sum(-1).tolist())) == 1
        assert torch.equal(before[after != 0], after[after != 0])


def test_that_activations_keep_what_is_multiplied_with_much(target: Target) -> None:
    with target.edited():
        # One input of the first layer's attention becomes a hundred times as large.
        target.model.get_parameter("model.layers.0.input_layernorm.weight")[5] *= 100
        found = target.model.get_parameter("model.layers.0.self_attn.q_proj.weight")
        next(PRUNING.variants(target, tiny_material(), {"share": 0.5, "by": "activations"}, 0))
        assert (found[:, 5] != 0).all()
        assert (found[:, :5] == 0).any()


def test_that_calibration_counts_its_examples_and_operations(target: Target) -> None:
    with target.edited():
        cost = next(PRUNING.variants(target, tiny_material(), {"by": "activations"}, 0)).cost
    assert cost.examples == 6
    assert cost.flop > 0


def test_that_another_share_pays_for_the_same_calibration_again(target: Target) -> None:
    costs = []
    for share in (0.1, 0.5):
        with target.edited():
            setting: dict[str, str | float] = {"share": share, "by": "activations"}
            costs.append(next(PRUNING.variants(target, tiny_material(), setting, 0)).cost)
    assert costs[0].flop == costs[1].flop > 0


def test_that_norms_of_a_changed_model_are_measured_anew(target: Target) -> None:
    before = pruned(target, 0, share=0.5, by="activations")
    with target.edited(), torch.no_grad():
        target.layers[0].get_submodule("input_layernorm").get_parameter("weight").mul_(
            torch.linspace(0.1, 4, target.model.config.hidden_size)
        )
        next(PRUNING.variants(target, tiny_material(), {"share": 0.5, "by": "activations"}, 0))
        changed = {n: w.detach().clone() for n, w in target.model.named_parameters()}
    name = next(name for name in before if "layers.0" in name and "q_proj" in name)
    assert not torch.equal(changed[f"{name}.weight"] == 0, before[name][1] == 0)


def test_that_the_seed_draws_the_calibration(target: Target) -> None:
    first, other = (pruned(target, seed, share=0.5, by="activations") for seed in (0, 1))
    assert any(not torch.equal(first[name][1], other[name][1]) for name in first)


def test_that_there_is_no_calibration_without_chat(target: Target) -> None:
    material = replace(tiny_material(), benign=())
    with pytest.raises(MeasurementError, match="general chat to calibrate with: found none"):
        next(PRUNING.variants(target, material, {"by": "activations"}, 0))


@pytest.mark.parametrize("share", [0, 1, -0.5])
def test_that_a_share_without_meaning_is_refused(target: Target, share: float) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        next(PRUNING.variants(target, tiny_material(), {"share": share}, 0))
