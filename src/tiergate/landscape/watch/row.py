# SPDX-License-Identifier: Apache-2.0
"""One repository as a feed gives it: the same shape whatever the feed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

REPOSITORY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}(/[A-Za-z0-9_.-]{1,96})?")
"""What a repository can be called: ``org/name``, or a name alone."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class FileRow:
    """One file of a repository."""

    name: str
    """Its path there."""
    size_bytes: int | None = None
    """Its size; None when the feed does not give it."""
    sha256: str | None = None
    """64 lower-case hexadecimal digits; None when the feed does not give them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One repository, as a feed gives it. Everything in it is what somebody said."""

    repository: str
    """``org/name``."""
    revision: str | None = None
    """Commit; None when the feed does not give it."""
    created_at: datetime | None = None
    """When it was created, in UTC, as the hub says; None when the feed does not give it."""
    modified_at: datetime | None = None
    """When it was last changed, in UTC, as the hub says."""
    base_models: tuple[str, ...] = ()
    """Repositories that its card names as what it was made from."""
    relation: str | None = None
    """How, as the card says: ``quantized``, ``adapter``, ``merge``, ``finetune``."""
    tags: tuple[str, ...] = ()
    """Tags of the hub, ``base_model:...`` among them."""
    library: str | None = None
    """Library that it names."""
    files: tuple[FileRow, ...] = ()
    """Its files; empty when the feed does not give them."""
    downloads: int | None = None
    """Downloads that the hub counts."""
    weights_digest: str | None = None
    """Digest over all of its tensors; only where headers and bytes were at hand."""
    structure: str | None = None
    """Digest over names, types and shapes of its tensors; only where headers were at hand."""

    @property
    def key(self) -> str:
        """The repository as it is told from others: hubs make no difference of case."""
        return self.repository.lower()
