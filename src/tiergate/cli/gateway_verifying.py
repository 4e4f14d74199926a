# SPDX-License-Identifier: Apache-2.0
"""Everything that a gateway keeps, held against what it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tiergate.cli import progress, text
from tiergate.cli.exit_codes import ExitCode
from tiergate.cli.failures import visible
from tiergate.cli.gateway_house import open_house
from tiergate.decision.document import DocumentPart
from tiergate.errors import InputError, TiergateError, VerificationError
from tiergate.release.ledger_store import is_postgresql

if TYPE_CHECKING:
    from tiergate.gateway.house import House

_OF_LEDGER = "See tiergate ledger verify, and put it back from a backup."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is looked at."""

    folder: str
    """Folder of the gateway."""
    repositories: tuple[str, ...]
    """Only the files of these; empty for everything."""
    ledger: str
    """The ledger of releases; empty for the one in the folder, which need not be there."""
    trust: str
    """Whose events count; empty for the file in the folder, which need not be there."""
    heads: tuple[str, ...]
    """Heads of the ledger; empty for those beside it."""


class Holding(StrEnum):
    """What came of something that is signed and chained."""

    HOLDS = "holds"
    FAILS = "does not hold"
    EMPTY = "nothing was written yet"
    UNSEEN = "was not looked at"


class GatewayFault(DocumentPart):
    """One thing that does not hold."""

    where: str
    """What it is about: which file of which revision, and where that is kept."""
    found: str
    """What is there."""
    expected: str
    """What should be there."""
    remedy: str
    """What to do."""


class GatewayVerificationDocument(DocumentPart):
    """What ``tiergate gateway verify --json`` prints."""

    format: Literal["tiergate-gateway-verification/1"] = "tiergate-gateway-verification/1"
    """Format and version of this document."""
    repositories: tuple[str, ...]
    """The repositories whose files were looked at; empty for everything."""
    revisions: int
    """Revisions that were looked at."""
    files: int
    """Different files that these name."""
    size_bytes: int
    """How long they are together, as the revisions say."""
    copies: int
    """Files that recipients get with a mark of their own."""
    unnamed: int | None
    """Files that no revision names, which is no fault; null when only some repositories were
    looked at."""
    unnamed_bytes: int | None
    """How long these are together."""
    uploaded: int | None
    """How many of these were uploaded, for a revision that may still come."""
    log: Holding
    """What came of the log of downloads."""
    log_lines: int
    """How many lines it has, as far as it holds."""
    ledger: Holding
    """What came of the ledger of releases."""
    ledger_words: str
    """More about that: why it was not looked at, or how many events it has."""
    faults: tuple[GatewayFault, ...]
    """What does not hold."""
    exit_code: int
    """The exit code of the command."""


def verified(asked: Asked, say: Callable[[str], None]) -> GatewayVerificationDocument:
    """Look at everything, which takes as long as reading it does.

    Args:
        asked: what is looked at.
        say: is given each fault, as it is found.

    Raises:
        InputError: there is no gateway, or something that was named is not there.
        OSError: the database does not answer, or the bucket.
    """
    faults: list[TiergateError] = []

    def take(found: Iterable[TiergateError]) -> bool:
        before = len(faults)
        for fault in found:
            faults.append(fault)
            say(visible(str(fault)))
        return len(faults) == before

    with closing(open_house(asked.folder)) as house:
        house.objects.require()
        looked = house.verification(frozenset(asked.repositories))
        ledger = _Ledger(asked)
        # What takes seconds comes before what takes hours.
        log = _Log(house)
        log_holds, ledger_holds = take(log.faults()), take(ledger.faults())
        with progress.hashing() as told:
            take(looked.faults(told or (lambda _: None)))
    counted, is_all = looked.counted, not asked.repositories
    return GatewayVerificationDocument(
        repositories=tuple(sorted(asked.repositories)),
        revisions=counted.revisions,
        files=counted.files,
        size_bytes=counted.size_bytes,
        copies=counted.copies,
        unnamed=counted.unnamed if is_all else None,
        unnamed_bytes=counted.unnamed_bytes if is_all else None,
        uploaded=counted.uploaded if is_all else None,
        log=log.holding if log_holds else Holding.FAILS,
        log_lines=log.count,
        ledger=ledger.holding if ledger_holds else Holding.FAILS,
        ledger_words=ledger.words,
        faults=tuple(GatewayFault.model_validate(fault) for fault in faults),
        exit_code=ExitCode.VERIFICATION_FAILED if faults else ExitCode.SUPPORTED,
    )


