# SPDX-License-Identifier: Apache-2.0
"""From another hub into a gateway."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tiergate.cli.gateway_house import require_extra
from tiergate.cli.pushing_client import checked_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to mirror, and as what."""

    upstream: str
    """Name of the repository on the other hub."""
    revision: str
    """Branch, tag or commit there."""
    url: str
    """Address of that hub."""
    folder: str
    """Folder of the gateway."""
    repository: str
    """Name of the repository here."""
    release: str
    """The release that decides over it."""
    is_announced: bool
    """Whether its name may be known before a stage is open."""
    hosted_at: str
    """Where it can be used without its weights; empty for nowhere."""
    excluded: Iterable[str]
    """Jurisdictions that it is not for."""


def mirrored(wanted: Wanted, *, may_be_plain: bool) -> Iterator[str]:
    """Pull, verify and publish, and say what was done on the way.

    Raises:
        ExtensionError: the packages of the gateway are missing.
        InputError: it cannot be mirrored, or published under that name.
        CheckpointError: it cannot be had, or identified.
        DigestMismatchError: a file is another than the hub states.
    """
    require_extra()
    from tiergate.cli.serving import published
    from tiergate.cli.session import identify_with_progress
    from tiergate.gateway.mirror import Upstream, pull, refuse_code, resolve

    url = checked_url(wanted.url, "--from", may_be_plain=may_be_plain)
    token = os.environ.get("TIERGATE_TOKEN") or os.environ.get("HF_TOKEN") or ""
    upstream = Upstream(url=url, repository=wanted.upstream, token=token)
    revision = resolve(upstream, wanted.revision)
    yield f"{wanted.upstream} at {revision.commit}"
    staging = _staging(Path(wanted.folder), url, wanted.upstream)
    came = pull(upstream, revision, staging)
    yield f"  files       {len(revision.files)}, as {url} states them"
    # Publishing identifies it once more, from the cache that this fills.
    refuse_code(identify_with_progress(str(came), revision=None, endpoint=None, use_cache=True))
    made = published(
        str(came),
        wanted.folder,
        wanted.repository,
        release=wanted.release,
        is_announced=wanted.is_announced,
        hosted_at=wanted.hosted_at,
        excluded=wanted.excluded,
    )
    shutil.rmtree(staging)
    yield f"{wanted.repository} at {made.commit}"
    yield f"  root digest {made.root_digest}"
    yield f"  release     {wanted.release}; hidden until it is about exactly these files"


def _staging(folder: Path, url: str, repository: str) -> Path:
    """Return where a repository comes in; what came is found there the next time."""
    name = hashlib.sha256(f"{url}\n{repository}".encode()).hexdigest()[:16]
    return folder / "mirror" / name
