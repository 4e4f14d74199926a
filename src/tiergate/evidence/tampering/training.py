# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning in place, as an attacker does it: one run, measured at several points.

The loss is on the answers alone, and predictions are computed at their tokens only. Batches
are packed without padding and their shared beginning is computed once, which most of the
speed comes from (:mod:`tiergate.evidence.tampering.training_rows`).
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import cross_entropy

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.flop import FlopMeter
from tiergate.evidence.tampering.learning import Learner, LowRank, Whole
from tiergate.evidence.tampering.training_rows import Corpus, Encoded, Row, encode, singly, together
from tiergate.evidence.tampering.variant import Example, Wording

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from tiergate.evidence.tampering.target import Target

_CLIP = 1.0
"""Gradients longer than this are shortened to it."""
_SAME_LOSS = 0.05
"""Packed and single examples may differ by so many nats a token, which is rounding."""
_PACKABLE_ATTENTION = frozenset({"sdpa", "eager"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """How a model is fine-tuned.

    The learning rate is constant, so that a run that is measured at several points is the same
    up to each of them as a run that ends there.
    """

    learning_rate: float
    """Of AdamW without weight decay."""
    batch_size: int = 8
    """Examples in a step."""
    rank: int | None = 16
    """Rank of the adapters; None trains the weights themselves."""
    layers: str = "all"
    """``all``, or ``top third``, which is twice as fast."""
    max_tokens: int = 192
    """Longer examples are cut."""


def train(  # noqa: PLR0913 - four that say what, two that say how
    target: Target,
    examples: Sequence[Example],
    plan: TrainingPlan,
    points: Sequence[int],
    *,
    seed: int,
    wording: Wording = Wording(),  # noqa: B008 - frozen
) -> Generator[tuple[int, Cost], None, None]:
    """Fine-tune in place and pause at some steps.

    While it is paused the model's own parameters hold the trained weights, it is in evaluation
    mode, and no hooks, modules or gradients are left in it. Going on, it continues as if there
    had been no pause. Once it is closed the weights stay as at the last pause.

    Args:
        target: the model; what was edited before is where training starts.
        examples: prompts with the answers that are taught, at least one.
        plan: how to train.
        points: steps to pause after, ascending.
        seed: of the adapters and of the order of examples.
        wording: how prompts reach the model.

    Yields:
        The steps done and what they cost, the time in pauses not counted.

    Raises:
        MeasurementError: the loss is not a number any more, or there is nothing to train.
    """
    corpus = encode(target.tokenizer, examples, wording, plan.max_tokens)
    yield from train_on(target, corpus, plan, points, seed=seed)


def train_on(
    target: Target, corpus: Corpus, plan: TrainingPlan, points: Sequence[int], *, seed: int
) -> Generator[tuple[int, Cost], None, None]:
    """Fine-tune on examples that are tokens already; otherwise as :func:`train`."""
    run = _Run(target, corpus, plan, seed)
    try:
        for point in points:
            run.advance(point)
            yield point, run.cost
    finally:
        run.learner.leave()


class _Run:
    """State of a run between pauses."""

    def __init__(self, target: Target, corpus: Corpus, plan: TrainingPlan, seed: int) -> None:
        self._model = target.model
        self._meter = FlopMeter()
        self._added_flop = 0
        self.cost = Cost()
        self._batches = corpus.batches(plan.batch_size, seed)
        self._rows = _arrangement(target, corpus)
        self.learner = _learner(target, plan, seed)
        self._optimiser = torch.optim.AdamW(
            self.learner.tensors, lr=plan.learning_rate, weight_decay=0.0, fused=True
        )

    def advance(self, point: int) -> None:
        """Train until so many steps are done, and leave the model with the weights."""
        begun = time.perf_counter()
        examples = 0
        steps = point - self.cost.steps
        self.learner.enter()
        try:
            with self._meter.counting(self._model):
                for _ in range(steps):
                    batch = next(self._batches)
                    self._step(batch)
                    examples += len(batch)
        finally:
            self.learner.leave()
        self.cost = Cost(
            steps=point,
            examples=self.cost.examples + examples,
            flop=self._meter.total + self._added_flop,
            seconds=self.cost.seconds + Decimal(f"{time.perf_counter() - begun:.3f}"),
        )

    def _step(self, batch: Sequence[Encoded]) -> None:
        answer_tokens = sum(len(example.answer) for example in batch)
        for row in self._rows(batch):
            self._added_flop += row.inputs["input_ids"].numel() * self.learner.flop_per_token
            loss = summed_loss(self._model, row) / answer_tokens
            if not torch.isfinite(loss):
                raise _diverged(self.cost.steps)
            loss.backward()  # type: ignore[no-untyped-call]
        self.learner.before_step()
        norm = torch.nn.utils.clip_grad_norm_(self.learner.tensors, _CLIP)
        if not torch.isfinite(norm):
            raise _diverged(self.cost.steps)
        self._optimiser.step()
        self._optimiser.zero_grad()
        self.learner.after_step()


def summed_loss(model: PreTrainedModel, row: Row) -> torch.Tensor:
    """Return the negative log-likelihood of the answers, in nats, summed over their tokens.

    The model's output layer is given the hidden states of those tokens alone.
    """
    head = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    handle = head.register_forward_pre_hook(lambda _, inputs: (inputs[0][row.predicting],))
    try:
        logits = model(**row.inputs, use_cache=False).logits
    finally:
        handle.remove()
    return cross_entropy(logits.float(), row.labels, reduction="sum")


def _arrangement(target: Target, corpus: Corpus) -> Callable[[Sequence[Encoded]], Iterator[Row]]:
    """Choose how batches are laid out: packed, unless the model takes other notice of it.

    Some architectures know positions or neighbours by other means than positions and mask; they
    are found by comparing the loss of a few examples both ways.
    """

    def apart(batch: Sequence[Encoded]) -> Iterator[Row]:
        yield singly(corpus, batch, target.device)

    def packed(batch: Sequence[Encoded]) -> Iterator[Row]:
        yield from together(corpus, batch, target.device, target.model.dtype)

    accepted = inspect.signature(target.model.forward).parameters
    if (
        "position_ids" not in accepted
        or target.model.config._attn_implementation not in _PACKABLE_ATTENTION  # noqa: SLF001 - no public name
    ):
        return apart
    probe = corpus.examples[:2]
    tokens = sum(len(example.answer) for example in probe)
    with torch.no_grad():
        alone = sum(summed_loss(target.model, row) for row in apart(probe))
        shared = sum(summed_loss(target.model, row) for row in packed(probe))
    return packed if abs(float(alone - shared)) < _SAME_LOSS * tokens else apart


def _learner(target: Target, plan: TrainingPlan, seed: int) -> Learner:
    if plan.rank is None:
        return Whole(target, plan.layers)
    return LowRank(target, plan.layers, plan.rank, seed)


def _diverged(steps: int) -> MeasurementError:
    return MeasurementError(
        f"training after {steps} steps",
        "a loss that is not a number",
        "finite losses",
        "Use a lower learning rate.",
    )
