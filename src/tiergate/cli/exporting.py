# SPDX-License-Identifier: Apache-2.0
"""Writing evidence in other formats: records are made first, then written, none over another."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tiergate.cli import clock
from tiergate.cli.filing import store_beside
from tiergate.cli.missing_documents import missing_from
from tiergate.errors import EvidenceError
from tiergate.evidence.export_every_eval_ever import export, left_out
from tiergate.evidence.store import EvidenceStore


def every_eval_ever(
    folder: Path, model: str, store: str | None, *, at: datetime | None
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Write a store as Every Eval Ever records.

    Returns:
        The paths written, below ``folder``; what the format cannot hold; and the digests of
        documents that the store registered and that are gone.

    Raises:
        EvidenceError: the store cannot be used, or a record is there already.
    """
    filed = EvidenceStore(store_beside(model, store))
    documents = filed.documents()
    records = export(documents, at=at or clock.now())
    for path, _ in records:
        if (folder / path).exists():
            raise EvidenceError(
                str(folder / path), "a file", "a new one", "Give an empty folder, or remove it."
            )
    for path, content in records:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return tuple(path for path, _ in records), left_out(documents), missing_from(filed)
