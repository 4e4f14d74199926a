# SPDX-License-Identifier: Apache-2.0
"""How likely a model finds several answers to one prompt, the prompt read once.

Columns of a batch, for prompts with a common beginning of ``shared`` tokens::

    0 .. shared | unused, masked | the row's own prompt | first answer | second answer | unused

Every prompt ends in the same column. An answer sees the prompt and itself, and its positions go
on from the prompt, as if it stood there alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy
from transformers import DynamicCache

from tiergate.evidence.tampering.batches import Reader
from tiergate.evidence.tampering.kv_cache import RowCache


@dataclass(frozen=True, slots=True, kw_only=True)
class Branching:
    """A prompt and the answers that it may have."""

    prompt: tuple[int, ...]
    """Tokens of the prompt."""
    answers: tuple[tuple[int, ...], ...]
    """Tokens of each answer; at least one answer, and one token in each."""


def branch_losses(reader: Reader, asked: Sequence[Branching], rows: int) -> list[tuple[float, ...]]:
    """Return the mean negative log-likelihood of each answer, in nats per token.

    Args:
        reader: reads a model that :func:`~tiergate.evidence.tampering.paths.find_path` finds able
            to share the beginning of prompts.
        asked: prompts, any number of them.
        rows: prompts at a time.

    Returns:
        For each prompt its answers' losses; infinite where one is not a number.
    """
    shared = shared_beginning([each.prompt for each in asked])
    beginning = _read_beginning(reader, asked[0].prompt[:shared]) if shared else None
    order = sorted(range(len(asked)), key=lambda place: length(asked[place]))
    found: list[tuple[float, ...]] = [()] * len(asked)
    for first in range(0, len(order), rows):
        places = order[first : first + rows]
        losses = _batch(reader, [asked[place] for place in places], beginning, shared)
        for place, some in zip(places, losses, strict=True):
            found[place] = some
    return found


def length(asked: Branching) -> int:
    """Return how many tokens a prompt and its answers have."""
    return len(asked.prompt) + sum(map(len, asked.answers))


def shared_beginning(prompts: Sequence[tuple[int, ...]]) -> int:
    """Return how many tokens all prompts begin with, short of the last of any."""
    first, last = min(prompts), max(prompts)
    most = min(map(len, prompts)) - 1
    return next((n for n in range(most) if first[n] != last[n]), most)


def _read_beginning(reader: Reader, ids: Sequence[int]) -> RowCache:
    layers = len(DynamicCache(config=reader.model.config).layers)
    cache = RowCache.of(layers, 1, len(ids))
    reader.read(reader.tensor([list(ids)]), positions=None, mask=None, cache=cache)
    return cache


def _batch(
    reader: Reader, asked: Sequence[Branching], beginning: RowCache | None, shared: int
) -> Iterator[tuple[float, ...]]:
    prompts = [each.prompt[shared:] for each in asked]
    width = max(map(len, prompts))
    longest = max(sum(map(len, each.answers)) for each in asked)
    layouts = [
        _layout(prompt, each.answers, width, longest)
        for prompt, each in zip(prompts, asked, strict=True)
    ]
    cache = None
    if beginning is not None:
        cache = beginning.spread(len(asked), shared + width + longest)
    logits, _ = reader.read(
        reader.tensor([layout.ids for layout in layouts]),
        positions=reader.tensor([layout.positions for layout in layouts]) + shared,
        mask=_bias(reader, layouts, shared),
        cache=cache,
        keep=longest + 1,
    )
    for each, row in zip(asked, logits[:, -longest - 1 :], strict=True):
        yield tuple(_losses_of(each.answers, row))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    ids: list[int]
    positions: list[int]
    branches: list[int]
    """Of each column: 0 for the prompt, 1 and up for answers, -1 for what is unused."""


def _layout(
    prompt: Sequence[int], answers: Sequence[Sequence[int]], width: int, longest: int
) -> _Layout:
    pads = width - len(prompt)
    ids = [0] * pads + list(prompt)
    positions = [0] * pads + list(range(len(prompt)))
    branches = [-1] * pads + [0] * len(prompt)
    for number, answer in enumerate(answers, 1):
        ids += answer
        positions += range(len(prompt), len(prompt) + len(answer))
        branches += [number] * len(answer)
    left = width + longest - len(ids)
    return _Layout(
        ids=ids + [0] * left,
        positions=positions + [0] * left,
        branches=branches + [-1] * left,
    )


def _bias(reader: Reader, layouts: Sequence[_Layout], shared: int) -> torch.Tensor:
    """Return what is added to attention scores: rows x 1 x own columns x all columns."""
    branches = reader.tensor([layout.branches for layout in layouts])
    asking, asked = branches[:, :, None], branches[:, None, :]
    seen = (asked == 0) | ((asked == asking) & (asked > 0))
    place = torch.arange(branches.shape[1], device=branches.device)
    hidden = ~seen | (place[None, :] > place[:, None])
    hidden = torch.nn.functional.pad(hidden, (shared, 0), value=False)
    dtype = reader.model.dtype
    bias = torch.zeros(hidden.shape, dtype=dtype, device=hidden.device)
    return bias.masked_fill_(hidden, torch.finfo(dtype).min)[:, None]


def _losses_of(answers: Sequence[Sequence[int]], logits: torch.Tensor) -> Iterator[float]:
    """Yield the loss of each answer.

    Args:
        answers: tokens of each.
        logits: after the prompt, then after each token of each answer; columns x vocabulary.
    """
    start = 1
    for answer in answers:
        inner = range(start, start + len(answer) - 1)
        predicted = logits[[0, *inner]].float()
        loss = cross_entropy(predicted, torch.tensor(answer, device=logits.device))
        yield float(loss) if torch.isfinite(loss) else float("inf")
        start += len(answer)
