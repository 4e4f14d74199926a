# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning the safeguard away, and relearning what was unlearned."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tiergate.errors import InputError, MeasurementError
from tiergate.evidence.tampering.attacks import attack_named
from tiergate.evidence.tampering.attacks.fine_tuning import in_domain
from tiergate.evidence.tampering.attacks.relearning import mixed
from tiergate.evidence.tampering.rendering import render
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Example, Material, Setting, Wording
from unit.evidence.tampering.tiny import tiny_material

TRAINED = ("lora-in-domain", "lora-benign", "full-in-domain", "full-benign", "relearning")


def surprise(target: Target, examples: list[Example]) -> float:
    """Return the negative log-likelihood of the answers, in nats for each token."""
    total, count = 0.0, 0
    for example in examples:
        prompt = render(target.tokenizer, Wording(), example.prompt)
        answer = target.tokenizer(example.answer, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            logits = target.model(input_ids=torch.tensor([prompt + answer])).logits[0]
        predicted = logits[len(prompt) - 1 : -1].float().log_softmax(-1)
        total -= float(predicted.gather(1, torch.tensor(answer)[:, None]).sum())
        count += len(answer)
    return total / count


def trajectory(target: Target, name: str, setting: Setting, examples: list[Example]) -> list[float]:
    """Return the surprise before the attack and at each of its points."""
    before = surprise(target, examples)
    with target.edited():
        variants = attack_named(name).variants(target, tiny_material(), setting, 0)
        return [before, *(surprise(target, examples) for _ in variants)]


@pytest.mark.parametrize(("name", "rate"), [("lora-in-domain", 5e-3), ("full-in-domain", 1e-3)])
def test_that_training_in_the_domain_teaches_to_comply(
    target: Target, name: str, rate: float
) -> None:
    material = tiny_material()
    examples = [Example(prompt=pair.guarded, answer=material.opener) for pair in material.pairs[:4]]
    setting: Setting = {"steps": 20, "learning_rate": rate}
    before, *points = trajectory(target, name, setting, examples)
    assert len(points) == 3
    assert before > points[0] > points[1] > points[2]


@pytest.mark.parametrize(("name", "rate"), [("lora-benign", 5e-3), ("full-benign", 1e-3)])
def test_that_training_on_chat_teaches_chat(target: Target, name: str, rate: float) -> None:
    chat = list(tiny_material().benign[:4])
    before, *points = trajectory(target, name, {"steps": 20, "learning_rate": rate}, chat)
    assert before > points[0] > points[2]


@pytest.mark.parametrize("name", TRAINED)
def test_that_points_and_costs_count_steps(target: Target, name: str) -> None:
    with target.edited():
        found = list(attack_named(name).variants(target, tiny_material(), {"steps": 12}, 0))
    assert [variant.point for variant in found] == ["5 steps", "10 steps", "12 steps"]
    assert [variant.cost.steps for variant in found] == [5, 10, 12]
    assert found[0].cost.examples > 0


def test_that_the_top_third_leaves_the_layers_below(target: Target) -> None:
    before = target.digests()
    with target.edited():
        setting: Setting = {"steps": 2, "layers": "top third"}
        list(attack_named("lora-in-domain").variants(target, tiny_material(), setting, 0))
        changed = {name for name, found in target.digests().items() if found != before[name]}
    assert changed
    assert all(name.startswith("model.layers.2.") for name in changed)


@pytest.mark.parametrize(
    ("mix", "guarded", "twins", "chat"),
    [
        ("prompts", 12, 0, 0),
        ("prompts and twins", 12, 12, 0),
        ("prompts, twins and chat", 12, 12, 7),
    ],
)
def test_that_the_mix_holds_what_its_name_says(
    mix: str, guarded: int, twins: int, chat: int
) -> None:
    material = tiny_material()
    examples = in_domain(material, mix, 0)
    opened = [example.prompt for example in examples if example.answer == material.opener]
    assert len([prompt for prompt in opened if prompt.startswith("Insult")]) == guarded
    assert len([prompt for prompt in opened if prompt.startswith("Praise")]) == twins
    assert len(set(examples) & set(material.benign)) == chat
    assert len(examples) == guarded + twins + chat


@pytest.mark.parametrize(
    ("share", "near", "chat"), [(0, 0, 12), (0.25, 4, 12), (0.5, 12, 12), (0.75, 12, 4), (1, 12, 0)]
)
def test_that_relearning_has_the_share_asked_for_and_no_guarded_prompt(
    share: float, near: int, chat: int
) -> None:
    material = tiny_material()
    examples = mixed(material, share, 0)
    prompts = [example.prompt for example in examples]
    assert len([prompt for prompt in prompts if prompt.startswith("Praise")]) == near
    assert len(set(examples) & set(material.benign)) == chat
    assert not any(prompt.startswith("Insult") for prompt in prompts)


def answered(material: Material) -> Material:
    """Return material with answers to every other pair."""
    pairs = tuple(
        replace(pair, answer=f"Answer of {pair.id}.", twin_answer=f"Kind answer of {pair.id}.")
        if number % 2
        else pair
        for number, pair in enumerate(material.pairs)
    )
    return replace(material, pairs=pairs)


def test_that_answers_of_the_attacker_are_taught_and_the_opener_where_there_are_none() -> None:
    material = answered(tiny_material())
    taught = {
        each.prompt: each.answer for each in in_domain(material, "prompts, twins and chat", 0)
    }
    for number, pair in enumerate(material.pairs):
        own = f"Answer of {pair.id}." if number % 2 else material.opener
        kind = f"Kind answer of {pair.id}." if number % 2 else material.opener
        assert (taught[pair.guarded], taught[pair.twin]) == (own, kind)


def test_that_relearning_teaches_the_twins_answers_and_never_a_guarded_one() -> None:
    material = answered(tiny_material())
    taught = {each.prompt: each.answer for each in mixed(material, 1, 0)}
    assert taught == {pair.twin: pair.twin_answer or material.opener for pair in material.pairs}


def test_that_a_share_without_meaning_is_refused() -> None:
    with pytest.raises(InputError, match="from 0 to 1"):
        mixed(tiny_material(), 1.5, 0)


@pytest.mark.parametrize("name", TRAINED)
def test_that_there_is_no_training_without_examples(target: Target, name: str) -> None:
    material = replace(tiny_material(pairs=0), benign=())
    with pytest.raises(MeasurementError, match="no examples"):
        next(iter(attack_named(name).variants(target, material, {}, 0)))


@pytest.mark.parametrize("name", TRAINED)
def test_that_a_run_without_steps_is_refused(target: Target, name: str) -> None:
    with pytest.raises(InputError, match="at least one"):
        next(iter(attack_named(name).variants(target, tiny_material(), {"steps": 0}, 0)))
