# SPDX-License-Identifier: Apache-2.0
"""Bounds over the best of several baselines, and the bootstrap that stands beside them."""

from __future__ import annotations

import pytest

from tiergate.errors import InputError
from tiergate.stats import Rate
from tiergate.stats.equivalence import Behaviours, over_best, paired_bootstrap

YES, NO, NEVER = Rate(1, 1), Rate(0, 1), Rate(0, 0)
ALIKE: Behaviours = ((YES, YES, 40), (NO, NO, 160))
MORE: Behaviours = ((YES, YES, 20), (YES, NO, 20), (NO, NO, 160))


def test_the_best_baseline_decides_and_a_weaker_one_takes_nothing_away_but_error() -> None:
    low, high = over_best([ALIKE, MORE], 0.95)

    assert over_best([ALIKE], 0.95)[1] < high < 0.03
    assert low == over_best([ALIKE], 0.95)[0] < 0 < over_best([MORE], 0.95)[0]


def test_the_same_draws_are_made_each_time_and_others_with_another_seed() -> None:
    again, other = paired_bootstrap(MORE, 0.95), paired_bootstrap(MORE, 0.95, seed=2, draws=500)

    assert paired_bootstrap(MORE, 0.95) == again != other


def test_exchanging_the_runs_turns_the_bootstrap_around_but_for_chance() -> None:
    low, high = paired_bootstrap(MORE, 0.95)
    swapped = paired_bootstrap([(b, a, n) for a, b, n in MORE], 0.95)

    assert swapped == pytest.approx((-high, -low), abs=0.01)


def test_nothing_drawn_from_nothing_is_known() -> None:
    assert paired_bootstrap([], 0.95) == paired_bootstrap([(YES, NO, 0)], 0.95) == (-1.0, 1.0)


def test_what_was_not_tried_counts_as_success_of_the_first_and_failure_of_the_second() -> None:
    assert paired_bootstrap([(NEVER, NEVER, 10)], 0.95) == (1.0, 1.0)


def test_behaviours_that_do_not_differ_leave_the_bootstrap_without_width() -> None:
    assert paired_bootstrap(ALIKE, 0.95) == (0.0, 0.0)
    assert over_best([ALIKE], 0.95)[1] > 0.01


def test_at_least_one_draw_is_made() -> None:
    with pytest.raises(InputError, match="draws"):
        paired_bootstrap(ALIKE, 0.95, draws=0)
