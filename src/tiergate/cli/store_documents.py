# SPDX-License-Identifier: Apache-2.0
"""What is printed about an evidence store and about signing what is in it, field by field."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from tiergate.evidence.assurance import Assurance
from tiergate.evidence.document import RemarkPart
from tiergate.evidence.document_types import UtcTime


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True, use_attribute_docstrings=True)


class SignaturePart(_Part):
    """One attestation of a document, as it says itself."""

    file: str
    """Where it is."""
    digest: str
    """Digest of its bytes."""
    key_ids: tuple[str, ...]
    """Keys that its signatures name; whether they hold is in the assurance."""
    signed_at: UtcTime
    """When it was signed, as the signer says."""


class DoubtPart(_Part):
    """An attestation, or a signature in one, that counts for nothing."""

    where: str
    """The file."""
    reason: str
    """Why."""


class FiledPart(_Part):
    """One document of an evidence store."""

    digest: str
    """Its identity."""
    root_digest: str
    """The checkpoint that it is about; empty when it names none."""
    producer: str
    """Who made it."""
    topics: tuple[str, ...]
    """Metrics and claim items."""
    is_there: bool
    """False when it was registered and is gone."""
    remarks: tuple[RemarkPart, ...] = ()
    """What was noticed about it; empty when it is gone."""
    assurance: Assurance = Assurance.DECLARED
    """How well it is known who made it, for the trust file that was given."""
    assurance_reason: str = ""
    """Why it is no less and no more; empty when the document is gone."""
    signatures: tuple[SignaturePart, ...] = ()
    """Attestations of it, sorted by file."""


class StoreDocument(_Part):
    """What ``tiergate evidence add``, ``claim`` and ``list`` print with ``--json``."""

    format: Literal["tiergate-store/1"] = "tiergate-store/1"
    """Format and version of this document."""
    folder: str
    """Where the store is."""
    added: tuple[str, ...] = ()
    """Digests added by this command."""
    documents: tuple[FiledPart, ...]
    """Every document, sorted by digest."""
    doubts: tuple[DoubtPart, ...] = ()
    """What vouches for no document, or counts for nothing, and why."""


class AttestedPart(_Part):
    """One attestation that was written."""

    document: str
    """The document that it is about."""
    path: str
    """Where it was written."""
    digest: str
    """Digest of its bytes."""


class EvidenceSigningDocument(_Part):
    """What ``tiergate evidence sign --json`` prints."""

    format: Literal["tiergate-evidence-signing/1"] = "tiergate-evidence-signing/1"
    """Format and version of this document."""
    key_id: str
    """The key that signed."""
    signed_at: UtcTime
    """When."""
    written: tuple[AttestedPart, ...]
    """One for each document, in the order given."""


class WaiverSigningDocument(_Part):
    """What ``tiergate waiver sign --json`` prints."""

    format: Literal["tiergate-waiver-signing/1"] = "tiergate-waiver-signing/1"
    """Format and version of this document."""
    path: str
    """Where it was written."""
    digest: str
    """Digest of its bytes."""
    key_id: str
    """The key that signed."""
    signed_at: UtcTime
    """When."""
    requirements: tuple[str, ...]
    """Requirements that its waivers stand in for, in the order of the file."""
