# SPDX-License-Identifier: Apache-2.0
"""Does a ledger hold, and do the heads at hand agree with it? A value, not an exception.

Steps, in order, none left out because another failed:

1. The database has the tables and triggers of a ledger, as they are made, and on
   PostgreSQL nobody but the owner of its tables may change them.
2. Places follow one another, and every entry is chained to the one before.
3. Every head is signed by a key that the verifier believes.
4. Every head is of this ledger, of no more entries than there are, and of their root.
5. At least one head was at hand: without one, what was cut off at the end, or a ledger that
   was written anew, cannot be told from a whole one.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tiergate.attestation.keys import PublicKey
from tiergate.attestation.merkle import EMPTY_ROOT, Frontier, leaf_hash
from tiergate.attestation.tree_head import signer_of
from tiergate.release.head_files import HeadFile
from tiergate.release.in_order import in_order
from tiergate.release.ledger import Ledger
from tiergate.release.ledger_entry import Entry, break_at, start_of


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
    read = _Read(ledger.origin, {file.signed.head.size for file in heads})
    for entry in ledger.entries():
        read.take(entry)
    problems = [
        *(LedgerProblem(event=None, found=found) for found in ledger.faults()),
        *read.breaks,
        *_signatures(heads, keys),
        *_heads(heads, ledger.origin, read.roots, read.tree.size),
    ]
    return LedgerReport(
        origin=ledger.origin,
        size=read.tree.size,
        root=read.tree.root,
        heads=len(heads),
        problems=tuple(problems),
    )


class _Read:
    """What is kept of entries that go by one at a time: none of their bytes."""

    def __init__(self, origin: str, wanted: set[int]) -> None:
        self.tree = Frontier()
        self.roots = {0: EMPTY_ROOT}
        """Root of every beginning that a head is about, by its size."""
        self.breaks: list[LedgerProblem] = []
        """The first break of the chain: what follows it says nothing more."""
        self._wanted = wanted
        self._last = start_of(origin)

    def take(self, entry: Entry) -> None:
        """Hold one more entry against those before it."""
        leaf = leaf_hash(entry.data)
        if not self.breaks:
            problem = break_at(entry, self.tree.size, self._last, leaf)
            if problem:
                self.breaks.append(LedgerProblem(event=self.tree.size + 1, found=problem))
            self._last = entry.chain
        self.tree.add(leaf)
        if self.tree.size in self._wanted:
            self.roots[self.tree.size] = self.tree.root


def _signatures(heads: Sequence[HeadFile], keys: Sequence[PublicKey]) -> Iterator[LedgerProblem]:
    def foreign(run: Sequence[HeadFile]) -> list[HeadFile]:
        return [file for file in run if signer_of(file.signed, keys) is None]

    for file in itertools.chain.from_iterable(in_order(foreign, heads)):
        found = f"{file.path}: no key that you believe signed this head"
        yield LedgerProblem(event=None, found=found)


def _heads(
    heads: Sequence[HeadFile], origin: str, roots: Mapping[int, bytes], size: int
) -> Iterator[LedgerProblem]:
    """Report foreign heads, and the first that disagrees: larger ones must disagree too."""
    agreed = 0
    for file in sorted(heads, key=lambda file: file.signed.head.size):
        stated = file.signed.head
        if stated.origin != origin:
            found = f"{file.path}: a head of another ledger, {stated.origin}, not of {origin}"
            yield LedgerProblem(event=1, found=found)
        elif roots.get(stated.size) == stated.root:
            agreed = stated.size
        else:
            yield _disagreement(file, agreed, size)
            return


def _disagreement(file: HeadFile, agreed: int, size: int) -> LedgerProblem:
    stated = file.signed.head.size
    if stated > size:
        words = f"event {size + 1} is missing: {file.path} is of {stated} events"
        return LedgerProblem(event=size + 1, found=f"{words}, and {size} are there")
    first = agreed + 1
    which = f"event {first}" if stated == first else f"one of the events {first} to {stated}"
    words = f"{which} is not what {file.path} states"
    return LedgerProblem(event=first, found=words)


def with_problem(report: LedgerReport, problem: LedgerProblem) -> LedgerReport:
    """Return the report with one more problem."""
    return dataclasses.replace(report, problems=(*report.problems, problem))
