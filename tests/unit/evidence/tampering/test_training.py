# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning in place: what it learns, what it leaves behind, and that pauses change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BloomConfig, BloomForCausalLM, GPT2Config, GPT2LMHeadModel

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering import training
from tiergate.evidence.tampering.loading import load_target
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.training import TrainingPlan, summed_loss, train
from tiergate.evidence.tampering.training_rows import encode, singly
from tiergate.evidence.tampering.variant import Example, Wording
from unit.evidence.tampering.tiny import SPECIAL, tiny_target, tiny_tokenizer

EXAMPLES = [
    Example(prompt=f"What is {n} plus 1?", answer="It is " + "i" * n + ".") for n in range(12)
]
LOW_RANK = TrainingPlan(learning_rate=1e-2, batch_size=4, rank=4)
WHOLE = TrainingPlan(learning_rate=1e-3, batch_size=4, rank=None)
TOP_LOW_RANK = TrainingPlan(learning_rate=1e-2, batch_size=4, rank=4, layers="top third")
TOP_WHOLE = TrainingPlan(learning_rate=1e-3, batch_size=4, rank=None, layers="top third")
PLANS = pytest.mark.parametrize(
    "plan",
    [LOW_RANK, WHOLE, TOP_LOW_RANK, TOP_WHOLE],
    ids=["adapters", "whole", "adapters at the top", "whole at the top"],
)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    found = tiny_target(tmp_path / "tiny")
    yield found
    found.close()


@pytest.fixture(params=[torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
def any_target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Target]:
    found = tiny_target(tmp_path / "tiny", dtype=request.param)
    yield found
    found.close()


def loss(target: Target) -> float:
    """Return the mean loss of the examples, one in each row and by the model's own means."""
    corpus = encode(target.tokenizer, EXAMPLES, Wording(), 192)
    row = singly(corpus, corpus.examples, target.device)
    with torch.no_grad():
        return float(summed_loss(target.model, row)) / len(row.labels)


def has_no_trace(target: Target) -> bool:
    """Tell whether nothing of a training is in the model but its weights."""
    return not (
        target.has_hooks
        or any(module.training for module in target.model.modules())
        or any(each.requires_grad or each.grad is not None for each in target.model.parameters())
    )


@PLANS
def test_that_the_examples_are_learned(any_target: Target, plan: TrainingPlan) -> None:
    before = loss(any_target)

    run = train(any_target, EXAMPLES, plan, [30], seed=1)
    next(run)
    during = loss(any_target)
    run.close()

    assert during < before - 0.5


@PLANS
def test_that_a_pause_shows_the_trained_weights_and_no_trace_of_training(
    target: Target, plan: TrainingPlan
) -> None:
    names = [name for name, _ in target.model.named_parameters()]
    digests = set()

    for _ in train(target, EXAMPLES, plan, [1, 2], seed=1):
        assert has_no_trace(target)
        assert [name for name, _ in target.model.named_parameters()] == names
        digests.add(target.digest())

    assert len(digests) == 2
    assert target.weights_digest not in digests


@PLANS
def test_that_pauses_do_not_change_what_is_learned(any_target: Target, plan: TrainingPlan) -> None:
    with any_target.edited():
        list(train(any_target, EXAMPLES, plan, [0, 1, 3, 5], seed=1))
        paused = any_target.digest()
    with any_target.edited():
        list(train(any_target, EXAMPLES, plan, [5], seed=1))
        straight = any_target.digest()

    assert paused == straight


def test_that_another_seed_trains_otherwise(target: Target) -> None:
    digests = []
    for seed in (1, 2, 1):
        with target.edited():
            list(train(target, EXAMPLES, LOW_RANK, [3], seed=seed))
            digests.append(target.digest())

    assert digests[0] == digests[2] != digests[1]


@PLANS
def test_that_no_step_changes_nothing(any_target: Target, plan: TrainingPlan) -> None:
    ((steps, cost),) = train(any_target, EXAMPLES, plan, [0], seed=1)

    assert steps == cost.steps == cost.examples == cost.flop == 0
    assert any_target.is_untouched


@PLANS
def test_that_closing_in_a_pause_leaves_the_weights_and_nothing_else(
    target: Target, plan: TrainingPlan
) -> None:
    run = train(target, EXAMPLES, plan, [1, 2], seed=1)
    next(run)
    digest = target.digest()
    run.close()

    assert target.digest() == digest
    assert has_no_trace(target)


def test_that_training_starts_from_what_was_edited_before(target: Target) -> None:
    edited = target.model.get_parameter("model.layers.0.mlp.up_proj.weight")
    with torch.no_grad():
        edited.zero_()

    for _ in train(target, EXAMPLES, TOP_LOW_RANK, [1, 2], seed=1):
        assert not edited.any()


@pytest.mark.parametrize("plan", [TOP_LOW_RANK, TOP_WHOLE], ids=["adapters", "whole"])
def test_that_the_top_third_leaves_the_layers_below_alone(
    target: Target, plan: TrainingPlan
) -> None:
    before = target.digests()
    list(train(target, EXAMPLES, plan, [2], seed=1))
    changed = {name for name, digest in target.digests().items() if digest != before[name]}

    assert changed
    assert all(name.startswith("model.layers.2.") for name in changed)


def test_that_all_weights_are_trained_without_a_rank(target: Target) -> None:
    before = target.digests()
    list(train(target, EXAMPLES, WHOLE, [1], seed=1))
    after = target.digests()

    kept = {name for name in before if before[name] == after[name]}
    assert kept == {"model.rotary_emb.inv_freq", "model.rotary_emb.original_inv_freq"}


def test_that_a_step_is_what_transformers_and_torch_would_do(target: Target) -> None:
    list(train(target, EXAMPLES[:4], WHOLE, [1], seed=1))
    ours = [each.clone() for each in target.model.parameters()]
    target._restore()

    model = target.model
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0)
    model.requires_grad_()
    corpus = encode(target.tokenizer, EXAMPLES[:4], Wording(), 192)
    tokens = sum(len(each.answer) for each in corpus.examples)
    for each in corpus.examples:
        row = torch.tensor([[*corpus.prefix, *each.prompt, *each.answer]])
        labels = row.clone()
        labels[:, : -len(each.answer)] = -100
        mean = model(input_ids=row, labels=labels).loss
        (mean * len(each.answer) / tokens).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()

    for mine, theirs in zip(ours, model.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs.detach(), rtol=1e-3, atol=2e-4)


