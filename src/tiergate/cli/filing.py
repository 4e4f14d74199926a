# SPDX-License-Identifier: Apache-2.0
"""Filing evidence: everything is read and checked before a byte is written."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from tiergate.cli import claim_file, run_ledger
from tiergate.cli.audit_file import audits_of
from tiergate.cli.baseline_file import read_baselines
from tiergate.cli.evidence_input import UNNAMED, is_document, require_mapping
from tiergate.cli.store_documents import StoreDocument
from tiergate.cli.store_listing import listed
from tiergate.errors import EvidenceError, InputError
from tiergate.evidence.attestations import (
    LARGEST_ATTESTATION_BYTES,
    GivenAttestation,
    is_key_id,
    read_attestation,
)
from tiergate.evidence.claim import Claim
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.comparing import with_baselines
from tiergate.evidence.conversion import read_document, write_document
from tiergate.evidence.from_log import document_from_log
from tiergate.evidence.provenance import (
    Binding,
    BindingLevel,
    Producer,
    ProducerRelation,
    ReadAs,
    Relation,
    Remark,
)
from tiergate.evidence.readers.base import ForeignLog
from tiergate.evidence.readers.builtin import read_log
from tiergate.evidence.small_file import read_small_file
from tiergate.evidence.store import FOLDER_NAME, EvidenceStore
from tiergate.model.checkpoint import Checkpoint


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A document that is ready to be filed."""

    data: bytes
    """Its bytes."""
    sources: tuple[Path, ...]
    """The foreign files it was read from, to be kept beside it for a recount."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Claims by one producer."""

    producer: Producer
    """Who makes them."""
    claims: tuple[Claim, ...]
    """The claims."""
    read_as: ReadAs = ReadAs.PRIMARY
    """How the facts were read."""
    source_url: str = ""
    """Where they can be looked up."""


