# SPDX-License-Identifier: Apache-2.0
"""Models that are known: how open they may be, and their licence. A file that people write."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

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
    weights_digest: str | None = None
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

    def find(self, name: str, weights_digest: str | None) -> KnownModel | None:
        """Return the model of this digest or, failing that, of this name."""
        for model in self.models:
            if weights_digest is not None and model.weights_digest == weights_digest:
                return model
        for model in self.models:
            if any(same_model(name, known) for known in (model.name, *model.aliases)):
                return model
        return None


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
