# SPDX-License-Identifier: Apache-2.0
"""From a folder to a gateway.

Contents first, each to a link that takes it once, then the list of files. A content that the
gateway has from this person, or in a revision of the same repository, is not sent again.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tiergate.cli import progress
from tiergate.cli.failures import visible
from tiergate.cli.pushing_client import Client, PassingError, Reply
from tiergate.cli.session import identify_with_progress
from tiergate.errors import InputError, VerificationError
from tiergate.model.checkpoint import Checkpoint
from tiergate.model.digest import unreadable
from tiergate.model.manifest import ManifestEntry

_TOKENS = ("TIERGATE_TOKEN", "HF_TOKEN")
_COMMIT_DIGITS = 40
_AT_ONCE = 100
"""Contents that are asked about in one request."""
_CHUNK_BYTES = 1 << 20
_WAITS = (1.0, 4.0, 15.0)
"""Seconds before something is tried again."""
_ONCE_MORE = "Run the command again: what has arrived is not sent again."
_TAKEN = 409
_REFUSED = frozenset({401, 403})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What came of it."""

    commit: str
    """Name of the new revision."""
    root_digest: str
    """Root digest of the files."""
    release: str
    """The release that decides over them."""
    files: int
    """How many there are."""
    sent: int
    """How many contents had to be sent."""


def pushed(directory: str, url: str, repository: str, *, may_be_plain: bool) -> Pushed:
    """Upload a checkpoint, and find out that exactly its files have arrived.

    Raises:
        CheckpointError: it cannot be used.
        InputError: no token, or the gateway refuses or cannot be reached.
        VerificationError: the gateway has other files now than are here.
    """
    if not Path(directory).exists():
        raise InputError(directory, "no such path", "a folder, or a weights file")
    client = Client(url, read_token(), may_be_plain=may_be_plain)
    checkpoint = identify_with_progress(directory, revision=None, endpoint=None, use_cache=False)
    return _Push(client, url, repository, checkpoint).run()


