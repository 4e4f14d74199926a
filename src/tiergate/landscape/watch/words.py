# SPDX-License-Identifier: Apache-2.0
"""Words for removed safeguards: the list that comes with the program, and where they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field

from tiergate.landscape.sources import CalendarDate, ReadAs
from tiergate.landscape.watch.names import leet, readings
from tiergate.landscape.watch.row import Row


class WordPart(BaseModel):
    """One word."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    word: Annotated[str, Field(pattern=r"^[a-z]{5,40}$")]
    """The word or its beginning, in small letters."""
    means: Annotated[str, Field(min_length=1)]
    """What those who use it mean."""
    source: Annotated[str, Field(pattern=r"^https://")]
    """Where it is used so."""
    read: ReadAs
    """How that is known."""


class WordsFile(BaseModel):
    """The list."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    as_of: CalendarDate
    """When it was made."""
    words: Annotated[tuple[WordPart, ...], Field(min_length=1)]
    """The words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A word, and where it stands."""

    word: str
    """The word of the list."""
    place: str
    """The name or the tag, as it is written."""


@lru_cache(maxsize=1)
def shipped_words() -> WordsFile:
    """Read the list that comes with the program."""
    data = resources.files(__package__).joinpath("words.yaml").read_bytes()
    return WordsFile.model_validate(yaml.safe_load(data))


def said(row: Row, words: Iterable[str]) -> tuple[Said, ...]:
    """Return which of the words stand in the name or the tags of a row, each once.

    Tags that name other repositories are left out: what a base is called says nothing about
    what was made from it.

    >>> [found.place for found in said(Row(repository="a/B-UnC3nsored"), ["uncensored"])]
    ['a/B-UnC3nsored']
    """
    asked = tuple((word, leet(word)) for word in words)
    return tuple(_said(_texts(row), asked))


def _texts(row: Row) -> Iterator[str]:
    yield row.repository
    yield from (tag for tag in row.tags if ":" not in tag)


def _said(texts: Iterator[str], asked: tuple[tuple[str, str], ...]) -> Iterator[Said]:
    found: set[str] = set()
    for text in texts:
        for reading in readings(text):
            for word, folded in asked:
                if word not in found and folded in reading:
                    found.add(word)
                    yield Said(word=word, place=text)
