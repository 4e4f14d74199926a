# SPDX-License-Identifier: Apache-2.0
"""What answers look like to clients of the Hugging Face Hub: every code, header and message.

A client tells a clear refusal by ``X-Error-Code`` alone; without it, it speaks of a broken
connection. No refusal is a 5xx, because clients repeat those and fall back to old copies.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from tiergate.gateway.requests import AccessRequest, Count, Status
from tiergate.model.manifest import ManifestEntry
from tiergate.release.access import Access, Reason

_LONGEST_MESSAGE = 600
_NOT_SHOWN = re.compile(r"[^\x20-\x7e]+")

REPOSITORY_CODE = "RepoNotFound"
"""For a repository that is not there, or that the caller may not know of."""
NOT_FOUND = "Repository not found. If it is private, log in with a token that may see it."
NO_REVISION = "Revision not found"
NO_FILE = "Entry not found"
NOT_OFFERED = "This gateway does not offer that route of the Hub."
BAD_REQUEST = "The request could not be read."
NO_AUDIT = "The download could not be written down, so nothing is sent. Try again later."
NOT_CHECKED = "Who may have what cannot be checked now, so nothing is sent. Try again later."
NOT_READABLE = "The file cannot be read now, so nothing is sent. Try again later."
ALREADY = "That request has that answer already."
NOBODYS_TOKEN = "No account has that token, or it has ended."  # noqa: S105 - a message
NOT_IN_SCOPE = "Your token does not count for that."
NO_REQUEST = "Nobody of that name has asked for access."
NONE_PENDING = "No pending access request found for this repo and this user"
TOO_OFTEN = "You have asked for this model many times today. Ask again tomorrow."
NOT_TO_ASK = "This token does not count for asking for access."
OTHER_WORDING = "What you agree to has changed. Read it again at {page}"
NO_WORDING = "Read what you agree to at {page} and send its digest as wording."
UNKNOWN_FIELD = "There is no question {name} here. See {page}"
NOT_OURS = "That form was not sent from a page of this gateway. Go back, and send it again."
BEING_COPIED = "Your copy of {repository} is being made, with a mark. Try again in a few minutes."
NOT_DECIDER = "Who gets access is decided by others here."
NO_PERSON = "There is no account of that name."
NOT_ALLOWED_METHOD = "This route does not answer to that method."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A short answer: a status, headers, and JSON or nothing."""

    status: int = 200
    """Status code."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers beside those of every answer."""
    body: object = None
    """What is sent as JSON; None for nothing."""


PRIVATE: Mapping[str, str] = MappingProxyType(
    {
        "Cache-Control": "private, no-store",
        "Vary": "Authorization",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    }
)
"""Headers of every answer of the Hub's routes: no cache between keeps any of them."""


def error(status: int, message: str, code: str = "", **headers: str) -> Answer:
    """Return an error as clients read it.

    Args:
        status: status code.
        message: one line for people.
        code: ``RepoNotFound``, ``RevisionNotFound``, ``EntryNotFound``, ``GatedRepo``, or none.
        headers: more of them, with underscores for hyphens.
    """
    line = header_text(message)
    found = {"X-Error-Message": line, **({"X-Error-Code": code} if code else {})}
    found |= {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=found, body={"error": line})


def header_text(text: str) -> str:
    """Return text that can stand in a header: one line of printable ASCII, of bounded length."""
    return _NOT_SHOWN.sub(" ", text).strip()[:_LONGEST_MESSAGE]


def repository_not_found(*, is_known: bool) -> Answer:
    """Return the one answer for what is absent and for what is hidden.

    Args:
        is_known: whether the caller has logged in; others are asked to.
    """
    return error(404 if is_known else 401, NOT_FOUND, REPOSITORY_CODE)


def revision_not_found() -> Answer:
    """Return the answer for a revision that is not there."""
    return error(404, NO_REVISION, "RevisionNotFound")


def entry_not_found(commit: str) -> Answer:
    """Return the answer for a file that is not there; the commit lets clients remember that."""
    return error(404, NO_FILE, "EntryNotFound", X_Repo_Commit=commit)


