# SPDX-License-Identifier: Apache-2.0
"""The run ledger: runs are registered first, all of them show, and the level is spent once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from builders_decision import (
    AT,
    MEASURED_AT,
    ROOT,
    counts,
    document,
    limit,
    measurement,
    scene,
    subject,
)
from tiergate.decision.judging import judge
from tiergate.decision.outcome import Outcome
from tiergate.errors import EvidenceError
from tiergate.evidence.collection import Collection, EvidenceDocument, collect
from tiergate.evidence.conversion import with_digest, write_document
from tiergate.evidence.grades import Dimension, grades
from tiergate.evidence.measurement import Variant
from tiergate.evidence.runs import PlannedRun, appended, of_claim, read_runs
from tiergate.evidence.store import EvidenceStore

METRIC = "cbrn.uplift"
PLANNED = PlannedRun(
    id="",
    root_digest=ROOT,
    metric=METRIC,
    variant=Variant.WORST_CASE,
    task="task 1",
    behaviours=100,
    plan="100 prompts, one attempt each",
    registered_at=MEASURED_AT - timedelta(days=1),
)


def ledger(*runs: PlannedRun) -> tuple[bytes, list[PlannedRun]]:
    content, found = b"", []
    for run in runs:
        line, registered = appended(content, run)
        content += line
        found.append(registered)
    return content, found


def filed(run: PlannedRun | None, successes: int = 0, trials: int = 100) -> EvidenceDocument:
    plain = document(measurement(METRIC, counts(successes, trials)))
    return with_digest(dataclasses.replace(plain, run=run.id if run else ""))


def _begun(found: EvidenceDocument, at: datetime) -> EvidenceDocument:
    begun = tuple(dataclasses.replace(m, started_at=at) for m in found.measurements)
    return with_digest(dataclasses.replace(found, measurements=begun))


def evidence(*documents: EvidenceDocument, runs: list[PlannedRun]) -> Collection:
    return collect(subject(), documents, runs=runs)


def precision(found: Collection) -> list[int]:
    return [
        grade.value
        for item in found.measurements(METRIC)
        for grade in grades(item, found)
        if grade.dimension is Dimension.PRECISION
    ]


def test_a_registered_run_reads_back_with_the_id_it_was_given() -> None:
    content, runs = ledger(PLANNED, dataclasses.replace(PLANNED, task="task 2"))

    assert tuple(runs) == read_runs(content, "runs.jsonl")
    assert 2 == len({run.id for run in runs})
    assert tuple(runs) == of_claim(runs, METRIC, Variant.WORST_CASE)
    assert () == of_claim(runs, METRIC, Variant.AS_RELEASED)


def test_the_same_run_registered_twice_is_two_runs() -> None:
    _, runs = ledger(PLANNED, PLANNED)

    assert runs[0].id != runs[1].id


DAMAGE: dict[str, tuple[bytes, bytes, str]] = {
    "a line is changed": (b"task 1", b"task 9", "does not follow"),
    "a field is missing": (b'"metric":"cbrn.uplift",', b"", "a damaged line"),
    "a number is below one": (b'"behaviours":100', b'"behaviours":0', "a damaged line"),
    "a variant is none": (b"worst case", b"best case", "a damaged line"),
    "there is no JSON": (b"{", b"[", "a damaged line"),
}


@pytest.mark.parametrize("sentence", DAMAGE)
def test_a_damaged_ledger_is_refused(sentence: str) -> None:
    old, new, found = DAMAGE[sentence]
    content, _ = ledger(PLANNED, PLANNED)

    with pytest.raises(EvidenceError, match=found):
        read_runs(content.replace(old, new, 1), "runs.jsonl")


def test_a_line_taken_out_of_the_middle_is_noticed() -> None:
    content, _ = ledger(PLANNED, PLANNED, PLANNED)
    lines = content.splitlines(keepends=True)

    with pytest.raises(EvidenceError, match="does not follow"):
        read_runs(lines[0] + lines[2], "runs.jsonl")


def test_a_run_that_no_line_can_hold_is_refused() -> None:
    with pytest.raises(EvidenceError, match="metric"):
        appended(b"", dataclasses.replace(PLANNED, metric="not a metric"))


def test_a_run_that_was_registered_and_shown_is_graded_highest() -> None:
    _, [run] = ledger(PLANNED)

    assert [3] == precision(evidence(filed(run), runs=[run]))


NOT_AS_REGISTERED: dict[str, Callable[[PlannedRun], tuple[EvidenceDocument, list[PlannedRun]]]] = {
    "the log names no run": lambda run: (filed(None), [run]),
    "the run was registered after the log ended": lambda run: (
        filed(run),
        [dataclasses.replace(run, registered_at=MEASURED_AT + timedelta(days=1))],
    ),
    "the run was registered after the log began": lambda run: (
        _begun(filed(run), MEASURED_AT - timedelta(days=2)),
        [run],
    ),
    "another task was run": lambda run: (filed(run), [dataclasses.replace(run, task="task 10")]),
    "fewer behaviours were tried than planned": lambda run: (filed(run, trials=99), [run]),
    "the ledger does not know the run": lambda run: (filed(run), []),
    "another run of the claim is not shown": lambda run: (
        filed(run),
        [run, dataclasses.replace(run, id="f" * 16)],
    ),
}


@pytest.mark.parametrize("sentence", NOT_AS_REGISTERED)
def test_a_run_that_is_not_as_registered_is_not_graded_highest(sentence: str) -> None:
    _, [run] = ledger(PLANNED)
    found, runs = NOT_AS_REGISTERED[sentence](run)

    assert [2] == precision(evidence(found, runs=runs))


def test_two_logs_of_one_run_are_the_result_of_neither() -> None:
    _, [run] = ledger(PLANNED)
    twice = evidence(filed(run), filed(run, successes=1), runs=[run])

    assert [2, 2] == precision(twice)
    assert (run,) == twice.unseen_runs(METRIC, Variant.WORST_CASE)


def test_runs_that_are_not_shown_share_the_level_with_the_one_that_is() -> None:
    _, runs = ledger(PLANNED, PLANNED, PLANNED)
    shown = filed(runs[0])

    alone = judge(limit(METRIC, "0.03"), scene(evidence(shown, runs=runs[:1])))
    one_of_three = judge(limit(METRIC, "0.03"), scene(evidence(shown, runs=runs)))

    # 100 clean behaviours show 2.95 % at 95 %, and no more than 4.01 % at 98.3 %.
    assert Outcome.MET is alone.outcome
    assert Outcome.UNDETERMINED is one_of_three.outcome
    assert 0.0401 == pytest.approx(float(one_of_three.readings[0].upper), abs=0.0001)


def test_a_ledger_that_lost_a_run_under_which_evidence_was_filed_is_noticed(
    tmp_path: Path,
) -> None:
    store = EvidenceStore(tmp_path)
    run = store.plan(PLANNED)
    store.add(write_document(dataclasses.replace(filed(run), source=None)))
    (tmp_path / "runs.jsonl").unlink()

    with pytest.raises(EvidenceError, match=f"no run {run.id}"):
        store.runs()


def test_the_store_keeps_runs_in_the_order_of_registration(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)

    first = store.plan(PLANNED)
    second = store.plan(dataclasses.replace(PLANNED, registered_at=AT))

    assert (first, second) == store.runs()
    assert () == EvidenceStore(tmp_path / "elsewhere").runs()
