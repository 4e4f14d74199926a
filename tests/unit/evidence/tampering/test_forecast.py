# SPDX-License-Identifier: Apache-2.0
"""A forecast is never less than what a run does."""

from __future__ import annotations

import functools

from tiergate.evidence.tampering.attacks import attack_named
from tiergate.evidence.tampering.context import RunContext
from tiergate.evidence.tampering.forecast import (
    Expected,
    expected,
    memory_bytes,
    timed_flop_per_second,
)
from tiergate.evidence.tampering.harness import run
from tiergate.evidence.tampering.trial import Phase
from unit.evidence.tampering.simulated import (
    SimulatedEngine,
    Truth,
    context_of,
    guarded,
    suite_of,
)


def forecast(context: RunContext, parameters: int = 10**6) -> dict[str, Expected]:
    names = [attack.name for attack in context.suite.attacks if attack.name != "none"]
    spaces = {name: attack_named(name).space for name in names}
    return {row.name: row for row in expected(context, spaces, parameters)}


def test_a_search_makes_no_more_trials_than_were_forecast() -> None:
    context = context_of(suite_of("prefill", "template", trials=3, seeds=3))
    engine = SimulatedEngine(functools.partial(guarded, others={"prefill": Truth(success=0.04)}))

    run(context, engine)

    found = forecast(context)
    for name in ("prefill", "template"):
        asked = [t for t in engine.asked if t.attack == name and t.phase is Phase.SEARCH]
        assert 0 < len(asked) <= found[name].trials
        assert len([t for t in engine.asked if t.attack == name]) <= found[name].points
    controls = [t for t in engine.asked if t.attack in {"none", "unguarded"}]
    assert len(controls) == found["controls"].trials


def test_training_takes_operations_and_points_that_asking_does_not() -> None:
    found = forecast(context_of(suite_of("prefill", "lora-in-domain", trials=1)))

    assert 2 == found["prefill"].points
    assert found["lora-in-domain"].points > 2
    assert found["lora-in-domain"].flop > found["prefill"].flop


def test_answers_are_drawn_as_often_as_an_attack_may_draw_them() -> None:
    found = forecast(context_of(suite_of("prefill", "best-of-n", trials=1)))

    assert found["best-of-n"].answers > 8 * found["prefill"].answers


def test_operations_grow_with_the_model() -> None:
    context = context_of(suite_of("prefill"))

    small, large = (forecast(context, size)["prefill"].flop for size in (10**6, 10**9))

    assert 1000 * small == large


def test_without_a_twin_there_is_less_to_do() -> None:
    suite = suite_of("prefill")

    with_twin, without = (
        forecast(context_of(suite, unguarded=given))["controls"] for given in (True, False)
    )

    assert with_twin.trials == without.trials + 1


def test_memory_is_for_searching_or_for_confirming_whichever_is_more() -> None:
    assert 4000 == memory_bytes(1000, 2)
    assert 6000 == memory_bytes(1000, 4)


def test_this_machine_is_timed() -> None:
    assert timed_flop_per_second("cpu", "float32") > 10**6
