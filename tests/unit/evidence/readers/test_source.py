# SPDX-License-Identifier: Apache-2.0
"""Opening foreign files: what was hashed is what is read."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.source import Digest, first_bytes, opened, sniffed_keys


def test_an_opened_file_has_the_digest_and_the_size_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_bytes(b'{"a": 1}')

    with opened(path) as file:
        content = file.read_all()

    assert content == b'{"a": 1}'
    assert file.sha256 == "sha256:" + hashlib.sha256(content).hexdigest()
    assert (file.name, file.size_bytes) == ("log.json", 8)


def test_a_long_file_is_hashed_whole_while_others_read_from_it(tmp_path: Path) -> None:
    content = bytes(range(256)) * 20_000
    path = tmp_path / "log.json"
    path.write_bytes(content)

    with opened(path) as file:
        parts = [file.handle.read(100_000) for _ in range(40)]
        within = file.sha256
        parts.append(file.handle.read())

    assert b"".join(parts) == content
    assert within == file.sha256 == "sha256:" + hashlib.sha256(content).hexdigest()


def test_no_thread_stays_behind_when_a_long_file_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_bytes(bytes(50_000_000))
    before = threading.enumerate()

    with pytest.raises(EvidenceError, match="no samples"), opened(path) as file:
        raise EvidenceError(file.name, "no samples")

    assert before == threading.enumerate()


def test_a_file_that_cannot_be_hashed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_bytes(bytes(3_000_000))

    with path.open("rb") as file:
        digest = Digest(file.fileno(), 3_000_000)
    with pytest.raises(OSError, match="Bad file descriptor"), digest:
        digest.text()


def test_a_file_is_refused_that_changes_between_hashing_and_reading(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_bytes(b"a" * 3_000_000)

    with pytest.raises(EvidenceError, match="a file that changed while it was read"):
        _change_once_hashed(path)


def _change_once_hashed(path: Path) -> None:
    with opened(path) as file:
        hashed = file.sha256
        with path.open("r+b") as writer:
            writer.write(b"b")
        assert (file.handle.read(1), file.sha256) == (b"b", hashed)


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"{}\n")

    with (
        pytest.raises(EvidenceError, match="a file that changed while it was read"),
        opened(path),
        path.open("ab") as writer,
    ):
        writer.write(b"{}\n")


def test_a_text_longer_than_memory_allows_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_bytes(b"{}")

    with pytest.raises(EvidenceError, match="one JSON text of 2 bytes"), opened(path) as file:
        file.read_all(most_bytes=1)


def test_what_is_no_readable_file_is_refused_and_sniffs_as_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "absent", tmp_path / "pipe", tmp_path / ("n" * 300)):
        with pytest.raises(EvidenceError), opened(path):
            pass
        assert first_bytes(path, 10) == b""
        assert sniffed_keys(path) == frozenset()


def test_only_a_whole_json_object_has_keys(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    keys = {}
    for text in ('  {"b": 1, "a": 2}', "[1]", '{"a": ', ""):
        path.write_text(text, encoding="utf-8")
        keys[text] = sniffed_keys(path)

    assert list(keys.values()) == [frozenset("ab"), frozenset(), frozenset(), frozenset()]
