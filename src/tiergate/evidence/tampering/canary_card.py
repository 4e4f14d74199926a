# SPDX-License-Identifier: Apache-2.0
"""The card of a checkpoint with a canary safeguard, so that nobody takes it for anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiergate.evidence.tampering.canary import CanaryReport
    from tiergate.evidence.tampering.target import Target

_CARD = """\
---
tags:
- tiergate-canary
base_model_relation: finetune
---

# {name} with a canary safeguard

A test object. A rule that has no purpose of its own was trained into a model: it refuses one
made-up topic ({prompts}) and answers everything else as before. The rule protects nothing, and
no part of it or of its training data is harmful. It is here so that an attack on safeguards can
be seen to work, or not to, on a safeguard that is known to be there. Do not use this checkpoint
for anything else.

- Base checkpoint: {name}, root digest `{root}`. Its licence applies.
- Trained by `tiergate canary` with seed {seed}: {steps} steps on {examples} examples, rank-16
  adapters on the top third of the layers, added into the weights.
- Training data: `{digest}`.
- Held-out prompts, in wordings that were not trained on: {refused} of {guarded} guarded prompts
  refused, {twins_refused} of {twins} twins.
"""


def card_of(target: Target, report: CanaryReport) -> str:
    """Return the text of the card."""
    return _CARD.format(
        name=target.path.name,
        root=target.root_digest,
        prompts=report.prompts,
        seed=report.seed,
        steps=report.cost.steps,
        examples=report.examples,
        digest=report.data_digest,
        refused=report.confirmed.guarded_refused,
        guarded=report.confirmed.guarded,
        twins_refused=report.confirmed.twins_refused,
        twins=report.confirmed.twins,
    )
