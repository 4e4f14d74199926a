# SPDX-License-Identifier: Apache-2.0
"""What ``benchmarks.attack_sweep`` compares with: transformers and PEFT, used as they come.

Run as ``python -m benchmarks.attack_sweep_peers train FOLDER JOB OUTPUT`` it fine-tunes an
adapter, merges it and saves the model; with ``answer`` it loads a model and answers prompts.
The two are processes of their own, as they are where each stage of a run starts afresh.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from tiergate.evidence.tampering.attacks.ablation import ablate
from tiergate.evidence.tampering.loading import load_target
from tiergate.evidence.tampering.prompts import PromptPair
from tiergate.evidence.tampering.rendering import render
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.training_rows import end_of_turn
from tiergate.evidence.tampering.variant import Wording

NEW_TOKENS = 64
TRAINING_BATCH = 8
RANK = 16
LEARNING_RATE = 5e-4
EVALUATION_BATCH = 16
_READING_BATCH = 16
_IGNORED = -100


def as_it_comes(folder: Path, dtype: str) -> Target:
    """Load a model that the attacks can change and that generates as transformers does.

    What a target puts on the output head to make it faster is taken off again.
    """
    target = load_target(folder, device="cpu", dtype=dtype)
    model: Any = target.model
    head = model.get_output_embeddings()
    head._forward_pre_hooks.clear()  # noqa: SLF001 - there is no other way to take off a hook
    return target


def answers(
    model: Any,  # noqa: ANN401 - whatever transformers loads
    tokenizer: Any,  # noqa: ANN401 - as above
    prompts: Sequence[str],
    wording: Wording,
    batch_size: int,
) -> list[str]:
    """Answer every prompt with ``generate``: greedily, in padded batches, in the order given."""
    found: list[str] = []
    for start in range(0, len(prompts), batch_size):
        rows = [render(tokenizer, wording, each) for each in prompts[start : start + batch_size]]
        ids, mask = _padded_left(rows, tokenizer.pad_token_id)
        with torch.inference_mode():
            output = model.generate(
                input_ids=ids, attention_mask=mask, max_new_tokens=NEW_TOKENS, do_sample=False
            )
        found += tokenizer.batch_decode(output[:, ids.shape[1] :], skip_special_tokens=True)
    return found


def ablate_all_layers(target: Target, pairs: Sequence[PromptPair], layer: int) -> None:
    """Project the difference of means after a layer out of the model, in place.

    All hidden states of each batch are asked for, as ``output_hidden_states`` gives them.
    """
    means = [
        _last_hidden_states(target, [getattr(pair, side) for pair in pairs])[:, layer].mean(0)
        for side in ("guarded", "twin")
    ]
    direction = means[0] - means[1]
    ablate(target, (direction / direction.norm())[None], range(len(target.layers)))


def _last_hidden_states(target: Target, prompts: Sequence[str]) -> torch.Tensor:
    """Return what each layer gives out at the last position; prompts x layers x hidden size."""
    found = []
    for start in range(0, len(prompts), _READING_BATCH):
        some = prompts[start : start + _READING_BATCH]
        rows = [render(target.tokenizer, Wording(), each) for each in some]
        ids, mask = _padded_left(rows, target.tokenizer.pad_token_id)
        with torch.inference_mode():
            output = target.model(
                input_ids=ids, attention_mask=mask, output_hidden_states=True, logits_to_keep=1
            )
        states = [layer[:, -1].float() for layer in output.hidden_states[1:]]
        found.append(torch.stack(states, dim=1))
    return torch.cat(found)


def _padded_left(rows: Sequence[list[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(map(len, rows))
    ids = [[pad] * (width - len(row)) + list(row) for row in rows]
    mask = [[0] * (width - len(row)) + [1] * len(row) for row in rows]
    return torch.tensor(ids), torch.tensor(mask)


def train(folder: Path, examples: Sequence[Sequence[str]], steps: int, output: Path) -> float:
    """Fine-tune an adapter on every linear layer, merge it, and save the model.

    Returns:
        CPU seconds of one step.
    """
    from peft import LoraConfig, get_peft_model

    tokenizer = AutoTokenizer.from_pretrained(folder)
    loaded: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
    config = LoraConfig(
        r=RANK, lora_alpha=2 * RANK, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    torch.manual_seed(0)
    model: Any = get_peft_model(loaded, config).train()
    learned = [each for each in model.parameters() if each.requires_grad]
    optimiser = torch.optim.AdamW(learned, lr=LEARNING_RATE, weight_decay=0.0)
    order: list[int] = []
    started = time.process_time()
    for _ in range(steps):
        if len(order) < TRAINING_BATCH:
            order += torch.randperm(len(examples)).tolist()
        chosen, order = order[:TRAINING_BATCH], order[TRAINING_BATCH:]
        batch = _training_batch(tokenizer, [examples[place] for place in chosen])
        model(**batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimiser.step()
        optimiser.zero_grad()
    step_s = (time.process_time() - started) / steps
    model.merge_and_unload().save_pretrained(output)
    tokenizer.save_pretrained(output)
    return step_s


def _training_batch(
    tokenizer: Any,  # noqa: ANN401 - whatever transformers loads
    examples: Sequence[Sequence[str]],
) -> dict[str, torch.Tensor]:
    """Pad examples on the right; only their answers are learned."""
    end = end_of_turn(tokenizer, Wording())
    rows: list[tuple[list[int], list[int]]] = []
    for prompt, answer in examples:
        asked = list(render(tokenizer, Wording(), prompt))
        learned = [*tokenizer(answer, add_special_tokens=False)["input_ids"], end]
        rows.append((asked + learned, [_IGNORED] * len(asked) + learned))
    width = max(len(ids) for ids, _ in rows)
    gaps = [width - len(ids) for ids, _ in rows]
    pad = tokenizer.pad_token_id
    ids = [ids + [pad] * gap for (ids, _), gap in zip(rows, gaps, strict=True)]
    mask = [[1] * (width - gap) + [0] * gap for gap in gaps]
    labels = [labels + [_IGNORED] * gap for (_, labels), gap in zip(rows, gaps, strict=True)]
    return {
        "input_ids": torch.tensor(ids),
        "attention_mask": torch.tensor(mask),
        "labels": torch.tensor(labels),
    }


def main() -> int:
    """Carry out one stage and print what it found as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=("train", "answer"))
    parser.add_argument("folder", type=Path, help="the model")
    parser.add_argument("job", type=Path, help="JSON: examples and steps, or prompts")
    parser.add_argument("output", type=Path, help="folder of the trained model, or a JSON file")
    given = parser.parse_args()
    torch.set_num_threads(1)
    job = json.loads(given.job.read_text("utf-8"))
    if given.stage == "train":
        print(json.dumps(train(given.folder, job["examples"], job["steps"], given.output)))
        return 0
    model: Any = AutoModelForCausalLM.from_pretrained(given.folder, dtype=torch.bfloat16)
    tokenizer = AutoTokenizer.from_pretrained(given.folder)
    found = answers(model.eval(), tokenizer, job["prompts"], Wording(), EVALUATION_BATCH)
    given.output.write_text(json.dumps(found), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