_STATUS: Mapping[Reason, int] = MappingProxyType({Reason.NO_TOKEN: 401, Reason.JURISDICTION: 451})
_SAID: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.FROZEN: "Downloads of {repository} are stopped.",
        Reason.WITHDRAWN: "The release of {repository} has ended.",
        Reason.LAPSED: "The decision to release {repository} is no longer valid.",
        Reason.STAGE: "{repository} is not released yet.",
        Reason.HOSTED: "The weights of {repository} are not handed out.",
        Reason.JURISDICTION: "{repository} cannot be downloaded from where you are.",
        Reason.NO_TOKEN: "Access to {repository} is restricted: log in, and ask at {page}",
        Reason.NO_GRANT: "Access to {repository} is restricted: ask at {page}",
        Reason.PENDING: "Your request for {repository} is not decided yet. See {page}",
        Reason.EXPIRED: "Your grant for {repository} has ended. Renew it at {page}",
        Reason.REVOKED: "Your grant for {repository} was revoked. See {page}",
        Reason.OTHER_REVISION: "Your grant for {repository} is for another revision. See {page}",
        Reason.USED_UP: "The downloads of your grant for {repository} are used up. See {page}",
    }
)


def refusal(access: Access, repository: str, page: str, *, is_known: bool) -> Answer:
    """Return the answer to somebody who may not have a file.

    Args:
        access: why not.
        repository: its name.
        page: where people ask for access.
        is_known: whether the caller has logged in.

    Raises:
        ValueError: the access is allowed.
    """
    if access.is_allowed:
        raise ValueError("this access is allowed")
    if access.reason.hides:
        return repository_not_found(is_known=is_known)
    said = _SAID[access.reason].format(repository=repository, page=page)
    status = _STATUS.get(access.reason, 403)
    return error(status, f"{said} {access.detail}".strip(), "GatedRepo")


def warning_header(access: Access) -> dict[str, str]:
    """Return what a client shows beside an answer that it gets; empty without warnings."""
    if not access.warnings:
        return {}
    return {"X-HF-Warning": header_text("release; " + ". ".join(access.warnings))}


def file_headers(entry: ManifestEntry, commit: str) -> dict[str, str]:
    """Return the headers of a file, whether it is sent or only described."""
    name = header_text(entry.path.rsplit("/", 1)[-1]).replace('"', "").replace("\\", "")
    return {
        "X-Repo-Commit": commit,
        "ETag": f'"{entry.sha256.removeprefix("sha256:")}"',
        "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f'attachment; filename="{name}"',
    }


def elsewhere(entry: ManifestEntry, url: str) -> dict[str, str]:
    """Return the headers of an answer that sends a client to another place for a file.

    Args:
        entry: the file.
        url: the place.
    """
    return {
        "Location": url,
        "X-Linked-Etag": f'"{entry.sha256.removeprefix("sha256:")}"',
        "X-Linked-Size": str(entry.size_bytes),
    }


def model_info(  # noqa: PLR0913 - what a client expects to find
    repository: str,
    commit: str,
    entries: Iterable[ManifestEntry],
    *,
    has_sizes: bool,
    is_gated: bool,
    created_at: datetime,
    changed_at: datetime,
) -> dict[str, object]:
    """Return what is known of a model at one revision.

    Args:
        repository: its name.
        commit: the revision.
        entries: its files.
        has_sizes: whether sizes and digests of the files are asked for.
        is_gated: whether not everybody may have the files.
        created_at: when the repository was made.
        changed_at: when the revision was added.
    """
    name = repository.removeprefix("datasets/")
    return {
        "_id": hashlib.sha256(repository.encode()).hexdigest()[:24],
        "id": name,
        "modelId": name,
        "author": name.split("/", 1)[0],
        "sha": commit,
        "private": False,
        "disabled": False,
        "gated": "manual" if is_gated else False,
        "createdAt": wire_time(created_at),
        "lastModified": wire_time(changed_at),
        "downloads": 0,
        "likes": 0,
        "tags": [],
        "siblings": [_sibling(entry, has_sizes=has_sizes) for entry in entries],
    }


def _sibling(entry: ManifestEntry, *, has_sizes: bool) -> dict[str, object]:
    if not has_sizes:
        return {"rfilename": entry.path}
    digest, pointer = entry.sha256.removeprefix("sha256:"), _pointer(entry)
    return {
        "rfilename": entry.path,
        "size": entry.size_bytes,
        "blobId": _git_oid(pointer),
        "lfs": {"sha256": digest, "size": entry.size_bytes, "pointerSize": len(pointer)},
    }


