# SPDX-License-Identifier: Apache-2.0
"""Vouching for evidence documents: which ones are meant, and where their attestations go."""

from __future__ import annotations

import dataclasses
import os
import re
from datetime import datetime
from pathlib import Path

from tiergate.attestation.bundle import write_bundle
from tiergate.attestation.envelope import sign
from tiergate.attestation.keys import Signer
from tiergate.attestation.new_file import already_there, write_new_file
from tiergate.attestation.statement import PAYLOAD_TYPE
from tiergate.cli.store_documents import AttestedPart
from tiergate.errors import EvidenceError, InputError
from tiergate.evidence.attestation_statement import attestation_of
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.conversion import LARGEST_DOCUMENT_BYTES, read_document
from tiergate.evidence.document import digest_of
from tiergate.evidence.small_file import read_small_file
from tiergate.evidence.store import EvidenceStore

_DIGEST = re.compile(r"(sha256:)?[0-9a-f]{8,64}")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A document that is to be vouched for."""

    document: EvidenceDocument
    """The document."""
    path: Path | None
    """Its file, outside a store; None for one in a store."""
    store: EvidenceStore | None
    """The store that it is in; None outside one."""


def chosen(names: tuple[str, ...], store: str | None) -> tuple[Chosen, ...]:
    """Find the documents that were named: paths, or with a store digests or their beginnings.

    Raises:
        EvidenceError: there is no such document, or more than one.
        DigestMismatchError: a document of the store was changed.
    """
    if store is None:
        return tuple(_at(Path(name)) for name in names)
    if not Path(store).is_dir():
        raise InputError(store, "no such folder", "a folder of evidence", "Check --store.")
    kept = EvidenceStore(Path(store))
    documents = kept.documents()
    return tuple(
        Chosen(document=_known(name, documents, store), path=None, store=kept) for name in names
    )


def _at(path: Path) -> Chosen:
    try:
        data = read_small_file(path, LARGEST_DOCUMENT_BYTES)
    except OSError as error:
        found = f"no document ({error.strerror})"
        remedy = "For one in a store, give its digest and --store."
        raise EvidenceError(str(path), found, "an evidence document", remedy) from None
    document, folder = read_document(data, str(path)), path.resolve().parent
    if folder.name == "documents" and (folder.parent / "register.jsonl").exists():
        # Beside it is within the store, where every file is a document.
        return Chosen(document=document, path=None, store=EvidenceStore(folder.parent))
    return Chosen(document=document, path=path, store=None)


def _known(name: str, documents: tuple[EvidenceDocument, ...], store: str) -> EvidenceDocument:
    start = name if name.startswith("sha256:") else f"sha256:{name}"
    found = [d for d in documents if _DIGEST.fullmatch(name) and d.digest.startswith(start)]
    if len(found) != 1:
        raise EvidenceError(
            store,
            f"{len(found) or 'no'} documents {name!r}",
            "one, by its digest or at least eight digits of it",
            "See: tiergate evidence list",
        )
    return found[0]


def sign_documents(
    documents: tuple[Chosen, ...], output: Path | None, signer: Signer, *, at: datetime
) -> tuple[AttestedPart, ...]:
    """Vouch for each document in a file of its own, and say which.

    Nothing is written unless all can be, as far as that can be known beforehand.

    Raises:
        InputError: a document is dated after ``at``, or an attestation is there already.
        OSError: a folder does not take one.
    """
    key_id = signer.public.key_id
    statements = [attestation_of(one.document, signed_at=at) for one in documents]
    targets = [output or _target(one, key_id) for one in documents]
    for target in targets:
        if os.path.lexists(target):
            raise already_there(target)
    parts = []
    for one, statement, target in zip(documents, statements, targets, strict=True):
        data = write_bundle(sign(statement.to_bytes(), PAYLOAD_TYPE, signer))
        if one.store is not None and output is None:
            one.store.add_attestation(one.document.digest, key_id, data)
        else:
            write_new_file(target, data)
        parts.append(
            AttestedPart(document=one.document.digest, path=str(target), digest=digest_of(data))
        )
    return tuple(parts)


def _target(one: Chosen, key_id: str) -> Path:
    if one.store is not None:
        return one.store.attestation_path(one.document.digest, key_id)
    assert one.path is not None  # noqa: S101 - a document is in a file or in a store
    return one.path.with_name(f"{one.path.stem}.attestation-{key_id[:16]}.json")
