# SPDX-License-Identifier: Apache-2.0
"""The digest cache: helpful when intact, ignored when not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tiergate.model.cache import FILE_NAME, DigestCache
from tiergate.model.digest import FileDigests, FileState, HashJob

DIGESTS = FileDigests(sha256="sha256:" + "0" * 64, sections=("sha256:" + "1" * 64,))


def job_of(folder: Path) -> HashJob:
    path = folder / "file"
    path.write_bytes(b"bytes")
    return HashJob(path=path, label="file", state=FileState.of(path.stat()), sections=((0, 5),))


def saved(folder: Path, job: HashJob) -> DigestCache:
    cache = DigestCache(folder / "cache")
    cache.put(job, DIGESTS)
    cache.save()
    return DigestCache(folder / "cache")


def test_digests_survive_saving_and_loading(tmp_path: Path) -> None:
    job = job_of(tmp_path)

    assert saved(tmp_path, job).get(job) == DIGESTS


def test_a_job_without_sections_takes_the_whole_digest(tmp_path: Path) -> None:
    job = job_of(tmp_path)

    found = saved(tmp_path, job).get(replace(job, sections=()))

    assert FileDigests(sha256=DIGESTS.sha256, sections=()) == found


def test_sections_that_were_never_hashed_are_not_known(tmp_path: Path) -> None:
    job = job_of(tmp_path)

    assert saved(tmp_path, job).get(replace(job, sections=((0, 4),))) is None


@pytest.mark.parametrize("field", ["size_bytes", "mtime_ns", "ctime_ns", "inode", "device"])
def test_a_file_that_was_touched_is_not_known(tmp_path: Path, field: str) -> None:
    job = job_of(tmp_path)
    assert job.state is not None
    touched = replace(job.state, **{field: getattr(job.state, field) + 1})

    assert saved(tmp_path, job).get(replace(job, state=touched)) is None


def test_another_path_and_a_job_without_a_state_are_not_known(tmp_path: Path) -> None:
    job = job_of(tmp_path)
    cache = saved(tmp_path, job)

    assert cache.get(replace(job, path=tmp_path / "other")) is None
    assert cache.get(replace(job, state=None)) is None


def test_a_job_without_a_state_is_not_remembered(tmp_path: Path) -> None:
    job = job_of(tmp_path)

    assert saved(tmp_path, replace(job, state=None)).get(job) is None


CORRUPT = {
    "cut off": '{"version": 1, "files": {"',
    "no JSON": "\x00",
    "a list": "[]",
    "another version": '{"version": 2, "files": {}}',
    "no files": '{"version": 1}',
    "files that are a list": '{"version": 1, "files": [1]}',
    "nesting without end": "[" * 200_000,
}


@pytest.mark.parametrize("text", CORRUPT.values(), ids=CORRUPT.keys())
def test_a_corrupt_cache_counts_as_empty(tmp_path: Path, text: str) -> None:
    job = job_of(tmp_path)
    saved(tmp_path, job)
    (tmp_path / "cache" / FILE_NAME).write_text(text)

    assert DigestCache(tmp_path / "cache").get(job) is None


ROWS: dict[str, dict[str, object]] = {
    "no digest": {"sha256": None},
    "sections of another form": {"sections": []},
    "a section that is a number": {"sections": {"0-5": 1}},
    "no state": {"state": None},
}


@pytest.mark.parametrize("change", ROWS.values(), ids=ROWS.keys())
def test_a_corrupt_row_counts_as_unknown(tmp_path: Path, change: dict[str, object]) -> None:
    job = job_of(tmp_path)
    saved(tmp_path, job)
    path = tmp_path / "cache" / FILE_NAME
    document = json.loads(path.read_bytes())
    document["files"][str(job.path)] |= change
    document["files"]["other"] = 1
    path.write_text(json.dumps(document))

    assert DigestCache(tmp_path / "cache").get(job) is None


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    cache = DigestCache(tmp_path / "cache")
    cache.put(job_of(tmp_path), DIGESTS)

    cache.save()

    assert (tmp_path / "cache").is_file()


def test_saving_leaves_one_file_and_nothing_half_written(tmp_path: Path) -> None:
    saved(tmp_path, job_of(tmp_path)).save()

    assert [path.name for path in (tmp_path / "cache").iterdir()] == [FILE_NAME]


def test_nothing_new_is_not_written(tmp_path: Path) -> None:
    DigestCache(tmp_path / "cache").save()

    assert not (tmp_path / "cache").exists()