def tree(entries: Sequence[ManifestEntry], folder: str, *, is_recursive: bool) -> list[object]:
    """Return what is in a folder of a repository, folders included."""
    prefix = f"{folder}/" if folder else ""
    within = [entry for entry in entries if entry.path.startswith(prefix)]
    folders = {
        prefix + "/".join(parts[:depth])
        for entry in within
        for parts in [entry.path[len(prefix) :].split("/")]
        for depth in range(1, len(parts) if is_recursive else min(2, len(parts)))
    }
    files = [
        tree_entry(entry)
        for entry in within
        if is_recursive or "/" not in entry.path[len(prefix) :]
    ]
    return [*map(_folder, sorted(folders)), *files]


def paths(entries: Sequence[ManifestEntry], named: AbstractSet[str]) -> list[object]:
    """Return the files and folders of those paths; what is not there is left out."""
    folders = {path for path in named if any(e.path.startswith(f"{path}/") for e in entries)}
    files = [tree_entry(entry) for entry in entries if entry.path in named]
    return [*map(_folder, sorted(folders)), *files]


def _folder(path: str) -> dict[str, object]:
    oid = hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()
    return {"type": "directory", "oid": oid, "size": 0, "path": path}


def tree_entry(entry: ManifestEntry) -> dict[str, object]:
    """Return one file as an entry of a tree.

    Each stands there as if it were kept by Git LFS, so that clients learn the SHA-256 of all.
    """
    digest, pointer = entry.sha256.removeprefix("sha256:"), _pointer(entry)
    return {
        "type": "file",
        "oid": _git_oid(pointer),
        "size": entry.size_bytes,
        "lfs": {"oid": digest, "size": entry.size_bytes, "pointerSize": len(pointer)},
        "path": entry.path,
    }


def _pointer(entry: ManifestEntry) -> bytes:
    """Return what Git LFS would keep in place of a file."""
    digest = entry.sha256.removeprefix("sha256:")
    lines = ("version https://git-lfs.github.com/spec/v1", f"oid sha256:{digest}")
    return "".join(f"{line}\n" for line in (*lines, f"size {entry.size_bytes}")).encode()


def whoami(name: str, full_name: str, role: str) -> dict[str, object]:
    """Return who somebody is."""
    return {
        "type": "user",
        "id": name,
        "name": name,
        "fullname": full_name,
        "isPro": False,
        "orgs": [],
        "auth": {"type": "access_token", "accessToken": {"displayName": name, "role": role}},
    }


def access_request(
    request: AccessRequest, full_name: str, count: Count | None = None
) -> dict[str, object]:
    """Return a request for access as those who decide on it see it.

    Args:
        request: the request.
        full_name: of whoever asked; empty where they do not share it.
        count: who is for it, where that is more than one person's answer.
    """
    found: dict[str, object] = {
        "requestId": request.id,
        "user": {
            "_id": request.person,
            "user": request.person,
            "fullname": full_name or request.person,
            "email": None,
            "type": "user",
        },
        "status": request.status.value,
        "timestamp": wire_time(request.asked_at),
        "fields": dict(request.fields),
    }
    if request.answered_at is not None:
        found["reviewedAt"] = wire_time(request.answered_at)
    if request.answered_by and request.status is Status.ACCEPTED:
        found["grantedBy"] = {"user": request.answered_by}
    if request.wording:
        found["wording"] = request.wording
    return found if count is None else {**found, **counted(count)}


def counted(count: Count) -> dict[str, object]:
    """Return how many are for a request."""
    return {"votes": {"accepted": sorted(count.people), "needed": count.needed}}


def decided(request: AccessRequest, count: Count) -> Answer:
    """Return the answer to somebody who has decided, or is one of two who do."""
    body: dict[str, object] = {"status": request.status.value, **counted(count)}
    if request.status is not Status.PENDING or not count.people:
        return Answer(headers=dict(PRIVATE), body=body)
    words = (
        f"{len(count.people)} of {count.needed} reviewers are for it."
        " It stays pending until another one is."
    )
    headers = {**PRIVATE, "X-HF-Warning": header_text(f"review; {words}")}
    return Answer(headers=headers, body={**body, "message": words})


def _git_oid(content: bytes) -> str:
    data = b"blob %d\0" % len(content) + content
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def wire_time(when: datetime) -> str:
    """Write a time as clients of the Hub read it."""
    return f"{when:%Y-%m-%dT%H:%M:%S}.000Z"
