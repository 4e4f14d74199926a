# SPDX-License-Identifier: Apache-2.0
"""Evidence from paths on the command line: documents, attestations, logs, folders of them.

A path that was named and cannot be used is an error. A file in a folder that is no
evidence is listed as not read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

from tiergate.attestation.bundle import MEDIA_TYPE
from tiergate.cli.yaml_file import read_yaml
from tiergate.errors import EvidenceError
from tiergate.evidence.attestations import LARGEST_ATTESTATION_BYTES, GivenAttestation
from tiergate.evidence.collection import EvidenceDocument, RegisteredDocument
from tiergate.evidence.conversion import LARGEST_DOCUMENT_BYTES, read_document
from tiergate.evidence.from_log import document_from_log
from tiergate.evidence.mapping import TaskMapping
from tiergate.evidence.provenance import Producer, ProducerRelation
from tiergate.evidence.readers.base import READERS, ForeignLog
from tiergate.evidence.readers.builtin import read_log
from tiergate.evidence.runs import PlannedRun
from tiergate.evidence.small_file import read_small_file
from tiergate.evidence.store import EvidenceStore

UNNAMED = Producer(name="not stated", organisation="", relation=ProducerRelation.UNKNOWN)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What was found."""

    documents: tuple[EvidenceDocument, ...]
    """Documents of the store and of the paths given."""
    register: tuple[RegisteredDocument, ...]
    """The store's register."""
    runs: tuple[PlannedRun, ...]
    """The store's run ledger."""
    not_read: tuple[str, ...]
    """Files in the folders given that are no evidence."""
    attestations: tuple[GivenAttestation, ...] = ()
    """Files that may vouch for a document, of the store and of the paths given."""


def gather(
    stores: Iterable[EvidenceStore], paths: tuple[str, ...], mapping_path: str | None
) -> Gathered:
    """Read the stores and every path.

    A foreign log is about the checkpoint only as far as it says so itself.

    Raises:
        EvidenceError: a path that was named cannot be used.
        DigestMismatchError: a document in the store was changed.
    """
    kept = tuple(stores)
    documents = [document for store in kept for document in store.documents()]
    attestations = [found for store in kept for found in store.attestations()]
    not_read: list[str] = []
    for name in paths:
        path = Path(name)
        if (path / "register.jsonl").exists():
            raise EvidenceError(
                name, "an evidence store", "logs and documents", f"Give it with --store {name}"
            )
        if path.is_dir() and not _is_log(path):
            for file in sorted(p for p in path.rglob("*") if p.is_file() or p.is_symlink()):
                if not file.is_file():
                    not_read.append(f"{file} (a link)")
                elif is_attestation(file):
                    attestations.append(_attestation(file))
                elif is_document(file) or _is_log(file):
                    documents.append(_from_path(file, mapping_path))
                else:
                    not_read.append(str(file))
        elif is_attestation(path):
            attestations.append(_attestation(path))
        else:
            documents.append(_from_path(path, mapping_path))
    return Gathered(
        documents=tuple(documents),
        register=tuple(entry for store in kept for entry in store.register()),
        runs=tuple(run for store in kept for run in store.runs()),
        not_read=tuple(not_read),
        attestations=tuple(attestations),
    )


def _from_path(path: Path, mapping_path: str | None) -> EvidenceDocument:
    if is_document(path):
        return read_document(path.read_bytes(), str(path))
    log = read_log(path)
    if not log.series:
        raise EvidenceError(
            str(path),
            "statements without samples",
            "a log with samples",
            "File them as claims: tiergate evidence add",
        )
    return document_from_log(log, require_mapping(mapping_path, log), UNNAMED, log.binding)


def _is_log(path: Path) -> bool:
    return any(READERS[name].recognises(path) for name in READERS)


def is_document(path: Path) -> bool:
    """Tell whether a file looks like an evidence document of ours, of any version."""
    if not path.is_file() or path.suffix != ".json":
        return False
    if path.stat().st_size > LARGEST_DOCUMENT_BYTES:
        return False
    return b'"tiergate-evidence/' in path.read_bytes()


def is_attestation(path: Path) -> bool:
    """Tell whether a file looks like a signed statement, about evidence or about anything else."""
    if not path.is_file() or path.suffix != ".json":
        return False
    if path.stat().st_size > LARGEST_ATTESTATION_BYTES:
        return False
    return f'"{MEDIA_TYPE}"'.encode() in path.read_bytes()


def _attestation(path: Path) -> GivenAttestation:
    return GivenAttestation(where=str(path), data=read_small_file(path, LARGEST_ATTESTATION_BYTES))


def require_mapping(mapping_path: str | None, log: ForeignLog) -> TaskMapping:
    """Read the mapping file, which a foreign log cannot do without.

    Raises:
        EvidenceError: none was given, or it has mistakes.
    """
    if mapping_path is None:
        series = ", ".join(f"{s.task} / {s.scorer}" for s in log.series) or "none"
        raise EvidenceError(
            log.source.file_name,
            f"tasks without a declared meaning ({series})",
            "a mapping file",
            "Give --mapping; docs/how-to/map-a-task.md shows how to write one.",
        )
    return read_mapping(Path(mapping_path))


def read_mapping(path: Path) -> TaskMapping:
    """Read a mapping file.

    Raises:
        EvidenceError: it cannot be read or has mistakes; all of them are in the message.
    """
    return read_yaml(path, TaskMapping, "a mapping file", EvidenceError)
