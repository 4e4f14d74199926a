# SPDX-License-Identifier: Apache-2.0
"""Hashing files: right, parallel, and never silently wrong."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tiergate.errors import CheckpointError
from tiergate.model.digest import (
    READ_SIZE_BYTES,
    Counter,
    FileState,
    HashJob,
    available_cores,
    hash_file,
    hash_files,
    sha256_digest,
    sha256_hex,
)


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_the_hexadecimal_form_has_no_prefix_and_the_digest_has_one() -> None:
    assert hashlib.sha256(b"a").hexdigest() == sha256_hex(b"a")
    assert digest(b"a") == sha256_digest(b"a")


@pytest.mark.parametrize(
    "length",
    [0, 1, READ_SIZE_BYTES - 1, READ_SIZE_BYTES, READ_SIZE_BYTES + 1, 3 * READ_SIZE_BYTES + 7],
)
def test_a_file_of_any_length_has_the_digest_of_its_bytes(tmp_path: Path, length: int) -> None:
    data = os.urandom(length)

    found = hash_file(HashJob(path=write(tmp_path / "file", data), label="file"))

    assert digest(data) == found.sha256
    assert found.sections == ()


SECTIONS = {
    "one section over everything": ((0, 3_000_000),),
    "neighbours that meet inside a read": ((0, 10), (10, 20)),
    "a gap before, between and behind": ((5, 10), (20, 25)),
    "a section across several reads": ((1, 2_999_999),),
    "a border exactly at the border of a read": ((0, READ_SIZE_BYTES), (READ_SIZE_BYTES, 2**21)),
    "empty sections at the front, inside and at the end": (
        (0, 0),
        (7, 7),
        (7, 9),
        (3_000_000, 3_000_000),
    ),
}


@pytest.mark.parametrize("ranges", SECTIONS.values(), ids=SECTIONS.keys())
def test_sections_have_the_digests_of_their_bytes(
    tmp_path: Path, ranges: tuple[tuple[int, int], ...]
) -> None:
    data = os.urandom(3_000_000)
    job = HashJob(path=write(tmp_path / "file", data), label="file", sections=ranges)

    found = hash_file(job)

    assert digest(data) == found.sha256
    assert tuple(digest(data[start:end]) for start, end in ranges) == found.sections


def test_an_empty_file_has_empty_sections(tmp_path: Path) -> None:
    job = HashJob(path=write(tmp_path / "file", b""), label="file", sections=((0, 0),))

    assert (digest(b""),) == hash_file(job).sections


def test_a_section_behind_the_end_means_that_the_file_changed(tmp_path: Path) -> None:
    job = HashJob(path=write(tmp_path / "file", b"1234"), label="file", sections=((2, 5),))

    with pytest.raises(CheckpointError, match="changed while it was read"):
        hash_file(job)


def test_a_file_that_is_not_the_one_that_was_found_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "file", b"before")
    state = FileState.of(path.stat())
    write(tmp_path / "other", b"after!").replace(path)

    with pytest.raises(CheckpointError, match="label: found a file that changed"):
        hash_file(HashJob(path=path, label="label", state=state))


def _overwrite_and_restore_the_time(path: Path) -> None:
    status = path.stat()
    with path.open("r+b") as stream:
        stream.write(b"evil")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "grows": lambda path: path.write_bytes(path.read_bytes() + b"more"),
    "shrinks": lambda path: os.truncate(path, READ_SIZE_BYTES + 1),
    "keeps its length and its time": _overwrite_and_restore_the_time,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_file_that_changes_while_it_is_read_has_no_digest(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    path = write(tmp_path / "file", bytes(3 * READ_SIZE_BYTES))
    pieces: list[int] = []

    def on_bytes(count: int) -> None:
        if not pieces:
            change(path)
        pieces.append(count)

    with pytest.raises(CheckpointError, match="changed while it was read"):
        hash_file(HashJob(path=path, label="file"), on_bytes=on_bytes)


NOT_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a file that is gone": (Path.exists, "cannot be read"),
    "a named pipe": (os.mkfifo, "changed while it was read"),
    "a folder": (os.mkdir, "changed while it was read"),
    "a symbolic link": (lambda path: path.symlink_to(__file__), "cannot be read"),
}


@pytest.mark.parametrize(("make", "message"), NOT_FILES.values(), ids=NOT_FILES.keys())
def test_what_is_not_a_regular_file_is_refused_without_hanging(
    tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    make(tmp_path / "thing")

    with pytest.raises(CheckpointError, match=message):
        hash_file(HashJob(path=tmp_path / "thing", label="thing"))


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a Linux /proc")
def test_a_file_whose_bytes_the_system_refuses_is_an_error_and_not_empty() -> None:
    path = Path("/proc").resolve() / str(os.getpid()) / "mem"

    with pytest.raises(CheckpointError, match="cannot be read"):
        hash_file(HashJob(path=path, label="mem"))


@pytest.mark.parametrize("workers", [None, 1, 2, 7])
def test_many_files_keep_the_order_of_the_jobs(tmp_path: Path, workers: int | None) -> None:
    contents = [os.urandom(size) for size in (5, 0, 70_000, 1, 3_000_000, 12)]
    jobs = [
        HashJob(path=write(tmp_path / str(number), data), label=str(number))
        for number, data in enumerate(contents)
    ]

    found = hash_files(jobs, workers=workers)

    assert [digest(data) for data in contents] == [item.sha256 for item in found]


def test_no_files_need_no_threads() -> None:
    assert hash_files([]) == ()


@pytest.mark.parametrize("workers", [1, 3])
def test_one_bad_file_stops_the_others(tmp_path: Path, workers: int) -> None:
    good = [
        HashJob(path=write(tmp_path / str(number), b"good"), label=str(number))
        for number in range(20)
    ]
    bad = HashJob(path=tmp_path / "missing", label="missing")

    with pytest.raises(CheckpointError, match="missing: found a file that cannot be read"):
        hash_files([*good, bad], workers=workers)


def test_progress_rises_to_the_sum_of_all_bytes(tmp_path: Path) -> None:
    jobs = [
        HashJob(path=write(tmp_path / str(number), bytes(2_000_000)), label=str(number))
        for number in range(3)
    ]
    seen: list[int] = []

    hash_files(jobs, workers=2, counter=Counter(seen.append))

    assert sorted(seen) == seen
    assert seen[-1] == 6_000_000


def test_a_counter_without_a_listener_is_silent() -> None:
    Counter(None).add(5)


def test_there_is_at_least_one_core() -> None:
    assert available_cores() >= 1
