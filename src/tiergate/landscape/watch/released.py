# SPDX-License-Identifier: Apache-2.0
"""The released models that are watched: a file that people write, or the program for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from tiergate.landscape.watch.names import SHORTEST_KEY, own_name, plain
from tiergate.landscape.watch.row import REPOSITORY

EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""Digest of a file without bytes, which everybody has."""

Repository = Annotated[str, Field(pattern=f"^{REPOSITORY.pattern}$")]
Sha256 = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ReleasedFile(_Part):
    """One file of the weights."""

    name: Annotated[str, Field(min_length=1, max_length=500)]
    """Its path in the release."""
    size_bytes: Annotated[int, Field(strict=True, ge=1)]
    """Its size."""
    sha256: Sha256
    """Its digest."""


class ReleasedModel(_Part):
    """One released model."""

    name: Repository
    """Where it was released, as in ``org/name``."""
    aliases: tuple[Repository, ...] = ()
    """Other repositories of its owner with the same model: none of them is a finding."""
    released_at: AwareDatetime
    """When its weights became available."""
    release: str | None = None
    """Name of the release in the ledger; null where it is the only one."""
    weights_digest: Sha256 | None = None
    """Digest over all of its tensors."""
    structure: Sha256 | None = None
    """Digest over names, types and shapes of its tensors."""
    sketch: str | None = None
    """Path of its sketch beside this file, for matches by weights."""
    files: tuple[ReleasedFile, ...] = ()
    """Files of its weights, for matches by digest."""

    @property
    def keys(self) -> frozenset[str]:
        """Its names, in lower case."""
        return frozenset(name.lower() for name in (self.name, *self.aliases))

    @property
    def plain_names(self) -> frozenset[str]:
        """Its names without organisation, in plain letters."""
        return frozenset(plain(own_name(name)) for name in (self.name, *self.aliases)) - {""}

    @property
    def digests(self) -> dict[str, str]:
        """Names of its files by their digests in hexadecimal; a file without bytes left out."""
        found = {file.sha256.removeprefix("sha256:"): file.name for file in self.files}
        return {digest: name for digest, name in found.items() if digest != EMPTY_SHA256}


class ReleasedModelsFile(_Part):
    """What ``tiergate watch run --released`` reads."""

    format: Literal["tiergate-released-models/1"] = "tiergate-released-models/1"
    """Format and version of this document."""
    models: Annotated[tuple[ReleasedModel, ...], Field(min_length=1)]
    """The models."""

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        seen: set[str] = set()
        for model in self.models:
            if seen & model.keys:
                both = ", ".join(sorted(seen & model.keys))
                raise ValueError(f"{both} stands here twice")
            seen |= model.keys
        return self


def long_names(models: tuple[ReleasedModel, ...]) -> Iterator[str]:
    """Yield the plain names that are a lead wherever they stand in another name."""
    for model in models:
        yield from (name for name in model.plain_names if len(name) >= SHORTEST_KEY)


def days_between(start: datetime, end: datetime) -> int:
    """Return whole days from one time to another; negative when it is earlier.

    >>> from datetime import UTC
    >>> days_between(datetime(2026, 8, 28, tzinfo=UTC), datetime(2026, 8, 30, 12, tzinfo=UTC))
    2
    """
    return (end - start).days
