# SPDX-License-Identifier: Apache-2.0
"""Events of a release: signed, in one place of one ledger, by one person in one role.

An entry of the ledger is a DSSE envelope in canonical JSON. What is signed names the ledger,
the place and the entry before it, so that no event can be put anywhere else, or there again.
"""

from __future__ import annotations

import enum
import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from tiergate.attestation.envelope import Envelope, sign
from tiergate.attestation.keys import Signer
from tiergate.attestation.strict_json import read_object
from tiergate.attestation.trust import Role, Trust, TrustedKey
from tiergate.errors import InputError, VerificationError
from tiergate.evidence.document_types import Part, UtcTime
from tiergate.release.bodies import Body
from tiergate.release.bodies import Sequence as Place
from tiergate.release.event_envelope import (
    PAYLOAD_TYPE,
    canonical,
    canonical_of_plain_names,
    read_entry,
    write_entry,
)
from tiergate.release.in_order import in_order
from tiergate.release.ledger_entry import Entry, Position
from tiergate.release.plan import ShortName

_BLOCK = 1024
"""Entries that are read before any of them is verified."""


class Clock(enum.StrEnum):
    """Where the time of an event comes from."""

    SYSTEM = "system"
    """The clock of the machine that recorded it."""
    GIVEN = "given"
    """Whoever recorded it said so."""


class EventPart(Part):
    """An event as it is signed."""

    format: Literal["tiergate-event/1"] = "tiergate-event/1"
    """Format and version of this document."""
    ledger: Annotated[str, Field(min_length=1, max_length=200)]
    """Name of the ledger that it is in."""
    sequence: Place
    """Its place there."""
    previous: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Chain value of the entry before it."""
    release: ShortName
    """The release that it is about."""
    at: UtcTime
    """When."""
    clock: Clock
    """Where that time comes from."""
    role: Role
    """As what its signer acts."""
    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    """Why."""
    body: Annotated[Body, Field(discriminator="kind")]
    """What it states."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event whose signer is known."""

    sequence: int
    """Its place in the ledger."""
    release: str
    """The release that it is about."""
    at: datetime
    """When, in UTC."""
    clock: Clock
    """Where that time comes from."""
    holder: str
    """The person who signed, as one is told from another."""
    person: str
    """The same as it is written."""
    organisation: str
    """Where that person belongs."""
    role: Role
    """As what they acted; one of their roles."""
    roles: frozenset[Role]
    """All of their roles."""
    reason: str
    """Why."""
    body: Body
    """What it states."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that somebody wants to enter."""

    release: str
    """The release."""
    at: datetime
    """When, in UTC."""
    clock: Clock
    """Where that time comes from."""
    role: Role
    """As what."""
    reason: str
    """Why; never empty."""
    body: Body
    """What."""

    def at_position(self, position: Position) -> EventPart:
        """Return what is signed for one place of a ledger.

        Raises:
            InputError: a field is not what an event can hold.
        """
        try:
            return EventPart(
                ledger=position.origin,
                sequence=position.sequence,
                previous=position.previous.hex(),
                release=self.release,
                at=self.at,
                clock=self.clock,
                role=self.role,
                reason=self.reason,
                body=self.body,
            )
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(step) for step in ("event", *first["loc"]))
            raise InputError(place, first["msg"], "an event") from None

    def by(self, signer: TrustedKey, position: Position) -> Event:
        """Return the event that this would be."""
        return event_by(self.at_position(position), signer)


def event_by(part: EventPart, signer: TrustedKey) -> Event:
    """Say who did what a signed event states."""
    return Event(
        sequence=part.sequence,
        release=part.release,
        at=part.at,
        clock=part.clock,
        holder=signer.holder,
        person=signer.person,
        organisation=signer.organisation,
        role=part.role,
        roles=signer.roles,
        reason=part.reason,
        body=part.body,
    )


def sign_event(part: EventPart, signer: Signer) -> bytes:
    """Return the entry of an event: its envelope in canonical JSON."""
    payload = canonical(part.model_dump(mode="json"))
    return write_entry(sign(payload, PAYLOAD_TYPE, signer))


def read_events(entries: Iterable[Entry], origin: str, trust: Trust) -> Iterator[Event]:
    """Yield the events of a ledger, each held against what the reader believes.

    Steps, for every entry: its one signature is of a trusted key, valid at the time of the
    event; the role is one of that person's; it is signed for this place of this ledger; and
    it is not earlier than the event before.

    Raises:
        VerificationError: the first event for which one of them does not hold.
    """
    # The first of a key counts, as everywhere.
    known = {each.key.key_id: each for each in reversed(trust.keys)}
    before: datetime | None = None

    for events, problem in _verified(entries, origin, known):
        for event in events:
            if before is not None and event.at < before:
                where = f"event {event.sequence}"
                raise VerificationError(where, f"the time {event.at}", f"none before {before}")
            before = event.at
            yield event
        if problem is not None:
            raise problem


