# SPDX-License-Identifier: Apache-2.0
"""Every way in which a checkpoint can be unusable, and what identify says about it."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from builders_model import (
    gguf_bytes,
    safetensors_bytes,
    safetensors_header,
    tensors,
    write_checkpoint,
    write_shards,
)
from tiergate.errors import CheckpointError
from tiergate.model.cache import DigestCache
from tiergate.model.checkpoint import identify

WEIGHTS = "model.safetensors"
ONE = tensors(1)[0]
ENTRY = b'"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}'
TWICE = b"{" + ENTRY + b"," + ENTRY + b"}"


def weights(data: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / WEIGHTS).write_bytes(data)


def byte_tensors(**offsets: tuple[int, int]) -> dict[str, object]:
    return {
        name: {"dtype": "U8", "shape": [end - start], "data_offsets": [start, end]}
        for name, (start, end) in offsets.items()
    }


def _shards_without_the_second(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    write_shards(folder, tensors(4), 2)
    (folder / "model-00002-of-00002.safetensors").unlink()


def _nothing_but_folders(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    (folder / "empty" / "deeper").mkdir(parents=True)


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "an empty folder": (_nothing_but_folders, "found an empty folder"),
    "no weights at all": (lambda f: (f / WEIGHTS).unlink(), "found no weights"),
    "a missing shard that the index names": (
        _shards_without_the_second,
        "the shard model-00002-of-00002.safetensors, which is missing",
    ),
    "a truncated safetensors file": (
        lambda f: os.truncate(f / WEIGHTS, (f / WEIGHTS).stat().st_size - 1),
        "model.safetensors: found a truncated file",
    ),
    "a header of 2^63 bytes": (
        weights(struct.pack("<Q", 2**63) + b"{}"),
        "model.safetensors: found a header of 9223372036854775808 bytes",
    ),
    "duplicate keys": (weights(safetensors_bytes(TWICE, b"1")), "the key 'a' twice"),
    "an overlap": (
        weights(safetensors_bytes(byte_tensors(a=(0, 3), b=(2, 4)), bytes(4))),
        "tensor 'b': found an overlap",
    ),
    "a hole": (
        weights(safetensors_bytes(byte_tensors(a=(0, 1), b=(2, 4)), bytes(4))),
        "tensor 'b': found a hole",
    ),
    "trailing bytes": (
        weights(safetensors_bytes(safetensors_header([ONE]), ONE.data + b"hidden")),
        "6 trailing bytes",
    ),
    "an HTML page in place of the weights": (
        weights(b"<!DOCTYPE html><html>Sign in</html>"),
        "model.safetensors: found a header of",
    ),
    "a link out of the folder": (
        lambda f: (f / "extra.txt").symlink_to("/etc/hostname"),
        "extra.txt: found a symbolic link out of the folder",
    ),
    "a link to itself": (
        lambda f: (f / "loop.txt").symlink_to("loop.txt"),
        "loop.txt: found a symbolic link that leads nowhere",
    ),
    "a named pipe": (lambda f: os.mkfifo(f / "pipe"), "pipe: found a named pipe"),
    "a link to a file that is gone": (
        lambda f: (f / "vanished.safetensors").symlink_to("gone.safetensors"),
        "vanished.safetensors: found a symbolic link that leads nowhere",
    ),
    "a truncated GGUF file": (
        lambda f: (f / "m.gguf").write_bytes(gguf_bytes()[:-1]),
        "m.gguf: found a truncated file",
    ),
    "a GGUF file cut in its header": (
        lambda f: (f / "m.gguf").write_bytes(gguf_bytes()[:40]),
        "m.gguf: found a truncated GGUF header",
    ),
    "a broken configuration": (
        lambda f: (f / "config.json").write_text('{\n  "a": 1,\n  "b" 2\n}'),
        "config.json:3: found broken JSON",
    ),
    "a configuration that is a list": (
        lambda f: (f / "config.json").write_text("[]"),
        "config.json: found JSON of type list",
    ),
    "a key twice in a configuration": (
        lambda f: (f / "config.json").write_text('{"a": 1, "a": 2}'),
        "config.json: found the key 'a' twice",
    ),
    "a name that is not UTF-8": (
        lambda f: Path(os.fsdecode(os.fsencode(f) + b"/\xc3\x28")).write_bytes(b""),
        "found a file name that is not UTF-8",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), BAD.values(), ids=BAD.keys())
def test_a_spoilt_checkpoint_is_an_error_that_says_where_what_and_what_to_do(
    tmp_path: Path, spoil: Callable[[Path], object], message: str
) -> None:
    folder = write_checkpoint(tmp_path / "model")
    assert identify(folder).root_digest
    spoil(folder)

    with pytest.raises(CheckpointError) as caught:
        identify(folder)

    assert message in str(caught.value)
    assert caught.value.expected
    assert caught.value.remedy


PLACES = {
    "no such path": ("{tmp}/none", "found no such path"),
    "an empty text": ("", "the path: found no such path"),
    "a name without an organisation": ("no-such-model", "no-such-model: found no such path"),
    "a path with a zero byte": ("a\0b", "found no such path"),
    "a path without end": ("a" * 10_000, "found no such path"),
    "a device": ("/dev/null", "null: found a device"),
    "a file that nobody may read, not even root": (f"/proc/{os.getpid()}/mem", "cannot be read"),
    "a text file": (__file__, "neither safetensors nor GGUF"),
    "a single link to itself": ("{tmp}/loop", "loop: found a symbolic link that leads nowhere"),
}


@pytest.mark.parametrize(("place", "message"), PLACES.values(), ids=PLACES.keys())
def test_a_place_without_a_checkpoint_is_an_error(tmp_path: Path, place: str, message: str) -> None:
    (tmp_path / "loop").symlink_to("loop")

    with pytest.raises(CheckpointError) as caught:
        identify(place.replace("{tmp}", str(tmp_path)))

    assert message in str(caught.value)
    assert caught.value.remedy


def _replace(path: Path) -> None:
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    copy.replace(path)


WHILE_READ: dict[str, tuple[str, Callable[[Path], object]]] = {
    "weights that grow": (WEIGHTS, lambda p: p.write_bytes(p.read_bytes() + b"x")),
    "weights that shrink": (WEIGHTS, lambda p: os.truncate(p, 100)),
    "weights that are written over": (WEIGHTS, lambda p: p.write_bytes(bytes(p.stat().st_size))),
    "weights that are replaced by a copy": (WEIGHTS, _replace),
    "weights that are removed": (WEIGHTS, Path.unlink),
    "a configuration that is edited": ("config.json", lambda p: p.write_text("{}")),
    "a configuration that is removed": ("config.json", Path.unlink),
}


@pytest.mark.parametrize(("name", "change"), WHILE_READ.values(), ids=WHILE_READ.keys())
def test_a_file_that_changes_while_the_checkpoint_is_read_is_an_error(
    tmp_path: Path, name: str, change: Callable[[Path], object]
) -> None:
    folder = write_checkpoint(tmp_path / "model", files={"first.txt": bytes(10_000)})
    done: list[int] = []

    def on_progress(bytes_done: int) -> None:
        if not done:
            change(folder / name)
        done.append(bytes_done)

    with pytest.raises(CheckpointError, match=rf"{name}: found a file that (changed|cannot be)"):
        identify(folder, on_progress=on_progress, workers=1)


def test_a_configuration_that_changes_after_it_was_hashed_is_an_error(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "model")
    total = sum(path.stat().st_size for path in folder.iterdir())

    def on_progress(bytes_done: int) -> None:
        if bytes_done == total:
            (folder / "config.json").write_text("{}")

    with pytest.raises(CheckpointError, match=r"config\.json: found a file that changed"):
        identify(folder, on_progress=on_progress, workers=1)


def test_a_configuration_that_is_not_the_one_with_the_digest_is_an_error(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "model")
    identify(folder, cache=DigestCache(tmp_path / "cache"))
    total = sum(path.stat().st_size for path in folder.iterdir())

    def on_progress(bytes_done: int) -> None:
        if bytes_done == total:
            (folder / "config.json").write_text("{}")

    with pytest.raises(CheckpointError, match=r"config\.json: found a file that changed"):
        identify(folder, on_progress=on_progress, cache=DigestCache(tmp_path / "cache"))


@pytest.mark.parametrize("count", [2_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_very_many_small_files_are_one_checkpoint(tmp_path: Path, count: int) -> None:
    folder = write_checkpoint(tmp_path / "model")
    for number in range(count):
        (folder / f"extra-{number}.txt").write_bytes(b"")

    assert len(identify(folder).manifest.entries) == count + 2


def test_names_of_every_kind_are_kept_as_they_are(tmp_path: Path) -> None:
    names = ["two\nlines", "модель.txt", "重み.txt", "🙂", "tab\t", " ", "é", "e\u0301", "'\"\\"]
    folder = write_checkpoint(tmp_path / "model", files=dict.fromkeys(names, "x"))

    found = identify(folder)

    assert set(names) <= {entry.path for entry in found.manifest.entries}
    assert type(found.manifest).from_json_bytes(found.manifest.to_json_bytes()) == found.manifest
