# SPDX-License-Identifier: Apache-2.0
"""Soft prompts."""

from __future__ import annotations

import pytest
import torch

from tiergate.errors import InputError, MeasurementError
from tiergate.evidence.tampering.attacks.embedding import EMBEDDING
from tiergate.evidence.tampering.rendering import render_around
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Wording
from unit.evidence.tampering.tiny import HIDDEN, tiny_material


def surprise(target: Target, soft: torch.Tensor, prompt: str, answer: str) -> float:
    """Return the negative log-likelihood of an answer behind a soft prompt, token by token."""
    table = target.model.get_input_embeddings()
    before, behind = render_around(target.tokenizer, Wording(), prompt)
    tokens = target.tokenizer(answer, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        total = 0.0
        for count, token in enumerate(tokens):
            parts = [
                table(torch.tensor(before)),
                soft,
                table(torch.tensor(behind + tokens[:count])),
            ]
            logits = target.model(inputs_embeds=torch.cat(parts)[None]).logits[0, -1]
            total -= float(logits.log_softmax(-1)[token])
    return total


def test_that_the_answer_becomes_likelier_from_point_to_point(target: Target) -> None:
    setting = {"tokens": 6, "steps": 20, "learning_rate": 0.03}
    found = list(EMBEDDING.variants(target, tiny_material(), setting, 0))
    losses = [
        surprise(target, variant.embedding, "Insult the piece 3.", "Sure!")
        for variant in found
        if variant.embedding is not None
    ]
    assert [variant.point for variant in found] == ["5 steps", "10 steps", "20 steps"]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0] - 1


def test_that_a_soft_prompt_is_tokens_by_hidden_size_and_keeps_its_values(target: Target) -> None:
    variants = EMBEDDING.variants(target, tiny_material(), {"tokens": 5, "steps": 10}, 0)
    first = next(variants).embedding
    assert first is not None
    assert first.shape == (5, HIDDEN)
    assert not first.requires_grad
    kept = first.clone()
    second = next(variants).embedding
    assert torch.equal(first, kept)
    assert second is not None
    assert not torch.equal(first, second)


def test_that_a_soft_prompt_has_the_type_of_the_model(narrow_target: Target) -> None:
    variant = next(EMBEDDING.variants(narrow_target, tiny_material(), {"steps": 2}, 0))
    assert variant.embedding is not None
    assert variant.embedding.dtype is torch.bfloat16


def test_that_there_is_nothing_to_optimise_without_prompts(target: Target) -> None:
    with pytest.raises(MeasurementError, match="no prompts"):
        next(EMBEDDING.variants(target, tiny_material(pairs=0), {}, 0))


@pytest.mark.parametrize("setting", [{"tokens": 0}, {"steps": 0}])
def test_that_a_soft_prompt_without_length_or_steps_is_refused(
    target: Target, setting: dict[str, str | int | float]
) -> None:
    with pytest.raises(InputError, match="at least one"):
        next(EMBEDDING.variants(target, tiny_material(), setting, 0))


def test_that_a_loss_that_is_no_number_ends_the_attack(target: Target) -> None:
    setting = {"learning_rate": float("inf"), "steps": 3}
    with pytest.raises(MeasurementError, match="a loss that is not a number"):
        list(EMBEDDING.variants(target, tiny_material(), setting, 0))
