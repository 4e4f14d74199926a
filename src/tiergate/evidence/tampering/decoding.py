# SPDX-License-Identifier: Apache-2.0
"""Answers as they grow: which token comes next, and when an answer is over."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from tiergate.errors import MeasurementError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_UNFINISHED = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model said to one prompt in one attempt."""

    text: str
    """The answer without special tokens; a prefill is not part of it."""
    tokens: int
    """Tokens that were generated, the end token included."""
    ended: bool
    """Whether the model ended the answer itself."""
    settled: bool
    """Whether generation stopped at a refusal that nothing said later could have undone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A prompt with wishes of its own."""

    prompt: str
    """What is asked, before wording."""
    most: int
    """Longest answer, in tokens."""
    may_refuse: bool = True
    """Whether it is worth looking for the usual refusal; a guess changes no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One answer that is asked for."""

    index: int
    """Position of the prompt."""
    attempt: int
    """Which of the prompt's answers."""
    ask: Ask
    """The prompt; the random numbers of its answers follow from it."""
    ids: tuple[int, ...]
    """Tokens to go on from; -1 - n stands for row n of a soft prompt."""


@dataclass(slots=True, kw_only=True)
class Row:
    """One answer while it grows."""

    job: Job
    """What is answered."""
    tokens: list[int] = field(default_factory=list)
    """Tokens so far."""
    ended: bool = False
    """Whether the end token has come."""
    settled: bool = False
    """Whether what there is decides what the answer is."""
    uniforms: np.ndarray | None = None
    """Random numbers in [0, 1), one for each token; None for the most likely tokens."""

    @property
    def position(self) -> int:
        """Position of the next token."""
        return len(self.job.ids) + len(self.tokens)


class Decoder:
    """Chooses tokens and knows when an answer is over."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        settle: Callable[[str], bool] | None,
    ) -> None:
        self._tokenizer = tokenizer
        self._settle = settle
        self._ends = end_tokens(model, tokenizer)

    def row(self, job: Job, temperature: float, seed: int) -> Row:
        """Start an answer; its random numbers depend on seed, prompt and attempt alone."""
        if temperature == 0:
            return Row(job=job)
        origin = hashlib.sha256(f"{seed}:{job.attempt}:{job.ask.prompt}".encode()).digest()
        generator = np.random.default_rng(int.from_bytes(origin))
        return Row(job=job, uniforms=generator.random(job.ask.most))

    def extend(self, rows: Sequence[Row], logits: torch.Tensor, temperature: float) -> list[int]:
        """Add a token to each row and return the positions of the rows that are over.

        Args:
            rows: answers that go on.
            logits: rows x vocabulary.
            temperature: 0 for the most likely token.

        Raises:
            MeasurementError: the logits are not finite numbers.
        """
        tokens = refuse_infinite(logits)
        if temperature != 0:
            tokens = _drawn(logits, _uniforms(rows), temperature)
        for row, token in zip(rows, tokens.tolist(), strict=True):
            row.tokens.append(token)
            row.ended = token in self._ends
        self._settle_due([row for row in rows if not row.ended])
        return [
            number
            for number, row in enumerate(rows)
            if row.ended or row.settled or len(row.tokens) >= row.job.ask.most
        ]

    def answer(self, row: Row) -> Answer:
        """Return the answer of a row that is over."""
        return Answer(
            text=self._texts([row])[0],
            tokens=len(row.tokens),
            ended=row.ended,
            settled=row.settled,
        )

    def _settle_due(self, rows: Sequence[Row]) -> None:
        if self._settle is None:
            return
        due = [row for row in rows if _is_checkpoint(len(row.tokens))]
        if not due:
            return
        for row, text in zip(due, self._texts(due), strict=True):
            # The last character may still miss some of its bytes.
            row.settled = self._settle(text.rstrip(_UNFINISHED))

    def _texts(self, rows: Sequence[Row]) -> list[str]:
        return list(
            self._tokenizer.batch_decode([row.tokens for row in rows], skip_special_tokens=True)
        )


def refuse_infinite(logits: torch.Tensor) -> torch.Tensor:
    """Return the most likely token of each row.

    Raises:
        MeasurementError: the largest of some row is not a finite number, as with NaN anywhere.
    """
    # NaN counts as larger than every number, so the largest shows one anywhere.
    largest, tokens = logits.max(dim=-1)
    if not bool(torch.isfinite(largest).all()):
        raise MeasurementError(
            "model",
            "NaN or infinite logits",
            "finite logits",
            "Treat the variant as destroyed; no answer can be read from it.",
        )
    return tokens


def end_tokens(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Return the tokens that end an answer, as the checkpoint states them for generation."""
    configuration = getattr(model, "generation_config", None)
    stated = getattr(configuration, "eos_token_id", None)
    if stated is None:
        stated = tokenizer.eos_token_id
    if stated is None:
        return frozenset()
    return frozenset([stated] if isinstance(stated, int) else stated)


def _is_checkpoint(length: int) -> bool:
    """Whether to look at an answer of so many tokens; refusals come early.

    >>> [length for length in range(1, 65) if _is_checkpoint(length)]
    [2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64]
    """
    step = 2 if length <= 16 else 4 if length <= 32 else 8
    return length % step == 0


def _uniforms(rows: Sequence[Row]) -> list[float]:
    return [0.0 if row.uniforms is None else float(row.uniforms[len(row.tokens)]) for row in rows]


def _drawn(logits: torch.Tensor, uniforms: Sequence[float], temperature: float) -> torch.Tensor:
    """Draw a token for each row by inverting the distribution function."""
    weights = torch.softmax(logits.float() / temperature, dim=-1).cumsum(dim=-1)
    points = torch.tensor(uniforms, device=logits.device, dtype=weights.dtype)[:, None]
    tokens = torch.searchsorted(weights, points * weights[:, -1:], right=True)
    return tokens.squeeze(-1).clamp_(max=logits.shape[-1] - 1)