def _verified(
    entries: Iterable[Entry], origin: str, known: Mapping[str, TrustedKey]
) -> Iterator[_Verified]:
    def signed(run: Sequence[_Read]) -> _Verified:
        return _signed(run, known)

    # A database that is read while others compute makes everybody wait for the interpreter.
    rows = iter(entries)
    while block := tuple(itertools.islice(rows, _BLOCK)):
        # Here one thread is busy with reading; signatures are computed outside of Python.
        yield from in_order(signed, _read(block, origin))


_Read = tuple[Envelope, EventPart] | VerificationError
_Verified = tuple[list[Event], VerificationError | None]


def _read(entries: Iterable[Entry], origin: str) -> Iterator[_Read]:
    """Yield what entries state, and at the end the first problem instead."""
    for entry in entries:
        where = f"event {entry.sequence}"
        try:
            envelope = read_entry(entry.data, where)
            part = _part(envelope, where)
            _refuse_moved(part, entry, origin, where)
        except VerificationError as error:
            yield error
            return
        yield envelope, part


def _signed(run: Sequence[_Read], known: Mapping[str, TrustedKey]) -> _Verified:
    """Return the events up to the first that does not hold, and what that is."""
    events: list[Event] = []
    for found in run:
        if isinstance(found, VerificationError):
            return events, found
        envelope, part = found
        try:
            signer = _signer(envelope, part, known, f"event {part.sequence}")
        except VerificationError as error:
            return events, error
        events.append(event_by(part, signer))
    return events, None


def entry_digest(data: bytes) -> str:
    """Return the digest of an entry, as people quote it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def trusted_key(trust: Trust, key_id: str) -> TrustedKey:
    """Return what is believed of a key.

    Raises:
        VerificationError: nothing.
    """
    found = next((known for known in trust.keys if known.key.key_id == key_id), None)
    if found is None:
        remedy = "Have it put into the trust file, or use another key."
        raise VerificationError(f"key {key_id}", "no key of the trust file", "one of them", remedy)
    return found


def refuse_signer(signer: TrustedKey, role: Role, at: datetime, where: str) -> None:
    """Refuse a key that cannot sign in this role at this time.

    Raises:
        VerificationError: the person has not got the role, or the key is not valid then.
    """
    if role not in signer.roles:
        roles = ", ".join(sorted(signer.roles))
        raise VerificationError(where, f"{signer.person} as {role}", f"one of: {roles}")
    problem = signer.problem_at(at, "the event")
    if problem:
        raise VerificationError(where, f"a key out of its dates: {problem}", "a valid key")


def _part(envelope: Envelope, where: str) -> EventPart:
    try:
        part = EventPart.model_validate_json(envelope.payload)
        # What would be written for it is what is there: no name twice, no other order.
        if canonical_of_plain_names(part.model_dump(mode="json")) == envelope.payload:
            return part
    except ValueError:
        pass
    return _part_step_by_step(envelope, where)


def _part_step_by_step(envelope: Envelope, where: str) -> EventPart:
    try:
        document = read_object(envelope.payload, where)
        part = EventPart.model_validate(document)
    except InputError as error:
        raise VerificationError(error.where, error.found, error.expected) from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise VerificationError(f"{where}: {place}", first["msg"], "an event") from None
    if canonical(part.model_dump(mode="json")) != envelope.payload:
        raise VerificationError(where, "a payload that is not in canonical form", "RFC 8785")
    return part


def _refuse_moved(part: EventPart, entry: Entry, origin: str, where: str) -> None:
    signed_for = (part.ledger, part.sequence, part.previous)
    if signed_for != (origin, entry.sequence, entry.previous.hex()):
        found = f"an event that was signed for place {part.sequence} of {part.ledger}"
        raise VerificationError(where, found, f"place {entry.sequence} of {origin}, as it is")


def _signer(
    envelope: Envelope, part: EventPart, known: Mapping[str, TrustedKey], where: str
) -> TrustedKey:
    made = envelope.signatures[0]
    signer = known.get(made.key_id)
    if signer is None:
        raise VerificationError(where, f"the key {made.key_id}", "a key of the trust file")
    if not signer.key.verifies(made.value, envelope.signed_bytes):
        found = f"a signature that names the key of {signer.person} and does not hold"
        raise VerificationError(where, found, "one that holds")
    refuse_signer(signer, part.role, part.at, where)
    return signer
