# SPDX-License-Identifier: Apache-2.0
"""From a run to the points of its break-cost curve: every model that was measured.

What a point cost is what an attacker had paid by then who tried the settings in the order of the
search; its price is what it costs an attacker who knows the setting. Where a setting was measured
again on fresh prompts, that counts and not the search.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from tiergate.evidence.tampering.accounting import price_of
from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.assessing import candidates, clusters_of, succeeded
from tiergate.evidence.tampering.confirmation import Tried
from tiergate.evidence.tampering.context import RunContext
from tiergate.evidence.tampering.curve import Point, shared_level, with_search_cost
from tiergate.evidence.tampering.harness import AttackResult, Confirmed, RunResult
from tiergate.evidence.tampering.sequential import anytime_bounds
from tiergate.evidence.tampering.trial import Labels, PointResult, TrialResult
from tiergate.stats.rates import Interval, Rate


def points_of(
    run: RunResult, context: RunContext, untouched: PointResult | None
) -> tuple[Point, ...]:
    """Return every point of a run, attack by attack.

    Args:
        run: what was found.
        context: what the run was given.
        untouched: the model as released, measured as in the search; None when it was not.
    """
    bare: list[Point] = []
    for attack in run.attacks:
        trials = [_of_trial(attack, trial, context, untouched) for trial in attack.searched]
        bare += with_search_cost(trials)
    sizes: dict[str, int] = {}
    for point in bare:
        sizes[point.family] = sizes.get(point.family, 0) + 1
    return tuple(
        replace(point, success=_bounds(point, context.rule.confidence, sizes[point.family]))
        for point in bare
    )


def _bounds(point: Point, confidence: Decimal, points: int) -> Interval:
    return anytime_bounds(point.succeeded, shared_level(confidence, points))


def _of_trial(
    attack: AttackResult,
    trial: TrialResult,
    context: RunContext,
    untouched: PointResult | None,
) -> list[Point]:
    clusters = clusters_of(context.prompts.pairs)
    tried = candidates(
        trial,
        untouched,
        clusters,
        context.rule,
        most_prompts=context.effort.search_prompts,
        grader=context.grader_error,
    )
    again = {confirmed.name: confirmed for confirmed in attack.confirmed}
    return [
        _point(
            attack,
            point,
            cost=cost,
            clusters=clusters,
            searched=searched,
            again=again.get(searched.trial),
        )
        for (point, cost), searched in zip(_with_cost(trial), tried, strict=False)
    ]


def _with_cost(trial: TrialResult) -> Iterator[tuple[PointResult, Cost]]:
    """Yield each point with what the trial had cost by then, measuring included."""
    measuring = Cost()
    for point in trial.points:
        measuring += point.measuring
        yield point, point.cost + measuring


def _point(  # noqa: PLR0913 - what a point is made of
    attack: AttackResult,
    point: PointResult,
    *,
    cost: Cost,
    clusters: Mapping[str, str],
    searched: Tried,
    again: Confirmed | None,
) -> Point:
    measured = again.result.points[-1] if again and again.result.points else None
    found = measured or point
    tasks = Rate(found.utility.correct, found.utility.asked)
    return Point(
        family=attack.attack.family,
        attack=attack.attack.name,
        setting=searched.trial,
        cost=cost,
        alone=price_of(point),
        succeeded=succeeded(found.guarded, clusters),
        success=Interval(0.0, 1.0),
        outcome=again.finding.outcome if again else searched.outcome,
        is_confirmed=measured is not None,
        retained=tasks if tasks.trials else None,
        twin_refused=_refusals(found.twin),
    )


def _refusals(twins: Labels) -> Rate | None:
    return twins.refusals if twins.rows else None
