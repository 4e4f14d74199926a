# SPDX-License-Identifier: Apache-2.0
"""Reading a log of whatever tool, and the readers that come with the program."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from logs.inspect_logs import samples, write_eval
from logs.lm_eval_logs import rows, write_run
from tiergate.errors import EvidenceError
from tiergate.evidence.readers.base import READERS, ForeignLog, Reader
from tiergate.evidence.readers.builtin import DeferredReader, read_log, reader_for
from tiergate.evidence.readers.inspect_ai import InspectReader
from tiergate.extension import Registry

TOOLS = [
    "every_eval_ever",
    "garak",
    "harmbench",
    "helm",
    "hugging_face",
    "inspect_ai",
    "jailbreakbench",
    "lm_eval",
    "promptfoo",
    "pyrit",
]


@dataclass(frozen=True)
class Greedy:
    """Takes every file for its own."""

    name: str = "greedy"

    def recognises(self, path: Path) -> bool:
        """Take it."""
        return path.is_file()

    def read(self, path: Path) -> ForeignLog:
        """Find nothing in it."""
        raise EvidenceError(path.name, "nothing of use")


def test_the_built_in_readers_are_registered_under_the_names_of_their_tools() -> None:
    assert list(READERS) == TOOLS
    assert [READERS[name].name for name in READERS] == TOOLS


@pytest.mark.parametrize("name", TOOLS)
def test_a_deferred_reader_is_the_one_that_it_is_named_after(name: str) -> None:
    deferred = READERS[name]

    assert isinstance(deferred, DeferredReader)
    assert name == deferred.reader.name


def _imported_by_reading(path: Path, names: list[str]) -> str:
    program = (
        "import sys, pathlib\n"
        "from tiergate.evidence.readers.builtin import read_log\n"
        f"read_log(pathlib.Path({str(path)!r}))\n"
        f"print([n for n in {names!r} if f'tiergate.evidence.readers.{{n}}' in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_reading_one_log_imports_the_readers_of_no_other_kind(tmp_path: Path) -> None:
    path = write_eval(tmp_path / "run.eval", samples("C"))

    assert _imported_by_reading(path, ["garak", "pyrit", "helm", "lm_eval"]) == "[]\n"


def test_reading_lines_imports_the_readers_of_no_other_lines(tmp_path: Path) -> None:
    results = write_run(tmp_path / "out", {"sums": rows(1.0, 0.0)})
    [path] = results.parent.glob("*.jsonl")
    others = ["every_eval_ever", "garak", "lm_eval_statement"]

    assert _imported_by_reading(path, [*others, "lm_eval"]) == "['lm_eval']\n"


UUID = "01234567-89ab-cdef-0123-456789abcdef"
LINES: dict[str, tuple[str, str]] = {
    "rows of a record under another name": (
        "rows.jsonl",
        '{"evaluation_id": 1, "evaluation_name": 2, "sample_id": 3, "evaluation": 4}\n',
    ),
    "rows of a record that are one line without end": (f"{UUID}_samples.jsonl", '{"a'),
    "a report under another name": ("r.jsonl", '{"entry_type": "start_run setup"}\n'),
    "a report of whatever content": ("x.report.jsonl", "{}\n"),
    "a hit log under another name": (
        "hits.jsonl",
        '{"attempt_id": 1, "detector": 2, "probe": 3, "score": 4}\n',
    ),
    "a hit log of whatever content": ("x.hitlog.jsonl", "{}\n"),
    "samples under another name": ("s.jsonl", '{"doc_id": 1, "resps": []}\n'),
}


@pytest.mark.parametrize("sentence", LINES)
def test_a_reader_that_is_deferred_recognises_what_it_does_itself(
    sentence: str, tmp_path: Path
) -> None:
    name, content = LINES[sentence]
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    deferred = [READERS[name] for name in ("every_eval_ever", "garak", "lm_eval")]
    own = [one.reader for one in deferred if isinstance(one, DeferredReader)]

    found = [one.recognises(path) for one in deferred]

    assert found == [one.recognises(path) for one in own]
    assert found.count(True) == 1


def test_a_log_is_read_by_the_reader_of_its_tool(tmp_path: Path) -> None:
    inspect_log = read_log(write_eval(tmp_path / "run.eval", samples("C")))
    lm_eval_log = read_log(write_run(tmp_path / "out", {"sums": rows(1.0, 0.0)}).parent)

    assert inspect_log.source.reader == "inspect_ai/1"
    assert lm_eval_log.source.reader == "lm_eval/1"


def test_a_file_name_that_is_no_text_still_makes_a_record_that_is(tmp_path: Path) -> None:
    odd = "run\udcff.eval"

    log = read_log(write_eval(tmp_path / odd, samples("C")))

    assert log.source.file_name == "run\\udcff.eval"


def test_a_log_that_no_reader_recognises_is_refused_with_the_names_of_those_there_are(
    tmp_path: Path,
) -> None:
    path = tmp_path / "report.jsonl"
    path.write_text('{"entry_type": "digest"}\n', encoding="utf-8")

    with pytest.raises(EvidenceError, match=f"expected a log of {TOOLS[0]}, {TOOLS[1]}"):
        read_log(path)


def test_a_folder_of_logs_is_refused_with_the_names_of_those_in_it(tmp_path: Path) -> None:
    for number in range(6):
        write_eval(tmp_path / f"run-{number}.eval", samples("C"))
    (tmp_path / "notes.txt").touch()

    with pytest.raises(EvidenceError, match=r"logs in it \(run-0.eval, .*, run-4.eval, \.\.\.\)"):
        read_log(tmp_path)
    (tmp_path / "one").mkdir()
    write_eval(tmp_path / "one" / "run.eval", samples("C"))
    with pytest.raises(EvidenceError, match=r"logs in it \(run.eval\), expected one log"):
        read_log(tmp_path / "one")


def test_a_path_that_leads_nowhere_is_refused_as_that(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="found nothing, expected a log"):
        read_log(tmp_path / "absent.eval")


def test_a_log_that_two_readers_take_for_theirs_is_refused(tmp_path: Path) -> None:
    readers: Registry[Reader] = Registry("evidence reader")
    readers.register("inspect_ai", InspectReader())
    readers.register("greedy", Greedy())
    path = write_eval(tmp_path / "run.eval", samples("C"))

    with pytest.raises(EvidenceError, match=r"several readers take for theirs \(greedy, inspect"):
        reader_for(path, readers=readers)


def test_importing_the_readers_imports_no_tool_and_nothing_slow() -> None:
    slow = ["inspect_ai", "lm_eval", "torch", "numpy", "zstandard", "pydantic"]
    program = (
        "import sys, tiergate.evidence.readers.builtin\n"
        f"print([name for name in {slow!r} if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
