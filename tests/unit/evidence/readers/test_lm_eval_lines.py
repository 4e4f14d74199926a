# SPDX-License-Identifier: Apache-2.0
"""Lines that are hashed while they are read: every one of them once, and no other bytes."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.lm_eval_lines import HashedLines, hashed_lines

MEBIBYTE = 1024**2
ANY_LENGTH = 64 * MEBIBYTE


def written(folder: Path, content: bytes) -> Path:
    path = folder / "log.jsonl"
    path.write_bytes(content)
    return path


def numbered(file: HashedLines) -> dict[int, bytes]:
    return {
        number + index: line for number, lines in file.batches() for index, line in enumerate(lines)
    }


CONTENTS: dict[str, bytes] = {
    "an empty file": b"",
    "one line": b"one\n",
    "a last line without an end": b"one\ntwo",
    "empty lines": b"\n\none\n\n",
    "carriage returns, which are part of a line": b"one\r\ntwo\rthree\n",
    "more lines than one block holds": b"".join(b"%d %s\n" % (n, b"x" * 3700) for n in range(900)),
    "a line as long as a block": b"a\n" + b"x" * (MEBIBYTE - 3) + b"\nb\n",
    "a line longer than several blocks": b"a\n" + b"x" * (3 * MEBIBYTE) + b"\nb",
    "a line that ends with a block": b"x" * (MEBIBYTE - 1) + b"\nb\n",
    "a line end at the start of a block": b"x" * MEBIBYTE + b"\nb\n",
}


@pytest.mark.parametrize("sentence", CONTENTS)
def test_every_line_comes_once_with_its_number_and_all_are_hashed(
    sentence: str, tmp_path: Path
) -> None:
    content = CONTENTS[sentence]

    with hashed_lines(written(tmp_path, content), max_line_bytes=ANY_LENGTH) as file:
        lines = numbered(file)
        digest = file.sha256()

    whole = content.split(b"\n")
    expected = [line + b"\n" for line in whole[:-1]] + [line for line in whole[-1:] if line]
    assert lines == dict(enumerate(expected, start=1))
    assert digest == "sha256:" + hashlib.sha256(content).hexdigest()
    assert file.size_bytes == len(content)


def test_what_is_hashed_is_what_was_read_even_when_the_file_changes_unnoticed(
    tmp_path: Path,
) -> None:
    path = written(tmp_path, b"a\n" * MEBIBYTE)
    times = path.stat()
    seen = []

    with hashed_lines(path, max_line_bytes=ANY_LENGTH) as file:
        for _, lines in file.batches():
            seen += lines
            with path.open("r+b") as writer:
                writer.write(b"b\n" * MEBIBYTE)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        digest = file.sha256()

    assert {b"a\n", b"b\n"} == set(seen)
    assert digest == "sha256:" + hashlib.sha256(b"".join(seen)).hexdigest()


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, b"a\n")

    with (
        pytest.raises(EvidenceError, match="found a file that changed while it was read"),
        hashed_lines(path, max_line_bytes=ANY_LENGTH),
    ):
        path.write_bytes(b"a\nb\n")


TOO_LONG: dict[str, tuple[bytes, int]] = {
    "first": (b"x" * 21 + b"\nshort\n", 1),
    "after others": (b"short\n" * 5 + b"x" * 20 + b"\n", 6),
    "last and without an end": (b"short\n" + b"x" * 21, 2),
    "longer than a block": (b"short\n" * 3 + b"x" * 2 * MEBIBYTE, 4),
}


@pytest.mark.parametrize("sentence", TOO_LONG)
def test_a_line_that_is_too_long_is_refused_by_its_number_after_those_before_it_when_it_is(
    sentence: str, tmp_path: Path
) -> None:
    content, number = TOO_LONG[sentence]
    seen: list[bytes] = []

    with (
        pytest.raises(EvidenceError) as caught,
        hashed_lines(written(tmp_path, content), max_line_bytes=20) as file,
    ):
        seen.extend(line for _, lines in file.batches() for line in lines)

    assert f"log.jsonl:{number}: found a line without end, expected at most 20 bytes." == str(
        caught.value
    )
    assert [b"short\n"] * (number - 1) == seen


def test_a_line_of_just_the_length_that_is_allowed_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, b"x" * 19 + b"\n" + b"y" * 20)

    with hashed_lines(path, max_line_bytes=20) as file:
        assert {1: b"x" * 19 + b"\n", 2: b"y" * 20} == numbered(file)


def test_a_line_without_end_is_given_up_long_before_the_end_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with path.open("wb") as writer:
        writer.truncate(2**40)

    with (
        pytest.raises(EvidenceError, match=r"log\.jsonl:1: found a line without end"),
        hashed_lines(path, max_line_bytes=4 * MEBIBYTE) as file,
    ):
        list(file.batches())


def test_what_is_no_readable_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    for path in (tmp_path, tmp_path / "absent", tmp_path / "pipe", tmp_path / ("n" * 300)):
        with (
            pytest.raises(EvidenceError, match=r"found no file|cannot be read"),
            hashed_lines(path, max_line_bytes=ANY_LENGTH),
        ):
            pass
