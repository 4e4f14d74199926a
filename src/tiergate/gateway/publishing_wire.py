# SPDX-License-Identifier: Apache-2.0
"""What answers look like to clients that publish: every message, and every shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tiergate.gateway import wire
from tiergate.gateway.catalogue import Repository, Revision
from tiergate.gateway.uploads import LARGEST_OBJECT_BYTES, Upload

LOG_IN = "Log in with the token of somebody who may publish here."
NOT_PUBLISHER = "You may not publish here: the operator of this gateway gives that role."
NO_SUCH_NAME = "A repository cannot be named so: org/name, without -- and without .git at the end."
NOT_MODEL = "This gateway holds models and nothing else."
NAME_TAKEN = "There is a repository of that name already."
RELEASE_TAKEN = (
    "The release that follows from this name is of another repository:"
    " ask the operator to offer it with tiergate gateway offer."
)
NAME_TOO_LONG = (
    "The release that follows from this name would have more than 64 letters:"
    " ask the operator to offer it with tiergate gateway offer."
)
ONLY_MAIN = "Only the branch main takes commits here, and there are no pull requests."
BAD_LINK = "This upload link is none, or has ended. Ask for another one."
USED_LINK = "This upload link was used already."
STOPPED = "You may not publish here any more."
TOO_MANY = "Too many uploads at once."
ENCODED = "Bodies are read as they are: send them without Content-Encoding."
WRONG_SIZE = "The content has another length than was said, and is not kept."
WRONG_DIGEST = "The content has another digest than was said, and is not kept."
TOO_SLOW = "Nothing has come for too long."
NO_ROOM = "The content cannot be kept: the gateway has no room, or cannot write."
TOO_LARGE = f"No file may have more than {LARGEST_OBJECT_BYTES} bytes: put it in shards."
NOT_UPLOADED = "Upload this content to this repository first: {path}"
OTHER_SIZE = "This content has another length: {path}"
BAD_PATH = "A file cannot be named so: {path}"
LEFT_OUT = "This is no part of a checkpoint, and is not published: {path}"
COLLISION = "These two are one on some systems, or a file and a folder: {one} and {two}"
NO_FILES = "A revision has to have files."
TOO_MANY_FILES = "These are too many files for one revision."
BAD_LINE = "Line {number} of the commit could not be read: {why}"
TOO_LONG = "The commit is too long."
BAD_ZIP = "The index of this archive is too long to be read: {path}"
MOVED = "Somebody else has committed since: read what there is, and commit again."
XET = (
    "This gateway has no Xet storage. Set HF_HUB_DISABLE_XET=1 and upload again,"
    " or use: tiergate push"
)


def refused(status: int, message: str, **words: object) -> wire.Answer:
    """Return a refusal of something whose body may not have been read to its end."""
    return wire.error(status, message.format(**words), Connection="close")


def created(url: str, repository: Repository) -> dict[str, object]:
    """Return what is said of a new repository."""
    return {
        "url": f"{url}/{repository.name}",
        "name": repository.name,
        "private": True,
        "release": repository.release,
    }


def taken(url: str, repository: Repository) -> wire.Answer:
    """Return the answer to somebody who makes a repository that is there."""
    answer = wire.error(409, NAME_TAKEN)
    return replace(answer, body={"error": NAME_TAKEN, **created(url, repository)})


def upload_modes(paths: Iterable[tuple[str, bool]]) -> dict[str, object]:
    """Return how files are uploaded: each is a content of its own.

    Args:
        paths: each with whether it is left out.
    """
    return {
        "files": [
            {"path": path, "uploadMode": "lfs", "shouldIgnore": is_left_out}
            for path, is_left_out in paths
        ]
    }


def storage_object(upload: Upload, href: str, verify: str) -> dict[str, object]:
    """Return one row of what is to be uploaded.

    Args:
        upload: the content.
        href: where to; empty when it is there already.
        verify: where to ask whether it arrived.
    """
    row: dict[str, object] = {
        "oid": upload.sha256.removeprefix("sha256:"),
        "size": upload.size_bytes,
        "authenticated": True,
    }
    if href:
        row["actions"] = {"upload": {"href": href}, "verify": {"href": verify}}
    return row


def storage_problem(row: Mapping[str, object], message: str) -> dict[str, object]:
    """Return one row of what cannot be uploaded."""
    return {
        "oid": row.get("oid"),
        "size": row.get("size"),
        "error": {"code": 422, "message": message},
    }


def committed(url: str, repository: Repository, revision: Revision) -> dict[str, object]:
    """Return what is said of a commit to the person whose it is."""
    return {
        "success": True,
        "commitOid": revision.commit,
        "commitUrl": f"{url}/{repository.name}/commit/{revision.commit}",
        "hookOutput": "",
        "rootDigest": revision.root_digest,
        "release": repository.release,
    }