def test_that_costs_add_up_and_operations_are_those_of_the_products(target: Target) -> None:
    first, second = (cost for _, cost in train(target, EXAMPLES, WHOLE, [3, 6], seed=1))

    assert (first.steps, first.examples) == (3, 12)
    assert (second.steps, second.examples) == (6, 24)
    # Both passes over the examples have the same tokens, up to how attention pairs them.
    assert second.flop == pytest.approx(2 * first.flop, rel=0.05)
    assert 0 < first.seconds < second.seconds
    # Forward and backward: six operations for each weight and token, at the head for each
    # token of an answer; attention is the rest.
    corpus = encode(target.tokenizer, EXAMPLES, Wording(), 192)
    tokens = 3 * len(corpus.prefix) + sum(len(each.tokens) for each in corpus.examples)
    weights = sum(p.numel() for name, p in target.model.named_parameters() if "proj" in name)
    answer_tokens = sum(len(each.answer) for each in corpus.examples)
    head = target.model.get_parameter("lm_head.weight").numel()
    products = 6 * (tokens * weights + answer_tokens * head)
    assert products < first.flop < 3 * products


def test_that_operations_of_adapters_are_counted(target: Target) -> None:
    costs = []
    for rank in (4, 8):
        plan = TrainingPlan(learning_rate=1e-2, batch_size=4, rank=rank)
        with target.edited():
            ((_, cost),) = train(target, EXAMPLES, plan, [3], seed=1)
        costs.append(cost.flop)

    corpus = encode(target.tokenizer, EXAMPLES, Wording(), 192)
    tokens = 3 * len(corpus.prefix) + sum(len(each.tokens) for each in corpus.examples)
    ends = sum(sum(p.shape) for name, p in target.model.named_parameters() if "proj" in name)
    assert costs[1] - costs[0] == 6 * tokens * 4 * ends


