# SPDX-License-Identifier: Apache-2.0
"""Waiver files, as people write them: YAML at the edge, unsigned for now."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tiergate.cli.yaml_file import read_yaml
from tiergate.decision.tier import Tier
from tiergate.decision.waiver import Waiver
from tiergate.errors import InputError
from tiergate.evidence.document_types import Digest, UtcTime


class WaiverPart(BaseModel):
    """One waiver: a human exception from one requirement on one checkpoint."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    requirement: Annotated[str, Field(min_length=1)]
    """Id of the requirement that it stands in for."""
    root_digest: Digest
    """The one checkpoint that it is for."""
    highest_tier: Tier
    """It counts up to this tier, if the policy allows so much."""
    issued_at: UtcTime
    """When it was given."""
    expires_at: UtcTime
    """When it ends."""
    by: Annotated[str, Field(min_length=1)]
    """Who gave it."""
    reason: Annotated[str, Field(min_length=1)]
    """Why."""

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> WaiverPart:
        start: datetime = self.issued_at
        if self.expires_at <= start:
            raise ValueError("expires_at is not after issued_at")
        return self


class WaiverFile(BaseModel):
    """A file of waivers: scoped, expiring human exceptions, capped at a tier."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    format: Literal["tiergate-waivers/1"]
    """Format and version of this file."""
    waivers: Annotated[tuple[WaiverPart, ...], Field(min_length=1)]
    """The waivers."""


def read_waivers(path: Path) -> tuple[Waiver, ...]:
    """Read a waiver file.

    Raises:
        InputError: it cannot be read or has mistakes; all of them are in the message.
    """
    file = read_yaml(path, WaiverFile, "a waiver file", InputError)
    return tuple(Waiver(**dict(part)) for part in file.waivers)
