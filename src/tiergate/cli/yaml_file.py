# SPDX-License-Identifier: Apache-2.0
"""YAML files that people write and hand over on the command line, read in one way."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar, get_args

from pydantic import BaseModel, ValidationError

from tiergate.cli import text
from tiergate.decision.policy_suggestions import messages
from tiergate.decision.strict_yaml import LARGEST_BYTES, load, ordered, problem_at
from tiergate.errors import InputError, Problem
from tiergate.evidence.small_file import read_small_file

Document = TypeVar("Document", bound=BaseModel)
_WHOLE = "the file"


def read_yaml(path: Path, shape: type[Document], expected: str, kind: type[InputError]) -> Document:
    """Read a file of the given shape.

    Raises:
        InputError: of the given kind; it has mistakes, and all of them are in the message.
    """
    content, lines, problems = load(_bytes(path, expected, kind))
    if problems:
        raise kind(str(path), _said(problems), expected)
    _refuse_other_format(content, shape, path, expected, kind)
    try:
        return shape.model_validate(content)
    except ValidationError as error:
        found = (problem_at(*each, lines, _WHOLE) for each in messages(error.errors(), shape))
        raise kind(str(path), _said(ordered(found)), expected) from None


def _said(problems: Iterable[Problem]) -> str:
    return "; ".join(map(_mistake, problems))


def _mistake(problem: Problem) -> str:
    line = "" if problem.line is None else f"line {problem.line}: "
    # A mistake of the file as a whole stands nowhere.
    return (
        problem.message if problem.field == _WHOLE else f"{line}{problem.field}: {problem.message}"
    )


def _bytes(path: Path, expected: str, kind: type[InputError]) -> bytes:
    remedy = f"Give the path of {expected}."
    try:
        return read_small_file(path, LARGEST_BYTES)
    except FileNotFoundError:
        raise kind(str(path), "no such file", expected, remedy) from None
    except IsADirectoryError:
        raise kind(str(path), "a folder", expected, remedy) from None


def _refuse_other_format(
    content: object, shape: type[BaseModel], path: Path, expected: str, kind: type[InputError]
) -> None:
    """Refuse a file of another format by that alone: its other fields are no mistakes."""
    known = get_args(shape.model_fields["format"].annotation)
    found = content.get("format") if isinstance(content, dict) else None
    if isinstance(found, str) and found not in known:
        formats = " or ".join(repr(name) for name in known)
        remedy = f"Give {expected} of that format."
        raise kind(str(path), f"format {text.shortened(repr(found), 60)}", formats, remedy)
