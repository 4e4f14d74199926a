# SPDX-License-Identifier: Apache-2.0
"""What is in an evidence store: every document, gone ones too, and who vouches for it."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from tiergate.attestation.trust import Trust
from tiergate.cli import clock
from tiergate.cli.store_documents import DoubtPart, FiledPart, SignaturePart, StoreDocument
from tiergate.errors import InputError, VerificationError
from tiergate.evidence.assurance import Standing
from tiergate.evidence.attestations import GivenAttestation, read_attestation, vouch
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.document import RemarkPart
from tiergate.evidence.store import EvidenceStore


def listed(
    folder: Path,
    added: tuple[str, ...] = (),
    *,
    trust: Trust | None = None,
    at: datetime | None = None,
) -> StoreDocument:
    """List a store, documents that are gone and who signed included.

    Raises:
        VerificationError: a signature names a key of ``trust`` and does not hold.
    """
    store = EvidenceStore(folder)
    kept, given = store.documents(), store.attestations()
    believed, doubts = vouch(kept, given, trust, at=at or clock.now())
    signed = _signatures(given)
    rows = {
        d.digest: _row(d, believed.standing_of(d.digest), signed.get(d.digest, [])) for d in kept
    }
    for entry in store.register():
        rows.setdefault(
            entry.digest,
            FiledPart(
                digest=entry.digest,
                root_digest=entry.root_digest,
                producer="",
                topics=tuple(sorted(entry.topics)),
                is_there=False,
            ),
        )
    documents = tuple(rows[digest] for digest in sorted(rows))
    return StoreDocument(
        folder=str(folder),
        added=added,
        documents=documents,
        doubts=tuple(DoubtPart.model_validate(doubt) for doubt in doubts),
    )


def _signatures(given: Iterable[GivenAttestation]) -> dict[str, list[SignaturePart]]:
    """Return what attestations say about themselves, by document; unreadable ones left out."""
    found: dict[str, list[SignaturePart]] = defaultdict(list)
    for one in given:
        with contextlib.suppress(InputError, VerificationError):
            envelope, stated = read_attestation(one)
            part = SignaturePart(
                file=one.where,
                digest=one.digest,
                key_ids=tuple(made.key_id for made in envelope.signatures),
                signed_at=stated.signed_at,
            )
            found[stated.document].append(part)
    return found


def _row(
    document: EvidenceDocument, standing: Standing, signatures: Iterable[SignaturePart]
) -> FiledPart:
    maker = document.producer
    return FiledPart(
        digest=document.digest,
        root_digest=document.binding.root_digest,
        producer=f"{maker.name} ({maker.organisation})" if maker.organisation else maker.name,
        topics=tuple(sorted(document.topics)),
        is_there=True,
        remarks=tuple(RemarkPart(code=r.code, message=r.message) for r in document.remarks),
        assurance=standing.assurance,
        assurance_reason=standing.reason,
        signatures=tuple(signatures),
    )
