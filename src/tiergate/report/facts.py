# SPDX-License-Identifier: Apache-2.0
"""What the report says about a checkpoint and about files around it, as plain text rows."""

from __future__ import annotations

from dataclasses import dataclass

from tiergate.report.whatif_view import WhatIfView


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFact:
    """One file of the checkpoint."""

    path: str
    """Path within the checkpoint."""
    role: str
    """What it is for."""
    size: str
    """Its size in words."""
    sha256: str
    """Digest of its bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPlace:
    """A log that was found, and has the digest that a document names."""

    sha256: str
    """Its digest, ``sha256:<hex>``."""
    path: str
    """Where it is as seen from the page, with ``/`` between the parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """What there is to know besides the decision and the evidence."""

    rows: tuple[tuple[str, str], ...]
    """Label and text, in the order of the page."""
    notes: tuple[str, ...]
    """What a person should know."""
    files: tuple[FileFact, ...]
    """The manifest; empty when no weights were read."""
    logs: tuple[LogPlace, ...] = ()
    """Logs behind the evidence that were found, each digest once."""
    what_if: tuple[WhatIfView, ...] = ()
    """Limits that move the tier, and where on their scale."""
