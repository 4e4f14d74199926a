# SPDX-License-Identifier: Apache-2.0
"""What a file is, by its bytes."""

from __future__ import annotations

import io

import pytest

from builders_model import gguf_bytes, safetensors_bytes, torch_zip
from tiergate.model.sniff import HEAD_BYTES, Content, sniff

BYTES = {
    "GGUF": (gguf_bytes(), Content.GGUF),
    "GGUF of a byte order that we refuse later": (gguf_bytes(version=3 << 24), Content.GGUF),
    "a text that begins with the word": (b"GGUF files of the model", Content.UNKNOWN),
    "safetensors": (safetensors_bytes({}, b""), Content.SAFETENSORS),
    "a header longer than its file": (b"\xff" * 4 + b"\0" * 4 + b"{}", Content.UNKNOWN),
    "safetensors whose length looks like a protocol mark": (
        safetensors_bytes({}, b"", padding=0x280 - 2),
        Content.SAFETENSORS,
    ),
    "a pickle that goes on behind what is looked at": (
        b"\x80\x04" + b"N0" * HEAD_BYTES + b".",
        Content.PICKLE,
    ),
    "a protocol mark and nothing that could follow": (b"\x80\x02\xff\xfe", Content.UNKNOWN),
    "a pickle of protocol 2": (b"\x80\x02}q\x00.", Content.PICKLE),
    "a pickle of protocol 5": (b"\x80\x05K\x01.", Content.PICKLE),
    "a protocol that no pickle has": (b"\x80\x06K\x01.", Content.UNKNOWN),
    "a pickle of protocol 0 that calls something": (b"cos\ngetcwd\n(tR.", Content.PICKLE),
    "an old-style instance": (b"(S'ls'\nios\nsystem\n.", Content.PICKLE),
    "a pickle that hides its protocol behind a mark": (
        b"(\x80\x04\x8c\x02os\x8c\x06getcwd\x93)R.",
        Content.PICKLE,
    ),
    "a harmless list of protocol 0": (b"(lp0\nI1\na.", Content.UNKNOWN),
    "a word list that starts like an opcode": (b"cat\ndog\neel\n", Content.UNKNOWN),
    "a name that is never called": (b"cos\ngetcwd\n.", Content.UNKNOWN),
    "a zip with a pickle": (torch_zip(), Content.PICKLE),
    "a zip with a pickle deep inside": (torch_zip({"a/b/DATA.PKL": b"."}), Content.PICKLE),
    "a zip without a pickle": (torch_zip({"a.txt": b"text"}), Content.UNKNOWN),
    "a zip that is cut off": (torch_zip({"a.txt": b"text"})[:40], Content.PICKLE),
    "a script": (b"#!/bin/sh\necho", Content.PROGRAM),
    "an ELF program": (b"\x7fELF\x02\x01", Content.PROGRAM),
    "plain text": (b"Hello, world.\n", Content.UNKNOWN),
    "JSON": (b'{"a": 1}', Content.UNKNOWN),
    "nothing": (b"", Content.UNKNOWN),
}


@pytest.mark.parametrize(("data", "expected"), BYTES.values(), ids=BYTES.keys())
def test_bytes_say_what_a_file_is(data: bytes, expected: Content) -> None:
    assert expected is sniff(io.BytesIO(data), data[:HEAD_BYTES], len(data))
