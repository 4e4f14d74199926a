# SPDX-License-Identifier: Apache-2.0
"""From a commit to a revision: which contents may be used, what each file is for, the manifest.

The manifest is made as ``identify`` makes it, so that the name of the revision is the beginning
of the root digest that ``tiergate check`` finds for the same folder.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import BinaryIO, cast

from tiergate.gateway import publishing_wire as words
from tiergate.gateway import wire
from tiergate.gateway.catalogue import Catalogue, Revision
from tiergate.gateway.guards import Refused
from tiergate.gateway.objects import Objects
from tiergate.gateway.publishing_commit import Proposal, applied
from tiergate.gateway.publishing_paths import MOST_FILES, collision
from tiergate.gateway.uploads import Upload, Uploads
from tiergate.model.files import FileRole, classify
from tiergate.model.manifest import Manifest, ManifestEntry
from tiergate.model.sniff import HEAD_BYTES, sniff

_LONGEST_INDEX = 8 << 20
"""Of an archive; reading a longer one would take much more memory than it has bytes."""


class Composer:
    """Makes revisions."""

    def __init__(self, catalogue: Catalogue, objects: Objects, uploads: Uploads) -> None:
        self._catalogue = catalogue
        self._objects = objects
        self._uploads = uploads

    def usable(self, repository: str, person: str, wanted: AbstractSet[str]) -> dict[str, int]:
        """Return which contents somebody may put into a revision, with their lengths.

        Those are what they uploaded to that repository and what is in one of its revisions. What
        is elsewhere in the gateway is as if it were nowhere.

        Args:
            repository: its name.
            person: who.
            wanted: digests in question.
        """
        sizes = self._uploads.sizes(repository, person)
        found = {sha256: sizes[sha256] for sha256 in wanted if sha256 in sizes}
        missing = set(wanted) - found.keys()
        for commit in self._catalogue.commits(repository) if missing else ():
            revision = self._catalogue.revision(repository, commit)
            entries = revision.files.values() if revision is not None and missing else ()
            found |= {e.sha256: e.size_bytes for e in entries if e.sha256 in missing}
            missing -= found.keys()
        return {sha256: size for sha256, size in found.items() if self._objects.has(sha256)}

    def commit(
        self,
        repository: str,
        person: str,
        proposal: Proposal,
        at: datetime,
        ask_again: Callable[[], object],
    ) -> Revision:
        """Make the revision that a commit asks for.

        Args:
            repository: its name.
            person: who commits.
            proposal: the commit.
            at: the time.
            ask_again: refuses them when they may not any more; called when every file was read,
                which can take minutes.

        Raises:
            Refused: it may not be made; nothing is changed then.
        """
        head = self._catalogue.branches(repository).get("main", "")
        if proposal.parent not in {None, head}:
            raise Refused(wire.error(412, words.MOVED))
        before = self._catalogue.revision(repository, head) if head else None
        old = {} if before is None else before.files
        known = {path: (entry.sha256, entry.size_bytes) for path, entry in old.items()}
        files = applied(known, proposal.changes, head)
        _require_possible(files)
        changed = {path: row for path, row in files.items() if known.get(path) != row}
        self._require_usable(repository, person, proposal, changed)
        for sha256, content in proposal.contents.items():
            self._keep(
                Upload(
                    repository=repository, person=person, sha256=sha256, size_bytes=len(content)
                ),
                content,
                at,
            )
        entries = (
            self._entry(path, sha256) if path in changed else old[path]
            for path, (sha256, _) in files.items()
        )
        manifest = Manifest(tuple(entries))
        ask_again()
        revision = self._catalogue.move(repository, manifest, at, head=head)
        if revision is None:
            raise Refused(wire.error(412, words.MOVED))
        return revision

    def _require_usable(
        self,
        repository: str,
        person: str,
        proposal: Proposal,
        changed: Mapping[str, tuple[str, int | None]],
    ) -> None:
        wanted = {sha256 for sha256, _ in changed.values()} - proposal.contents.keys()
        sizes = self.usable(repository, person, wanted)
        sizes |= {sha256: len(content) for sha256, content in proposal.contents.items()}
        for path, (sha256, size) in changed.items():
            if sha256 not in sizes:
                raise Refused(wire.error(422, words.NOT_UPLOADED.format(path=path)))
            if size not in {None, sizes[sha256]}:
                raise Refused(wire.error(422, words.OTHER_SIZE.format(path=path)))

    def _keep(self, upload: Upload, content: bytes, at: datetime) -> None:
        self._objects.add([content], upload.sha256, upload.repository)
        self._uploads.add(upload, at)

    def _entry(self, path: str, sha256: str) -> ManifestEntry:
        size = self._objects.size_of(sha256)
        with self._objects.opened(sha256) as file:
            role = _role(path, file, size)
        return ManifestEntry(path=path, size_bytes=size, sha256=sha256, role=role)


def _require_possible(files: Mapping[str, object]) -> None:
    if not files:
        raise Refused(wire.error(422, words.NO_FILES))
    if len(files) > MOST_FILES:
        raise Refused(wire.error(413, words.TOO_MANY_FILES))
    found = collision(files)
    if found is not None:
        message = words.COLLISION.format(one=ascii(found[0]), two=ascii(found[1]))
        raise Refused(wire.error(422, message))


def _role(path: str, file: BinaryIO, size: int) -> FileRole:
    stream = cast("BinaryIO", _Sparing(file, path))
    content = sniff(stream, file.read(HEAD_BYTES), size)
    return classify(path, content)[0]


class _Sparing(io.BufferedIOBase):
    """A file of which nobody reads much at once."""

    def __init__(self, file: BinaryIO, path: str) -> None:
        self._file = file
        self._path = path

    def read(self, size: int | None = -1, /) -> bytes:
        """Read as asked for.

        Raises:
            Refused: it is too much.
        """
        wanted = _LONGEST_INDEX + 1 if size is None or size < 0 else size
        found = self._file.read(min(wanted, _LONGEST_INDEX + 1))
        if len(found) > _LONGEST_INDEX:
            raise Refused(wire.error(422, words.BAD_ZIP.format(path=self._path)))
        return found

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go somewhere."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return where it is."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Return that one can go anywhere."""
        return True
