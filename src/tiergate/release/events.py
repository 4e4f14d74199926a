# SPDX-License-Identifier: Apache-2.0
"""Events of a release: signed, in one place of one ledger, by one person in one role.

An entry of the ledger is a DSSE envelope in canonical JSON. What is signed names the ledger,
the place and the entry before it, so that no event can be put anywhere else, or there again.
"""

from __future__ import annotations

import base64
import binascii
import enum
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, cast

import rfc8785
from pydantic import Field, ValidationError

from tiergate.attestation.envelope import Envelope, Signature, sign
from tiergate.attestation.keys import Signer
from tiergate.attestation.strict_json import fields_of, read_object, text_of
from tiergate.attestation.trust import Role, Trust, TrustedKey
from tiergate.errors import InputError, VerificationError
from tiergate.evidence.document_types import Part, UtcTime
from tiergate.release.bodies import Body, Sequence
from tiergate.release.ledger import Entry, Position
from tiergate.release.plan import ShortName

PAYLOAD_TYPE = "application/vnd.tiergate.release-event+json"
_LONGEST = 2 * 1024 * 1024


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
    sequence: Sequence
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
    payload = _canonical(part.model_dump(mode="json"))
    made = sign(payload, PAYLOAD_TYPE, signer)
    document = {
        "payload": base64.b64encode(payload).decode("ascii"),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [
            {"keyid": each.key_id, "sig": base64.b64encode(each.value).decode("ascii")}
            for each in made.signatures
        ],
    }
    return _canonical(document)


def read_events(entries: Iterable[Entry], origin: str, trust: Trust) -> Iterator[Event]:
    """Yield the events of a ledger, each held against what the reader believes.

    Steps, for every entry: its one signature is of a trusted key, valid at the time of the
    event; the role is one of that person's; it is signed for this place of this ledger; and
    it is not earlier than the event before.

    Raises:
        VerificationError: the first event for which one of them does not hold.
    """
    before: datetime | None = None
    for entry in entries:
        where = f"event {entry.sequence}"
        envelope = _envelope(entry.data, where)
        part = _part(envelope, where)
        _refuse_moved(part, entry, origin, where)
        if before is not None and part.at < before:
            raise VerificationError(where, f"the time {part.at}", f"none before {before}")
        before = part.at
        yield event_by(part, _signer(envelope, part, trust, where))


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
        document = read_object(envelope.payload, where)
        part = EventPart.model_validate(document)
    except InputError as error:
        raise VerificationError(error.where, error.found, error.expected) from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise VerificationError(f"{where}: {place}", first["msg"], "an event") from None
    if _canonical(part.model_dump(mode="json")) != envelope.payload:
        raise VerificationError(where, "a payload that is not in canonical form", "RFC 8785")
    return part


def _refuse_moved(part: EventPart, entry: Entry, origin: str, where: str) -> None:
    signed_for = (part.ledger, part.sequence, part.previous)
    if signed_for != (origin, entry.sequence, entry.previous.hex()):
        found = f"an event that was signed for place {part.sequence} of {part.ledger}"
        raise VerificationError(where, found, f"place {entry.sequence} of {origin}, as it is")


def _signer(envelope: Envelope, part: EventPart, trust: Trust, where: str) -> TrustedKey:
    made = envelope.signatures[0]
    signer = next((known for known in trust.keys if known.key.key_id == made.key_id), None)
    if signer is None:
        raise VerificationError(where, f"the key {made.key_id}", "a key of the trust file")
    if not signer.key.verifies(made.value, envelope.signed_bytes):
        found = f"a signature that names the key of {signer.person} and does not hold"
        raise VerificationError(where, found, "one that holds")
    refuse_signer(signer, part.role, part.at, where)
    return signer


def _envelope(data: bytes, where: str) -> Envelope:
    try:
        document = read_object(data, where)
    except InputError as error:
        raise VerificationError(error.where, error.found, error.expected) from None
    fields = fields_of(document, where, frozenset(["payload", "payloadType", "signatures"]))
    rows = fields["signatures"]
    if not isinstance(rows, list) or len(rows) != 1:
        raise VerificationError(where, "no signature, or more than one", "one signature")
    row = fields_of(rows[0], where, frozenset(["keyid", "sig"]))
    kind = text_of(fields["payloadType"], where, 200)
    if kind != PAYLOAD_TYPE:
        raise VerificationError(where, f"a payload of type {kind!r}", PAYLOAD_TYPE)
    if _canonical(document) != data:
        raise VerificationError(where, "an envelope that is not in canonical form", "RFC 8785")
    made = Signature(key_id=text_of(row["keyid"], where, 64), value=_bytes(row["sig"], where))
    payload = _bytes(fields["payload"], where)
    return Envelope(payload=payload, payload_type=kind, signatures=(made,))


def _bytes(value: object, where: str) -> bytes:
    text = text_of(value, where, _LONGEST)
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeError, binascii.Error):
        raise VerificationError(where, "no base64", "base64 of RFC 4648, padded") from None
    # Unused bits of the last character may hold anything; two texts must not be one content.
    if base64.b64encode(data).decode("ascii") != text:
        raise VerificationError(where, "base64 that is not in canonical form", "RFC 4648")
    return data


def _canonical(document: object) -> bytes:
    # Texts, whole numbers and nothing else: all of it can be written in canonical form.
    data: bytes = rfc8785.dumps(cast("dict[str, None]", document))
    return data