class _Push:
    """One checkpoint on its way."""

    def __init__(self, client: Client, url: str, repository: str, checkpoint: Checkpoint) -> None:
        self._client = client
        self._where = f"{repository} at {url}"
        self._repository = repository
        self._entries = checkpoint.manifest.entries
        self._root_digest = checkpoint.root_digest
        path = checkpoint.path
        self._base = path if path.is_dir() else path.parent
        self._sent = 0

    def run(self) -> Pushed:
        """Make the repository, send what is missing, commit."""
        release = self._create()
        contents = {entry.sha256: entry for entry in self._entries}
        waiting = list(contents.values())
        with progress.sending(sum(entry.size_bytes for entry in waiting)) as on_bytes:
            for first in range(0, len(waiting), _AT_ONCE):
                self._send(waiting[first : first + _AT_ONCE], on_bytes)
        commit = self._commit()
        return Pushed(
            commit=commit,
            root_digest=self._root_digest,
            release=release,
            files=len(self._entries),
            sent=self._sent,
        )

    def _create(self) -> str:
        namespace, _, name = self._repository.partition("/")
        asked = {"organization": namespace, "name": name, "type": "model"}
        # A gateway that is not there at the beginning is not waited for.
        reply = self._again(lambda: self._post("/api/repos/create", asked), waits=())
        if reply.status != _TAKEN:
            self._require(reply)
        return str(reply.document.get("release", ""))

    def _send(self, entries: Sequence[ManifestEntry], on_bytes: Callable[[int], None]) -> None:
        links = self._links(entries)
        for entry in entries:
            link = links.get(entry.sha256, "")
            if link:
                self._deliver(entry, link, on_bytes)
                self._sent += 1
            else:
                on_bytes(entry.size_bytes)

    def _links(self, entries: Sequence[ManifestEntry]) -> dict[str, str]:
        """Return where contents are to be sent; those that are there already are left out."""
        rows = [
            {"oid": entry.sha256.removeprefix("sha256:"), "size": entry.size_bytes}
            for entry in entries
        ]
        asked = {"operation": "upload", "transfers": ["basic"], "objects": rows}
        path = f"/{self._repository}.git/info/lfs/objects/batch"
        reply = self._again(lambda: self._post(path, asked))
        self._require(reply)
        found = reply.document.get("objects")
        links = {}
        for row in found if isinstance(found, list) else ():
            match row:
                case {"error": {"message": str(message)}}:
                    raise InputError(self._where, visible(message), "contents that it takes")
                case {"oid": str(oid), "actions": {"upload": {"href": str(link)}}}:
                    links[f"sha256:{oid}"] = link
                case _:
                    pass  # it is there
        return links

    def _deliver(self, entry: ManifestEntry, link: str, on_bytes: Callable[[int], None]) -> None:
        """Send one content, to another link when one fails: it may have ended or be used up."""
        problem = ""
        for wait in (0.0, *_WAITS):
            if problem:
                time.sleep(wait)
                link = self._links([entry]).get(entry.sha256, "")
            if not link:
                return
            try:
                reply = self._put(entry, link, on_bytes)
            except PassingError as error:
                problem = str(error)
                continue
            if _is_good(reply):
                return
            problem = visible(reply.said)
            if reply.status not in _REFUSED:
                raise _changed(entry, f"content that the gateway does not take ({problem})")
        raise InputError(self._where, problem, "a gateway that takes contents", _ONCE_MORE)

    def _put(self, entry: ManifestEntry, link: str, on_bytes: Callable[[int], None]) -> Reply:
        count = 0

        def counted() -> Iterator[bytes]:
            nonlocal count
            for chunk in _chunks(self._base / entry.path, entry):
                count += len(chunk)
                on_bytes(len(chunk))
                yield chunk

        try:
            return self._client.put(link, counted(), entry.size_bytes)
        except PassingError:
            on_bytes(-count)
            raise

    def _commit(self) -> str:
        lines: list[Mapping[str, object]] = [
            {"key": "header", "value": {"summary": "tiergate push"}},
            {"key": "deletedFolder", "value": {"path": "/"}},
        ]
        for entry in self._entries:
            oid = entry.sha256.removeprefix("sha256:")
            value = {"path": entry.path, "algo": "sha256", "oid": oid, "size": entry.size_bytes}
            lines.append({"key": "lfsFile", "value": value})
        body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        path = f"/api/models/{self._repository}/commit/main"
        reply = self._again(lambda: self._client.post(path, body, "application/x-ndjson"))
        self._require(reply)
        found, expected = reply.document.get("rootDigest"), self._root_digest
        commit = expected.removeprefix("sha256:")[:_COMMIT_DIGITS]
        if found != expected or reply.document.get("commitOid") != commit:
            raise VerificationError(
                self._where,
                f"a revision with the root digest {visible(str(found))}",
                expected,
                "Do not submit it: the gateway has other files than are here.",
            )
        return commit

    def _post(self, path: str, asked: Mapping[str, object]) -> Reply:
        return self._client.post(path, json.dumps(asked).encode())

    def _again(self, do: Callable[[], Reply], waits: Sequence[float] = _WAITS) -> Reply:
        """Do something, and once more when a fault may have passed."""
        for wait in waits:
            try:
                return do()
            except PassingError:
                time.sleep(wait)
        try:
            return do()
        except PassingError as error:
            found = str(error)
            raise InputError(self._where, found, "a gateway that answers", _ONCE_MORE) from None

    def _require(self, reply: Reply) -> None:
        if not _is_good(reply):
            self._refuse(reply)

    def _refuse(self, reply: Reply) -> NoReturn:
        remedy = (
            "Ask the operator: tiergate gateway person NAME --role publisher --namespace ..."
            if reply.status in _REFUSED
            else ""
        )
        found = f"a refusal ({visible(reply.said)})"
        raise InputError(self._where, found, "a gateway that takes it", remedy)


def _is_good(reply: Reply) -> bool:
    return 200 <= reply.status < 300


def read_token() -> str:
    """Return the token that the environment names.

    Raises:
        InputError: there is none, or it is none.
    """
    for name in _TOKENS:
        token = os.environ.get(name, "").strip()
        if token and not (token.isascii() and token.isprintable()):
            raise InputError(name, "signs that no header can carry", "a token")
        if token:
            return token
    names = " and no ".join(_TOKENS)
    remedy = "Ask the operator for one: tiergate gateway token NAME."
    raise InputError("environment", f"no {names}", "a token of yours", remedy)


def _chunks(path: Path, entry: ManifestEntry) -> Iterator[bytes]:
    """Yield exactly as many bytes as were announced."""
    left = entry.size_bytes
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    break
                yield chunk
    except OSError as error:
        raise unreadable(entry.path, error) from error
    if left:
        raise _changed(entry, "another length than before")


def _changed(entry: ManifestEntry, found: str) -> VerificationError:
    return VerificationError(
        entry.path,
        found,
        f"{entry.size_bytes} bytes with the digest {entry.sha256}",
        "Wait until nothing writes to the checkpoint, then run the command again.",
    )
