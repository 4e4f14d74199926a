# SPDX-License-Identifier: Apache-2.0
"""Several tests, or several tries of one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest

from builders_statistics import binomial
from tiergate.errors import InputError
from tiergate.stats import (
    Rate,
    exact_upper,
    fixed_sequence,
    holm,
    holm_supported,
    intersection_union,
    p_value_at_least,
    spent,
)
from tiergate.stats.quantiles import error_rate

LEVEL = Decimal("0.95")


@pytest.mark.parametrize(
    ("tries", "expected"), [(1, "0.95"), (2, "0.975"), (4, "0.9875"), (5, "0.99"), (50, "0.999")]
)
def test_the_level_is_shared_exactly(tries: int, expected: str) -> None:
    assert Decimal(expected) == spent(LEVEL, tries)
    assert Decimal(expected) == spent(0.95, tries)


@pytest.mark.parametrize("tries", [3, 7, 11, 999, 10**9])
def test_a_share_without_end_is_rounded_so_that_the_level_holds(tries: int) -> None:
    error = 1 - spent(LEVEL, tries)

    assert error * tries <= 1 - LEVEL
    assert error_rate(spent(LEVEL, tries)) == pytest.approx(0.05 / tries, rel=1e-12)


@pytest.mark.parametrize("tries", [0, -1, True, 1.0, "2"])
def test_a_number_of_tries_that_is_none_is_refused(tries: object) -> None:
    with pytest.raises(InputError, match=r"^tries"):
        spent(LEVEL, tries)  # type: ignore[arg-type]


def test_so_many_tries_that_nothing_is_left_are_refused() -> None:
    with pytest.raises(InputError, match=r"^tries"):
        spent(LEVEL, 10**27)


def test_a_wrong_confidence_is_refused() -> None:
    for ask in (lambda: spent(95.0, 2), lambda: holm_supported({}, 95.0)):
        with pytest.raises(InputError, match=r"^confidence"):
            ask()


@pytest.mark.parametrize("limit", [0.01, 0.05, 0.3])
@pytest.mark.parametrize("trials", [10, 59, 300])
def test_the_p_value_is_small_exactly_when_the_bound_is_within_the_limit(
    trials: int, limit: float
) -> None:
    for successes in range(0, trials, 3):
        rate = Rate(successes, trials)

        assert (p_value_at_least(rate, limit) <= 0.05) is (exact_upper(rate, 0.95) <= limit)


def test_without_trials_no_p_value_is_small() -> None:
    assert p_value_at_least(Rate(0, 0), 0.05) == 1.0
    assert p_value_at_least(Rate(0, 10), 0) == 1.0


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan])
def test_what_is_no_share_is_refused(value: float) -> None:
    checks: list[Callable[[], object]] = [
        lambda: p_value_at_least(Rate(0, 10), value),
        lambda: intersection_union([0.1, value]),
        lambda: holm({"a": value}),
    ]
    for check in checks:
        with pytest.raises(InputError, match=r"expected a share from 0 to 1"):
            check()


def test_a_claim_about_all_is_as_weak_as_its_weakest_part() -> None:
    assert intersection_union(iter([0.001, 0.03, 0.02])) == 0.03


def test_a_claim_about_nothing_is_not_shown() -> None:
    assert intersection_union([]) == 1.0


def test_six_domains_at_full_level_pass_when_safe_and_not_when_one_is_at_the_limit() -> None:
    chances = binomial(300, 0.01), binomial(300, 0.05)
    passing = sum(exact_upper(Rate(hits, 300), 0.95) <= 0.05 for hits in range(300))
    safe, unsafe = (float(chance[:passing].sum()) for chance in chances)

    assert safe**6 > 0.97
    assert safe**5 * unsafe <= 0.05


def test_holm_corrects_the_smallest_most() -> None:
    corrected = holm({"a": 0.02, "b": 0.01, "c": 0.03, "d": 0.005})

    assert list(corrected) == ["a", "b", "c", "d"]
    assert corrected == pytest.approx({"a": 0.04, "b": 0.03, "c": 0.04, "d": 0.02})


def test_no_corrected_value_exceeds_one() -> None:
    assert holm({"a": 0.6, "b": 0.9}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}


def _holds_at(p_value: float) -> Callable[[Decimal], bool]:
    """Make a claim that holds up to one confidence, as one with this p-value does."""
    return lambda confidence: p_value <= error_rate(confidence)


def test_bounds_support_the_same_claims_as_p_values() -> None:
    for values in itertools.product([0.004, 0.012, 0.016, 0.024, 0.026, 0.049, 0.051], repeat=3):
        p_values = dict(zip("abc", values, strict=True))
        expected = [name for name, value in holm(p_values).items() if value <= 0.05]

        supported = holm_supported({name: _holds_at(p) for name, p in p_values.items()}, LEVEL)

        assert expected == list(supported)


def test_without_claims_nothing_is_supported() -> None:
    assert holm_supported({}, LEVEL) == ()


def test_separate_claims_are_false_too_often_unless_corrected() -> None:
    generator = np.random.default_rng(6)
    hits = generator.binomial(300, 0.05, size=(2_000, 6)).tolist()
    p_values = [[p_value_at_least(Rate(n, 300), 0.05) for n in row] for row in hits]

    naive = np.mean([min(row) <= 0.05 for row in p_values])
    corrected = np.mean(
        [min(holm(dict(zip("abcdef", row, strict=True))).values()) <= 0.05 for row in p_values]
    )

    assert naive > 0.15
    assert corrected <= 0.05


@pytest.mark.parametrize(
    ("met", "expected"),
    [([], 0), ([False, True], 0), ([True, False, True], 1), ([True, True], 2)],
)
def test_a_ladder_holds_up_to_its_first_broken_rung(met: list[bool], expected: int) -> None:
    assert expected == fixed_sequence(iter(met))
