# SPDX-License-Identifier: Apache-2.0
"""The bounds that know of a grader's errors hold the true rate, and certify a safe model.

Where each attempt has a behaviour of its own, coverage is summed over every sample. The
comparison of graders, and attempts that share behaviours, are simulated with fixed seeds.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from builders_statistics import (
    LEAST_COVERAGE,
    RATES,
    Counts,
    Design,
    binomial,
    counts_of,
    percent,
    share_below,
    table,
)
from tiergate.stats import (
    Adjudication,
    Rate,
    audited_list_upper,
    audited_lower,
    audited_upper,
    better_than_chance,
    corrected_upper,
    exact_upper,
    independent,
    missed_at_most,
)

CONFIDENCE = 0.95
LIMIT = 0.05
SENSITIVITIES = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
VALIDATED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Attempts, each on a behaviour of its own, that a grader labelled."""

    trials: int
    """How many attempts."""
    drawn: int | float
    """How many unflagged attempts people look at, or which share of them."""
    share: float
    """The true rate."""
    sensitivity: float
    """Share of successes that the grader flags."""
    specificity: float
    """Share of failures that it does not flag."""

    def found(self, runs: int) -> list[tuple[Adjudication, int]]:
        """Simulate what people find, each different finding with how often it occurred."""
        shares = (self.share, self.sensitivity, self.specificity)
        generator = np.random.default_rng([self.trials, *(round(1000 * s) for s in shares)])
        successes = generator.binomial(self.trials, self.share, runs)
        confirmed = generator.binomial(successes, self.sensitivity)
        refuted = generator.binomial(self.trials - successes, 1 - self.specificity)
        unflagged = self.trials - confirmed - refuted
        planned = self.drawn if isinstance(self.drawn, int) else np.ceil(unflagged * self.drawn)
        drawn = np.minimum(planned, unflagged).astype(int)
        hidden = successes - confirmed
        missed = generator.hypergeometric(hidden, unflagged - hidden, drawn)
        rows = np.stack([confirmed, refuted, missed, drawn - missed, unflagged - drawn])
        return [
            (Adjudication(confirmed=c, refuted=r, missed=m, clean=k, not_drawn=n), times)
            for (c, r, m, k, n), times in counts_of(rows)
        ]


@cache
def _from_counts(trials: int, drawn: int, adverse: int, missed: int) -> float:
    """Bound the rate when some attempts are neither flagged nor drawn."""
    found = Adjudication(
        confirmed=adverse,
        missed=missed,
        clean=drawn - missed,
        not_drawn=max(1, trials - adverse - drawn),
    )
    return audited_upper(independent(found), CONFIDENCE)


def _audited_coverage(trials: int, drawn: int, share: float) -> float:
    """Compute the lowest coverage over sensitivities, without false alarms.

    False alarms make unflagged attempts fewer and coverage higher.
    """
    lowest = 1.0
    for sensitivity in SENSITIVITIES:
        hidden = share * (1 - sensitivity) / (1 - share * sensitivity)
        missed = share_below(
            lambda adverse, missed: _from_counts(trials, drawn, adverse, missed),
            share,
            binomial(trials, share * sensitivity),
            binomial(drawn, hidden),
        )
        lowest = min(lowest, 1 - missed)
    return lowest


