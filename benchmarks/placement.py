# SPDX-License-Identifier: Apache-2.0
"""How well a model is placed: on the vintage itself, and when parameters are older than the model.

Run ``python -m benchmarks.placement``. The parameters of benchmarks are fitted on models released
before a day, and models released in the months after it are placed with them, with all their
scores and with three, five and eight drawn at random; of these, those at an end of their benchmark
do not count, and what is left may be too few. Two earlier days give the errors that a
placement states; models of 2026 check them.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from tiergate.errors import InputError
from tiergate.landscape.frontier import items, known
from tiergate.landscape.placement import FEWEST, Item, expected, fitted, place
from tiergate.landscape.vintage import shipped

RMSE_BOUND = 0.2
COVERAGE_BOUND = 0.9
EARLIER = (("2025-03-01", "2025-08-01"), ("2025-08-01", "2026-01-01"))
LATER = (("2026-01-01", "2027-01-01"),)
COUNTS = (3, 5, 8, 0)
"""How many scores are drawn; 0 for all."""
DRAWS = 10
_ROUNDS = 15
_FEWEST_MODELS = 5

Scores = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """What models scored, how capable the index says they are, and when they were released."""

    scores: Scores
    index: Mapping[str, float]
    released: Mapping[str, str]


def data() -> Data:
    """Return what the shipped vintage says."""
    vintage = shipped()
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    models = {model.name: model for model in known(vintage)}
    for row in vintage.rows("scores"):
        if row["model"] in models:
            scores[row["model"]][row["benchmark"]] = float(row["score"])
    return Data(
        scores=scores,
        index={name: models[name].index for name in scores},
        released={name: models[name].released.isoformat() for name in scores},
    )


def reproduced(found: Data, with_items: Mapping[str, Item]) -> float:
    """Return the root mean square error of placing every model of the vintage again."""
    errors = [
        fitted(list(scores.values()), [with_items[name] for name in scores]) - found.index[model]
        for model, scores in found.scores.items()
        if len(scores) >= FEWEST
    ]
    return float(np.sqrt(np.mean(np.square(errors))))


def refitted(found: Data, before: str) -> dict[str, Item]:
    """Fit parameters on the models released before a day, on the scale of the index."""
    training = [
        name
        for name, scores in found.scores.items()
        if found.released[name] < before and len(scores) >= FEWEST
    ]
    ability = {name: found.index[name] for name in training}
    fitted_items: dict[str, Item] = {}
    for _ in range(_ROUNDS):
        by: dict[str, list[str]] = defaultdict(list)
        for model in ability:
            for benchmark in found.scores[model]:
                by[benchmark].append(model)
        fitted_items = {
            benchmark: _item(
                [ability[model] for model in models],
                [found.scores[model][benchmark] for model in models],
            )
            for benchmark, models in by.items()
            if len(models) >= _FEWEST_MODELS
        }
        ability = dict(_abilities(found, training, fitted_items))
    return fitted_items


def _item(ability: Sequence[float], scores: Sequence[float]) -> Item:
    at, seen = np.array(ability), np.array(scores)

    def residuals(parameters: NDArray[np.float64], /) -> NDArray[np.float64]:
        difficulty, slope = parameters
        weak = [0.02 * (slope - np.log(0.07)), 0.0005 * (difficulty - 120)]
        return np.concatenate([expected(at, difficulty, float(np.exp(slope))) - seen, weak])

    best = least_squares(residuals, [float(np.median(at)), float(np.log(0.07))]).x
    return Item(difficulty=float(best[0]), slope=float(np.exp(best[1])))


def _abilities(
    found: Data, training: Sequence[str], with_items: Mapping[str, Item]
) -> Iterator[tuple[str, float]]:
    """Place the training models, on the scale of the index, which no fit can know by itself."""
    placed = {}
    for model in training:
        scores = {n: s for n, s in found.scores[model].items() if n in with_items}
        if len(scores) >= FEWEST:
            placed[model] = fitted(list(scores.values()), [with_items[n] for n in scores])
    slope, start = np.polyfit(list(placed.values()), [found.index[model] for model in placed], 1)
    for model, at in placed.items():
        yield model, float(slope * at + start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Out:
    """A model placed with parameters that are older than it."""

    count: int
    """Scores that were drawn; 0 for all."""
    error: float | None
    """Placed minus published; None when no index was given."""
    is_covered: bool | None
    """Whether the published index is within what was stated; None when nothing was."""


def out_of_time(found: Data, spans: Sequence[tuple[str, str]]) -> Iterator[Out]:
    """Place the models of each span with parameters fitted before it."""
    chance = np.random.default_rng(1)
    for first, end in spans:
        old = refitted(found, first)
        for model, every in found.scores.items():
            names = [name for name in every if name in old]
            if not (first <= found.released[model] < end and len(names) >= FEWEST):
                continue
            for count in COUNTS:
                for _ in range(DRAWS if count else 1):
                    if count <= len(names):
                        drawn = chance.choice(names, count or len(names), replace=False)
                        yield _placed({n: every[n] for n in drawn}, old, found.index[model], count)


def _placed(scores: Mapping[str, float], old: Mapping[str, Item], truth: float, count: int) -> Out:
    try:
        placed = place(scores, old)
    except InputError:
        return Out(count=count, error=None, is_covered=None)
    low, high = placed.lowest, placed.highest
    return Out(
        count=count,
        error=None if placed.index is None else placed.index - truth,
        is_covered=(low is None or low <= truth) and (high is None or truth <= high),
    )


def main() -> int:
    """Print the figures; 0 when the bounds hold."""
    found = data()
    rmse = reproduced(found, items(shipped()))
    print(f"vintage {shipped().id}: placed again with its own parameters, RMSE {rmse:.3f}")
    worst = 1.0
    for title, spans in (("2025, from which the bands are", EARLIER), ("2026", LATER)):
        outs = list(out_of_time(found, spans))
        for count in COUNTS:
            drawn = [out for out in outs if out.count == count]
            errors = np.array([out.error for out in drawn if out.error is not None])
            stated = [out.is_covered for out in drawn if out.is_covered is not None]
            covered = float(np.mean(stated))
            low, high = np.quantile(errors, [0.01, 0.99])
            print(
                f"{title}: {count or 'all'} scores, {len(errors)} placements, bias"
                f" {errors.mean():+.2f}, 1 % {low:+.2f}, 99 % {high:+.2f}, covered {covered:.3f},"
                f" one end {len(stated) - len(errors)}, refused {len(drawn) - len(stated)}"
            )
            if spans is LATER:
                worst = min(worst, covered)
    print(f"placement rmse={rmse:.3f} target={RMSE_BOUND}", end=" ")
    print(f"coverage={worst:.3f} target={COVERAGE_BOUND}")
    return 0 if rmse <= RMSE_BOUND and worst >= COVERAGE_BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
