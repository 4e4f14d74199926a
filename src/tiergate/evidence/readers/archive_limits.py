# SPDX-License-Identifier: Apache-2.0
"""What an archive from a stranger may ask of the machine, and how a refusal reads."""

from __future__ import annotations

from dataclasses import dataclass

from tiergate.errors import EvidenceError


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """What an archive may ask of the machine."""

    member_bytes: int = 512 * 1024**2
    """Unpacked size of a member that is held in memory whole."""
    streamed_bytes: int = 4 * 1024**3
    """Unpacked size of a member that is read piece by piece."""
    total_bytes: int = 32 * 1024**3
    """Unpacked size of all members together."""
    members: int = 2_000_000
    """Number of members."""
    ratio: int = 1000
    """Unpacked bytes per packed byte, for members above one mebibyte."""
    directory_bytes: int = 512 * 1024**2
    """Size of the list of members."""


def damaged(where: str, found: str) -> EvidenceError:
    """Make the error for an archive or a member that is not whole."""
    return EvidenceError(
        where,
        found,
        "a whole log",
        "Take the log from its source again; if its run still goes on, wait until it has ended.",
    )


def too_large(where: str, found: str, expected: str) -> EvidenceError:
    """Make the error for what exceeds a limit."""
    return EvidenceError(
        where, found, expected, "Do not unpack it; ask its source for a log of ordinary size."
    )
