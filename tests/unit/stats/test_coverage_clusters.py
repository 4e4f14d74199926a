# SPDX-License-Identifier: Apache-2.0
"""The bounds for clusters hold rates other than 5 % too, from above and from below.

Simulated with fixed seeds; the page shows the same designs at 5 % with more runs.
"""

from __future__ import annotations

import numpy as np
import pytest

from builders_statistics import (
    LEAST_COVERAGE,
    RATES,
    Design,
    percent,
    simulated,
    table,
)
from tiergate.stats import korn_graubard_lower_weighted, korn_graubard_upper_weighted

CONFIDENCE = 0.95
OTHER_RATES = (0.01, 0.03, 0.08, 0.2)
UPPER_RUNS, LOWER_RUNS = 4_000, 1_500


def upper_coverage(design: Design, share: float, runs: int) -> float:
    """Simulate how often the upper bound holds the true rate."""
    uppers = simulated(
        lambda sample: korn_graubard_upper_weighted(sample, CONFIDENCE), design, share, runs
    )
    return float(np.mean(uppers >= share))


def lower_coverage(design: Design, share: float, runs: int) -> float:
    """Simulate how often the lower bound holds it."""
    lowers = simulated(
        lambda sample: korn_graubard_lower_weighted(sample, CONFIDENCE), design, share, runs
    )
    return float(np.mean(lowers <= share))


def test_every_design_of_the_page_is_tried_at_other_rates() -> None:
    designs = {(row[0], row[1]) for row in table("Coverage with clusters") if row[2] == "5 %"}

    for heading in ("Coverage with clusters at other rates", "Coverage of the lower bound"):
        shown = {(row[0], row[1]) for row in table(heading)}

        assert shown <= designs
        assert len(shown) == 7


@pytest.mark.parametrize("row", table("Coverage with clusters at other rates")[:3], ids=str)
def test_clusters_are_covered_at_a_high_rate_in_a_small_simulation(row: tuple[str, ...]) -> None:
    design = Design.read(row[0], row[1])

    assert upper_coverage(design, 0.2, 300) >= LEAST_COVERAGE - 0.02
    assert lower_coverage(design, 0.2, 300) >= LEAST_COVERAGE - 0.02


@pytest.mark.slow
@pytest.mark.parametrize("row", table("Coverage with clusters at other rates"), ids=str)
def test_clusters_are_covered_from_above_as_often_as_the_page_says(row: tuple[str, ...]) -> None:
    design = Design.read(row[0], row[1])

    for share, stated in zip(OTHER_RATES, row[2:], strict=True):
        coverage = upper_coverage(design, share, UPPER_RUNS)

        assert coverage >= LEAST_COVERAGE
        assert percent(stated) == pytest.approx(coverage, abs=0.012)


@pytest.mark.slow
@pytest.mark.parametrize("row", table("Coverage of the lower bound"), ids=str)
def test_clusters_are_covered_from_below_as_often_as_the_page_says(row: tuple[str, ...]) -> None:
    design = Design.read(row[0], row[1])

    for share, stated in zip(RATES, row[2:], strict=True):
        coverage = lower_coverage(design, share, LOWER_RUNS)

        assert coverage >= LEAST_COVERAGE
        assert percent(stated) == pytest.approx(coverage, abs=0.02)
