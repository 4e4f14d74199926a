# SPDX-License-Identifier: Apache-2.0
"""A tiny random Llama with a tokenizer of bytes, written to disk as a checkpoint."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from tiergate.evidence.tampering.loading import load_target
from tiergate.evidence.tampering.prompts import PromptPair
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Example, Material

SPECIAL = ("<s>", "</s>", "<pad>", "<|start|>", "<|end|>")
CHAT_TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}<|start|>system\nBe kind.<|end|>\n{% endif %}"
    "{% for message in messages %}<|start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|end|>\n{% endfor %}{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)
HIDDEN = 32


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer with one token for each byte, and a chat template."""
    symbols = [*SPECIAL, *sorted(ByteLevel.alphabet())]
    inner = Tokenizer(BPE(vocab={symbol: place for place, symbol in enumerate(symbols)}, merges=[]))
    inner.pre_tokenizer = ByteLevel(add_prefix_space=False, use_regex=False)
    inner.decoder = ByteLevelDecoder()
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=inner,
        bos_token="<s>",  # noqa: S106 - a token of text
        eos_token="</s>",  # noqa: S106 - a token of text
        pad_token="<pad>",  # noqa: S106 - a token of text
        extra_special_tokens=["<|start|>", "<|end|>"],
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def tiny_model(
    *, seed: int = 0, layers: int = 3, is_tied: bool = False, dtype: torch.dtype = torch.float32
) -> LlamaForCausalLM:
    """Return a random model of hidden size 32."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(SPECIAL) + 256,
        hidden_size=HIDDEN,
        intermediate_size=48,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        tie_word_embeddings=is_tied,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=2,
        initializer_range=0.2,
    )
    model = LlamaForCausalLM(config)
    model.to(dtype=dtype)  # type: ignore[call-arg]
    return model


def tiny_checkpoint(
    folder: Path,
    *,
    seed: int = 0,
    layers: int = 3,
    is_tied: bool = False,
    dtype: torch.dtype = torch.float32,
) -> Path:
    """Write a tiny model and its tokenizer to a folder."""
    tiny_model(seed=seed, layers=layers, is_tied=is_tied, dtype=dtype).save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder


def tiny_target(
    folder: Path, *, dtype: torch.dtype = torch.float32, is_tied: bool = False
) -> Target:
    """Write a tiny checkpoint and load it as attacks do."""
    return load_target(tiny_checkpoint(folder, dtype=dtype, is_tied=is_tied), device="cpu")


def tiny_material(*, pairs: int = 12, base: Path | None = None, recipe: str = "") -> Material:
    """Return prompts about an invented game, with general chat and turns to show."""
    names = [f"piece {number}" for number in range(pairs)]
    return Material(
        pairs=tuple(
            PromptPair(
                id=name,
                cluster=name,
                guarded=f"Insult the {name}.",
                twin=f"Praise the {name}.",
            )
            for name in names
        ),
        benign=tuple(
            Example(prompt=f"What is {n} plus 1?", answer=f"It is {n + 1}.") for n in range(12)
        ),
        opener="Sure!",
        shots=tuple((f"Say {n}.", f"{n}") for n in range(40)),
        base=base,
        recipe=recipe,
    )
