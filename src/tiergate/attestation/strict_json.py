# SPDX-License-Identifier: Apache-2.0
"""JSON of signed things, read so that no second reader can see something else.

A key that stands twice, a floating-point number, a lone surrogate and bytes that are not
UTF-8 are refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NoReturn

from tiergate.errors import InputError, VerificationError


def read_object(data: bytes, where: str, *, whole_floats: bool = False) -> dict[str, object]:
    """Parse ``data``, which must be a JSON object without floating-point numbers.

    Args:
        data: the JSON.
        where: how messages name it.
        whole_floats: take ``4.0`` for 4, as some writers put every number.

    Raises:
        VerificationError: a key stands twice, so that it has two contents.
        InputError: it is no JSON object of that kind.
    """
    expected = "a JSON object in UTF-8"
    twice: list[str] = []

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        again = first_repeated(name for name, _ in pairs)
        if again is not None:
            twice.append(again)
        return dict(pairs)

    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=unique,
            parse_float=_whole_float if whole_floats else _refuse,
            parse_constant=_refuse,
            parse_int=_whole,
        )
        # A lone surrogate parses but cannot be written back.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        found = f"broken JSON ({error.msg})"
        raise InputError(f"{where}:{error.lineno}", found, expected) from None
    except UnicodeError:
        raise InputError(where, "bytes or escapes that are not UTF-8", expected) from None
    except RecursionError:
        raise InputError(where, "JSON that is nested too deeply", expected) from None
    except ValueError as error:
        raise InputError(where, str(error), expected) from None
    if twice:
        raise VerificationError(where, f"the field {twice[0]!r} twice", "every field once")
    if not isinstance(value, dict):
        raise InputError(where, f"JSON of type {type(value).__name__}", expected)
    return value


def first_repeated(names: Iterable[str]) -> str | None:
    """Return the first name that stands there again; None when none does."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def fields_of(
    value: object, where: str, needed: frozenset[str], optional: frozenset[str] = frozenset()
) -> dict[str, object]:
    """Return an object of exactly these fields.

    Raises:
        VerificationError: it is no object, or a field is missing or unknown.
    """
    if not isinstance(value, dict):
        raise VerificationError(where, f"a {type(value).__name__}", "an object")
    missing, unknown = needed - value.keys(), value.keys() - needed - optional
    if missing:
        raise VerificationError(where, f"no field {min(missing)!r}", "every field of its format")
    if unknown:
        found = f"an unknown field {min(unknown)[:60]!r}"
        raise VerificationError(where, found, f"only {', '.join(sorted(needed | optional))}")
    return value


def text_of(value: object, where: str, longest: int) -> str:
    """Return a text of at most ``longest`` characters.

    Raises:
        VerificationError: it is no text, or longer.
    """
    if not isinstance(value, str):
        raise VerificationError(where, f"a {type(value).__name__}", "text")
    if len(value) > longest:
        raise VerificationError(where, f"{len(value)} characters", f"at most {longest}")
    return value


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"the number {text[:20]}, where only whole numbers belong")


def _whole_float(text: str) -> int:
    value = float(text)
    if not value.is_integer() or abs(value) >= 2**53:
        _refuse(text)
    return int(value)


def _whole(text: str) -> int:
    if len(text) > 17 or abs(int(text)) >= 2**53:
        raise ValueError(f"the number {text[:20]}, which not every reader can hold")
    return int(text)