def producer(name: str | None, organisation: str, relation: str) -> Producer:
    """Return the producer that the options name."""
    return Producer(
        name=name or UNNAMED.name, organisation=organisation, relation=ProducerRelation(relation)
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a log is to be filed."""

    mapping: str | None
    """Mapping file."""
    maker: Producer
    """Who made it."""
    related: Relation | None
    """How the weights that ran relate to the checkpoint; None where the log says."""
    audit: str | None
    """Audit file."""
    run: str
    """Registered run."""
    folder: Path
    """The store."""
    baselines: Path | None = None
    """File of baselines that ran in the same harness."""


def store_beside(model: str, store: str | None) -> Path:
    """Return the folder of evidence that is named, or the one in or beside the model.

    Raises:
        InputError: there is no such folder, or no such model. An empty store and a mistyped
            one must not look alike.
    """
    if store is not None:
        if not Path(store).is_dir():
            raise InputError(store, "no such folder", "a folder of evidence", "Check --store.")
        return Path(store)
    place = Path(model)
    if not place.exists():
        raise InputError(
            model,
            "no such file or folder",
            "the checkpoint beside which the store is",
            "Check --model; give the store of a hub model with --store.",
        )
    return (place if place.is_dir() else place.parent) / FOLDER_NAME


def prepare(path: Path, how: How, checkpoint: Checkpoint) -> Prepared:
    """Read a log or a document and tie it to ``checkpoint``.

    Raises:
        EvidenceError: it cannot be used, or is about another checkpoint.
    """
    if is_document(path):
        if how.mapping or how.audit or how.run or how.related or how.baselines:
            raise EvidenceError(
                str(path),
                "an evidence document with --mapping, --audit, --baselines, --run or --weights",
                "these for a log",
                "Leave them out: a document says for itself what it is.",
            )
        data = path.read_bytes()
        _refuse_other(read_document(data, str(path)).binding, checkpoint, str(path))
        return Prepared(data=data, sources=())
    log = read_log(path)
    run_ledger.refuse_unknown(how.run, how.folder)
    binding, unresolved = _tied(log.binding, checkpoint, how.related, str(path))
    baselines = () if how.baselines is None else read_baselines(how.baselines)
    if not log.series:
        document = _statements(log, binding, how.maker)
    else:
        meaning = require_mapping(how.mapping, log)
        audits = audits_of(how.audit, log, meaning)
        document = document_from_log(log, meaning, how.maker, binding, audits=audits, run=how.run)
        document = with_baselines(document, meaning, baselines) if baselines else document
    noted = (*document.remarks, *unresolved, *run_ledger.remarks(document, how.folder))
    return Prepared(
        data=write_document(dataclasses.replace(document, remarks=noted)),
        sources=(*log.files, *(file for one in baselines for file in one.log.files)),
    )


def _statements(log: ForeignLog, binding: Binding, maker: Producer) -> EvidenceDocument:
    """Make the document of a file that states things and holds no samples."""
    return EvidenceDocument(
        digest="",
        binding=binding,
        producer=maker,
        read_as=ReadAs.SECONDARY,
        source=log.source,
        source_url="",
        measurements=(),
        claims=log.claims,
        remarks=log.remarks,
        unmapped=(),
    )


def _tied(
    binding: Binding, checkpoint: Checkpoint, related: Relation | None, where: str
) -> tuple[Binding, tuple[Remark, ...]]:
    """Tie a log's own binding to the checkpoint, never more strongly than the log does.

    A commit ties a log to files only where the checkpoint was itself resolved from that
    commit; otherwise nobody knows that it is these.
    """
    tied = dataclasses.replace(binding, root_digest=checkpoint.root_digest)
    if related is not None and related is not Relation.IDENTICAL:
        ran = binding.measured_digest or binding.root_digest
        other = dataclasses.replace(tied, relation=related, measured_digest=ran)
        return other, ()
    _refuse_other(binding, checkpoint, where)
    if binding.level is not BindingLevel.IMMUTABLE_REVISION:
        return tied, ()
    if binding.revision == checkpoint.revision:
        same = Relation.IDENTICAL if binding.relation is Relation.UNKNOWN else binding.relation
        return dataclasses.replace(tied, relation=same), ()
    message = (
        f"The log names commit {binding.revision}; {checkpoint.name} is "
        f"{checkpoint.revision or 'no snapshot of a commit'}, so nothing shows that they are alike."
    )
    weaker = dataclasses.replace(tied, level=BindingLevel.MUTABLE_REVISION)
    return weaker, (Remark(code="commit-not-resolved", message=message),)


def _refuse_other(binding: Binding, checkpoint: Checkpoint, where: str) -> None:
    if binding.root_digest not in {"", checkpoint.root_digest}:
        raise EvidenceError(
            where,
            f"evidence about {binding.root_digest}",
            f"evidence about {checkpoint.root_digest}",
            "Give the model that it is about, or say with --weights how the two relate.",
        )


def claims_from_file(path: Path) -> Claims:
    """Read a file of claims."""
    file = claim_file.read_claims(path)
    return Claims(
        producer=claim_file.producer_of(file),
        claims=claim_file.claims_of(file),
        read_as=file.read_as,
        source_url=file.source_url,
    )


def claims_document(claims: Claims, checkpoint: Checkpoint) -> Prepared:
    """Make the document of some claims about ``checkpoint``."""
    document = EvidenceDocument(
        digest="",
        binding=Binding(
            level=BindingLevel.NAME,
            relation=Relation.IDENTICAL,
            name=checkpoint.name,
            root_digest=checkpoint.root_digest,
        ),
        producer=claims.producer,
        read_as=claims.read_as,
        source=None,
        source_url=claims.source_url,
        measurements=(),
        claims=claims.claims,
        remarks=(),
        unmapped=(),
    )
    return Prepared(data=write_document(document), sources=())


def measures(prepared: Prepared, path: Path) -> bool:
    """Tell whether a document was made from a log and holds measurements."""
    return not is_document(path) and bool(json.loads(prepared.data)["measurements"])


def file(folder: Path, prepared: Prepared) -> StoreDocument:
    """Add a prepared document to the store in ``folder`` and list the store."""
    added = EvidenceStore(folder).add(prepared.data, *prepared.sources)
    return listed(folder, (added.digest,))


def file_attestation(folder: Path, path: Path) -> StoreDocument:
    """File an attestation of a document of the store in ``folder``, and list the store.

    Nothing is known about its signatures: whether they count is asked when it is used.

    Raises:
        InputError: it is no attestation, or one is there already.
        EvidenceError: it is about no document of the store, or names no key.
        VerificationError: more than one thing could be read from it.
    """
    store = EvidenceStore(folder)
    data = read_small_file(path, LARGEST_ATTESTATION_BYTES)
    envelope, stated = read_attestation(GivenAttestation(where=str(path), data=data))
    if stated.document not in {document.digest for document in store.documents()}:
        found = f"an attestation of {stated.document}"
        raise EvidenceError(str(path), found, "one of a document of the store", "Add that first.")
    key_id = envelope.signatures[0].key_id
    if not is_key_id(key_id):
        raise EvidenceError(str(path), "a signature that names no key", "the id of its key")
    store.add_attestation(stated.document, key_id, data)
    return listed(folder)
