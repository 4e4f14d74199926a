# SPDX-License-Identifier: Apache-2.0
"""New files: whole, for whom they are meant, and never over another."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tiergate.attestation import new_file
from tiergate.attestation.new_file import write_new_file
from tiergate.errors import InputError


@pytest.fixture(autouse=True, params=["without a name", "no such flag", "no such place", "refused"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write as on this system, and as where files without a name are not to be had."""
    if request.param == "no such flag":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    elif request.param == "no such place":
        monkeypatch.setattr(new_file, "_OPEN_FILES", Path("/no/such/place"))
    elif request.param == "refused":
        # What file systems that do not know the flag do with it.
        monkeypatch.setattr(os, "O_TMPFILE", os.O_DIRECTORY | os.O_WRONLY, raising=False)
    return str(request.param)


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_file_is_written_for_those_it_is_meant_for(mode: int, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_new_file(tmp_path / "a.key", b"bytes", mode=mode)
    finally:
        os.umask(before)

    assert b"bytes" == (tmp_path / "a.key").read_bytes()
    assert mode == (tmp_path / "a.key").stat().st_mode & 0o777


def test_nothing_is_written_over_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a.key").write_bytes(b"an old key")

    with pytest.raises(InputError, match="something that is there already"):
        write_new_file(tmp_path / "a.key", b"bytes")

    assert b"an old key" == (tmp_path / "a.key").read_bytes()
    assert ["a.key"] == [path.name for path in tmp_path.iterdir()]


def test_a_link_to_nowhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.key").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(InputError, match="something that is there already"):
        write_new_file(tmp_path / "a.key", b"bytes")

    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_new_file(tmp_path / "missing" / "a.key", b"bytes")

    assert [] == list(tmp_path.iterdir())


def test_a_disk_that_takes_only_a_part_leaves_nothing_behind(tmp_path: Path) -> None:
    # The system refuses to write beyond this size, as a full disk does.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_new_file(tmp_path / "a.json", bytes(10_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert [] == list(tmp_path.iterdir())


_WRITES_FOREVER = """
import itertools, pathlib, sys
from tiergate.attestation import new_file
from tiergate.attestation.new_file import write_new_file
for number in itertools.count():
    write_new_file(pathlib.Path(sys.argv[1], f"{number}.json"), bytes([number % 256]) * 100_000)
    print(number, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("way", ["without a name"], indirect=True)
def test_a_program_killed_at_any_point_leaves_whole_files_or_none(way: str, tmp_path: Path) -> None:
    """The program is another process, and writes as this system does."""
    randomness = random.Random(7)  # noqa: S311 - when to stop, no secret
    for attempt in range(200):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        command = [sys.executable, "-c", _WRITES_FOREVER, str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(randomness.uniform(0, 0.03))
            writer.kill()
            acknowledged = 1 + len(writer.stdout.read().split())

        named = {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix == ".json"}
        if sys.platform == "linux":
            assert len(named) == len(list(folder.iterdir()))
        assert all(data == bytes([int(name[:-5]) % 256]) * 100_000 for name, data in named.items())
        assert {f"{number}.json" for number in range(acknowledged)} <= named.keys()