@cache
def compared(run: Run, runs: int) -> dict[str, float]:
    """Simulate how often each method shows the limit, and whether it is right."""
    generator = np.random.default_rng([round(1000 * s) for s in (run.share, run.sensitivity)])
    seen = generator.binomial(VALIDATED, run.sensitivity, runs).tolist()
    cleared = generator.binomial(VALIDATED, run.specificity, runs).tolist()
    results: list[tuple[float, ...]] = []
    for found, times in run.found(runs):
        flagged = found.confirmed + found.refuted
        checked = audited_upper(independent(found), CONFIDENCE)
        least = audited_lower(independent(found), CONFIDENCE)
        for _ in range(times):
            grader = seen.pop(), cleared.pop()
            results.append(
                (
                    _usable(*grader),
                    exact_upper(Rate(flagged, run.trials), CONFIDENCE),
                    _corrected(flagged, run.trials, *grader),
                    checked,
                    least,
                )
            )
    usable, raw, corrected, checked_bound, lower = np.array(results, dtype=float).T
    return {
        "usable": float(usable.mean()),
        "raw": float((raw <= LIMIT).mean()),
        "corrected": float((corrected <= LIMIT).mean()),
        "checked": float((checked_bound <= LIMIT).mean()),
        "corrected covers": float((corrected >= run.share).mean()),
        "checked covers": float((checked_bound >= run.share).mean()),
        "lower covers": float((lower <= run.share).mean()),
    }


@cache
def _usable(seen: int, cleared: int) -> bool:
    return better_than_chance(Rate(seen, VALIDATED), Rate(cleared, VALIDATED), CONFIDENCE)


@cache
def _corrected(flagged: int, trials: int, seen: int, cleared: int) -> float:
    return corrected_upper(
        Rate(flagged, trials), Rate(seen, VALIDATED), Rate(cleared, VALIDATED), CONFIDENCE
    )


def _compared_rows() -> list[tuple[Run, dict[str, float]]]:
    """Read the comparison of graders."""
    return [
        (
            Run(
                trials=1000,
                drawn=200,
                share=percent(share),
                sensitivity=percent(sensitivity),
                specificity=percent(specificity),
            ),
            dict(zip(("usable", "raw", "corrected", "checked"), map(percent, rest), strict=True)),
        )
        for share, sensitivity, specificity, *rest in table("Graders compared")
    ]


def clustered(
    design: Design, share: float, *, sensitivity: float, specificity: float, drawn: int, runs: int
) -> tuple[float, float, float]:
    """Simulate what both bounds do when attempts share behaviours.

    Returns:
        How often the upper bound holds the true rate, how often the lower one does, and
        how often the limit is shown.
    """
    generator = design.generator(share)
    successes = design.successes(generator, share, runs)
    confirmed = generator.binomial(successes, sensitivity)
    refuted = generator.binomial(design.attempts - successes, 1 - specificity)
    bounds = []
    for row in np.stack([successes, confirmed, refuted], axis=1):
        found = _drawn(generator, row, design.attempts, drawn)
        bounds.append((audited_upper(found, CONFIDENCE), audited_lower(found, CONFIDENCE)))
    uppers, lowers = np.array(bounds).T
    return (
        float(np.mean(uppers >= share)),
        float(np.mean(lowers <= share)),
        float(np.mean(uppers <= LIMIT)),
    )


def _drawn(
    generator: np.random.Generator, row: Counts, attempts: int, drawn: int
) -> list[Adjudication]:
    """Draw an audit from all unflagged attempts of one run."""
    successes, confirmed, refuted = row
    hidden = successes - confirmed
    harmless = attempts - successes - refuted
    unflagged = np.concatenate([hidden, harmless])
    looked_at = generator.multivariate_hypergeometric(unflagged, min(drawn, unflagged.sum()))
    missed, clean = np.split(looked_at, 2)
    rest = hidden + harmless - missed - clean
    return [
        Adjudication(confirmed=c, refuted=r, missed=m, clean=k, not_drawn=n, behaviours=times)
        for (c, r, m, k, n), times in counts_of(np.stack([confirmed, refuted, missed, clean, rest]))
    ]


@pytest.mark.parametrize("row", table("Coverage with an audit"), ids=lambda row: row[0])
def test_the_audited_bound_covers_every_rate_with_every_sensitivity(row: tuple[str, ...]) -> None:
    trials, drawn = int(row[0]), int(row[1])

    for share, stated in zip(RATES, row[2:], strict=True):
        coverage = _audited_coverage(trials, drawn, share)

        assert coverage >= CONFIDENCE
        assert percent(stated) == pytest.approx(coverage, abs=6e-4)


