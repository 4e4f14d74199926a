# SPDX-License-Identifier: Apache-2.0
"""Where a model stands in general capability, and what can be downloaded beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from benchmarks.placement import RMSE_BOUND, data, reproduced
from hypothesis import given
from hypothesis import strategies as st

from tiergate.errors import InputError
from tiergate.landscape import frontier
from tiergate.landscape.frontier import Weights
from tiergate.landscape.placement import (
    Item,
    Placement,
    expected,
    fitted,
    nearest,
    place,
)
from tiergate.landscape.vintage import shipped

ITEMS = {
    "easy": Item(difficulty=100.0, slope=0.1),
    "middle": Item(difficulty=130.0, slope=0.08),
    "hard": Item(difficulty=150.0, slope=0.1),
}
VINTAGE = shipped()
MODELS = frontier.known(VINTAGE)


@pytest.mark.parametrize(
    ("column", "value"),
    [("slope", "0"), ("slope", "-0.1"), ("slope", "11"), ("difficulty", "1e300")],
)
def test_that_parameters_that_no_benchmark_can_have_are_refused(column: str, value: str) -> None:
    first, *rest = VINTAGE.rows("benchmarks")
    row = replace(first, values={**first.values, column: value})
    vintage = replace(VINTAGE, tables={**VINTAGE.tables, "benchmarks": (row, *rest)})

    with pytest.raises(InputError, match=f"row 1: found {column} '{value}', expected a number fr"):
        frontier.items(vintage)


def test_that_the_published_index_is_reproduced() -> None:
    assert reproduced(data(), frontier.items(VINTAGE)) < RMSE_BOUND


@given(st.floats(80, 170))
def test_that_scores_as_expected_at_a_capability_are_placed_there(at: float) -> None:
    scores = [float(expected(at, item.difficulty, item.slope)) for item in ITEMS.values()]

    assert fitted(scores, list(ITEMS.values())) == pytest.approx(at, abs=1.0)


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.integers(0, 2), st.floats(0, 1))
def test_that_a_better_score_never_places_a_model_lower(
    scores: list[float], which: int, better: float
) -> None:
    improved = list(scores)
    improved[which] = max(improved[which], better)
    items = list(ITEMS.values())

    assert fitted(improved, items) >= fitted(scores, items) - 0.01


def test_that_the_band_is_wider_above_than_below_and_narrower_with_more_scores() -> None:
    three = place(dict.fromkeys(ITEMS, 0.5), ITEMS)
    more = {f"{name}-{index}": item for name, item in ITEMS.items() for index in range(3)}
    nine = place(dict.fromkeys(more, 0.5), more)

    low, index, high = _ends(three)
    assert high - index > index - low > 0
    assert _ends(nine)[2] - _ends(nine)[0] < high - low


def _ends(found: Placement) -> tuple[float, float, float]:
    assert found.lowest is not None
    assert found.index is not None
    assert found.highest is not None
    return found.lowest, found.index, found.highest


def test_that_scores_at_the_top_alone_give_no_upper_end() -> None:
    for score in (1.0, 0.985):
        found = place(dict.fromkeys(ITEMS, score), ITEMS)

        assert (found.index, found.lowest, found.highest) == (None, 150.0, None)
        assert (found.used, found.top, found.bottom) == ((), tuple(sorted(ITEMS)), ())
        assert found.level == 150.0


def test_that_scores_at_the_bottom_alone_give_no_lower_end() -> None:
    for score in (0.0, 0.015):
        found = place(dict.fromkeys(ITEMS, score), ITEMS)

        assert (found.index, found.lowest, found.highest) == (None, None, 100.0)
        assert (found.used, found.top, found.bottom) == ((), (), tuple(sorted(ITEMS)))
        assert found.level == 100.0


@pytest.mark.parametrize(
    "scores",
    [
        {"easy": 1.0, "middle": 0.7, "hard": 0.4},
        {"easy": 0.9, "middle": 0.7, "hard": 0.0},
        {"easy": 1.0, "middle": 0.7, "hard": 0.0},
        {"easy": 1.0, "middle": 1.0, "hard": 0.0},
    ],
)
def test_that_scores_at_an_end_do_not_count_toward_three(scores: dict[str, float]) -> None:
    with pytest.raises(InputError, match=r"near the (top|bottom) of"):
        place(scores, ITEMS)


def test_that_scores_so_near_an_end_that_they_say_little_are_at_it() -> None:
    benchmarks = frontier.items(VINTAGE)
    names = ("GPQA diamond", "MMLU", "WeirdML")

    top = place(dict.fromkeys(names, 0.97), benchmarks)
    bottom = place(dict.fromkeys(names, 0.03), benchmarks)
    flat = place(dict.fromkeys(("HellaSwag", "PIQA", "Winogrande"), 0.04), benchmarks)
    good = place(dict.fromkeys(names, 0.9), benchmarks)

    assert (top.index, top.highest, top.top) == (None, None, names)
    assert (bottom.index, bottom.lowest, bottom.bottom) == (None, None, names)
    assert (flat.index, flat.lowest) == (None, None)
    assert good.highest is not None


def test_that_what_is_at_an_end_neither_moves_a_placement_nor_narrows_its_band() -> None:
    ends = {f"low-{n}": Item(difficulty=90.0, slope=0.02) for n in range(5)} | {
        "high": Item(difficulty=200.0, slope=0.05)
    }
    scores = dict.fromkeys(ITEMS, 0.5)

    alone = place(scores, ITEMS)
    beside = place(scores | dict.fromkeys(ends, 1.0) | {"high": 0.0}, ITEMS | ends)

    assert (alone.index, alone.lowest, alone.highest) == (
        beside.index,
        beside.lowest,
        beside.highest,
    )
    assert beside.used == tuple(sorted(ITEMS))
    assert (len(beside.top), beside.bottom) == (5, ("high",))


def test_that_an_end_is_open_where_a_benchmark_at_an_end_speaks_against_it() -> None:
    more = ITEMS | {
        "far": Item(difficulty=190.0, slope=0.2),
        "near": Item(difficulty=60.0, slope=0.2),
    }
    scores = dict.fromkeys(ITEMS, 0.5)

    up = place(scores | {"far": 1.0}, more)
    down = place(scores | {"near": 0.0}, more)

    assert (up.highest, down.lowest) == (None, None)
    assert up.lowest is not None
    assert down.highest is not None


@given(st.lists(st.sampled_from([0.0, 0.01, 0.99, 1.0]), min_size=3, max_size=3))
def test_that_no_placement_with_two_ends_rests_on_scores_at_an_end(scores: list[float]) -> None:
    try:
        found = place(dict(zip(ITEMS, scores, strict=True)), ITEMS)
    except InputError:
        assert len({score > 0.5 for score in scores}) == 2
    else:
        assert (found.lowest is None) != (found.highest is None)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("GPQA", "GPQA diamond"),
        ("gpqa diamond", "GPQA diamond"),
        ("mmlu", "MMLU"),
        ("Hellaswagg", "HellaSwag"),
        ("swe bench verified", "SWE-Bench verified"),
        ("MMLU-Pro", None),
        ("Nobody's test", None),
        ("", None),
        ("a", None),
    ],
)
def test_that_the_benchmark_that_may_be_meant_is_found(name: str, near: str | None) -> None:
    assert nearest(name, frontier.items(VINTAGE)) == near


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ({"easy": 0.5, "middle": 0.5}, "2 that count"),
        ({"easy": 0.5, "middle": 0.5, "other": 0.5}, "'other' has no parameters"),
        ({"easy": 0.5, "middle": 0.5, "hard": 71.0}, "shares from 0 to 1"),
        ({"easy": 0.5, "middle": 0.5, "hard": float("nan")}, "shares from 0 to 1"),
    ],
)
def test_that_nothing_is_said_from(scores: dict[str, float], said: str) -> None:
    with pytest.raises(InputError, match=said):
        place(scores, ITEMS)


def test_that_what_can_be_downloaded_is_as_the_source_says() -> None:
    counts = {level: len(frontier.downloadable(MODELS, level)) for level in (140, 146, 155, 158)}

    assert counts == {140: 25, 146: 12, 155: 1, 158: 0}


def test_that_models_of_unknown_access_are_neither_open_nor_closed() -> None:
    unknown = [model for model in MODELS if model.weights is Weights.UNKNOWN]

    assert len(unknown) == 24
    assert not any(model.weights.is_open for model in unknown)
    first = [frontier.age(MODELS, model.index, date(2026, 8, 11)).first for model in MODELS]
    assert {model.weights for model in first if model} == {Weights.CLOSED}


def test_that_the_time_to_catch_up_is_that_of_the_first_closed_model() -> None:
    records = {model.name: lag for model, lag in frontier.catch_up(MODELS)}
    newest = records["Kimi K3"]

    assert newest.first is not None
    assert (newest.first.name, round(newest.months or 0, 1)) == ("GPT-5.4 Pro", 4.4)


def test_that_the_pace_is_that_of_the_best_closed_model_over_two_years() -> None:
    end = date(2026, 8, 11)
    closed = [model for model in MODELS if model.weights is Weights.CLOSED]
    best = max(model.index for model in closed)
    before = max(model.index for model in closed if model.released <= date(2024, 8, 10))

    found = frontier.at_pace(MODELS, best - 10.0, end)

    assert found is not None
    assert found.best.index == best
    assert found.points == pytest.approx(10.0)
    assert found.months == pytest.approx(10.0 * 24.02 / (best - before), abs=0.01)
    assert str(end) in found.definition


@pytest.mark.parametrize(
    ("index", "end"),
    [(999.0, date(2026, 8, 11)), (100.0, date(2024, 1, 1)), (100.0, date(1, 1, 1))],
    ids=["above them all", "within two years of the first closed model", "on the first day"],
)
def test_that_there_is_no_pace_to_be_behind(index: float, end: date) -> None:
    assert frontier.at_pace(MODELS, index, end) is None


def test_that_models_that_came_later_make_no_pace() -> None:
    early = [model for model in MODELS if model.released <= date(2026, 1, 1)]

    assert frontier.at_pace(MODELS, 130.0, date(2026, 1, 1)) == frontier.at_pace(
        early, 130.0, date(2026, 1, 1)
    )


def test_that_what_nobody_has_reached_has_no_age() -> None:
    lag = frontier.age(MODELS, 500.0, date(2026, 8, 11))

    assert (lag.months, lag.first) == (None, None)


@given(st.dates(date(2019, 1, 1), date(2027, 12, 31)), st.floats(60, 170))
def test_that_of_a_day_only_what_was_out_by_then_counts(at: date, index: float) -> None:
    models = frontier.known(VINTAGE, until=at)

    assert models == tuple(model for model in MODELS if model.released <= at)
    assert all(model.released <= at for model in frontier.downloadable(models, index))
    for seen in (MODELS, models):
        lag = frontier.age(seen, index, at)
        assert (lag.months is None) == (lag.first is None)
        assert lag.first is None or lag.first.released <= at
        assert lag.months is None or lag.months >= 0.0


def test_that_before_the_first_model_there_is_none() -> None:
    day = date(2020, 1, 1)

    assert frontier.known(VINTAGE, until=day) == ()
    assert frontier.age(MODELS, 100.0, day).first is None
    assert frontier.catch_up(frontier.known(VINTAGE, until=day)) == ()
