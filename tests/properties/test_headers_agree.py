# SPDX-License-Identifier: Apache-2.0
"""Our header readers against the formats' own libraries, over mutated files.

The law: what the library refuses, we refuse; what we accept, both read the same.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError, deserialize

from builders_model import gguf_bytes, gguf_number, gguf_tensor, gguf_text, safetensors_bytes
from tiergate.errors import CheckpointError
from tiergate.model.gguf_header import GgufHeader, read_gguf_header
from tiergate.model.safetensors_header import (
    BITS_PER_ELEMENT,
    SafetensorsHeader,
    read_safetensors_header,
)

NAMES = st.text(st.characters(codec="utf-8"), max_size=6)
SMALL = st.integers(0, 6)
ODD_NUMBERS = st.one_of(
    SMALL,
    st.integers(-3, 2**65),
    st.sampled_from([2**31, 2**53, 2**63, 2**64, 1.0, 0.5, True, None, "1"]),
)


@st.composite
def sound_headers(draw: st.DrawFn) -> tuple[dict[str, object], bytes]:
    """Draw a well-formed header with its data."""
    header: dict[str, object] = {}
    position = 0
    for name in draw(
        st.lists(NAMES.filter(lambda n: n != "__metadata__"), max_size=4, unique=True)
    ):
        dtype = draw(st.sampled_from(sorted(BITS_PER_ELEMENT)))
        shape = draw(st.lists(SMALL, max_size=3))
        bits = int(np.prod(shape, dtype=np.int64)) * BITS_PER_ELEMENT[dtype]
        if bits % 8:
            shape, bits = [*shape, 8], bits * 8
        offsets = [position, position + bits // 8]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": offsets}
        position = offsets[1]
    if draw(st.booleans()):
        header["__metadata__"] = draw(st.dictionaries(NAMES, NAMES, max_size=2))
    return header, draw(st.binary(min_size=position, max_size=position))


@st.composite
def mutated_files(draw: st.DrawFn) -> bytes:
    """Draw a file whose header, layout or bytes were damaged in one or two places."""
    header, data = draw(sound_headers())
    rows = [row for name, row in header.items() if name != "__metadata__"]
    for _ in range(draw(st.integers(0, 2))):
        if not rows:
            break
        row = draw(st.sampled_from(rows))
        assert isinstance(row, dict)
        match draw(st.sampled_from(["dtype", "shape", "data_offsets", "drop", "more"])):
            case "dtype":
                row["dtype"] = draw(st.sampled_from(["F32", "U8", "F4", "f32", "X", 1, None]))
            case "shape":
                row["shape"] = draw(st.one_of(st.lists(ODD_NUMBERS, max_size=3), ODD_NUMBERS))
            case "data_offsets":
                row["data_offsets"] = draw(st.lists(ODD_NUMBERS, max_size=3))
            case "drop":
                row.pop(draw(st.sampled_from(sorted(row)))) if row else None
            case _:
                row["more"] = 1
    if draw(st.booleans()):
        header["__metadata__"] = draw(
            st.one_of(st.dictionaries(NAMES, st.one_of(NAMES, SMALL)), SMALL, st.none())
        )
    text = json.dumps(header, ensure_ascii=draw(st.booleans())).encode()
    text = draw(st.sampled_from([text, text + b"  ", b" " + text, text + b"\n", text + b"x"]))
    file = bytearray(safetensors_bytes(text, data + draw(st.binary(max_size=2))))
    for _ in range(draw(st.integers(0, 2))):
        file[draw(st.integers(0, len(file) - 1))] = draw(st.integers(0, 255))
    return bytes(file[: draw(st.integers(0, len(file)))] if draw(st.booleans()) else file)


def ours(data: bytes) -> SafetensorsHeader | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.safetensors"
        path.write_bytes(data)
        try:
            return read_safetensors_header(path)
        except CheckpointError:
            return None


def theirs(data: bytes) -> dict[str, tuple[str, tuple[int, ...], bytes]] | None:
    try:
        found = deserialize(data)  # type: ignore[no-untyped-call]
    except SafetensorError:
        return None
    return {
        name: (view["dtype"], tuple(view["shape"]), bytes(view["data"])) for name, view in found
    }


@settings(max_examples=150, deadline=None)
@given(sound_headers())
def test_a_sound_safetensors_file_is_read_by_both(
    sound: tuple[dict[str, object], bytes],
) -> None:
    data = safetensors_bytes(*sound)

    found = ours(data)

    assert found is not None
    assert theirs(data) == {
        item.name: (item.dtype, item.shape, data[item.start : item.end]) for item in found.tensors
    }


@settings(max_examples=300, deadline=None)
@given(mutated_files())
def test_what_the_safetensors_library_refuses_we_refuse(data: bytes) -> None:
    found, expected = ours(data), theirs(data)

    if found is not None:
        assert expected == {
            item.name: (item.dtype, item.shape, data[item.start : item.end])
            for item in found.tensors
        }


def read_gguf(data: bytes) -> GgufHeader | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.gguf"
        path.write_bytes(data)
        try:
            return read_gguf_header(path)
        except CheckpointError:
            return None


@settings(max_examples=60, deadline=None)
@given(
    shapes=st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=4), min_size=1, max_size=4),
    texts=st.dictionaries(st.text("abc.", min_size=1, max_size=8), NAMES.filter(bool), max_size=3),
    words=st.lists(NAMES, min_size=1, max_size=5),
)
def test_a_gguf_file_of_the_library_is_read_by_both(
    shapes: list[list[int]], texts: dict[str, str], words: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.gguf"
        writer = gguf.GGUFWriter(path, "llama")
        for key, text in texts.items():
            writer.add_string(f"x.{key}", text)
        writer.add_array("tokenizer.ggml.tokens", words)
        for number, shape in enumerate(shapes):
            writer.add_tensor(f"blk.{number}", np.zeros(shape, dtype=np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()

        found = read_gguf_header(path)
        reader = gguf.GGUFReader(path)
        expected = [
            (t.name, tuple(int(axis) for axis in t.shape), int(t.data_offset), int(t.n_bytes))
            for t in reader.tensors
        ]
        del reader

    assert expected == [
        (item.name, item.shape, item.start, item.end - item.start) for item in found.tensors
    ]
    assert {f"x.{key}": text for key, text in texts.items()}.items() <= found.text.items()


SOUND = gguf_bytes(
    keys=[gguf_text("general.architecture", "llama"), gguf_number("llama.block_count", 1)],
    described=[gguf_tensor("a", [4], 0, 0), gguf_tensor("b", [32, 2], 8, 32)],
    data=bytes(32 + 68),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SOUND) - 1), st.integers(0, 255)), max_size=3))
def test_a_damaged_gguf_header_is_refused_or_still_describes_the_whole_file(
    changes: list[tuple[int, int]],
) -> None:
    data = bytearray(SOUND)
    for position, value in changes:
        data[position] = value

    found = read_gguf(bytes(data))

    if found is not None and found.tensors:
        assert found.tensors[-1].end <= len(data)
        for one, two in zip(found.tensors, found.tensors[1:], strict=False):
            assert one.end <= two.start


@pytest.mark.parametrize("length", range(0, len(SOUND), 7))
def test_a_gguf_file_that_is_cut_is_refused(length: int) -> None:
    assert read_gguf(SOUND[:length]) is None
