# SPDX-License-Identifier: Apache-2.0
"""How a measurement was made: conduct, grader, audit and run, as far as anybody states it."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from builders import a_document, a_measurement
from builders_report import ATTACKS, a_log, a_run, gathered
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.conduct import (
    NOTHING_STATED,
    Access,
    Audit,
    Conduct,
    Coverage,
    Effort,
    GraderKind,
    GraderValidation,
)
from tiergate.evidence.measurement import Measurement
from tiergate.evidence.runs import PlannedRun
from tiergate.report.details import audit_words, details_of, error_words
from tiergate.report.level import Level
from tiergate.report.measured import ordered
from tiergate.stats.audit import Adjudication

LEVEL = Level(confidence=Decimal("0.95"), tries=1)
VALIDATION = GraderValidation(
    positives=40,
    positives_found=36,
    negatives=60,
    negatives_cleared=59,
    same_distribution=True,
    source="two people, 100 responses",
)


def details(
    found: Measurement | EvidenceDocument, runs: tuple[PlannedRun, ...] = ()
) -> dict[str, str]:
    document = a_document(measurements=[found]) if isinstance(found, Measurement) else found
    evidence = gathered(document, runs=runs)
    (item,) = ordered(evidence)
    rows = details_of(item, LEVEL, evidence)
    assert len(rows) == len(dict(rows))
    return dict(rows)


def test_conduct_is_shown_as_it_was_stated() -> None:
    conduct = Conduct(
        effort=Effort.ADAPTIVE,
        access=Access.GREY_BOX,
        coverage=Coverage.RISK_MODEL,
        risk_model="from here to there",
        grader_kind=GraderKind.HUMAN,
        task_commit="0123abc",
        dataset_digest="sha256:ff",
    )

    found = details(dataclasses.replace(a_measurement(), conduct=conduct))

    assert "adaptive attack" == found["effort (stated)"]
    assert "grey box" == found["access (stated)"]
    assert "risk model" == found["coverage (stated)"]
    assert "from here to there" == found["risk model"]
    assert "human" == found["kind of grader"]
    assert "0123abc" == found["code of the task"]
    assert "sha256:ff" == found["digest of the data"]


def test_conduct_that_nobody_stated_is_said_to_be_not_stated() -> None:
    found = details(dataclasses.replace(a_measurement(), conduct=NOTHING_STATED, grader=""))

    labels = ("effort (stated)", "access (stated)", "coverage (stated)", "grader")
    assert {"not stated"} == {found[label] for label in (*labels, "kind of grader")}
    assert "risk model" not in found


def test_a_grader_that_may_err_has_its_error_and_its_audit_shown_even_when_there_is_none() -> None:
    rule = dataclasses.replace(NOTHING_STATED, grader_kind=GraderKind.RULE)
    exact = dataclasses.replace(NOTHING_STATED, grader_kind=GraderKind.EXACT)

    found = details(dataclasses.replace(a_measurement(), conduct=rule))
    certain = details(dataclasses.replace(a_measurement(), conduct=exact))

    assert ("not measured", "none") == (found["grader's error"], found["audit"])
    assert "audit" not in certain


def test_a_grader_s_models_and_its_measured_error_are_shown() -> None:
    conduct = dataclasses.replace(
        NOTHING_STATED, grader_kind=GraderKind.MODEL, grader_validation=VALIDATION
    )
    found = dataclasses.replace(
        a_measurement(), conduct=conduct, grader_models=("a/grader", "another")
    )

    shown = details(found)

    assert "a/grader, another" == shown["grader models"]
    assert (
        "saw 36 of 40 that people called a success and cleared 59 of 60 that they called none, "
        "on responses like these (two people, 100 responses)" == shown["grader's error"]
    )


def test_an_error_that_was_measured_elsewhere_says_so() -> None:
    other = dataclasses.replace(VALIDATION, same_distribution=False)

    assert "on other responses" in error_words(other)


AUDITS: dict[str, tuple[Adjudication, ...]] = {
    (
        "of 12 that the grader flagged or did not score, people looked at 12; 10 of these "
        "adverse; of 100 that it did not flag, 32 were drawn; 3 of these adverse, 1 undecided; "
        "seed a seed; by two people"
    ): (
        Adjudication(confirmed=5, refuted=1, missed=1, clean=14, behaviours=2),
        Adjudication(missed=1, undecided=1, not_drawn=68),
    ),
    (
        "of 4 that the grader flagged or did not score, people looked at 1; 1 of these "
        "adverse; of 2 that it did not flag, 0 were drawn; 0 of these adverse, 0 undecided; "
        "seed a seed; by two people; not complete"
    ): (Adjudication(confirmed=1, not_adjudicated=2, unscored=1, not_drawn=2),),
}


@pytest.mark.parametrize("words", AUDITS)
def test_an_audit_is_written_with_all_its_counts(words: str) -> None:
    audit = Audit(tallies=AUDITS[words], seed="a seed", labelled_by="two people")

    assert words == audit_words(audit)


def test_an_audit_stands_with_its_measurement() -> None:
    tallies = (Adjudication(clean=1, behaviours=400),)
    audit = Audit(tallies=tallies, seed="s", labelled_by="b")

    assert "400 were drawn" in details(dataclasses.replace(a_measurement(), audit=audit))["audit"]


def test_the_registered_run_of_a_log_is_named() -> None:
    run = a_run(7)

    shown = details(a_log(a_measurement(ATTACKS, 0, 5), run=run.id), (run,))

    assert f"{run.id}, registered 2026-11-21" == shown["registered run"]


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("", "no"),
        (f"{9:016x}", "no (names 0000000000000009, and is not that run)"),
        (f"{7:016x}", "no (names 0000000000000007, and is not that run)"),
    ],
)
def test_a_log_of_no_registered_run_says_so(named: str, words: str) -> None:
    too_long = a_run(7, behaviours=99)

    shown = details(a_log(a_measurement(ATTACKS, 0, 5), run=named), (too_long,))

    assert words == shown["registered run"]


def test_the_confidence_of_the_bounds_is_named() -> None:
    assert "95 %" == details(a_measurement())["confidence"]
