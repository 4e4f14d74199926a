# SPDX-License-Identifier: Apache-2.0
"""What a commit asks for: read from its lines as they come, then applied to what was there.

Every line is a JSON object of a bounded length. Nothing of a commit is kept before all of it has
been read.
"""

from __future__ import annotations

import base64
import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from tiergate.errors import CheckpointError
from tiergate.gateway import publishing_wire as words
from tiergate.gateway.guards import Refused
from tiergate.gateway.publishing_paths import MOST_FILES, is_left_out, is_possible
from tiergate.gateway.uploads import is_oid
from tiergate.gateway.wire import entry_not_found
from tiergate.model.digest import sha256_digest
from tiergate.model.strict_json import read_json_object

MOST_BYTES = 32 << 20
"""Of a whole commit; large files are uploaded beside it."""
LONGEST_LINE = 4 << 20
MOST_CONTENT = 8 << 20
"""Of all files that stand in the commit itself, decoded."""
_MOST_LINES = 2 * MOST_FILES
_MOST_FOLDERS = 256
"""Folders that one commit deletes: each of them is compared with every file."""
_MOST_PARTS = 10_000
"""Brackets and commas in one line, so that a short line does not become a large object."""
_COMMIT = re.compile(r"[0-9a-f]{40}")
NO_COMMIT = "0" * 40
"""What stands for the parent of the first commit."""


class ChangeKind(enum.StrEnum):
    """What happens to a path."""

    PUT = "put"
    DELETE_FILE = "delete file"
    DELETE_FOLDER = "delete folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change."""

    kind: ChangeKind
    """What happens."""
    path: str
    """To which path; empty for the folder that everything is in."""
    sha256: str = ""
    """Digest of the content that is put there."""
    size_bytes: int | None = None
    """Its length; None when it was not said."""


@dataclass(slots=True, kw_only=True)
class Proposal:
    """A whole commit."""

    parent: str | None = None
    """The revision that it has to follow; empty for none yet, None when it does not matter."""
    changes: list[Change] = field(default_factory=list)
    """In the order in which they were stated."""
    contents: dict[str, bytes] = field(default_factory=dict)
    """What stood in the commit itself, by digest."""


