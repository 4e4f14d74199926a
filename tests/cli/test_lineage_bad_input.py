# SPDX-License-Identifier: Apache-2.0
"""Weights that are broken, odd or disguised: each is refused in words, or compared for what it is.

What is refused is refused alike whether it lies in a folder or is read from a hub by ranges.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from builders_lineage import (
    Weights,
    llama,
    permuted_inner,
    permuted_width,
    rotated,
    tuned,
    write,
)
from builders_model import gguf_bytes, gguf_tensor, safetensors_bytes
from cli_runner import Run, run
from range_hub import serve

Arrays = dict[str, npt.NDArray[np.generic]]
Files = dict[str, bytes]
ONE, TWO = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
INDEX = "model.safetensors.index.json"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model that others are held against."""
    return write(tmp_path_factory.mktemp("base") / "base", llama(0), "license: mit")


def part(**changes: object) -> dict[str, object]:
    """Return what a header says of a tensor of two rows and two columns."""
    return {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]} | changes


def one_file(header: object, data: bytes = bytes(16)) -> Files:
    """Return a model of one file."""
    return {"model.safetensors": safetensors_bytes(header, data)}


def two_files(first: str, second: str, named: tuple[str, ...] = (ONE, TWO)) -> Files:
    """Return a model of two shards with a tensor each, and an index that names some shards."""
    rows = dict(zip((first, second), named, strict=False))
    return {
        ONE: safetensors_bytes({first: part()}, bytes(16)),
        TWO: safetensors_bytes({second: part()}, bytes(16)),
        INDEX: json.dumps({"metadata": {}, "weight_map": rows}).encode(),
    }


def cut(files: Files, name: str, by: int) -> Files:
    """Return files of which one lost its last bytes."""
    return files | {name: files[name][:-by]}


def without(files: Files, name: str) -> Files:
    """Return files of which one is gone."""
    return {path: data for path, data in files.items() if path != name}


DEEP = b'{"w": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
TWICE = b'{"w": %s, "w": %s}' % ((json.dumps(part()).encode(),) * 2)
REFUSED: dict[str, Files] = {
    "a shard is cut short": cut(two_files("a", "b"), TWO, 5),
    "a shard is missing": without(two_files("a", "b"), TWO),
    "a shard is empty": two_files("a", "b") | {TWO: b""},
    "a tensor is in two shards": two_files("a", "a"),
    "a tensor stands twice in a header": one_file(TWICE),
    "tensors overlap": one_file({"v": part(), "w": part()}),
    "there is a gap between tensors": one_file(
        {"v": part(), "w": part(data_offsets=[20, 36])}, bytes(36)
    ),
    "a shape is larger than its bytes": one_file({"w": part(shape=[2, 3])}),
    "a shape overflows": one_file({"w": part(shape=[2**40, 2**40])}),
    "a side is negative": one_file({"w": part(shape=[-2, -2])}),
    "a side is no whole number": one_file({"w": part(shape=[2.5, 1.6])}),
    "a shape is true": one_file({"w": part(shape=True)}),
    "a type has no such name": one_file({"w": part(dtype="F33")}),
    "a type is in lower case": one_file({"w": part(dtype="f32")}),
    "a type is a number": one_file({"w": part(dtype=32)}),
    "offsets run backwards": one_file({"w": part(data_offsets=[16, 0])}),
    "a tensor has no offsets": one_file({"w": {"dtype": "F32", "shape": [2, 2]}}),
    "a header is longer than the file": {"model.safetensors": struct.pack("<Q", 2**63) + b"{}"},
    "a header is longer than any": {"model.safetensors": struct.pack("<Q", 200_000_000) + b"{}"},
    "a header is cut short": {"model.safetensors": struct.pack("<Q", 60) + b'{"w":'},
    "a header nests without end": one_file(DEEP),
    "a header is no object": one_file(b"[1, 2]"),
    "a header is no text": one_file(b"\xff\xfe\xfd"),
    "a name is no text": one_file(b'{"\\ud800": 1}'),
    "a GGUF claims more tensors than it can hold": {
        "model.gguf": b"GGUF" + struct.pack("<IQQ", 3, 2**60, 0)
    },
    "a GGUF claims a text without end": {
        "model.gguf": b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 2**62)
    },
    "a GGUF is of an unknown version": {"model.gguf": b"GGUF" + struct.pack("<IQQ", 99, 0, 0)},
}
"""Models of which nothing can be read."""
SAID = {
    "a shard is cut short": "a truncated file of 84 bytes",
    "a shard is missing": "every shard",
    "a shard is empty": "a file of 0 bytes",
    "a tensor is in two shards": "every tensor in one shard only",
    "a tensor stands twice in a header": "'w' twice",
    "tensors overlap": "an overlap before its bytes",
    "there is a gap between tensors": "a hole before its bytes",
    "a shape is larger than its bytes": "expected 24 bytes",
    "a shape overflows": "a shape beyond 64 bits",
    "a side is negative": "the number -2",
    "a side is no whole number": "the number 2.5",
    "a shape is true": "a list of whole numbers",
    "a type has no such name": "the dtype 'F33'",
    "a type is in lower case": "the dtype 'f32'",
    "a type is a number": "the dtype 32",
    "offsets run backwards": "-16 bytes",
    "a tensor has no offsets": "exactly dtype, shape and data_offsets",
    "a header is longer than the file": "a header of 9223372036854775808 bytes",
    "a header is longer than any": "a header of 200000000 bytes",
    "a header is cut short": "a header of 60 bytes",
    "a header nests without end": "nested too deeply",
    "a header is no object": "not a JSON object",
    "a header is no text": "not a JSON object",
    "a name is no text": "not UTF-8",
    "a GGUF claims more tensors than it can hold": "expected at most 1048576",
    "a GGUF claims a text without end": "expected at most 65536",
    "a GGUF is of an unknown version": "GGUF version 99",
}
"""What is said of each."""


