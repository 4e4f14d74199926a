# SPDX-License-Identifier: Apache-2.0
"""Ledgers held against heads and trust files, and proofs about them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tiergate.attestation.merkle import consistency_proof, inclusion_proof, leaf_hash, root_of
from tiergate.attestation.trust import Trust
from tiergate.cli.key_files import read_verifying_key
from tiergate.cli.release_acting import head_folders
from tiergate.cli.release_documents import ProofDocument
from tiergate.errors import InputError, VerificationError
from tiergate.release.events import read_events
from tiergate.release.head_files import HeadFile, heads_in
from tiergate.release.ledger import Ledger
from tiergate.release.ledger_checks import (
    LedgerProblem,
    LedgerReport,
    examine_ledger,
    with_problem,
)
from tiergate.release.trust_file import load_trust


def checked(
    ledger: str, trust: str, heads: tuple[str, ...], head_keys: tuple[str, ...]
) -> tuple[LedgerReport, str]:
    """Hold a ledger against itself, heads and trust; say how far its signatures hold too.

    Raises:
        InputError: something that was named is not there.
        VerificationError: a head or the file cannot be read as such.
    """
    believed = load_trust(Path(trust))
    keys = [known.key for known in believed.keys]
    keys += [read_verifying_key(path) for path in head_keys]
    with Ledger.open(ledger, read_only=True) as opened:
        report = examine_ledger(opened, _heads(ledger, heads), keys)
        count, problem = _signatures(opened, believed)
    if problem is None:
        return report, f"all {count} hold"
    return with_problem(report, problem), f"{count} hold, and then one does not"


def inclusion(ledger: str, event: int) -> ProofDocument:
    """Prove that an event is in a ledger.

    Raises:
        InputError: it has no such event.
    """
    origin, leaves = _leaves(ledger)
    if event > len(leaves):
        raise InputError(origin, f"{len(leaves)} events", f"at least {event}")
    path = inclusion_proof(leaves, event - 1)
    return ProofDocument(
        kind="inclusion",
        origin=origin,
        size=len(leaves),
        root=root_of(leaves).hex(),
        leaf_index=event - 1,
        leaf_hash=leaves[event - 1].hex(),
        first_size=None,
        first_root=None,
        path=tuple(each.hex() for each in path),
    )


def consistency(ledger: str, since: int) -> ProofDocument:
    """Prove that a ledger begins with what it had when it was so long.

    Raises:
        InputError: it is shorter.
    """
    origin, leaves = _leaves(ledger)
    if since > len(leaves):
        raise InputError(origin, f"{len(leaves)} events", f"at least {since}")
    path = consistency_proof(leaves, since)
    return ProofDocument(
        kind="consistency",
        origin=origin,
        size=len(leaves),
        root=root_of(leaves).hex(),
        leaf_index=None,
        leaf_hash=None,
        first_size=since,
        first_root=root_of(leaves[:since]).hex(),
        path=tuple(each.hex() for each in path),
    )


def lines(ledger: str) -> Iterator[str]:
    """Yield the entries of a ledger, one a line."""
    with Ledger.open(ledger, read_only=True) as opened:
        for entry in opened.entries():
            yield entry.data.decode("utf-8", "replace")


def _leaves(ledger: str) -> tuple[str, tuple[bytes, ...]]:
    with Ledger.open(ledger, read_only=True) as opened:
        return opened.origin, tuple(leaf_hash(entry.data) for entry in opened.entries())


def _heads(ledger: str, given: tuple[str, ...]) -> tuple[HeadFile, ...]:
    places = head_folders(ledger, given)
    # The folder beside the ledger may not be there; one that was named must be.
    return tuple(file for place in places if given or place.is_dir() for file in heads_in(place))


def _signatures(ledger: Ledger, trust: Trust) -> tuple[int, LedgerProblem | None]:
    count = 0
    try:
        for event in read_events(ledger.entries(), ledger.origin, trust):
            count = event.sequence
    except VerificationError as error:
        found = f"{error.where}: {error.found}; expected {error.expected}"
        return count, LedgerProblem(event=count + 1, found=found)
    return count, None
