# SPDX-License-Identifier: Apache-2.0
"""The journal: what is finished is never lost, never counted twice, and never another run's."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiergate.errors import InputError, MeasurementError
from tiergate.evidence.tampering.journal import FORMAT, Journal
from tiergate.evidence.tampering.trial import TrialResult
from toy_worker import made_up, toy_trial

TESTS = Path(__file__).parents[3]
PLAN: dict[str, Any] = {"suite": "TR1", "seed": 7, "packages": {"torch": "2.13.0"}}
RESULTS = [made_up(toy_trial(seed, rate=0.5)) for seed in range(3)]


def written(path: Path, *results: TrialResult) -> bytes:
    with Journal.open(path, PLAN) as journal:
        for result in results:
            journal.add(result)
    return path.read_bytes()


def reopened(path: Path) -> list[TrialResult]:
    with Journal.open(path, PLAN) as journal:
        return list(journal.found.values())


def as_kept(result: TrialResult) -> TrialResult:
    return TrialResult.from_json(result.to_json())


def test_what_was_written_is_found_again_in_order(tmp_path: Path) -> None:
    path = tmp_path / "new" / "journal.jsonl"

    written(path, *RESULTS)

    assert [as_kept(result) for result in RESULTS] == reopened(path)


def test_a_result_is_the_same_before_and_after_it_was_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"

    with Journal.open(path, PLAN) as journal:
        journal.add(RESULTS[0])
        fresh = list(journal.found.values())

    assert fresh == reopened(path)


def test_the_first_line_says_what_the_run_is(tmp_path: Path) -> None:
    first = written(tmp_path / "journal.jsonl").splitlines()[0]

    assert {"format": FORMAT, "plan": PLAN} == json.loads(first)


def test_a_trial_that_is_there_is_not_added_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    again = dataclasses.replace(RESULTS[0], error="another answer")

    with Journal.open(path, PLAN) as journal:
        journal.add(RESULTS[0])
        with pytest.raises(ValueError, match="already"):
            journal.add(again)

    assert [as_kept(RESULTS[0])] == reopened(path)


def test_a_trial_that_failed_runs_again_when_the_run_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    failed = TrialResult(trial=RESULTS[1].trial, error="the grader did not answer")
    written(path, RESULTS[0], failed)

    with Journal.open(path, PLAN) as journal:
        note, before = journal.note, list(journal.found)
        journal.add(RESULTS[1])

    assert [RESULTS[0].trial.id] == before
    assert "1 trial that ended in an error will run again" in note
    assert [as_kept(result) for result in RESULTS[:2]] == reopened(path)


def test_a_trial_that_failed_is_not_tried_again_in_the_same_run(tmp_path: Path) -> None:
    failed = TrialResult(trial=RESULTS[1].trial, error="the grader did not answer")

    with Journal.open(tmp_path / "journal.jsonl", PLAN) as journal:
        journal.add(failed)
        with pytest.raises(ValueError, match="already"):
            journal.add(RESULTS[1])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return written(tmp_path_factory.mktemp("whole") / "journal.jsonl", *RESULTS)


def test_wherever_the_file_ends_the_whole_lines_before_are_found(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    kept = [TrialResult(trial=toy_trial(seed), restored="all") for seed in range(2)]
    whole = written(path, *kept)

    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        lines = whole[:size].count(b"\n")

        with Journal.open(path, PLAN) as journal:
            found, note = list(journal.found.values()), journal.note

        assert kept[: max(lines - 1, 0)] == found
        is_cut_in_a_result = lines > 0 and not whole[:size].endswith(b"\n")
        assert is_cut_in_a_result == ("cut off" in note)
        assert path.read_bytes() == b"".join(whole.splitlines(keepends=True)[: max(lines, 1)])


def test_a_run_goes_on_after_a_line_that_was_cut(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(whole[:-9])

    with Journal.open(path, PLAN) as journal:
        journal.add(RESULTS[2])

    assert whole == path.read_bytes()


@given(place=st.integers(min_value=0), change=st.integers(min_value=1, max_value=255))
def test_a_byte_that_changed_is_noticed_or_its_trial_runs_again(
    whole: bytes, tmp_path_factory: pytest.TempPathFactory, place: int, change: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "changed.jsonl"
    damaged = bytearray(whole)
    damaged[place % len(whole)] ^= change
    path.write_bytes(damaged)

    try:
        found = reopened(path)
    except InputError:
        return

    assert found == [as_kept(result) for result in RESULTS[: len(found)]]
    assert len(found) == len(RESULTS) - 1


PLANS: dict[str, tuple[dict[str, Any], str, str]] = {
    "another seed": ({**PLAN, "seed": 8}, "seed 7", "expected seed 8"),
    "another version": ({**PLAN, "packages": {"torch": "2.14.0"}}, "2.13.0", "2.14.0"),
    "less": ({"suite": "TR1", "packages": PLAN["packages"]}, "seed 7", "seed null"),
    "more": ({**PLAN, "dtype": "float32"}, "dtype null", 'dtype "float32"'),
}


@pytest.mark.parametrize("sentence", PLANS)
def test_a_run_with_another_plan_does_not_go_on(sentence: str, tmp_path: Path) -> None:
    plan, was, wanted = PLANS[sentence]
    before = written(tmp_path / "journal.jsonl", *RESULTS)

    with pytest.raises(InputError, match="another run") as caught:
        Journal.open(tmp_path / "journal.jsonl", plan)

    assert was in caught.value.found
    assert wanted in str(caught.value)
    assert "suite" not in str(caught.value)
    assert before == (tmp_path / "journal.jsonl").read_bytes()


def test_a_plan_is_the_same_however_its_values_are_written(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal.open(path, {"classes": ("a", "b"), "seed": 1}).close()

    Journal.open(path, {"seed": 1, "classes": ["a", "b"]}).close()


def doubled(content: bytes) -> bytes:
    return content + content.splitlines(keepends=True)[-1]


FILES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "no journal": (lambda _: b"a text\nof a user\n", "no journal"),
    "no journal and no line": (lambda _: b"a text of a user", "no journal"),
    "another format": (lambda c: c.replace(b"journal/1", b"journal/2", 1), "journal/2"),
    "a list": (lambda _: b"[]\n", "no journal"),
    "a damaged line in the middle": (lambda c: c.replace(b'"steps"', b'"Steps"', 1), ":2"),
    "a trial twice": (doubled, "there already"),
}


@pytest.mark.parametrize("sentence", FILES)
def test_a_file_that_cannot_be_used_is_refused_and_left_as_it_is(
    sentence: str, whole: bytes, tmp_path: Path
) -> None:
    change, message = FILES[sentence]
    path = tmp_path / "journal.jsonl"
    path.write_bytes(change(whole))

    with pytest.raises(InputError, match="expected") as caught:
        Journal.open(path, PLAN)

    assert message in str(caught.value)
    assert change(whole) == path.read_bytes()


def test_two_runs_do_not_share_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"

    with Journal.open(path, PLAN), pytest.raises(MeasurementError, match="still writing"):
        Journal.open(path, PLAN)

    Journal.open(path, PLAN).close()


def test_a_closed_journal_takes_nothing(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.jsonl", PLAN)
    journal.close()
    journal.close()

    with pytest.raises(ValueError, match="closed"):
        journal.add(RESULTS[0])


def test_what_cannot_be_written_as_json_is_not_written_at_all(tmp_path: Path) -> None:
    odd = TrialResult(trial=toy_trial(1, rate=float("nan")))
    path = tmp_path / "journal.jsonl"

    with Journal.open(path, PLAN) as journal, pytest.raises(ValueError, match="JSON"):
        journal.add(odd)

    assert [] == reopened(path)


WRITER = """
import resource, signal, sys
from pathlib import Path
from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.journal import Journal
from toy_worker import made_up, toy_trial

