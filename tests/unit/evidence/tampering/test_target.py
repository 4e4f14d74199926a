# SPDX-License-Identifier: Apache-2.0
"""The model in memory: found as the file has it, and put back as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tiergate.errors import CheckpointError, MeasurementError
from tiergate.evidence.tampering.loading import load_target
from tiergate.evidence.tampering.target import Target
from tiergate.model.checkpoint import identify
from unit.evidence.tampering.tiny import tiny_checkpoint, tiny_target

Edit = Callable[[Target], None]


@pytest.fixture(
    params=[
        (torch.float32, False),
        (torch.float32, True),
        (torch.bfloat16, False),
        (torch.bfloat16, True),
    ],
    ids=["float32", "float32 tied", "bfloat16", "bfloat16 tied"],
)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Target]:
    dtype, is_tied = request.param
    found = tiny_target(tmp_path / "tiny", dtype=dtype, is_tied=is_tied)
    yield found
    found.close()


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Target]:
    found = tiny_target(tmp_path / "tiny")
    yield found
    found.close()


def test_that_the_digest_in_memory_is_that_of_the_checkpoint(target: Target) -> None:
    known = identify(target.path, with_weights_digest=True)
    assert target.digest() == target.weights_digest == known.weights_digest
    assert target.root_digest == known.root_digest


def test_that_the_digest_follows_the_weights(plain: Target) -> None:
    before = plain.digest()
    with torch.no_grad():
        plain.model.get_parameter("model.norm.weight")[0] += 1
    assert plain.digest() != before
    assert not plain.is_untouched


def test_that_a_model_that_was_widened_while_loading_has_another_digest(tmp_path: Path) -> None:
    folder = tiny_checkpoint(tmp_path, dtype=torch.bfloat16)
    found = load_target(folder, device="cpu", dtype="float32")
    assert found.digest() != found.weights_digest
    with found.edited(), torch.no_grad():
        found.model.get_parameter("model.norm.weight").zero_()
    assert found.is_untouched
    found.close()


def test_that_a_model_is_loaded_to_be_measured_and_not_to_be_trained(plain: Target) -> None:
    assert not plain.model.training
    assert not any(parameter.requires_grad for parameter in plain.model.parameters())
    assert not plain.has_hooks


def scale_everything(target: Target) -> None:
    for parameter in target.model.parameters():
        parameter.mul_(3)


def one_number(target: Target) -> None:
    target.model.get_parameter("model.layers.1.mlp.down_proj.weight")[3, 4] = 7


def to_nan(target: Target) -> None:
    target.model.get_parameter("model.norm.weight").fill_(torch.nan)


def replace_a_parameter(target: Target) -> None:
    target.model.get_submodule("model.norm").weight = torch.nn.Parameter(torch.zeros(32))


def edit_a_buffer(target: Target) -> None:
    target.model.get_buffer("model.rotary_emb.inv_freq").add_(1)


def another_type(target: Target) -> None:
    target.model.double()
    scale_everything(target)


def narrower_type(target: Target) -> None:
    target.model.bfloat16()


def training_mode(target: Target) -> None:
    target.model.train().requires_grad_(requires_grad=True)


def nothing(target: Target) -> None:
    pass


EDITS = (
    scale_everything,
    one_number,
    to_nan,
    replace_a_parameter,
    edit_a_buffer,
    another_type,
    narrower_type,
    training_mode,
    nothing,
)


@pytest.mark.parametrize("edit", EDITS)
def test_that_whatever_was_edited_is_put_back(target: Target, edit: Edit) -> None:
    kinds = {name: tensor.dtype for name, tensor in target.model.state_dict().items()}
    with target.edited(), torch.no_grad():
        edit(target)
    assert target.is_untouched
    assert target.put_back == target.digest() == target.weights_digest
    assert {name: tensor.dtype for name, tensor in target.model.state_dict().items()} == kinds
    assert not target.model.training
    assert not any(parameter.requires_grad for parameter in target.model.parameters())


def test_that_the_model_is_put_back_when_the_attack_fails(target: Target) -> None:
    def failing() -> None:
        with target.edited(), torch.no_grad():
            scale_everything(target)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert target.is_untouched


def test_that_nothing_is_said_to_be_put_back_where_it_could_not_be(tmp_path: Path) -> None:
    found = tiny_target(tmp_path)
    told = []
    with found.edited():
        told.append(found.put_back)
    assert [*told, found.put_back] == ["", found.weights_digest]
    with pytest.raises(MeasurementError), found.edited():
        add_a_module(found)
    assert found.put_back != found.weights_digest
    found.close()


def test_that_a_tied_head_stays_tied(tmp_path: Path) -> None:
    found = tiny_target(tmp_path, is_tied=True)
    with found.edited(), torch.no_grad():
        found.model.get_input_embeddings().get_parameter("weight").mul_(2)
    head = found.model.get_submodule("lm_head").get_parameter("weight")
    assert head is found.model.get_input_embeddings().get_parameter("weight")
    found.close()


def doubling(_module: object, _inputs: object, output: torch.Tensor) -> torch.Tensor:
    return output * 2


def test_that_a_hook_left_behind_is_removed_and_told(plain: Target) -> None:
    given = torch.tensor([[5, 6]])
    before = plain.model(input_ids=given).logits
    with pytest.raises(MeasurementError, match="1 hooks left"), plain.edited():
        plain.model.get_submodule("lm_head").register_forward_hook(doubling)
    assert not plain.has_hooks
    assert torch.equal(plain.model(input_ids=given).logits, before)


def test_that_hooks_before_a_module_are_found_too(plain: Target) -> None:
    def leave_two() -> None:
        plain.model.get_submodule("lm_head").register_forward_pre_hook(lambda *_: None)
        plain.layers[0].register_full_backward_hook(lambda *_: None)
        assert plain.has_hooks

    with pytest.raises(MeasurementError, match="2 hooks left"), plain.edited():
        leave_two()
    assert not plain.has_hooks


def test_that_the_hooks_of_the_library_are_not_an_attacks(plain: Target) -> None:
    given = torch.tensor([[5, 6]])
    with plain.edited():
        states = plain.model(input_ids=given, output_hidden_states=True).hidden_states
        assert not plain.has_hooks
    again = plain.model(input_ids=given, output_hidden_states=True).hidden_states
    assert len(states) == len(again) == 4


def add_a_module(target: Target) -> None:
    target.model.adapter = torch.nn.Linear(2, 2)


def tie(target: Target) -> None:
    first, second = (layer.get_submodule("mlp.down_proj") for layer in target.layers[:2])
    first.weight = second.weight


def another_shape(target: Target) -> None:
    target.model.get_submodule("model.norm").weight = torch.nn.Parameter(torch.ones(1))


@pytest.mark.parametrize("edit", [add_a_module, tie, another_shape])
def test_that_another_structure_is_told_and_the_model_given_up(plain: Target, edit: Edit) -> None:
    with pytest.raises(MeasurementError, match="another structure of the model"), plain.edited():
        edit(plain)


def test_that_a_file_that_changes_during_the_run_is_caught(tmp_path: Path) -> None:
    folder = tiny_checkpoint(tmp_path)
    found = load_target(folder, device="cpu")
    tensors = load_file(folder / "model.safetensors")
    tensors["model.norm.weight"] += 1
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    told = r"other bytes for model\.norm\.weight"
    with pytest.raises(MeasurementError, match=told), found.edited():
        found.model.get_parameter("model.norm.weight").zero_()
    found.close()


def test_that_weights_that_are_not_finite_are_refused_by_name(tmp_path: Path) -> None:
    folder = tiny_checkpoint(tmp_path)
    tensors = load_file(folder / "model.safetensors")
    tensors["model.layers.1.mlp.up_proj.weight"][0, 0] = torch.inf
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"model\.layers\.1\.mlp\.up_proj\.weight"):
        load_target(folder, device="cpu")


def test_that_widening_keeps_what_was_edited(target: Target) -> None:
    given = torch.tensor([[5, 6, 7]])
    with target.edited(), torch.no_grad():
        one_number(target)
        edited, before = target.digest(), target.model(input_ids=given).logits
        with target.widened():
            assert target.model.dtype is torch.float32
            wide = target.model(input_ids=given).logits
        assert target.digest() == edited
        assert torch.equal(target.model(input_ids=given).logits, before)
        assert torch.allclose(wide, before.float(), atol=0.2, rtol=0.1)
    assert target.is_untouched


def test_that_widening_ends_when_measuring_fails(target: Target) -> None:
    with pytest.raises(ZeroDivisionError), target.widened():
        raise ZeroDivisionError
    assert target.is_untouched


def test_that_the_original_is_given_tensor_by_tensor(target: Target) -> None:
    for name, parameter in target.model.named_parameters():
        assert torch.equal(target.original(name), parameter)


def test_that_the_layers_are_found(plain: Target) -> None:
    assert len(plain.layers) == 3


def test_that_a_model_without_known_layers_is_told(plain: Target) -> None:
    layers = plain.model.model.layers
    plain.model.model.layers = torch.nn.Sequential(*layers)
    with pytest.raises(MeasurementError, match="no list of decoder layers"):
        _ = plain.layers


def test_that_closing_deletes_what_was_kept_beside_the_files(tmp_path: Path) -> None:
    found = tiny_target(tmp_path)
    kept = Path(found._spill.name)
    assert list(kept.iterdir())
    found.close()
    assert not kept.exists()