class _Log:
    """The log of downloads."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.count = 0

    @property
    def holding(self) -> Holding:
        """What is to be said of it when there are no faults."""
        return Holding.HOLDS if self._house.log.exists() else Holding.EMPTY

    def faults(self) -> Iterator[TiergateError]:
        """Read it, as ``gateway log`` does."""
        try:
            for _ in self._house.downloads():
                self.count += 1
        except TiergateError as error:
            where, remedy = f"log of downloads, {error.where}", error.remedy
            remedy = remedy or "Keep it, and the heads, as evidence; put it back from a backup."
            yield VerificationError(where, error.found, error.expected, remedy)


class _Ledger:
    """The ledger of releases, which the gateway may not keep itself."""

    def __init__(self, asked: Asked) -> None:
        """Find it.

        Raises:
            InputError: something that was named is not there.
        """
        inside = Path(asked.folder) / "releases"
        self._place = asked.ledger or str(inside / "ledger.sqlite")
        self._trust = asked.trust or str(inside / "trust.yaml")
        self._heads = asked.heads
        self._is_there = is_postgresql(self._place) or Path(self._place).exists()
        self._is_believed = Path(self._trust).exists()
        self.holding = Holding.UNSEEN
        self.words = ""
        if asked.ledger and not self._is_there:
            raise InputError(self._place, "no ledger", "the path of a ledger")
        if asked.trust and not self._is_believed:
            raise InputError(self._trust, "no such file", "a trust file")

    def faults(self) -> Iterator[TiergateError]:
        """Read it, as ``ledger verify`` does; one that is elsewhere and not named is left out."""
        from tiergate.cli.ledger_checking import checked
        from tiergate.cli.release_acting import head_folders

        if not self._is_there:
            if any(folder.is_dir() for folder in head_folders(self._place, self._heads)):
                expected = "the one that the heads beside it are of"
                yield VerificationError(self._place, "no ledger", expected, _OF_LEDGER)
            self.words = "it is not in the folder: name it with --ledger"
            return
        if not self._is_believed:
            self.words = "there is no trust file: name it with --trust"
            return
        try:
            report, signatures = checked(self._place, self._trust, self._heads, ())
        except TiergateError as error:
            remedy = error.remedy or _OF_LEDGER
            yield VerificationError(error.where, error.found, error.expected, remedy)
            return
        self.holding = Holding.HOLDS
        size, heads = text.plural(report.size, "event"), text.plural(report.heads, "head")
        self.words = f"{size}, {heads}; signatures: {signatures}"
        for problem in report.problems:
            yield VerificationError(self._place, problem.found, "what holds", _OF_LEDGER)


def lines(found: GatewayVerificationDocument) -> Iterator[str]:
    """Say what was looked at, after the faults were said."""
    files, revisions = text.plural(found.files, "file"), text.plural(found.revisions, "revision")
    yield f"files    {files} of {revisions}, {text.size(found.size_bytes)}"
    yield f"copies   {text.plural(found.copies, 'marked file')}"
    if found.unnamed is not None and found.unnamed_bytes is not None:
        unnamed = f"{text.plural(found.unnamed, 'file')} that no revision names"
        sizes = text.size(found.unnamed_bytes)
        yield f"unnamed  {unnamed}, {sizes}; {found.uploaded} uploaded for one that may come"
    yield f"log      {found.log}; {text.plural(found.log_lines, 'line')}"
    yield f"ledger   {found.ledger}{'; ' if found.ledger_words else ''}{found.ledger_words}"
    if found.faults:
        count = text.plural(len(found.faults), "fault")
        yield f"What the gateway keeps is not what it was: {count}. Exit {found.exit_code}."
    elif found.ledger is Holding.UNSEEN:
        yield f"All that was looked at holds. Exit {found.exit_code}."
    else:
        yield f"Everything holds. Exit {found.exit_code}."
