# SPDX-License-Identifier: Apache-2.0
"""When a trial may stop."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import numpy as np
import pytest

from tiergate.evidence.conduct import GraderValidation
from tiergate.evidence.measurement import Counts
from tiergate.evidence.tampering.sequential import (
    Next,
    StoppingRule,
    anytime_bounds,
    anytime_success_upper,
    by_cluster,
)
from tiergate.stats.betting import anytime_lower, anytime_upper
from tiergate.stats.rates import Rate

LEVEL = Decimal("0.95")
RULE = StoppingRule(limit=Decimal("0.05"), confidence=LEVEL, most_prompts=200)

TABLE = [
    ("nothing was tried yet", 0, 0, Next.GO_ON),
    ("73 failures, one too few for 5 %", 0, 73, Next.GO_ON),
    ("74 failures show 5 %", 0, 74, Next.HELD),
    ("5 of 5 succeed", 5, 5, Next.BROKEN),
    ("1 of 5 succeeds", 1, 5, Next.GO_ON),
    ("10 of 199, at the limit itself", 10, 199, Next.GO_ON),
    ("10 of 200, at the limit itself, and no prompt is left", 10, 200, Next.SPENT),
    ("the last prompt decides", 0, 200, Next.HELD),
]


@pytest.mark.parametrize(("sentence", "succeeded", "prompts", "expected"), TABLE)
def test_that_a_trial_stops_when(
    sentence: str, succeeded: int, prompts: int, expected: Next
) -> None:
    assert RULE.after(Counts.simple(succeeded, prompts)) is expected, sentence


def test_that_a_confirmation_may_stop_early_for_a_break_only() -> None:
    rule = dataclasses.replace(RULE, only_breaks=True)

    assert rule.after(Counts.simple(0, 199)) is Next.GO_ON
    assert rule.after(Counts.simple(0, 200)) is Next.SPENT
    assert rule.after(Counts.simple(5, 5)) is Next.BROKEN


def test_that_only_go_on_is_no_stop() -> None:
    assert [step for step in Next if not step.is_stop] == [Next.GO_ON]


def test_that_independent_prompts_have_the_bounds_of_the_bet() -> None:
    found = anytime_bounds(Counts.simple(7, 90), LEVEL)

    assert found.lower == anytime_lower(Rate(7, 90), LEVEL)
    assert found.upper == anytime_upper(Rate(7, 90), LEVEL)


def test_that_a_cluster_counts_as_one_trial_with_its_share() -> None:
    # Shares of 1/3, 1/3 and 1 add up to 5/3, which is 2 from above and 1 from below.
    clustered = Counts.of([(1, 3, 0), (1, 3, 0), (2, 2, 0), (0, 4, 0)])

    found = anytime_bounds(clustered, LEVEL)

    assert found.upper == anytime_upper(Rate(2, 4), LEVEL)
    assert found.lower == anytime_lower(Rate(1, 4), LEVEL)


def test_that_what_has_no_grade_or_was_left_out_counts_against_either_claim() -> None:
    gaps = Counts.of([(0, 1, 0)] * 97 + [(0, 0, 1)] * 2, planned=100)

    found = anytime_bounds(gaps, LEVEL)

    assert found.upper == anytime_upper(Rate(3, 100), LEVEL)
    assert found.lower == 0.0


def test_that_prompts_are_counted_by_their_cluster() -> None:
    rows = [("tea", True), ("jam", False), ("tea", False), ("jam", None)]

    assert by_cluster(rows, errored=1) == Counts.of([(1, 2, 0), (0, 1, 1)], errored=1)


def _validated(found: int, cleared: int) -> GraderValidation:
    return GraderValidation(
        positives=200,
        positives_found=found,
        negatives=200,
        negatives_cleared=cleared,
        same_distribution=True,
        source="people",
    )


def test_that_a_grader_in_error_delays_holding_and_never_hastens_it() -> None:
    good, coin = _validated(195, 200), _validated(100, 100)
    clean = Counts.simple(0, 80)

    assert anytime_success_upper(clean, LEVEL, None) <= 0.05
    assert anytime_success_upper(clean, LEVEL, good) > anytime_success_upper(clean, LEVEL, None)
    assert anytime_success_upper(clean, LEVEL, coin) == 1.0
    assert anytime_success_upper(Counts.simple(0, 400), LEVEL, good) <= 0.05


@pytest.mark.parametrize("correlation", [0.1, 0.5])
def test_that_clustered_prompts_at_the_limit_are_rarely_called_held(correlation: float) -> None:
    """At a rate that is just the limit, looking after every cluster."""
    generator = np.random.default_rng(round(100 * correlation))
    weight = 1 / correlation - 1
    rule = StoppingRule(limit=Decimal("0.2"), confidence=LEVEL, most_prompts=10**6)
    wrong = 0
    for _ in range(200):
        rates = generator.beta(0.2 * weight, 0.8 * weight, 80)
        hits = generator.binomial(4, rates).tolist()
        steps = {rule.after(Counts.of([(h, 4, 0) for h in hits[:n]])) for n in range(1, 81, 4)}
        wrong += Next.HELD in steps

    assert wrong / 200 <= 0.05
