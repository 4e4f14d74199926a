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

from tiergate.evidence.tampering.packing import packed
from tiergate.evidence.tampering.rendering import render
from tiergate.evidence.tampering.shipped import shipped_rows
from tiergate.evidence.tampering.variant import Example, Wording

if TYPE_CHECKING:
    from transformers import DynamicCache

    from tiergate.evidence.tampering.target import Target

_BATCH_ROWS = 32
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
    options = [
        Example(prompt=choice.question, answer=option)
        for choice in asked.choices
        for option in choice.options
    ]
    found = _losses(target, [*asked.items, *options])
    likelihood, rest = found[: len(asked.items)], iter(found[len(asked.items) :])
    correct = 0
    for choice in asked.choices:
        losses = [next(rest) for _ in choice.options]
        correct += min(losses) == losses[choice.right] and losses.count(min(losses)) == 1
    return Utility(likelihood=tuple(likelihood), correct=correct, asked=len(asked.choices))


def _losses(target: Target, examples: Sequence[Example]) -> list[float]:
    """Return the mean negative log-likelihood of each answer after its prompt."""
    rows = [_encoded(target, example) for example in examples]
    shared = _shared([row[:start] for row, start in rows])
    order = sorted(range(len(rows)), key=lambda place: len(rows[place][0]))
    found = [float("inf")] * len(rows)
    with torch.inference_mode(), packed(target.model, _BATCH_ROWS):
        beginning = _read(target, rows[0][0][:shared]) if shared else None
        for first in range(0, len(order), _BATCH_ROWS):
            places = order[first : first + _BATCH_ROWS]
            batch = _batch(target, [rows[place] for place in places], beginning, shared)
            for place, loss in zip(places, batch, strict=True):
                found[place] = loss
    return found


def _encoded(target: Target, example: Example) -> tuple[list[int], int]:
    """Return the tokens of prompt and answer, and how many belong to the prompt."""
    tokenizer = target.tokenizer
    if tokenizer.chat_template:
        prompt = render(tokenizer, Wording(), example.prompt)
        answer = example.answer
    else:
        wording = Wording(user=_WITHOUT_TEMPLATE, uses_template=False)
        prompt = render(tokenizer, wording, example.prompt)
        answer = f" {example.answer}"
    return [*prompt, *tokenizer.encode(answer, add_special_tokens=False)], len(prompt)


def _shared(prompts: Sequence[list[int]]) -> int:
    """Return how many tokens all prompts begin with, short of the last of any."""
    first, last = min(prompts, default=[]), max(prompts, default=[])
    most = min(map(len, prompts), default=1) - 1
    return next((n for n in range(most) if first[n] != last[n]), most)


def _read(target: Target, ids: list[int]) -> DynamicCache:
    """Read what all prompts begin with, once."""
    from transformers import DynamicCache

    cache = DynamicCache(config=target.model.config)
    target.model(
        input_ids=torch.tensor([ids], device=target.device),
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    )
    return cache


def _batch(
    target: Target,
    rows: Sequence[tuple[list[int], int]],
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
