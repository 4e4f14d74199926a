# SPDX-License-Identifier: Apache-2.0
"""Where a model stands in general capability, and what can be downloaded beside it."""

from __future__ import annotations

from datetime import date

import pytest
from benchmarks.placement import RMSE_BOUND, data, reproduced
from hypothesis import given
from hypothesis import strategies as st

from tiergate.errors import InputError
from tiergate.landscape import frontier
from tiergate.landscape.frontier import Weights
from tiergate.landscape.placement import Item, expected, fitted, place
from tiergate.landscape.vintage import shipped

ITEMS = {
    "easy": Item(difficulty=100.0, slope=0.1),
    "middle": Item(difficulty=130.0, slope=0.08),
    "hard": Item(difficulty=150.0, slope=0.1),
}
VINTAGE = shipped()
MODELS = frontier.known(VINTAGE)


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

    assert three.highest - three.index > three.index - three.lowest > 0
    assert nine.highest - nine.lowest < three.highest - three.lowest


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ({"easy": 0.5, "middle": 0.5}, "2 of benchmarks"),
        ({"easy": 0.5, "middle": 0.5, "other": 0.5}, "2 of benchmarks"),
        ({"easy": 0.5, "middle": 0.5, "hard": 71.0}, "a share from 0 to 1"),
        ({"easy": 0.5, "middle": 0.5, "hard": float("nan")}, "a share from 0 to 1"),
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


def test_that_what_nobody_has_reached_has_no_age() -> None:
    lag = frontier.age(MODELS, 500.0, date(2026, 8, 11))

    assert (lag.months, lag.first) == (None, None)
