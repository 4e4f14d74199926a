# SPDX-License-Identifier: Apache-2.0
"""Where releases stand, from a ledger that grows while the gateway runs.

Whatever cannot be verified opens nothing: a ledger that is gone, cut short, changed or put back to
what it was before makes every release look as if nothing had ever been submitted.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

from tiergate.attestation.trust import Trust
from tiergate.errors import TiergateError, VerificationError
from tiergate.release.events import Event, read_events
from tiergate.release.facts import Facts
from tiergate.release.ledger import Ledger
from tiergate.release.ledger_entry import Entry
from tiergate.release.state import ReleaseState, state_of
from tiergate.release.transitions import take

FRESH_SECONDS = 0.25
"""How old what is known of the ledger may be; a freeze takes effect within a second."""
_log = logging.getLogger(__name__)


class Releases:
    """The releases of one ledger."""

    def __init__(self, ledger: str, heads: Sequence[Path], trust: Callable[[], Trust]) -> None:
        """Watch a ledger.

        Args:
            ledger: file or address.
            heads: folders of its signed heads.
            trust: says whose events count, whenever it is asked.
        """
        self._place = ledger
        self._heads = tuple(heads)
        self._believed = trust
        self._trust = trust()
        self._lock = threading.Lock()
        self._facts: dict[str, Facts] = {}
        self._after = 0
        self._newest: tuple[Entry, ...] | None = None
        """What the ledger had after that place: its last entry; None when nothing is known."""
        self._oldest: Entry | None = None
        """The last entry that was gone by: a ledger without it is an older one."""
        self._looked_at = float("-inf")
        self._problem = ""

    @property
    def trust(self) -> Trust:
        """Whose events and signatures count."""
        return self._trust

    @property
    def problem(self) -> str:
        """Why nothing is known of any release; empty when the ledger could be read."""
        with self._lock:
            return self._problem

    def names(self) -> tuple[str, ...]:
        """Return every release of the ledger, by name."""
        asked_at = time.monotonic()
        with self._lock:
            self._look_for(asked_at)
            return tuple(sorted(self._facts))

    def events(self, release: str) -> tuple[Event, ...]:
        """Return everything that was entered about a release, accepted or not, in order.

        Raises:
            TiergateError: the ledger does not hold.
            OSError: it cannot be read.
        """
        with Ledger.open(self._place, read_only=True) as ledger:
            found = read_events(ledger.verified(self._heads), ledger.origin, self._trust)
            return tuple(event for event in found if event.release == release)

    def state(self, release: str, at: datetime) -> ReleaseState:
        """Say where a release stands at a time."""
        asked_at = time.monotonic()
        with self._lock:
            self._look_for(asked_at)
            return state_of(self._facts.get(release, Facts()), at)

    def _look_for(self, asked_at: float) -> None:
        """Look, unless that was done a moment before somebody asked; or while they waited."""
        if asked_at - self._looked_at >= FRESH_SECONDS:
            self._look()

    def _look(self) -> None:
        """Take up what the ledger has become, or know nothing."""
        # What is found out is as old as the look, however long that takes.
        begun = time.monotonic()
        try:
            self._believe(self._believed())
            with Ledger.open(self._place, read_only=True) as ledger:
                # By its last entry: one that was cut and grew again may be as long as before.
                if self._newest != tuple(islice(ledger.entries(self._after), 2)):
                    self._facts = self._read(ledger)
            self._problem = ""
            self._looked_at = begun
        except (TiergateError, OSError) as error:
            _log.error("nothing is served: %s", error)
            self._facts, self._after, self._newest = {}, 0, None
            self._problem = str(error)
            # To know nothing is never too old: it opens nothing.
            self._looked_at = time.monotonic()

    def _believe(self, trust: Trust) -> None:
        """Read everything anew when others are believed than before."""
        if trust.digest != self._trust.digest:
            _log.warning("the trust file has changed")
            self._newest = None
        self._trust = trust

    def _read(self, ledger: Ledger) -> dict[str, Facts]:
        facts: dict[str, Facts] = {}
        last: deque[Entry] = deque(maxlen=1)
        entries = _noting(ledger.verified(self._heads), last)
        for event in read_events(self._going_on(entries), ledger.origin, self._trust):
            take(facts.setdefault(event.release, Facts()), event)
        self._oldest = last[0] if last else None
        self._newest = tuple(last)
        self._after = last[0].sequence - 1 if last else 0
        return facts

    def _going_on(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        """Yield entries, among which has to be the last one that was gone by."""
        is_missing = self._oldest is not None
        for entry in entries:
            is_missing = is_missing and entry != self._oldest
            yield entry
        if is_missing and self._oldest is not None:
            found = f"no entry {self._oldest.sequence} as it was gone by"
            expected = "a ledger that goes on; to go back on purpose, start the gateway anew"
            raise VerificationError(self._place, found, expected)


def _noting(entries: Iterator[Entry], last: deque[Entry]) -> Iterator[Entry]:
    """Yield entries, and keep the last one."""
    for entry in entries:
        last.append(entry)
        yield entry
