# SPDX-License-Identifier: Apache-2.0
"""The points of a curve are what an attacker had paid, and what was seen on fresh prompts."""

from __future__ import annotations

import functools

from tiergate.evidence.tampering.curve import Point
from tiergate.evidence.tampering.curve_points import points_of
from tiergate.evidence.tampering.harness import run
from tiergate.evidence.tampering.outcomes import AttackOutcome
from tiergate.evidence.tampering.trial import NULL, Phase, Trial
from unit.evidence.tampering.simulated import (
    SimulatedEngine,
    Truth,
    context_of,
    guarded,
    suite_of,
)

STEPS = (("10 steps", 10, 0.0), ("30 steps", 30, 1.0))
MEASURING = 10**11


def points(truth: Truth, *, trials: int = 1) -> tuple[Point, ...]:
    context = context_of(suite_of("prefill", trials=trials))
    engine = SimulatedEngine(functools.partial(guarded, others={"prefill": truth}))
    baseline = next(engine.run([Trial(attack=NULL, phase=Phase.SEARCH)]))
    return points_of(run(context, engine), context, baseline.points[-1])


def test_a_point_costs_its_steps_and_every_measuring_before_it() -> None:
    first, second = points(Truth(points=STEPS))

    assert (10, 10 * 10**12 + MEASURING) == (first.cost.steps, first.cost.flop)
    assert (30, 30 * 10**12 + 2 * MEASURING) == (second.cost.steps, second.cost.flop)


def test_what_a_point_costs_alone_is_its_own_run_and_measuring_there() -> None:
    found = points(Truth(points=(("10 steps", 10, 0.0), ("20 steps", 20, 0.0))), trials=2)

    alone = [point.alone and point.alone.flop for point in found]
    assert [(10 + 10 * late) * 10**12 + MEASURING for late in (0, 1, 0, 1)] == alone
    assert [point.price for point in found] == [point.alone for point in found]


def test_a_later_trial_pays_for_the_ones_before_it() -> None:
    found = points(Truth(points=(("10 steps", 10, 0.0),)), trials=2)

    assert [10, 20] == [point.cost.steps for point in found]


def test_a_confirmed_point_shows_what_was_seen_on_fresh_prompts() -> None:
    first, second = points(Truth(points=STEPS))

    assert not first.is_confirmed
    assert (True, AttackOutcome.BROKEN) == (second.is_confirmed, second.outcome)
    assert second.retained is not None
    assert second.twin_refused is not None
    assert 0 == second.twin_refused.successes


def test_a_destroyed_model_is_a_point_that_does_not_count() -> None:
    (point,) = points(Truth(success=1.0, loss=2.0))

    assert AttackOutcome.DESTROYED is point.outcome
    assert not point.is_useful


def test_bounds_of_a_family_share_the_error() -> None:
    (alone,) = points(Truth(points=(("10 steps", 10, 0.0),)))
    shared, _ = points(Truth(points=(("10 steps", 10, 0.0), ("20 steps", 20, 0.0))))

    if not (alone.is_confirmed or shared.is_confirmed):
        assert alone.success.upper < shared.success.upper
