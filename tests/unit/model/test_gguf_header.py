# SPDX-License-Identifier: Apache-2.0
"""GGUF headers: what is read, and everything that is refused."""

from __future__ import annotations

import struct
from pathlib import Path

import gguf
import numpy as np
import pytest
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

from builders_model import gguf_bytes, gguf_number, gguf_string, gguf_tensor, gguf_text
from tiergate.errors import CheckpointError
from tiergate.model.gguf_header import MAX_KEYS, MAX_TENSORS, TENSOR_TYPES, read_gguf_header


def write(folder: Path, data: bytes) -> Path:
    path = folder / "m.gguf"
    path.write_bytes(data)
    return path


def key(name: str, kind: int, value: bytes) -> bytes:
    return gguf_string(name) + struct.pack("<I", kind) + value


def test_a_header_gives_texts_numbers_and_tensors(tmp_path: Path) -> None:
    data = gguf_bytes(
        keys=[
            gguf_text("general.architecture", "llama"),
            gguf_number("llama.block_count", 2),
            key("a.float", 6, struct.pack("<f", 1.5)),
            key("a.double", 12, struct.pack("<d", 1.5)),
            key("a.bool", 7, b"\1"),
            key("a.byte", 1, b"\xff"),
            key("a.list", 9, struct.pack("<IQ", 8, 2) + gguf_string("x") + gguf_string("yy")),
            key("a.numbers", 9, struct.pack("<IQ", 4, 3) + bytes(12)),
        ],
        described=[gguf_tensor("a", [4, 2], 0, 0), gguf_tensor("b", [32], 8, 32)],
        data=b"A" * 32 + b"B" * 34,
    )
    path = write(tmp_path, data)

    found = read_gguf_header(path, file="sub/m.gguf")

    assert found.version == 3
    assert found.text == {"general.architecture": "llama"}
    assert found.integers == {"llama.block_count": 2, "a.bool": 1, "a.byte": -1}
    assert [(item.name, item.dtype, item.shape) for item in found.tensors] == [
        ("a", "F32", (4, 2)),
        ("b", "Q8_0", (32,)),
    ]
    assert [data[item.start : item.end] for item in found.tensors] == [b"A" * 32, b"B" * 34]
    assert {"sub/m.gguf"} == {item.file for item in found.tensors}


def test_version_2_is_read_too(tmp_path: Path) -> None:
    assert read_gguf_header(write(tmp_path, gguf_bytes(version=2))).version == 2


def test_an_alignment_of_its_own_moves_the_data(tmp_path: Path) -> None:
    keys = [gguf_number("general.alignment", 256)]
    data = gguf_bytes(keys=keys, data=b"\7" * 16, alignment=256)

    (tensor,) = read_gguf_header(write(tmp_path, data)).tensors

    assert tensor.start % 256 == 0
    assert data[tensor.start : tensor.end] == b"\7" * 16


def test_padding_behind_the_last_tensor_is_allowed(tmp_path: Path) -> None:
    assert read_gguf_header(write(tmp_path, gguf_bytes(data=bytes(32)))).tensors


def test_a_file_without_tensors_may_end_with_its_header(tmp_path: Path) -> None:
    data = gguf_bytes(described=[], data=b"", alignment=1)

    assert read_gguf_header(write(tmp_path, data)).tensors == ()


def test_the_table_of_types_is_the_one_of_the_library() -> None:
    theirs = {
        int(kind): (kind.name, *GGML_QUANT_SIZES[kind])
        for kind in GGMLQuantizationType
        if int(kind) in TENSOR_TYPES
    }

    assert theirs.items() <= TENSOR_TYPES.items()
    assert len(theirs) >= 25


def test_a_file_of_the_library_is_read_as_the_library_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_string("tokenizer.chat_template", "{{ messages }}")
    writer.add_array("tokenizer.ggml.tokens", ["a", "b", "日本"])
    writer.add_array("a.numbers", [1, 2, 3])
    writer.add_uint64("a.large", 2**60)
    writer.add_bool("a.flag", val=True)
    writer.add_float32("a.float", 0.5)
    rng = np.random.default_rng(0)
    for number in range(3):
        writer.add_tensor(f"blk.{number}", rng.random((number + 2, 5), dtype=np.float32))
    writer.add_tensor("half", rng.random(7).astype(np.float16))
    writer.add_tensor(
        "packed",
        np.zeros((2, 34), dtype=np.uint8),
        raw_dtype=GGMLQuantizationType.Q8_0,
    )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    theirs = gguf.GGUFReader(path)
    ours = read_gguf_header(path)

    assert [
        (t.name, t.tensor_type.name, tuple(int(axis) for axis in t.shape), t.data_offset, t.n_bytes)
        for t in theirs.tensors
    ] == [(t.name, t.dtype, t.shape, t.start, t.end - t.start) for t in ours.tensors]
    assert ours.text["general.architecture"] == "qwen2"
    assert ours.text["tokenizer.chat_template"] == "{{ messages }}"
    assert ours.integers["a.large"] == 2**60


