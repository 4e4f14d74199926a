# SPDX-License-Identifier: Apache-2.0
"""Acts on a ledger: read what is there, hold the act against the rules, sign, append."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tiergate.attestation.keys import Signer
from tiergate.attestation.tree_head import require_ed25519
from tiergate.attestation.trust import Role, Trust
from tiergate.cli import clock
from tiergate.cli.key_files import read_signing_key
from tiergate.errors import InputError
from tiergate.release.bodies import Body
from tiergate.release.events import (
    Act,
    Clock,
    Event,
    read_events,
    refuse_signer,
    sign_event,
    trusted_key,
)
from tiergate.release.facts import Facts, Refusal
from tiergate.release.ledger import Ledger
from tiergate.release.ledger_entry import Position
from tiergate.release.ledger_store import is_postgresql
from tiergate.release.state import facts_of
from tiergate.release.transitions import refusals
from tiergate.release.trust_file import load_trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What every act is given on the command line."""

    ledger: str
    """Path of the ledger."""
    trust: str
    """Path of the trust file."""
    key: str
    """Path of the private key that signs."""
    role: str
    """As what."""
    reason: str
    """Why."""
    release: str | None
    """Name of the release; None when the ledger has one."""
    head_key: str | None
    """Path of the key that signs heads; None for the same key."""
    heads: tuple[str, ...]
    """Folders for heads; empty for the one beside the ledger."""
    at: datetime | None
    """A time that was given; None for the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an act."""

    event: Event
    """What it is, or would have been."""
    refused: tuple[Refusal, ...]
    """Why it was not entered; empty when it was."""


class _RefusedError(Exception):
    """Ends an append that the rules do not allow."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class Desk:
    """Where somebody acts: their key, their role, the ledger and whom it believes."""

    def __init__(self, given: Given) -> None:
        self.trust: Trust = load_trust(Path(given.trust))
        self.at: datetime = given.at or clock.now()
        self.place = given.ledger
        self._folders = head_folders(given.ledger, given.heads)
        self._given = given
        self._signer: Signer = read_signing_key(given.key)
        self._trusted = trusted_key(self.trust, self._signer.public.key_id)
        refuse_signer(self._trusted, Role(given.role), self.at, f"key {given.key}")
        same = given.head_key is None
        self._head_signer = self._signer if same else read_signing_key(given.head_key or "")

    def enter(self, body_of: Callable[[Facts], Body], *, release: str | None = None) -> Outcome:
        """Enter an act, unless the rules do not allow it; then nothing is written.

        Args:
            body_of: given what has happened so far, says what the act states.
            release: its name, when it is known already.

        Raises:
            VerificationError: the ledger does not hold.
            InputError: there is no such ledger or release.
        """
        made: list[Event] = []
        if not self._folders:
            remedy = "Name one with --heads."
            found = "no folder for heads, and none beside a ledger on PostgreSQL"
            raise InputError("ledger", found, "a folder", remedy)

        def make(position: Position) -> bytes:
            entries = ledger.verified(self._folders)
            events = tuple(read_events(entries, ledger.origin, self.trust))
            name = release or release_name(events, self._given.release)
            facts = facts_of(e for e in events if e.release == name)
            act = self._act(name, body_of(facts))
            event = act.by(self._trusted, position)
            # Time is one for the whole ledger, whatever releases are in it.
            facts.last_at = events[-1].at if events else None
            found = refusals(facts, event)
            if found:
                raise _RefusedError(Outcome(event=event, refused=found))
            made.append(event)
            return sign_event(act.at_position(position), self._signer)

        try:
            with Ledger.open(self.place) as ledger:
                ledger.append(make, head_signer=self._head_signer, folders=self._folders)
        except _RefusedError as refused:
            return refused.outcome
        return Outcome(event=made[0], refused=())

    def refuse_unusable_head_key(self) -> None:
        """Refuse a key that cannot sign heads, before anything is made.

        Raises:
            InputError: it is of another kind.
        """
        require_ed25519(self._head_signer.public)

    def _act(self, release: str, body: Body) -> Act:
        return Act(
            release=release,
            at=self.at,
            clock=Clock.SYSTEM if self._given.at is None else Clock.GIVEN,
            role=Role(self._given.role),
            reason=self._given.reason,
            body=body,
        )


def head_folders(ledger: str, given: Iterable[str]) -> tuple[Path, ...]:
    """Return the folders for heads: those given, else ``LEDGER.heads``; none on PostgreSQL."""
    named = tuple(Path(folder) for folder in given)
    if named or is_postgresql(ledger):
        return named
    path = Path(ledger)
    return (path.with_name(f"{path.name}.heads"),)


def release_name(events: Iterable[Event], given: str | None) -> str:
    """Return the release that is meant: the one that was named, or the only one.

    Raises:
        InputError: the ledger has no such release, or several and none was named.
    """
    names = sorted({event.release for event in events})
    if given is None and len(names) == 1:
        return names[0]
    if given is None or given not in names:
        found = f"the releases {', '.join(names)}" if names else "no release"
        expected = "one that is named with --release" if given is None else repr(given)
        raise InputError("ledger", found, expected)
    return given


def read_ledger(place: str, trust: str, heads: Iterable[str]) -> tuple[Event, ...]:
    """Return every event of a ledger, verified: signatures, chain, and the newest heads.

    Args:
        place: its path or address.
        trust: path of the trust file.
        heads: folders of heads; empty for the one beside the ledger.

    Raises:
        VerificationError: the first thing that does not hold.
    """
    believed = load_trust(Path(trust))
    with Ledger.open(place, read_only=True) as ledger:
        entries = ledger.verified(head_folders(place, heads))
        return tuple(read_events(entries, ledger.origin, believed))
