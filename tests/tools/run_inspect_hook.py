# SPDX-License-Identifier: Apache-2.0
"""Runs Inspect with the hook of ``examples/inspect-hook`` on tiny transformers models.

A program of its own: ``python run_inspect_hook.py FOLDER``. The hook is found through the
entry point that its package declares; the models have random weights and are made on the
spot. It writes one log for each case, and no network is used.
"""

# ruff: noqa: E402 - the hook and the folder of the hub client have to be set up before imports

from __future__ import annotations

import json
import os
import shutil
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(sys.argv[1])
ROOT = Path(__file__).parents[2]
HOOK = ROOT / "examples" / "inspect-hook"
COMMIT = "0123456789abcdef0123456789abcdef01234567"

os.environ |= {"HF_HOME": str(FOLDER / "hub"), "HF_HUB_OFFLINE": "1"}


def install_the_hook() -> None:
    """Put the hook where its package would, with the entry point that the package declares."""
    declared = tomllib.loads((HOOK / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [f"{n} = {module}" for n, module in declared["entry-points"]["inspect_ai"].items()]
    about = FOLDER / "site" / "tiergate_inspect_hook-0.1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Name: {declared['name']}\nVersion: 0.1.0\n")
    (about / "entry_points.txt").write_text("\n".join(["[inspect_ai]", *lines]) + "\n")
    sys.path[:0] = [str(FOLDER / "site"), str(HOOK), str(ROOT / "src")]


install_the_hook()

import torch
from inspect_ai import Task, task
from inspect_ai import eval as run
from inspect_ai.dataset import Sample
from inspect_ai.log import read_eval_log
from inspect_ai.model import Model, ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import match
from peft import LoraConfig, get_peft_model
from tiergate_hook import loaded_weights
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)


def make_model(folder: Path) -> Path:
    """Write a checkpoint with random weights and a tokenizer of single characters."""
    special = ("<unk>", "<s>", "</s>")
    words = [*special, *(chr(code) for code in range(32, 127))]
    known = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordLevel(known, unk_token=special[0]))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.decoder = decoders.Fuse()
    names = dict(zip(("unk_token", "bos_token", "eos_token"), special, strict=True))
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, **names
    )
    fast.chat_template = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    torch.manual_seed(0)
    network = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(words),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=128,
            bos_token_id=1,
            eos_token_id=2,
        )
    )
    network.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def make_adapter(base: Path, folder: Path) -> None:
    network = LlamaForCausalLM.from_pretrained(base)
    get_peft_model(network, LoraConfig(r=1, target_modules=["q_proj"])).save_pretrained(str(folder))
    for file in base.glob("*tok*"):
        shutil.copy(file, folder)


def into_the_hub_cache(folder: Path) -> None:
    """Put a checkpoint where the hub client keeps what it fetched, as ``org/tiny``."""
    place = FOLDER / "hub" / "hub" / "models--org--tiny"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text(COMMIT)
    shutil.copytree(folder, place / "snapshots" / COMMIT)


def answer(*_: object) -> ModelOutput:
    """Answer as a model behind an API does, with token counts, so that no tokeniser is fetched."""
    output = ModelOutput.from_content("mockllm/model", "4")
    output.usage = ModelUsage(input_tokens=5, output_tokens=1, total_tokens=6)
    return output


@task
def plain() -> Task:
    """Make a task of one sample with metadata of its own."""
    sample = Sample(input="2 + 2", target="4")
    return Task(dataset=[sample], scorer=match(), metadata={"kept": "as it was"})


def evaluated(
    name: str, model: str | Model, *, what: Callable[[], Task] = plain, **more: object
) -> None:
    """Run a task; keep its log under ``name``, and beside it its metadata at start and end."""
    log = run(
        what,  # not called here: Inspect makes the task when the model is there
        model=model,
        max_tokens=2,
        log_dir=str(FOLDER / "runs"),
        display="none",
        **more,  # type: ignore[arg-type]
    )[0]
    assert log.status == "success", log.error and log.error.message
    kept = Path(shutil.copy(log.location.removeprefix("file://"), FOLDER / f"{name}.eval"))
    with zipfile.ZipFile(kept) as archive:
        start = json.loads(archive.read("_journal/start.json"))["eval"].get("metadata")
    written = {"end": read_eval_log(str(kept), header_only=True).eval.metadata, "start": start}
    (FOLDER / f"{name}.metadata").write_text(json.dumps(written), encoding="utf-8")


@task
def by_itself() -> Task:
    """State the weights as metadata of the task, which needs no hook."""
    sample = Sample(input="2 + 2", target="4")
    return Task(dataset=[sample], scorer=match(), metadata=loaded_weights())


if __name__ == "__main__":
    model = make_model(FOLDER / "model")
    into_the_hub_cache(make_model(FOLDER / "fetched"))
    make_adapter(model, FOLDER / "adapter")
    broken = shutil.copytree(model, FOLDER / "broken")
    (broken / "more.safetensors").write_bytes(b"no header")

    os.chdir(FOLDER)
    local = get_model("hf/local", model_path="./model", device="cpu")
    evaluated("relative", local)
    evaluated("absolute", "hf/local", model_args={"model_path": str(model), "device": "cpu"})
    evaluated("stated", local, metadata={"tiergate_root_digest": "sha256:" + "ab" * 32})
    evaluated("hub", "hf/org/tiny", model_args={"device": "cpu"})
    evaluated("api", get_model("mockllm/model", custom_outputs=answer))
    evaluated("by_itself", local, what=by_itself)
    evaluated("broken", "hf/local", model_args={"model_path": str(broken), "device": "cpu"})
    adapter = str(FOLDER / "adapter")
    evaluated("adapter", "hf/local", model_args={"model_path": adapter, "device": "cpu"})

    # What is in memory stays what it was when a file changes below it.
    changed = shutil.copytree(model, FOLDER / "changed")
    kept = get_model("hf/local", model_path=str(changed), device="cpu")
    evaluated("before", kept)
    (changed / "config.json").write_text(
        json.dumps(json.loads((changed / "config.json").read_text()) | {"edited": True})
    )
    evaluated("after", kept)
