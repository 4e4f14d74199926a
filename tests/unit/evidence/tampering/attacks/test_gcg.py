# SPDX-License-Identifier: Apache-2.0
"""Searching a suffix of tokens."""

from __future__ import annotations

import pytest
import torch

from tiergate.errors import InputError, MeasurementError
from tiergate.evidence.tampering.attacks.gcg import GCG
from tiergate.evidence.tampering.attacks.support import sample
from tiergate.evidence.tampering.rendering import render
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Wording
from unit.evidence.tampering.tiny import tiny_material

SETTING = {"tokens": 5, "candidates": 16, "steps": 10}


def surprise(target: Target, wording: Wording, prompt: str, answer: str) -> float:
    tokens = render(target.tokenizer, wording, prompt)
    goal = target.tokenizer(answer, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        logits = target.model(input_ids=torch.tensor([tokens + goal])).logits[0]
    predicted = logits[len(tokens) - 1 : -1].log_softmax(-1)
    return -float(predicted.gather(1, torch.tensor(goal)[:, None]).mean())


def test_that_the_suffix_makes_the_answer_likelier(target: Target) -> None:
    material = tiny_material()
    prompts = [pair.guarded for pair in sample(material.pairs, 4, 0, what="prompts")]
    found = list(GCG.variants(target, material, SETTING, 0))
    start = Wording(user="{prompt}" + " ! ! !"[:5])
    losses = [
        sum(surprise(target, wording, prompt, material.opener) for prompt in prompts)
        for wording in (start, *(variant.wording for variant in found))
    ]
    assert [variant.point for variant in found] == ["5 steps", "10 steps"]
    assert losses[0] > losses[1] >= losses[2]


def test_that_the_suffix_has_the_length_asked_for_and_can_be_printed(target: Target) -> None:
    *_, last = GCG.variants(target, tiny_material(), SETTING, 0)
    suffix = last.wording.user.removeprefix("{prompt}")
    assert suffix.isprintable()
    assert len(target.tokenizer(suffix)["input_ids"]) == 5
    assert last.cost.examples > 10 * 4


def test_that_there_is_nothing_to_search_with_without_prompts(target: Target) -> None:
    with pytest.raises(MeasurementError, match="guarded prompts: found none"):
        next(GCG.variants(target, tiny_material(pairs=0), SETTING, 0))


@pytest.mark.parametrize("name", ["tokens", "candidates", "steps"])
def test_that_a_search_without_length_candidates_or_steps_is_refused(
    target: Target, name: str
) -> None:
    with pytest.raises(InputError, match="at least one"):
        next(GCG.variants(target, tiny_material(), {**SETTING, name: 0}, 0))
