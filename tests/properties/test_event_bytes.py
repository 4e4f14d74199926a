# SPDX-License-Identifier: Apache-2.0
"""What is read of an event quickly is what is read of it step by step, whatever it states."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from builders_release import START, approved, decided, digest, submitted
from tiergate.attestation.envelope import Envelope, Signature
from tiergate.attestation.trust import Role
from tiergate.errors import VerificationError
from tiergate.landscape.watch.kinds import MatchKind, Strength
from tiergate.release import bodies
from tiergate.release.bodies import Body
from tiergate.release.event_envelope import (
    PAYLOAD_TYPE,
    _step_by_step,
    canonical_of_plain_names,
    read_entry,
    write_entry,
)
from tiergate.release.events import Clock, EventPart, _part, _part_step_by_step

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="ascii"), max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
TIMES = st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2100, 1, 1)).map(  # noqa: DTZ001 - below
    lambda time: time.replace(tzinfo=dt.UTC)
)
BODIES: st.SearchStrategy[Body] = st.one_of(
    st.sampled_from(
        [
            submitted(),
            decided(),
            approved(),
            bodies.Objected(decision=digest(1)),
            bodies.Opened(stage="defenders", decision=digest(1)),
            bodies.Advanced(stage="gated", decision=digest(1)),
            bodies.Held(),
            bodies.Resumed(holds=(3, 9)),
            bodies.Frozen(),
            bodies.Thawed(freezes=(2**53 - 1,)),
            bodies.Revoked(grant=7),
            bodies.Expired(decision=digest(2)),
            bodies.Withdrawn(),
            bodies.Tripwire(trigger=bodies.Trigger.LAW, review_days=3),
            bodies.Reassessed(tripwires=(4,), decision=digest(2)),
        ]
    ),
    st.builds(bodies.Granted, identity=TEXT, until=TIMES),
    st.builds(
        bodies.DerivativeSeen,
        finding=st.just(digest(5)),
        what=st.sampled_from(MatchKind),
        strength=st.sampled_from(Strength),
        repository=TEXT,
        source=TEXT,
        first_seen_at=TIMES,
        created_at=st.none() | TIMES,
        digest=st.none() | st.just(digest(6)),
        evidence=st.lists(TEXT, min_size=1, max_size=3).map(tuple),
        review=st.none()
        | st.builds(
            bodies.ReviewPart,
            triggers=st.lists(TEXT.filter(lambda text: len(text) < 90), min_size=1).map(tuple),
            days=st.integers(0, 9),
        ),
    ),
    st.builds(
        bodies.Incident,
        severity=st.sampled_from(bodies.Severity),
        known_at=TIMES,
        jurisdictions=st.sampled_from([(), ("EU", "US-CA")]),
        closes=st.none() | st.integers(1, 9),
    ),
)
EVENTS = st.builds(
    EventPart,
    ledger=TEXT,
    sequence=st.integers(1, 2**53 - 1),
    previous=st.binary(min_size=32, max_size=32).map(bytes.hex),
    release=st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True),
    at=TIMES,
    clock=st.sampled_from(Clock),
    role=st.sampled_from(Role),
    reason=TEXT,
    body=BODIES,
)
CHANGES = st.lists(
    st.tuples(
        st.integers(0, 2000),
        st.integers(0, 3),
        st.sampled_from(
            [b"", b" ", b"0", b"1.0", b"e0", b"\\u0061", b'"', b",", b"\xff", b"=", b"/"]
        ),
    ),
    max_size=3,
)


@given(PLAIN)
def test_documents_with_plain_names_have_one_canonical_form(document: Any) -> None:  # noqa: ANN401 - JSON
    assert canonical_of_plain_names(document) == rfc8785.dumps(document)


@settings(max_examples=300)
@given(EVENTS, CHANGES)
def test_a_payload_means_the_same_in_both_ways_of_reading(
    part: EventPart, changes: list[tuple[int, int, bytes]]
) -> None:
    payload = _changed(rfc8785.dumps(part.model_dump(mode="json")), changes)
    envelope = Envelope(payload=payload, payload_type=PAYLOAD_TYPE, signatures=())

    found = _outcome(lambda: _part(envelope, "event 1"))

    assert found == _outcome(lambda: _part_step_by_step(envelope, "event 1"))
    if not changes:
        assert found == part


@settings(max_examples=300)
@given(EVENTS, CHANGES)
def test_an_entry_means_the_same_in_both_ways_of_reading(
    part: EventPart, changes: list[tuple[int, int, bytes]]
) -> None:
    made = Signature(key_id="a" * 64, value=b"signature")
    payload = rfc8785.dumps(part.model_dump(mode="json"))
    whole = Envelope(payload=payload, payload_type=PAYLOAD_TYPE, signatures=(made,))
    data = _changed(write_entry(whole), changes)

    found = _outcome(lambda: read_entry(data, "event 1"))

    assert found == _outcome(lambda: _step_by_step(data, "event 1"))
    if not changes:
        assert found == whole


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'{"at":', b'{"at":"2026-01-01T00:00:00Z","at":'),
        (b'"sequence":7', b'"sequence":7.0'),
        (b'"sequence":7', b'"sequence":70e-1'),
        (b'"reason":"because"', b'"reason":"\\u0062ecause"'),
        (b'"reason":"because"', b'"reason":"\\ud800"'),
        (b"Z", b"+00:00"),
        (b'"clock":"system",', b'"clock":"system", '),
        (b'"release":"acme"', b'"release":"acme","release":"acme"'),
    ],
)
def test_a_payload_that_could_be_written_otherwise_is_refused(old: bytes, new: bytes) -> None:
    part = EventPart(
        ledger="x",
        sequence=7,
        previous="0" * 64,
        release="acme",
        at=START,
        clock=Clock.SYSTEM,
        role=Role.LEGAL,
        reason="because",
        body=bodies.Held(),
    )
    payload = rfc8785.dumps(part.model_dump(mode="json"))
    assert payload.count(old) == 1
    envelope = Envelope(payload=payload.replace(old, new), payload_type=PAYLOAD_TYPE, signatures=())

    with pytest.raises(VerificationError):
        _part(envelope, "event 1")


def _changed(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for place, length, new in changes:
        start = place % len(data)
        data = data[:start] + new + data[start + length :]
    return data


def _outcome(read: Callable[[], object]) -> object:
    try:
        return read()
    except VerificationError as error:
        return str(error)
