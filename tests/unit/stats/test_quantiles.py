# SPDX-License-Identifier: Apache-2.0
"""What a confidence may be, and that the package is cheap to import."""

from __future__ import annotations

import math
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest

from tiergate.errors import InputError
from tiergate.stats import Rate, exact_upper
from tiergate.stats.quantiles import (
    beta_lower_quantile,
    beta_upper_quantile,
    binomial_at_most,
    error_rate,
    hypergeometric_at_most,
    log_beta_below,
    normal_upper_quantile,
    student_upper_quantiles,
)

REFUSED_CONFIDENCES: dict[str, object] = {
    "a coin toss": 0.5,
    "a coin toss as a decimal": Decimal("0.5"),
    "less than a coin toss": 0.05,
    "certainty": 1.0,
    "certainty as a whole number": 1,
    "certainty as a decimal": Decimal(1),
    "a percentage": 95.0,
    "no number": math.nan,
    "no decimal number": Decimal("NaN"),
    "a signalling decimal": Decimal("sNaN"),
    "infinity": math.inf,
    "true": True,
    "text": "0.95",
    "nothing": None,
}


@pytest.mark.parametrize("sentence", REFUSED_CONFIDENCES)
def test_a_confidence_is_refused_when_it_is(sentence: str) -> None:
    with pytest.raises(InputError, match=r"^confidence: found"):
        error_rate(REFUSED_CONFIDENCES[sentence])  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["0.51", "0.9", "0.95", "0.975", "0.999", "0.9999999"])
def test_a_decimal_and_a_float_mean_the_same_confidence(text: str) -> None:
    assert float(1 - Decimal(text)) == error_rate(Decimal(text)) == error_rate(float(text))


def test_a_bound_does_not_depend_on_how_the_confidence_is_written() -> None:
    rate = Rate(3, 50)

    assert exact_upper(rate, Decimal("0.95")) == exact_upper(rate, 0.95)


def test_the_quantiles_are_those_of_printed_tables() -> None:
    freedom = np.array([1.0, 10.0, 120.0])

    assert normal_upper_quantile(0.025) == pytest.approx(1.959964, abs=1e-6)
    assert student_upper_quantiles(freedom, 0.05) == pytest.approx([6.314, 1.812, 1.658], abs=5e-4)


def test_a_uniform_variable_has_its_quantiles_in_the_right_tail() -> None:
    assert beta_upper_quantile(1, 1, 0.05) == pytest.approx(0.95)
    assert beta_lower_quantile(1, 1, 0.05) == pytest.approx(0.05)


def test_importing_the_package_does_not_import_scipy_or_numpy() -> None:
    program = (
        "import sys, tiergate.stats;"
        "print(sorted({'scipy', 'scipy.stats', 'numpy'} & set(sys.modules)))"
    )

    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert shown.stdout.strip() == "[]"


def test_computing_every_bound_does_not_import_the_slow_part_of_scipy() -> None:
    program = (
        "import sys; from tiergate.stats import *;"
        "exact_interval(Rate(1, 9), 0.9);"
        "newcombe_interval(Rate(1, 9), Rate(2, 9), 0.9);"
        "korn_graubard_interval([Rate(1, 9), Rate(2, 9)], 0.9);"
        "audited_upper([Adjudication(confirmed=1, clean=5, not_drawn=9, behaviours=9)], 0.9);"
        "missed_at_most(Rate(1, 9), 20, 0.9);"
        "corrected_upper(Rate(1, 9), Rate(9, 9), Rate(9, 9), 0.9);"
        "anytime_upper(Rate(1, 9), 0.9);"
        "attempts_upper([(Rate(1, 9), 9)], 5, 0.9);"
        "paired_upper(Pairs(first_only=1, second_only=2, alike=9), 0.9);"
        "print('scipy.special' in sys.modules, 'scipy.stats' in sys.modules)"
    )

    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert shown.stdout.strip() == "True False"


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
@pytest.mark.parametrize("trials", [0, 1, 12])
def test_a_binomial_tail_is_the_sum_of_its_terms(trials: int, share: float) -> None:
    terms = [
        math.comb(trials, hits) * share**hits * (1 - share) ** (trials - hits)
        for hits in range(trials + 1)
    ]

    for successes in range(trials + 1):
        expected = sum(terms[: successes + 1])

        assert expected == pytest.approx(binomial_at_most(successes, trials, share))


def test_a_hypergeometric_tail_is_the_sum_of_its_terms() -> None:
    for good, drawn in [(0, 5), (3, 5), (9, 5), (12, 5), (4, 0), (4, 12), (7, 9)]:
        terms = [
            math.comb(good, found) * math.comb(12 - good, drawn - found)
            for found in range(drawn + 1)
            if found <= good and drawn - found <= 12 - good
        ]
        least = max(0, drawn - (12 - good))

        for successes in range(drawn + 1):
            expected = sum(terms[: max(0, successes + 1 - least)]) / math.comb(12, drawn)

            assert expected == pytest.approx(hypergeometric_at_most(successes, drawn, good, 12))


def test_part_of_a_beta_integral_is_known_by_its_logarithm() -> None:
    # The integral of x**2 * (1 - x) from 0 to 1/2 is 1/24 - 1/64.
    assert math.log(1 / 24 - 1 / 64) == pytest.approx(log_beta_below(3, 2, 0.5))
    assert log_beta_below(5_000, 10, 0.05) == -math.inf
