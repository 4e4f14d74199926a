# SPDX-License-Identifier: Apache-2.0
"""Settings, samples, clocks and points."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from tiergate.errors import InputError, MeasurementError
from tiergate.evidence.tampering.attacks.support import (
    Chosen,
    Clock,
    Space,
    points_up_to,
    sample,
)

SPACE: Space = {"steps": (30, 10), "rate": (0.5, 0.1), "data": ("all", "some")}


def test_that_what_a_setting_leaves_out_has_the_usual_value() -> None:
    chosen = Chosen("x", SPACE, {"data": "some"})
    assert (chosen.whole("steps"), chosen.number("rate"), chosen.text("data")) == (30, 0.5, "some")


def test_that_a_number_may_lie_outside_of_the_space() -> None:
    assert Chosen("x", SPACE, {"steps": 1000}).whole("steps") == 1000


def test_that_a_whole_number_stands_for_a_fraction() -> None:
    assert Chosen("x", SPACE, {"rate": 1}).number("rate") == 1.0


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ({"step": 3}, "the unknown name 'step'"),
        ({"data": "none"}, "'none', expected one of 'all', 'some'"),
        ({"steps": "many"}, "'many', expected a number"),
        ({"steps": 2.5}, "2.5, expected a whole number"),
        ({"rate": True}, "True, expected a number"),
    ],
)
def test_that_a_setting_that_means_nothing_is_refused(
    setting: dict[str, str | int | float], reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        Chosen("x", SPACE, setting)


def test_that_a_sample_is_drawn_by_the_seed_and_leaves_something_to_draw() -> None:
    first, again, other = (sample(range(20), 32, seed, what="items") for seed in (0, 0, 1))
    assert first == again != other
    assert len(set(first)) == 10


def test_that_a_sample_of_nothing_is_refused() -> None:
    with pytest.raises(MeasurementError, match="pairs: found none"):
        sample([], 3, 0, what="pairs")


@pytest.mark.parametrize(
    ("most", "points"), [(3, (3,)), (5, (5,)), (30, (5, 10, 20, 30)), (40, (5, 10, 20, 30, 40))]
)
def test_that_points_rise_to_the_last_step(most: int, points: tuple[int, ...]) -> None:
    assert points_up_to(most) == points


def test_that_a_clock_does_not_count_what_lies_between_its_blocks() -> None:
    clock = Clock()
    with clock.running():
        time.sleep(0.01)
    time.sleep(0.1)
    with clock.running():
        time.sleep(0.01)
    assert Decimal("0.02") <= clock.seconds() < Decimal("0.1")
