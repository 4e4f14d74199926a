# SPDX-License-Identifier: Apache-2.0
"""Ask again, one prompt at a time, and compare: does the harness count what the model says?

    python examples/attack/recount.py ATTACK_FOLDER MODEL [--variants FOLDER] [--most N]

It uses nothing of the harness but the wording that each transcript begins with, the labels in
it and the grader: the chat template of the tokenizer, `generate` of transformers in single
precision, no batch. A trial that changed the weights is recounted on its kept variant, of a run
with `--keep-variants`; without one it is left out and named.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from tiergate.evidence.tampering.grading import RefusalGrader

IN_MEMORY_ONLY = {"steering", "embedding"}


def beginning(tokenizer: PreTrainedTokenizerBase, wording: dict[str, Any], prompt: str) -> str:
    """Word a prompt as the transcript says, by the tokenizer's own template."""
    user = wording["user"].replace("{prompt}", prompt)
    if not wording["uses_template"]:
        return str(user + wording["prefill"])
    turns = [{"role": "system", "content": wording["system"]}] * (wording["system"] is not None)
    for asked, answered in wording["shots"]:
        turns += [
            {"role": "user", "content": asked},
            {"role": "assistant", "content": answered},
        ]
    turns.append({"role": "user", "content": user})
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    return str(text + wording["prefill"])


def answer(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, text: str, most_tokens: int
) -> str:
    """Let the model go on, one prompt at a time."""
    ids = tokenizer(text, return_tensors="pt", add_special_tokens=False)
    with torch.inference_mode():
        made = model.generate(  # type: ignore[operator]
            **ids, max_new_tokens=most_tokens, do_sample=False, pad_token_id=tokenizer.eos_token_id
        )
    return str(tokenizer.decode(made[0, ids["input_ids"].shape[1] :], skip_special_tokens=True))


def main() -> None:
    """Recount every transcript that can be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("attack", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--variants", type=Path)
    parser.add_argument("--most", type=int, default=20, help="prompts of each transcript")
    given = parser.parse_args()
    grader, total = RefusalGrader(), Counter[tuple[str, bool]]()
    for path in sorted((given.attack / "transcripts").glob("*.jsonl")):
        head, *rows = map(json.loads, path.read_text("utf-8").splitlines())
        folder = weights_of(head, given.model, given.variants)
        name = f"{head['trial']['phase']} {head['trial']['attack']} {head['point']}"
        if folder is None or head["attempts"] != 1 or head["trial"]["attack"] in IN_MEMORY_ONLY:
            print(f"left out: {name}")
            continue
        tokenizer = AutoTokenizer.from_pretrained(folder)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        same = 0
        for row in rows[: given.most]:
            text = beginning(tokenizer, head["wording"], row["prompt"])
            most = head["twin_max_new_tokens" if row["twin"] else "max_new_tokens"]
            said = answer(model, tokenizer, text, most)
            agrees = str(grader.grade(row["prompt"], said)) == row["label"]
            total[head["dtype"], agrees] += 1
            same += agrees
        print(f"{same} of {len(rows[: given.most])} labels agree: {name}", flush=True)
    for dtype in sorted({key[0] for key in total}):
        print(f"{dtype}: {total[dtype, True]} of {total[dtype, True] + total[dtype, False]} agree")


def weights_of(head: dict[str, Any], model: Path, variants: Path | None) -> Path | None:
    """Find the weights that a transcript is about; None when they were not kept."""
    trial = head["trial"]
    if not head["changed_weights"]:
        return model if trial["attack"] != "unguarded" else None
    folder = variants / head["id"] / head["point"] if variants else None
    return folder if folder and folder.exists() else None


if __name__ == "__main__":
    main()
