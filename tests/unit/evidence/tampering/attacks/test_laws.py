# SPDX-License-Identifier: Apache-2.0
"""What holds for every attack."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tiergate.errors import InputError
from tiergate.evidence.tampering.adversary import Access
from tiergate.evidence.tampering.attacks import ATTACK_NAMES, attack_named
from tiergate.evidence.tampering.suites import DRAWN
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Material, Setting, Variant, Wording
from unit.evidence.tampering.tiny import tiny_material

SHORT = {"steps": 6, "tokens": 4, "candidates": 8}
"""Values that keep a trial short, for the attacks that have these hyper-parameters."""
CHANGES_WEIGHTS = {name for name in ATTACK_NAMES if attack_named(name).access is Access.WEIGHTS} - {
    "gcg"
}


def double_the_head(
    model: torch.nn.Module, tokenizer: object, setting: Setting, seed: int
) -> dict[str, int]:
    """A user's own attack."""
    with torch.no_grad():
        model.get_parameter("lm_head.weight").mul_(2)
    return {"steps": 1}


def material_for(name: str, base: Path) -> Material:
    recipe = {"hook": f"{__name__}:double_the_head", "external": str(base)}.get(name, "")
    return tiny_material(base=base, recipe=recipe)


def setting_for(name: str) -> dict[str, str | int | float]:
    return {key: value for key, value in SHORT.items() if key in attack_named(name).space}


def run(target: Target, name: str, base: Path, seed: int = 0) -> Iterator[Variant]:
    yield from attack_named(name).variants(
        target, material_for(name, base), setting_for(name), seed
    )


def trace(target: Target, name: str, base: Path, seed: int) -> list[object]:
    """Return everything about a run that the seed decides; time is not among it."""
    found: list[object] = []
    with target.edited():
        for variant in run(target, name, base, seed):
            soft = () if variant.embedding is None else tuple(variant.embedding.flatten().tolist())
            cost = dataclasses.replace(variant.cost, seconds=variant.cost.seconds * 0)
            answer = logits(target)
            found.append((variant.point, variant.wording, cost, soft, target.digest(), answer))
    return found


def logits(target: Target) -> tuple[float, ...]:
    with torch.no_grad():
        given = torch.tensor([[3, 40, 41, 4]])
        return tuple(target.model(input_ids=given).logits[0, -1].tolist())


@pytest.mark.parametrize("name", ATTACK_NAMES)
def test_that_the_model_is_as_loaded_after_the_attack(
    target: Target, base: Path, name: str
) -> None:
    with target.edited():
        points = [variant.point for variant in run(target, name, base)]
    assert target.is_untouched
    assert points
    assert len(set(points)) == len(points)


@pytest.mark.parametrize("name", ATTACK_NAMES)
def test_that_an_attack_on_weights_changes_them_and_no_other_does(
    target: Target, base: Path, name: str
) -> None:
    with target.edited():
        for _ in run(target, name, base):
            assert (target.digest() != target.weights_digest) == (name in CHANGES_WEIGHTS)


@pytest.mark.parametrize("name", sorted(set(ATTACK_NAMES) - CHANGES_WEIGHTS - {"none"}))
def test_that_an_attack_without_weights_changes_something_else(
    target: Target, base: Path, name: str
) -> None:
    before = logits(target)
    with target.edited():
        variant = next(run(target, name, base))
        # The generator is gone by now, and with it the hook of steering.
        with_hook = name == "steering" and target.is_untouched
        assert (
            with_hook
            or variant.wording != Wording()
            or variant.sampling.attempts > 1
            or variant.embedding is not None
        )
    assert logits(target) == before


@pytest.mark.parametrize("name", ATTACK_NAMES)
def test_that_the_same_seed_gives_the_same_variants(target: Target, base: Path, name: str) -> None:
    assert trace(target, name, base, 3) == trace(target, name, base, 3)


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_that_another_seed_gives_other_variants(target: Target, base: Path, name: str) -> None:
    assert trace(target, name, base, 3) != trace(target, name, base, 4)


@pytest.mark.parametrize("name", ATTACK_NAMES)
def test_that_an_attack_that_is_stopped_early_leaves_no_hooks(
    target: Target, base: Path, name: str
) -> None:
    with target.edited():
        variants = run(target, name, base)
        next(variants)
        variants.close()  # type: ignore[attr-defined]
        assert not target.has_hooks
        assert not any(parameter.requires_grad for parameter in target.model.parameters())
        assert not target.model.training
    assert target.is_untouched


@pytest.mark.parametrize("name", ATTACK_NAMES)
def test_that_costs_never_fall_from_point_to_point(target: Target, base: Path, name: str) -> None:
    with target.edited():
        costs = [variant.cost for variant in run(target, name, base)]
    for earlier, later in itertools.pairwise(costs):
        assert all(
            getattr(earlier, item.name) <= getattr(later, item.name)
            for item in dataclasses.fields(earlier)
        )


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_that_an_attack_that_runs_the_model_states_what_it_computed(
    target: Target, base: Path, name: str
) -> None:
    with target.edited():
        cost = [variant.cost for variant in run(target, name, base)][-1]
    assert cost.flop > 0
    assert cost.examples > 0


@pytest.mark.parametrize("name", sorted(set(ATTACK_NAMES) - {"hook"}))
def test_that_a_setting_that_an_attack_does_not_have_is_refused(
    target: Target, base: Path, name: str
) -> None:
    variants = attack_named(name).variants(
        target, material_for(name, base), {"no such thing": 1}, 0
    )
    with pytest.raises(InputError, match="the unknown name 'no such thing'"):
        next(iter(variants))


@pytest.mark.parametrize(
    "name", [*sorted(CHANGES_WEIGHTS - {"hook", "merge", "external"}), "steering", "embedding"]
)
def test_that_an_attack_works_in_bfloat16_with_tied_embeddings(
    narrow_target: Target, base: Path, name: str
) -> None:
    with narrow_target.edited():
        for _ in run(narrow_target, name, base):
            assert narrow_target.model.dtype is torch.bfloat16
            assert all(map(torch.isfinite, torch.tensor(logits(narrow_target))))


@pytest.mark.parametrize("name", ["steering", "embedding"])
def test_that_a_variant_can_be_measured_in_single_precision(
    narrow_target: Target, base: Path, name: str
) -> None:
    with narrow_target.edited():
        for _ in run(narrow_target, name, base):
            with narrow_target.widened():
                assert narrow_target.model.dtype is torch.float32
                logits(narrow_target)