path, limit = Path(sys.argv[1]), int(sys.argv[2])
with Journal.open(path, {}) as journal:
    if limit:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        for seed in range(10_000):
            journal.add(made_up(toy_trial(seed)))
            print(seed, flush=True)
    except MeasurementError as error:
        print(error)
        sys.exit(6)
"""


def writer(path: Path, limit: int = 0) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    words = [sys.executable, "-c", WRITER, str(path), str(limit)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment)


def test_a_disk_that_fills_up_keeps_what_was_finished_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"

    process = writer(path, limit=4096)
    said = process.communicate()[0].splitlines()

    assert 6 == process.returncode
    assert "cannot be written" in said[-1]
    assert "finished trials are kept" in said[-1]
    with Journal.open(path, {}) as journal:
        assert "" == journal.note
        assert len(said) - 1 == len(journal.found) > 0


def test_kill_9_at_any_time_loses_no_trial_that_was_finished(tmp_path: Path) -> None:
    for number, seconds in enumerate((0.01, 0.07, 0.13)):
        path = tmp_path / f"journal-{number}.jsonl"
        process = writer(path)
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        said = [int(line) for line in (first + process.communicate()[0]).split()]

        with Journal.open(path, {}) as journal:
            found = [result.trial.seed for result in journal.found.values()]
            journal.add(made_up(toy_trial(20_000)))

        assert -signal.SIGKILL == process.returncode
        assert said == found[: len(said)]
        assert len(found) - len(said) <= 1


def test_costs_are_exact_after_reading() -> None:
    result = as_kept(RESULTS[0])

    assert Decimal("1.750") == result.cost.seconds
    assert RESULTS[0].cost == result.cost
