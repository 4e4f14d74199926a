# SPDX-License-Identifier: Apache-2.0
"""The copy of a model that one recipient gets, where their grant asks for a mark.

It is kept as the front of each file of weights, and the rest is that of the original. Its digests
are of all bytes, so that each file is read once for each grant: in a thread beside, from the
grant on or at the latest from the first request, and anew in another process that needs it. What
comes of it is the same each time.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace

import sqlalchemy as sa

from tiergate.attestation.keys import Signer
from tiergate.gateway.audit import Pseudonyms
from tiergate.gateway.catalogue import Catalogue, Revision
from tiergate.gateway.database import Database
from tiergate.gateway.grants import Given, read_grant
from tiergate.gateway.marks import (
    LONGEST_HEADER,
    Head,
    Mark,
    read_head,
    signed,
    with_front,
    with_mark,
)
from tiergate.gateway.objects import CHUNK_BYTES, Objects, Source
from tiergate.gateway.tables import copies, marked_files
from tiergate.model.manifest import Manifest, ManifestEntry
from tiergate.model.safetensors_header import PREFIX_BYTES

_SUFFIX = ".safetensors"
_MOST_KEPT = 64
_LONGEST_KEPT = 512 * 1024
"""Of what stands in front of a file, to be kept in memory once it was read; none ever changes."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What one recipient gets in place of a revision."""

    grant: str
    """Under which grant."""
    person: str
    """The recipient."""
    original: str
    """The revision that it is a copy of."""
    revision: Revision
    """Its files, under digests of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedFile:
    """One file of a copy."""

    original: str
    """Digest of the file without the mark."""
    header: bytes
    """What stands in front of the tensors."""
    skipped: int
    """Where the tensors of the original begin."""


class Copies:
    """The copies that there are."""

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        objects: Objects,
        pseudonyms: Pseudonyms,
        signer: Signer,
    ) -> None:
        """Read a database.

        Args:
            database: where fronts and digests of copies are.
            catalogue: what they are copies of.
            objects: the original files.
            pseudonyms: under which recipients stand in marks.
            signer: signs them.
        """
        self._database = database
        self._catalogue = catalogue
        self._objects = objects
        self._pseudonyms = pseudonyms
        self._signer = signer
        self._known: dict[tuple[str, str], Copy] = {}
        self._files: dict[tuple[str, str], MarkedFile | None] = {}
        self._running: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def of(self, grant: str, original: str) -> Copy | None:
        """Return the copy of a revision under a grant; None while it is not there."""
        if (grant, original) in self._known:
            return self._known[grant, original]
        return self._one(sa.select(copies).filter_by(grant=grant, original=original))

    def by_commit(self, repository: str, commit: str, person: str) -> Copy | None:
        """Return the copy of that name that somebody was given; None for nobody's or another's."""
        key = {"repository": repository, "commit": commit, "person": person}
        return self._one(sa.select(copies).filter_by(**key))

    def _one(self, query: sa.Select[tuple[object, ...]]) -> Copy | None:
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return None
        revision = Revision.of(Manifest.from_json_bytes(row["manifest"]), row["made_at"])
        found = Copy(
            grant=row["grant"],
            person=row["person"],
            original=row["original"],
            revision=revision,
        )
        if len(self._known) >= _MOST_KEPT:
            self._known.clear()
        self._known[found.grant, found.original] = found
        return found

    def file(self, grant: str, sha256: str) -> MarkedFile | None:
        """Return a file of a copy by its digest; None for one that has no mark."""
        if (grant, sha256) in self._files:
            return self._files[grant, sha256]
        query = sa.select(marked_files).filter_by(grant=grant, sha256=sha256)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        found = None
        if row is not None:
            names = ("original", "header", "skipped")
            found = MarkedFile(**{name: row[name] for name in names})
        if found is None or len(found.header) <= _LONGEST_KEPT:
            if len(self._files) >= _MOST_KEPT:
                self._files.clear()
            self._files[grant, sha256] = found
        return found

    def source(self, found: MarkedFile, size_bytes: int) -> Source:
        """Return what opens a marked file of a length, unless its original is of another."""
        length = size_bytes - len(found.header) + found.skipped
        return with_front(found.header, self._objects.source(found.original, length), found.skipped)

    def begin(self, given: Given, original: str) -> None:
        """Make a copy in a thread beside, unless it is there or is being made here.

        Several are made one after the other, so that they leave the disk to those who download.
        """
        place = (given.grant.id, original)
        with self._lock:
            if place in self._running:
                return
            self._running.add(place)
        threading.Thread(target=self._run, args=(given, original), daemon=True).start()

    def _run(self, given: Given, original: str) -> None:
        try:
            with self._turn:
                self.make(given, original)
        except Exception:  # noqa: BLE001 - whatever it is, it is said
            # Nothing is served until another request tries again.
            _log.exception("no copy for %s", given.grant.id)
        finally:
            with self._lock:
                self._running.discard((given.grant.id, original))

    def make(self, given: Given, original: str) -> None:
        """Make a copy, unless it is there, or the grant is not theirs any more.

        Raises:
            OSError: a file cannot be read.
        """
        revision = self._catalogue.revision(given.repository, original)
        if revision is None or self.of(given.grant.id, original) is not None:
            return
        # It may have waited for hours; of somebody erased meanwhile nothing is written.
        if not self._is_theirs(given):
            return
        who = self._pseudonyms.of(given.person)
        entries, rows = [], []
        for entry in revision.files.values():
            made = self._marked(given, who, revision, entry)
            entries.append(entry if made is None else made[0])
            rows.extend([] if made is None else [made[1]])
        manifest = Manifest(tuple(entries))
        row = {
            "grant": given.grant.id,
            "original": original,
            "repository": given.repository,
            "person": given.person,
            "commit": Revision.of(manifest, given.given_at).commit,
            "manifest": manifest.to_json_bytes(),
            "made_at": given.given_at,
        }
        # Somebody else may have made the same.
        with contextlib.suppress(sa.exc.IntegrityError), self._database.writing() as connection:
            for each in rows:
                known = sa.select(marked_files.c.grant).filter_by(
                    grant=each["grant"], sha256=each["sha256"]
                )
                if connection.execute(known).first() is None:
                    connection.execute(marked_files.insert(), each)
            connection.execute(copies.insert(), row)

    def _is_theirs(self, given: Given) -> bool:
        with self._database.reading() as connection:
            now = read_grant(connection, given.grant.id)
        return now is not None and now.person == given.person and now.grant.revoked_at is None

    def _marked(
        self, given: Given, who: str, revision: Revision, entry: ManifestEntry
    ) -> tuple[ManifestEntry, dict[str, object]] | None:
        """Return a file with its mark, and the row of it; None for one that gets none."""
        if not entry.path.endswith(_SUFFIX):
            return None
        original = self._objects.source(entry.sha256)
        head = self._head(original, entry)
        if head is None:
            return None
        mark = Mark(
            grant=given.grant.id,
            who=who,
            repository=given.repository,
            root_digest=revision.root_digest,
            path=entry.path,
            original=entry.sha256,
            at=f"{given.given_at:%Y-%m-%dT%H:%M:%SZ}",
        )
        front = with_mark(head, signed(mark, self._signer))
        size = len(front) + entry.size_bytes - head.skipped
        digest = _digest(with_front(front, original, head.skipped), size)
        row = {
            "grant": given.grant.id,
            "sha256": digest,
            "original": entry.sha256,
            "header": front,
            "skipped": head.skipped,
        }
        return replace(entry, sha256=digest, size_bytes=size), row

    def _head(self, original: Source, entry: ManifestEntry) -> Head | None:
        content = original(0, min(entry.size_bytes, PREFIX_BYTES + LONGEST_HEADER))
        try:
            return read_head(content, entry.size_bytes, entry.path)
        finally:
            content.close()


def _digest(source: Source, size: int) -> str:
    hasher = hashlib.sha256()
    for chunk in _chunks(source, size):
        hasher.update(chunk)
    return f"sha256:{hasher.hexdigest()}"


def _chunks(source: Source, size: int) -> Iterator[bytes]:
    """Yield all of a file.

    Raises:
        OSError: it is shorter than it should be.
    """
    content, left = source(0, size), size
    try:
        while left:
            chunk = content.read(min(CHUNK_BYTES, left))
            if not chunk:
                raise OSError("a file is shorter than its manifest says")
            left -= len(chunk)
            yield chunk
    finally:
        content.close()
