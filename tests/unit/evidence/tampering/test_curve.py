# SPDX-License-Identifier: Apache-2.0
"""The break-cost curve: running worst, cheapest break, and where knowledge ends."""

from __future__ import annotations

import csv
import dataclasses
import io
from decimal import Decimal

import pytest

from tiergate.evidence.bounds import bounds
from tiergate.evidence.measurement import AttackClass, Counts
from tiergate.evidence.tampering.adversary import Cost, Prices
from tiergate.evidence.tampering.curve import (
    FamilyCurve,
    Point,
    Reach,
    cost_words,
    curves,
    outcome_words,
    shared_level,
    short_cost_words,
    with_search_cost,
)
from tiergate.evidence.tampering.curve_text import csv_text, sparklines
from tiergate.evidence.tampering.outcomes import AttackOutcome
from tiergate.stats.rates import Rate

HOUR = 3600 * 10**14
PRICES = Prices(
    accelerator="a machine",
    flop_per_second=Decimal(10**14),
    usd_per_hour=Decimal(2),
    source="made up",
    as_of="2026-11-28",
)
HOLDS, BROKEN, DESTROYED = AttackOutcome.HOLDS, AttackOutcome.BROKEN, AttackOutcome.DESTROYED
UNDECIDED, INVALID = AttackOutcome.UNDECIDED, AttackOutcome.INVALID


def a_point(
    flop: int,
    successes: int,
    outcome: AttackOutcome = HOLDS,
    *,
    family: AttackClass = AttackClass.ADAPTER,
    confirmed: bool = True,
    setting: str = "rank 16, 10 steps",
    alone: int | None = None,
) -> Point:
    counts = Counts.simple(successes, 100)
    return Point(
        family=family,
        attack="an attack",
        setting=setting,
        cost=Cost(flop=flop, steps=1),
        succeeded=counts,
        success=bounds(counts, Decimal("0.95")),
        outcome=outcome,
        is_confirmed=confirmed,
        retained=Rate(57, 100),
        alone=None if alone is None else Cost(flop=alone),
    )


def one(*points: Point) -> FamilyCurve:
    (curve,) = curves(points)
    return curve


def test_that_the_worst_so_far_never_falls_when_more_is_spent() -> None:
    curve = one(a_point(400, 10), a_point(100, 3), a_point(200, 30), a_point(300, 20))

    assert [s.flop for s in curve.stretches] == [100, 200, 300, 400]
    assert [s.rate for s in curve.stretches] == [0.03, 0.3, 0.3, 0.3]
    for earlier, later in zip(curve.stretches, curve.stretches[1:], strict=False):
        assert (earlier.lower, earlier.upper) <= (later.lower, later.upper)


def test_that_points_of_one_cost_make_one_stretch() -> None:
    assert [s.rate for s in one(a_point(100, 3), a_point(100, 9)).stretches] == [0.09]


@pytest.mark.parametrize("outcome", [DESTROYED, INVALID])
def test_that_a_model_which_does_not_count_makes_no_curve(outcome: AttackOutcome) -> None:
    curve = one(a_point(100, 99, outcome), a_point(200, 2))

    assert [s.rate for s in curve.stretches] == [0.02]
    assert len(curve.points) == 2
    assert one(a_point(100, 99, outcome)).worst is None


def test_that_the_cheapest_break_is_confirmed_and_costs_least() -> None:
    curve = one(
        a_point(100, 90, BROKEN, confirmed=False),
        a_point(300, 80, BROKEN),
        a_point(200, 70, BROKEN),
    )

    assert curve.cheapest_break is not None
    assert curve.cheapest_break.cost.flop == 200


def test_that_the_cheapest_break_is_so_by_itself_however_long_the_search_for_it_was() -> None:
    late = a_point(9 * HOUR, 80, BROKEN, alone=HOUR, family=AttackClass.MERGING)
    early = a_point(3 * HOUR, 80, BROKEN, alone=2 * HOUR)

    first, second = curves([early, late])

    assert one(early, dataclasses.replace(late, family=early.family)).cheapest_break is not early
    assert (first.family, second.family) == (late.family, early.family)
    words = "broken for $2 (1 GPU-hours); with the search $18 (9 GPU-hours): rank 16, 10 steps"
    assert words == outcome_words(first, PRICES)


def test_that_the_cost_to_reach_a_rate_lies_between_two_tested_costs() -> None:
    curve = one(a_point(100, 2), a_point(200, 30), a_point(300, 90))

    assert curve.cost_to_reach(Decimal("0.5")) == Reach(more_than=200, at_most=300)
    assert curve.cost_to_reach(Decimal("0.3")) == Reach(more_than=100, at_most=300)
    assert curve.cost_to_reach(Decimal("0.99")) == Reach(more_than=300, at_most=None)
    assert curve.cost_to_reach(Decimal("0.001")) == Reach(more_than=None, at_most=100)


