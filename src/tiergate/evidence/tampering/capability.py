# SPDX-License-Identifier: Apache-2.0
"""What a model can still do: likelihood of true answers, and everyday questions.

A model that an attack has destroyed says yes to everything, and to nothing of use. So each
attacked model is asked harmless things it was never trained on here: how likely it finds short
true answers, and which of four answers it finds likeliest.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import cross_entropy

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.batches import Reader
from tiergate.evidence.tampering.branches import Branching, branch_losses, length, shared_beginning
from tiergate.evidence.tampering.packing import packed
from tiergate.evidence.tampering.paths import GenerationPath, find_path, fits_window
from tiergate.evidence.tampering.rendering import render
from tiergate.evidence.tampering.shipped import shipped_rows
from tiergate.evidence.tampering.variant import Example, Wording

if TYPE_CHECKING:
    from transformers import DynamicCache

    from tiergate.evidence.tampering.target import Target

_BATCH_ROWS = 32
_BRANCHED_ROWS = 8
"""Few, because those that are read together are padded to the longest prompt and answers."""
_WITHOUT_TEMPLATE = "Question: {prompt}\nAnswer:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An everyday question with a few answers."""

    question: str
    """The question."""
    options: tuple[str, ...]
    """The answers."""
    right: int
    """Which of them is right, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UtilitySet:
    """What a model is asked to see what it can still do."""

    items: tuple[Example, ...]
    """Questions with true answers."""
    choices: tuple[Choice, ...]
    """Questions with a few answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Utility:
    """What a model can still do."""

    likelihood: tuple[float, ...]
    """Mean negative log-likelihood of each true answer, in nats per token; may be infinite."""
    correct: int
    """Questions on which the right answer was the likeliest, by its mean over tokens."""
    asked: int
    """Questions asked."""


def shipped_utility() -> UtilitySet:
    """Return the items that ship."""
    return UtilitySet(
        items=tuple(
            Example(prompt=row["prompt"], answer=row["answer"]) for row in shipped_rows("utility")
        ),
        choices=tuple(
            Choice(question=row["question"], options=tuple(row["options"]), right=row["right"])
            for row in shipped_rows("choices")
        ),
    )


def measure_utility(target: Target, asked: UtilitySet) -> Utility:
    """Measure a model as it is in memory.

    Returns:
        One likelihood for each item in its order, and the questions answered rightly. A
        likelihood that is not a number is given as infinite.
    """
    prompts: list[tuple[str, tuple[str, ...]]]
    prompts = [(item.prompt, (item.answer,)) for item in asked.items]
    prompts += [(choice.question, choice.options) for choice in asked.choices]
    found = _losses(target, [_encoded(target, *each) for each in prompts])
    likelihood = tuple(loss for (loss,) in found[: len(asked.items)])
    correct = 0
    for choice, losses in zip(asked.choices, found[len(asked.items) :], strict=True):
        correct += min(losses) == losses[choice.right] and losses.count(min(losses)) == 1
    return Utility(likelihood=likelihood, correct=correct, asked=len(asked.choices))


def _losses(target: Target, asked: Sequence[Branching]) -> list[tuple[float, ...]]:
    """Return the mean negative log-likelihood of each answer after its prompt."""
    if not asked:
        return []
    with torch.inference_mode(), packed(target.model, _BATCH_ROWS):
        reader = Reader(target.model)
        if _can_branch(reader, asked):
            return branch_losses(reader, asked, _BRANCHED_ROWS)
        rows = [
            (each.prompt + answer, len(each.prompt)) for each in asked for answer in each.answers
        ]
        losses = iter(_losses_apart(target, rows))
    return [tuple(next(losses) for _ in each.answers) for each in asked]


def _can_branch(reader: Reader, asked: Sequence[Branching]) -> bool:
    longest = max(map(length, asked))
    try:
        path = find_path(reader, asked[0].prompt, plain=False)
    except MeasurementError:  # not a number: each likelihood says so by itself
        return False
    return path is GenerationPath.SHARED and fits_window(reader.model, longest)


def _losses_apart(target: Target, rows: Sequence[tuple[tuple[int, ...], int]]) -> list[float]:
    """Return the loss of each answer, given as prompt with answer and the prompt's length."""
    shared = shared_beginning([row[:start] for row, start in rows])
    order = sorted(range(len(rows)), key=lambda place: len(rows[place][0]))
    found = [float("inf")] * len(rows)
    beginning = _read(target, rows[0][0][:shared]) if shared else None
    for first in range(0, len(order), _BATCH_ROWS):
        places = order[first : first + _BATCH_ROWS]
        batch = _batch(target, [rows[place] for place in places], beginning, shared)
        for place, loss in zip(places, batch, strict=True):
            found[place] = loss
    return found


def _encoded(target: Target, prompt: str, answers: Sequence[str]) -> Branching:
    """Return the tokens of a prompt and its answers."""
    tokenizer = target.tokenizer
    if tokenizer.chat_template:
        wording = Wording()
    else:
        wording = Wording(user=_WITHOUT_TEMPLATE, uses_template=False)
        answers = [f" {answer}" for answer in answers]
    return Branching(
        prompt=tuple(render(tokenizer, wording, prompt)),
        answers=tuple(
            tuple(tokenizer.encode(answer, add_special_tokens=False)) for answer in answers
        ),
    )


def _read(target: Target, ids: Sequence[int]) -> DynamicCache:
    """Read what all prompts begin with, once."""
    from transformers import DynamicCache

    cache = DynamicCache(config=target.model.config)
    target.model(
        input_ids=torch.tensor([list(ids)], device=target.device),
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    )
    return cache


def _batch(
    target: Target,
    rows: Sequence[tuple[tuple[int, ...], int]],
    beginning: DynamicCache | None,
    shared: int,
) -> Iterator[float]:
    longest = max(len(ids) for ids, _ in rows)
    ids = torch.zeros(len(rows), longest - shared, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    for place, (row, _) in enumerate(rows):
        ids[place, : len(row) - shared] = torch.tensor(row[shared:])
        mask[place, : len(row)] = 1
    cache = copy.deepcopy(beginning)
    if cache is not None:
        cache.batch_repeat_interleave(len(rows))
    # Padded on the right: what comes after a row's own tokens cannot change them.
    kept = longest - min(start for _, start in rows) + 1
    output = target.model(
        input_ids=ids.to(target.device),
        attention_mask=mask.to(target.device),
        past_key_values=cache,
        logits_to_keep=kept,
        use_cache=cache is not None,
    )
    first = longest - output.logits.shape[1]
    for place, (row, start) in enumerate(rows):
        predicted = output.logits[place, start - 1 - first : len(row) - 1 - first].float()
        loss = cross_entropy(predicted, torch.tensor(row[start:], device=predicted.device))
        yield float(loss) if torch.isfinite(loss) else float("inf")