ONE = gguf_tensor("output.weight", [4], 0, 0)
REFUSED = {
    "nothing": (b"", "truncated"),
    "another magic": (gguf_bytes(magic=b"GGML"), "other first bytes"),
    "version 1": (gguf_bytes(version=1), "GGUF version 1"),
    "version 4": (gguf_bytes(version=4), "GGUF version 4"),
    "big-endian": (gguf_bytes(version=0x03000000), "little-endian"),
    "a key count without end": (gguf_bytes(key_count=2**63), "keys, expected at most"),
    "one key too many": (gguf_bytes(key_count=MAX_KEYS + 1), f"{MAX_KEYS + 1} keys"),
    "a tensor count without end": (gguf_bytes(tensor_count=MAX_TENSORS + 1), "tensors, expected"),
    "a key that is longer than the file": (
        gguf_bytes(keys=[struct.pack("<Q", 60_000)]),
        "truncated",
    ),
    "a key without end": (gguf_bytes(keys=[struct.pack("<Q", 2**62)]), "bytes in one text"),
    "a text that is longer than the file": (
        gguf_bytes(keys=[key("a", 8, struct.pack("<Q", 2**20))], described=[], data=b""),
        "truncated",
    ),
    "a text that is not UTF-8": (
        gguf_bytes(keys=[key("a", 8, gguf_string(b"\xff"))]),
        "not UTF-8",
    ),
    "a key twice": (gguf_bytes(keys=[gguf_number("a", 1)] * 2), "the key 'a' twice"),
    "an unknown value type": (gguf_bytes(keys=[key("a", 13, bytes(8))]), "the value type 13"),
    "a truth value of 2": (gguf_bytes(keys=[key("a", 7, b"\2")]), "the truth value 2"),
    "an array without end": (
        gguf_bytes(keys=[key("a", 9, struct.pack("<IQ", 4, 2**40))]),
        "items in one array",
    ),
    "an array longer than the file": (
        gguf_bytes(keys=[key("a", 9, struct.pack("<IQ", 4, 2**20))]),
        "truncated",
    ),
    "an array of texts longer than the file": (
        gguf_bytes(keys=[key("a", 9, struct.pack("<IQQ", 8, 1, 2**20))]),
        "truncated",
    ),
    "an array of arrays": (
        gguf_bytes(keys=[key("a", 9, struct.pack("<IQ", 9, 1))]),
        "an array of type 9",
    ),
    "an alignment of 0": (gguf_bytes(keys=[gguf_number("general.alignment", 0)]), "alignment 0"),
    "an alignment of 24": (gguf_bytes(keys=[gguf_number("general.alignment", 24)]), "ment 24"),
    "an alignment of 4": (gguf_bytes(keys=[gguf_number("general.alignment", 4)]), "alignment 4"),
    "five axes": (gguf_bytes(described=[gguf_tensor("a", [1] * 5, 0, 0)]), "5 axes"),
    "an axis without end": (
        gguf_bytes(described=[gguf_tensor("a", [2**60], 0, 0)]),
        "elements on one axis",
    ),
    "an unknown tensor type": (
        gguf_bytes(described=[gguf_tensor("a", [4], 4, 0)]),
        "the tensor type 4 of 'a'",
    ),
    "half a block": (gguf_bytes(described=[gguf_tensor("a", [33], 8, 0)]), "multiple of 32"),
    "a scalar of a packed type": (
        gguf_bytes(described=[gguf_tensor("a", [], 8, 0)]),
        "multiple of 32",
    ),
    "a tensor twice": (
        gguf_bytes(described=[ONE, gguf_tensor("output.weight", [4], 0, 32)], data=bytes(48)),
        "one tensor name twice",
    ),
    "an overlap": (
        gguf_bytes(described=[ONE, gguf_tensor("b", [4], 0, 0)]),
        "'b' at offset 0, expected offset 32",
    ),
    "a hole": (
        gguf_bytes(described=[ONE, gguf_tensor("b", [4], 0, 64)], data=bytes(80)),
        "'b' at offset 64, expected offset 32",
    ),
    "an offset that is not aligned": (
        gguf_bytes(described=[ONE, gguf_tensor("b", [4], 0, 16)], data=bytes(32)),
        "'b' at offset 16",
    ),
    "data that is cut off": (gguf_bytes(data=bytes(15)), "a truncated file"),
    "trailing bytes": (gguf_bytes(data=bytes(33)), "1 trailing bytes"),
}


@pytest.mark.parametrize(("data", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_malformed_file_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(CheckpointError, match=message) as caught:
        read_gguf_header(write(tmp_path, data))

    assert str(caught.value).startswith("m.gguf")


def test_a_file_that_is_cut_anywhere_is_refused(tmp_path: Path) -> None:
    data = gguf_bytes(keys=[gguf_text("a", "b"), gguf_number("c", 1)])

    for length in range(len(data)):
        with pytest.raises(CheckpointError):
            read_gguf_header(write(tmp_path, data[:length]))


def test_a_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_gguf_header(tmp_path / "gone")
