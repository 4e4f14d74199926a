# SPDX-License-Identifier: Apache-2.0
"""Safetensors headers: what is read, and everything that is refused."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from safetensors import deserialize

from builders_model import (
    Tensor,
    safetensors_bytes,
    safetensors_header,
    tensors,
    write_safetensors,
)
from tiergate.errors import CheckpointError
from tiergate.model.safetensors_header import (
    BITS_PER_ELEMENT,
    MAX_HEADER_BYTES,
    read_safetensors_header,
)


def test_a_header_gives_tensors_with_offsets_from_the_start_of_the_file(tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "m.safetensors", tensors(3), {"b": "2", "a": "1"})
    data = path.read_bytes()

    found = read_safetensors_header(path, file="sub/m.safetensors")

    assert [item.name for item in tensors(3)] == [item.name for item in found.tensors]
    assert [item.data for item in tensors(3)] == [data[t.start : t.end] for t in found.tensors]
    assert {("F32", "sub/m.safetensors")} == {(t.dtype, t.file) for t in found.tensors}
    assert [item.shape for item in found.tensors] == [(2, 1), (2, 2), (2, 3)]
    assert found.metadata == (("a", "1"), ("b", "2"))


@pytest.mark.parametrize("dtype", BITS_PER_ELEMENT)
def test_every_element_type_is_read_as_the_library_reads_it(tmp_path: Path, dtype: str) -> None:
    item = Tensor(name="t", shape=(4,), data=bytes(BITS_PER_ELEMENT[dtype] // 2), dtype=dtype)
    path = write_safetensors(tmp_path / "m.safetensors", [item])

    ((name, theirs),) = deserialize(path.read_bytes())  # type: ignore[no-untyped-call]
    (ours,) = read_safetensors_header(path).tensors

    assert ("t", dtype, (4,)) == (name, theirs["dtype"], tuple(theirs["shape"]))
    assert (dtype, (4,)) == (ours.dtype, ours.shape)


ACCEPTED = {
    "no tensors": safetensors_bytes({}, b""),
    "only metadata": safetensors_bytes({"__metadata__": {"a": "b"}}, b""),
    "a header padded with spaces": safetensors_bytes(
        safetensors_header(tensors(1)), tensors(1)[0].data, padding=13
    ),
    "a tensor without elements": safetensors_bytes(
        {"t": {"dtype": "F32", "shape": [0, 7], "data_offsets": [0, 0]}}, b""
    ),
    "a scalar": safetensors_bytes(
        {"t": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}}, b"1234"
    ),
    "a name in another script": safetensors_bytes(
        {"重み\n": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}, b"1"
    ),
}


@pytest.mark.parametrize("data", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_unusual_but_sound_files_are_read(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(data)

    theirs = {name for name, _ in deserialize(data)}  # type: ignore[no-untyped-call]

    assert theirs == {item.name for item in read_safetensors_header(path).tensors}


def one(**changes: object) -> dict[str, object]:
    return {"t": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | changes}


def two(first: tuple[int, int], second: tuple[int, int]) -> dict[str, object]:
    return {
        name: {"dtype": "U8", "shape": [end - start], "data_offsets": [start, end]}
        for name, (start, end) in {"a": first, "b": second}.items()
    }


EIGHT = bytes(8)
ENTRY = b'"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}'
TWICE = b"{" + ENTRY + b"," + ENTRY + b"}"
REFUSED = {
    "nothing": (b"", "a file of 0 bytes"),
    "half a length": (b"\1\2\3", "a file of 3 bytes"),
    "a length and nothing else": (struct.pack("<Q", 2), "a header of 2 bytes"),
    "a header of 2^63 bytes": (struct.pack("<Q", 2**63) + b"{}", f"a header of {2**63} bytes"),
    "a header longer than the file": (struct.pack("<Q", 9) + b"{}", "a header of 9 bytes"),
    "a header of length 0": (struct.pack("<Q", 0), "not a JSON object"),
    "a header that is a list": (safetensors_bytes([], b""), "not a JSON object"),
    "a space before the header": (safetensors_bytes(b" {}", b""), "not a JSON object"),
    "a line break behind the header": (safetensors_bytes(b"{}\n", b""), "not a JSON object"),
    "a header in Latin-1": (safetensors_bytes(b'{"\xe4":1}', b""), "not UTF-8"),
    "half of a surrogate pair in a name": (
        safetensors_bytes(b'{"\\ud800":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"1"),
        "not UTF-8",
    ),
    "deep nesting": (
        safetensors_bytes(b'{"t":' + b"[" * 50_000 + b"]" * 50_000 + b"}", b""),
        "nested too deeply",
    ),
    "duplicate keys": (safetensors_bytes(TWICE, b"1"), "the key 't' twice"),
    "duplicate fields": (
        safetensors_bytes(
            b'{"t":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"1"
        ),
        "the key 'dtype' twice",
    ),
    "a truncated file": (safetensors_bytes(one(), EIGHT[:5]), "truncated"),
    "trailing bytes": (safetensors_bytes(one(), EIGHT + b"x"), "1 trailing bytes"),
    "trailing bytes behind no tensors": (safetensors_bytes({}, b"x"), "1 trailing bytes"),
    "an overlap": (safetensors_bytes(two((0, 5), (4, 8)), EIGHT), "'b': found an overlap"),
    "the same bytes twice": (safetensors_bytes(two((0, 8), (0, 8)), EIGHT), "an overlap"),
    "a hole": (safetensors_bytes(two((0, 3), (4, 8)), EIGHT), "'b': found a hole"),
    "a hole at the front": (safetensors_bytes(two((1, 3), (3, 8)), EIGHT), "'a': found a hole"),
    "an unknown dtype": (safetensors_bytes(one(dtype="F31"), EIGHT), "the dtype 'F31'"),
    "a dtype in small letters": (safetensors_bytes(one(dtype="f32"), EIGHT), "the dtype"),
    "a dtype that is a list": (safetensors_bytes(one(dtype=["F32"]), EIGHT), "the dtype"),
    "a shape that needs more bytes": (safetensors_bytes(one(shape=[3]), EIGHT), "8 bytes for"),
    "a shape that needs fewer bytes": (safetensors_bytes(one(shape=[1]), EIGHT), "8 bytes for"),
    "half a byte": (safetensors_bytes(one(dtype="F4", shape=[17]), EIGHT), "8 bytes for"),
    "a shape that overflows before a zero": (
        safetensors_bytes(one(shape=[2**52, 2**52, 0], data_offsets=[0, 0]), b""),
        "beyond 64 bits",
    ),
    "an axis beyond what JSON holds": (
        safetensors_bytes(one(shape=[2**53, 0], data_offsets=[0, 0]), b""),
        "whole numbers from 0",
    ),
    "a negative axis": (safetensors_bytes(one(shape=[-2]), EIGHT), "the number -2"),
    "an axis that is true": (safetensors_bytes(one(shape=[True, 2]), EIGHT), "whole numbers"),
    "an axis with a fraction": (safetensors_bytes(one(shape=[2.0]), EIGHT), "the number 2.0"),
    "a shape that is text": (safetensors_bytes(one(shape="2"), EIGHT), "a list of whole"),
    "a negative offset": (safetensors_bytes(one(data_offsets=[-8, 0]), EIGHT), "the number -8"),
    "an offset that is false": (
        safetensors_bytes(one(data_offsets=[False, 8]), EIGHT),
        "whole numbers",
    ),
    "offsets the wrong way round": (
        safetensors_bytes(one(data_offsets=[8, 0]), EIGHT),
        "-8 bytes for",
    ),
    "one offset": (safetensors_bytes(one(data_offsets=[8]), EIGHT), "1 offsets"),
    "three offsets": (safetensors_bytes(one(data_offsets=[0, 4, 8]), EIGHT), "3 offsets"),
    "a field more": (safetensors_bytes(one(more=1), EIGHT), "other fields"),
    "a tensor that is a number": (safetensors_bytes({"t": 1}, b""), "other fields"),
    "a field less": (safetensors_bytes({"t": {"dtype": "F32"}}, b""), "other fields"),
    "metadata that is a list": (safetensors_bytes({"__metadata__": []}, b""), "not an object"),
    "metadata with a number": (
        safetensors_bytes({"__metadata__": {"a": 1}}, b""),
        "a value that is not text",
    ),
}


@pytest.mark.parametrize(("data", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_malformed_file_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(data)

    with pytest.raises(CheckpointError, match=message) as caught:
        read_safetensors_header(path)

    assert str(caught.value).startswith("m.safetensors")
    assert caught.value.remedy


def test_a_header_over_the_limit_of_the_format_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    with path.open("wb") as stream:
        stream.write(struct.pack("<Q", MAX_HEADER_BYTES + 1))
        stream.truncate(MAX_HEADER_BYTES * 2)

    with pytest.raises(CheckpointError, match=f"at most {MAX_HEADER_BYTES} bytes"):
        read_safetensors_header(path)


def test_a_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_safetensors_header(tmp_path / "gone")


def test_tensors_are_listed_by_offset_whatever_the_order_of_the_header(tmp_path: Path) -> None:
    header = json.dumps(dict(reversed(two((0, 3), (3, 8)).items()))).encode()
    path = tmp_path / "m.safetensors"
    path.write_bytes(safetensors_bytes(header, EIGHT))

    assert [item.name for item in read_safetensors_header(path).tensors] == ["a", "b"]
