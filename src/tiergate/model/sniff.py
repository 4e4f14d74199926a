# SPDX-License-Identifier: Apache-2.0
"""What a file is by its bytes, whatever its name says.

Finds pickles (bare, or inside a zip), programs, GGUF and safetensors. Nothing is ever
unpickled; the opcodes are only read.
"""

from __future__ import annotations

import io
import pickletools
import warnings
from enum import StrEnum
from typing import IO

HEAD_BYTES = 4096
"""How much of a file is looked at."""

_EXECUTING = frozenset(["REDUCE", "BUILD", "OBJ", "NEWOBJ", "NEWOBJ_EX", "INST"])
_NAMING = frozenset(["GLOBAL", "STACK_GLOBAL", "INST"])
_PROGRAMS = (b"#!", b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\x00asm")
_HIGHEST_PICKLE_PROTOCOL = 5
_MOST_HEADER_BYTES = 100_000_000


class Content(StrEnum):
    """What the first bytes say."""

    PICKLE = "pickle"
    GGUF = "gguf"
    SAFETENSORS = "safetensors"
    PROGRAM = "program"
    UNKNOWN = "unknown"


def sniff(stream: IO[bytes], head: bytes, size_bytes: int) -> Content:
    """Return what a file is.

    Args:
        stream: the open file; read further only when it is a zip.
        head: its first bytes, at most ``HEAD_BYTES``.
        size_bytes: its length.
    """
    if head.startswith(b"GGUF") and 0 in head[4:8]:
        # A version number follows; a text that merely begins with the word has none.
        return Content.GGUF
    if head.startswith(b"PK\x03\x04"):
        return Content.PICKLE if _zip_holds_pickle(stream) else Content.UNKNOWN
    if _is_pickle(head):
        return Content.PICKLE
    if head.startswith(_PROGRAMS):
        return Content.PROGRAM
    length = int.from_bytes(head[:8], "little")
    if head[8:9] == b"{" and length <= min(_MOST_HEADER_BYTES, size_bytes - 8):
        return Content.SAFETENSORS
    return Content.UNKNOWN


def _zip_holds_pickle(stream: IO[bytes]) -> bool:
    """Return True as well when the archive is broken: other readers may still open it."""
    import zipfile  # few checkpoints hold one

    try:
        with zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, UnicodeError):
        return True
    return any(name.lower().endswith((".pkl", ".pickle")) for name in names)


def _is_pickle(head: bytes) -> bool:
    """Return True when opcodes name something and call it, or follow a protocol mark.

    The mark alone proves nothing: a safetensors file may begin with the same two bytes, as
    the length of its header. There the next bytes are no opcodes.
    """
    is_marked = len(head) >= 2 and head[0] == 0x80 and head[1] <= _HIGHEST_PICKLE_PROTOCOL
    stream = io.BytesIO(head)
    names = False
    try:
        # Bytes that are no pickle may hold escapes that Python warns about.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            for opcode, _, _ in pickletools.genops(stream):
                names = names or opcode.name in _NAMING
                if names and opcode.name in _EXECUTING:
                    return True
    except (ValueError, UnicodeError, OverflowError):
        return is_marked and stream.tell() == len(head)
    return is_marked
