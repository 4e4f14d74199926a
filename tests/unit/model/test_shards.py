# SPDX-License-Identifier: Apache-2.0
"""Shards, their index, and the sets that they form."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from builders_model import (
    gguf_bytes,
    tensors,
    torch_zip,
    write_checkpoint,
    write_safetensors,
    write_shards,
)
from tiergate.errors import CheckpointError
from tiergate.model.files import list_files
from tiergate.model.shards import Weights, read_small, read_weights
from tiergate.model.strict_json import MAX_JSON_BYTES

INDEX = "model.safetensors.index.json"
FIRST, SECOND = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"


def read(folder: Path) -> Weights:
    return read_weights(list_files(folder))


def edit_index(folder: Path, change: Callable[[dict[str, str]], object]) -> None:
    path = folder / INDEX
    document = json.loads(path.read_bytes())
    change(document["weight_map"])
    path.write_text(json.dumps(document))


def test_shards_with_an_index_form_one_set(tmp_path: Path) -> None:
    write_shards(tmp_path, tensors(5), 2)

    found = read(tmp_path)

    assert {"model.safetensors"} == {weight.weight_set for weight in found.files}
    assert {item.name for item in tensors(5)} == {item.name for item in found.tensors}
    assert found.notes == ()


def test_numbered_shards_form_a_set_without_an_index(tmp_path: Path) -> None:
    write_shards(tmp_path, tensors(5), 2)
    (tmp_path / INDEX).unlink()

    assert {"model.safetensors"} == {weight.weight_set for weight in read(tmp_path).files}


def test_shards_may_be_numbered_from_zero(tmp_path: Path) -> None:
    for number in range(2):
        write_safetensors(
            tmp_path / f"model-{number:05}-of-00002.safetensors", tensors(4)[number::2]
        )

    assert len(read(tmp_path).files) == 2


def test_an_index_makes_a_set_of_files_with_other_names(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "a.safetensors", tensors(1))
    write_safetensors(tmp_path / "b.safetensors", tensors(2)[1:])
    rows = {tensors(2)[0].name: "a.safetensors", tensors(2)[1].name: "b.safetensors"}
    (tmp_path / INDEX).write_text(json.dumps({"weight_map": rows}))

    assert {"model.safetensors"} == {weight.weight_set for weight in read(tmp_path).files}


def test_two_quantisations_side_by_side_are_two_sets_and_a_note(tmp_path: Path) -> None:
    for name in ("q4.gguf", "q8.gguf"):
        (tmp_path / name).write_bytes(gguf_bytes())

    found = read(tmp_path)

    assert [weight.weight_set for weight in found.files] == ["q4.gguf", "q8.gguf"]
    assert found.notes == ("the checkpoint holds 2 sets of weights: q4.gguf, q8.gguf",)


def test_an_index_in_a_folder_names_shards_beside_it(tmp_path: Path) -> None:
    (tmp_path / "unet").mkdir()
    write_shards(tmp_path / "unet", tensors(3), 2)

    assert {"unet/model.safetensors"} == {weight.weight_set for weight in read(tmp_path).files}


def test_a_tensor_that_the_index_leaves_out_is_noted(tmp_path: Path) -> None:
    write_shards(tmp_path, tensors(4), 2)
    edit_index(tmp_path, lambda rows: rows.pop(tensors(4)[0].name))

    assert (f"{FIRST} holds 1 tensors that {INDEX} does not name",) == read(tmp_path).notes


def test_an_index_over_pickles_asks_only_that_they_exist(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"pytorch_model-{number:05}-of-00002.bin").write_bytes(torch_zip())
    rows = {"a": "pytorch_model-00001-of-00002.bin", "b": "pytorch_model-00002-of-00002.bin"}
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": rows}))

    found = read(tmp_path)

    assert {"pytorch_model.bin"} == {weight.weight_set for weight in found.files}
    assert found.tensors == ()


def _two_shards(folder: Path) -> Path:
    write_shards(folder, tensors(4), 2)
    return folder


def _claim(folder: Path, name: str, shard: object) -> None:
    path = _two_shards(folder) / INDEX
    document = json.loads(path.read_bytes())
    document["weight_map"][name] = shard
    path.write_text(json.dumps(document))


def _without(folder: Path, *names: str) -> None:
    _two_shards(folder)
    for name in names:
        (folder / name).unlink()


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "an empty folder": (Path.exists, "an empty folder"),
    "no weights": (lambda f: (f / "README.md").write_text("x"), "no weights"),
    "a shard that the index names is missing": (
        lambda f: _without(f, SECOND),
        f"index.json: found the shard {SECOND}, which is missing",
    ),
    "a numbered shard is missing": (
        lambda f: _without(f, SECOND, INDEX),
        f"one of 2 shards, but {SECOND} is missing",
    ),
    "a shard does not hold what the index says": (
        lambda f: _claim(f, "ghost", FIRST),
        f"the tensor 'ghost', which {FIRST} does not hold",
    ),
    "an index that leads out of the folder": (
        lambda f: _claim(f, "ghost", "../other.safetensors"),
        r"the shard \.\./other.safetensors, which is missing",
    ),
    "an index that names a number": (lambda f: _claim(f, "ghost", 1), "the shard 1, which"),
    "an index without a map": (
        lambda f: (_two_shards(f) / INDEX).write_text("{}"),
        "no weight_map",
    ),
    "an index with an empty map": (
        lambda f: (_two_shards(f) / INDEX).write_text('{"weight_map": {}}'),
        "no weight_map",
    ),
    "an index that is broken": (lambda f: (_two_shards(f) / INDEX).write_text("{"), "broken JSON"),
    "one tensor in two shards": (
        lambda f: (
            write_safetensors(f / FIRST, tensors(2)),
            write_safetensors(f / SECOND, tensors(3)),
        ),
        f"{SECOND}: found the tensor '{tensors(1)[0].name}', which {FIRST} holds too",
    ),
    "a pointer of Git LFS": (
        lambda f: (f / "m.safetensors").write_text(
            "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
        ),
        "a Git LFS pointer",
    ),
}


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_files_that_do_not_fit_together_are_refused(
    tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    make(tmp_path)

    with pytest.raises(CheckpointError, match=message):
        read(tmp_path)


def test_a_supporting_file_of_absurd_length_is_not_read(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path) / "config.json"
    with path.open("r+b") as stream:
        stream.truncate(MAX_JSON_BYTES + 1)
    file = next(item for item in list_files(tmp_path) if item.path == "config.json")

    with pytest.raises(CheckpointError, match=r"config\.json: found \d+ bytes, expected at most"):
        read_small(file)


def test_a_supporting_file_that_vanishes_is_an_error(tmp_path: Path) -> None:
    file = next(f for f in list_files(write_checkpoint(tmp_path)) if f.path == "config.json")
    file.location.unlink()

    with pytest.raises(CheckpointError, match="cannot be read"):
        read_small(file)