def test_that_families_which_break_come_first_and_the_cheapest_break_before_others() -> None:
    found = curves(
        [
            a_point(100, 1, family=AttackClass.PRUNING),
            a_point(100, 9, UNDECIDED, family=AttackClass.PREFILL),
            a_point(500, 90, BROKEN, family=AttackClass.FINE_TUNING),
            a_point(300, 80, BROKEN, family=AttackClass.ADAPTER),
        ]
    )

    assert [curve.family for curve in found] == [
        AttackClass.ADAPTER,
        AttackClass.FINE_TUNING,
        AttackClass.PREFILL,
        AttackClass.PRUNING,
    ]


def test_that_a_later_trial_pays_for_those_before_it() -> None:
    first, second = [a_point(100, 1), a_point(300, 1)], [a_point(50, 1)]

    costs = [point.cost for point in with_search_cost([first, [], second])]

    assert [cost.flop for cost in costs] == [100, 300, 350]
    assert [cost.steps for cost in costs] == [1, 1, 2]


def test_that_a_band_over_many_points_asks_more_of_each() -> None:
    assert shared_level(Decimal("0.95"), 5) == Decimal("0.99")
    assert shared_level(Decimal("0.95"), 0) == Decimal("0.95")


SENTENCES = [
    ([a_point(40 * HOUR, 1)], "not broken up to $80 (40 GPU-hours); nothing is known beyond"),
    (
        [a_point(HOUR, 1), a_point(HOUR // 2, 90, BROKEN)],
        "broken for $1 (30 GPU-minutes): rank 16, 10 steps",
    ),
    (
        [a_point(HOUR, 90, BROKEN, confirmed=False)],
        "looks broken, not confirmed; tested up to $2 (1 GPU-hours)",
    ),
    ([a_point(HOUR, 90, DESTROYED)], "no model was still useful; tested up to $2 (1 GPU-hours)"),
    (
        [a_point(HOUR, 1), a_point(HOUR, 1, INVALID)],
        "without a valid result for every trial; tested up to $2 (1 GPU-hours)",
    ),
    ([a_point(HOUR, 4, UNDECIDED)], "undecided up to $2 (1 GPU-hours); nothing is known beyond"),
]


@pytest.mark.parametrize(("points", "sentence"), SENTENCES)
def test_that_a_family_is_told_in_one_sentence(points: list[Point], sentence: str) -> None:
    assert outcome_words(one(*points), PRICES) == sentence


@pytest.mark.parametrize(
    ("flop", "words", "short"),
    [
        (0, "no computing", "no computing"),
        (9 * 10**11, "9e11 FLOP, under $0.01", "9e11 FLOP"),
        (2 * 10**14, "2 GPU-seconds, under $0.01", "2e14 FLOP"),
        (HOUR // 10, "$0.2 (6 GPU-minutes)", "$0.2"),
        (1111 * HOUR, "$2,200 (1,100 GPU-hours)", "$2,200"),
    ],
)
def test_that_a_cost_is_told_in_units_that_fit(flop: int, words: str, short: str) -> None:
    assert cost_words(flop, PRICES) == words
    assert short_cost_words(flop, PRICES) == short


TWO = curves(
    [
        a_point(10**12, 0, setting="=rank"),
        a_point(10**14, 100, BROKEN, setting="rank 8"),
        a_point(10**13, 2, family=AttackClass.PREFILL),
    ]
)


def test_that_a_line_shows_the_worst_so_far_and_marks_what_was_not_tested() -> None:
    adapter, prefill = sparklines(TWO, PRICES, width=4)

    assert adapter.startswith("small adapter  ▁▁▁█  ")
    assert prefill.startswith("prefill         ▂░░  ")
    assert "broken for 1 GPU-seconds, under $0.01: rank 8" in adapter


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "no such encoding"])
def test_that_a_terminal_without_blocks_gets_plain_signs(encoding: str) -> None:
    lines = sparklines(TWO, PRICES, width=4, encoding=encoding)

    assert all(line.isascii() for line in lines)
    assert "??" in lines[1]


def test_that_no_curve_makes_no_line() -> None:
    assert sparklines((), PRICES) == ()


def test_that_every_point_is_a_row_with_its_counts() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(TWO, PRICES))))

    assert [row["flop"] for row in rows] == [str(10**12), str(10**14), str(10**13)]
    assert rows[0]["setting"] == "'=rank"
    assert (rows[1]["successes"], rows[1]["scored"], rows[1]["outcome"]) == ("100", "100", "broken")
    assert (rows[1]["tasks_solved"], rows[1]["twins_asked"]) == ("57", "")
    assert (rows[1]["alone_flop"], rows[1]["alone_usd"]) == ("", "")


def test_that_a_row_has_the_cost_with_the_search_and_without_it() -> None:
    found = curves([a_point(9 * HOUR, 80, BROKEN, alone=HOUR)])

    (row,) = csv.DictReader(io.StringIO(csv_text(found, PRICES)))

    assert (row["usd"], row["alone_flop"], row["alone_usd"]) == ("18", str(HOUR), "2")
