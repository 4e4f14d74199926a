# SPDX-License-Identifier: Apache-2.0
"""What was read and what could not be: a feed that was read in part is never said to be whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

SHOWN = 5
"""Rows that could not be read are all counted; so many are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one pass read."""

    rows: int = 0
    """Rows that were read, those that stand twice included."""
    unreadable: int = 0
    """Rows that could not be read."""
    reasons: tuple[str, ...] = ()
    """Why, of the first few."""
    duplicates: int = 0
    """Rows of a repository that another row is about as well."""
    dated_ahead: int = 0
    """Rows that are dated after the reader's time."""
    undated: int = 0
    """Rows without a date of creation."""
    declaring: int = 0
    """Repositories that name a base model."""
    with_digests: int = 0
    """Rows with a digest of at least one file."""
    first_created: datetime | None = None
    """Earliest date of creation."""
    last_created: datetime | None = None
    """Latest date of creation that is not ahead."""

    def with_unreadable(self, unreadable: int, reasons: tuple[str, ...]) -> Tally:
        """Return the same with what could not be read."""
        import dataclasses

        return dataclasses.replace(self, unreadable=unreadable, reasons=reasons[:SHOWN])
