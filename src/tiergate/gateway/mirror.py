# SPDX-License-Identifier: Apache-2.0
"""A repository of another hub, at one revision, with every file as that hub states it.

The hub's own client does the transfer, so that a token goes to the hub alone and not where it
sends the client to. What came is compared with what the hub states, because clients do not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tiergate.errors import CheckpointError, DigestMismatchError, InputError
from tiergate.gateway.house import LARGEST_FILE_BYTES
from tiergate.gateway.objects import chunks_of
from tiergate.gateway.publishing_paths import MOST_FILES, collision, is_left_out, is_possible
from tiergate.model.files import FileRole, WeightsFormat, role_by_name
from tiergate.model.hub import explained, fetch

if TYPE_CHECKING:
    from tiergate.model.checkpoint import Checkpoint

_RUNS_CODE = frozenset({WeightsFormat.PICKLE, WeightsFormat.OTHER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """A repository of another hub."""

    url: str
    """Address of the hub."""
    repository: str
    """Its name there."""
    token: str = ""
    """What to log in with; empty for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a hub states about one file."""

    size_bytes: int
    """Its length."""
    sha256: str = ""
    """SHA-256 in hexadecimal, of a file that Git LFS keeps; empty for another."""
    git_oid: str = ""
    """Digest as a blob of Git, in hexadecimal; that of an LFS file is of its pointer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One revision of it."""

    commit: str
    """Its name."""
    files: Mapping[str, Stated]
    """Its files, by path."""


def resolve(upstream: Upstream, revision: str) -> Revision:
    """Find out what a revision is, and refuse what will not be mirrored before any of it comes.

    Args:
        upstream: the repository.
        revision: branch, tag or commit.

    Raises:
        CheckpointError: no such repository or revision, no access, or nobody answers.
        InputError: a file cannot be mirrored.
    """
    from huggingface_hub import HfApi  # slow to import

    where = f"{upstream.repository}@{revision}"
    with explained(where):
        info = HfApi(endpoint=upstream.url).model_info(
            upstream.repository,
            revision=revision,
            files_metadata=True,
            token=upstream.token or False,
        )
    files = {}
    for each in info.siblings or ():
        lfs = each.lfs
        files[each.rfilename] = Stated(
            size_bytes=int((each.size if lfs is None else lfs.size) or 0),
            sha256="" if lfs is None else str(lfs.sha256),
            git_oid=str(each.blob_id or ""),
        )
    if not info.sha or not files:
        raise CheckpointError(where, "a revision without files", "one with weights")
    refuse(files)
    return Revision(commit=str(info.sha), files=files)


def refuse(files: Mapping[str, Stated]) -> None:
    """Refuse files that cannot be mirrored, by what is stated about them.

    Raises:
        InputError: there is one.
    """
    if len(files) > MOST_FILES:
        raise InputError("the repository", f"{len(files)} files", f"at most {MOST_FILES}")
    clash = collision(files)
    if clash is not None:
        raise InputError(clash[0], f"{clash[1]!r} beside it", "names that stand beside each other")
    for path, stated in files.items():
        if not is_possible(path) or is_left_out(path):
            raise InputError(ascii(path), "a name that no file can have here", "another name")
        if stated.size_bytes > LARGEST_FILE_BYTES:
            raise InputError(path, f"{stated.size_bytes} bytes", f"at most {LARGEST_FILE_BYTES}")
        if not stated.sha256 and not stated.git_oid:
            raise InputError(path, "no digest that the hub states", "one to compare with")
        role, weights_format = role_by_name(path)
        if role is FileRole.CODE or weights_format in _RUNS_CODE:
            raise _runs_code([path])


def pull(upstream: Upstream, revision: Revision, staging: Path) -> Path:
    """Download a revision, and compare every file with what the hub states.

    Files that have come whole before are not asked for again.

    Args:
        upstream: the repository.
        revision: which, as :func:`resolve` found it.
        staging: a folder for it.

    Returns:
        The folder with its files.

    Raises:
        CheckpointError: it cannot be downloaded; what came is kept for the next time.
        DigestMismatchError: a file is another than is stated; it is removed.
    """
    folder = fetch(
        upstream.repository,
        revision.commit,
        endpoint=upstream.url,
        cache_dir=staging,
        token=upstream.token or False,
    )
    for path, stated in revision.files.items():
        file = folder / path
        if not file.is_file():
            raise CheckpointError(path, "no such file in what came", "every file of the revision")
        kind = "sha256" if stated.sha256 else "git blob"
        expected = stated.sha256 or stated.git_oid
        found = _digest(file, is_blob=not stated.sha256)
        if found != expected:
            # Through the link, so that the next time it is asked for again.
            file.resolve().unlink()
            file.unlink(missing_ok=True)
            raise DigestMismatchError(path, f"{kind} {found}", f"{expected}, as the hub states")
    return folder


def refuse_code(checkpoint: Checkpoint) -> None:
    """Refuse a checkpoint that needs code, or brings it.

    Raises:
        InputError: it does.
    """
    if not checkpoint.loads_without_code:
        found = (*checkpoint.code_files, *checkpoint.pickle_files, *checkpoint.auto_map)
        raise _runs_code(found)


def _runs_code(paths: Iterable[str]) -> InputError:
    return InputError(
        ", ".join(ascii(path)[1:-1] for path in paths) or "the weights",
        "files that run code, or ask for it",
        "safetensors or GGUF without code",
        "Download it, take out what is not needed, and publish the folder.",
    )


def _digest(path: Path, *, is_blob: bool) -> str:
    hasher = hashlib.sha256()
    if is_blob:
        hasher = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    for chunk in chunks_of(path):
        hasher.update(chunk)
    return hasher.hexdigest()
