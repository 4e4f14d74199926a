# SPDX-License-Identifier: Apache-2.0
"""Telling JSON files apart by their keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from tiergate.evidence.readers.sniff import first_line_mentions, has_keys

KEYS = frozenset({"one", "two"})

FILES: dict[str, tuple[bytes, bool]] = {
    "has both at its top": (b'{"one": 1, "two": 2, "three": 3}', True),
    "starts with spaces": (b' \n{"two": 1, "one": 2}', True),
    "has one": (b'{"one": 1}', False),
    "has one below its top": (b'{"one": {"two": 2}}', False),
    "has them as values": (b'{"three": ["one", "two"]}', False),
    "has them in a list": (b'[{"one": 1, "two": 2}]', False),
    "is broken": (b'{"one": 1, "two": 2', False),
    "is empty": (b"", False),
}


@pytest.mark.parametrize("sentence", FILES)
def test_a_file_is_told_by_its_keys_that(sentence: str, tmp_path: Path) -> None:
    content, expected = FILES[sentence]
    path = tmp_path / "file.json"
    path.write_bytes(content)

    assert has_keys(path, KEYS) is expected


def test_a_folder_and_an_absent_file_have_no_keys(tmp_path: Path) -> None:
    assert not has_keys(tmp_path, KEYS)
    assert not has_keys(tmp_path / "absent.json", KEYS)


LINES: dict[str, tuple[bytes, bool]] = {
    "has one of them": (b'{"zero": 0, "two": 2}\n{}\n', True),
    "is the only one and has no end": (b'{"two": 2}', True),
    "has them further on": (b'{"a": "' + b"x" * 100_000 + b'", "one": 1}\n', True),
    "has them only in the lines after it": (b'{"zero": 0}\n{"one": 1}\n', False),
    "has them where nobody looks": (b'{"a": "' + b"x" * 4 * 1024**2 + b'", "one": 1}\n', False),
    "is empty": (b"", False),
}


@pytest.mark.parametrize("sentence", LINES)
def test_words_are_found_in_a_first_line_that(sentence: str, tmp_path: Path) -> None:
    content, expected = LINES[sentence]
    path = tmp_path / "file.jsonl"
    path.write_bytes(content)

    assert first_line_mentions(path, ['"one"', '"two"']) is expected
