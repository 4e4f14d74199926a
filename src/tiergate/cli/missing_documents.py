# SPDX-License-Identifier: Apache-2.0
"""Documents that a store registered and that are gone: said wherever the store is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tiergate.cli import text
from tiergate.evidence.store import EvidenceStore


def missing_from(store: EvidenceStore) -> tuple[str, ...]:
    """Return the digests that the register names and that are not there, sorted."""
    there = {document.digest for document in store.documents()}
    return tuple(sorted({entry.digest for entry in store.register()} - there))


def lines(missing: Iterable[str]) -> Iterator[str]:
    """Yield one line for each."""
    for digest in missing:
        words = f"MISSING: {text.short_digest(digest)} was registered and is gone"
        yield from text.wrapped(words, "      ", "  ")
