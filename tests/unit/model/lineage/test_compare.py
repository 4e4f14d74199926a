# SPDX-License-Identifier: Apache-2.0
"""What descends from what: changes that are recognised, and pairs that have to stay apart."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from builders_lineage import (
    INNER,
    LAYERS,
    VOCABULARY,
    WIDTH,
    Weights,
    bfloat16,
    layers_of,
    llama,
    permuted_inner,
    permuted_width,
    rotated,
    sketched,
    tuned,
    write,
)
from tiergate.errors import InputError
from tiergate.model.lineage.compare import EvidenceKind, LineageOutcome, compare
from tiergate.model.lineage.opened import open_local
from tiergate.model.lineage.sketch import Sketch, draw
from tiergate.model.lineage.trace import Traced, trace
from tiergate.model.source import locate

Arrays = dict[str, npt.NDArray[np.generic]]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Sketch:
    """The model that others descend from."""
    return sketched(tmp_path_factory.mktemp("base") / "base", llama(0))


def asked(folder: Path, weights: Arrays | Weights, base: Sketch) -> Traced:
    """Compare a model whose weights are at hand with the base."""
    model = open_local(locate(str(write(folder, weights))))
    candidate = draw(model)
    return trace(candidate, (compare(candidate, base),), 1, model)[0]


def rounded(weights: Weights) -> Arrays:
    """Round matrices to 8 bits with a scale for each row."""
    found: Arrays = {}
    for name, value in weights.items():
        if value.ndim == 2:
            scale = np.abs(value).max(axis=1, keepdims=True) / 127
            found[name] = np.rint(value / scale).astype(np.int8)
            found[f"{name}_scale"] = scale.astype(np.float16)
        else:
            found[name] = value
    return found


def pruned(weights: Weights) -> Weights:
    """Set half of all weights to 0."""
    return {
        name: np.asarray(value * (np.abs(value) > np.median(np.abs(value))), dtype=np.float32)
        for name, value in weights.items()
    }


def fewer_inner(weights: Weights) -> Weights:
    """Remove every fifth inner unit."""
    kept = np.flatnonzero(np.arange(INNER) % 5)
    changed = dict(weights)
    for name, value in weights.items():
        if ".mlp." in name:
            changed[name] = np.take(value, kept, axis=1 if "down" in name else 0)
    return changed


def with_vocabulary(weights: Weights, rows: npt.NDArray[np.float32]) -> Weights:
    """Give the model another vocabulary."""
    return weights | {"model.embed_tokens.weight": rows}


def more_tokens(weights: Weights) -> Weights:
    """Add tokens to the vocabulary."""
    new = np.random.default_rng(8).standard_normal((7, WIDTH), dtype=np.float32)
    return with_vocabulary(weights, np.concatenate([weights["model.embed_tokens.weight"], new]))


def other_tokens(weights: Weights) -> Weights:
    """Replace the vocabulary."""
    new = np.random.default_rng(9).standard_normal((VOCABULARY, WIDTH), dtype=np.float32)
    return with_vocabulary(weights, new)


def half_a_stranger(weights: Weights) -> Weights:
    """Average with an unrelated model."""
    other = llama(50)
    return {n: np.asarray((v + other[n]) / 2, dtype=np.float32) for n, v in weights.items()}


def renamed(weights: Weights) -> Weights:
    """Use names that no library uses."""
    return {f"tensor{number}": value for number, value in enumerate(weights.values())}


def in_half_precision(weights: Weights) -> Arrays:
    """Cut the bits to bfloat16."""
    return {name: bfloat16(value) for name, value in weights.items()}


HONEST: dict[str, Callable[[Weights], Weights | Arrays]] = {
    "copied": dict,
    "fine-tuned": tuned,
    "trained on until half is new": lambda weights: tuned(weights, by=1.0),
    "bfloat16": in_half_precision,
    "int8": rounded,
    "half of all weights set to 0": pruned,
    "inner units removed": fewer_inner,
    "averaged with a stranger": half_a_stranger,
    "tokens added": more_tokens,
    "vocabulary replaced": other_tokens,
    "renamed": renamed,
    "layers left out": lambda weights: layers_of(weights, [0, 2]),
    "layers repeated": lambda weights: layers_of(weights, [0, 1, 2, 1, 2, 3]),
    "layers in reverse": lambda weights: layers_of(weights, [3, 2, 1, 0]),
    "width permuted": permuted_width,
    "inner units permuted": permuted_inner,
    "all permuted": lambda weights: permuted_inner(permuted_width(tuned(weights))),
}


@pytest.mark.parametrize("change", HONEST)
def test_what_was_made_from_a_model_is_found_to_descend_from_it(
    change: str, base: Sketch, tmp_path: Path
) -> None:
    found = asked(tmp_path / "model", HONEST[change](llama(0)), base)

    assert LineageOutcome.DERIVED == found.outcome


@pytest.mark.parametrize("change", HONEST)
def test_the_same_change_of_an_unrelated_model_of_that_shape_is_undetermined(
    change: str, base: Sketch, tmp_path: Path
) -> None:
    found = asked(tmp_path / "model", HONEST[change](llama(1)), base)

    assert LineageOutcome.UNDETERMINED == found.outcome
    assert found.log10_p > -2


def test_no_pair_of_unrelated_models_of_one_shape_matches(tmp_path: Path) -> None:
    sketches = [sketched(tmp_path / f"{seed}", llama(seed)) for seed in range(10, 18)]

    found = [
        trace(one, (compare(one, other),), 1, None)[0]
        for one in sketches
        for other in sketches
        if one is not other
    ]

    assert {LineageOutcome.UNDETERMINED} == {item.outcome for item in found}
    assert min(item.log10_p for item in found) > -2


def everything_else(weights: Weights) -> Weights:
    """Permute everything, and replace the vocabulary."""
    return other_tokens(permuted_inner(permuted_width(weights)))


DISGUISED: dict[str, Callable[[Weights], Weights]] = {
    "the width rotated": rotated,
    "noise ten times as large": lambda weights: tuned(weights, by=10.0),
    "everything permuted and the vocabulary replaced": everything_else,
}


@pytest.mark.parametrize("disguise", DISGUISED)
def test_a_disguise_is_undetermined_and_never_independent(
    disguise: str, base: Sketch, tmp_path: Path
) -> None:
    found = asked(tmp_path / "model", DISGUISED[disguise](llama(0)), base)

    assert LineageOutcome.UNDETERMINED == found.outcome
    assert {"derived", "undetermined"} == set(LineageOutcome)


def test_a_rotation_leaves_the_relations_of_tokens_as_a_hint(base: Sketch, tmp_path: Path) -> None:
    turned = asked(tmp_path / "turned", rotated(llama(0)), base).comparison.width
    other = asked(tmp_path / "other", rotated(llama(1)), base).comparison.width

    assert turned is not None
    assert other is not None
    assert turned.token_likeness > 0.99
    assert abs(other.token_likeness) < 0.2


def test_layers_that_moved_are_named_by_where_they_came_from(base: Sketch, tmp_path: Path) -> None:
    found = asked(tmp_path / "model", layers_of(llama(0), [0, 2, 1, 2]), base).comparison

    places = {match.layers for match in found.matches if match.layers[0] is not None}
    assert {(0, 0), (1, 2), (2, 1), (3, 2)} == places


def test_one_layer_of_a_stranger_is_not_counted_with_the_others(
    base: Sketch, tmp_path: Path
) -> None:
    mixed = llama(0) | {n: v for n, v in llama(1).items() if ".layers.2." in n}

    found = asked(tmp_path / "model", mixed, base).comparison

    ours = {match.layers[0] for match in found.matches}
    assert ours == {None, 0, 1, 3}


def test_both_parents_of_an_average_are_found(tmp_path: Path) -> None:
    parents = [sketched(tmp_path / str(seed), llama(seed)) for seed in (0, 50)]
    child = sketched(tmp_path / "child", half_a_stranger(llama(0)))

    found = trace(child, tuple(compare(child, parent) for parent in parents), 2, None)

    assert [LineageOutcome.DERIVED] * 2 == [item.outcome for item in found]


def test_a_p_value_counts_every_base_that_was_tried(base: Sketch, tmp_path: Path) -> None:
    child = sketched(tmp_path / "child", tuned(llama(0)))
    comparisons = (compare(child, base),)

    once, often = (trace(child, comparisons, tried, None)[0].log10_p for tried in (1, 10_000))

    assert 4 == pytest.approx(often - once)


def test_equal_norms_of_ones_are_no_evidence(base: Sketch, tmp_path: Path) -> None:
    found = asked(tmp_path / "model", llama(1), base).comparison

    assert LAYERS + 1 == found.equal_tensors
    copied = next(item for item in found.evidence if item.kind is EvidenceKind.COPIED)
    assert 0 == copied.found


def test_a_table_of_positions_that_a_formula_makes_is_no_evidence(tmp_path: Path) -> None:
    place, rate = np.arange(512)[:, None], np.exp(-np.arange(32) / 4)[None]
    table = np.concatenate([np.sin(place * rate), np.cos(place * rate)], axis=1)
    shared = {"positions": table.astype(np.float32)}
    one, other = (sketched(tmp_path / str(n), llama(n) | shared) for n in (1, 2))

    found = trace(one, (compare(one, other),), 1, None)[0]

    assert not next(m for m in one.matrices if m.name == "positions").counts
    assert LineageOutcome.UNDETERMINED == found.outcome


def test_another_architecture_is_undetermined(base: Sketch, tmp_path: Path) -> None:
    found = asked(tmp_path / "model", llama(3, width=96), base)

    assert LineageOutcome.UNDETERMINED == found.outcome


def test_weights_of_nothing_but_nan_are_undetermined_and_said_so(
    base: Sketch, tmp_path: Path
) -> None:
    broken = {name: np.full_like(value, np.nan) for name, value in llama(0).items()}
    candidate = sketched(tmp_path / "model", broken)

    found = trace(candidate, (compare(candidate, base),), 1, None)[0]

    assert LineageOutcome.UNDETERMINED == found.outcome
    assert "NaN or infinity" in candidate.notes[0]


def test_some_nan_hides_nothing(base: Sketch, tmp_path: Path) -> None:
    broken = llama(0)
    for value in broken.values():
        if value.ndim == 2:
            value[:, 3] = np.nan
            value[5] = np.inf

    assert LineageOutcome.DERIVED == asked(tmp_path / "model", broken, base).outcome


def test_scalars_and_empty_tensors_are_passed_over(base: Sketch, tmp_path: Path) -> None:
    odd: Arrays = {
        **llama(0),
        "scale": np.array(1.5, dtype=np.float32),
        "nothing": np.zeros((0, 64), dtype=np.float32),
        "one": np.ones((1, 64), dtype=np.float32),
    }

    assert LineageOutcome.DERIVED == asked(tmp_path / "model", odd, base).outcome


def test_an_output_that_is_tied_or_written_out_makes_no_difference(
    base: Sketch, tmp_path: Path
) -> None:
    untied = llama(0)
    untied["lm_head.weight"] = untied["model.embed_tokens.weight"]

    assert LineageOutcome.DERIVED == asked(tmp_path / "model", untied, base).outcome


def test_sketches_of_two_keys_are_not_compared(base: Sketch) -> None:
    other = dataclasses.replace(base, key="another")

    with pytest.raises(InputError, match="another key"):
        compare(base, other)


def test_a_vocabulary_with_few_tokens_in_common_is_not_compared(
    base: Sketch, tmp_path: Path
) -> None:
    rows = np.random.default_rng(4).standard_normal((8192, WIDTH), dtype=np.float32)
    tall = with_vocabulary(llama(0), rows)

    found = asked(tmp_path / "model", tall, base).comparison

    assert found.width is None
    assert EvidenceKind.WIDTH not in {item.kind for item in found.evidence}


def test_a_vocabulary_of_one_repeated_row_gives_no_sign(base: Sketch, tmp_path: Path) -> None:
    row = np.random.default_rng(1).standard_normal(WIDTH, dtype=np.float32)
    flat = with_vocabulary(llama(1), np.tile(row, (VOCABULARY, 1)))

    found = asked(tmp_path / "model", flat, base)

    assert LineageOutcome.UNDETERMINED == found.outcome


def test_rows_that_moved_are_found_where_the_width_is_narrower(
    base: Sketch, tmp_path: Path
) -> None:
    kept = np.flatnonzero(np.arange(WIDTH) % 8)
    narrow = {
        name: np.take(v, kept, axis=0 if "down" in name or "o_proj" in name or v.ndim == 1 else 1)
        for name, v in llama(0).items()
    }

    found = asked(tmp_path / "model", narrow, base)

    assert LineageOutcome.DERIVED == found.outcome
    rows = next(e for e in found.comparison.evidence if e.kind is EvidenceKind.ROWS_MOVED)
    assert rows.log_e > 20


def test_a_narrower_stranger_has_no_rows_to_look_for(base: Sketch, tmp_path: Path) -> None:
    found = asked(tmp_path / "model", llama(3, width=56), base)

    assert EvidenceKind.ROWS_MOVED not in {item.kind for item in found.comparison.evidence}
