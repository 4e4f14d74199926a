# SPDX-License-Identifier: Apache-2.0
"""A user's own attack."""

from __future__ import annotations

from pathlib import Path

import pytest

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.attacks.hook import HOOK
from tiergate.evidence.tampering.target import Target
from unit.evidence.tampering.tiny import tiny_material

MODULE = """
import torch

seen = []
number = 3

def edit(model, tokenizer, setting, seed):
    seen.append((type(tokenizer).__name__, setting, seed))
    with torch.no_grad():
        model.get_input_embeddings().weight.add_(setting.get("amount", 1))
    return {"steps": 4, "examples": 9, "flop": 100}

def silent(model, tokenizer, setting, seed):
    pass

def failing(model, tokenizer, setting, seed):
    raise KeyError("oops")

def boasting(model, tokenizer, setting, seed):
    return {"steps": 1.5}

def misnaming(model, tokenizer, setting, seed):
    return {"stepz": 1}
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module that can be imported, one for each test."""
    name = f"own_attack_{abs(hash(tmp_path))}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def test_that_the_function_is_given_the_setting_and_the_seed(target: Target, module: str) -> None:
    material = tiny_material(recipe=f"{module}:edit")
    with target.edited():
        variant = next(HOOK.variants(target, material, {"amount": 2}, 7))
        changed = target.model.get_parameter("model.embed_tokens.weight")
        assert (changed == target.original("model.embed_tokens.weight") + 2).all()
    import importlib

    assert importlib.import_module(module).seen == [
        (type(target.tokenizer).__name__, {"amount": 2}, 7)
    ]
    assert variant.point == f"{module}:edit"
    cost = variant.cost
    assert (cost.steps, cost.examples, cost.flop, cost.attempts) == (4, 9, 100, 0)


def test_that_a_function_need_not_state_a_cost(target: Target, module: str) -> None:
    with target.edited():
        cost = next(HOOK.variants(target, tiny_material(recipe=f"{module}:silent"), {}, 0)).cost
    assert (cost.steps, cost.examples, cost.flop) == (0, 0, 0)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("failing", ":failing: found KeyError: 'oops'"),
        ("boasting", ":boasting: found {'steps': 1.5} returned"),
        ("misnaming", ":misnaming: found {'stepz': 1} returned"),
        ("number", ":number: found a int, expected a function"),
        ("absent", ":absent: found no function to call .AttributeError"),
    ],
)
def test_that_what_goes_wrong_is_told_with_the_name_of_the_function(
    target: Target, module: str, function: str, reason: str
) -> None:
    with pytest.raises(MeasurementError, match=f"{module}{reason}"), target.edited():
        next(HOOK.variants(target, tiny_material(recipe=f"{module}:{function}"), {}, 0))


@pytest.mark.parametrize("recipe", ["", "module", "module:", ":function"])
def test_that_a_recipe_without_module_and_function_is_refused(target: Target, recipe: str) -> None:
    with pytest.raises(MeasurementError, match="expected module:function"):
        next(HOOK.variants(target, tiny_material(recipe=recipe), {}, 0))


def test_that_a_module_that_is_not_there_is_told(target: Target) -> None:
    with pytest.raises(MeasurementError, match="ModuleNotFoundError"):
        next(HOOK.variants(target, tiny_material(recipe="no_such_module:edit"), {}, 0))
