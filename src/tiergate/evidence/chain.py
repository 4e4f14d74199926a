# SPDX-License-Identifier: Apache-2.0
"""Lines of which each names the digest of the one before, so that none can be taken out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from tiergate.errors import EvidenceError

START = f"sha256:{'0' * 64}"
"""What the first line names."""


def digest_of_line(line: bytes) -> str:
    """Return the digest of a line, without its end."""
    return f"sha256:{hashlib.sha256(line).hexdigest()}"


def head_of(content: bytes, where: str) -> str:
    """Return what the next line has to name.

    Raises:
        EvidenceError: the last line has no end: it was written in part.
    """
    if content and not content.endswith(b"\n"):
        raise EvidenceError(
            where,
            "a last line without an end",
            "whole lines",
            "It was written in part: restore the file, or take that line out.",
        )
    lines = content.splitlines()
    return digest_of_line(lines[-1]) if lines else START


def linked(content: bytes) -> Iterator[tuple[int, bytes, str]]:
    """Yield every line with its number and what it has to name."""
    previous = START
    for number, line in enumerate(content.splitlines(), start=1):
        yield number, line, previous
        previous = digest_of_line(line)
