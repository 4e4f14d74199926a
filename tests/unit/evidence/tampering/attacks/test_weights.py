# SPDX-License-Identifier: Apache-2.0
"""Merging with a base model and taking over another tool's checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tiergate.errors import InputError, MeasurementError
from tiergate.evidence.tampering.attacks.external import EXTERNAL
from tiergate.evidence.tampering.attacks.merge import MERGE
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Attack, Material
from tiergate.model.checkpoint import identify
from unit.evidence.tampering.tiny import tiny_checkpoint, tiny_material

Tensors = dict[str, torch.Tensor]


def run(target: Target, attack: Attack, material: Material) -> None:
    with target.edited():
        next(iter(attack.variants(target, material, {}, 0)))


def test_that_a_merge_at_weight_one_is_the_base(target: Target, base: Path) -> None:
    with target.edited():
        next(MERGE.variants(target, tiny_material(base=base), {"weight": 1.0}, 0))
        assert target.digest() == identify(base, with_weights_digest=True).weights_digest


@pytest.mark.parametrize("weight", MERGE.space["weight"])
def test_that_a_merge_lies_on_the_line_between_both(
    target: Target, base: Path, weight: float
) -> None:
    other = load_file(base / "model.safetensors")
    with target.edited():
        next(MERGE.variants(target, tiny_material(base=base), {"weight": weight}, 0))
        for name, parameter in target.model.named_parameters():
            expected = (1 - weight) * target.original(name) + weight * other[name]
            assert torch.allclose(parameter, expected, atol=1e-6)


def test_that_there_is_no_merge_without_a_base(target: Target) -> None:
    with pytest.raises(MeasurementError, match="no base model, expected one to merge with"):
        next(MERGE.variants(target, tiny_material(), {}, 0))


@pytest.mark.parametrize("weight", [0, 1.5, -1])
def test_that_a_weight_without_meaning_is_refused(
    target: Target, base: Path, weight: float
) -> None:
    with pytest.raises(InputError, match="above 0, up to 1"):
        next(MERGE.variants(target, tiny_material(base=base), {"weight": weight}, 0))


def test_that_another_checkpoint_is_taken_over_bit_for_bit(target: Target, base: Path) -> None:
    with target.edited():
        variant = next(EXTERNAL.variants(target, tiny_material(recipe=str(base)), {}, 0))
        assert target.digest() == identify(base, with_weights_digest=True).weights_digest
    assert variant.point == f"as in {base.name}"


def test_that_one_file_is_taken_over_too(target: Target, base: Path) -> None:
    material = tiny_material(recipe=str(base / "model.safetensors"))
    with target.edited():
        next(EXTERNAL.variants(target, material, {}, 0))
        assert target.digest() == identify(base, with_weights_digest=True).weights_digest


def test_that_a_head_that_is_tied_may_stand_in_the_file_again(
    narrow_target: Target, tmp_path: Path
) -> None:
    folder = tiny_checkpoint(tmp_path, seed=1, is_tied=True)
    tensors = load_file(folder / "model.safetensors")
    tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"].clone()
    save_file(tensors, folder / "model.safetensors")
    with narrow_target.edited():
        next(EXTERNAL.variants(narrow_target, tiny_material(recipe=str(folder)), {}, 0))
        head = narrow_target.model.get_submodule("lm_head").get_parameter("weight")
        assert torch.equal(head, tensors["lm_head.weight"].bfloat16())


def without_a_norm(tensors: Tensors) -> None:
    del tensors["model.norm.weight"]


def with_adapters(tensors: Tensors) -> None:
    tensors.update({f"adapter.{number}": torch.zeros(1) for number in range(5)})


def with_another_shape(tensors: Tensors) -> None:
    tensors["model.norm.weight"] = torch.ones(16)


def with_nan(tensors: Tensors) -> None:
    tensors["model.norm.weight"][3] = torch.nan


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (without_a_norm, "no tensors for model.norm.weight"),
        (with_adapters, "as adapter.0, adapter.1, adapter.2 and 2 more"),
        (with_another_shape, r"the shape \(16,\) for model.norm.weight, expected \(32,\)"),
        (with_nan, "the tensor model.norm.weight that is not a finite number"),
    ],
)
@pytest.mark.parametrize("attack", [MERGE, EXTERNAL], ids=lambda attack: str(attack.name))
def test_that_weights_that_do_not_fit_are_refused_by_name(
    target: Target,
    tmp_path: Path,
    attack: Attack,
    change: Callable[[Tensors], None],
    reason: str,
) -> None:
    folder = tiny_checkpoint(tmp_path, seed=1)
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(MeasurementError, match=reason):
        run(target, attack, tiny_material(base=folder, recipe=str(folder)))


def test_that_a_folder_without_weights_is_refused(target: Target, tmp_path: Path) -> None:
    with pytest.raises(MeasurementError, match="no safetensors files"):
        next(EXTERNAL.variants(target, tiny_material(recipe=str(tmp_path)), {}, 0))


def test_that_a_file_that_is_no_safetensors_is_refused(target: Target, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"none")
    with pytest.raises(MeasurementError, match="no safetensors file that can be read"):
        next(EXTERNAL.variants(target, tiny_material(recipe=str(tmp_path)), {}, 0))


@pytest.mark.parametrize(
    ("recipe", "reason"), [("", "no folder"), ("/none/such", "no such folder")]
)
def test_that_a_folder_has_to_be_named_and_there(target: Target, recipe: str, reason: str) -> None:
    with pytest.raises(MeasurementError, match=reason):
        next(EXTERNAL.variants(target, tiny_material(recipe=recipe), {}, 0))