class Reader:
    """Takes the bytes of a commit as they come."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._bytes = 0
        self._ends = 0
        self._lines = 0
        self._folders = 0
        self._content_bytes = 0
        self._proposal = Proposal()

    def feed(self, chunk: bytes) -> None:
        """Take more bytes.

        Raises:
            Refused: they cannot be read, or are too many.
        """
        self._bytes += len(chunk)
        self._ends += chunk.count(b"\n")
        if self._bytes > MOST_BYTES or self._ends > _MOST_LINES:
            raise Refused(words.refused(413, words.TOO_LONG))
        self._rest += chunk
        if b"\n" in chunk:
            *lines, rest = bytes(self._rest).split(b"\n")
            self._rest = bytearray(rest)
            for line in lines:
                self._take(line)
        if len(self._rest) > LONGEST_LINE:
            raise Refused(words.refused(413, words.TOO_LONG))

    def finish(self) -> Proposal:
        """Return the commit.

        Raises:
            Refused: the last line cannot be read.
        """
        self._take(bytes(self._rest))
        return self._proposal

    def _take(self, line: bytes) -> None:
        if not line.strip():
            return
        self._lines += 1
        is_large = sum(map(line.count, (b"[", b"{", b","))) > _MOST_PARTS
        if len(line) > LONGEST_LINE or is_large:
            raise Refused(words.refused(413, words.TOO_LONG))
        try:
            row = read_json_object(line, "line", allow_float=False)
        except CheckpointError as error:
            raise self._bad(error.found) from None
        key, value = row.get("key"), row.get("value")
        if not isinstance(value, dict) or set(row) != {"key", "value"}:
            raise self._bad("it has to have a key and a value")
        self._understand(key, cast("Mapping[str, object]", value))

    def _understand(self, key: object, value: Mapping[str, object]) -> None:
        match key:
            case "header":
                self._header(value)
            case "file":
                self._inline(value)
            case "lfsFile":
                self._stored(value)
            case "deletedFile":
                self._add(Change(kind=ChangeKind.DELETE_FILE, path=self._path(value)))
            case "deletedFolder":
                self._delete_folder(value)
            case _:
                raise self._bad("its key is none that is known here")

    def _header(self, value: Mapping[str, object]) -> None:
        if self._lines != 1:
            raise self._bad("the header comes first, and once")
        parent = value.get("parentCommit")
        if parent is None:
            return
        if not isinstance(parent, str) or not _COMMIT.fullmatch(parent):
            raise self._bad("parentCommit has to be 40 hexadecimal digits")
        self._proposal.parent = "" if parent == NO_COMMIT else parent

    def _delete_folder(self, value: Mapping[str, object]) -> None:
        self._folders += 1
        if self._folders > _MOST_FOLDERS:
            raise Refused(words.refused(413, words.TOO_LONG))
        # The folder that everything is in has no name.
        folder = "" if value.get("path") == "/" else self._path(value, is_folder=True)
        self._add(Change(kind=ChangeKind.DELETE_FOLDER, path=folder))

    def _inline(self, value: Mapping[str, object]) -> None:
        text = value.get("content")
        if not isinstance(text, str) or value.get("encoding") != "base64":
            raise self._bad("content has to be in Base64")
        path = self._path(value)
        self._content_bytes += len(text) * 3 // 4
        if self._content_bytes > MOST_CONTENT:
            raise Refused(words.refused(413, words.TOO_LONG))
        try:
            content = base64.b64decode(text.encode("ascii"), validate=True)
        except ValueError:
            raise self._bad("its Base64 is none") from None
        digest = sha256_digest(content)
        self._proposal.contents[digest] = content
        self._add(Change(kind=ChangeKind.PUT, path=path, sha256=digest, size_bytes=len(content)))

    def _stored(self, value: Mapping[str, object]) -> None:
        oid, size = value.get("oid"), value.get("size")
        if not is_oid(oid) or value.get("algo", "sha256") != "sha256":
            raise self._bad("oid has to be a SHA-256")
        if size is not None and type(size) is not int:
            raise self._bad("size has to be a number of bytes")
        change = Change(
            kind=ChangeKind.PUT,
            path=self._path(value),
            sha256=f"sha256:{oid}",
            size_bytes=size,
        )
        self._add(change)

    def _path(self, value: Mapping[str, object], *, is_folder: bool = False) -> str:
        path = value.get("path")
        if is_folder and isinstance(path, str):
            path = path.removesuffix("/")
        if not is_possible(path):
            raise Refused(words.refused(422, words.BAD_PATH, path=ascii(path)[:200]))
        if is_left_out(cast("str", path)):
            raise Refused(words.refused(422, words.LEFT_OUT, path=path))
        return cast("str", path)

    def _add(self, change: Change) -> None:
        self._proposal.changes.append(change)

    def _bad(self, why: str) -> Refused:
        return Refused(words.refused(400, words.BAD_LINE, number=self._lines, why=why))


def applied(
    before: Mapping[str, tuple[str, int]], changes: Iterable[Change], head: str
) -> dict[str, tuple[str, int | None]]:
    """Return the files after a commit, by path: digest, and length if it is known.

    Args:
        before: the files before it.
        changes: what it changes, one after the other.
        head: the revision before it, for messages; empty for none.

    Raises:
        Refused: a file is to be deleted that is not there.
    """
    files: dict[str, tuple[str, int | None]] = dict(before)
    for change in changes:
        if change.kind is ChangeKind.PUT:
            files[change.path] = (change.sha256, change.size_bytes)
        elif change.kind is ChangeKind.DELETE_FILE:
            if files.pop(change.path, None) is None:
                raise Refused(entry_not_found(head))
        else:
            prefix = f"{change.path}/" if change.path else ""
            files = {path: row for path, row in files.items() if not path.startswith(prefix)}
    return files
