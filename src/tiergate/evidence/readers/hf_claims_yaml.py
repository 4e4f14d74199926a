# SPDX-License-Identifier: Apache-2.0
"""YAML of other people's repositories, read without building anything that it asks for.

Only mappings with text keys, lists and scalars exist. A scalar stays the text that was
written, so that a decimal keeps its digits; null, true and false are those when they are not
in quotes. Aliases (they can expand without bound), tags (they say that a value is something
other than what is written) and keys that stand twice are refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tiergate.errors import EvidenceError

if TYPE_CHECKING:
    from yaml.events import Event

MAX_YAML_BYTES = 1024**2
"""A longer text is refused."""
MAX_DEPTH = 30
"""Deepest nesting."""

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}

Yaml = dict[str, "Yaml"] | list["Yaml"] | str | bool | None
"""What a text can hold."""


class _RefusedError(ValueError):
    """YAML that is valid and refused all the same."""


def parse_yaml(data: bytes, where: str) -> Yaml:
    """Parse one document.

    Raises:
        EvidenceError: too long, not UTF-8, no valid YAML, more than one document, or with
            something that is refused.
    """
    import yaml  # most logs hold none

    if len(data) > MAX_YAML_BYTES:
        found = f"YAML of {len(data)} bytes"
        raise EvidenceError(where, found, f"at most {MAX_YAML_BYTES}")
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        return _build(yaml.parse(data.decode("utf-8-sig"), Loader=loader))
    except UnicodeDecodeError as error:
        raise _unusable(where, f"bytes that are not UTF-8, at offset {error.start}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = "" if mark is None else f", line {mark.line + 1}"
        raise _unusable(where, f"broken YAML ({error.problem}{line})") from error
    except yaml.YAMLError as error:
        raise _unusable(where, f"broken YAML ({' '.join(str(error).split()):.200})") from error
    except _RefusedError as error:
        raise _unusable(where, str(error)) from error


def _unusable(where: str, found: str) -> EvidenceError:
    return EvidenceError(where, found, "plain YAML", "Take the file from its source again.")


def _build(events: Iterable[Event]) -> Yaml:
    from yaml import events as kinds

    # One list for each open collection; a mapping collects its keys and values in turn.
    open_nodes: list[list[Yaml]] = [[]]
    for event in events:
        _check(event, depth=len(open_nodes))
        if isinstance(event, kinds.CollectionStartEvent):
            open_nodes.append([])
        elif isinstance(event, kinds.MappingEndEvent):
            items = open_nodes.pop()
            open_nodes[-1].append(_mapping(items, event))
        elif isinstance(event, kinds.SequenceEndEvent):
            items = open_nodes.pop()
            open_nodes[-1].append(items)
        elif isinstance(event, kinds.ScalarEvent):
            open_nodes[-1].append(_scalar(event.value, quoted=bool(event.style)))
    if len(open_nodes[0]) > 1:
        raise _RefusedError("more than one YAML document")
    return open_nodes[0][0] if open_nodes[0] else None


def _check(event: Event, *, depth: int) -> None:
    from yaml import events as kinds

    line = _line(event)
    if isinstance(event, kinds.AliasEvent):
        raise _RefusedError(f"a YAML alias, line {line}")
    if isinstance(event, kinds.ScalarEvent | kinds.CollectionStartEvent) and event.tag:
        raise _RefusedError(f"a YAML tag, line {line}")
    if depth > MAX_DEPTH:
        raise _RefusedError(f"YAML nested more than {MAX_DEPTH} deep, line {line}")


def _mapping(items: list[Yaml], end: Event) -> dict[str, Yaml]:
    found: dict[str, Yaml] = {}
    line = _line(end)
    for key, value in zip(items[::2], items[1::2], strict=True):
        if not isinstance(key, str):
            raise _RefusedError(f"a YAML key that is no text, in the mapping up to line {line}")
        if key in found:
            raise _RefusedError(f"a YAML key that stands twice, in the mapping up to line {line}")
        found[key] = value
    return found


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _scalar(text: str, *, quoted: bool) -> str | bool | None:
    if quoted:
        return text
    return None if text in _NULLS else _TRUTHS.get(text, text)
