# SPDX-License-Identifier: Apache-2.0
"""Checkpoints from a hub that speaks the Hugging Face wire, by its own client.

The client does the transfer and the caching; this module picks the revision and turns
the client's errors into ours. What the client stored is identified like any other folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tiergate.errors import CheckpointError

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9_][\w.-]{0,95}", re.ASCII)


def is_hub_id(text: str) -> bool:
    """Whether ``text`` has the form ``org/name`` and is not a path.

    >>> is_hub_id("org/name"), is_hub_id("./model"), is_hub_id("a/b/c")
    (True, False, False)
    """
    return _HUB_ID.fullmatch(text) is not None and not text.endswith("/")


def fetch(
    repo_id: str,
    revision: str | None = None,
    *,
    endpoint: str | None = None,
    cache_dir: Path | None = None,
    token: str | bool | None = None,
) -> Path:
    """Download every file of one revision; return the snapshot folder, named by its commit.

    The environment of the client applies: HF_HUB_OFFLINE, HF_ENDPOINT, HF_TOKEN, HF_HOME.

    Args:
        repo_id: ``org/name``.
        revision: branch, tag or commit; None is the default branch.
        endpoint: base URL of the hub; None uses the client's setting.
        cache_dir: where to store; None uses the client's cache.
        token: what to log in with; False for nothing, None uses the client's setting.

    Raises:
        CheckpointError: no such model or revision, no access, or not reachable and not cached.
    """
    from huggingface_hub import snapshot_download  # slow to import

    with explained(repo_id if revision is None else f"{repo_id}@{revision}"):
        folder = snapshot_download(
            repo_id, revision=revision, endpoint=endpoint, cache_dir=cache_dir, token=token
        )
    return Path(folder)


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn what the client raises into our errors.

    Args:
        where: how messages name what it was asked for.

    Raises:
        CheckpointError: no such model or revision, no access, or not reachable.
    """
    from huggingface_hub import errors

    # The bases cover the transport errors of whichever HTTP library the client uses.
    failures: tuple[type[BaseException], ...] = (
        *errors.HfHubHTTPError.__bases__,
        OSError,
        ValueError,
    )
    try:
        yield
    except failures as error:
        raise _explained(where, error) from error


def _explained(where: str, error: BaseException) -> CheckpointError:
    """Turn an error of the client into ours; gated models are a kind of missing model there."""
    from huggingface_hub import errors

    lines = str(error).strip().splitlines()
    reason = lines[0][:200] if lines else type(error).__name__
    if isinstance(error, errors.GatedRepoError):
        return CheckpointError(
            where,
            f"no access ({reason})",
            "a model that your account may download",
            "Ask for access on the model's page, then log in with `hf auth login`.",
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return CheckpointError(
            where,
            "no such model on the hub",
            "a public model, or one that your account may see",
            "Check the spelling, or log in with `hf auth login`.",
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return CheckpointError(
            where, "no such revision", "a branch, tag or commit", "List the branches and tags."
        )
    if isinstance(error, errors.LocalEntryNotFoundError):
        return CheckpointError(
            where,
            "neither a copy in the cache nor a hub that answers",
            "one of the two",
            "Check the connection, unset HF_HUB_OFFLINE, or give the path of a local copy.",
        )
    return CheckpointError(
        where,
        f"a download that failed ({reason})",
        "a complete download",
        "Try again; what was fetched so far is kept.",
    )
