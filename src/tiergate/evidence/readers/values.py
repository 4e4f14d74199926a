# SPDX-License-Identifier: Apache-2.0
"""JSON of foreign logs, read strictly, and the few kinds of value that readers take from it.

Numbers stay decimal. NaN and Infinity, which these logs use for "no score", become None.
Accessors never guess: a value of another type counts as absent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, localcontext

from tiergate.errors import EvidenceError

Score = str | bool | Decimal
"""A raw score, before a declared mapping says what it means."""

MAX_COUNT = 2**53 - 1
"""The largest count that a document can carry."""

# Millions of values are looked at; to write ``int | Decimal`` would make a type each time.
_NUMBERS = (int, Decimal)
_MAX_EXPONENT = 308
"""Decimal exponent up to which a number is a number to every reader of JSON."""


class _RepeatedKeyError(ValueError):
    """One object has a key twice, so that two readers could see two logs."""


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RepeatedKeyError("a JSON object with one key twice")
    return found


_STRICT = json.JSONDecoder(
    parse_float=Decimal, parse_constant=lambda _: None, object_pairs_hook=_without_repeats
)


def parse_json(data: bytes, where: str) -> object:
    """Parse UTF-8 JSON text.

    Args:
        data: the text; NaN and Infinity are allowed and give None.
        where: how messages name the place.

    Raises:
        EvidenceError: not UTF-8, not JSON, an object with a repeated key, a number that no
            decimal can hold, or nesting that is too deep.
    """
    try:
        return _STRICT.decode(data.decode("utf-8"))
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise unusable(where, _fault(error)) from error


def parse_first(text: str, start: int, where: str) -> tuple[object, int] | None:
    """Parse the JSON value that begins at ``start``; see ``parse_json``.

    Returns:
        The value and where it ends; None when the text is cut short inside it, or is no JSON.

    Raises:
        EvidenceError: as ``parse_json``, for what more text would not mend.
    """
    try:
        return _STRICT.raw_decode(text, start)
    except json.JSONDecodeError:
        return None
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise unusable(where, _fault(error)) from error


def _fault(error: Exception) -> str:
    match error:
        case UnicodeDecodeError():
            return f"bytes that are not UTF-8, at offset {error.start}"
        case json.JSONDecodeError():
            return f"broken JSON ({error.msg}, line {error.lineno})"
        case RecursionError():
            return "JSON that is nested too deeply"
        case _RepeatedKeyError():
            return str(error)
        case _:
            return "a number out of range"


def parse_object(data: bytes, where: str) -> dict[str, object]:
    """Parse UTF-8 JSON text that must be an object; see ``parse_json``.

    Raises:
        EvidenceError: as ``parse_json``, or the text is not an object.
    """
    value = parse_json(data, where)
    if not isinstance(value, dict):
        raise EvidenceError(where, f"JSON of type {type(value).__name__}", "a JSON object")
    return value


def unusable(where: str, found: str) -> EvidenceError:
    """Make the error for text that is no JSON."""
    return EvidenceError(where, found, "JSON text in UTF-8", "Take the log from its source again.")


def as_object(value: object) -> dict[str, object]:
    """Return the JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """Return the JSON array, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str:
    r"""Return the string, or an empty one for anything else.

    A lone surrogate, which no UTF-8 document can carry, is kept as its escape.

    >>> as_text("\ud800"), as_text(7)
    ('\\ud800', '')
    """
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()


def as_label(value: object) -> str:
    """Return a text or a number as text; an empty text for anything else.

    >>> as_label("2-A"), as_label(Decimal("1.0")), as_label(None)
    ('2-A', '1.0', '')
    """
    if isinstance(value, _NUMBERS) and not isinstance(value, bool):
        return str(value)
    return as_text(value)


def as_count(value: object) -> int | None:
    """Return the whole number from 0 up, or None for anything else.

    >>> as_count(3), as_count(True), as_count(-1)
    (3, None, None)
    """
    whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT
    return value if whole and isinstance(value, int) else None


def as_number(value: object) -> Decimal | None:
    """Return the number, or None for anything else, true and false included."""
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        return None
    number = Decimal(value)
    return number if number.adjusted() <= _MAX_EXPONENT else None


def as_score(value: object) -> Score | None:
    """Return a raw score; None, which means unscored, for null, NaN and anything structured.

    >>> as_score("C"), as_score(1), as_score(False), as_score(None), as_score([1])
    ('C', Decimal('1'), False, None, None)
    """
    if isinstance(value, bool):
        return value
    return as_text(value) if isinstance(value, str) else as_number(value)


def mean(numbers: Iterable[Decimal]) -> Decimal | None:
    """Return the arithmetic mean; None when there are no numbers."""
    kept = list(numbers)
    with localcontext(prec=28):
        return sum(kept, Decimal(0)) / len(kept) if kept else None


def as_time(value: object) -> datetime | None:
    """Return the ISO 8601 time in UTC, or None; a time without an offset is taken as UTC.

    >>> as_time("2026-01-02T03:04:05+01:00").isoformat()
    '2026-01-02T02:04:05+00:00'
    """
    try:
        time = datetime.fromisoformat(as_text(value))
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def shortened(text: str, limit: int) -> str:
    """Return the text, cut to ``limit`` characters with an ellipsis when it is longer.

    >>> shortened("elicitation", 6)
    'elici…'
    """
    return text if len(text) <= limit else text[: limit - 1] + "…"


def listed(names: Iterable[str], *, most: int = 5) -> str:
    """Return up to ``most`` names in order, and how many more there are.

    >>> listed(["b", "a", "c"], most=2)
    'a, b and 1 more'
    """
    ordered = sorted(set(names))
    shown = ", ".join(shortened(name, 60) for name in ordered[:most])
    return shown if len(ordered) <= most else f"{shown} and {len(ordered) - most} more"


def settings_text(settings: Mapping[str, object]) -> str:
    """Return ``name=value`` for every setting that is given, sorted, separated by spaces.

    A text with a space, an array or an object is written as JSON without spaces outside
    its strings.

    >>> settings_text({"top_p": Decimal("0.9"), "stop": ["a"], "seed": None, "do_sample": False})
    'do_sample=false stop=["a"] top_p=0.9'
    """
    given = sorted((name, value) for name, value in settings.items() if value is not None)
    return " ".join(f"{as_text(name)}={_setting(value)}" for name, value in given)


def _setting(value: object) -> str:
    if isinstance(value, str) and value and not any(c.isspace() or c == '"' for c in value):
        return shortened(as_text(value), 80)
    dumped = json.dumps(value, separators=(",", ":"), sort_keys=True, default=float)
    return shortened(dumped, 80)
