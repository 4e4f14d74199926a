# SPDX-License-Identifier: Apache-2.0
"""Adding no more than so much to the best downloadable baseline: shown, or not met."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from builders_decision import (
    AT,
    ROOT,
    baseline,
    collection,
    counts,
    document,
    judged,
    limit,
    measurement,
    outcome_of,
    quantity,
    scene,
    source_of,
)
from builders_marginal import (
    METRIC,
    NO,
    YES,
    alike,
    compared,
    digest,
    harness,
    joined,
    margin,
)
from tiergate.decision.explanation import Scale, Side
from tiergate.decision.outcome import Outcome
from tiergate.decision.requirements.marginal import AddsAtMost
from tiergate.evidence.measurement import Counts, Direction, Measurement, Variant
from tiergate.evidence.provenance import Relation
from tiergate.evidence.runs import PlannedRun

MET, NOT_MET, UNDETERMINED = Outcome.MET, Outcome.NOT_MET, Outcome.UNDETERMINED
NEVER = (0, 0, 0)
ADVERSE = alike(40, 400, alone=20)
"""5 points more than its baseline: neither within nor beyond a margin of 5."""

SHOWN: dict[str, tuple[AddsAtMost, Measurement, Outcome]] = {
    "a model that does what the baseline does": (margin(), alike(100, 400), MET),
    "a model that does more on a behaviour in a hundred": (
        margin(),
        alike(100, 400, alone=4),
        MET,
    ),
    "a model that does less": (margin(), joined((NO, YES, 100), (NO, NO, 300)), MET),
    "a model that does far more": (margin(), alike(200, 400, alone=200), NOT_MET),
    "a difference at the margin": (margin(), ADVERSE, UNDETERMINED),
    "no difference in a thin sample": (margin(), alike(5, 40), UNDETERMINED),
    "no difference in a sample that one baseline would need": (
        margin(baselines=1),
        alike(5, 80),
        MET,
    ),
    "the same sample where the error is shared among three": (
        margin(baselines=3),
        alike(5, 80),
        UNDETERMINED,
    ),
    "fewer behaviours in both than asked for": (
        margin(minimum=500),
        alike(100, 400),
        UNDETERMINED,
    ),
    "as many behaviours in both as asked for": (margin(minimum=400), alike(100, 400), MET),
    "a behaviour in ten that the model never tried": (
        margin(),
        joined((NEVER, NO, 40), (NO, NO, 360)),
        UNDETERMINED,
    ),
    "a behaviour in ten that the baseline never tried, and the model failed": (
        margin(),
        joined((NO, NEVER, 40), (NO, NO, 360)),
        MET,
    ),
    "a behaviour in ten that the baseline never tried, and the model did": (
        margin(),
        joined((YES, NEVER, 40), (NO, NO, 360)),
        UNDETERMINED,
    ),
    "a behaviour in twenty without a score": (
        margin(),
        joined(((0, 0, 1), NO, 18), (NO, NO, 382)),
        UNDETERMINED,
    ),
    "a baseline without scores": (
        margin(),
        joined((YES, (0, 0, 1), 40), (NO, NO, 360)),
        UNDETERMINED,
    ),
    "attempts that were planned and never made": (
        margin(),
        joined((NO, NO, 400), planned=418),
        UNDETERMINED,
    ),
    "several attempts on each behaviour, alike": (
        margin(),
        joined(((2, 4, 0), (2, 4, 0), 200), ((0, 4, 0), (0, 4, 0), 200)),
        MET,
    ),
    "several attempts on each behaviour, more often": (
        margin(),
        joined(((3, 4, 0), (1, 4, 0), 200), ((0, 4, 0), (0, 4, 0), 200)),
        NOT_MET,
    ),
}


@pytest.mark.parametrize("case", SHOWN)
def test_only_a_bound_at_or_below_the_margin_meets_it(case: str) -> None:
    check, found, expected = SHOWN[case]

    assert expected is outcome_of(check, found)


GOOD = alike(100, 400)
UNUSABLE: dict[str, tuple[Measurement, str]] = {
    "there is no baseline": (
        dataclasses.replace(GOOD, comparison=None),
        "no baseline in the same harness",
    ),
    "the baseline cannot be downloaded": (
        compared(GOOD, downloadable=False),
        "the baseline cannot be downloaded",
    ),
    "the baseline has no digest": (
        compared(GOOD, baseline_digest=""),
        "the baseline is known by its name alone",
    ),
    "the baseline is the model": (
        compared(GOOD, baseline_digest=ROOT),
        "the baseline is this model itself",
    ),
    "only the counts of both are known": (
        compared(GOOD, paired=None),
        "not joined with the baseline by behaviour",
    ),
    "the baseline's log is the model's": (
        harness(GOOD, log_sha256=source_of("institute").sha256),
        "the baseline's log is the model's own",
    ),
    "nobody says since when it is out": (
        harness(GOOD, downloadable_since=None),
        "nobody says since when the baseline can be downloaded",
    ),
    "it came out after the run": (
        harness(GOOD, downloadable_since=date(2026, 6, 30)),
        "the baseline can be downloaded since 2026-06-30, after the run",
    ),
    "another task": (harness(GOOD, task="task 2"), "another harness: the task differs"),
    "another data set": (harness(GOOD, dataset="b"), "another harness: the data set differs"),
    "another grader": (harness(GOOD, grader="a model"), "another harness: the grader differs"),
    "other sampling": (
        harness(GOOD, generation="temperature=1"),
        "another harness: the sampling differs",
    ),
    "other elicitation": (
        harness(GOOD, elicitation="none"),
        "another harness: the elicitation differs",
    ),
    "another model that grades": (
        harness(GOOD, grader_models=("a/grader",)),
        "another harness: the model that grades differs",
    ),
    "neither log names its data set": (
        dataclasses.replace(harness(GOOD, dataset=""), dataset=""),
        "the data set is not stated",
    ),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_comparison_that_lacks_something_never_meets_the_margin(case: str) -> None:
    found, reason = UNUSABLE[case]

    explanation = judged(margin(), found)

    assert explanation.outcome is UNDETERMINED
    assert [reason] == [text for reading in explanation.readings for text in reading.set_aside]


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_comparison_that_lacks_something_does_not_break_the_margin(case: str) -> None:
    change = UNUSABLE[case][0].comparison
    broken = alike(200, 400, alone=200)
    assert broken.comparison is not None
    if change is None:
        broken = dataclasses.replace(broken, comparison=None)
    elif change.paired is None:
        broken = compared(broken, paired=None)
    else:
        parts = dataclasses.asdict(change.paired)
        del parts["tallies"]
        broken = harness(compared(broken, downloadable=change.downloadable), **parts)
        broken = compared(broken, baseline_digest=change.baseline_digest)
        broken = dataclasses.replace(broken, dataset=UNUSABLE[case][0].dataset)

    explanation = judged(margin(), broken)

    assert (UNDETERMINED, True) == (explanation.outcome, explanation.is_adverse)


def test_a_clean_run_that_nobody_compared_leaves_a_margin_that_another_run_keeps() -> None:
    clean = measurement(METRIC, counts(0, 400))

    assert outcome_of(margin(), clean) is UNDETERMINED
    assert outcome_of(margin(), clean, GOOD) is MET


def test_a_run_that_nobody_compared_and_that_saw_something_leaves_the_margin_open() -> None:
    other = document(measurement(METRIC, counts(3, 400)), organisation="another house")

    assert outcome_of(margin(), GOOD, other) is UNDETERMINED


def test_the_same_log_filed_before_it_was_compared_is_the_same_run() -> None:
    alone = document(dataclasses.replace(GOOD, comparison=None))

    assert outcome_of(margin(), alone, GOOD) is MET


def test_the_best_baseline_counts_and_a_weak_one_does_no_harm() -> None:
    weak = compared(joined((YES, NO, 100), (NO, NO, 300)), baseline_digest=digest("weak"))

    assert outcome_of(margin(), weak) is NOT_MET
    assert outcome_of(margin(), document(GOOD, weak)) is MET


def test_a_margin_is_broken_when_it_is_broken_over_every_baseline() -> None:
    one = alike(200, 400, alone=200, over="one")
    two = alike(200, 400, alone=190, over="two")

    assert outcome_of(margin(), document(one, two)) is NOT_MET


def test_a_run_that_breaks_the_margin_over_one_baseline_of_two_leaves_it_open() -> None:
    weak = document(alike(200, 400, alone=200, over="weak"), organisation="another house")

    found = judged(margin(), GOOD, weak)

    assert (UNDETERMINED, True) == (found.outcome, found.is_adverse)


def test_of_two_runs_over_the_same_baseline_the_worse_decides() -> None:
    other = document(alike(200, 400, alone=200), organisation="another house")

    assert outcome_of(margin(), GOOD, other) is NOT_MET


def test_the_error_is_shared_among_more_baselines_when_more_were_compared() -> None:
    found = [alike(5, 100, over=f"public {number}") for number in range(8)]

    assert outcome_of(margin(), document(*found[:3])) is MET
    assert outcome_of(margin(), document(*found)) is UNDETERMINED


def test_a_registered_run_that_is_not_shown_was_a_try_too() -> None:
    check, evidence = margin(baselines=1), collection(alike(5, 80))
    run = PlannedRun(
        id="0" * 16,
        root_digest=ROOT,
        metric=METRIC,
        variant=Variant.WORST_CASE,
        task="task 1",
        behaviours=80,
        plan="",
        registered_at=AT,
    )
    tried = dataclasses.replace(evidence, runs=(run,))

    assert check.judge(scene(evidence)).outcome is MET
    assert check.judge(scene(tried)).outcome is UNDETERMINED


def test_evidence_that_is_gone_closes_a_margin() -> None:
    gone = document(measurement(METRIC, counts(0, 10)), organisation="another house")

    assert judged(margin(), GOOD, gone=[gone]).outcome is UNDETERMINED


def test_a_quantity_is_not_read() -> None:
    assert judged(margin(), measurement(METRIC, quantity("0", "0"))).readings == ()


def test_what_is_safer_the_higher_it_is_cannot_support_a_margin() -> None:
    other = dataclasses.replace(GOOD, direction=Direction.HIGHER_IS_SAFER)

    assert outcome_of(margin(), other) is UNDETERMINED


def test_what_was_measured_as_released_supports_no_margin_in_the_worst_case() -> None:
    as_released = dataclasses.replace(
        GOOD,
        attack=None,
        setting=dataclasses.replace(GOOD.setting, variant=Variant.AS_RELEASED),
    )

    assert outcome_of(margin(), as_released) is UNDETERMINED
    assert outcome_of(margin(variant=Variant.AS_RELEASED), as_released) is MET


def test_the_worst_case_says_nothing_against_a_margin_as_released() -> None:
    worst = alike(200, 400, alone=200)

    found = judged(margin(variant=Variant.AS_RELEASED), document(worst, relation=Relation.UNKNOWN))

    assert (UNDETERMINED, False) == (found.outcome, found.is_adverse)


def test_weights_that_ran_and_that_are_the_baseline_itself_show_nothing() -> None:
    removed = document(
        compared(GOOD, baseline_digest=digest("the weights that ran")),
        relation=Relation.SAFEGUARDS_REMOVED,
        measured=digest("the weights that ran"),
    )

    assert outcome_of(margin(), removed) is UNDETERMINED


def test_it_names_the_baseline_the_margin_and_the_next_step() -> None:
    found = judged(margin(), alike(5, 40, over="a public model"))

    assert [r.label for r in found.readings] == [f"{METRIC} over a public model"]
    assert found.asked == (
        f"{METRIC} at most 5 points over the best downloadable baseline, worst case"
    )
    assert found.next_step.endswith("--mapping MAPPING --baselines BASELINES")


def test_an_unpaired_margin_over_a_named_baseline_is_another_check() -> None:
    check = limit(METRIC, scale=Scale.MARGIN)

    unpaired = measurement(METRIC, counts(40, 1000), comparison=baseline(counts(40, 1000)))

    assert outcome_of(check, unpaired) is MET
    assert outcome_of(margin(), unpaired) is UNDETERMINED


def test_a_margin_over_a_baseline_reads_pairs_and_refuses_another_harness() -> None:
    check = limit(METRIC, "0.02", scale=Scale.MARGIN)

    assert outcome_of(check, GOOD) is MET
    assert outcome_of(check, compared(GOOD, paired=None)) is UNDETERMINED
    assert judged(check, harness(GOOD, task="task 2")).readings == ()


@pytest.mark.parametrize(
    "changes", [{"side": Side.AT_LEAST}, {"scale": Scale.RATE}, {"baselines": 0}], ids=str
)
def test_a_margin_is_an_upper_limit_on_a_difference(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no limit on what a model adds"):
        dataclasses.replace(margin(), **changes)  # type: ignore[arg-type]


def test_counts_without_any_attempt_meet_no_margin() -> None:
    assert outcome_of(margin(), measurement(METRIC, Counts.of([]))) is UNDETERMINED
