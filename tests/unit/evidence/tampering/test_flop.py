# SPDX-License-Identifier: Apache-2.0
"""Counted operations are those that torch's own counter sees in every kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
import torch
from peft import LoraConfig, get_peft_model
from torch.utils.flop_counter import FlopCounterMode
from transformers import (
    AutoModelForCausalLM,
    BloomConfig,
    GPT2Config,
    GPTNeoXConfig,
    LlamaForCausalLM,
    MixtralConfig,
    MptConfig,
    PretrainedConfig,
)

from tiergate.evidence.tampering.flop import FlopMeter
from unit.evidence.tampering.tiny import tiny_model

IDS = torch.arange(3, 63).reshape(4, 15)


def _llama() -> LlamaForCausalLM:
    model = tiny_model()
    # Torch's counter does not know the fused attention kernel of the CPU.
    model.set_attn_implementation("eager")
    return model


def _both(model: Any, run: Callable[[], object]) -> tuple[int, int]:  # noqa: ANN401 - any model
    meter = FlopMeter()
    with meter.counting(model):
        run()
    with FlopCounterMode(display=False) as counter:
        run()
    return meter.total, counter.get_total_flops()


def _backward(model: Any, **given: torch.Tensor) -> None:  # noqa: ANN401 - any model
    loss = model(**given).loss
    loss.backward()


def test_that_a_forward_pass_is_counted_exactly() -> None:
    model = _llama().requires_grad_(requires_grad=False)
    ours, torchs = _both(model, lambda: model(IDS))
    assert ours == torchs > 0


def test_that_reading_on_after_a_cache_is_counted_exactly() -> None:
    model = _llama().requires_grad_(requires_grad=False)

    def run() -> None:
        cache = model(IDS, use_cache=True).past_key_values
        model(IDS[:, :1], past_key_values=cache)

    ours, torchs = _both(model, run)
    assert ours == torchs


def test_that_training_every_weight_is_counted_exactly() -> None:
    model = _llama()
    ours, torchs = _both(model, lambda: _backward(model, input_ids=IDS, labels=IDS))
    assert ours == torchs


def test_that_training_the_last_layer_costs_no_backward_pass_below_it() -> None:
    model = _llama().requires_grad_(requires_grad=False)
    model.model.layers[-1].requires_grad_(requires_grad=True)
    ours, torchs = _both(model, lambda: _backward(model, input_ids=IDS, labels=IDS))
    assert ours == torchs
    everything, _ = _both(_llama(), lambda: None)
    assert everything == 0


@pytest.mark.filterwarnings("ignore::UserWarning:peft", "ignore::FutureWarning:transformers")
def test_that_training_an_adapter_is_counted_exactly() -> None:
    model = get_peft_model(
        cast("Any", _llama()), LoraConfig(r=4, target_modules="all-linear", lora_dropout=0.0)
    )
    ours, torchs = _both(model, lambda: _backward(model, input_ids=IDS, labels=IDS))
    assert ours == torchs


def test_that_a_gradient_towards_the_inputs_alone_is_counted_exactly() -> None:
    model = _llama().requires_grad_(requires_grad=False)
    embedded = model.get_input_embeddings()(IDS).detach().requires_grad_()
    ours, torchs = _both(model, lambda: _backward(model, inputs_embeds=embedded, labels=IDS))
    assert ours == torchs


@pytest.mark.parametrize(
    "configuration",
    [
        GPT2Config(vocab_size=261, n_embd=32, n_layer=2, n_head=4),
        MixtralConfig(
            vocab_size=261,
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            num_local_experts=4,
        ),
        BloomConfig(vocab_size=261, hidden_size=32, n_layer=2, n_head=4),
        MptConfig(vocab_size=261, d_model=32, n_layers=2, n_heads=4, max_seq_len=64),
        GPTNeoXConfig(
            vocab_size=261,
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
        ),
    ],
    ids=["transposed weights", "experts", "Bloom", "MPT", "GPT-NeoX"],
)
def test_that_other_architectures_are_counted_exactly(configuration: PretrainedConfig) -> None:
    torch.manual_seed(0)
    automatic: Any = AutoModelForCausalLM
    model = automatic.from_config(configuration, attn_implementation="eager")
    if isinstance(configuration, MixtralConfig):
        # Torch's counter does not know the grouped product of the default.
        model.set_experts_implementation("eager")
    model.requires_grad_(requires_grad=False)

    def run() -> None:
        cache = model(IDS, use_cache=True).past_key_values
        model(IDS[:, :1], past_key_values=cache)

    ours, torchs = _both(model, run)
    assert ours == torchs


def test_that_nothing_is_counted_before_or_after_the_block() -> None:
    model = _llama()
    meter = FlopMeter()
    model(IDS)
    with meter.counting(model):
        model(IDS)
    once = meter.total
    model(IDS)
    assert meter.total == once
    with meter.counting(model):
        model(IDS)
    assert meter.total == 2 * once