@pytest.mark.parametrize(("trials", "drawn"), [(40, 7), (300, 2), (150, 60), (120, 59)])
def test_the_audited_bound_covers_where_it_is_most_likely_to_fail(trials: int, drawn: int) -> None:
    # Just above the bound of some sample, where that sample joins those that fail.
    for adverse, missed in itertools.product(range(0, 12, 3), range(min(4, drawn))):
        share = _from_counts(trials, drawn, adverse, missed) + 1e-9
        for flagged in (0.0, share * 0.3, share * 0.8, share):
            hidden = 1 - (1 - share) / (1 - flagged)

            failing = share_below(
                lambda a, m: _from_counts(trials, drawn, a, m),
                share,
                binomial(trials, flagged)[: trials - drawn],
                binomial(drawn, hidden),
            )

            assert failing <= 0.05 + 1e-9


def test_the_tables_show_the_sizes_and_graders_that_they_must() -> None:
    assert [row[:2] for row in table("Coverage with an audit")] == [
        ("50", "25"),
        ("100", "50"),
        ("300", "100"),
        ("1000", "200"),
    ]
    shown = {(run.share, run.sensitivity, run.specificity) for run, _ in _compared_rows()}
    assert shown >= {
        (0.0, 0.9, 0.9),
        (0.01, 0.9, 0.9),
        (0.05, 0.9, 0.97),
        (0.08, 0.6, 0.995),
        (0.1, 0.4, 1.0),
        (0.1, 0.0, 1.0),
    }


def test_an_audit_of_a_list_bounds_what_it_misses() -> None:
    uppers = [missed_at_most(Rate(found, 60), 200, CONFIDENCE) for found in range(61)]

    for hidden in range(0, 201, 3):
        chances = _hypergeometric(hidden, total=200, drawn=60)

        assert sum(p for found, p in chances.items() if uppers[found] < hidden) <= 0.05


def _hypergeometric(good: int, *, total: int, drawn: int) -> dict[int, float]:
    """Give the probability of each number found, by drawing one after another."""
    chances = {0: 1.0}
    for place in range(drawn):
        following: dict[int, float] = {}
        for found, chance in chances.items():
            hit = (good - found) / (total - place)
            following[found] = following.get(found, 0.0) + chance * (1 - hit)
            if hit > 0:
                following[found + 1] = following.get(found + 1, 0.0) + chance * hit
        chances = following
    return chances


def test_the_list_bound_is_closer_than_the_one_for_the_population() -> None:
    found = independent(Adjudication(confirmed=10, refuted=90, clean=200, not_drawn=700))

    assert audited_list_upper(found, CONFIDENCE) < audited_upper(found, CONFIDENCE)


def _compare(run: Run, stated: dict[str, float], *, runs: int, tolerance: float) -> None:
    """Check one row of the comparison."""
    result = compared(run, runs)

    assert result["corrected covers"] >= LEAST_COVERAGE
    assert result["checked covers"] >= LEAST_COVERAGE
    assert result["lower covers"] >= LEAST_COVERAGE
    assert stated == {name: pytest.approx(result[name], abs=tolerance) for name in stated}
    if run.share >= LIMIT:
        assert max(result["corrected"], result["checked"]) <= 0.05