def test_that_the_time_of_a_pause_is_not_counted(target: Target) -> None:
    run = train(target, EXAMPLES, LOW_RANK, [1, 1], seed=1)
    _, first = next(run)
    torch.randn(1500, 1500) @ torch.randn(1500, 1500)
    _, second = next(run)

    assert second.seconds - first.seconds < first.seconds


def test_that_a_loss_that_is_no_number_ends_training_and_leaves_no_trace(target: Target) -> None:
    plan = TrainingPlan(learning_rate=1e30, rank=None)

    with pytest.raises(MeasurementError, match="not a number"), target.edited():
        list(train(target, EXAMPLES, plan, [20], seed=1))

    assert has_no_trace(target)
    assert target.is_untouched


def test_that_nothing_to_learn_from_is_refused(target: Target) -> None:
    with pytest.raises(MeasurementError, match="no examples"):
        next(train(target, [], LOW_RANK, [1], seed=1))


def test_that_wording_and_prefill_reach_the_examples(target: Target) -> None:
    worded = Wording(user="Please: {prompt}", system="Be brief.", prefill="Sure! ")
    with target.edited():
        list(train(target, EXAMPLES, LOW_RANK, [1], seed=1))
        plain = target.digest()
    list(train(target, EXAMPLES, LOW_RANK, [1], seed=1, wording=worded))

    assert target.digest() != plain


SIZES: dict[str, Any] = {"vocab_size": len(SPECIAL) + 256, "bos_token_id": 0, "eos_token_id": 1}


def other_target(folder: Path, architecture: str) -> Target:
    """Write a tiny model of another architecture and load it."""
    torch.manual_seed(0)
    model: GPT2LMHeadModel | BloomForCausalLM
    if architecture == "GPT-2":
        model = GPT2LMHeadModel(GPT2Config(**SIZES, n_embd=32, n_layer=3, n_head=4))
    else:
        model = BloomForCausalLM(BloomConfig(**SIZES, hidden_size=32, n_layer=3, n_head=4))
    model.save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return load_target(folder, device="cpu")


@pytest.fixture(params=["GPT-2", "Bloom"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Target]:
    found = other_target(tmp_path / "other", request.param)
    yield found
    found.close()


@PLANS
def test_that_other_architectures_are_trained_too(other: Target, plan: TrainingPlan) -> None:
    # Bloom normalises its embeddings, so what its one layer at the top adds is small beside what
    # comes in: in 20 steps of plain AdamW too the loss falls by 0.09 there, in 40 by 0.24.
    before = loss(other)

    for _ in train(other, EXAMPLES, plan, [40], seed=1):
        assert has_no_trace(other)
        assert loss(other) < before - 0.2


def test_that_a_model_that_ignores_positions_and_mask_is_given_one_example_a_row(
    tmp_path: Path,
) -> None:
    other = other_target(tmp_path / "other", "Bloom")
    corpus = encode(other.tokenizer, EXAMPLES, Wording(), 192)

    (row,) = training._arrangement(other, corpus)(corpus.examples[:3])
    other.close()

    assert len(row.inputs["input_ids"]) == 3


def test_that_a_model_that_follows_them_is_given_one_row(target: Target) -> None:
    corpus = encode(target.tokenizer, EXAMPLES, Wording(), 192)

    (row,) = training._arrangement(target, corpus)(corpus.examples[:3])

    assert len(row.inputs["input_ids"]) == 1


def test_that_an_attention_that_takes_no_mask_of_ours_is_given_one_example_a_row(
    target: Target,
) -> None:
    corpus = encode(target.tokenizer, EXAMPLES, Wording(), 192)
    target.model.set_attn_implementation("flex_attention")

    (row,) = training._arrangement(target, corpus)(corpus.examples[:3])

    assert len(row.inputs["input_ids"]) == 3
