# SPDX-License-Identifier: Apache-2.0
"""Which files make up a checkpoint, and their roles."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builders_model import COMMIT, gguf_bytes, safetensors_bytes, torch_zip, write_hub_cache
from tiergate.errors import CheckpointError
from tiergate.model.files import FileRole, WeightsFormat, found_file, list_files, role_by_name

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = {
    "model.safetensors": (FileRole.WEIGHTS, WeightsFormat.SAFETENSORS),
    "unet/model.SAFETENSORS": (FileRole.WEIGHTS, WeightsFormat.SAFETENSORS),
    "model.Q4_K.gguf": (FileRole.WEIGHTS, WeightsFormat.GGUF),
    "pytorch_model.bin": (FileRole.WEIGHTS, WeightsFormat.PICKLE),
    "consolidated.00.pth": (FileRole.WEIGHTS, WeightsFormat.PICKLE),
    "tf_model.h5": (FileRole.WEIGHTS, WeightsFormat.OTHER),
    "onnx/model.onnx": (FileRole.WEIGHTS, WeightsFormat.OTHER),
    "model.safetensors.index.json": (FileRole.WEIGHTS_INDEX, None),
    "config.json": (FileRole.CONFIG, None),
    "generation_config.json": (FileRole.CONFIG, None),
    "adapter_config.json": (FileRole.CONFIG, None),
    "model_index.json": (FileRole.CONFIG, None),
    "tokenizer.json": (FileRole.TOKENIZER, None),
    "tokenizer_config.json": (FileRole.TOKENIZER, None),
    "tokenizer.model": (FileRole.TOKENIZER, None),
    "chat_template.jinja": (FileRole.CHAT_TEMPLATE, None),
    "chat_template.json": (FileRole.CHAT_TEMPLATE, None),
    "modeling_custom.py": (FileRole.CODE, None),
    "kernels/op.so": (FileRole.CODE, None),
    "demo.ipynb": (FileRole.CODE, None),
    "README.md": (FileRole.CARD, None),
    "LICENSE": (FileRole.LICENCE, None),
    "LICENCE.txt": (FileRole.LICENCE, None),
    "USE-POLICY.md": (FileRole.LICENCE, None),
    "notes.txt": (FileRole.OTHER, None),
    ".gitattributes": (FileRole.OTHER, None),
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items(), ids=NAMES.keys())
def test_a_name_suggests_a_role(name: str, expected: tuple[FileRole, WeightsFormat | None]) -> None:
    assert expected == role_by_name(name)


CONTENTS = {
    "a pickle under the name of a text": (
        "notes.txt",
        b"\x80\x02}.",
        (FileRole.WEIGHTS, WeightsFormat.PICKLE),
    ),
    "a pickle under the name of the card": (
        "README.md",
        b"cos\nsystem\n(S'ls'\ntR.",
        (FileRole.WEIGHTS, WeightsFormat.PICKLE),
    ),
    "a pickle in a zip under a safetensors name": (
        "model.safetensors",
        torch_zip(),
        (FileRole.WEIGHTS, WeightsFormat.PICKLE),
    ),
    "GGUF under the name of a pickle": (
        "ggml-model.bin",
        gguf_bytes(),
        (FileRole.WEIGHTS, WeightsFormat.GGUF),
    ),
    "safetensors without a suffix": (
        "weights",
        safetensors_bytes({}, b""),
        (FileRole.WEIGHTS, WeightsFormat.SAFETENSORS),
    ),
    "safetensors under a name that loaders unpickle": (
        "model.bin",
        safetensors_bytes({}, b""),
        (FileRole.WEIGHTS, WeightsFormat.PICKLE),
    ),
    "a script without a suffix": ("run", b"#!/bin/sh\n", (FileRole.CODE, None)),
    "a program under a name that loaders unpickle": (
        "model.bin",
        b"\x7fELF",
        (FileRole.WEIGHTS, WeightsFormat.PICKLE),
    ),
    "an unknown content": ("data.dat", b"anything", (FileRole.OTHER, None)),
}


@pytest.mark.parametrize(("name", "data", "expected"), CONTENTS.values(), ids=CONTENTS.keys())
def test_bytes_win_over_a_name(
    tmp_path: Path, name: str, data: bytes, expected: tuple[FileRole, WeightsFormat | None]
) -> None:
    (tmp_path / name).write_bytes(data)

    (file,) = list_files(tmp_path)

    assert expected == (file.role, file.weights_format)


def test_files_are_listed_with_forward_slashes_and_sorted_by_bytes(tmp_path: Path) -> None:
    names = ["b", "a/z", "a/b/c", "B", "ä", "日本語", "line\nbreak", "a b", "a-b"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")

    found = [file.path for file in list_files(tmp_path)]

    assert sorted(names, key=str.encode) == found


def test_exactly_the_folders_of_tools_are_left_out(tmp_path: Path) -> None:
    names = {
        ".git/config": False,
        ".cache/huggingface/download/x.metadata": False,
        ".tiergate/register.jsonl": False,
        ".tiergate/runs.jsonl": False,
        f".tiergate/documents/{'0' * 64}.json": False,
        f".tiergate/sources/{'0' * 64}": False,
        f".tiergate/attestations/{'0' * 64}.{'1' * 16}.json": False,
        ".tiergate/pytorch_model.bin": True,
        ".tiergate/attestations/config.json": True,
        ".tiergate/documents/evil.py": True,
        ".cache/other": True,
        "sub/.git/config": True,
        ".gitattributes": True,
        ".github/a": True,
    }
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")

    found = {file.path for file in list_files(tmp_path)}

    assert {name for name, is_listed in names.items() if is_listed} == found


def test_a_file_that_has_the_name_of_a_left_out_folder_is_listed(tmp_path: Path) -> None:
    (tmp_path / ".git").write_bytes(b"gitdir: elsewhere")

    assert [file.path for file in list_files(tmp_path)] == [".git"]


def test_a_link_within_the_folder_counts_as_its_target(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"bytes")
    (tmp_path / "link").symlink_to("target")

    link, target = list_files(tmp_path)

    assert (link.path, target.path) == ("link", "target")
    assert target.location == link.location


def _socket(path: Path) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.close()


def _link_to_a_folder(folder: Path) -> None:
    (folder / "d").mkdir()
    (folder / "x").symlink_to("d")


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link out of the folder": (lambda f: (f / "x").symlink_to(__file__), "out of the folder"),
    "a link to the parent of the folder": (lambda f: (f / "x").symlink_to(".."), "out of the"),
    "a link to a folder inside": (
        _link_to_a_folder,
        "a link to a folder",
    ),
    "a link to nothing": (lambda f: (f / "x").symlink_to("gone"), "leads nowhere"),
    "a link to itself": (lambda f: (f / "x").symlink_to("x"), "leads nowhere"),
    "a named pipe": (lambda f: os.mkfifo(f / "x"), "a named pipe"),
    "a socket": (lambda f: _socket(f / "x"), "a socket"),
    "a device": (lambda f: (f / "x").symlink_to("/dev/null"), "out of the folder"),
    "a name that is not UTF-8": (
        lambda f: Path(os.fsdecode(os.fsencode(f) + b"/\xff")).write_bytes(b""),
        "not UTF-8",
    ),
}


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_two_machines_could_see_differently_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], object], message: str
) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    make(folder)

    with pytest.raises(CheckpointError, match=message) as caught:
        list_files(folder)

    assert caught.value.remedy


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be read"):
        list_files(tmp_path / "gone")


def test_a_single_device_is_refused() -> None:
    with pytest.raises(CheckpointError, match="null: found a device"):
        found_file(Path("/dev/null"))


def test_links_of_a_hub_cache_lead_into_its_own_blobs(tmp_path: Path) -> None:
    model = write_hub_cache(tmp_path, {"a.txt": b"a", "sub/b.txt": b"b"})

    found = list_files(model / "snapshots" / COMMIT)

    assert [file.path for file in found] == ["a.txt", "sub/b.txt"]
    assert {"blobs"} == {file.location.parent.name for file in found}


def test_links_of_a_hub_cache_may_not_lead_into_another_model(tmp_path: Path) -> None:
    model = write_hub_cache(tmp_path, {"a.txt": b"a"})
    other = write_hub_cache(tmp_path, {"b.txt": b"b"}, repo_id="org/other")
    blob = next((other / "blobs").iterdir())
    (model / "snapshots" / COMMIT / "x").symlink_to(blob)

    with pytest.raises(CheckpointError, match="out of the folder"):
        list_files(model / "snapshots" / COMMIT)


def test_a_snapshot_copied_out_of_its_cache_loses_that_right(tmp_path: Path) -> None:
    model = write_hub_cache(tmp_path, {"a.txt": b"a"})
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "a.txt").symlink_to(next((model / "blobs").iterdir()))

    with pytest.raises(CheckpointError, match="out of the folder"):
        list_files(copy)
