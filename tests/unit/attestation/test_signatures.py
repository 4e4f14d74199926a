# SPDX-License-Identifier: Apache-2.0
"""Whose signatures suffice, as a table of sentences."""

from __future__ import annotations

import dataclasses

import pytest

from builders_attestation import DAY, NOW, SIGNED_AT, UNTIL, envelope, key, trust, trusted
from tiergate.attestation.envelope import Envelope, Signature
from tiergate.attestation.signatures import examine
from tiergate.attestation.trust import Role, Trust, roles_without_a_person

OWNER, LEGAL, SAFETY = Role.RELEASE_OWNER, Role.LEGAL, Role.SAFETY_LEAD

ADA = trusted("ada", OWNER)
BEA = trusted("bea-ed25519", LEGAL)
BOTH = (OWNER, LEGAL)


def _renamed(made: Envelope, *key_ids: str) -> Envelope:
    pairs = zip(made.signatures, key_ids, strict=True)
    signatures = tuple(dataclasses.replace(s, key_id=key_id) for s, key_id in pairs)
    return dataclasses.replace(made, signatures=signatures)


def _swapped(made: Envelope, **changes: object) -> Envelope:
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]  # fields of the table


BAD = Signature(key_id=key("ada").public.key_id, value=b"no signature")
ONE = envelope("ada")
TWICE = dataclasses.replace(ONE, signatures=ONE.signatures * 2)

SUFFICES: dict[str, tuple[Envelope, Trust]] = {
    "the key that is needed": (ONE, trust(ADA)),
    "an Ed25519 key": (envelope("bea-ed25519"), trust(BEA, needed=(LEGAL,))),
    "the key under another name": (_renamed(ONE, "somebody"), trust(BEA, ADA)),
    "the key without a name": (_renamed(ONE, ""), trust(BEA, ADA)),
    "two people for two roles": (envelope("ada", "bea-ed25519"), trust(ADA, BEA, needed=BOTH)),
    "two people who can each be either, in any order": (
        envelope("ada", "bea-ed25519"),
        trust(trusted("ada", OWNER, LEGAL), trusted("bea-ed25519", OWNER), needed=BOTH),
    ),
    "somebody unknown beside the key that is needed": (envelope("ada", "eve"), trust(ADA)),
    "the same signature twice, counted once": (TWICE, trust(ADA)),
    "two keys of one person, where one role is needed": (
        envelope("ada", "spare"),
        trust(ADA, trusted("spare", OWNER, person="ada")),
    ),
}


@pytest.mark.parametrize("case", SUFFICES)
def test_signatures_suffice(case: str) -> None:
    made, believed = SUFFICES[case]

    report = examine(made, believed, signed_at=SIGNED_AT, now=NOW)

    assert report.holds
    assert () == report.missing


FAILS: dict[str, tuple[Envelope, Trust, str]] = {
    "the wrong key": (envelope("eve"), trust(ADA), "no key of the trust file made it"),
    "the wrong key under the right name": (
        _renamed(envelope("eve"), key("ada").public.key_id),
        trust(ADA),
        "it names the key of ada and does not hold",
    ),
    "the right key with the wrong role": (ONE, trust(trusted("ada", LEGAL)), ""),
    "a key that was not valid yet when it signed": (
        ONE,
        trust(trusted("ada", OWNER, valid_from=SIGNED_AT + DAY)),
        "the key is valid from 2026-11-24 on, and the time of signing is before",
    ),
    "a key that was no longer valid when it signed": (
        ONE,
        trust(trusted("ada", OWNER, valid_until=SIGNED_AT)),
        "the key was valid until 2026-11-23, and the time of signing is later",
    ),
    "a key that is no longer valid now": (
        ONE,
        trust(trusted("ada", OWNER, valid_until=NOW)),
        "the key was valid until 2026-11-30, and now is later",
    ),
    "another payload": (_swapped(ONE, payload=b"{}"), trust(ADA), "does not hold"),
    "the same payload as another type": (
        _swapped(ONE, payload_type="text/plain"),
        trust(ADA),
        "does not hold",
    ),
    "one signature that does not hold beside one that does": (
        _swapped(ONE, signatures=(*ONE.signatures, BAD)),
        trust(ADA),
        "does not hold",
    ),
    "one person for two roles": (ONE, trust(trusted("ada", *BOTH), needed=BOTH), ""),
    "one person with two keys for two roles": (
        envelope("ada", "spare"),
        trust(ADA, trusted("spare", LEGAL, person=" ADA "), needed=BOTH),
        "",
    ),
    "the same signature twice for the same role twice": (
        TWICE,
        trust(ADA, needed=(OWNER, OWNER)),
        "the same key has signed already",
    ),
    "nobody for one of two roles": (ONE, trust(ADA, BEA, needed=BOTH), ""),
    "nobody that anybody trusts": (ONE, trust(), "no key of the trust file made it"),
}


@pytest.mark.parametrize("case", FAILS)
def test_signatures_do_not_suffice(case: str) -> None:
    made, believed, note = FAILS[case]

    report = examine(made, believed, signed_at=SIGNED_AT, now=NOW)

    assert not report.holds
    assert any(note in found.note for found in report.findings)


def test_a_key_counts_from_its_first_moment_on() -> None:
    believed = trust(trusted("ada", OWNER, valid_from=SIGNED_AT, valid_until=UNTIL))

    assert examine(ONE, believed, signed_at=SIGNED_AT, now=SIGNED_AT).holds


def test_the_roles_that_are_left_are_named() -> None:
    report = examine(ONE, trust(ADA, BEA, needed=BOTH), signed_at=SIGNED_AT, now=NOW)

    assert (LEGAL,) == report.missing


def test_people_are_placed_so_that_as_many_roles_as_possible_are_filled() -> None:
    signers = [
        trusted("a", OWNER, LEGAL, SAFETY),
        trusted("b", OWNER, LEGAL),
        trusted("c", OWNER),
    ]

    assert () == roles_without_a_person((OWNER, LEGAL, SAFETY), signers)
    assert (LEGAL,) == roles_without_a_person((OWNER, LEGAL), signers[2:])
