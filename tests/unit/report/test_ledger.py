# SPDX-License-Identifier: Apache-2.0
"""What became of every registered run, and which documents are of none."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from builders import AT, a_measurement
from builders_report import ATTACKS, a_log, a_run, gathered
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.measurement import Variant
from tiergate.report.ledger import RunState, Unregistered, not_shown, run_rows, unregistered

RUN = a_run(1, behaviours=5)
OTHER_FORM = a_measurement(ATTACKS, 0, 5, variant=Variant.WORST_CASE)


def a_result(tried: int = 5, **changes: object) -> EvidenceDocument:
    return a_log(a_measurement(ATTACKS, 0, tried), run=RUN.id, **changes)  # type: ignore[arg-type]


STATES: dict[str, tuple[tuple[EvidenceDocument, ...], RunState, tuple[str, ...]]] = {
    "nothing names it": ((), RunState.NOT_SHOWN, ()),
    "a log of none": ((a_log(a_measurement(ATTACKS, 0, 5)),), RunState.NOT_SHOWN, ()),
    "its log": ((a_result(),), RunState.SHOWN, ()),
    "a larger log": ((a_result(9),), RunState.SHOWN, ()),
    "a smaller log": (
        (a_result(3),),
        RunState.NOT_AS_REGISTERED,
        ("3 of 5 behaviours were tried",),
    ),
    "two logs": (
        (a_result(5), a_result(6)),
        RunState.NOT_AS_REGISTERED,
        ("2 documents name it, and a run has one log",),
    ),
    "another form of the model": (
        (a_log(OTHER_FORM, run=RUN.id),),
        RunState.NOT_AS_REGISTERED,
        (f"nothing that names it measures {ATTACKS}, as released",),
    ),
    "a log of another task": (
        (a_log(dataclasses.replace(a_measurement(ATTACKS, 0, 5), task="sums 2"), run=RUN.id),),
        RunState.NOT_AS_REGISTERED,
        ("the log is of another task, sums 2",),
    ),
    "a log that began before": (
        (
            a_log(
                dataclasses.replace(
                    a_measurement(ATTACKS, 0, 5), started_at=AT - timedelta(days=30)
                ),
                run=RUN.id,
            ),
        ),
        RunState.NOT_AS_REGISTERED,
        ("the log began before the run was registered",),
    ),
    "a log from before": (
        (
            a_log(
                a_measurement(ATTACKS, 0, 5, finished_at=AT - timedelta(days=30)),
                run=RUN.id,
            ),
        ),
        RunState.NOT_AS_REGISTERED,
        ("the log ended before the run was registered",),
    ),
}


@pytest.mark.parametrize("sentence", STATES)
def test_what_became_of_a_run_is_told_with_its_reasons(sentence: str) -> None:
    documents, state, reasons = STATES[sentence]
    evidence = gathered(*documents, runs=[RUN])

    (row,) = run_rows(evidence)

    assert (state, reasons) == (row.state, row.reasons)
    assert (state is not RunState.SHOWN) == not_shown(evidence)
    named = sorted(document.digest for document in documents if document.run == RUN.id)
    assert named == list(row.documents)


def test_a_run_is_written_with_its_plan_in_the_order_of_registration() -> None:
    early, late = a_run(9), dataclasses.replace(a_run(1, behaviours=2), plan="")
    evidence = gathered(runs=[early, late])

    first, second = run_rows(evidence)

    assert (early.id, ATTACKS, "as released", ATTACKS) == (
        first.id,
        first.metric,
        first.variant,
        first.task,
    )
    assert ("1 behaviour; five attempts", "2 behaviours") == (first.plan, second.plan)
    assert "2026-11-21" == first.date


def test_documents_about_a_registered_claim_that_are_of_no_registered_run_are_listed() -> None:
    named = a_result()
    silent = a_log(a_measurement(ATTACKS, 1, 5), a_measurement("cyber.sums"))
    wrong = a_log(a_measurement(ATTACKS, 2, 5), run=a_run(8).id)
    beside = a_log(a_measurement("cyber.sums"), OTHER_FORM)
    evidence = gathered(named, silent, wrong, beside, runs=[RUN])

    found = unregistered(evidence)

    about = (f"{ATTACKS}, as released",)
    expected = sorted([silent.digest, wrong.digest])
    assert [Unregistered(digest=digest, claims=about) for digest in expected] == list(found)


def test_without_a_ledger_no_document_is_blamed() -> None:
    evidence = gathered(a_log(a_measurement(ATTACKS, 0, 5)))

    assert ((), (), 0) == (run_rows(evidence), unregistered(evidence), not_shown(evidence))
