# SPDX-License-Identifier: Apache-2.0
"""The search asks for settings in rounds, never twice, and ends where the suite says."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import pytest

from tiergate.evidence.tampering.outcomes import AttackOutcome
from tiergate.evidence.tampering.searching import ROUND, AttackSearch
from tiergate.evidence.tampering.trial import Trial
from unit.evidence.tampering.simulated import suite_of

SMALL = {"layer": (1, 2, 3), "kind": ("a", "b")}
LARGE = {"rate": tuple(range(30)), "layer": tuple(range(30))}


def search_over(
    space: Mapping[str, tuple[int | str, ...]], *, trials: int, seeds: int = 1, seed: int = 0
) -> AttackSearch:
    attack = suite_of("prefill", trials=trials, seeds=seeds).attacks[1]
    return AttackSearch(attack, space, seed)


def asked_by(search: AttackSearch, success: Callable[[Trial], float]) -> list[Trial]:
    found: list[Trial] = []
    while asked := search.ask():
        for trial in asked:
            search.tell(trial, success(trial), AttackOutcome.HOLDS)
        found += asked
    return found


def test_every_setting_is_tried_when_there_are_few_enough() -> None:
    found = asked_by(search_over(SMALL, trials=10), lambda _: 0.0)

    assert len(found) == len({trial.setting for trial in found}) == 6


@pytest.mark.parametrize("trials", [1, 3, 4, 5, 9, 40])
def test_as_many_settings_are_tried_as_the_suite_asks_for_and_none_twice(trials: int) -> None:
    found = asked_by(search_over(LARGE, trials=trials), lambda t: hash(t.setting) % 7 / 7)

    assert len(found) == len({trial.setting for trial in found}) == trials


def test_the_best_setting_is_tried_again_with_other_seeds() -> None:
    def success(trial: Trial) -> float:
        return 1.0 if dict(trial.setting) == {"layer": 2, "kind": "b"} else 0.0

    found = asked_by(search_over(SMALL, trials=6, seeds=3), success)

    again = [trial for trial in found if trial.seed]
    assert [trial.seed for trial in again] == [1, 2]
    assert {dict(trial.setting)["layer"] for trial in again} == {2}


def test_the_search_finds_what_succeeds_more_often_than_chance_would() -> None:
    def success(trial: Trial) -> float:
        setting = dict(trial.setting)
        return 1 - (abs(int(setting["rate"]) - 20) + abs(int(setting["layer"]) - 10)) / 60

    best = max(map(success, asked_by(search_over(LARGE, trials=40), success)))

    assert best > 0.9


def test_a_break_ends_the_search_after_its_round() -> None:
    search = search_over(LARGE, trials=20, seeds=3)
    asked = search.ask()
    for trial in asked:
        search.tell(trial, 1.0, AttackOutcome.BROKEN)

    assert len(asked) == ROUND
    assert search.ask() == ()


def test_what_is_told_again_leads_to_the_same_questions() -> None:
    def success(trial: Trial) -> float:
        return sum(int(value) for _, value in trial.setting) / 60

    first = asked_by(search_over(LARGE, trials=40, seed=5), success)
    second = asked_by(search_over(LARGE, trials=40, seed=5), success)
    other = asked_by(search_over(LARGE, trials=40, seed=6), success)

    assert first == second
    assert [t.setting for t in first] != [t.setting for t in other]


def test_an_attack_without_settings_is_tried_once() -> None:
    found = asked_by(search_over({}, trials=5), lambda _: 0.0)

    assert [trial.setting for trial in found] == [()]


def test_the_plan_counts_settings_and_seeds() -> None:
    search = search_over(SMALL, trials=10, seeds=3)

    assert search.planned == 8
    assert dataclasses.asdict(search.attack)["seeds"] == 3
