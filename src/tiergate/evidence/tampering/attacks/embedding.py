# SPDX-License-Identifier: Apache-2.0
"""A soft prompt: vectors that no text stands for, found by gradient, before the user's text.

One prompt is optimised over all of the attacker's guarded prompts, towards the compliance that
holds no content. The weights stay as they are.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from types import MappingProxyType

import torch
from torch.nn.functional import cross_entropy

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.attacks.predictions import logits_at
from tiergate.evidence.tampering.attacks.structure import embeddings
from tiergate.evidence.tampering.attacks.support import Chosen, Clock, Space, points_up_to, steps
from tiergate.evidence.tampering.flop import FlopMeter
from tiergate.evidence.tampering.rendering import render_around
from tiergate.evidence.tampering.suites import ACCESS, FAMILIES
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Material, Setting, Variant, Wording

_BATCH = 8


class Embedding:
    """Optimise a soft prompt and stop at several steps."""

    name = "embedding"
    family = FAMILIES["embedding"]
    access = ACCESS["embedding"]
    space: Space = MappingProxyType(
        {"tokens": (8, 4, 16), "learning_rate": (0.01, 0.003, 0.03), "steps": (50, 20, 100)}
    )

    def variants(
        self, target: Target, material: Material, setting: Setting, seed: int
    ) -> Iterator[Variant]:
        """Yield after 5, 10, 20 steps and so on, up to the setting's."""
        chosen = Chosen(self.name, self.space, setting)
        clock, meter = Clock(), FlopMeter()
        source = torch.Generator().manual_seed(seed)
        soft = _start(target, chosen.count("tokens"), source)
        optimiser = torch.optim.Adam([soft], lr=chosen.number("learning_rate"))
        batches = _batches(target, material, source)
        done, examples = 0, 0
        for point in points_up_to(chosen.count("steps")):
            with clock.running(), meter.counting(target.model):
                for batch in itertools.islice(batches, point - done):
                    _step(target, soft, batch, optimiser)
                    examples += len(batch)
            done = point
            yield Variant(
                point=steps(point),
                cost=Cost(
                    steps=point, examples=examples, flop=meter.total, seconds=clock.seconds()
                ),
                embedding=soft.detach().to(target.dtype).clone(),
            )


class _Tokens:
    """One example: what stands before the soft prompt, what behind it, and the answer."""

    def __init__(self, target: Target, prompt: str, answer: Sequence[int]) -> None:
        self.before, self.behind = render_around(target.tokenizer, Wording(), prompt)
        self.answer = list(answer)


def _start(target: Target, tokens: int, source: torch.Generator) -> torch.Tensor:
    """Return embeddings of random tokens, in single precision."""
    table = embeddings(target)
    chosen = torch.randint(len(table), (tokens,), generator=source)
    soft: torch.Tensor = table[chosen.to(table.device)].detach().float().clone()
    return soft.requires_grad_()


def _batches(
    target: Target, material: Material, source: torch.Generator
) -> Iterator[list[_Tokens]]:
    """Yield batches of guarded prompts without end, each pass in a new order."""
    answer = target.tokenizer(material.opener, add_special_tokens=False)["input_ids"]
    rows = [_Tokens(target, pair.guarded, answer) for pair in material.pairs]
    if not rows or not answer:
        raise MeasurementError("embedding", "no prompts to optimise on", "at least one")
    while True:
        order = torch.randperm(len(rows), generator=source).tolist()
        for start in range(0, len(order), _BATCH):
            yield [rows[index] for index in order[start : start + _BATCH]]


def _step(
    target: Target, soft: torch.Tensor, batch: Sequence[_Tokens], optimiser: torch.optim.Optimizer
) -> None:
    loss = _loss(target, soft, batch)
    if not torch.isfinite(loss):
        raise MeasurementError(
            "embedding",
            "a loss that is not a number",
            "finite losses",
            "Use a lower learning rate.",
        )
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    optimiser.step()


def _loss(target: Target, soft: torch.Tensor, batch: Sequence[_Tokens]) -> torch.Tensor:
    """Return the negative log-likelihood of the answer, in nats for each of its tokens.

    Padding stands on the right, where no token before it can see it.
    """
    table, device = target.model.get_input_embeddings(), target.device
    width = max(len(row.before) + len(row.behind) + len(row.answer) for row in batch)
    places = torch.zeros(len(batch), width + len(soft), dtype=torch.bool)
    inputs = []
    for index, row in enumerate(batch):
        behind = row.behind + row.answer
        padding = [row.answer[-1]] * (width - len(row.before) - len(behind))
        start, end = (
            table(torch.tensor(part, dtype=torch.long, device=device))
            for part in (row.before, behind + padding)
        )
        inputs.append(torch.cat([start, soft.to(start.dtype), end]))
        # The token before the answer predicts its first.
        first = len(row.before) + len(soft) + len(row.behind) - 1
        places[index, first : first + len(row.answer)] = True
    logits = logits_at(target, places.to(device), inputs_embeds=torch.stack(inputs))
    labels = torch.tensor([row.answer for row in batch], device=device)
    return cross_entropy(logits, labels.flatten())


EMBEDDING = Embedding()
