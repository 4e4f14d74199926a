# SPDX-License-Identifier: Apache-2.0
"""Comparisons with baselines in the stores and documents that a command is given."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tiergate.cli.evidence_input import gather
from tiergate.cli.marginal_documents import MarginalDocument, marginal_document
from tiergate.evidence.added import added
from tiergate.evidence.store import EvidenceStore


def measured(
    evidence: tuple[Path, ...], *, margin: Decimal, confidence: Decimal, among: int
) -> MarginalDocument:
    """Read stores and documents, and hold every comparison in them against a margin.

    Raises:
        EvidenceError: one of them cannot be used.
    """
    stores = [EvidenceStore(path) for path in evidence if (path / "register.jsonl").exists()]
    others = tuple(str(p) for p in evidence if not (p / "register.jsonl").exists())
    gathered = gather(stores, others, None)
    there = {document.digest for document in gathered.documents}
    missing = {entry.digest for entry in gathered.register} - there
    found = added(gathered.documents, confidence, among)
    return marginal_document(found, margin, confidence, tuple(sorted(missing)))
