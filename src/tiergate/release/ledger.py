# SPDX-License-Identifier: Apache-2.0
"""The ledger: an append-only list of entries in a database, chained, in a tree, with signed heads.

Every entry is bytes that the ledger does not look into. It is chained to the one before
(``chain = SHA-256(chain before | leaf hash)``, the first to the digest of the ledger's own
name) and is a leaf of a tree (RFC 6962). After every entry the head of that tree is signed
and written to folders outside of the database, one file for each size.

The rows are in an SQLite file or on PostgreSQL. An entry is acknowledged when
:meth:`Ledger.append` returns: it is on the disk then, and so is its head. A program killed
at any point before leaves either all of it or nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Self

from tiergate.attestation.keys import Signer
from tiergate.attestation.merkle import EMPTY_ROOT, Frontier, leaf_hash
from tiergate.attestation.tree_head import TreeHead, require_ed25519, sign_head
from tiergate.errors import InputError
from tiergate.release.head_files import (
    StagedHead,
    newest_head,
    refuse_disagreeing,
    stage_head,
)
from tiergate.release.ledger_entry import (
    LARGEST_ENTRY_BYTES,
    Entry,
    Position,
    chained,
    in_chain,
    start_of,
)
from tiergate.release.ledger_sqlite import SqliteStore, create_sqlite
from tiergate.release.ledger_store import Store, is_postgresql


class Ledger:
    """A ledger that is open. One program at a time appends; others wait for it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tree = Frontier()
        self._last = start_of(store.origin)
        self._stated: dict[int, bytes] = {}
        """Roots of the heads that were written last, by how many entries they are over."""

    @classmethod
    def create(cls, place: Path | str) -> Self:
        """Make a new ledger in a file, with a name of its own, and open it.

        Raises:
            InputError: something is there already.
        """
        create_sqlite(Path(place))
        return cls.open(place)

    @classmethod
    def open(cls, place: Path | str, *, read_only: bool = False) -> Self:
        """Open a ledger that is there.

        Args:
            place: its file, or an address that begins with ``postgresql://``.
            read_only: nothing will be appended; the disk need not be writable.

        Raises:
            InputError: there is none, or it is no ledger.
            ExtensionError: it is on PostgreSQL, and the driver is not installed.
            OSError: it cannot be opened or reached.
        """
        if not is_postgresql(str(place)):
            return cls(SqliteStore.open(Path(place), read_only=read_only))
        from tiergate.release.ledger_address import read_address
        from tiergate.release.ledger_postgresql import PostgresqlStore

        return cls(PostgresqlStore.open(read_address(str(place)), read_only=read_only))

    @property
    def place(self) -> str:
        """Where it is, as messages name it; without a password."""
        return self._store.place

    @property
    def origin(self) -> str:
        """The ledger's own name."""
        return self._store.origin

    def close(self) -> None:
        """Close it."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Yield the entries after that place, as they are, in order; nothing is verified.

        Raises:
            VerificationError: the database is damaged.
            OSError: it cannot be read.
        """
        return self._store.entries(after)

    def verified(self, folders: Sequence[Path]) -> Iterator[Entry]:
        """Yield every entry, and only at the end know that they hold.

        Args:
            folders: of heads; the newest head of each has to agree.

        Raises:
            VerificationError: the chain does not hold, or a head does not agree.
        """
        heads = [head for folder in folders if (head := newest_head(folder)) is not None]
        wanted = {head.signed.head.size for head in heads}
        tree, roots = Frontier(), {0: EMPTY_ROOT}
        for entry, leaf in in_chain(self.entries(), 0, start_of(self.origin)):
            tree.add(leaf)
            if tree.size in wanted:
                roots[tree.size] = tree.root
            yield entry
        for head in heads:
            refuse_disagreeing(head, roots.get, self.origin)

    def faults(self) -> Iterator[str]:
        """Say in what the tables and what guards them are not as they are made."""
        return self._store.faults()

    def append(
        self,
        make: Callable[[Position], bytes],
        *,
        head_signer: Signer,
        folders: Sequence[Path],
    ) -> TreeHead:
        """Append one entry, and write the signed head to every folder.

        Args:
            make: given the place, returns the bytes; nobody else appends in the meantime.
                What it raises is passed on, and nothing is written.
            head_signer: a key of Ed25519.
            folders: where heads are kept, outside of the database; made when missing.

        Raises:
            InputError: the key cannot sign a head, or the entry is too long.
            VerificationError: the chain does not hold, or a head that was written before
                does not agree with what is in the database.
            OSError: a folder or the database cannot be written; nothing is appended then.
        """
        require_ed25519(head_signer.public)
        staged: list[StagedHead] = []
        try:
            with self._store.writing():
                self._refuse_disagreeing(folders)
                self._insert(make)
                head = TreeHead(origin=self.origin, size=self._tree.size, root=self._tree.root)
                note = sign_head(head, head_signer)
                for folder in folders:
                    # One by one: those before a failure have to be discarded.
                    staged.append(stage_head(folder, head.size, note))  # noqa: PERF401
        except BaseException:
            # What was taken up may have been rolled back.
            self._tree, self._last = Frontier(), start_of(self.origin)
            self._stated = {}
            for file in staged:
                file.discard()
            raise
        for file in staged:
            file.publish()
            self._stated = {head.size: head.root}
        return head

    def _refuse_disagreeing(self, folders: Sequence[Path]) -> None:
        self._catch_up()
        for folder in folders:
            refuse_disagreeing(newest_head(folder), self._known_root, self.origin)

    def _insert(self, make: Callable[[Position], bytes]) -> None:
        position = Position(origin=self.origin, sequence=self._tree.size + 1, previous=self._last)
        data = make(position)
        if len(data) > LARGEST_ENTRY_BYTES:
            raise InputError("entry", f"{len(data)} bytes", f"at most {LARGEST_ENTRY_BYTES}")
        chain = chained(self._last, leaf_hash(data))
        self._store.insert(
            Entry(sequence=position.sequence, previous=self._last, data=data, chain=chain)
        )
        self._catch_up()

    def _catch_up(self) -> None:
        """Take up what was appended since, by whomever."""
        size = self._tree.size
        for entry, leaf in in_chain(self.entries(size), size, self._last):
            self._tree.add(leaf)
            self._last = entry.chain

    def _known_root(self, size: int) -> bytes | None:
        """Return the root of the first entries; None when there are not so many."""
        if size > self._tree.size:
            return None
        if size == self._tree.size:
            return self._tree.root
        if size in self._stated:
            return self._stated[size]
        tree = Frontier()
        for entry in itertools.islice(self.entries(), size):
            tree.add(leaf_hash(entry.data))
        return tree.root
