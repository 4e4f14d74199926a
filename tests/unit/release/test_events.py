# SPDX-License-Identifier: Apache-2.0
"""Events are good for one place, by one key, at one time; all else is refused as it is read."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
import rfc8785

from builders_attestation import DAY, FROM, NOW, key, trust, trusted
from tiergate.attestation.envelope import sign
from tiergate.attestation.merkle import leaf_hash
from tiergate.attestation.trust import Role
from tiergate.errors import InputError, VerificationError
from tiergate.release.bodies import Frozen, Held
from tiergate.release.event_envelope import PAYLOAD_TYPE
from tiergate.release.events import (
    Act,
    Clock,
    Event,
    entry_digest,
    read_events,
    sign_event,
    trusted_key,
)
from tiergate.release.ledger_entry import Entry, Position, chained, start_of

ORIGIN = "tiergate.dev/ledger/test"
BELIEVED = trust(trusted("ada", Role.LEGAL), trusted("bea", Role.SAFETY_LEAD, Role.LEGAL))
ACT = Act(
    release="acme", at=NOW, clock=Clock.SYSTEM, role=Role.LEGAL, reason="because", body=Held()
)
FIRST = Position(origin=ORIGIN, sequence=1, previous=start_of(ORIGIN))
GOOD = sign_event(ACT.at_position(FIRST), key("ada"))
Json = dict[str, Any]


def _entry(data: bytes, position: Position = FIRST) -> Entry:
    return Entry(
        sequence=position.sequence,
        previous=position.previous,
        data=data,
        chain=chained(position.previous, leaf_hash(data)),
    )


def _read(*entries: Entry) -> list[Event]:
    return list(read_events(entries, ORIGIN, BELIEVED))


def test_an_event_says_who_did_what_as_what_and_why() -> None:
    (event,) = _read(_entry(GOOD))

    assert (event.person, event.role, event.reason) == ("ada", Role.LEGAL, "because")
    assert (event.sequence, event.at, event.body) == (1, NOW, Held())
    assert event == ACT.by(BELIEVED.keys[0], FIRST)


def test_two_keys_of_one_person_are_one_person() -> None:
    believed = trust(
        trusted("ada", Role.LEGAL, person="Ada Lovelace"),
        trusted("bea", Role.LEGAL, person="ada  LOVELACE"),
    )
    first = _entry(GOOD)
    second = Position(origin=ORIGIN, sequence=2, previous=first.chain)
    entries = (first, _entry(sign_event(ACT.at_position(second), key("bea")), second))

    one, two = read_events(entries, ORIGIN, believed)

    assert one.holder == two.holder
    assert one.person != two.person


def test_the_digest_of_an_entry_is_that_of_its_bytes() -> None:
    assert entry_digest(b"") == (
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


def _envelope(change: Callable[[Json], object]) -> bytes:
    document: Json = json.loads(GOOD)
    change(document)
    return rfc8785.dumps(document)


def _signed(change: Callable[[Json], object], kind: str = PAYLOAD_TYPE) -> bytes:
    """Sign a changed payload, as whoever has the key could."""
    payload: Json = json.loads(base64.b64decode(json.loads(GOOD)["payload"]))
    change(payload)
    return _around(rfc8785.dumps(payload), kind)


def _around(payload: bytes, kind: str = PAYLOAD_TYPE) -> bytes:
    made = sign(payload, kind, key("ada")).signatures[0]
    return rfc8785.dumps(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": kind,
            "signatures": [{"keyid": made.key_id, "sig": base64.b64encode(made.value).decode()}],
        }
    )


def _again(document: Json) -> None:
    document["signatures"] = document["signatures"] * 2


def _edited(document: Json) -> None:
    payload = base64.b64decode(document["payload"]).replace(b"because", b"believe")
    document["payload"] = base64.b64encode(payload).decode()


BAD: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"x", "broken JSON"),
    "a field twice": (GOOD.replace(b'{"payload"', b'{"payload":"","payload"', 1), "twice"),
    "an unknown field": (_envelope(lambda d: d.update(more=1)), "unknown field"),
    "two signatures": (_envelope(_again), "more than one"),
    "no signature": (_envelope(lambda d: d.update(signatures=[])), "no signature"),
    "another order of fields": (json.dumps(json.loads(GOOD)).encode(), "canonical"),
    "another type of payload": (
        _signed(lambda _: None, "application/vnd.in-toto+json"),
        "a payload of type",
    ),
    "the type of the payload swapped": (
        _envelope(lambda d: d.update(payloadType="text/plain")),
        "a payload of type",
    ),
    "a payload that is no base64": (_envelope(lambda d: d.update(payload="é")), "no base64"),
    "a payload in base64 of two readings": (
        _envelope(lambda d: d.update(payload="QR==")),
        "canonical form",
    ),
    "a payload that is no JSON": (_around(b"x"), "broken JSON"),
    "a payload with a field twice": (_around(b'{"a":1,"a":2}'), "twice"),
    "a payload that is no event": (_signed(lambda p: p.pop("reason")), "Field required"),
    "a payload with an unknown kind": (
        _signed(lambda p: p.update(body={"kind": "unheard-of"})),
        "does not match",
    ),
    "a payload that is not canonical": (
        _around(json.dumps(json.loads(base64.b64decode(json.loads(GOOD)["payload"]))).encode()),
        "not in canonical form",
    ),
    "an event without a reason": (_signed(lambda p: p.update(reason="")), "at least 1"),
    "an event of another ledger": (_signed(lambda p: p.update(ledger="other")), "of other"),
    "an event of another place": (_signed(lambda p: p.update(sequence=2)), "place 2"),
    "an event after another one": (_signed(lambda p: p.update(previous="0" * 64)), "place 1"),
    "a role that its person has not": (
        _signed(lambda p: p.update(role="auditor")),
        "ada as auditor",
    ),
    "a time before the key was valid": (
        _signed(lambda p: p.update(at="2025-12-31T00:00:00Z")),
        "out of its dates",
    ),
    "a time after the key was valid": (
        _signed(lambda p: p.update(at="2027-01-01T00:00:00Z")),
        "out of its dates",
    ),
    "a key that nobody believes": (sign_event(ACT.at_position(FIRST), key("eve")), "the key"),
    "the name of somebody else's key": (
        _envelope(lambda d: d["signatures"][0].update(keyid=key("bea").public.key_id)),
        "does not hold",
    ),
    "an edited payload": (_envelope(_edited), "does not hold"),
}


@pytest.mark.parametrize("what", BAD)
def test_is_refused_as_it_is_read(what: str) -> None:
    data, said = BAD[what]

    with pytest.raises(VerificationError) as refused:
        _read(_entry(data))

    assert refused.value.where.startswith("event 1")
    assert said in str(refused.value)


def test_an_event_that_is_put_in_again_is_refused() -> None:
    first = _entry(GOOD)
    again = _entry(GOOD, Position(origin=ORIGIN, sequence=2, previous=first.chain))

    with pytest.raises(VerificationError, match="event 2: found an event that was signed for"):
        _read(first, again)


def test_an_event_that_is_earlier_than_the_one_before_is_refused() -> None:
    first = _entry(GOOD)
    second = Position(origin=ORIGIN, sequence=2, previous=first.chain)
    earlier = dataclasses.replace(ACT, at=NOW - DAY, body=Frozen())

    with pytest.raises(VerificationError, match="event 2: found the time"):
        _read(first, _entry(sign_event(earlier.at_position(second), key("ada")), second))


def test_an_event_of_a_key_that_has_lapsed_since_still_counts() -> None:
    short = trusted("ada", Role.LEGAL, valid_until=NOW + DAY)

    assert len(list(read_events([_entry(GOOD)], ORIGIN, trust(short)))) == 1
    assert short.valid_from == FROM


def test_an_act_that_an_event_cannot_hold_is_refused() -> None:
    with pytest.raises(InputError, match=r"event\.reason"):
        dataclasses.replace(ACT, reason="").at_position(FIRST)


def test_a_reason_that_no_reader_could_hold_is_refused() -> None:
    act = dataclasses.replace(ACT, reason="\ud800")

    with pytest.raises(InputError, match=r"event\.reason"):
        act.at_position(FIRST)


def test_a_key_that_is_not_in_the_trust_file_is_said() -> None:
    assert trusted_key(BELIEVED, key("ada").public.key_id).person == "ada"
    with pytest.raises(VerificationError, match="no key of the trust file"):
        trusted_key(BELIEVED, "0" * 64)
