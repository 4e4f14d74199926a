# SPDX-License-Identifier: Apache-2.0
"""Laws of signed bytes: whatever is changed, no other payload is ever believed."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from builders_attestation import NOW, PAYLOAD, SIGNED_AT, envelope, trust, trusted
from tiergate.attestation.bundle import read_bundle, write_bundle
from tiergate.attestation.envelope import pre_authentication_encoding
from tiergate.attestation.signatures import examine
from tiergate.attestation.trust import Role, roles_without_a_person
from tiergate.errors import TiergateError

WRITTEN = write_bundle(envelope("ada"))
BELIEVED = trust(trusted("ada", Role.RELEASE_OWNER))

edits = st.tuples(
    st.integers(0, len(WRITTEN) - 1), st.integers(0, 4), st.binary(min_size=0, max_size=4)
)


@given(st.lists(edits, min_size=1, max_size=3))
def test_no_edit_of_a_record_makes_anybody_believe_other_bytes(
    changes: list[tuple[int, int, bytes]],
) -> None:
    data = WRITTEN
    for position, removed, inserted in changes:
        data = data[:position] + inserted + data[position + removed :]

    try:
        read = read_bundle(data, "record.json")
    except TiergateError:
        return
    if examine(read, BELIEVED, signed_at=SIGNED_AT, now=NOW).holds:
        assert (PAYLOAD, "application/vnd.in-toto+json") == (read.payload, read.payload_type)


@given(st.text(), st.binary(), st.text(), st.binary())
def test_two_payloads_are_never_signed_by_the_same_bytes(
    kind: str, payload: bytes, other_kind: str, other: bytes
) -> None:
    same = pre_authentication_encoding(kind, payload) == pre_authentication_encoding(
        other_kind, other
    )

    assert same == ((kind, payload) == (other_kind, other))


ROLES = st.sampled_from(list(Role)[:4])


@given(st.lists(ROLES, min_size=1, max_size=4), st.lists(st.sets(ROLES, min_size=1), max_size=4))
def test_as_many_roles_are_filled_as_any_way_of_placing_people_fills(
    needed: list[Role], people: list[set[Role]]
) -> None:
    signers = [trusted("ada", *roles, person=str(n)) for n, roles in enumerate(people)]

    left = roles_without_a_person(needed, signers)

    seats = [*range(len(people)), *([None] * len(needed))]
    best = max(
        sum(
            person is not None and role in people[person]
            for role, person in zip(needed, placed, strict=True)
        )
        for placed in itertools.permutations(seats, len(needed))
    )
    assert best == len(needed) - len(left)


@given(st.lists(st.sets(ROLES, min_size=1), max_size=4), st.sets(ROLES, min_size=1))
def test_one_more_signature_never_leaves_more_roles_open(
    people: list[set[Role]], another: set[Role]
) -> None:
    needed = list(Role)[:4]
    signers = [trusted("ada", *roles, person=str(n)) for n, roles in enumerate(people)]

    before = roles_without_a_person(needed, signers)
    after = roles_without_a_person(needed, [*signers, trusted("ada", *another, person="more")])

    assert len(after) <= len(before)
