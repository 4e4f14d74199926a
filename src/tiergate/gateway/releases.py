# SPDX-License-Identifier: Apache-2.0
"""Where releases stand, from a ledger that grows while the gateway runs.

Whatever cannot be verified opens nothing: a ledger that is gone, cut short or changed makes
every release look as if nothing had ever been submitted.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from tiergate.attestation.trust import Trust
from tiergate.errors import TiergateError
from tiergate.release.events import read_events
from tiergate.release.facts import Facts
from tiergate.release.ledger import Ledger
from tiergate.release.state import ReleaseState, state_of
from tiergate.release.transitions import take

FRESH_SECONDS = 0.25
"""How old what is known of the ledger may be; a freeze takes effect within a second."""
_log = logging.getLogger(__name__)


class Releases:
    """The releases of one ledger."""

    def __init__(self, ledger: str, heads: Sequence[Path], trust: Trust) -> None:
        """Watch a ledger.

        Args:
            ledger: file or address.
            heads: folders of its signed heads.
            trust: whose events count.
        """
        self._place = ledger
        self._heads = tuple(heads)
        self._trust = trust
        self._lock = threading.Lock()
        self._facts: dict[str, Facts] = {}
        self._size = -1
        self._looked_at = float("-inf")

    def state(self, release: str, at: datetime) -> ReleaseState:
        """Say where a release stands at a time."""
        with self._lock:
            if time.monotonic() - self._looked_at >= FRESH_SECONDS:
                self._look()
            return state_of(self._facts.get(release, Facts()), at)

    def _look(self) -> None:
        """Take up what the ledger has become, or know nothing."""
        try:
            with Ledger.open(self._place, read_only=True) as ledger:
                size = sum(1 for _ in ledger.entries(max(self._size, 0))) + max(self._size, 0)
                if size != self._size:
                    self._facts = self._read(ledger)
                    self._size = size
        except (TiergateError, OSError) as error:
            _log.error("nothing is served: %s", error)
            self._facts, self._size = {}, -1
        self._looked_at = time.monotonic()

    def _read(self, ledger: Ledger) -> dict[str, Facts]:
        facts: dict[str, Facts] = {}
        entries = ledger.verified(self._heads)
        for event in read_events(entries, ledger.origin, self._trust):
            take(facts.setdefault(event.release, Facts()), event)
        return facts
