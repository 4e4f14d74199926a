# SPDX-License-Identifier: Apache-2.0
"""What a mistake in a policy file is called, with a suggestion where one is near."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable, Mapping

from pydantic_core import ErrorDetails

from tiergate.decision.policy_schema import CHECKS, Part

_A_DAY = "a day of the calendar, as in 2026-11-23"
_QUOTED = re.compile(r"'([^']*)'")
_CHOICES = frozenset({"enum", "literal_error"})


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return ``; did you mean X?`` for the nearest known word; empty when none is near."""
    close = difflib.get_close_matches(str(word), list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def message(mistake: ErrorDetails) -> str:
    """Say what is wrong, in the program's words where the library's would not help."""
    kind, found = mistake["type"], mistake.get("input")
    text = mistake["msg"].removeprefix("Value error, ")
    if kind == "extra_forbidden":
        return f"is no field here{did_you_mean(mistake['loc'][-1], _field_names())}"
    if kind in _CHOICES:
        return text + did_you_mean(found, _QUOTED.findall(str(mistake["ctx"]["expected"])))
    if kind == "unknown_check" and isinstance(found, Mapping):
        close = (did_you_mean(key, CHECKS) for key in found)
        return text + next((hint for hint in close if hint), "")
    if mistake["loc"][-1:] == ("as_of",) and kind != "missing":
        return _A_DAY
    return text


@functools.cache
def _field_names() -> tuple[str, ...]:
    parts: list[type[Part]] = [Part]
    for part in parts:
        parts += part.__subclasses__()
    return tuple(sorted({name for part in parts for name in part.model_fields}))
