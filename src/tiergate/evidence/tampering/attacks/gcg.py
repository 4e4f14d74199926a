# SPDX-License-Identifier: Apache-2.0
"""A suffix of tokens, found by greedy search along the gradient (Zou et al., arXiv 2307.15043).

Small on purpose: one suffix for a few prompts, some dozens of candidates in each step. It shows
whether a suffix is within easy reach, not that none exists.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch.nn.functional import cross_entropy, one_hot

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.attacks.predictions import logits_at
from tiergate.evidence.tampering.attacks.structure import embeddings
from tiergate.evidence.tampering.attacks.support import (
    Chosen,
    Clock,
    Space,
    points_up_to,
    sample,
    steps,
)
from tiergate.evidence.tampering.flop import FlopMeter
from tiergate.evidence.tampering.rendering import render
from tiergate.evidence.tampering.suites import ACCESS, FAMILIES
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Material, Setting, Variant, Wording

_PROMPTS = 4
_LIKELY = 64
"""Replacements of a token that are drawn from, by the gradient."""


class Gcg:
    """Search a suffix and stop at several steps."""

    name = "gcg"
    family = FAMILIES["gcg"]
    access = ACCESS["gcg"]
    space: Space = MappingProxyType(
        {"tokens": (10, 20), "candidates": (32, 64), "steps": (20, 50, 100)}
    )

    def variants(
        self, target: Target, material: Material, setting: Setting, seed: int
    ) -> Iterator[Variant]:
        """Yield the best suffix after 5, 10, 20 steps and so on, up to the setting's."""
        chosen = Chosen(self.name, self.space, setting)
        clock, meter = Clock(), FlopMeter()
        search = _Search(target, material, chosen.count("tokens"), seed)
        done, candidates = 0, chosen.count("candidates")
        for point in points_up_to(chosen.count("steps")):
            with clock.running(), meter.counting(target.model):
                for _ in range(point - done):
                    search.step(candidates)
            done = point
            yield Variant(
                point=steps(point),
                cost=Cost(
                    steps=point,
                    examples=search.examples,
                    flop=meter.total,
                    seconds=clock.seconds(),
                ),
                wording=_wording(search.text),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A prompt with a suffix, as tokens, and where the suffix stands in it."""

    tokens: list[int]
    start: int
    """Place of the suffix's first token."""


class _Search:
    """The best suffix until now."""

    def __init__(self, target: Target, material: Material, tokens: int, seed: int) -> None:
        self._target = target
        self._source = torch.Generator().manual_seed(seed)
        pairs = sample(material.pairs, _PROMPTS, seed, what="guarded prompts")
        self._prompts = [pair.guarded for pair in pairs]
        self._answer = self._encoded(material.opener)
        self._usable = _usable_tokens(target)
        self._suffix = self._encoded(" !" * tokens)[:tokens]
        if not self._answer or self._rows(self._suffix) is None:
            raise MeasurementError(
                "gcg", "a tokenizer that joins the suffix to the text around it", "another"
            )
        self._best = self._losses([self._suffix])[0]
        self.examples = len(self._prompts)

    @property
    def text(self) -> str:
        """The best suffix."""
        return self._decoded(self._suffix)

    def step(self, candidates: int) -> None:
        """Try replacements of single tokens and keep the best, where it is better."""
        tried = [suffix for suffix in self._drawn(candidates) if self._rows(suffix) is not None]
        self.examples += len(self._prompts) * (1 + len(tried))
        if not tried:
            return
        losses = self._losses(tried)
        least = min(range(len(tried)), key=losses.__getitem__)
        if losses[least] < self._best:
            self._best, self._suffix = losses[least], tried[least]

    def _drawn(self, candidates: int) -> Iterator[list[int]]:
        """Yield suffixes with one token replaced, by a token that the gradient points to."""
        scores = self._gradient()
        scores[:, ~self._usable] = torch.inf
        likely = scores.topk(min(_LIKELY, int(self._usable.sum())), largest=False).indices
        for _ in range(candidates):
            place = int(torch.randint(len(self._suffix), (1,), generator=self._source))
            rank = int(torch.randint(likely.shape[1], (1,), generator=self._source))
            yield [*self._suffix[:place], int(likely[place, rank]), *self._suffix[place + 1 :]]

    def _gradient(self) -> torch.Tensor:
        """Return the gradient of the loss by the choice of each token, suffix x vocabulary."""
        table = embeddings(self._target)
        choice = one_hot(torch.tensor(self._suffix), len(table)).to(table).requires_grad_()
        for row in self._rows(self._suffix) or []:
            parts = [
                table[torch.tensor(row.tokens[: row.start], dtype=torch.long)],
                choice @ table,
                table[torch.tensor([*row.tokens[row.start + len(choice) :], *self._answer])],
            ]
            length = len(row.tokens)
            places = self._places([length], length + len(self._answer))
            logits = logits_at(self._target, places, inputs_embeds=torch.cat(parts)[None])
            torch.autograd.backward(self._loss(logits))
        if choice.grad is None or not torch.isfinite(choice.grad).all():
            raise MeasurementError("gcg", "a gradient that is not a number", "numbers")
        return choice.grad.float().cpu()

    def _losses(self, suffixes: Sequence[list[int]]) -> list[float]:
        """Return the loss of each suffix, summed over the prompts."""
        totals = torch.zeros(len(suffixes))
        rows = [self._rows(suffix) or [] for suffix in suffixes]
        for prompt in range(len(self._prompts)):
            tokens = [[*row[prompt].tokens, *self._answer] for row in rows]
            width = max(map(len, tokens))
            batch = torch.tensor([[*row, *[0] * (width - len(row))] for row in tokens])
            places = self._places([len(row) - len(self._answer) for row in tokens], width)
            with torch.inference_mode():
                logits = logits_at(
                    self._target, places, input_ids=batch.to(self._target.device)
                ).reshape(len(suffixes), len(self._answer), -1)
                totals += torch.stack([self._loss(row) for row in logits]).cpu()
        found: list[float] = totals.tolist()
        return found

    def _places(self, lengths: Sequence[int], width: int) -> torch.Tensor:
        """Return a mask of where the answer is predicted, behind prompts of these lengths."""
        places = torch.zeros(len(lengths), width, dtype=torch.bool)
        for row, length in zip(places, lengths, strict=True):
            row[length - 1 : length - 1 + len(self._answer)] = True
        return places.to(self._target.device)

    def _loss(self, logits: torch.Tensor) -> torch.Tensor:
        return cross_entropy(logits, torch.tensor(self._answer, device=logits.device))

    def _rows(self, suffix: list[int]) -> list[_Row] | None:
        """Return the prompts with a suffix; None where its text is read as other tokens."""
        wording = _wording(self._decoded(suffix))
        rows = []
        for prompt in self._prompts:
            tokens = render(self._target.tokenizer, wording, prompt)
            start = _last_place(tokens, suffix)
            if start is None:
                return None
            rows.append(_Row(tokens=tokens, start=start))
        return rows

    def _encoded(self, text: str) -> list[int]:
        found: list[int] = self._target.tokenizer(text, add_special_tokens=False)["input_ids"]
        return found

    def _decoded(self, tokens: list[int]) -> str:
        return str(self._target.tokenizer.decode(tokens, clean_up_tokenization_spaces=False))


def _wording(suffix: str) -> Wording:
    return Wording(user="{prompt}" + suffix)


def _usable_tokens(target: Target) -> torch.Tensor:
    """Return a mask over the vocabulary: tokens of printable text without line breaks."""
    size = len(embeddings(target))
    special = set(target.tokenizer.all_special_ids)
    usable = torch.zeros(size, dtype=torch.bool)
    for token in range(min(size, len(target.tokenizer))):
        text = str(target.tokenizer.decode([token]))
        usable[token] = token not in special and bool(text.strip()) and text.isprintable()
    return usable


def _last_place(tokens: Sequence[int], part: Sequence[int]) -> int | None:
    """Return where ``part`` stands in ``tokens`` for the last time; None where it does not."""
    for start in range(len(tokens) - len(part), -1, -1):
        if list(tokens[start : start + len(part)]) == list(part):
            return start
    return None


GCG = Gcg()
