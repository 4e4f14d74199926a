# SPDX-License-Identifier: Apache-2.0
"""What a ledger needs of the database that holds its rows, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from tiergate.release.ledger_entry import Entry

_SCHEMES = ("postgresql://", "postgres://")


def is_postgresql(place: str) -> bool:
    """Tell whether this is the address of a ledger on PostgreSQL, and no path."""
    return place.startswith(_SCHEMES)


class Store(Protocol):
    """A ledger's rows, open in one program."""

    @property
    def place(self) -> str:
        """Where it is, as messages name it; without a password."""
        ...

    @property
    def origin(self) -> str:
        """The ledger's own name."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...

    def entries(self, after: int) -> Iterator[Entry]:
        """Yield the entries after that place, as they are, in order.

        Raises:
            VerificationError: the database is damaged.
            OSError: it cannot be read.
        """
        ...

    def faults(self) -> Iterator[str]:
        """Say in what the tables and what guards them are not as they are made."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """Hold the ledger for one writer; keep all that was done, or nothing.

        Raises:
            OSError: the database cannot be written, or somebody else does not let go of it.
        """
        ...

    def insert(self, entry: Entry) -> None:
        """Add one entry, while it is held for writing."""
        ...
