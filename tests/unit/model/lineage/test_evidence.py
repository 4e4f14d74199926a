# SPDX-License-Identifier: Apache-2.0
"""E-values: what they promise of chance, held against chance."""

from __future__ import annotations

import numpy as np
import pytest

from tiergate.model.lineage.compare import LARGEST_P
from tiergate.model.lineage.evidence import log_e_fixed_points, log_e_signs, log_mean
from tiergate.model.lineage.fixed_points import row_matches, unit_rows

TIMES = 4000


@pytest.mark.parametrize("alike", [False, True], ids=["rows of noise", "rows that look alike"])
def test_the_mean_e_value_of_matrices_in_random_order_is_at_most_one(*, alike: bool) -> None:
    # Both matrices share everything but the order of their rows: the hardest unrelated pair.
    chance = np.random.default_rng(1)
    rows = chance.standard_normal((16, 16), dtype=np.float32)
    if alike:
        rows += 3 * chance.standard_normal(16, dtype=np.float32)
    one = unit_rows(rows[None])
    others = np.stack([rows[chance.permutation(16)] for _ in range(TIMES)])

    counts = row_matches(one, unit_rows(others))[0]

    values = np.exp(log_e_fixed_points(np.minimum(counts, 5)))
    assert values.mean() <= 1 + 4 * values.std() / np.sqrt(TIMES)
    assert counts.mean() == pytest.approx(1.0, abs=0.1)


def test_the_mean_e_value_of_fair_coins_is_one() -> None:
    chance = np.random.default_rng(2)
    values = [np.exp(log_e_signs(int(heads), 12)) for heads in chance.binomial(12, 0.5, TIMES)]

    assert 1 == pytest.approx(np.mean(values), abs=0.35)


def test_chance_hardly_ever_gives_an_e_value_that_decides() -> None:
    chance = np.random.default_rng(3)
    counts = [int((chance.permutation(32) == np.arange(32)).sum()) for _ in range(TIMES)]

    assert max(log_e_fixed_points(np.array(counts))) < -np.log(LARGEST_P)


def test_a_dozen_of_32_rows_at_their_own_index_decide() -> None:
    assert float(log_e_fixed_points(12)) > -np.log(LARGEST_P)
    assert float(log_e_fixed_points(3)) < -np.log(LARGEST_P)


def test_weak_matches_of_many_layers_add_up() -> None:
    alone, together = float(log_e_fixed_points(4)), float(log_e_fixed_points(4 * 24, 24))

    assert alone < 5
    assert together > -np.log(LARGEST_P)


def test_a_mean_counts_what_was_tried_and_gave_nothing() -> None:
    assert log_mean([np.log(100)], count=100) == pytest.approx(0.0)
    assert log_mean([]) == 0
    assert log_mean([], count=3) == -np.inf


def test_a_tie_is_no_match() -> None:
    same = unit_rows(np.ones((1, 8, 8), dtype=np.float32))
    twice = np.random.default_rng(4).standard_normal((1, 4, 8), dtype=np.float32)
    doubled = unit_rows(np.concatenate([twice, twice], axis=1))

    assert 0 == row_matches(same, same)[0, 0]
    assert 0 == row_matches(doubled, doubled)[0, 0]
