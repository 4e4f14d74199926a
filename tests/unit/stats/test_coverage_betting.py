# SPDX-License-Identifier: Apache-2.0
"""What happens to bounds that are looked at after every trial: exactly, over every sequence.

The number of successes is followed from trial to trial with its probability, and leaves
the count as soon as it decides; nothing here is simulated.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from builders_statistics import RATES, Floats, percent, table
from tiergate.stats import Rate, decides, e_value, e_value_above, exact_upper

CONFIDENCE = 0.95
LIMIT = 0.05
LONGEST = 2_000


def _most_that_pass(shows: Callable[[Rate], bool]) -> list[int]:
    """Give for each number of trials the most successes that show the limit; -1 for none."""
    most, found = -1, []
    for trials in range(LONGEST + 1):
        while most < trials and shows(Rate(most + 1, trials)):
            most += 1
        found.append(most)
    return found


def _fewest_that_fail(shows: Callable[[Rate], bool]) -> list[int]:
    """Give for each number of trials the fewest successes that show the limit is exceeded."""
    fewest, found = 0, []
    for trials in range(LONGEST + 1):
        while fewest <= trials and not shows(Rate(fewest, trials)):
            fewest += 1
        found.append(fewest)
    return found


def _followed(
    share: float, most: list[int], fewest: list[int], every: int = 1
) -> tuple[float, float, float]:
    """Follow all sequences until they decide.

    Returns:
        The probability to pass, to fail, and the mean number of trials.
    """
    alive: Floats = np.zeros(LONGEST + 2)
    alive[0] = 1.0
    passed = failed = mean = 0.0
    for trials in range(1, LONGEST + 1):
        alive[1:] = alive[1:] * (1 - share) + alive[:-1] * share
        alive[0] *= 1 - share
        if trials % every:
            continue
        passing, failing = alive[: most[trials] + 1], alive[fewest[trials] :]
        mean += trials * float(passing.sum() + failing.sum())
        passed, failed = passed + float(passing.sum()), failed + float(failing.sum())
        passing[:], failing[:] = 0.0, 0.0
    return passed, failed, mean + LONGEST * float(alive.sum())


def _never_passes() -> list[int]:
    return [-1] * (LONGEST + 1)


def _never_fails() -> list[int]:
    return [LONGEST + 2] * (LONGEST + 1)


def _anytime(limit: float) -> tuple[list[int], list[int]]:
    """Give the counts that decide with e-values."""
    return (
        _most_that_pass(lambda rate: decides(e_value(rate, limit), CONFIDENCE)),
        _fewest_that_fail(lambda rate: decides(e_value_above(rate, limit), CONFIDENCE)),
    )


@pytest.mark.parametrize("row", table("Looking after every trial"), ids=lambda row: row[0])
def test_looking_after_every_trial_is_safe_with_e_values_and_not_with_the_exact_bound(
    row: tuple[str, ...],
) -> None:
    limit = percent(row[0])
    most, fewest = _anytime(limit)
    peeking = _most_that_pass(lambda rate: exact_upper(rate, CONFIDENCE) <= limit)

    passes = _followed(limit, most, _never_fails())[0]
    fails = _followed(limit, _never_passes(), fewest)[1]
    naive = [_followed(limit, peeking, _never_fails(), every)[0] for every in (1, 10, 100)]

    assert max(passes, fails) <= 0.05
    assert naive[0] > 0.15
    shares = [passes, fails, *naive]
    assert [percent(cell) for cell in row[1:]] == pytest.approx(shares, abs=6e-4)


@pytest.mark.parametrize("row", table("What anytime decisions cost"), ids=lambda row: row[0])
def test_what_anytime_decisions_at_five_percent_cost(row: tuple[str, ...]) -> None:
    share = percent(row[0])

    passes, fails, mean = _followed(share, *_anytime(LIMIT))

    assert [percent(row[1]), percent(row[2])] == pytest.approx([passes, fails], abs=6e-4)
    assert int(row[3]) == pytest.approx(mean, abs=0.6)


def test_the_tables_show_every_rate_that_they_must() -> None:
    assert [percent(row[0]) for row in table("Looking after every trial")] == list(RATES)
    assert [percent(row[0]) for row in table("What anytime decisions cost")] == list(RATES)
