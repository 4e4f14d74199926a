# SPDX-License-Identifier: Apache-2.0
"""Marks in the header of a file of weights: made, read, and put in front of the tensors."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders_attestation import key
from tiergate.errors import VerificationError
from tiergate.gateway.marks import (
    ENTRY,
    Head,
    Mark,
    mark_in,
    read_head,
    read_mark,
    signed,
    with_front,
    with_mark,
)
from tiergate.gateway.objects import Content, Source
from tiergate.model.safetensors_header import parse_safetensors_header

MARK = Mark(
    grant="grant-1",
    who="a" * 64,
    repository="acme/model",
    root_digest=f"sha256:{'b' * 64}",
    path="model.safetensors",
    original=f"sha256:{'c' * 64}",
    at="2026-11-29T00:00:00Z",
)
KEY = key("ada-ed25519")


def _file(header: object, tensors: bytes = bytes(8)) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + tensors


def _tensor(**more: object) -> dict[str, object]:
    return {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, **more}


def _head(content: bytes) -> Head | None:
    return read_head(io.BytesIO(content), len(content), "model.safetensors")


def _source(content: bytes) -> Source:
    def opened(first: int, end: int) -> Content:
        return io.BytesIO(content[first:end])

    return opened


HEADERS: dict[str, dict[str, object]] = {
    "no metadata": _tensor(),
    "metadata of its own": _tensor(__metadata__={"format": "pt", "Ünï": "ö\n"}),
    "an older mark": _tensor(__metadata__={ENTRY: "older", "format": "pt"}),
    "names beyond ASCII": {"wé\u2028": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}},
}


@pytest.mark.parametrize("case", HEADERS)
def test_that_a_mark_stands_among_the_metadata_of_a_file_with(case: str) -> None:
    content = _file(HEADERS[case])
    head = _head(content)
    assert head is not None
    front = with_mark(head, "the mark")
    marked = front + content[head.skipped :]
    (length,) = struct.unpack("<Q", marked[:8])
    text = marked[8 : 8 + length]
    before = parse_safetensors_header(head.text, size_bytes=len(content), file="a")
    after = parse_safetensors_header(text, size_bytes=len(marked), file="a")

    assert len(front) % 8 == 0
    assert marked[8 + length :] == bytes(8)
    assert dict(after.metadata) == {**dict(before.metadata), ENTRY: "the mark"}
    shift = len(front) - head.skipped
    assert [replace(t, start=t.start + shift, end=t.end + shift) for t in before.tensors] == list(
        after.tensors
    )
    again = _head(marked)
    assert again is not None
    assert mark_in(again) == "the mark"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 7,
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 100) + b"{}",
        _file(b"not json"),
        _file(b'{"w": 1, "w": 2}'),
        _file(_tensor(), bytes(7)),
        _file(_tensor(), bytes(9)),
        _file(_tensor(__metadata__={"n": 1})),
        _file(_tensor(__metadata__=[])),
        b"PK\x03\x04" + bytes(100),
    ],
    ids=str,
)
def test_that_what_is_no_safetensors_file_by_the_letter_gets_no_mark(content: bytes) -> None:
    assert _head(content) is None


def test_that_a_mark_says_what_was_signed() -> None:
    assert read_mark(signed(MARK, KEY), KEY.public, "a file") == MARK


@given(
    text=st.text(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["payload", "payloadType", "signatures", "sig", "keyid"]), inner
            )
        ),
        max_leaves=8,
    ).map(json.dumps)
)
def test_that_whatever_stands_there_is_a_mark_or_does_not_hold(text: str) -> None:
    with pytest.raises(VerificationError):
        read_mark(text, KEY.public, "a file")


def test_that_nobody_else_signs_one() -> None:
    with pytest.raises(VerificationError, match="another signature"):
        read_mark(signed(MARK, key("bea-ed25519")), KEY.public, "a file")


@given(
    front=st.binary(min_size=1, max_size=40),
    tensors=st.binary(max_size=60),
    skipped=st.integers(0, 50),
    first=st.integers(0, 110),
    length=st.integers(0, 110),
    piece=st.integers(1, 20),
)
def test_that_every_part_of_a_marked_file_is_a_part_of_it(  # noqa: PLR0917
    front: bytes, tensors: bytes, skipped: int, first: int, length: int, piece: int
) -> None:
    whole = front + tensors
    end = min(first + length, len(whole))
    if first >= end:
        return
    original = bytes(skipped) + tensors
    content = with_front(front, _source(original), skipped)(first, end)
    found, left = b"", end - first
    while left:
        chunk = content.read(min(piece, left))
        assert chunk
        found += chunk
        left -= len(chunk)
    content.close()

    assert found == whole[first:end]
