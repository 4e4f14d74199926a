# SPDX-License-Identifier: Apache-2.0
"""Loading a checkpoint to attack it, and refusing what cannot be attacked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tiergate.errors import CheckpointError, MeasurementError
from tiergate.evidence.tampering.loading import load_target
from tiergate.model.checkpoint import identify
from unit.evidence.tampering.tiny import tiny_checkpoint

Change = Callable[[Path], None]


@pytest.mark.parametrize(
    ("stored", "asked", "held"),
    [
        (torch.float32, "auto", torch.float32),
        (torch.bfloat16, "auto", torch.bfloat16),
        (torch.float16, "auto", torch.float32),
        (torch.bfloat16, "float32", torch.float32),
        (torch.float32, "bfloat16", torch.bfloat16),
    ],
)
def test_that_weights_are_held_in_the_type_asked_for(
    tmp_path: Path, stored: torch.dtype, asked: str, held: torch.dtype
) -> None:
    found = load_target(tiny_checkpoint(tmp_path, dtype=stored), device="cpu", dtype=asked)
    assert found.dtype is held
    assert {parameter.dtype for parameter in found.model.parameters()} == {held}
    found.close()


def test_that_a_checkpoint_that_was_identified_before_is_not_identified_again(
    tmp_path: Path,
) -> None:
    known = replace(
        identify(tiny_checkpoint(tmp_path), with_weights_digest=True), root_digest="sha256:known"
    )
    found = load_target(tmp_path, device="cpu", checkpoint=known)
    assert found.root_digest == "sha256:known"
    found.close()


def edit_config(folder: Path, **changes: object) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def without_tokenizer(folder: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()


def quantised(folder: Path) -> None:
    edit_config(folder, quantization_config={"quant_method": "gptq", "bits": 4})


def encoder(folder: Path) -> None:
    edit_config(folder, architectures=["BertModel"], model_type="bert")


def encoder_and_decoder(folder: Path) -> None:
    edit_config(folder, is_encoder_decoder=True)


def with_code(folder: Path) -> None:
    (folder / "modeling_own.py").write_text("print('run')\n")
    edit_config(folder, auto_map={"AutoModelForCausalLM": "modeling_own.Own"})


def with_pickle(folder: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04.")


def without_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def of_unknown_kind(folder: Path) -> None:
    edit_config(folder, architectures=["OwnForCausalLM"], model_type="own")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (without_tokenizer, "no tokenizer"),
        (quantised, "quantised weights"),
        (encoder, "the architecture BertModel"),
        (encoder_and_decoder, "the architecture LlamaForCausalLM"),
        (with_code, "needs code or pickles to load"),
        (with_pickle, "needs code or pickles to load"),
        (without_config, "config.json"),
        (of_unknown_kind, "does not load|no tokenizer"),
    ],
)
def test_that_what_cannot_be_attacked_is_refused_with_the_reason(
    tmp_path: Path, change: Change, reason: str
) -> None:
    folder = tiny_checkpoint(tmp_path)
    change(folder)
    with pytest.raises(CheckpointError, match=reason):
        load_target(folder, device="cpu")


def test_that_weights_that_are_missing_are_refused_and_not_made_up(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = tiny_checkpoint(tmp_path)
    tensors = load_file(folder / "model.safetensors")
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"model\.layers\.1\.mlp\.up_proj\.weight"):
        load_target(folder, device="cpu")


def test_that_a_model_that_does_not_fit_into_memory_is_refused_before_it_is_loaded(
    tmp_path: Path,
) -> None:
    known = identify(tiny_checkpoint(tmp_path), with_weights_digest=True)
    huge = replace(known, parameter_count=2_000_000_000_000)
    with pytest.raises(MeasurementError, match=r"2000.0 billion parameters.* GiB free"):
        load_target(tmp_path, device="cpu", checkpoint=huge)


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a device")
def test_that_a_device_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MeasurementError, match="no CUDA device"):
        load_target(tiny_checkpoint(tmp_path), device="cuda")


def test_that_a_type_that_weights_are_not_held_in_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MeasurementError, match="expected one of bfloat16, float32, auto"):
        load_target(tiny_checkpoint(tmp_path), device="cpu", dtype="int8")
