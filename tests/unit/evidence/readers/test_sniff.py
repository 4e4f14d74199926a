# SPDX-License-Identifier: Apache-2.0
"""Telling JSON files apart by their keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from tiergate.evidence.readers.sniff import has_keys

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
