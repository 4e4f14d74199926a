# SPDX-License-Identifier: Apache-2.0
"""Signed heads in a folder outside of the database: one file for each size, none replaced.

A folder of all heads says not only that something was changed, but which event first
disagrees. It can be a folder of a repository, or lie on another machine's disk.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tiergate.attestation.tree_head import LARGEST_BYTES, SignedHead, read_head
from tiergate.errors import InputError, VerificationError
from tiergate.evidence.small_file import read_small_file

_NAME = re.compile(r"head-([0-9]{10})\.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadFile:
    """A head and where it was found."""

    path: Path
    """Its file."""
    signed: SignedHead
    """What it states; its signatures are not verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedHead:
    """A head that is on the disk and has not got its name yet."""

    part: Path
    """Where it is."""
    path: Path
    """Where it is to be."""

    def publish(self) -> None:
        """Give it its name."""
        self.part.rename(self.path)
        sync_folder(self.path.parent)

    def discard(self) -> None:
        """Remove it."""
        self.part.unlink(missing_ok=True)


def stage_head(folder: Path, size: int, note: bytes) -> StagedHead:
    """Write a head so that nothing but a new name is left to do.

    Raises:
        OSError: the folder cannot be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    staged = StagedHead(
        part=folder / f".part-{secrets.token_hex(8)}", path=folder / f"head-{size:010d}.txt"
    )
    try:
        with staged.part.open("xb") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        staged.discard()
        raise
    return staged


def heads_in(place: Path) -> Iterator[HeadFile]:
    """Yield the heads of a folder, smallest first, or the head of a file.

    Raises:
        InputError: there is nothing of that name.
        VerificationError: a file with the name of a head is none.
    """
    if place.is_file():
        yield _read(place)
        return
    if not place.is_dir():
        raise InputError(str(place), "nothing of that name", "a head, or a folder of heads")
    for path in sorted(_paths(place)):
        yield _read(path)


def newest_head(folder: Path) -> HeadFile | None:
    """Return the largest head of a folder; None when there is no folder or no head in it."""
    newest = max(_paths(folder), default=None) if folder.is_dir() else None
    return None if newest is None else _read(newest)


def refuse_disagreeing(
    newest: HeadFile | None, root_at: Callable[[int], bytes | None], origin: str
) -> None:
    """Refuse a ledger that a head of before does not agree with.

    Args:
        newest: the head; None when there is none yet.
        root_at: gives the root over that many entries; None when there are fewer.
        origin: the ledger's name.

    Raises:
        VerificationError: it is of another ledger, or states other entries.
    """
    if newest is None:
        return
    stated = newest.signed.head
    remedy = "Run tiergate ledger verify before anything is added."
    if stated.origin != origin:
        found = f"a head of the ledger {stated.origin}"
        raise VerificationError(str(newest.path), found, origin, remedy)
    root = root_at(stated.size)
    if root != stated.root:
        found = "fewer events" if root is None else "other events"
        where = f"{newest.path}: head of {stated.size} events"
        raise VerificationError(where, f"{found} in the ledger", "those of the head", remedy)


def sync_folder(folder: Path) -> None:
    """Make sure that the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _paths(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def _read(path: Path) -> HeadFile:
    signed = read_head(read_small_file(path, LARGEST_BYTES), str(path))
    named = _NAME.fullmatch(path.name)
    if named is not None and int(named[1]) != signed.head.size:
        found = f"a head of {signed.head.size} events"
        raise VerificationError(str(path), found, f"one of {int(named[1])}, as its name says")
    return HeadFile(path=path, signed=signed)
