# SPDX-License-Identifier: Apache-2.0
"""YAML as people write it by hand, read strictly and with line numbers.

Decimals and dates stay text, only ``true`` and ``false`` are truth values, and a key that
stands twice is a mistake. Aliases are refused (they can expand without bound), and so are
tags (they say that a value is something other than what is written).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

import yaml

from tiergate.errors import Problem

Location = tuple[str | int, ...]
LARGEST_BYTES = 4 * 1024 * 1024
_LONGEST_INTEGER = 40
_DEEPEST = 60


def load(data: bytes) -> tuple[object, Mapping[Location, int], tuple[Problem, ...]]:
    """Read one document.

    Returns the content (None when it cannot be read at all), the line of every location
    counted from 1, and the problems found on the way.
    """
    lines: dict[Location, int] = {}
    problems: list[Problem] = []
    try:
        node = _compose(data)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = None if mark is None else mark.line + 1
        return None, lines, (_at(line, f"no valid YAML: {error.problem}"),)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        # Some of these messages are spread over lines.
        return None, lines, (_at(None, f"no valid YAML: {' '.join(str(error).split())}"),)
    return _content(node, (), lines, problems), lines, tuple(problems)


def problem_at(
    location: Location, message: str, lines: Mapping[Location, int], whole: str
) -> Problem:
    """Make the problem of a place in a file, as a validator names it.

    A discriminated union adds the tag of the branch to a location; no such key is in the
    file, so steps that lead nowhere are left out. ``whole`` names the file itself.
    """
    path: Location = ()
    for step in location:
        if (*path, step) in lines:
            path = (*path, step)
    missing = location[-1:] if message == "Field required" else ()
    field = ".".join(str(step) for step in (*path, *missing)) or whole
    return Problem(line=lines.get(path), field=field, message=message)


def ordered(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems in the order of their lines, each once."""
    return tuple(sorted(set(problems), key=lambda p: (p.line or 0, p.field, p.message)))


class _Loader(yaml.SafeLoader):
    """SafeLoader that only knows null, true, false and whole numbers, each written out."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]  # not in the stubs
        tag = getattr(event, "tag", None)
        if isinstance(event, yaml.AliasEvent):
            raise _refused("an alias, expected plain values", event)
        if tag is not None:
            raise _refused(f"a tag {tag!r}, expected plain values", event)
        if self._depth > _DEEPEST:
            raise _refused(f"nested more than {_DEEPEST} deep", event)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _refused(problem: str, event: yaml.Event) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=cast("yaml.Mark", event.start_mark))


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag in {"tag:yaml.org,2002:null", "tag:yaml.org,2002:int"}
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _compose(data: bytes) -> yaml.Node:
    if len(data) > LARGEST_BYTES:
        raise yaml.YAMLError(f"{len(data)} bytes, expected at most {LARGEST_BYTES}")
    node = yaml.compose(data.decode("utf-8"), Loader=_Loader)
    if node is None:
        raise yaml.YAMLError("an empty file")
    return node


def _content(
    node: yaml.Node, location: Location, lines: dict[Location, int], problems: list[Problem]
) -> object:
    line = node.start_mark.line + 1
    lines.setdefault(location, line)
    if isinstance(node, yaml.MappingNode):
        content: dict[str, object] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                problems.append(_at(line, "a key that is no plain word", location))
                continue
            key = str(key_node.value)
            place = (*location, key)
            lines[place] = key_node.start_mark.line + 1
            if key in content:
                problems.append(_at(lines[place], "stands twice here", place))
            content[key] = _content(value_node, place, lines, problems)
        return content
    if isinstance(node, yaml.SequenceNode):
        return [
            _content(item, (*location, index), lines, problems)
            for index, item in enumerate(node.value)
        ]
    return _scalar(node)


def _scalar(node: yaml.Node) -> object:
    value = str(node.value)
    is_plain = getattr(node, "style", None) is None
    if is_plain and value in {"true", "false"}:
        return value == "true"
    if is_plain and node.tag == "tag:yaml.org,2002:null":
        return None
    if (
        is_plain
        and node.tag == "tag:yaml.org,2002:int"
        and value.lstrip("-").isdecimal()
        and len(value) <= _LONGEST_INTEGER
    ):
        return int(value)
    return value


def _at(line: int | None, message: str, location: Location = ()) -> Problem:
    field = ".".join(str(step) for step in location) or "file"
    return Problem(line=line, field=field, message=message)
