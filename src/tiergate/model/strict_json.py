# SPDX-License-Identifier: Apache-2.0
"""JSON that two readers cannot read differently.

Duplicate keys, lone surrogates, bytes that are not UTF-8 and bottomless nesting are
refused with the file and the line, because a second reader might see another model.
"""

from __future__ import annotations

import json

from tiergate.errors import CheckpointError

MAX_JSON_BYTES = 256 * 1024 * 1024
"""A JSON file of a checkpoint that is longer than this is refused, unread."""


class _DuplicateKeyError(ValueError):
    """A JSON object has one key twice."""


def read_json(data: bytes, where: str, *, allow_float: bool = True) -> object:
    """Parse ``data``.

    Args:
        data: UTF-8 text, without a byte order mark.
        where: how messages name the file.
        allow_float: False refuses every number that is not a plain non-negative integer.

    Raises:
        CheckpointError: the text is not the strict JSON described above.
    """
    try:
        text = data.decode("utf-8")
        value: object = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_float=float if allow_float else _refuse,
            parse_constant=float if allow_float else _refuse,
            parse_int=int if allow_float else _natural,
        )
        # A lone surrogate parses but cannot be written back.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        raise _bad(f"{where}:{error.lineno}", f"broken JSON ({error.msg})") from error
    except UnicodeError as error:
        raise _bad(where, "bytes or escapes that are not UTF-8") from error
    except RecursionError as error:
        raise _bad(where, "JSON that is nested too deeply") from error
    except ValueError as error:
        raise _bad(where, str(error)) from error
    return value


def read_json_object(data: bytes, where: str, *, allow_float: bool = True) -> dict[str, object]:
    """Parse ``data``, which must be a JSON object; see ``read_json``.

    Raises:
        CheckpointError: not strict JSON, or not an object.
    """
    value = read_json(data, where, allow_float=allow_float)
    if not isinstance(value, dict):
        raise _bad(where, f"JSON of type {type(value).__name__}", "a JSON object")
    return value


def _bad(where: str, found: str, expected: str = "strict JSON in UTF-8") -> CheckpointError:
    return CheckpointError(where, found, expected, "Restore the file from where it came.")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [key for key, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _DuplicateKeyError(f"the key {twice!r} twice in one object")
    return found


def _refuse(text: str) -> object:
    raise ValueError(f"the number {text[:20]}, where only whole numbers belong")


def _natural(text: str) -> int:
    if text.startswith("-") or len(text) > 20:
        raise ValueError(f"the number {text[:20]}, which is negative or too large")
    return int(text)
