# SPDX-License-Identifier: Apache-2.0
"""Training examples as tokens, laid out so that no token is computed that is not needed.

The examples of a batch stand one behind the other in a single row, without padding. What all
of them begin with, as the system message that a chat template puts first, stands there once:
each example sees that beginning and itself, at the positions it would have alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.rendering import render
from tiergate.evidence.tampering.variant import Example, Wording

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_ROW_TOKENS = 1024
"""A row holds about so many at most: attention costs the square of it, activations the row."""
_PROBE = ("tiergate", "measures")


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """One example as tokens, without what all of them begin with."""

    prompt: tuple[int, ...]
    """From the shared beginning to the answer; at least one token."""
    answer: tuple[int, ...]
    """What is learned, with the token that ends a turn; at least one token."""

    @property
    def tokens(self) -> tuple[int, ...]:
        """The row that the model reads: all but the last token, which it only predicts."""
        return (self.prompt + self.answer)[:-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Tokens of several examples as the model takes them."""

    inputs: dict[str, torch.Tensor]
    """Arguments of the model's forward pass."""
    predicting: torch.Tensor
    """Mask over batch x tokens: where an answer's token is predicted."""
    labels: torch.Tensor
    """Those tokens, in the order of the mask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """All examples of a training run."""

    prefix: tuple[int, ...]
    """What every example begins with; may be empty."""
    examples: tuple[Encoded, ...]
    """The examples, in the order given."""

    def batches(self, size: int, seed: int) -> Iterator[list[Encoded]]:
        """Yield batches without end: each pass over the examples in a new seeded order."""
        order = torch.Generator().manual_seed(seed)
        while True:
            shuffled = torch.randperm(len(self.examples), generator=order).tolist()
            for start in range(0, len(shuffled), size):
                yield [self.examples[index] for index in shuffled[start : start + size]]


def encode(
    tokenizer: PreTrainedTokenizerBase,
    examples: Sequence[Example],
    wording: Wording,
    max_tokens: int,
) -> Corpus:
    """Turn examples into tokens.

    Args:
        tokenizer: the model's own.
        examples: what is learned.
        wording: how a prompt reaches the model; a prefill counts as part of the prompt.
        max_tokens: longer examples lose the end of their answer, and a prompt that takes more
            than half of that loses its beginning.

    Raises:
        MeasurementError: there is nothing to learn from.
    """
    if not examples:
        raise MeasurementError("training", "no examples", "at least one")
    end = end_of_turn(tokenizer, wording)
    pairs: list[tuple[list[int], list[int]]] = []
    for example in examples:
        prompt = render(tokenizer, wording, example.prompt)[-(max_tokens // 2) :]
        answer = tokenizer(example.answer, add_special_tokens=False)["input_ids"]
        pairs.append((prompt, [*answer, end][: max_tokens - len(prompt)]))
    # Each prompt keeps a token of its own, from which the answer's first token is predicted.
    prefix = _common_beginning([prompt[:-1] for prompt, _ in pairs])
    return Corpus(
        prefix=tuple(prefix),
        examples=tuple(
            Encoded(prompt=tuple(prompt[len(prefix) :]), answer=tuple(answer))
            for prompt, answer in pairs
        ),
    )


def end_of_turn(tokenizer: PreTrainedTokenizerBase, wording: Wording) -> int:
    """Return the token that ends an answer: the chat template's, or the end of the text.

    Raises:
        MeasurementError: the tokenizer knows neither.
    """
    if wording.uses_template and tokenizer.chat_template:
        turns = [
            {"role": "user", "content": _PROBE[0]},
            {"role": "assistant", "content": _PROBE[1]},
        ]
        text = str(tokenizer.apply_chat_template(turns, tokenize=False))
        after = tokenizer(text.rpartition(_PROBE[1])[2].strip(), add_special_tokens=False)
        tokens = after["input_ids"]
        if tokens and tokens[0] in tokenizer.all_special_ids:
            return int(tokens[0])
    if tokenizer.eos_token_id is None:
        raise MeasurementError("tokenizer", "no token that ends an answer", "an eos_token")
    return int(tokenizer.eos_token_id)


def together(
    corpus: Corpus, batch: Sequence[Encoded], device: torch.device, dtype: torch.dtype
) -> Iterator[Row]:
    """Yield a batch as rows without padding; each holds as many examples as fit."""
    row: list[Encoded] = []
    room = _ROW_TOKENS
    for example in batch:
        if row and len(example.tokens) > room:
            yield _row(corpus.prefix, row, device, dtype)
            row, room = [], _ROW_TOKENS
        row.append(example)
        room -= len(example.tokens)
    yield _row(corpus.prefix, row, device, dtype)


def singly(corpus: Corpus, batch: Sequence[Encoded], device: torch.device) -> Row:
    """Return a batch with one example in each row.

    No mask is needed: the padding stands behind, where no token that counts can see it.
    """
    rows = [list(corpus.prefix + example.tokens) for example in batch]
    width = max(map(len, rows))
    predicting = torch.zeros(len(rows), width, dtype=torch.bool)
    for index, example in enumerate(batch):
        start = len(corpus.prefix) + len(example.prompt) - 1
        predicting[index, start : start + len(example.answer)] = True
    tokens = torch.tensor([row + row[-1:] * (width - len(row)) for row in rows])
    return Row(
        inputs={"input_ids": tokens.to(device)},
        predicting=predicting.to(device),
        labels=_labels(batch, device),
    )


def _row(
    prefix: Sequence[int], batch: Sequence[Encoded], device: torch.device, dtype: torch.dtype
) -> Row:
    """Put examples behind their shared beginning, each seeing only that and itself."""
    lengths = [len(example.tokens) for example in batch]
    tokens = [*prefix, *(token for example in batch for token in example.tokens)]
    positions = [
        *range(len(prefix)),
        *(len(prefix) + place for length in lengths for place in range(length)),
    ]
    owners = [-1] * len(prefix)
    predicting: list[bool] = [False] * len(prefix)
    for index, (example, length) in enumerate(zip(batch, lengths, strict=True)):
        owners += [index] * length
        predicting += [place >= len(example.prompt) - 1 for place in range(length)]
    owner = torch.tensor(owners)
    sees = ((owner[:, None] == owner) | (owner == -1)).tril()
    mask = torch.zeros(sees.shape, dtype=dtype).masked_fill(~sees, torch.finfo(dtype).min)
    return Row(
        inputs={
            "input_ids": torch.tensor([tokens], device=device),
            "position_ids": torch.tensor([positions], device=device),
            "attention_mask": mask[None, None].to(device),
        },
        predicting=torch.tensor([predicting], device=device),
        labels=_labels(batch, device),
    )


def _common_beginning(rows: Sequence[list[int]]) -> list[int]:
    first, last = min(rows), max(rows)
    both = zip(first, last, strict=False)
    return [token for token, other in itertools.takewhile(lambda pair: pair[0] == pair[1], both)]


def _labels(batch: Sequence[Encoded], device: torch.device) -> torch.Tensor:
    return torch.tensor([token for example in batch for token in example.answer], device=device)
