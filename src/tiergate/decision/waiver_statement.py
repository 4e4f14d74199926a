# SPDX-License-Identifier: Apache-2.0
"""Waivers as documents: the file that people write, and the statement that they sign.

The statement holds the waivers themselves; its subjects are the checkpoints that they are for.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tiergate import __version__
from tiergate.attestation.envelope import Envelope
from tiergate.attestation.statement import Statement, Subject, read_statement
from tiergate.decision.tier import Tier
from tiergate.errors import VerificationError
from tiergate.evidence.document_types import Digest, Name, UtcTime

PREDICATE_TYPE = "https://tiergate.dev/waiver/v1"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class WaiverPart(_Part):
    """One waiver: a human exception from one requirement on one checkpoint."""

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


class WaiverFile(_Part):
    """A file of waivers: scoped, expiring human exceptions, capped at a tier."""

    format: Literal["tiergate-waivers/1"]
    """Format and version of this file."""
    waivers: Annotated[tuple[WaiverPart, ...], Field(min_length=1)]
    """The waivers."""


class WaiverPredicate(_Part):
    """What is signed when waivers are given."""

    waivers: Annotated[tuple[WaiverPart, ...], Field(min_length=1)]
    """The waivers."""
    signed_at: UtcTime
    """When they were signed, as the signer says."""
    engine_version: Name
    """Version of Tiergate that made the statement."""


def waiver_statement(waivers: Iterable[WaiverPart], *, signed_at: datetime) -> Statement:
    """Return what is signed to give ``waivers``."""
    given = tuple(waivers)
    predicate = WaiverPredicate(waivers=given, signed_at=signed_at, engine_version=__version__)
    return Statement(
        subjects=_subjects(given),
        predicate_type=PREDICATE_TYPE,
        predicate=predicate.model_dump(mode="json"),
    )


def read_waiver_statement(envelope: Envelope, where: str) -> WaiverPredicate:
    """Read the waivers in an envelope, whoever signed them.

    Raises:
        VerificationError: it is a statement of another kind, about other checkpoints than its
            waivers, or does not follow the format.
    """
    statement = read_statement(envelope, where)
    if statement.predicate_type != PREDICATE_TYPE:
        found = f"a statement of type {statement.predicate_type!r}"
        raise VerificationError(where, found, PREDICATE_TYPE)
    try:
        predicate = WaiverPredicate.model_validate(statement.predicate)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in ("predicate", *first["loc"]))
        raise VerificationError(f"{where}: {place}", first["msg"], "waivers") from None
    if statement.subjects != _subjects(predicate.waivers):
        found = "subjects that are not the checkpoints of its waivers"
        raise VerificationError(where, found, "the root digest of each")
    return predicate


def _subjects(waivers: Iterable[WaiverPart]) -> tuple[Subject, ...]:
    """Return the checkpoints; their digests can be taken for those of no file."""
    roots = sorted({waiver.root_digest.removeprefix("sha256:") for waiver in waivers})
    return tuple(
        Subject(name=f"urn:tiergate:checkpoint:{root}", digest={"tiergateRootDigest": root})
        for root in roots
    )
