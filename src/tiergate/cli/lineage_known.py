# SPDX-License-Identifier: Apache-2.0
"""Models that are known: how open they may be, and their licence. A file that people write."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tiergate.cli.yaml_file import read_yaml
from tiergate.decision.tier import Tier
from tiergate.errors import InputError


class KnownModel(BaseModel):
    """One model that others may descend from."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    name: str = Field(min_length=1)
    """What it is called, such as ``org/name``."""
    aliases: tuple[str, ...] = ()
    """Other names of the same weights."""
    weights_digest: str | None = Field(default=None, pattern=r"^sha256:[0-9a-f]{64}$")
    """Digest over its tensors; knows it under any name."""
    tier: Tier | None = None
    """The most open tier that it may have."""
    licence: str | None = None
    """Its licence."""


class KnownModelsFile(BaseModel):
    """What ``tiergate lineage --known`` reads."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    format: Literal["tiergate-known-models/1"]
    """Format and version of this document."""
    models: tuple[KnownModel, ...] = Field(min_length=1)
    """The models."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        seen: set[str] = set()
        for model in self.models:
            own = {name.casefold() for name in (model.name, *model.aliases)}
            if model.weights_digest is not None:
                own.add(model.weights_digest)
            if seen & own:
                raise ValueError(f"{', '.join(sorted(seen & own))} stands here twice")
            seen |= own
        return self

    def find(self, name: str, weights_digest: str | None) -> KnownModel | None:
        """Return the model of this digest or, failing that, of this name.

        A name without an organisation may mean several; then it is the one that is held to the
        strictest tier.
        """
        for model in self.models:
            if weights_digest is not None and model.weights_digest == weights_digest:
                return model
        named = [
            model
            for model in self.models
            if any(same_model(name, known) for known in (model.name, *model.aliases))
        ]
        return min(named, key=_strictness, default=None)


def _strictness(model: KnownModel) -> tuple[bool, int]:
    return (model.tier is None, 0 if model.tier is None else model.tier.rank)


def read_known(path: Path) -> KnownModelsFile:
    """Read a file of known models.

    Raises:
        InputError: it has mistakes, and all of them are in the message.
    """
    return read_yaml(path, KnownModelsFile, "a file of known models", InputError)


def same_model(one: str, other: str) -> bool:
    """Whether two names mean one model: equal but for case, or one lacks the organisation.

    >>> same_model("Org/Base-1B", "base-1b"), same_model("a/base", "b/base")
    (True, False)
    """
    left, right = one.casefold(), other.casefold()
    short = "/" not in left or "/" not in right
    return left == right or (short and left.rpartition("/")[2] == right.rpartition("/")[2])
