# SPDX-License-Identifier: Apache-2.0
"""Does a ledger hold, and do the heads at hand agree with it? A value, not an exception.

Steps, in order, none left out because another failed:

1. The database has the tables and triggers of a ledger, as they are made.
2. Places follow one another, and every entry is chained to the one before.
3. Every head is signed by a key that the verifier believes.
4. Every head is of this ledger, of no more entries than there are, and of their root.
5. At least one head was at hand: without one, what was cut off at the end, or a ledger that
   was written anew, cannot be told from a whole one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tiergate.attestation.keys import PublicKey
from tiergate.attestation.merkle import EMPTY_ROOT, Frontier, leaf_hash
from tiergate.attestation.tree_head import TreeHead, signer_of
from tiergate.release.head_files import HeadFile
from tiergate.release.ledger import TRIGGERS, Entry, Ledger, chained, start_of


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerProblem:
    """One thing that does not hold."""

    event: int | None
    """The first event that disagrees, from 1; None when it is about no single one."""
    found: str
    """What is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerReport:
    """What came of every step."""

    origin: str
    """The ledger's own name."""
    size: int
    """Number of entries that are there."""
    root: bytes
    """Root over them."""
    heads: int
    """Number of heads that were compared."""
    problems: tuple[LedgerProblem, ...]
    """What does not hold; empty when all of it does."""

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against the ledger."""
        return not self.problems

    @property
    def first(self) -> int | None:
        """The first event that disagrees; None when that is not known or nothing does."""
        return min((p.event for p in self.problems if p.event is not None), default=None)


def examine_ledger(
    ledger: Ledger, heads: Sequence[HeadFile], keys: Sequence[PublicKey]
) -> LedgerReport:
    """Hold a ledger against itself and against heads.

    Args:
        ledger: open for reading.
        heads: from outside of the database.
        keys: whose signature on a head is believed.

    Raises:
        VerificationError: the file is damaged so that it cannot be read.
    """
    entries = tuple(ledger.entries())
    roots = _roots(entries)
    problems = [
        *_schema(ledger.schema()),
        *_chain(entries, ledger.origin),
        *_signatures(heads, keys),
        *_heads(heads, ledger.origin, roots),
    ]
    return LedgerReport(
        origin=ledger.origin,
        size=len(entries),
        root=roots[-1],
        heads=len(heads),
        problems=tuple(problems),
    )


def _schema(schema: dict[str, str]) -> Iterator[LedgerProblem]:
    for name, body in TRIGGERS.items():
        if schema.get(name) != f"CREATE TRIGGER {name} {body}":
            what = "changed" if name in schema else "gone"
            yield LedgerProblem(event=None, found=f"the trigger {name!r} is {what}")
    for name in sorted(schema.keys() - TRIGGERS.keys() - {"ledger", "entries"}):
        yield LedgerProblem(event=None, found=f"{name!r} in the database, which no ledger has")


def _chain(entries: Sequence[Entry], origin: str) -> Iterator[LedgerProblem]:
    """Report the first break: what follows it says nothing more."""
    last = start_of(origin)
    for place, entry in enumerate(entries, start=1):
        if entry.sequence != place:
            found = f"event {place} is missing; the next one that is there is {entry.sequence}"
            yield LedgerProblem(event=place, found=found)
            return
        if entry.previous != last:
            found = f"event {place} does not follow the one before it"
            yield LedgerProblem(event=place, found=found)
            return
        if entry.chain != chained(last, entry.data):
            found = f"event {place} is not what was appended"
            yield LedgerProblem(event=place, found=found)
            return
        last = entry.chain


def _signatures(heads: Sequence[HeadFile], keys: Sequence[PublicKey]) -> Iterator[LedgerProblem]:
    for file in heads:
        if signer_of(file.signed, keys) is None:
            found = f"{file.path}: no key that you believe signed this head"
            yield LedgerProblem(event=None, found=found)


def _heads(
    heads: Sequence[HeadFile], origin: str, roots: Sequence[bytes]
) -> Iterator[LedgerProblem]:
    """Report foreign heads, and the first that disagrees: larger ones must disagree too."""
    agreed = 0
    for file in sorted(heads, key=lambda file: file.signed.head.size):
        stated = file.signed.head
        if stated.origin != origin:
            found = f"{file.path}: a head of another ledger, {stated.origin}, not of {origin}"
            yield LedgerProblem(event=1, found=found)
        elif _agrees(stated, roots):
            agreed = stated.size
        else:
            yield _disagreement(file, agreed, len(roots) - 1)
            return


def _agrees(stated: TreeHead, roots: Sequence[bytes]) -> bool:
    return stated.size < len(roots) and roots[stated.size] == stated.root


def _disagreement(file: HeadFile, agreed: int, size: int) -> LedgerProblem:
    stated = file.signed.head.size
    if stated > size:
        words = f"event {size + 1} is missing: {file.path} is of {stated} events"
        return LedgerProblem(event=size + 1, found=f"{words}, and {size} are there")
    first = agreed + 1
    which = f"event {first}" if stated == first else f"one of the events {first} to {stated}"
    words = f"{which} is not what {file.path} states"
    return LedgerProblem(event=first, found=words)


def _roots(entries: Sequence[Entry]) -> tuple[bytes, ...]:
    """Return the root of every beginning, the empty one first."""
    tree, roots = Frontier(), [EMPTY_ROOT]
    for entry in entries:
        tree.add(leaf_hash(entry.data))
        roots.append(tree.root)
    return tuple(roots)


def with_problem(report: LedgerReport, problem: LedgerProblem) -> LedgerReport:
    """Return the report with one more problem."""
    return dataclasses.replace(report, problems=(*report.problems, problem))