@pytest.mark.parametrize("name", REFUSED)
def test_a_folder_is_refused_in_words_when(name: str, base: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for path, data in REFUSED[name].items():
        (folder / path).write_bytes(data)

    for words in ((folder, base), (base, folder)):
        _is_refused(run("lineage", *words), SAID[name])


@pytest.mark.parametrize("name", REFUSED)
def test_a_model_on_a_hub_is_refused_in_words_when(name: str, base: Path) -> None:
    with serve(REFUSED[name]) as hub:
        done = run("lineage", "org/name", base, "--endpoint", hub.url)

    _is_refused(done, SAID[name])


def _is_refused(done: Run, said: str) -> None:
    assert done.code == 4, done.out
    assert done.out == ""
    (line,) = done.err.splitlines()
    assert line.startswith("error: ")
    assert said in line


def gpt2(_: object) -> Arrays:
    """Return a model of another architecture, with sides that fit none of the base."""
    chance = np.random.default_rng(3)
    shapes = {"wte": (512, 48), "h.0.c_attn": (48, 144), "h.0.c_fc": (48, 192)}
    return {f"{n}.weight": chance.normal(size=s).astype(np.float32) for n, s in shapes.items()}


def of_nan(weights: Weights) -> Arrays:
    """Return weights of which no number is left."""
    return {n: np.full(v.shape, np.nan, dtype=np.float32) for n, v in weights.items()}


def some_nan(weights: Weights) -> Arrays:
    """Return weights of which one in a hundred is no number, or infinite."""
    changed = {name: np.array(value, dtype=np.float32) for name, value in weights.items()}
    for value in changed.values():
        value.ravel()[::97] = np.nan
        value.ravel()[::89] = np.inf
    return {**changed}


def with_scalars(weights: Weights) -> Arrays:
    """Return weights beside tensors without a side, and without a number."""
    scalar, nothing = np.array(1.5, dtype=np.float32), np.zeros((0, 64), dtype=np.float32)
    return {"scale": scalar, "nothing": nothing, **weights}


def untied(weights: Weights) -> Arrays:
    """Return weights whose output, tied before, is written out."""
    return {**weights, "lm_head.weight": weights["model.embed_tokens.weight"]}


def extended(weights: Weights) -> Arrays:
    """Return weights with tokens added."""
    more = np.random.default_rng(4).standard_normal((40, 64), dtype=np.float32)
    name = "model.embed_tokens.weight"
    return {**weights, name: np.concatenate([weights[name], more])}


def noisy(ratio: float) -> Callable[[Weights], Arrays]:
    """Return a change that adds noise."""
    return lambda weights: {**tuned(weights, by=ratio)}


def moved_and_replaced(weights: Weights) -> Arrays:
    """Return weights that compute the same in another order, under another vocabulary."""
    moved = permuted_inner(permuted_width(weights))
    moved["model.embed_tokens.weight"] = llama(9)["model.embed_tokens.weight"]
    return {**moved}


COMPARED: dict[str, tuple[Callable[[Weights], Arrays], str]] = {
    "scalars and empty tensors": (with_scalars, "derived"),
    "an output written out": (untied, "derived"),
    "tokens added": (extended, "derived"),
    "one number in a hundred that is none": (some_nan, "derived"),
    "noise half as large as the weights": (noisy(0.5), "derived"),
    "noise ten times as large": (noisy(10.0), "undetermined"),
    "nothing but NaN": (of_nan, "undetermined"),
    "another architecture": (gpt2, "undetermined"),
    "another model of that shape": (lambda _: {**llama(1)}, "undetermined"),
    "the width rotated": (lambda w: {**rotated(w)}, "undetermined"),
    "permuted under another vocabulary": (moved_and_replaced, "undetermined"),
}
"""Models that can be read, and what is said of them."""


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", COMPARED)
def test_what_can_be_read_is_derived_or_undetermined(name: str, base: Path, tmp_path: Path) -> None:
    change, outcome = COMPARED[name]
    folder = write(tmp_path / "model", change(llama(0)), "license: mit\nbase_model: base")

    done = run("lineage", folder, base, "--json")

    assert (done.json["outcome"], done.code) == (outcome, 0 if outcome == "derived" else 3)
    assert "independent" not in done.out
    assert "independent" not in run("lineage", folder, base).out


def test_a_base_of_nothing_but_nan_is_undetermined_too(base: Path, tmp_path: Path) -> None:
    folder = write(tmp_path / "model", of_nan(llama(0)))

    assert run("lineage", base, folder).code == 3


def test_a_gguf_with_names_that_nobody_uses_is_compared(base: Path, tmp_path: Path) -> None:
    values = llama(0)["model.embed_tokens.weight"]
    described = [gguf_tensor("\u2603", values.shape[::-1], 0, 0)]
    (tmp_path / "odd.gguf").write_bytes(gguf_bytes(described=described, data=values.tobytes()))

    done = run("lineage", tmp_path / "odd.gguf", base)

    assert done.code == 1
    assert "DERIVED base" in done.flat
    assert "UNDECLARED PARENT" in done.flat
