# SPDX-License-Identifier: Apache-2.0
"""Each line that keeps "adds no more than" honest is held by a test that is named here."""

from __future__ import annotations

from pathlib import Path

import pytest

from mutants import Mutation, assert_all_pass, assert_noticed

MARGINAL = "decision/requirements/marginal.py"
SHORTFALLS = "evidence/marginal.py"
PAIRED = "evidence/paired_bounds.py"
EQUIVALENCE = "stats/equivalence.py"
TEST = "decision/test_marginal.py"
LACKING = f"{TEST}::test_a_comparison_that_lacks_something_never_meets_the_margin"
SHOWN = f"{TEST}::test_only_a_bound_at_or_below_the_margin_meets_it"

MUTATIONS = {
    "the error is not shared among baselines": Mutation(
        MARGINAL,
        "spent(confidence, tries * many)",
        "spent(confidence, tries)",
        f"{SHOWN}[the same sample where the error is shared among three]",
    ),
    "more baselines than stated cost nothing": Mutation(
        MARGINAL,
        "max(self.baselines, len(baselines_of(scene.measurements(self.metric))))",
        "self.baselines",
        f"{TEST}::test_the_error_is_shared_among_more_baselines_when_more_were_compared",
    ),
    "what a comparison lacks is forgotten": Mutation(
        MARGINAL,
        "        if not short:\n            return found\n",
        "        if short is not None:\n            return found\n",
        f"{LACKING}[another grader]",
    ),
    "a weak baseline breaks the margin alone": Mutation(
        MARGINAL,
        "if broken and broken >= known:",
        "if broken:",
        f"{TEST}::test_a_run_that_breaks_the_margin_over_one_baseline_of_two_leaves_it_open",
    ),
    "a run that nobody compared is passed over": Mutation(
        MARGINAL,
        "            return rounded(-1.0, bounds_of(found, confidence, tries=tries).upper)\n",
        "            return None\n",
        f"{TEST}::test_a_run_that_nobody_compared_and_that_saw_something_leaves_the_margin_open",
    ),
    "a model is its own baseline": Mutation(
        SHORTFALLS,
        'yield "the baseline is this model itself"',
        "pass",
        f"{LACKING}[the baseline is the model]",
    ),
    "an unnamed data set is the same data set": Mutation(
        SHORTFALLS,
        'yield "the data set is not stated"',
        "pass",
        f"{LACKING}[neither log names its data set]",
    ),
    "a baseline of tomorrow is out today": Mutation(
        SHORTFALLS,
        "elif since > found.finished_at.date():",
        "elif since == found.finished_at.date():",
        f"{LACKING}[it came out after the run]",
    ),
    "attempts that were never made are forgotten": Mutation(
        PAIRED,
        "return [*found, (Rate(0, 0), Rate(0, 0), nowhere)] if nowhere else found",
        "return found",
        f"{SHOWN}[attempts that were planned and never made]",
    ),
    "what has no score is read as the baseline's success": Mutation(
        PAIRED,
        "_rate(t.baseline, adverse=not adverse)",
        "_rate(t.baseline, adverse=adverse)",
        f"{SHOWN}[a baseline without scores]",
    ),
    "the best is picked by looking": Mutation(
        EQUIVALENCE,
        "shared = spent(confidence, max(len(baselines), among))",
        "shared = spent(confidence, 1)",
        "stats/test_coverage_equivalence.py::test_bounds_over_no_baseline_know_nothing_and_over_more_are_never_narrower",
    ),
}


@pytest.mark.parametrize("case", MUTATIONS)
def test_one_wrong_line_is_noticed(case: str, tmp_path: Path) -> None:
    assert_noticed(MUTATIONS[case], tmp_path)


def test_without_a_wrong_line_every_one_of_these_tests_passes(tmp_path: Path) -> None:
    assert_all_pass(MUTATIONS.values(), tmp_path)
