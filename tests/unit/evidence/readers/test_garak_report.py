# SPDX-License-Identifier: Apache-2.0
"""Which files are garak reports, which are refused, and what disturbed ones may give."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logs.disturbed import disturbed
from logs.garak_logs import (
    SENT,
    Json,
    a_completion,
    a_run,
    a_setup,
    an_attempt,
    an_eval,
    an_init,
    sent_then_scored,
    write_report,
)
from tiergate.errors import EvidenceError
from tiergate.evidence.readers.garak import GarakReader
from tiergate.evidence.readers.values import MAX_COUNT

READER = GarakReader()


def a_line(text: bytes) -> Callable[[Path], object]:
    """Put a line between the attempts of a report."""

    def write(path: Path) -> None:
        write_report(path, [a_setup(), an_init(), an_attempt(0)], end=text + b"\n")

    return write


def entries(*kept: Json) -> Callable[[Path], object]:
    return lambda path: write_report(path, kept)


def with_setup(**changes: object) -> Callable[[Path], object]:
    return entries(*a_run(an_attempt(0), setup=a_setup(**changes)))


def with_attempt(number: int = 1, **changes: object) -> Callable[[Path], object]:
    return entries(*a_run(an_attempt(0), an_attempt(number, **changes)))  # type: ignore[arg-type]


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "an empty file": (lambda path: path.write_bytes(b""), "no setup of a run"),
    "blank lines alone": (lambda path: path.write_bytes(b"\n\n"), "no setup of a run"),
    "one half line": (lambda path: path.write_bytes(b'{"entry_type'), "broken JSON"),
    "a damaged line": (a_line(b'{"entry_type": "attempt", '), "report.jsonl:4: found broken JSON"),
    "another encoding": (a_line('{"text": "é"}'.encode("latin-1")), "bytes that are not UTF-8"),
    "a line that is no object": (a_line(b"[1, 2]"), "JSON of type list"),
    "a key twice": (a_line(b'{"entry_type": "a", "entry_type": "b"}'), "one key twice"),
    "nesting without end": (a_line(b"[" * 100_000), "nested too deeply"),
    "a number out of range": (a_line(b'{"n": 1e9999999999999999999}'), "a number out of range"),
    "an entry of no type": (a_line(b'{"uuid": "x"}'), "an entry without entry_type"),
    "a huge line": (a_line(b'{"entry_type": "' + b"x" * 300_000 + b'"}'), "a line without end"),
    "a hit in its midst": (
        a_line(b'{"attempt_id": "x", "detector": "d", "probe": "p", "score": 1.0}'),
        "a hit log",
    ),
    "no attempts": (entries(*a_run()), "a run without attempts"),
    "no setup": (entries(an_init(), an_attempt(0)), "an attempt before the setup"),
    "no scored attempt": (
        entries(*a_run(an_attempt(0, status=SENT, detector_results={}))),
        "1 attempts and no score",
    ),
    "no time": (
        entries(a_setup(), an_init(start_time=...), an_attempt(0), a_completion(end_time="soon")),
        "no time of the run",
    ),
    "an unknown version": (with_setup(config__version="1.0"), "a report of garak 1.0"),
    "a version before all known ones": (with_setup(config__version="0.8"), "a report of garak 0.8"),
    "no version": (with_setup(config__version=...), "of no stated version"),
    "neither shape of the target": (with_setup(plugins__target_type=...), "without a target type"),
    "no number of generations": (with_setup(run__generations=...), "without generations"),
    "generations below one": (with_setup(run__generations=0), "without generations"),
    "generations that are a truth value": (with_setup(run__generations=True), "or without gen"),
    "a plan beyond counting": (
        entries(
            *a_run(an_attempt(0), an_attempt(1), setup=a_setup(run__generations=2**53 - 1)),
        ),
        "planned attempts",
    ),
    "runs on two targets": (
        entries(*a_run(an_attempt(0)), a_setup(plugins__target_name="other")),
        "a run on another target",
    ),
    "runs of two versions": (
        entries(*a_run(an_attempt(0)), a_setup(config__version="0.16.0")),
        "of another version",
    ),
    "an attempt without uuid": (with_attempt(uuid=...), "without uuid or probe_classname"),
    "an attempt without probe": (with_attempt(probe_classname=7), "without uuid or probe"),
    "an attempt of another status": (with_attempt(status=3), "an attempt of status 3"),
    "an attempt whose status is in words": (with_attempt(status="done"), "of status 'done'"),
    "an attempt without scores": (with_attempt(detector_results=...), "of another shape"),
    "scores that are no list": (with_attempt(detector_results={"d": 1.0}), "of another shape"),
    "an attempt scored twice, and differently": (
        with_attempt(number=0, scores={"always.Pass": [1.0, 1.0]}),
        "scored twice, and differently",
    ),
    "an eval entry without counts": (
        entries(*a_run(an_attempt(0), an_eval(1, 0, passed="1"))),
        "an eval entry without its counts",
    ),
    "an eval entry of more passes than there were": (
        entries(*a_run(an_attempt(0), an_eval(5, 0, fails=..., total_evaluated=3))),
        "an eval entry without its counts",
    ),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_report_is_refused_with(sentence: str, tmp_path: Path) -> None:
    write, found = REFUSED[sentence]
    path = tmp_path / "a.report.jsonl"
    write(path)

    with pytest.raises(EvidenceError) as refusal:
        GarakReader(max_line_bytes=200_000).read(path)

    assert found in str(refusal.value)
    assert "a.report.jsonl" in str(refusal.value)


def test_a_hit_log_is_recognised_so_that_it_can_be_refused_for_what_it_is(tmp_path: Path) -> None:
    hit: Json = {"goal": "", "attempt_id": "x", "detector": "d", "probe": "p", "score": 1.0}
    by_name = write_report(tmp_path / "a.hitlog.jsonl", [hit])
    by_content = write_report(tmp_path / "hits.jsonl", [hit])

    assert READER.recognises(by_name)
    assert READER.recognises(by_content)
    with pytest.raises(EvidenceError, match="a hit log: successes without the attempts that fail"):
        READER.read(by_name)


RECOGNISED: dict[str, tuple[str, bytes, bool]] = {
    "a report under its own name, damaged": ("a.report.jsonl", b"{", True),
    "a report under another name": ("a.jsonl", b'{"entry_type": "start_run setup"}\n{', True),
    "the digest of a report alone": ("report.jsonl", b'{"entry_type": "digest"}\n', False),
    "the samples of another tool": ("a.jsonl", b'{"doc_id": 0, "resps": []}\n', False),
    "a damaged file of any name": ("a.jsonl", b"{\n", False),
    "a file that is no JSON Lines": ("a.json", b'{"entry_type": "start_run setup"}', False),
}


@pytest.mark.parametrize("sentence", RECOGNISED)
def test_it_tells_its_own_files_from_others_by(sentence: str, tmp_path: Path) -> None:
    name, content, expected = RECOGNISED[sentence]
    (tmp_path / name).write_bytes(content)

    assert expected is READER.recognises(tmp_path / name)


def test_a_folder_and_an_absent_file_are_not_recognised(tmp_path: Path) -> None:
    folder = tmp_path / "a.report.jsonl"
    folder.mkdir()

    assert not READER.recognises(folder)
    assert not READER.recognises(tmp_path / "absent.report.jsonl")


WHOLE: Json = {"entries": a_run(*sent_then_scored(an_attempt(0), an_attempt(1)), an_eval(4, 0))}


@settings(max_examples=150)
@given(document=disturbed(WHOLE), cut=st.booleans())
def test_a_disturbed_report_is_refused_or_gives_rows_that_fit_together(
    tmp_path_factory: pytest.TempPathFactory, document: Json, *, cut: bool
) -> None:
    path = tmp_path_factory.mktemp("disturbed") / "a.report.jsonl"
    kept = document["entries"] if isinstance(document["entries"], list) else []
    write_report(path, kept, end=b'{"half' if cut else b"")

    try:
        log = READER.read(path)
    except EvidenceError:
        return

    for series in log.series:
        assert len(series.rows) <= series.planned <= MAX_COUNT
        assert all(row.value is None for row in series.rows if row.errored)
        assert len({(row.sample, row.attempt) for row in series.rows}) == len(series.rows)
        json.dumps(asdict(series), default=str).encode("utf-8")
