# SPDX-License-Identifier: Apache-2.0
"""Projecting directions out of the weights."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    PreTrainedModel,
)

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.attacks.ablation import ABLATION, ablate
from tiergate.evidence.tampering.attacks.representations import (
    Contrast,
    contrast,
    last_positions,
    layer_at,
)
from tiergate.evidence.tampering.attacks.structure import embeddings, residual_writers
from tiergate.evidence.tampering.flop import FlopMeter
from tiergate.evidence.tampering.target import Target
from unit.evidence.tampering.tiny import tiny_material, tiny_tokenizer


def found_in(target: Target, seed: int = 0) -> Contrast:
    return contrast(target, tiny_material(), most=32, seed=seed, meter=FlopMeter())


def written_along(target: Target, directions: torch.Tensor, layer: int) -> float:
    """Return the largest part of what a layer writes, for any input, along the directions."""
    parts = [
        (directions @ matrix.by_output.float()).abs().amax()
        for matrix in residual_writers(target, layer)
    ]
    return float(torch.stack(parts).amax())


@pytest.mark.parametrize("count", [1, 2, 3])
def test_that_no_layer_writes_along_the_directions_any_more(target: Target, count: int) -> None:
    directions = found_in(target).directions(1, count)
    assert len(directions) == count
    assert written_along(target, directions, 1) > 0.01
    with target.edited():
        setting = {"depth": 0.55, "directions": count}
        next(ABLATION.variants(target, tiny_material(), setting, 0))
        for layer in range(3):
            assert written_along(target, directions, layer) < 1e-6
        embedding = embeddings(target)
        assert (embedding @ directions.T).abs().amax() < 1e-6


def test_that_the_stream_itself_has_no_part_along_the_direction(target: Target) -> None:
    directions = found_in(target).directions(1, 2)
    prompts = ["Insult the piece 3.", "Say hello."]
    assert (last_positions(target, prompts) @ directions.T).abs().amax() > 0.01
    with target.edited():
        ablate(target, directions, range(3))
        assert (last_positions(target, prompts) @ directions.T).abs().amax() < 1e-5


def test_that_what_is_not_along_the_direction_stays(target: Target) -> None:
    (direction,) = found_in(target).directions(1, 1)
    before = target.model.get_parameter("model.layers.0.mlp.down_proj.weight").clone()
    with target.edited():
        ablate(target, direction[None], range(3))
        after = target.model.get_parameter("model.layers.0.mlp.down_proj.weight")
        lost = before - after
        assert torch.linalg.matrix_rank(lost, atol=1e-5) == 1
        assert (lost - torch.outer(direction, direction @ before)).abs().amax() < 1e-6


def test_that_queries_are_not_taken_for_writers(target: Target) -> None:
    names = [matrix.name for matrix in residual_writers(target, 0)]
    assert names == ["model.layers.0.self_attn.o_proj", "model.layers.0.mlp.down_proj"]


def test_that_only_middle_layers_are_edited_where_the_setting_says_so(target: Target) -> None:
    before = target.digests()
    with target.edited():
        next(ABLATION.variants(target, tiny_material(), {"scope": "middle layers"}, 0))
        changed = {name for name, found in target.digests().items() if found != before[name]}
    first, last = layer_at(target, 0.25), layer_at(target, 0.85)
    assert changed == {
        f"{matrix.name}.weight"
        for layer in range(first, last + 1)
        for matrix in residual_writers(target, layer)
    }


def test_that_each_layer_can_lose_a_direction_of_its_own(target: Target) -> None:
    found = found_in(target)
    with target.edited():
        next(ABLATION.variants(target, tiny_material(), {"scope": "each layer its own"}, 0))
        for layer, other in itertools.product(range(3), repeat=2):
            part = written_along(target, found.directions(layer, 1), other)
            assert (part < 1e-6) == (layer == other)


def test_that_the_seed_draws_the_prompts_of_the_direction(target: Target) -> None:
    first, again, other = (found_in(target, seed).directions(1, 1)[0] for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert 0.1 < float(first @ other) < 0.9999


def test_that_directions_are_orthonormal_and_begin_with_the_difference_of_means(
    target: Target,
) -> None:
    found = found_in(target)
    directions = found.directions(2, 3)
    mean = found.mean_difference(2)
    assert torch.allclose(directions @ directions.T, torch.eye(3), atol=1e-5)
    assert torch.allclose(directions[0], mean / mean.norm(), atol=1e-6)


def test_that_a_planted_direction_is_found() -> None:
    torch.manual_seed(0)
    planted, _ = torch.linalg.qr(torch.randn(32, 2))
    twin = torch.randn(50, 1, 32)
    amounts = torch.stack([torch.full((50,), 4.0), torch.randn(50)], dim=1)
    guarded = twin + (amounts @ planted.T)[:, None] + 0.01 * torch.randn(50, 1, 32)
    found = Contrast(guarded=guarded, twin=twin).directions(0, 2)
    assert torch.linalg.svdvals(found @ planted).amin() > 0.999


def test_that_fewer_directions_come_back_than_the_pairs_span() -> None:
    torch.manual_seed(0)
    one = Contrast(guarded=torch.randn(1, 1, 8), twin=torch.randn(1, 1, 8))
    assert len(one.directions(0, 3)) == 1


def test_that_there_is_no_direction_between_equal_prompts(target: Target) -> None:
    material = tiny_material()
    same = tuple(replace(pair, twin=pair.guarded) for pair in material.pairs)
    with pytest.raises(MeasurementError, match="the same representation"):
        next(ABLATION.variants(target, replace(material, pairs=same), {}, 0))


def test_that_there_is_no_direction_without_twins(target: Target) -> None:
    material = tiny_material()
    lone = tuple(replace(pair, twin="") for pair in material.pairs)
    with pytest.raises(MeasurementError, match="pairs of a guarded prompt and a twin: found none"):
        next(ABLATION.variants(target, replace(material, pairs=lone), {}, 0))


def test_that_a_prompt_is_represented_alike_whatever_it_is_batched_with(target: Target) -> None:
    short, long = "Hi.", "A much longer prompt about the pieces of the game."
    together = last_positions(target, [long, short])
    assert torch.allclose(together[1], last_positions(target, [short])[0], atol=1e-5)
    assert torch.allclose(together[0], last_positions(target, [long])[0], atol=1e-5)


def test_that_representations_are_what_the_model_computes(target: Target) -> None:
    from tiergate.evidence.tampering.rendering import render
    from tiergate.evidence.tampering.variant import Wording

    tokens = render(target.tokenizer, Wording(), "Hi.")
    found = last_positions(target, ["Hi."])[0]
    with torch.no_grad():
        states = target.model(
            input_ids=torch.tensor([tokens]), output_hidden_states=True
        ).hidden_states
    # The last of these is normalised already.
    assert torch.allclose(found[0], states[1][0, -1], atol=1e-5)
    assert torch.allclose(found[1], states[2][0, -1], atol=1e-5)


@pytest.mark.parametrize(
    ("depth", "layer"), [(0, 0), (0.3, 0), (0.4, 1), (0.55, 1), (0.7, 2), (1, 2)]
)
def test_that_a_depth_is_a_layer(target: Target, depth: float, layer: int) -> None:
    assert layer_at(target, depth) == layer


def test_that_a_depth_outside_of_the_model_is_refused(target: Target) -> None:
    with pytest.raises(MeasurementError, match="a fraction between 0 and 1"):
        layer_at(target, 1.5)


class Bare:
    """Stands for a target with another architecture, in memory only."""

    def __init__(self, model: PreTrainedModel, layers: torch.nn.ModuleList) -> None:
        self.model = model.requires_grad_(requires_grad=False)
        model.train(mode=False)
        self.layers = layers
        self.tokenizer = tiny_tokenizer()
        self.device = torch.device("cpu")


def gpt2() -> Bare:
    config = GPT2Config(vocab_size=261, n_embd=32, n_layer=2, n_head=4, n_positions=256)
    model = GPT2LMHeadModel(config)
    return Bare(model, model.transformer.h)


def gpt_neox() -> Bare:
    config = GPTNeoXConfig(
        vocab_size=261,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=256,
    )
    model = GPTNeoXForCausalLM(config)
    return Bare(model, model.gpt_neox.layers)


@pytest.mark.parametrize("build", [gpt2, gpt_neox])
def test_that_other_architectures_lose_the_direction_too(build: Callable[[], Bare]) -> None:
    torch.manual_seed(0)
    other = build()
    for name, parameter in other.model.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(parameter)
    direction = torch.nn.functional.normalize(torch.randn(1, 32))
    ablate(other, direction, range(2))  # type: ignore[arg-type]
    for layer in range(2):
        writers = residual_writers(other, layer)  # type: ignore[arg-type]
        assert len(writers) == 2
        for matrix in writers:
            given = torch.randn(5, matrix.by_output.shape[-1])
            assert (matrix.module(given) @ direction.T).abs().amax() < 1e-5
