# SPDX-License-Identifier: Apache-2.0
"""What left the gateway: written before the first byte does, many answers in one entry.

The log is a ledger of its own, signed by the gateway, so that no line can be changed or taken
out unnoticed. People stand in it under a digest with a salt; when the salt is erased, nobody
can tell any more who it was, and the ledger still holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path

import sqlalchemy as sa

from tiergate.attestation.envelope import sign
from tiergate.attestation.keys import Signer
from tiergate.errors import VerificationError
from tiergate.gateway.database import Database
from tiergate.gateway.log_place import LogPlace
from tiergate.gateway.tables import salts
from tiergate.release.event_envelope import canonical_of_plain_names, write_entry
from tiergate.release.ledger import Ledger
from tiergate.release.ledger_entry import Position

PAYLOAD_TYPE = "application/vnd.tiergate.downloads+json"
FORMAT = "tiergate-downloads/1"
HEAD_SECONDS = 1.0
"""A head is written outside of the database at most so often; each costs a file. What is newer
than the newest head is chained and signed, and only its being cut off can go unnoticed."""
LONGEST_WRITE_SECONDS = 8.0
"""How long an answer waits for its line; clients wait ten for the answer."""
_log = logging.getLogger(__name__)
_MOST_AT_ONCE = 512
_SALT_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """One answer with bytes, or with where they are."""

    at: str
    """When, in RFC 3339."""
    who: str
    """Digest of the person; empty for nobody known."""
    repository: str
    """From which repository."""
    commit: str
    """Which revision."""
    path: str
    """Which file."""
    sha256: str
    """Its content."""
    first: int
    """First byte that was asked for."""
    last: int
    """Last byte; one less than the first for none."""
    method: str
    """``GET`` or ``HEAD``."""
    reason: str
    """Why it was allowed."""
    grant: str
    """The grant that it rests on; empty for none."""
    decision: str
    """The decision that it rests on."""
    original: str = ""
    """Content of the file without the mark of its recipient; empty where it has none."""


class Pseudonyms:
    """Digests in place of names."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, person: str) -> str:
        """Return the digest under which somebody stands in the log."""
        if not self.known(person):
            row = {"person": person, "salt": secrets.token_bytes(_SALT_BYTES)}
            # A client asks for several files at once, and only the first request finds none.
            with (
                contextlib.suppress(sa.exc.IntegrityError),
                self._database.writing() as connection,
            ):
                connection.execute(salts.insert(), row)
        return self.known(person)

    def known(self, person: str) -> str:
        """Return the digest of somebody who is in the log already; empty for anybody else."""
        with self._database.reading() as connection:
            salt = connection.execute(sa.select(salts.c.salt).filter_by(person=person)).scalar()
        return "" if salt is None else _digest(salt, person)

    def names(self) -> dict[str, str]:
        """Return the name of everybody who is in the log and was not erased, by digest."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(salts)).mappings().all()
        return {_digest(row["salt"], row["person"]): row["person"] for row in rows}

    def erase(self, person: str) -> None:
        """Forget the salt: nobody can tell any more which lines are about this person."""
        with self._database.writing() as connection:
            connection.execute(salts.delete().filter_by(person=person))


class Audit:
    """The log, open for one process."""

    def __init__(self, place: LogPlace, signer: Signer) -> None:
        """Open the log, or make it.

        Args:
            place: where it is.
            signer: a key of Ed25519.

        Raises:
            InputError: there is none on the server, or it is no log.
            OSError: it cannot be opened or reached.
        """
        # A connection of SQLite belongs to one thread.
        self._thread = ThreadPoolExecutor(1)
        self._place = place
        self._ledger: Ledger | None = self._thread.submit(place.open).result()
        self._signer = signer
        self._heads = (place.heads,)
        self._head_at = float("-inf")
        self._is_sealed = True
        self._waiting: list[tuple[Download, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def record(self, download: Download) -> None:
        """Return once the line is on the disk.

        Raises:
            VerificationError: it could not be written, for whatever reason, or not in time;
                nothing may leave.
        """
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((download, written))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        try:
            async with asyncio.timeout(LONGEST_WRITE_SECONDS):
                await written
        except TimeoutError:
            raise VerificationError("log of downloads", "no answer", "one in time") from None

    def note(self, act: Mapping[str, str]) -> None:
        """Return once something that somebody did is on the disk, with a head over it.

        Not to be called from the loop's own thread, which would wait.

        Raises:
            VerificationError: it could not be written, for whatever reason, or not in time.
        """
        try:
            self._thread.submit(self._append_act, act).result(LONGEST_WRITE_SECONDS)
        except Exception as error:
            raise VerificationError("log of acts", str(error), "one to write to") from error

    def close(self) -> None:
        """Seal the log, and let it go; nothing happens when that was done."""
        with contextlib.suppress(RuntimeError):  # the thread takes nothing more
            self._thread.submit(self._seal).result()
            self._thread.submit(self._let_go).result()
        self._thread.shutdown()

    def _let_go(self) -> None:
        ledger, self._ledger = self._ledger, None
        if ledger is not None:
            ledger.close()

    async def _write_all(self) -> None:
        """Write what waits, in batches: those that come meanwhile make the next one."""
        while self._waiting:
            batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
            problem: VerificationError | None = None
            try:
                lines = [download for download, _ in batch]
                await asyncio.get_running_loop().run_in_executor(self._thread, self._append, lines)
            except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are told
                _log.error("nothing leaves: %s", error)
                problem = VerificationError("log of downloads", str(error), "one to write to")
            for _, written in batch:
                with contextlib.suppress(asyncio.InvalidStateError):
                    if problem is None:
                        written.set_result(None)
                    else:
                        written.set_exception(problem)
        if not self._is_sealed:
            asyncio.get_running_loop().call_later(HEAD_SECONDS, self._seal_soon)

    def _seal_soon(self) -> None:
        with contextlib.suppress(RuntimeError):  # the log was closed, and sealed by that
            self._thread.submit(self._seal)

    def _seal(self) -> None:
        """Write a head over what has none yet, as far as the log still holds."""
        if not self._is_sealed:
            with contextlib.suppress(Exception):
                self._head_at = float("-inf")
                self._append(())

    def _append_act(self, act: Mapping[str, str]) -> None:
        self._head_at = float("-inf")
        self._append((), (act,))

    def _append(self, batch: Sequence[Download], acts: Sequence[Mapping[str, str]] = ()) -> None:
        is_due = time.monotonic() - self._head_at >= HEAD_SECONDS
        folders = self._heads if is_due else ()
        may_be_stale = self._place.survives and self._ledger is not None
        entry = _Entry(batch, acts, self._signer)
        try:
            self._enter(entry, folders)
        except OSError:
            # A connection that was lost while nothing was asked for is found out only now.
            if not may_be_stale or entry.was_made or self._ledger is not None:
                raise
            self._enter(entry, folders)
        self._is_sealed = is_due
        if is_due:
            self._head_at = time.monotonic()

    def _enter(self, entry: _Entry, folders: Sequence[Path]) -> None:
        if self._ledger is None:
            self._ledger = self._place.open()
        begun = time.monotonic()
        try:
            self._ledger.append(entry, head_signer=self._signer, folders=folders)
        except OSError:
            # One that somebody else keeps for long is there all the same.
            if self._place.survives and time.monotonic() - begun < 1:
                self._let_go()
            raise


class _Entry:
    """Makes the bytes of one entry when its place is known."""

    def __init__(
        self, batch: Sequence[Download], acts: Sequence[Mapping[str, str]], signer: Signer
    ) -> None:
        self._batch = batch
        self._acts = acts
        self._signer = signer
        self.was_made = False

    def __call__(self, position: Position) -> bytes:
        """Return them."""
        self.was_made = True
        document = {
            "format": FORMAT,
            "ledger": position.origin,
            "sequence": position.sequence,
            "previous": position.previous.hex(),
            "downloads": [_as_written(download) for download in self._batch],
            **({"acts": [dict(act) for act in self._acts]} if self._acts else {}),
        }
        payload = canonical_of_plain_names(document)
        return write_entry(sign(payload, PAYLOAD_TYPE, self._signer))


_FIELDS = tuple(field.name for field in fields(Download))


def _as_written(download: Download) -> dict[str, object]:
    return {name: getattr(download, name) for name in _FIELDS}


def _digest(salt: bytes, person: str) -> str:
    return hmac.new(salt, person.encode(), hashlib.sha256).hexdigest()
