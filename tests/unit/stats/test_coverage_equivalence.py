# SPDX-License-Identifier: Apache-2.0
"""A model that adds just the margin to the best of several baselines is rarely let through.

Behaviours differ in difficulty, and both runs meet the same ones, so that pairs and clusters are
those of a real comparison. All baselines are equally good: that is when picking the best by
looking misleads most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import numpy as np
import pytest

from builders_statistics import LEAST_COVERAGE, Counts, percent, table
from tiergate.stats import Rate, paired_means_lower, paired_means_upper
from tiergate.stats.equivalence import over_best, paired_bootstrap
from tiergate.stats.multiplicity import holm_supported

CONFIDENCE = 0.95
RUNS = 1_000
DOMAINS = 4
Behaviours = tuple[tuple[Rate, Rate, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """Runs of a model and of equally good baselines over the same behaviours."""

    behaviours: int
    attempts: int
    correlation: float
    rate: float
    """True rate of every baseline."""
    margin: float
    """What the model truly adds."""
    baselines: int

    def runs(self, runs: int) -> Iterator[tuple[Behaviours, ...]]:
        """Draw the model beside each baseline, once for each run."""
        seed = [self.behaviours, self.attempts, self.baselines, round(1000 * self.rate)]
        generator = np.random.default_rng([*seed, round(1000 * self.margin)])
        weight = 1 / self.correlation - 1
        for _ in range(runs):
            share = generator.beta(self.rate * weight, (1 - self.rate) * weight, self.behaviours)
            # The same amount more on average, most where there is room for more.
            more = share + self.margin * (1 - share) / (1 - self.rate)
            own = generator.binomial(self.attempts, more)
            yield tuple(
                _joined(own, generator.binomial(self.attempts, share), self.attempts)
                for _ in range(self.baselines)
            )


@cache
def _rate(hits: int, attempts: int) -> Rate:
    return Rate(hits, attempts)


def _joined(own: Counts, other: Counts, attempts: int) -> Behaviours:
    counted = np.bincount(own * (attempts + 1) + other, minlength=(attempts + 1) ** 2)
    return tuple(
        (_rate(at // (attempts + 1), attempts), _rate(at % (attempts + 1), attempts), int(many))
        for at, many in enumerate(counted)
        if many
    )


@dataclass(slots=True, kw_only=True)
class Share:
    """How often something happened, in so many runs."""

    upper_holds: float = 0.0
    lower_holds: float = 0.0
    met_shared: float = 0.0
    met_picked: float = 0.0
    bootstrap_holds: float = 0.0


def simulate(design: Comparing, runs: int, *, bootstrap: bool = False) -> Share:
    """Run the comparison many times, with the truth at the margin."""
    found, one = Share(), 1 / runs
    for beside in design.runs(runs):
        low, high = over_best(beside, CONFIDENCE)
        found.upper_holds += one * (high >= design.margin)
        found.lower_holds += one * (low <= design.margin)
        found.met_shared += one * (high <= design.margin)
        # The wrong way: whichever baseline looks best, each at the full level.
        picked = min(paired_means_upper(behaviours, CONFIDENCE) for behaviours in beside)
        found.met_picked += one * (picked <= design.margin)
        if bootstrap:
            top = paired_bootstrap(beside[0], CONFIDENCE, draws=1_000)[1]
            found.bootstrap_holds += one * (top >= design.margin)
    return found


def _read(row: tuple[str, ...]) -> Comparing:
    behaviours, _, attempts = row[0].split()
    return Comparing(
        behaviours=int(behaviours),
        attempts=int(attempts),
        correlation=float(row[1]),
        rate=percent(row[2]),
        margin=0.05,
        baselines=int(row[3]),
    )


@pytest.mark.slow
@pytest.mark.parametrize("row", table("Coverage over the best of several"), ids=str)
def test_what_is_added_to_the_best_is_covered_as_often_as_the_page_says(
    row: tuple[str, ...],
) -> None:
    found = simulate(_read(row), RUNS, bootstrap=row[8] != "")

    assert min(found.upper_holds, found.lower_holds) >= LEAST_COVERAGE
    assert found.met_shared <= 0.05
    stated = (found.upper_holds, found.lower_holds, found.met_shared, found.met_picked)
    for text, value in zip(row[4:8], stated, strict=True):
        assert percent(text) == pytest.approx(value, abs=0.002)
    if row[8]:
        assert percent(row[8]) == pytest.approx(found.bootstrap_holds, abs=0.002)


@pytest.mark.parametrize("baselines", [1, 3])
@pytest.mark.parametrize("attempts", [1, 4])
def test_a_model_at_the_margin_is_let_through_in_at_most_one_run_of_twenty(
    attempts: int, baselines: int
) -> None:
    design = Comparing(
        behaviours=150,
        attempts=attempts,
        correlation=0.3,
        rate=0.1,
        margin=0.05,
        baselines=baselines,
    )

    found = simulate(design, 150)

    assert found.met_shared <= 0.05
    assert min(found.upper_holds, found.lower_holds) >= LEAST_COVERAGE


def test_a_model_that_adds_nothing_is_let_through_when_the_sample_is_large() -> None:
    design = Comparing(
        behaviours=1_000, attempts=1, correlation=0.3, rate=0.1, margin=0.0, baselines=3
    )

    uppers = [over_best(beside, CONFIDENCE)[1] for beside in design.runs(40)]

    assert sum(upper <= 0.05 for upper in uppers) >= 36


def domains(attempts: int, margins: tuple[float, ...]) -> Iterator[list[Behaviours]]:
    """Draw one comparison in each domain, independent of each other."""
    each = [
        Comparing(
            behaviours=800 + place,
            attempts=attempts,
            correlation=0.3,
            rate=0.1,
            margin=margin,
            baselines=1,
        ).runs(RUNS)
        for place, margin in enumerate(margins)
    ]
    for found in zip(*each, strict=True):
        yield [beside[0] for beside in found]


def _within(behaviours: Behaviours) -> Callable[[Decimal], bool]:
    return lambda level: paired_means_upper(behaviours, level) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("row", table("Several domains at once"), ids=lambda row: row[0])
def test_claims_about_several_domains_are_as_often_wrong_as_the_page_says(
    row: tuple[str, ...],
) -> None:
    beyond = int(row[1])
    margins = (0.05,) * beyond + (0.0,) * (DOMAINS - beyond)
    every = some = picked = 0
    for found in domains(1, margins):
        uppers = [paired_means_upper(behaviours, CONFIDENCE) for behaviours in found]
        every += all(upper <= 0.05 for upper in uppers)
        some += any(upper <= 0.05 for upper in uppers[:beyond])
        held = holm_supported({str(at): _within(row) for at, row in enumerate(found)}, CONFIDENCE)
        picked += any(int(name) < beyond for name in held)

    assert max(every, picked) / RUNS <= 0.05
    for text, count in zip(row[2:], (every, some, picked), strict=True):
        assert percent(text) == pytest.approx(count / RUNS, abs=0.002)


def test_bounds_over_no_baseline_know_nothing_and_over_more_are_never_narrower() -> None:
    behaviours = ((Rate(1, 1), Rate(1, 1), 20), (Rate(0, 1), Rate(0, 1), 80))

    alone, among = over_best([behaviours], CONFIDENCE), over_best([behaviours], CONFIDENCE, among=3)

    assert over_best([], CONFIDENCE) == (-1.0, 1.0)
    assert alone[1] == paired_means_upper(behaviours, CONFIDENCE)
    assert alone[0] == among[0] == paired_means_lower(behaviours, CONFIDENCE)
    assert over_best([behaviours] * 3, CONFIDENCE)[1] == among[1] > alone[1]
