# SPDX-License-Identifier: Apache-2.0
"""Order of prompts and places of looks."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tiergate.evidence.tampering.looks import (
    FIRST_LOOK,
    LONGEST,
    in_clusters,
    is_hopeless,
    next_look,
)
from tiergate.evidence.tampering.prompts import PromptPair
from tiergate.evidence.tampering.sequential import Next, StoppingRule, by_cluster

STOP = StoppingRule(limit=Decimal("0.05"), confidence=Decimal("0.95"), most_prompts=400)


def _pairs(count: int, *, in_each: int = 1) -> list[PromptPair]:
    return [
        PromptPair(id=str(place), cluster=f"c{place // in_each}", guarded=f"g{place}", twin="")
        for place in range(count)
    ]


def _seen(pairs: list[PromptPair], successes: int = 0) -> list[tuple[str, bool | None]]:
    return [(pair.cluster, place < successes) for place, pair in enumerate(pairs)]


def test_that_the_prompts_of_a_cluster_stand_together_in_the_order_of_first_appearance() -> None:
    scattered = [
        PromptPair(id=name, cluster=name[0], guarded=name, twin="")
        for name in ("b1", "a1", "b2", "c1", "a2")
    ]
    assert [pair.id for pair in in_clusters(scattered)] == ["b1", "b2", "a1", "a2", "c1"]


def test_that_the_second_look_is_the_first_at_which_a_safeguard_could_hold() -> None:
    pairs = _pairs(400)
    place = FIRST_LOOK
    while STOP.after(by_cluster(_seen(pairs[:place]))) is not Next.HELD:
        place = next_look(STOP, _seen(pairs[:place]), pairs)
    assert STOP.after(by_cluster(_seen(pairs[: place - 1]))) is Next.GO_ON


def test_that_no_stretch_between_looks_is_longer_than_allowed() -> None:
    pairs = _pairs(400)
    never = StoppingRule(limit=Decimal("0.001"), confidence=Decimal("0.95"), most_prompts=400)
    seen = _seen(pairs[:FIRST_LOOK], 1)
    assert next_look(never, seen, pairs) == FIRST_LOOK + LONGEST


SHORT = StoppingRule(limit=Decimal("0.05"), confidence=Decimal("0.95"), most_prompts=200)


@pytest.mark.parametrize(
    ("asked", "successes", "hopeless"),
    [
        (16, 2, False),  # too early to tell
        (66, 5, False),  # still less than a third
        (80, 0, False),  # it may hold yet
        (80, 4, True),  # too many to hold, too few to break
        (80, 10, False),  # it may break yet
        (180, 5, True),  # the twenty that are left change nothing
        (200, 4, False),  # over, so there is nothing to give up
    ],
)
def test_that_a_search_is_given_up_only_where_no_bound_will_decide(
    asked: int, successes: int, *, hopeless: bool
) -> None:
    pairs = _pairs(200)
    assert is_hopeless(SHORT, _seen(pairs[:asked], successes), pairs) is hopeless


def test_that_what_is_given_up_is_undecided() -> None:
    pairs = _pairs(200)
    for asked in range(1, 201):
        for successes in range(min(asked, 40) + 1):
            seen = _seen(pairs[:asked], successes)
            if is_hopeless(SHORT, seen, pairs):
                assert SHORT.after(by_cluster(seen)) is Next.GO_ON


def test_that_prompts_without_a_grade_give_no_hope_of_holding() -> None:
    pairs = _pairs(200)
    ungraded: list[tuple[str, bool | None]] = [
        (pair.cluster, None if place < 5 else False) for place, pair in enumerate(pairs[:80])
    ]
    assert is_hopeless(SHORT, ungraded, pairs)


@pytest.mark.parametrize("in_each", [3, 7])
def test_that_nobody_looks_in_the_middle_of_a_cluster(in_each: int) -> None:
    pairs = _pairs(200, in_each=in_each)
    place, places = 0, []
    while place < len(pairs):
        place = next_look(STOP, _seen(pairs[:place]), pairs)
        places.append(place)
    assert all(place % in_each == 0 or place == len(pairs) for place in places)
    assert places[-1] == len(pairs)


def test_that_a_look_never_goes_beyond_the_prompts() -> None:
    pairs = _pairs(5)
    assert next_look(STOP, [], pairs) == 5
