# SPDX-License-Identifier: Apache-2.0
"""Entries of a ledger, how each is chained to the one before, and where the next one goes."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tiergate.attestation.merkle import leaf_hash
from tiergate.errors import VerificationError

FORMAT = "tiergate-ledger/1"
"""Format and version of a ledger, whatever database it is in."""
LARGEST_ENTRY_BYTES = 1024 * 1024
"""A longer entry is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row, as it was read."""

    sequence: int
    """Its place, from 1."""
    previous: bytes
    """Chain value of the row before."""
    data: bytes
    """The bytes."""
    chain: bytes
    """Chain value of this row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where the next entry goes, so that what is signed can name its place."""

    origin: str
    """The ledger's own name."""
    sequence: int
    """Place of the next entry, from 1."""
    previous: bytes
    """Chain value of the entry before."""


def new_origin() -> str:
    """Return a name that no other ledger has."""
    return f"tiergate.dev/ledger/{secrets.token_hex(8)}"


def chained(previous: bytes, leaf: bytes) -> bytes:
    """Return the chain value of an entry, from its leaf hash."""
    return hashlib.sha256(previous + leaf).digest()


def start_of(origin: str) -> bytes:
    """Return what the first entry is chained to."""
    return hashlib.sha256(f"{FORMAT}\n{origin}".encode()).digest()


def in_chain(entries: Iterable[Entry], size: int, last: bytes) -> Iterator[tuple[Entry, bytes]]:
    """Pass on entries that follow one another, each with its leaf hash.

    Args:
        entries: in their order.
        size: number of entries before them.
        last: chain value of the one before them.

    Raises:
        VerificationError: the first that does not follow.
    """
    for entry in entries:
        leaf = leaf_hash(entry.data)
        problem = break_at(entry, size, last, leaf)
        if problem:
            remedy = "Run tiergate ledger verify."
            where = f"event {size + 1}"
            raise VerificationError(where, problem, "a chain that holds", remedy)
        size, last = size + 1, entry.chain
        yield entry, leaf


def break_at(entry: Entry, size: int, last: bytes, leaf: bytes) -> str:
    """Say why an entry is not the next one of a chain; empty when it is.

    Args:
        entry: the entry.
        size: number of entries before it.
        last: chain value of the one before it.
        leaf: its leaf hash.
    """
    place = size + 1
    if entry.sequence != place:
        return f"event {place} is missing; the next one that is there is {entry.sequence}"
    if entry.previous != last:
        return f"event {place} does not follow the one before it"
    if entry.chain != chained(last, leaf):
        return f"event {place} is not what was appended"
    return ""
