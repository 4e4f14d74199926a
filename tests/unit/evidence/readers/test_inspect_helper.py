# SPDX-License-Identifier: Apache-2.0
"""A log read by two processes gives what one process reads from it, whatever goes wrong."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL, SIGTERM
from subprocess import PIPE, Popen

import msgspec
import pytest

from logs.inspect_logs import (
    Json,
    a_header,
    a_sample,
    json_member,
    sample_member,
    write_eval,
    write_members,
)
from logs.zip_files import ZSTANDARD, Member
from tiergate.errors import EvidenceError
from tiergate.evidence.readers import inspect_helper
from tiergate.evidence.readers.archive_limits import ArchiveLimits
from tiergate.evidence.readers.inspect_ai import InspectReader
from tiergate.evidence.readers.inspect_helper import Helper, answers, worth_helping
from tiergate.evidence.readers.inspect_sample import Outcome, SampleKey
from tiergate.evidence.readers.source import OpenedFile, opened

ALONE = InspectReader(helped_from_bytes=10**15)
HELPED = InspectReader(helped_from_bytes=0)

KINDS: list[Json] = [
    a_sample("naïve €", "C"),
    a_sample(2, value=True),
    a_sample(3, 1),
    a_sample(4, 1.0),
    a_sample(5, 0.1, error={"message": "boom"}),
    a_sample(6, float("nan")),
    a_sample(7, {"harm": 1, "help": None}, limit={"type": "token", "limit": 1}),
    a_sample(8, "x" * 500, invalidation={"author": "someone"}),
    a_sample(9, [1, "a", False], epoch=3),
    a_sample(10, "C", model_fallbacks=[{"fallback_model": "b"}, {"fallback_model": "a"}]),
    a_sample(11, "C", error_retries=[{"message": "x"}, {"message": "y"}]),
    a_sample(12, scores={"match": {"value": "C", "history": [{"value": "I"}]}, "other": None}),
]


@pytest.fixture(autouse=True)
def _two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})


@contextmanager
def helper_on(path: Path, start: int = 0, **options: str) -> Iterator[Helper]:
    with opened(path) as file, Helper(file, start, ArchiveLimits(), **options) as helper:
        yield helper


def listed(found: Iterator[tuple[SampleKey, Outcome]] | None) -> list[SampleKey]:
    assert found is not None
    return [key for key, _ in found]


@pytest.mark.parametrize("turns", [1, 200])
def test_two_processes_give_what_one_gives(turns: int, tmp_path: Path) -> None:
    kept = [sample | {"id": f"{sample['id']} {turn}"} for turn in range(turns) for sample in KINDS]
    path = write_eval(tmp_path / "run.eval", kept, a_header(eval__dataset={}))

    assert ALONE.read(path) == HELPED.read(path)


def test_of_two_tries_in_different_halves_the_later_one_counts(tmp_path: Path) -> None:
    members = [
        json_member("samples/a.json", a_sample(1, "I")),
        json_member("samples/b.json", a_sample(2, "I")),
        json_member("samples/c.json", a_sample(1, "C")),
        json_member("header.json", a_header(2)),
    ]

    log = HELPED.read(write_members(tmp_path / "run.eval", members))

    assert [row.value for row in log.series[0].rows] == ["C", "I"]
    assert log.series[0].superseded == 1


BROKEN = Member(name="samples/9_epoch_1.json", content=b'{"id": 9, "epoch": 0}')
SOUND = [sample_member(sample) for sample in KINDS]
HEADER = json_member("header.json", a_header(eval__dataset={}))


@pytest.mark.parametrize("place", [0, 6, 12])
def test_an_error_in_either_half_is_that_of_one_process(place: int, tmp_path: Path) -> None:
    members = [*SOUND[:place], BROKEN, *SOUND[place:], HEADER]
    path = write_members(tmp_path / "run.eval", members)

    messages = []
    for reader in (ALONE, HELPED):
        with pytest.raises(EvidenceError) as caught:
            reader.read(path)
        messages.append((str(caught.value), caught.value.where))

    assert messages[0] == messages[1]
    assert messages[0][1] == "run.eval:samples/9_epoch_1.json"


INTERPRETERS: dict[str, str] = {
    "is not there": "/nonexistent/python",
    "ends without a word": "/bin/false",
    "says something else": "/bin/echo",
    "says something else and nothing more": "/bin/pwd",
}


@pytest.mark.parametrize("sentence", INTERPRETERS)
def test_a_helper_tells_nothing_when_its_interpreter(sentence: str, tmp_path: Path) -> None:
    path = write_members(tmp_path / "run.eval", [*SOUND, HEADER])

    with helper_on(path, interpreter=INTERPRETERS[sentence]) as helper:
        assert helper.outcomes() is None


def test_a_helper_that_cannot_tell_costs_time_and_no_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    path = write_members(tmp_path / "run.eval", [*SOUND, HEADER])

    assert ALONE.read(path) == HELPED.read(path)


def test_a_helper_reads_the_members_that_it_is_asked_to(tmp_path: Path) -> None:
    path = write_members(tmp_path / "run.eval", [*SOUND, HEADER])

    with helper_on(path, start=10) as helper:
        found = listed(helper.outcomes())

    assert found == [("11", 1), ("12", 1)]


def test_a_helper_runs_no_module_that_lies_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_members(tmp_path / "run.eval", [*SOUND, HEADER])
    (tmp_path / "msgspec.py").write_text("raise SystemExit\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    with helper_on(path, start=11) as helper:
        assert listed(helper.outcomes()) == [("12", 1)]


ODD_ANSWERS: dict[str, bytes] = {
    "is cut short": (9).to_bytes(8, "big") + b"12345678",
    "is no verdict": (1).to_bytes(8, "big") + b"\x01",
    "lacks its batches": (10).to_bytes(8, "big") + b"\x81\xa7batches\x02",
}


@pytest.mark.parametrize("sentence", ODD_ANSWERS)
def test_a_helper_tells_nothing_when_its_answer(sentence: str, tmp_path: Path) -> None:
    path = write_members(tmp_path / "run.eval", [*SOUND, HEADER])
    odd = tmp_path / "python"
    (tmp_path / "answer").write_bytes(ODD_ANSWERS[sentence])
    odd.write_text(f"#!/bin/sh\ncat {tmp_path}/answer\n", encoding="utf-8")
    odd.chmod(0o755)

    with helper_on(path, interpreter=str(odd)) as helper:
        assert helper.outcomes() is None


def test_no_helper_stays_behind(tmp_path: Path) -> None:
    path = write_members(tmp_path / "run.eval", [*SOUND, HEADER])

    with helper_on(path) as helper:
        process = helper._process
        assert process is not None
        assert process.poll() is None

    assert process.returncode is not None
    assert process.stdout is not None
    assert process.stdout.closed


def test_the_answer_that_a_helper_gives_is_read_as_it_was_meant(tmp_path: Path) -> None:
    path = write_members(tmp_path / "run.eval", [*SOUND, HEADER])

    with opened(path) as file:
        first, *batches = answers(_request(file, start=9))

    assert listed(inspect_helper._received(batches)) == [("10", 1), ("11", 1), ("12", 1)]
    assert b"refusal" in first


def test_every_message_is_written_as_it_will_be_read(tmp_path: Path) -> None:
    path = write_members(tmp_path / "run.eval", [*SOUND, HEADER])
    written = io.BytesIO()

    with opened(path) as file:
        inspect_helper.write_answers(_request(file, start=0), written)
        expected = answers(_request(file, start=0))

    written.seek(0)
    assert expected == [inspect_helper._message(written) for _ in expected]
    assert inspect_helper._message(written) is None


def test_a_helper_of_other_code_says_nothing(tmp_path: Path) -> None:
    path = write_members(tmp_path / "run.eval", [*SOUND, HEADER])
    written = io.BytesIO()

    with opened(path) as file:
        request = _request(file, start=0).replace(b"inspect_helper.py", b"another.py")
        inspect_helper.write_answers(request, written)

    assert written.getvalue() == b""


# Takes a helper a second, which is longer than it takes to notice that nobody waits any more.
LONG = [
    Member(
        name=f"samples/{number}_epoch_1.json",
        content=json.dumps(a_sample(number, "C", input="x" * 10**7)).encode(),
        method=ZSTANDARD,
    )
    for number in (1, 2)
] * 40


ASKERS = {"is still there": (0, True), "is gone": (1, False)}


@pytest.mark.parametrize("sentence", ASKERS)
def test_a_helper_gives_its_answer_only_to_one_who_asked_and(sentence: str, tmp_path: Path) -> None:
    path = write_members(tmp_path / "run.eval", LONG)

    with opened(path) as file:
        request, descriptor = _request(file, start=0), file.handle.fileno()
        process = Popen(
            [sys.executable, "-P", "-m", inspect_helper.__name__],
            stdin=PIPE,
            stdout=PIPE,
            pass_fds=[descriptor],
        )
        assert process.stdin
        assert process.stdout
        process.stdin.write(request + b"\n")
        process.stdin.flush() if sentence == "is still there" else process.stdin.close()
        said = process.stdout.read()
        code = process.wait()
        process.stdin.close()
        process.stdout.close()

    assert (code, bool(said)) == ASKERS[sentence]


@pytest.mark.parametrize("signal", [SIGKILL, SIGTERM])
def test_a_helper_that_somebody_ends_costs_time_and_no_sample(signal: int, tmp_path: Path) -> None:
    path = write_members(tmp_path / "run.eval", LONG)

    with helper_on(path) as helper:
        assert helper._process
        helper._process.send_signal(signal)
        assert helper.outcomes() is None


def test_an_error_that_a_helper_meets_is_given_back_in_full(tmp_path: Path) -> None:
    path = write_members(tmp_path / "run.eval", [BROKEN, HEADER])

    with opened(path) as file:
        [message] = answers(_request(file, start=0))

    assert b"a sample without an id or an epoch" in message


def test_short_logs_and_single_cores_get_no_helper(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [worth_helping(size, 100) for size in (99, 100)] == [False, True]
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    assert not worth_helping(100, 100)


def test_where_cores_cannot_be_asked_for_those_of_the_machine_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert not worth_helping(100, 100)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert worth_helping(100, 100)


def _request(file: OpenedFile, *, start: int) -> bytes:
    return msgspec.json.encode(Helper(file, start, ArchiveLimits())._request)