@pytest.mark.parametrize(("run", "stated"), _compared_rows(), ids=str)
def test_graders_compare_in_a_small_simulation(run: Run, stated: dict[str, float]) -> None:
    _compare(run, stated, runs=1_000, tolerance=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(("run", "stated"), _compared_rows(), ids=str)
def test_graders_compare_as_the_page_says(run: Run, stated: dict[str, float]) -> None:
    _compare(run, stated, runs=20_000, tolerance=0.015)


def test_a_grader_that_sees_nothing_certifies_nothing() -> None:
    for specificity in (1.0, 0.9):
        run = Run(trials=1000, drawn=200, share=0.1, sensitivity=0.0, specificity=specificity)

        result = compared(run, 1_000)

        assert result["usable"] <= 0.05
        assert result["corrected"] == 0
        assert result["checked"] <= 0.05


def test_raw_labels_of_an_insensitive_grader_certify_an_unsafe_model() -> None:
    run = Run(trials=1000, drawn=200, share=0.1, sensitivity=0.4, specificity=1.0)

    assert compared(run, 1_000)["raw"] > 0.3


def test_false_alarms_do_not_condemn_a_safe_model_whose_flags_are_checked() -> None:
    run = Run(trials=1000, drawn=200, share=0.0, sensitivity=0.9, specificity=0.9)

    result = compared(run, 1_000)

    assert result["raw"] == 0
    assert result["checked"] >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("drawn", [200, 0.5, 0.97])
@pytest.mark.parametrize(("sensitivity", "specificity"), [(0.9, 0.9), (0.5, 0.8), (0.1, 0.85)])
def test_an_audit_whose_size_follows_the_flags_covers_as_well(
    drawn: float, sensitivity: float, specificity: float
) -> None:
    for trials in (50, 230, 250):
        for share in RATES:
            run = Run(
                trials=trials,
                drawn=drawn,
                share=share,
                sensitivity=sensitivity,
                specificity=specificity,
            )

            uppers = [
                (audited_upper(independent(found), CONFIDENCE), times)
                for found, times in run.found(4_000)
            ]

            assert sum(n for upper, n in uppers if upper >= share) / 4_000 >= LEAST_COVERAGE


@pytest.mark.slow
@pytest.mark.parametrize("row", table("Coverage with an audit and clusters"), ids=lambda r: r[0])
def test_the_audited_bound_covers_where_attempts_share_behaviours(row: tuple[str, ...]) -> None:
    design = Design.read(row[0], row[1])
    results = [
        clustered(design, share, sensitivity=0.5, specificity=0.97, drawn=200, runs=500)
        for share in RATES
    ]

    for (coverage, below, _), stated in zip(results, row[2:-1], strict=True):
        assert min(coverage, below) >= LEAST_COVERAGE
        assert percent(stated) == pytest.approx(coverage, abs=0.02)
    assert percent(row[-1]) == pytest.approx(results[0][2], abs=0.06)


@pytest.mark.slow
def test_it_covers_where_flagged_and_missed_successes_go_together() -> None:
    design = Design(behaviours=400, attempts=10, correlation=0.6)

    for share in (0.05, 0.2):
        coverage, _, _ = clustered(
            design, share, sensitivity=0.5, specificity=1.0, drawn=1_500, runs=1_500
        )

        assert coverage >= LEAST_COVERAGE


@pytest.mark.slow
@pytest.mark.parametrize("sensitivity", [0.0, 0.4, 0.6])
def test_an_insensitive_grader_does_not_certify_behaviours_with_several_attempts(
    sensitivity: float,
) -> None:
    for design in (
        Design(behaviours=100, attempts=5, correlation=0.35),
        Design(behaviours=200, attempts=10, correlation=0.35),
    ):
        for share in (0.05, 0.08):
            coverage, _, shown = clustered(
                design, share, sensitivity=sensitivity, specificity=1.0, drawn=200, runs=300
            )

            assert coverage >= LEAST_COVERAGE
            assert shown <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("trials", [50, 100, 300, 1000])
@pytest.mark.parametrize(("sensitivity", "specificity"), [(0.9, 0.97), (0.6, 0.9), (0.4, 1.0)])
def test_the_corrected_bound_covers_every_rate(
    trials: int, sensitivity: float, specificity: float
) -> None:
    for share in RATES:
        run = Run(
            trials=trials,
            drawn=10,
            share=share,
            sensitivity=sensitivity,
            specificity=specificity,
        )

        assert compared(run, 2_000)["corrected covers"] >= LEAST_COVERAGE
