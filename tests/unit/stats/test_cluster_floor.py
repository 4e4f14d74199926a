# SPDX-License-Identifier: Apache-2.0
"""Gaffke's bound agrees with closed forms, with simulated weights and with another integral."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import betaincc, betainccinv

from tiergate.stats import (
    Rate,
    exact_upper,
    korn_graubard_lower_weighted,
    korn_graubard_upper_weighted,
    mean_upper,
)
from tiergate.stats import cluster_floor as floor
from tiergate.stats.cluster_floor import gaffke_upper
from tiergate.stats.clusters import upper_by_trials

ACCURACY = 1e-9

SHARES: dict[str, dict[float, int]] = {
    "many zeros and few others": {0.0: 70, 0.1: 20, 0.3: 9, 1.0: 1},
    "five attempts each": {0.0: 180, 0.2: 15, 0.4: 5},
    "thirty values": {place / 100: 3 for place in range(30)},
    "a low background": {0.0: 42, 0.1: 15, 0.2: 2},
    "most always fall": {1.0: 60, 0.9: 20, 0.1: 2},
    "two values that are close": {0.5: 30, 0.500001: 30},
    "one value, once": {0.5: 1},
}


def by_imhof(shares: dict[float, int], error: float) -> float:
    """Compute the bound along the real axis (J. P. Imhof, Biometrika 48 (1961) 419-426)."""
    known = {**shares, 1.0: shares.get(1.0, 0) + 1}
    values, counts = np.array(list(known)), np.array(list(known.values()), dtype=float)

    def excess(point: float) -> float:
        distances = values - point
        scaled = distances / np.abs(distances).max()

        def integrand(u: float) -> float:
            fallen = math.exp(-0.5 * float(counts @ np.log1p((scaled * u) ** 2)))
            return math.sin(float(counts @ np.arctan(scaled * u))) * fallen / u

        found = quad(integrand, 0, np.inf, limit=1000, epsabs=1e-12, epsrel=1e-11)[0]
        return 0.5 + float(found) / math.pi - error

    return float(brentq(excess, min(shares) + 1e-9, 1 - 1e-9, xtol=1e-12))


@pytest.mark.parametrize("error", [0.05, 0.2, 0.005])
@pytest.mark.parametrize("sentence", list(SHARES)[:5])
def test_the_bound_is_that_of_another_integral_with(sentence: str, error: float) -> None:
    expected = by_imhof(SHARES[sentence], error)

    assert expected - 1e-8 <= gaffke_upper(SHARES[sentence], error) <= expected + 1e-8


@pytest.mark.parametrize("sentence", SHARES)
def test_simulated_weights_exceed_the_bound_as_often_as_stated_with(sentence: str) -> None:
    known = {**SHARES[sentence], 1.0: SHARES[sentence].get(1.0, 0) + 1}
    values, counts = np.array(list(known)), np.array(list(known.values()), dtype=float)
    weights = np.random.default_rng(8).standard_gamma(counts, (200_000, len(counts)))

    means = weights @ values / weights.sum(axis=1)

    # Three standard errors of a share of 5 % in so many.
    assert np.mean(means > gaffke_upper(SHARES[sentence], 0.05)) == pytest.approx(0.05, abs=0.0015)


@pytest.mark.parametrize("error", [0.45, 0.05, 1e-6])
@pytest.mark.parametrize("count", [1, 2, 59, 10_000, 10**7])
@pytest.mark.parametrize("share", [1e-9, 0.033, 0.5, 1 - 1e-6])
def test_values_that_are_all_alike_may_hide_as_many_ones_as_the_exact_bound_allows(
    share: float, count: int, error: float
) -> None:
    expected = share + (1 - share) * float(betainccinv(1, count, error))

    bound = gaffke_upper({share: count}, error)

    assert expected <= bound <= expected + ACCURACY


def test_values_beside_ones_lie_as_far_above_the_least_as_the_exact_bound_says() -> None:
    expected = 0.2 + 0.8 * float(betainccinv(4, 57, 0.05))

    assert expected <= gaffke_upper({0.2: 57, 1.0: 3}, 0.05) <= expected + ACCURACY


@pytest.mark.parametrize("ones", [0, 1, 7, 59])
def test_for_values_0_and_1_it_is_the_exact_bound(ones: int) -> None:
    shares = {share: count for share, count in ((0.0, 59 - ones), (1.0, ones)) if count}

    assert exact_upper(Rate(ones, 59), 0.95) == gaffke_upper(shares, 0.05)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.98])
@pytest.mark.parametrize(("zeros", "ones"), [(1, 0), (59, 3), (1, 900), (100_000, 0), (7, 10**6)])
def test_the_tail_is_exact_where_a_closed_form_is_known(
    zeros: int, ones: int, share: float
) -> None:
    mean = floor._Mean.of({0.0: zeros, 1.0: ones})
    # Points in the middle of the distribution, where far fewer of one kind bend the path.
    point = float(betainccinv(ones + 1, zeros, share))

    logarithm, _ = mean.log_above(point)

    assert math.log(betaincc(ones + 1, zeros, point)) == pytest.approx(logarithm, abs=ACCURACY)


@pytest.mark.parametrize("above", [1e-13, 1e-10, 1e-6])
@pytest.mark.parametrize("count", [1, 2, 40])
def test_the_tail_is_exact_just_above_a_value(count: int, above: float) -> None:
    mean = floor._Mean.of({0.25: count})
    point = 0.25 + above

    logarithm, _ = mean.log_above(point)

    assert count * math.log1p(-(point - 0.25) / 0.75) == pytest.approx(logarithm, abs=ACCURACY)


SCALES: dict[str, dict[float, int]] = {
    "most are tiny": {2e-7: 35, 0.98: 10, 0.998: 1, 1.3e-7: 476, 0.009: 12, 0.037: 38},
    "two kinds of which one is rare": {0.0: 3, 0.9: 399},
    "values of all sizes": {10.0**-power: 7**power for power in range(1, 7)},
    "few ones and a hundred thousand alike": {0.8: 83_208, 1.0: 3},
}


@pytest.mark.parametrize("error", [0.4, 0.05, 1e-4])
@pytest.mark.parametrize("sentence", SCALES)
def test_finer_sums_change_nothing_where(
    sentence: str, error: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound = gaffke_upper(SCALES[sentence], error)
    monkeypatch.setattr(floor, "_STEP", floor._STEP / 32)

    assert gaffke_upper(SCALES[sentence], error) == pytest.approx(bound, abs=ACCURACY)


def test_a_sum_that_does_not_converge_gives_a_higher_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    bound = gaffke_upper(SHARES["a low background"], 0.05)
    monkeypatch.setattr(floor, "_MOST_HALVINGS", 0)

    assert bound < gaffke_upper(SHARES["a low background"], 0.05) < 0.2


def test_a_path_that_has_no_end_is_not_taken() -> None:
    # Straight up, ones that are few against the others turn too often to be summed.
    mean = floor._Mean.of({0.0: 10**6})

    logarithm, _ = mean.log_above(1e-6)

    assert math.log(betaincc(1, 10**6, 1e-6)) == pytest.approx(logarithm, abs=ACCURACY)


def test_thousands_of_different_values_are_bounded() -> None:
    shares = {place / 100_000: 1 for place in range(5_000)}
    mean = (sum(shares) + 1) / 5_001
    spread = math.sqrt(sum((share - mean) ** 2 for share in [*shares, 1.0])) / 5_001

    bound = gaffke_upper(shares, 0.05)

    assert mean + 1.5 * spread < bound < mean + 2 * spread


@pytest.mark.parametrize("least", [0.1076, 0.2, 1.0])
def test_what_is_higher_is_given_back_as_it_is(least: float) -> None:
    shares = {0.0: 42, 0.1: 15, 0.2: 2}

    assert gaffke_upper(shares, 0.05) < least
    assert least == gaffke_upper(shares, 0.05, least)


def test_what_is_lower_does_not_matter() -> None:
    shares = {0.0: 42, 0.1: 15, 0.2: 2}
    bound = gaffke_upper(shares, 0.05)

    for least in (0.0, 0.03, 0.07, bound - 1e-8):
        assert gaffke_upper(shares, 0.05, least) == pytest.approx(bound, abs=1.1e-10)


def test_values_that_are_almost_1_leave_nothing_to_bound() -> None:
    bound = gaffke_upper({1 - 2**-53: 40}, 0.05)

    assert 1 - 2**-53 <= bound <= 1


def test_clusters_that_are_all_alike_may_have_missed_some_that_always_fall() -> None:
    alike = [(Rate(1, 30), 59)]

    expected = 1 / 30 + 29 / 30 * exact_upper(Rate(0, 59), 0.95)

    assert upper_by_trials(alike, 0.95) < 0.05
    assert korn_graubard_upper_weighted(alike, 0.95) == pytest.approx(expected, abs=ACCURACY)


def test_sizes_of_clusters_that_differ_do_not_matter_to_the_floor() -> None:
    alike = [(Rate(1, 10), 30), (Rate(2, 20), 20), (Rate(4, 40), 9)]

    expected = 0.1 + 0.9 * exact_upper(Rate(0, 59), 0.95)

    assert korn_graubard_upper_weighted(alike, 0.95) == pytest.approx(expected, abs=ACCURACY)


def test_from_below_clusters_that_are_all_alike_may_have_missed_some_that_never_fall() -> None:
    alike = [(Rate(9, 10), 59)]

    expected = 0.9 - 0.9 * exact_upper(Rate(0, 59), 0.95)

    assert korn_graubard_lower_weighted(alike, 0.95) == pytest.approx(expected, abs=ACCURACY)


def test_the_proven_bound_on_the_same_values_is_higher() -> None:
    shares = {0.0: 73, 0.1: 21, 0.2: 5, 0.5: 1}
    total = sum(round(10 * share) * count for share, count in shares.items())

    assert gaffke_upper(shares, 0.05) < mean_upper(total // 10, 100, 0.95) - 0.01
