# SPDX-License-Identifier: Apache-2.0
"""Bounds that know the grader's error: people's labels, or an error measured elsewhere."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from builders_decision import CONDUCT, baseline, counts, measurement, quantity
from tiergate.evidence.bounds import bounds, bounds_of, difference_bounds
from tiergate.evidence.conduct import Audit, GraderKind, GraderValidation
from tiergate.evidence.measurement import Counts, Direction, Measurement
from tiergate.stats.audit import Adjudication

CONFIDENCE = Decimal("0.95")
KEEN = GraderValidation(
    positives=200,
    positives_found=190,
    negatives=200,
    negatives_cleared=196,
    same_distribution=True,
    source="two people",
)
BLIND = dataclasses.replace(KEEN, positives_found=0)
ELSEWHERE = dataclasses.replace(KEEN, same_distribution=False)


def graded(
    value: Counts,
    validation: GraderValidation | None = None,
    direction: Direction = Direction.HIGHER_IS_RISKIER,
) -> Measurement:
    conduct = dataclasses.replace(
        CONDUCT, grader_kind=GraderKind.MODEL, grader_validation=validation
    )
    return measurement(value=value, conduct=conduct, direction=direction)


def audited(
    value: Counts, direction: Direction = Direction.HIGHER_IS_RISKIER, /, **places: int
) -> Measurement:
    tallies = tuple(Adjudication(**{place: 1, "behaviours": n}) for place, n in places.items())
    audit = Audit(tallies=tallies, seed="s", labelled_by="two people")
    return dataclasses.replace(graded(value, direction=direction), audit=audit)


def upper(found: Measurement) -> float:
    return bounds_of(found, CONFIDENCE).upper


def test_without_knowledge_of_the_grader_labels_are_taken_as_they_are() -> None:
    assert bounds(counts(3, 100), CONFIDENCE) == bounds_of(graded(counts(3, 100)), CONFIDENCE)


def test_people_clear_what_a_nervous_grader_flagged() -> None:
    nervous = audited(counts(100, 1000), refuted=100, clean=200, not_drawn=700)

    assert upper(graded(counts(100, 1000))) > 0.11
    assert upper(nervous) < 0.03
    assert 0 == bounds_of(nervous, CONFIDENCE).lower


def test_an_audit_that_left_flagged_attempts_alone_overrules_nothing() -> None:
    lazy = audited(counts(100, 1000), refuted=60, not_adjudicated=40, clean=200, not_drawn=700)

    found = bounds_of(lazy, CONFIDENCE)

    assert bounds(counts(100, 1000), CONFIDENCE).lower == found.lower


def test_what_people_confirm_stands() -> None:
    found = bounds_of(
        audited(counts(100, 1000), confirmed=100, clean=200, not_drawn=700), CONFIDENCE
    )

    assert 0.08 < found.lower < 0.1 < found.upper


def test_what_the_audit_finds_missed_counts() -> None:
    clean = audited(counts(0, 1000), clean=200, not_drawn=800)
    missed = audited(counts(0, 1000), missed=10, clean=190, not_drawn=800)

    assert upper(clean) < 0.03
    assert upper(missed) > 0.05


def test_attempts_that_were_never_made_count_beside_an_audit() -> None:
    whole = Counts.simple(0, 100)
    short = dataclasses.replace(whole, planned=120)

    assert upper(audited(short, clean=60, not_drawn=40)) >= 20 / 120
    assert upper(audited(whole, clean=60, not_drawn=40)) < 20 / 120


def test_of_a_metric_of_which_more_is_safer_people_bound_the_failures() -> None:
    refusals = Counts.simple(900, 1000)
    found = audited(refusals, Direction.HIGHER_IS_SAFER, refuted=100, clean=200, not_drawn=700)

    assert bounds_of(graded(refusals), CONFIDENCE).lower < 0.9
    assert bounds_of(found, CONFIDENCE).lower > 0.97
    assert 1 == bounds_of(found, CONFIDENCE).upper


def test_an_error_measured_elsewhere_widens_the_side_of_safety_alone() -> None:
    raw = bounds(counts(30, 1000), CONFIDENCE)
    found = bounds_of(graded(counts(30, 1000), KEEN), CONFIDENCE)

    assert raw.upper < found.upper < 0.05
    assert raw.lower == found.lower


def test_a_blind_grader_shows_no_safety() -> None:
    assert 1 == upper(graded(counts(0, 1000), BLIND))


def test_a_harm_that_was_seen_is_not_explained_away_by_a_validation() -> None:
    nervous = dataclasses.replace(KEEN, negatives_cleared=100)

    found = bounds_of(graded(counts(400, 1000), nervous), CONFIDENCE)

    assert bounds(counts(400, 1000), CONFIDENCE).lower == found.lower


def test_an_error_measured_on_other_responses_never_narrows_a_bound() -> None:
    nervous = dataclasses.replace(ELSEWHERE, negatives_cleared=180)
    found = graded(counts(100, 1000), nervous)

    assert upper(found) >= bounds(counts(100, 1000), CONFIDENCE).upper


def test_safer_metrics_are_corrected_on_the_other_side() -> None:
    refusals = Counts.simple(970, 1000)
    raw = bounds(refusals, CONFIDENCE)
    lenient = dataclasses.replace(KEEN, positives_found=200, negatives_cleared=150)

    found = bounds_of(graded(refusals, lenient, Direction.HIGHER_IS_SAFER), CONFIDENCE)

    assert found.lower < raw.lower
    assert raw.upper == found.upper
    assert 0 == bounds_of(graded(refusals, BLIND, Direction.HIGHER_IS_SAFER), CONFIDENCE).lower


def test_more_tries_of_one_claim_give_each_a_wider_bound() -> None:
    found = graded(counts(0, 100))
    uppers = [bounds_of(found, CONFIDENCE, tries=tries).upper for tries in (1, 2, 5)]

    assert sorted(uppers) == uppers
    assert 0.0295 == pytest.approx(uppers[0], abs=0.0001)


def test_an_audit_is_about_the_attempts_that_were_counted() -> None:
    with pytest.raises(ValueError, match="not about the attempts"):
        audited(counts(0, 100), clean=99)


def test_a_quantity_has_no_bound_of_ours() -> None:
    with pytest.raises(TypeError, match="interval that its source gives"):
        bounds_of(measurement(value=quantity("1", "2")), CONFIDENCE)
    with pytest.raises(TypeError, match="needs counts and a baseline"):
        difference_bounds(graded(counts(0, 10)), CONFIDENCE)


def compared(
    validation: GraderValidation | None, direction: Direction = Direction.HIGHER_IS_RISKIER
) -> tuple[float, float]:
    found = dataclasses.replace(
        graded(counts(40, 200), validation, direction), comparison=baseline(counts(30, 200))
    )
    return difference_bounds(found, CONFIDENCE)


def test_a_grader_that_errs_makes_differences_look_smaller_than_they_are() -> None:
    raw, corrected = compared(None), compared(KEEN)

    assert raw[0] == corrected[0]
    assert raw[1] < corrected[1]
    assert (raw[0], 1.0) == compared(BLIND)


def test_the_risky_side_of_a_safer_metric_is_below() -> None:
    raw = compared(None, Direction.HIGHER_IS_SAFER)
    corrected = compared(KEEN, Direction.HIGHER_IS_SAFER)

    assert corrected[0] < raw[0]
    assert raw[1] == corrected[1]
    assert (-1.0, raw[1]) == compared(BLIND, Direction.HIGHER_IS_SAFER)


def test_an_audit_replaces_what_was_measured_elsewhere() -> None:
    found = dataclasses.replace(
        graded(counts(0, 200), BLIND),
        audit=Audit(
            tallies=(Adjudication(clean=1, behaviours=200),), seed="s", labelled_by="people"
        ),
        comparison=baseline(counts(30, 200)),
    )

    assert upper(found) < 0.02
    assert difference_bounds(found, CONFIDENCE)[1] < 0
