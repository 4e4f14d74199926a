# SPDX-License-Identifier: Apache-2.0
"""What a model can still do is read from the likelihood of true answers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import torch

from tiergate.evidence.tampering import capability
from tiergate.evidence.tampering.capability import (
    Choice,
    UtilitySet,
    measure_utility,
    shipped_utility,
)
from tiergate.evidence.tampering.rendering import render
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Example, Wording
from unit.evidence.tampering.tiny import tiny_target

ITEMS = tuple(
    Example(prompt=prompt, answer=answer)
    for prompt, answer in [
        ("What is one plus one?", "Two."),
        ("Sky?", "The sky is blue on most days of the year."),
        ("Name a colour that is not the colour of the sky at noon.", "Red"),
    ]
)
CHOICES = (
    Choice(question="What do bees make?", options=("honey", "glass", "a very long road"), right=0),
    Choice(question="Up?", options=("down", "up"), right=1),
)
BOTH = UtilitySet(items=ITEMS, choices=CHOICES)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    found = tiny_target(tmp_path / "model")
    yield found
    found.close()


def _loss(target: Target, opening: list[int], answer: str) -> float:
    """Read one prompt and answer alone, and add up what each token costs."""
    tokens = target.tokenizer(answer, add_special_tokens=False)["input_ids"]
    ids = torch.tensor([[*opening, *tokens]])
    with torch.inference_mode():
        logits = cast("Any", target.model)(ids).logits[0].log_softmax(dim=-1)
    costs = [-float(logits[len(opening) + place - 1, token]) for place, token in enumerate(tokens)]
    return math.fsum(costs) / len(costs)


def test_that_likelihoods_are_those_of_reading_each_answer_alone(target: Target) -> None:
    expected = [
        _loss(target, render(target.tokenizer, Wording(), item.prompt), item.answer)
        for item in ITEMS
    ]
    assert measure_utility(target, BOTH).likelihood == pytest.approx(expected, rel=1e-4)


def test_that_a_task_is_right_when_its_right_option_is_the_likeliest(target: Target) -> None:
    expected = 0
    for choice in CHOICES:
        opening = render(target.tokenizer, Wording(), choice.question)
        losses = [_loss(target, opening, option) for option in choice.options]
        expected += losses.index(min(losses)) == choice.right
    found = measure_utility(target, BOTH)
    assert (found.correct, found.asked) == (expected, len(CHOICES))


def test_that_each_task_has_exactly_one_option_that_would_be_right(target: Target) -> None:
    for choice in CHOICES:
        correct = 0
        for right in range(len(choice.options)):
            again = Choice(question=choice.question, options=choice.options, right=right)
            correct += measure_utility(target, UtilitySet(items=(), choices=(again,))).correct
        assert correct == 1


def test_that_options_read_after_one_prompt_are_as_likely_as_each_read_alone(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = shipped_utility()
    asked = UtilitySet(items=shipped.items[:3], choices=shipped.choices[:5])
    together = measure_utility(target, asked)
    monkeypatch.setattr(capability, "_can_branch", lambda *_: False)
    apart = measure_utility(target, asked)
    assert together.likelihood == pytest.approx(apart.likelihood, rel=1e-4)
    assert together.correct == apart.correct


def test_that_equal_options_are_not_right(target: Target) -> None:
    same = Choice(question="Up?", options=("up", "up"), right=0)
    assert measure_utility(target, UtilitySet(items=(), choices=(same,))).correct == 0


def test_that_a_model_without_chat_template_is_asked_in_plain_words(target: Target) -> None:
    cast("Any", target.tokenizer).chat_template = None
    raw = Wording(user="Question: {prompt}\nAnswer:", uses_template=False)
    expected = [
        _loss(target, render(target.tokenizer, raw, item.prompt), f" {item.answer}")
        for item in ITEMS
    ]
    assert measure_utility(target, BOTH).likelihood == pytest.approx(expected, rel=1e-4)


def test_that_a_likelihood_that_is_not_a_number_is_infinite(target: Target) -> None:
    with torch.no_grad():
        cast("Any", target.model).model.layers[0].mlp.down_proj.weight[0, 0] = torch.nan
    found = measure_utility(target, BOTH)
    assert found.likelihood == (math.inf,) * len(ITEMS)
    assert (found.correct, found.asked) == (0, len(CHOICES))


def test_that_nothing_asked_is_nothing_found(target: Target) -> None:
    found = measure_utility(target, UtilitySet(items=(), choices=()))
    assert (found.likelihood, found.correct, found.asked) == ((), 0, 0)


def test_that_the_items_that_ship_can_be_read() -> None:
    shipped = shipped_utility()
    assert len(shipped.items) >= 20
    assert len(shipped.choices) >= 10
    assert all(0 <= choice.right < len(choice.options) for choice in shipped.choices)
