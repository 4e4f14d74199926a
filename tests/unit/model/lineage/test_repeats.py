# SPDX-License-Identifier: Apache-2.0
"""Layers that stand several times in a model count once, whichever of the two repeats them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from builders_lineage import Weights, layers_of, llama, permuted_width, sketched, tuned, write
from tiergate.model.lineage.compare import EvidenceKind, LineageOutcome, compare
from tiergate.model.lineage.fixed_points import pair_table, row_matches, unit_rows
from tiergate.model.lineage.opened import OpenedModel, open_local
from tiergate.model.lineage.repeats import copies_among, independent_pairs
from tiergate.model.lineage.sketch import Sketch, draw
from tiergate.model.lineage.trace import Traced, trace
from tiergate.model.source import locate

Patches = npt.NDArray[np.float32]
REPEATS = 12
CANDIDATES, BASES = (1, 2, 3), (1002, 1003, 1023, 1030, 1046, 1052, 1058)
"""Seeds. Were every layer counted, 6 of these 21 pairs would be derived, two with 10^-12; 3 where
the copies are trained apart."""


def asked(model: OpenedModel, base: Sketch) -> Traced:
    """Compare a model whose weights are at hand with a base."""
    candidate = draw(model)
    return trace(candidate, (compare(candidate, base),), 1, model)[0]


def opened(folder: Path, weights: Weights) -> OpenedModel:
    """Write a model and open it."""
    return open_local(locate(str(write(folder, weights))))


def shuffled(weights: Weights, seed: int) -> Weights:
    """Put the inner units of each layer into an order of its own."""
    chance, changed = np.random.default_rng(seed), dict(weights)
    for name in (name for name in weights if "up_proj" in name):
        order = chance.permutation(len(weights[name]))
        for part, axis in (("gate", 0), ("up", 0), ("down", 1)):
            tensor = name.replace("up_proj", f"{part}_proj")
            changed[tensor] = np.take(weights[tensor], order, axis=axis)
    return changed


def of_one_layer(seed: int, change: str) -> Weights:
    """Return a model whose layers are one layer, as it is or each changed a little."""
    weights = layers_of(llama(seed, layers=1), [0] * REPEATS)
    match change:
        case "trained apart":
            return tuned(weights, by=0.1, seed=seed)
        case "shuffled":
            return shuffled(weights, seed)
        case _:
            return weights


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> list[Sketch]:
    """Bases that no candidate has anything to do with."""
    folder = tmp_path_factory.mktemp("bases")
    return [sketched(folder / str(seed), llama(seed, layers=2)) for seed in BASES]


@pytest.mark.parametrize("change", ["as it is", "trained apart", "shuffled"])
def test_a_layer_that_a_candidate_repeats_is_no_evidence_for_a_stranger(
    change: str, strangers: list[Sketch], tmp_path: Path
) -> None:
    models = [opened(tmp_path / str(seed), of_one_layer(seed, change)) for seed in CANDIDATES]

    found = [asked(model, base) for model in models for base in strangers]

    assert {LineageOutcome.UNDETERMINED} == {item.outcome for item in found}
    assert min(item.log10_p for item in found) > -2
    assert all(
        item.compared <= 64
        for one in found
        for item in one.comparison.evidence
        if item.kind is EvidenceKind.ROWS_MOVED
    )


def with_patches(sketch: Sketch, seed: int, *, repeats: int, by: float = 0.0) -> Sketch:
    """Return a sketch as of a stranger, one kind of matrix, each layer so many times."""
    chance = np.random.default_rng(seed)
    first: dict[int, Patches] = {}
    matrices = []
    for matrix in (m for m in sketch.matrices if "up_proj" in m.name):
        whole = first.setdefault(
            int(matrix.name.split(".")[2]) // repeats,
            chance.normal(size=matrix.patch.shape).astype(np.float32),
        )
        own = whole + by * chance.normal(size=whole.shape)
        patch = np.rint(np.clip(own * 30, -127, 127)).astype(np.int8)
        matrices.append(dataclasses.replace(matrix, patch=patch, sample=f"{seed}{matrix.name}"))
    return dataclasses.replace(sketch, matrices=tuple(matrices))


def log_e_of_layers(candidate: Sketch, base: Sketch) -> float:
    """Return what all layers in their order say."""
    return next(
        item.log_e for item in compare(candidate, base).evidence if item.kind is EvidenceKind.LAYERS
    )


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Sketch:
    """A sketch of twelve layers."""
    return sketched(tmp_path_factory.mktemp("deep") / "m", llama(7, layers=REPEATS))


@pytest.mark.parametrize(
    ("ours", "theirs", "by"),
    [(12, 12, 0.0), (12, 12, 0.3), (12, 1, 0.0), (1, 12, 0.0), (4, 12, 0.0), (2, 2, 0.1)],
)
def test_layers_that_both_repeat_are_found_by_chance_no_oftener_than_claimed(
    ours: int, theirs: int, by: float, deep: Sketch
) -> None:
    models = [with_patches(deep, seed, repeats=ours, by=by) for seed in range(16)]
    bases = [with_patches(deep, 100 + seed, repeats=theirs, by=by) for seed in range(16)]

    logs = np.array([log_e_of_layers(one, base) for one in models for base in bases])

    # Of 256 pairs 2.6 may exceed a hundred; ten would do so once in a thousand times.
    assert (logs > np.log(100)).sum() < 10
    assert logs.max() < np.log(1e4)


def test_a_layer_that_both_repeat_counts_once_where_they_are_related(deep: Sketch) -> None:
    model = with_patches(deep, 1, repeats=4)

    item = next(e for e in compare(model, model).evidence if e.kind is EvidenceKind.LAYERS)

    # Three layers of 32 units.
    assert (96, 96) == (item.found, item.compared)


def test_repeated_layers_that_descend_from_a_base_are_still_found(tmp_path: Path) -> None:
    base = sketched(tmp_path / "base", llama(0))
    order = [0, 1, 2, 1, 2, 3]
    changes = {
        "repeated": layers_of(llama(0), order),
        "repeated and trained": tuned(layers_of(llama(0), order), by=0.3),
        "all moved": shuffled(permuted_width(layers_of(llama(0), order)), 3),
        "in reverse": layers_of(llama(0), [3, 2, 1, 0]),
    }

    found = {n: asked(opened(tmp_path / n, w), base) for n, w in changes.items()}

    assert {LineageOutcome.DERIVED} == {item.outcome for item in found.values()}


def test_what_descends_from_a_base_that_repeats_its_layers_is_found(tmp_path: Path) -> None:
    weights = layers_of(llama(0), [0, 1, 1, 2])
    base = sketched(tmp_path / "base", weights)

    found = asked(opened(tmp_path / "model", tuned(weights)), base)

    assert LineageOutcome.DERIVED == found.outcome


@pytest.mark.parametrize("by", [0.0, 0.3, 1.0, 2.0])
def test_copies_are_known_however_far_they_were_trained_apart(by: float) -> None:
    chance = np.random.default_rng(5)
    one, other = chance.standard_normal((2, 32, 32), dtype=np.float32)
    noise = by * chance.standard_normal((4, 32, 32), dtype=np.float32)

    labels = copies_among([m + n for m, n in zip([one, other, one, other], noise, strict=True)])

    assert [0, 1, 0, 1] == labels


def test_copies_whose_units_turned_their_signs_are_known() -> None:
    chance = np.random.default_rng(5)
    one, noise = chance.standard_normal((2, 32, 32), dtype=np.float32)
    signs = np.where(chance.random((32, 1)) < 0.5, -1, 1)

    assert [0, 0] == copies_among([one, (one * signs + 0.5 * noise).astype(np.float32)])


def test_layers_that_are_no_copies_all_count() -> None:
    patches = np.random.default_rng(6).standard_normal((80, 32, 32), dtype=np.float32)

    labels = copies_among(list(patches))

    assert list(range(80)) == labels
    assert list(range(80)) == independent_pairs(labels, labels)


def test_matrices_of_other_shapes_are_no_copies() -> None:
    wide = np.random.default_rng(6).standard_normal((32, 32), dtype=np.float32)

    assert [0, 1, 0] == copies_among([wide, wide[:16], wide])


def test_a_pair_that_follows_from_others_is_left_out() -> None:
    assert [0, 1, 2] == independent_pairs([0, 0, 1, 1], [0, 1, 0, 1])
    assert [0, 1, 2, 3] == independent_pairs([0, 0, 0, 0], [0, 1, 2, 3])
    assert [0] == independent_pairs([0, 0, 0], [0, 0, 0])
    assert [0, 1, 2] == independent_pairs([0, 1, 0, 1], [0, 1, 1, 0])


def rotary(seed: int) -> Weights:
    """Return a model whose queries and keys turn from row to row as in every other model."""
    weights, chance = llama(seed), np.random.default_rng(seed)
    turn = np.arange(64)[:, None] ** 2 * 0.618034 % 1 * np.pi
    for name in (name for name in weights if "q_proj" in name or "k_proj" in name):
        one, other = chance.standard_normal((2, 64))
        rows = np.cos(turn) * one + np.sin(turn) * other
        noise = 0.02 * chance.standard_normal((64, 64))
        weights[name] = (rows + noise).astype(np.float32)
    return weights


def test_rows_in_an_order_that_models_share_match_oftener_than_units_do() -> None:
    chance = np.random.default_rng(3)
    turn = np.arange(32)[:, None] ** 2 * 0.618034 % 1 * np.pi

    def patches() -> Patches:
        one, other = chance.standard_normal((2, 200, 1, 32), dtype=np.float32)
        noise = 0.02 * chance.standard_normal((200, 32, 32))
        return unit_rows((np.cos(turn) * one + np.sin(turn) * other + noise).astype(np.float32))

    found = row_matches(patches(), patches())

    # By chance 1 in 5040 at most: this is why such rows must not be counted.
    assert (found >= 7).mean() > 2 / 5040


def test_rows_of_queries_and_keys_are_not_counted(tmp_path: Path) -> None:
    one, other = (sketched(tmp_path / str(seed), rotary(seed)) for seed in (1, 2))

    table = pair_table(one.matrices, other.matrices, one.key)

    attention = [n for n, m in enumerate(one.matrices) if "q_proj" in m.name or "k_proj" in m.name]
    assert attention
    assert (table.row_matches[attention] == -1).all()
    assert (table.column_matches[np.ix_(attention, attention)] >= 0).all()
