# SPDX-License-Identifier: Apache-2.0
"""Files by their digest: whole or not there, and never changed."""

from __future__ import annotations

import hashlib
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tiergate.errors import DigestMismatchError
from tiergate.gateway.objects import CHUNK_BYTES, Objects, chunks_of, sha256_of

CONTENT = b"one" * 1000
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


def _everything(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_that_content_is_kept_under_its_digest_and_nothing_else_is(tmp_path: Path) -> None:
    objects = Objects(tmp_path)
    assert not objects.has(DIGEST)

    objects.add([CONTENT[:10], CONTENT[10:]], DIGEST, "a file")

    assert objects.has(DIGEST)
    assert _everything(tmp_path) == [objects.place_of(DIGEST)]
    assert b"".join(chunks_of(objects.place_of(DIGEST))) == CONTENT


def test_that_nobody_may_write_to_what_is_kept(tmp_path: Path) -> None:
    objects = Objects(tmp_path)
    objects.add([CONTENT], DIGEST, "a file")

    assert stat.S_IMODE(objects.place_of(DIGEST).stat().st_mode) == 0o444


def test_that_content_with_another_digest_is_refused_and_not_kept(tmp_path: Path) -> None:
    with pytest.raises(DigestMismatchError, match="a file: found content with digest"):
        Objects(tmp_path).add([CONTENT, b"more"], DIGEST, "a file")

    assert _everything(tmp_path) == []


def test_that_what_is_there_is_not_written_again(tmp_path: Path) -> None:
    objects = Objects(tmp_path)
    objects.add([CONTENT], DIGEST, "a file")
    before = objects.place_of(DIGEST).stat()

    objects.add([CONTENT], DIGEST, "a file")
    with objects.arriving() as arriving:
        arriving.write(CONTENT)
        objects.keep(arriving, DIGEST, "a file")

    after = objects.place_of(DIGEST).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert _everything(tmp_path) == [objects.place_of(DIGEST)]


def test_that_nothing_stays_of_what_failed_on_its_way_in(tmp_path: Path) -> None:
    def cut() -> Iterator[bytes]:
        yield CONTENT[:10]
        raise OSError("cut")

    with pytest.raises(OSError, match="cut"):
        Objects(tmp_path).add(cut(), DIGEST, "a file")

    assert _everything(tmp_path) == []


_SLOW = """
import sys, time
from pathlib import Path
from tiergate.gateway.objects import Objects

def slow():
    yield b"one" * 999
    sys.stdout.write("half\\n")
    sys.stdout.flush()
    time.sleep(600)

Objects(Path(sys.argv[1])).add(slow(), sys.argv[2], "a file")
"""


def test_that_nothing_has_a_name_when_the_process_is_killed_halfway(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _SLOW, tmp_path, DIGEST], stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        os.kill(process.pid, signal.SIGKILL)

    objects = Objects(tmp_path)
    assert not objects.has(DIGEST)
    objects.add([CONTENT], DIGEST, "a file")
    assert objects.place_of(DIGEST).read_bytes() == CONTENT


def test_that_a_large_file_is_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(CHUNK_BYTES + 1))

    assert [len(chunk) for chunk in chunks_of(path)] == [CHUNK_BYTES, 1]


def test_that_what_was_left_half_is_deleted_when_it_is_old(tmp_path: Path) -> None:
    objects = Objects(tmp_path)
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    for name, age in (("old", 100), ("new", 10)):
        (incoming / name).write_bytes(b"half")
        os.utime(incoming / name, (1_000_000 - age, 1_000_000 - age))

    assert objects.tidy(1_000_000 - 50) == 1
    assert [path.name for path in incoming.iterdir()] == ["new"]


def test_that_there_is_nothing_to_tidy_in_a_new_folder(tmp_path: Path) -> None:
    assert Objects(tmp_path / "new").tidy(1_000_000) == 0


@pytest.mark.parametrize("part", [(0, len(CONTENT)), (7, 8), (0, 0)])
@pytest.mark.parametrize("size", [len(CONTENT) - 1, len(CONTENT) + 1])
def test_that_content_of_another_length_is_not_opened(
    part: tuple[int, int], size: int, tmp_path: Path
) -> None:
    objects = Objects(tmp_path)
    objects.add([CONTENT], DIGEST, "a file")

    content = objects.source(DIGEST, len(CONTENT))(*part)
    assert content.read(part[1] - part[0]) == CONTENT[slice(*part)]
    content.close()
    with pytest.raises(OSError, match=f"{len(CONTENT)} bytes, where there should be {size}"):
        objects.source(DIGEST, size)(*part)


def test_that_content_is_not_opened_for_more_than_there_is(tmp_path: Path) -> None:
    objects = Objects(tmp_path)
    objects.add([CONTENT], DIGEST, "a file")

    with pytest.raises(OSError, match="3000 bytes, where there should be 3001"):
        objects.source(DIGEST)(2999, 3001)


def test_that_everything_that_is_kept_is_listed_whatever_it_is(tmp_path: Path) -> None:
    objects = Objects(tmp_path)
    assert list(objects.stored()) == []
    objects.add([CONTENT], DIGEST, "a file")
    (tmp_path / "incoming" / "coming").write_bytes(b"half")
    beside = objects.place_of(DIGEST).with_name("left")
    beside.write_bytes(b"1")
    (tmp_path / "sha256" / beside.name).symlink_to("nowhere")

    found = {(each.sha256, each.size_bytes, each.name) for each in objects.stored()}

    name = objects.place_of(DIGEST).relative_to(tmp_path).as_posix()
    left = beside.relative_to(tmp_path).as_posix()
    assert found == {(DIGEST, len(CONTENT), name), ("", 1, left), ("", 0, "sha256/left")}


@pytest.mark.parametrize("name", ["", "sha256/ab", f"sha256/ab/cd/{'ab' * 32}", "ab" * 32])
def test_that_a_file_elsewhere_stands_under_no_digest(name: str) -> None:
    assert not sha256_of(name)
