# SPDX-License-Identifier: Apache-2.0
"""Exit codes. Only 0 opens anything."""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """What the program's exit status means; docs/reference/exit-codes.md has one row each."""

    SUPPORTED = 0
    """Done; the tier asked for is supported."""
    NOT_MET = 1
    """A requirement is not met."""
    USAGE = 2
    """Usage error."""
    UNDETERMINED = 3
    """Evidence is missing, stale or too thin."""
    UNUSABLE_INPUT = 4
    """Input cannot be used."""
    VERIFICATION_FAILED = 5
    """A digest, signature, identity or chain does not hold."""
    NOT_POSSIBLE_NOW = 6
    """A measurement failed, a step is not allowed now, or an extra is missing."""
    BUG = 70
    """A bug in tiergate."""
    INTERRUPTED = 130
    """Interrupted from the keyboard."""
