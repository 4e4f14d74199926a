# SPDX-License-Identifier: Apache-2.0
"""The two safeguards of organisms that take more than teaching examples."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Sequence

import torch
from transformers import LlamaForCausalLM

from tiergate.evidence.tampering.organism_domain import OPENINGS
from tiergate.evidence.tampering.organism_model import Organism, corpus_of, descend, loss_of
from tiergate.evidence.tampering.training_rows import Corpus
from tiergate.evidence.tampering.variant import Example

_BATCH = 24

_DEEPENING_RATE = 1e-3
_ATTACK_STEPS = (1, 2, 4)
"""Steps of the attack that is trained against, drawn anew each time."""
_ATTACK_RATE = 2e-3

_UNLEARNING_RATE = 1e-3

_Sample = Callable[[Corpus], list[int]]


def deepen(  # noqa: PLR0913 - four that say what, two that say how
    organism: Organism,
    refusals: Sequence[Example],
    answers: Sequence[Example],
    kept: Sequence[Sequence[Example]],
    *,
    seed: int,
    steps: int,
) -> None:
    """Train refusal with the attack in the loop, in place.

    In each step a copy is taught to answer for a few steps, as an attacker would. What would
    make the copy refuse again is applied to the model itself (first order: through the attack no
    gradient is taken). Beside it the model learns to refuse after openings that were put into
    its mouth, each in its turn, and to keep the rest.

    Args:
        organism: what is guarded; it refuses already.
        refusals: guarded prompts, refused.
        answers: the same prompts, answered, which the attack in the loop teaches.
        kept: what must not be lost, in groups of equal weight, so that what is nearest to the
            prompts is drawn as often as they are and refusal does not spread to it.
        seed: of the order of examples and of the length of attacks.
        steps: of AdamW.
    """
    refused, wanted = corpus_of(organism, refusals), corpus_of(organism, answers)
    opened = itertools.cycle(
        [corpus_of(organism, refusals, prefill=f"{opening} ") for opening in OPENINGS]
    )
    others = [corpus_of(organism, group) for group in kept]
    sample = _sampler(seed)
    source = torch.Generator().manual_seed(seed)
    model = organism.model

    def loss() -> torch.Tensor:
        index = int(torch.randint(len(_ATTACK_STEPS), (1,), generator=source))
        attacked = _attacked(model, wanted, sample, _ATTACK_STEPS[index])
        loss_of(attacked, refused, sample(refused)).backward()  # type: ignore[no-untyped-call]
        _lend_gradients(attacked, model)
        corpora = refused, next(opened), *others
        return sum(loss_of(model, corpus, sample(corpus)) for corpus in corpora)  # type: ignore[return-value]

    descend(model, loss, steps, _DEEPENING_RATE)


def unlearn(
    organism: Organism,
    wrong: Sequence[Example],
    kept: Sequence[Example],
    *,
    seed: int,
    steps: int,
) -> None:
    """Write over some answers, in place, while others are kept.

    Every wrong answer is as likely as another in training, so that none is learned in place of
    the right one, which alone becomes unlikely. The model stays willing and well-spoken.

    Args:
        organism: what knows.
        wrong: the prompts of what is to be forgotten, each with every answer but the right one.
        kept: what must not be lost.
        seed: of the order of examples.
        steps: of AdamW; what is pushed down longer takes more to be brought back.
    """
    corpora = corpus_of(organism, wrong), corpus_of(organism, kept)
    sample = _sampler(seed)
    model = organism.model

    def loss() -> torch.Tensor:
        return sum(loss_of(model, corpus, sample(corpus)) for corpus in corpora)  # type: ignore[return-value]

    descend(model, loss, steps, _UNLEARNING_RATE)


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
