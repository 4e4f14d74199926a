# SPDX-License-Identifier: Apache-2.0
"""What acts refer to, taken from what has happened so far."""

from __future__ import annotations

from collections.abc import Mapping

from tiergate.errors import InputError
from tiergate.release.events import Event
from tiergate.release.facts import Facts


def newest(facts: Facts) -> str:
    """Return the digest of the newest decision.

    Raises:
        InputError: there is none.
    """
    if facts.decided is None:
        remedy = "Enter one with: tiergate release submit RECORD"
        raise InputError("ledger", "no decision", "a decision", remedy)
    return facts.decided.decision


def targets(named: tuple[int, ...], standing: Mapping[int, Event], word: str) -> tuple[int, ...]:
    """Return the events that were named, or all that stand.

    Raises:
        InputError: none was named and none stands.
    """
    found = named or tuple(standing)
    if not found:
        raise InputError("ledger", f"no {word} that stands", f"a {word} to lift")
    return found
