# SPDX-License-Identifier: Apache-2.0
"""YAML files that people write and hand over on the command line, read in one way."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from tiergate.decision.strict_yaml import LARGEST_BYTES, load
from tiergate.errors import InputError
from tiergate.evidence.small_file import read_small_file

Document = TypeVar("Document", bound=BaseModel)


def read_yaml(path: Path, shape: type[Document], expected: str, kind: type[InputError]) -> Document:
    """Read a file of the given shape.

    Raises:
        InputError: of the given kind; it has mistakes, and all of them are in the message.
    """
    content, _, problems = load(read_small_file(path, LARGEST_BYTES))
    if problems:
        text = "; ".join(f"line {p.line}: {p.field} {p.message}" for p in problems)
        raise kind(str(path), text, expected)
    try:
        return shape.model_validate(content)
    except ValidationError as error:
        mistakes = "; ".join(
            f"{'.'.join(str(step) for step in m['loc'])}: {m['msg']}" for m in error.errors()
        )
        raise kind(str(path), mistakes, expected) from None
