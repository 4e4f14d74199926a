# SPDX-License-Identifier: Apache-2.0
"""Whether a checkpoint can be attacked at all, from its files alone, before anything is loaded."""

from __future__ import annotations

import json
from pathlib import Path

from tiergate.errors import CheckpointError
from tiergate.model.checkpoint import Checkpoint

_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")


def refuse_unfit(checkpoint: Checkpoint) -> None:
    """Refuse a checkpoint that holds no language model that can be attacked.

    Raises:
        CheckpointError: it would run code, is quantised, is no decoder, or has no tokenizer.
    """
    folder = checkpoint.path if checkpoint.path.is_dir() else checkpoint.path.parent
    where = str(folder)
    if not checkpoint.loads_without_code:
        raise CheckpointError(
            where,
            "a checkpoint that needs code or pickles to load",
            "safetensors weights of an architecture that transformers knows",
            "Convert it, then attack the conversion.",
        )
    config = _config(folder)
    if config.get("quantization_config"):
        raise CheckpointError(
            where,
            "quantised weights",
            "weights in bfloat16, float16 or float32",
            "Attack the checkpoint that it was quantised from, or dequantise it first.",
        )
    names = checkpoint.architectures
    if config.get("is_encoder_decoder") or not any("CausalLM" in n or "LMHead" in n for n in names):
        raise CheckpointError(
            where,
            f"the architecture {', '.join(names) or 'unknown'}",
            "a decoder-only language model, which answers prompts",
        )
    if not any((folder / name).exists() for name in _TOKENIZERS):
        raise CheckpointError(
            where,
            "no tokenizer",
            f"the tokenizer's files beside the weights, as {_TOKENIZERS[0]}",
            "Copy them from the model that it was made from.",
        )


def _config(folder: Path) -> dict[str, object]:
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(str(folder / "config.json"), f"no JSON ({error})") from error
    if not isinstance(config, dict):
        raise CheckpointError(str(folder / "config.json"), "no object", "a JSON object")
    return config
