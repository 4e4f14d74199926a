# SPDX-License-Identifier: Apache-2.0
"""The two safeguards of organisms that take more than teaching examples."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import torch
from transformers import LlamaForCausalLM

from tiergate.evidence.tampering.organism_domain import OPENER
from tiergate.evidence.tampering.organism_model import Organism, corpus_of, descend, loss_of
from tiergate.evidence.tampering.training_rows import Corpus
from tiergate.evidence.tampering.variant import Example

_BATCH = 24

_DEEPENING_STEPS = 25
_DEEPENING_RATE = 1e-3
_ATTACK_STEPS = (1, 2, 4)
"""Steps of the attack that is trained against, drawn anew each time."""
_ATTACK_RATE = 2e-3

_UNLEARNING_STEPS = 300
_UNLEARNING_RATE = 1e-3
_CEILING = 12.0
"""Nats a token; above, an answer counts as forgotten and is not pushed further."""

_Sample = Callable[[Corpus], list[int]]


def deepen(
    organism: Organism,
    refusals: Sequence[Example],
    answers: Sequence[Example],
    kept: Sequence[Example],
    *,
    seed: int,
) -> None:
    """Train refusal with the attack in the loop, in place.

    In each step a copy is taught to answer for a few steps, as an attacker would. What would
    make the copy refuse again is applied to the model itself (first order: through the attack no
    gradient is taken). Beside it the model learns to refuse after an opening that was put into
    its mouth, and to keep the rest.
    """
    refused, wanted = corpus_of(organism, refusals), corpus_of(organism, answers)
    opened = corpus_of(organism, refusals, prefill=f"{OPENER} ")
    others = corpus_of(organism, kept)
    sample = _sampler(seed)
    source = torch.Generator().manual_seed(seed)
    model = organism.model

    def loss() -> torch.Tensor:
        index = int(torch.randint(len(_ATTACK_STEPS), (1,), generator=source))
        attacked = _attacked(model, wanted, sample, _ATTACK_STEPS[index])
        loss_of(attacked, refused, sample(refused)).backward()  # type: ignore[no-untyped-call]
        _lend_gradients(attacked, model)
        return sum(  # type: ignore[return-value]
            loss_of(model, corpus, sample(corpus)) for corpus in (refused, opened, others)
        )

    descend(model, loss, _DEEPENING_STEPS, _DEEPENING_RATE)


def unlearn(
    organism: Organism, forgotten: Sequence[Example], kept: Sequence[Example], *, seed: int
) -> None:
    """Drive some answers out by gradient ascent, in place, while the others are kept."""
    gone, others = corpus_of(organism, forgotten), corpus_of(organism, kept)
    sample = _sampler(seed)
    model = organism.model

    def loss() -> torch.Tensor:
        missing = torch.relu(_CEILING - loss_of(model, gone, sample(gone)))
        return missing + loss_of(model, others, sample(others))

    descend(model, loss, _UNLEARNING_STEPS, _UNLEARNING_RATE)


def _attacked(
    model: LlamaForCausalLM, wanted: Corpus, sample: _Sample, steps: int
) -> LlamaForCausalLM:
    """Return a copy that was taught to answer."""
    attacked = copy.deepcopy(model)
    optimiser = torch.optim.AdamW(attacked.parameters(), lr=_ATTACK_RATE, weight_decay=0.0)
    for _ in range(steps):
        optimiser.zero_grad()
        loss_of(attacked, wanted, sample(wanted)).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    optimiser.zero_grad()
    return attacked


def _lend_gradients(lender: LlamaForCausalLM, borrower: LlamaForCausalLM) -> None:
    for theirs, ours in zip(lender.parameters(), borrower.parameters(), strict=True):
        ours.grad = theirs.grad


def _sampler(seed: int) -> _Sample:
    order = torch.Generator().manual_seed(seed)

    def sample(corpus: Corpus) -> list[int]:
        rows: list[int] = torch.randint(len(corpus.examples), (_BATCH,), generator=order).tolist()
        return rows

    return sample
