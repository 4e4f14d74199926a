# SPDX-License-Identifier: Apache-2.0
"""A content-addressed folder of evidence, beside the weights and never among them.

::

    .tiergate/
      documents/<sha256>.json   evidence documents, named by the digest of their bytes
      sources/<sha256>          the foreign files they were read from, for a recount
      attestations/*.json       who vouches for which document, each a signed statement
      register.jsonl            one line per document ever added; never shortened
      runs.jsonl                one line per run registered before it started; never shortened

A document whose bytes do not have the digest it is filed under is an error, and one that
the register knows and that is gone closes what it was about. Attestations need no such
care: one that is gone only makes a document weaker.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NotRequired

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from tiergate.attestation.new_file import write_new_file
from tiergate.errors import DigestMismatchError, EvidenceError
from tiergate.evidence.attestations import LARGEST_ATTESTATION_BYTES, GivenAttestation
from tiergate.evidence.chain import head_of, linked
from tiergate.evidence.collection import EvidenceDocument, RegisteredDocument
from tiergate.evidence.conversion import LARGEST_DOCUMENT_BYTES, read_document
from tiergate.evidence.document import digest_of
from tiergate.evidence.document_types import Digest, DigestOrEmpty
from tiergate.evidence.runs import PlannedRun, appended, read_runs
from tiergate.evidence.small_file import read_small_file

FOLDER_NAME = ".tiergate"


class EvidenceStore:
    """One folder of evidence. Nothing is created before something is added."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self._folder

    def add(self, data: bytes, *sources: Path) -> EvidenceDocument:
        """File a document, with the foreign files it was read from, and register it.

        Adding the same bytes again changes nothing.

        Raises:
            EvidenceError: the bytes are no evidence document.
            DigestMismatchError: the file that the document names is not among ``sources``.
        """
        document = read_document(data, "document")
        if sources and document.source is not None:
            kept = {digest_of(content): content for content in (p.read_bytes() for p in sources)}
            if document.source.sha256 not in kept:
                where = ", ".join(str(path) for path in sources)
                raise DigestMismatchError(
                    where, f"digest {', '.join(sorted(kept))}", document.source.sha256
                )
            for digest, content in kept.items():
                self._write("sources", _hex(digest), content)
        self._write("documents", f"{_hex(document.digest)}.json", data)
        if document.digest not in {entry.digest for entry in self.register()}:
            self._append(document)
        return document

    def documents(self) -> tuple[EvidenceDocument, ...]:
        """Read every document, sorted by digest; empty when there is no store.

        Raises:
            DigestMismatchError: a file's bytes do not have the digest in its name.
            EvidenceError: a file is no evidence document, or was never registered.
        """
        paths = sorted((self._folder / "documents").glob("*.json"))
        known = {_hex(entry.digest) for entry in self.register()}
        for path in paths:
            if path.stem not in known:
                raise EvidenceError(
                    str(path),
                    "a document that register.jsonl does not know",
                    "every document to be registered",
                    "Take it out and add it with: tiergate evidence add",
                )
        return tuple(self._read(path) for path in paths)

    def attestations(self) -> tuple[GivenAttestation, ...]:
        """Return every file that may vouch for a document, sorted by name; nothing is read in it.

        Raises:
            InputError: one is no regular file, or is too large for an attestation.
        """
        return tuple(
            GivenAttestation(where=str(path), data=read_small_file(path, LARGEST_ATTESTATION_BYTES))
            for path in sorted((self._folder / "attestations").glob("*.json"))
        )

    def attestation_path(self, document: str, key_id: str) -> Path:
        """Return where the attestation of a document by a key belongs."""
        return self._folder / "attestations" / f"{_hex(document)}.{key_id[:16]}.json"

    def add_attestation(self, document: str, key_id: str, data: bytes) -> Path:
        """File an attestation beside its document, and return its path.

        Raises:
            InputError: that key has vouched for the document already; nothing is written over.
        """
        path = self.attestation_path(document, key_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_new_file(path, data)
        return path

    def register(self) -> tuple[RegisteredDocument, ...]:
        """Read the register; empty when nothing was ever added.

        Raises:
            EvidenceError: a line is damaged, or one was changed or taken out.
        """
        path = self._folder / "register.jsonl"
        if not path.exists():
            return ()
        return tuple(
            _register_line(line, f"{path}:{number}", previous)
            for number, line, previous in linked(path.read_bytes())
        )

    def runs(self) -> tuple[PlannedRun, ...]:
        """Read the run ledger; empty when no run was ever registered.

        Raises:
            EvidenceError: a line is damaged, or one was taken out that a document needs.
        """
        path = self._folder / "runs.jsonl"
        runs = read_runs(path.read_bytes(), str(path)) if path.exists() else ()
        known = {run.id for run in runs}
        for entry in self.register():
            if entry.run and entry.run not in known:
                raise EvidenceError(
                    str(path),
                    f"no run {entry.run}, under which {entry.digest} was filed",
                    "every run that was ever registered",
                    "Restore runs.jsonl: without it, repeated runs could not be noticed.",
                )
        return runs

    def plan(self, run: PlannedRun) -> PlannedRun:
        """Register a run before it starts, and return it with its id.

        Raises:
            EvidenceError: the ledger is damaged, or the run holds what no line can.
        """
        registered: list[PlannedRun] = []

        def line_after(content: bytes) -> bytes:
            line, found = appended(content, run)
            registered.append(found)
            return line

        self._append_line("runs.jsonl", line_after)
        return registered[0]

    def _read(self, path: Path) -> EvidenceDocument:
        document = read_document(read_small_file(path, LARGEST_DOCUMENT_BYTES), str(path))
        if _hex(document.digest) != path.stem:
            raise DigestMismatchError(
                str(path),
                f"bytes with digest {document.digest}",
                f"sha256:{path.stem}",
                "The document was changed after it was filed: restore it, or add it anew.",
            )
        return document

    def _write(self, kind: str, name: str, data: bytes) -> None:
        folder = self._folder / kind
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / name).exists() and (folder / name).read_bytes() == data:
            return
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".part-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(folder / name)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _append(self, document: EvidenceDocument) -> None:
        known = self._knows(document.run)

        def line_after(content: bytes) -> bytes:
            fields = {
                "digest": document.digest,
                "previous": head_of(content, "register.jsonl"),
                "root_digest": document.binding.root_digest,
                "topics": sorted(document.topics),
                **({"run": document.run} if known else {}),
            }
            return json.dumps(fields, separators=(",", ":")).encode() + b"\n"

        self._append_line("register.jsonl", line_after)

    def _knows(self, run: str) -> bool:
        return run in {found.id for found in self.runs()}

    def _append_line(self, name: str, line_after: Callable[[bytes], bytes]) -> None:
        """Append the line that follows what is there, alone: nobody writes in between."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / name).open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            content = file.read()
            try:
                file.write(line_after(content))
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                # A line in part would make every later one unreadable.
                file.truncate(len(content))
                raise


class _RegisterLine(TypedDict):
    digest: Digest
    previous: Digest
    root_digest: DigestOrEmpty
    topics: list[str]
    run: NotRequired[str]


_REGISTER_LINE = TypeAdapter(_RegisterLine)


def _hex(digest: str) -> str:
    return digest.removeprefix("sha256:")


def _register_line(line: bytes, where: str, previous: str) -> RegisteredDocument:
    try:
        entry = _REGISTER_LINE.validate_json(line, strict=True)
    except ValueError:
        raise _damaged(where, "a damaged line") from None
    if entry["previous"] != previous:
        raise _damaged(where, "a line that does not follow the one before it")
    return RegisteredDocument(
        digest=entry["digest"],
        root_digest=entry["root_digest"],
        topics=frozenset(entry["topics"]),
        run=entry.get("run", ""),
    )


def _damaged(where: str, found: str) -> EvidenceError:
    return EvidenceError(
        where,
        found,
        "a registered document",
        "Restore register.jsonl: without it, missing evidence could not be noticed.",
    )
