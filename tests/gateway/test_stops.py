# SPDX-License-Identifier: Apache-2.0
"""A stop of the operator ends downloads at once, and only somebody else lifts it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.town import GATED, OPEN, Town
from tiergate.errors import InputError
from tiergate.gateway.stops import EVERYTHING


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    found = Town(folder=tmp_path)
    found.settle()
    with found.served():
        yield found
    found.house.close()


@pytest.mark.parametrize("about", [OPEN, EVERYTHING])
def test_that_a_stop_ends_downloads_for_everybody(town: Town, about: str) -> None:
    stop = town.house.stops.stop(about, by="olga", reason="a leak", at=town.now)

    answer = town.ask(f"/{OPEN}/resolve/main/model.safetensors")

    assert (answer.status, answer.code) == (403, "GatedRepo")
    assert stop.id in answer.said
    assert "a leak" not in answer.said


def test_that_a_stop_of_one_model_leaves_the_others(town: Town) -> None:
    town.house.stops.stop(GATED, by="olga", reason="a leak", at=town.now)

    assert town.ask(f"/{OPEN}/resolve/main/model.safetensors").status == 200


def test_that_whoever_stops_does_not_lift_it_alone(town: Town) -> None:
    stops = town.house.stops
    stop = stops.stop(OPEN, by="olga", reason="a leak", at=town.now)

    with pytest.raises(InputError, match="somebody else"):
        stops.lift(stop.id, by="olga", at=town.now)
    assert town.ask(f"/{OPEN}/resolve/main/model.safetensors").status == 403

    stops.lift(stop.id, by="bert", at=town.now)
    assert town.ask(f"/{OPEN}/resolve/main/model.safetensors").status == 200
    assert [each.lifted_by for each in stops.all()] == ["bert"]


def test_that_a_stop_is_lifted_once(town: Town) -> None:
    stops = town.house.stops
    stop = stops.stop(OPEN, by="olga", reason="a leak", at=town.now)
    stops.lift(stop.id, by="bert", at=town.now)

    with pytest.raises(InputError, match="no stop that stands"):
        stops.lift(stop.id, by="carl", at=town.now)
