# SPDX-License-Identifier: Apache-2.0
"""Files in YAML that people write, read strictly: every mistake at once, with its line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from tiergate.decision import strict_yaml
from tiergate.decision.file_formats import another_format
from tiergate.decision.policy_suggestions import messages
from tiergate.decision.strict_yaml import Location, ordered, problem_at
from tiergate.errors import MistakesError
from tiergate.evidence.small_file import read_small_file

Document = TypeVar("Document", bound=BaseModel)


def read_yaml_file(path: Path, called: str) -> bytes:
    """Return the bytes of a file.

    Args:
        path: where it is.
        called: what it should be, as in ``rollout plan``.

    Raises:
        MistakesError: there is no such file.
    """
    try:
        return read_small_file(path, strict_yaml.LARGEST_BYTES)
    except OSError as error:
        found = f"no {called} ({error.strerror})"
        raise MistakesError(str(path), found, f"the path of a {called}") from None


def parse_yaml(  # noqa: PLR0913 - each of them is one thing to say
    data: bytes,
    where: str,
    model: type[Document],
    *,
    called: str,
    root: str,
    mistakes: Callable[[Document], Iterable[tuple[Location, str]]],
) -> Document:
    """Read the bytes of a file.

    Args:
        data: the bytes.
        where: how messages name the file.
        model: its shape.
        called: what it should be.
        root: how messages name the whole of it, where no field is meant.
        mistakes: yields what is wrong with a file that has the shape, with its place.

    Raises:
        MistakesError: with every mistake, its line and what was expected.
    """
    expected = f"a {called} that follows the schema"
    content, lines, problems = strict_yaml.load(data)
    if content is None:
        raise MistakesError.of(where, problems, expected)
    other = another_format(content, model)
    if other:
        raise MistakesError.of(where, (problem_at(("format",), other, lines, root),), expected)
    try:
        document = model.model_validate(content)
    except ValidationError as error:
        found = (problem_at(*each, lines, root) for each in messages(error.errors(), model))
        raise MistakesError.of(where, ordered((*problems, *found)), expected) from None
    wrong = (problem_at(place, message, lines, root) for place, message in mistakes(document))
    problems = ordered((*problems, *wrong))
    if problems:
        raise MistakesError.of(where, problems, expected)
    return document
