# SPDX-License-Identifier: Apache-2.0
"""Is what a gateway keeps still what was published? Every byte is read and hashed again.

Steps, none left out because another failed:

1. Every revision and every marked copy holds the files that its name was made from, and every
   branch names a revision.
2. Every file that one of them names is there, with the length and the digest that it stands
   under. The marked copies of a file are hashed in the same pass: their own front, then its
   tensors.
3. What is there and named by none is counted, and hashed as well: whoever publishes a file with
   that digest would get it.

A gateway may serve meanwhile. What is published meanwhile was hashed as it came in.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from tiergate.errors import CheckpointError, InputError, VerificationError
from tiergate.gateway.catalogue import Catalogue, Revision
from tiergate.gateway.database import Database
from tiergate.gateway.objects import Objects, Stored
from tiergate.gateway.rehashing import Marked, Pass, Reading
from tiergate.gateway.tables import copies, marked_files, uploads
from tiergate.model.manifest import Manifest, ManifestEntry

ABSENT = "Put it back from a backup, or publish the same files again."
CHANGED = (
    "Move it away, then put it back from a backup or publish the same files again: while it is"
    " there, publishing leaves it as it is."
)
STRAY = "Move it away: whoever publishes a file with that digest would get this one."
OF_DATABASE = "Put the database back from a backup."
OF_COPY = (
    "Put the database back from a backup, or revoke the grant and give another one, whose copy"
    " is made anew."
)
UNREADABLE = "See to the disk or the bucket, then put it back from a backup."


@dataclass(slots=True, kw_only=True)
class Counted:
    """What was looked at."""

    revisions: int = 0
    """Revisions."""
    files: int = 0
    """Different contents that revisions name."""
    size_bytes: int = 0
    """How long they are together, as the revisions say."""
    copies: int = 0
    """Marked files of recipients."""
    unnamed: int = 0
    """Files that are there and that no revision names."""
    unnamed_bytes: int = 0
    """How long these are together."""
    uploaded: int = 0
    """How many of these were uploaded for a revision, which there may still be."""


@dataclass(slots=True, kw_only=True)
class _Use:
    """A content that revisions name."""

    sha256: str
    size_bytes: int
    where: str
    """One of the places."""
    places: int = 1
    """How many there are."""


class Verification:
    """One look at everything, or at some repositories."""

    def __init__(
        self, database: Database, catalogue: Catalogue, objects: Objects, only: frozenset[str]
    ) -> None:
        """Look at a gateway.

        Args:
            database: where copies and uploads are.
            catalogue: what is offered.
            objects: the files.
            only: names of repositories; empty for all of them, and what belongs to none.

        Raises:
            InputError: there is none of such a name.
        """
        self._database = database
        self._catalogue = catalogue
        self._objects = objects
        self._only = only
        names = [each.name for each in catalogue.repositories()]
        for name in sorted(only - set(names)):
            raise InputError(name, "no repository of that name", "one that is offered")
        self._repositories = [name for name in names if not only or name in only]
        self._seen: set[tuple[str, str]] = set()
        self._digests: set[str] = set()
        self._uses: dict[tuple[str, int], _Use] = {}
        self._marked: dict[str, list[Marked]] = {}
        self.counted = Counted()

    def faults(self, progress: Callable[[int], object]) -> Iterator[VerificationError]:
        """Yield what does not hold, as it is found.

        Args:
            progress: is told how many bytes were read so far.

        Raises:
            OSError: the database does not answer, or the bucket.
        """
        for name in self._repositories:
            # Read first: a revision that is not there yet has no copies.
            query = sa.select(copies.c.grant, copies.c.original).filter_by(repository=name)
            with self._database.reading() as connection:
                keys = connection.execute(query).all()
            yield from self._revisions(name)
            for grant, original in keys:
                yield from self._copy(grant, original)
        read = Reading(progress)
        for key in sorted(self._uses):
            yield from self._file(self._uses[key], read)
        if not self._only:
            yield from self._unnamed(read)

    def _revisions(self, repository: str) -> Iterator[VerificationError]:
        """Take up what the revisions of a repository name."""
        # Read first: revisions are added, and a branch names one that is there.
        branches = self._catalogue.branches(repository)
        commits = self._catalogue.commits(repository)
        for commit in commits:
            where = f"{repository}@{commit[:8]}"
            self.counted.revisions += 1
            self._seen.add((repository, commit))
            try:
                revision = self._catalogue.revision(repository, commit)
            except CheckpointError as error:
                yield _damaged(where, error, OF_DATABASE)
                continue
            if revision is None or revision.commit != commit:
                found = "files that make another revision"
                yield VerificationError(where, found, f"those of {commit}", OF_DATABASE)
                continue
            for entry in revision.files.values():
                self._take(entry, where)
        for branch, commit in branches.items():
            if commit not in commits:
                where, found = f"{repository}, branch {branch}", f"{commit}, which is not there"
                yield VerificationError(where, found, "the name of a revision", OF_DATABASE)

    def _take(self, entry: ManifestEntry, where: str) -> None:
        self._digests.add(entry.sha256)
        use = self._uses.get((entry.sha256, entry.size_bytes))
        if use is not None:
            use.places += 1
            return
        self._uses[entry.sha256, entry.size_bytes] = _Use(
            sha256=entry.sha256, size_bytes=entry.size_bytes, where=f"{where}/{entry.path}"
        )
        self.counted.files += 1
        self.counted.size_bytes += entry.size_bytes

    def _copy(self, grant: str, original: str) -> Iterator[VerificationError]:
        """Take up what somebody gets in place of a revision."""
        query = sa.select(copies).filter_by(grant=grant, original=original)
        fronts = sa.select(marked_files.c.sha256, marked_files.c.original).filter_by(grant=grant)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().one()
            originals = {sha256: of for sha256, of in connection.execute(fronts)}  # noqa: C416
        where = f"{row['repository']}@{original[:8]}, the copy for {grant}"
        try:
            revision = Revision.of(Manifest.from_json_bytes(row["manifest"]), row["made_at"])
        except CheckpointError as error:
            yield _damaged(where, error, OF_COPY)
            return
        if revision.commit != row["commit"]:
            found, expected = "files that make another copy", f"those of {row['commit']}"
            yield VerificationError(where, found, expected, OF_COPY)
            return
        for entry in revision.files.values():
            place = f"{where}, {entry.path}"
            of = originals.get(entry.sha256, entry.sha256)
            if of not in self._digests:
                found = "neither a front of its own nor an original"
                yield VerificationError(place, found, f"what makes {entry.sha256}", OF_COPY)
            elif of != entry.sha256:
                marked = Marked(
                    grant=grant, sha256=entry.sha256, size_bytes=entry.size_bytes, where=place
                )
                self._marked.setdefault(of, []).append(marked)
                self.counted.copies += 1

    def _file(self, use: _Use, read: Reading) -> Iterator[VerificationError]:
        """Read a file that revisions name, and with it the copies that are made of it."""
        passes = [self._pass(marked) for marked in self._marked.get(use.sha256, ())]
        try:
            found = self._objects.size_of(use.sha256)
            if found != use.size_bytes:
                yield self._fault(use, len(passes), f"{found} bytes", f"{use.size_bytes} bytes")
                return
            source = self._objects.source(use.sha256, use.size_bytes)
            digest = read.through(source, use.size_bytes, passes)
        except FileNotFoundError:
            yield self._fault(use, len(passes), "no file", f"{use.size_bytes} bytes", ABSENT)
        except OSError as error:
            yield self._fault(use, len(passes), self._unreadable(error), "it", UNREADABLE)
        else:
            if digest != use.sha256:
                found_words = f"content with digest {digest}"
                yield self._fault(use, len(passes), found_words, use.sha256)
                return
            for each in passes:
                if each.found != each.expected:
                    where = each.marked.where
                    yield VerificationError(where, each.found, each.expected, OF_COPY)

    def _fault(
        self, use: _Use, marked: int, found: str, expected: str, remedy: str = CHANGED
    ) -> VerificationError:
        more = [f"{use.places - 1} more in revisions"] if use.places > 1 else []
        more += [f"{marked} marked copies of it"] if marked else []
        also = f" ({', '.join(more)})" if more else ""
        where = f"{use.where}{also}, {self._objects.shown(use.sha256)}"
        return VerificationError(where, found, expected, remedy)

    def _unreadable(self, error: OSError) -> str:
        """Say why one file cannot be read.

        Raises:
            OSError: none can.
        """
        self._objects.require()
        return f"what cannot be read ({error.strerror or error})"

    def _pass(self, marked: Marked) -> Pass:
        query = sa.select(marked_files).filter_by(grant=marked.grant, sha256=marked.sha256)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().one()
        return Pass(marked, row["header"], row["skipped"])

    def _unnamed(self, read: Reading) -> Iterator[VerificationError]:
        """Read what no revision names."""
        found = [each for each in self._objects.stored() if each.sha256 not in self._digests]
        self._see_newer()
        with self._database.reading() as connection:
            uploaded = set(connection.execute(sa.select(uploads.c.sha256)).scalars())
        for stored in found:
            if stored.sha256 not in self._digests:
                self.counted.unnamed += 1
                self.counted.unnamed_bytes += stored.size_bytes
                self.counted.uploaded += stored.sha256 in uploaded
                yield from self._stray(stored, read)

    def _see_newer(self) -> None:
        """Learn what was published since."""
        for repository in self._catalogue.repositories():
            for commit in self._catalogue.commits(repository.name):
                if (repository.name, commit) not in self._seen:
                    with contextlib.suppress(CheckpointError):
                        revision = self._catalogue.revision(repository.name, commit)
                        files = {} if revision is None else revision.files
                        self._digests |= {entry.sha256 for entry in files.values()}

    def _stray(self, stored: Stored, read: Reading) -> Iterator[VerificationError]:
        if not stored.sha256:
            return
        where = f"named by no revision, {self._objects.shown(stored.sha256)}"
        try:
            digest = read.through(self._objects.source(stored.sha256), stored.size_bytes)
        except FileNotFoundError:  # somebody has moved it away
            return
        except OSError as error:
            yield VerificationError(where, self._unreadable(error), "it", UNREADABLE)
            return
        if digest != stored.sha256:
            found = f"content with digest {digest}"
            yield VerificationError(where, found, stored.sha256, STRAY)


def _damaged(where: str, error: CheckpointError, remedy: str) -> VerificationError:
    return VerificationError(where, f"a damaged manifest ({error.found})", error.expected, remedy)
