# SPDX-License-Identifier: Apache-2.0
"""The statement by which somebody vouches for an evidence document.

An in-toto statement whose one subject is the document's file by its SHA-256. The document's
bytes stay as they are: who vouches for it stands beside it.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import ValidationError

from tiergate import __version__
from tiergate.attestation.envelope import Envelope
from tiergate.attestation.statement import Statement, Subject, read_statement
from tiergate.errors import InputError, VerificationError
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.document_types import Digest, DigestOrEmpty, Name, Part, Text, UtcTime

PREDICATE_TYPE = "https://tiergate.dev/evidence/v1"


class AttestedProducer(Part):
    """Who made the document, as it says itself."""

    name: Name
    """Person, team or tool."""
    organisation: Text
    """Their organisation; empty when the document names none."""


class EvidencePredicate(Part):
    """What is stated about an evidence document."""

    document: Digest
    """Digest of its bytes, which is its identity."""
    root_digest: DigestOrEmpty
    """The checkpoint that it is about; empty when it names none."""
    producer: AttestedProducer
    """Who made it."""
    signed_at: UtcTime
    """When it was signed, as the signer says."""
    engine_version: Name
    """Version of Tiergate that made the statement."""


def attestation_of(document: EvidenceDocument, *, signed_at: datetime) -> Statement:
    """Return what is signed to vouch for ``document``.

    Raises:
        InputError: something in it is dated later than ``signed_at``.
    """
    if ended(document) > signed_at:
        raise InputError(
            document.digest,
            f"something dated after now ({ended(document):%Y-%m-%d %H:%M} UTC)",
            f"nothing after {signed_at:%Y-%m-%d %H:%M} UTC",
            "Sign it when its time has come.",
        )
    predicate = EvidencePredicate(
        document=document.digest,
        root_digest=document.binding.root_digest,
        producer=producer_of(document),
        signed_at=signed_at,
        engine_version=__version__,
    )
    return Statement(
        subjects=(_subject(document.digest),),
        predicate_type=PREDICATE_TYPE,
        predicate=predicate.model_dump(mode="json"),
    )


def read_predicate(envelope: Envelope, where: str) -> EvidencePredicate:
    """Read what is stated about a document, whoever signed it.

    Raises:
        VerificationError: it is a statement of another kind, about anything but one document,
            or does not follow the format.
    """
    statement = read_statement(envelope, where)
    if statement.predicate_type != PREDICATE_TYPE:
        found = f"a statement of type {statement.predicate_type!r}"
        raise VerificationError(where, found, PREDICATE_TYPE)
    try:
        predicate = EvidencePredicate.model_validate(statement.predicate)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in ("predicate", *first["loc"]))
        raise VerificationError(f"{where}: {place}", first["msg"], "an attestation") from None
    if len(statement.subjects) != 1:
        found = f"{len(statement.subjects)} subjects"
        raise VerificationError(where, found, "the one document that it is about")
    if statement.subjects[0].digest != _subject(predicate.document).digest:
        found = "a subject that is not the document which it names"
        raise VerificationError(where, found, f"sha256 of {predicate.document}")
    return predicate


def producer_of(document: EvidenceDocument) -> AttestedProducer:
    """Return who made a document, as a statement about it says."""
    maker = document.producer
    return AttestedProducer(name=maker.name, organisation=maker.organisation)


def ended(document: EvidenceDocument) -> datetime:
    """Return the latest time that a document is about; it holds at least one."""
    measured: list[datetime] = [found.finished_at for found in document.measurements]
    return max((*measured, *(claim.made_at for claim in document.claims)))


def _subject(digest: str) -> Subject:
    sha256 = digest.removeprefix("sha256:")
    return Subject(name=f"{sha256}.json", digest={"sha256": sha256})
