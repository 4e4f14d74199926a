# SPDX-License-Identifier: Apache-2.0
"""The list of files that is a checkpoint, and what changed between two of them.

Path, size, SHA-256 and role of every file, in canonical JSON (RFC 8785). The digest of
those bytes is the root digest; a renamed file, a flipped byte and a missing file change it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import NoReturn

from tiergate.errors import CheckpointError
from tiergate.model.digest import sha256_digest
from tiergate.model.files import FileRole
from tiergate.model.strict_json import read_json_object

VERSION = 1
"""Version of the manifest document; another one is refused."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ROLES = frozenset(role.value for role in FileRole)
_FIELDS = {"path", "role", "sha256", "size_bytes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEntry:
    """One file."""

    path: str
    """Path within the checkpoint, with forward slashes."""
    size_bytes: int
    """Length in bytes."""
    sha256: str
    """Digest of the content, ``sha256:<64 hex>``."""
    role: FileRole
    """What the file is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestDifference:
    """What has to happen to one manifest to become another; empty when they are equal."""

    added: tuple[str, ...]
    """Paths that are new, sorted."""
    removed: tuple[str, ...]
    """Paths that are gone, sorted."""
    changed: tuple[str, ...]
    """Paths whose bytes or role differ, sorted."""
    renamed: tuple[tuple[str, str], ...]
    """(old path, new path) of files whose bytes moved unchanged, sorted."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not (self.added or self.removed or self.changed or self.renamed)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Every file of a checkpoint, sorted by path (UTF-8 bytes), each path once."""

    entries: tuple[ManifestEntry, ...]
    """The files; given in any order, kept sorted."""

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.entries, key=lambda entry: entry.path.encode()))
        for one, two in pairwise(ordered):
            if one.path == two.path:
                _refuse(f"the path {one.path!r} twice", "every path once")
        object.__setattr__(self, "entries", ordered)

    def to_json_bytes(self) -> bytes:
        """Return the canonical JSON; equal manifests give equal bytes."""
        import rfc8785

        rows = [
            {
                "path": entry.path,
                "role": entry.role.value,
                "sha256": entry.sha256,
                "size_bytes": entry.size_bytes,
            }
            for entry in self.entries
        ]
        data: bytes = rfc8785.dumps({"files": rows, "version": VERSION})
        return data

    @property
    def root_digest(self) -> str:
        """The identity of the checkpoint, computed anew at each access."""
        return sha256_digest(self.to_json_bytes())

    @property
    def size_bytes(self) -> int:
        """Sum of the lengths of all files."""
        return sum(entry.size_bytes for entry in self.entries)

    @classmethod
    def from_json_bytes(cls, data: bytes) -> Manifest:
        """Read what ``to_json_bytes`` wrote; any other bytes are refused.

        Raises:
            CheckpointError: not a manifest, another version, or not in canonical form.
        """
        document = read_json_object(data, "manifest", allow_float=False)
        rows = document.get("files")
        if set(document) != {"files", "version"} or not isinstance(rows, list):
            _refuse("other fields", "exactly files and version")
        if document["version"] != VERSION:
            _refuse(f"version {document['version']!r}", f"version {VERSION}")
        manifest = cls(tuple(_entry(row) for row in rows))
        if manifest.to_json_bytes() != data:
            _refuse("bytes that are not canonical", "RFC 8785 JSON sorted by path")
        return manifest


def difference(old: Manifest, new: Manifest) -> ManifestDifference:
    """Return what changed from ``old`` to ``new``.

    A file that is gone and a new one with the same bytes count as one renamed file; of
    several equal candidates the first in sorted order is taken.
    """
    before = {entry.path: entry for entry in old.entries}
    after = {entry.path: entry for entry in new.entries}
    removed = [path for path in before if path not in after]
    added = {path: after[path].sha256 for path in after if path not in before}
    renamed: list[tuple[str, str]] = []
    by_digest: dict[str, list[str]] = {}
    for path, digest in added.items():
        by_digest.setdefault(digest, []).append(path)
    for path in removed:
        candidates = by_digest.get(before[path].sha256)
        if candidates:
            renamed.append((path, candidates.pop(0)))
    gone, arrived = {old_path for old_path, _ in renamed}, {new_path for _, new_path in renamed}
    return ManifestDifference(
        added=tuple(path for path in added if path not in arrived),
        removed=tuple(path for path in removed if path not in gone),
        changed=tuple(
            path for path, entry in before.items() if path in after and after[path] != entry
        ),
        renamed=tuple(renamed),
    )


def _entry(row: object) -> ManifestEntry:
    if not isinstance(row, dict) or set(row) != _FIELDS:
        _refuse("an entry with other fields", "exactly path, role, sha256 and size_bytes")
    path, role, sha256, size_bytes = (row[name] for name in sorted(_FIELDS))
    if not isinstance(path, str) or not {"", ".", ".."}.isdisjoint(path.split("/")):
        _refuse(f"the path {path!r}", "a path within the checkpoint")
    if not isinstance(role, str) or role not in _ROLES:
        _refuse(f"the role {role!r} of {path!r}", "a known role")
    if not isinstance(sha256, str) or _DIGEST.fullmatch(sha256) is None:
        _refuse(f"the digest {sha256!r} of {path!r}", "sha256: and 64 hexadecimal digits")
    if type(size_bytes) is not int or size_bytes >= 2**53:
        _refuse(f"the size {size_bytes!r} of {path!r}", "a number of bytes")
    return ManifestEntry(path=path, size_bytes=size_bytes, sha256=sha256, role=FileRole(role))


def _refuse(found: str, expected: str) -> NoReturn:
    raise CheckpointError("manifest", found, expected, "Identify the checkpoint again.")
