# SPDX-License-Identifier: Apache-2.0
"""Which signed waivers count, and every way in which one does not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import pytest

from builders_assurance import DAY, believing_bob, signed_waivers, waiver_part
from builders_attestation import key, trust, trusted
from builders_decision import AT, OTHER_ROOT
from tiergate.attestation.trust import Identity, Role, Trust, TrustedIdentity
from tiergate.decision.policy import WAIVING_ROLES
from tiergate.decision.waiver import Waiver
from tiergate.decision.waiver_signing import GivenWaivers, RefusedWaiver, counted

BOB = believing_bob()


def judged(
    *files: GivenWaivers, believed: Trust = BOB, roles: tuple[Role, ...] = WAIVING_ROLES
) -> tuple[tuple[Waiver, ...], tuple[RefusedWaiver, ...]]:
    return counted(files, believed, roles, at=AT)


@pytest.mark.parametrize("role", WAIVING_ROLES)
def test_a_waiver_counts_that_its_giver_signed_in_a_role_that_may_waive(role: Role) -> None:
    file = signed_waivers()

    (waiver,), refused = judged(file, believed=believing_bob(role))

    assert (f"bob of Lab ({role})", file.digest, ()) == (
        waiver.signed_by,
        waiver.signature,
        refused,
    )
    assert f"signed by bob of Lab ({role})" == waiver.signing


def test_a_giver_is_the_same_however_the_name_is_written() -> None:
    assert 1 == len(judged(signed_waivers(waiver_part(by="  BOB ")))[0])


def test_a_policy_says_which_roles_may_waive() -> None:
    given = signed_waivers()

    assert 0 == len(judged(given, roles=(Role.LEGAL,))[0])
    assert 1 == len(judged(given, believed=believing_bob(Role.LEGAL), roles=(Role.LEGAL,))[0])


def test_every_waiver_of_a_file_is_judged_by_itself() -> None:
    parts = (waiver_part("E01"), waiver_part("E02", by="ann"), waiver_part("E03"))

    waivers, refused = judged(signed_waivers(*parts))

    assert ["E01", "E03"] == [waiver.requirement for waiver in waivers]
    assert [("E02", "signed by bob, and given by ann")] == [
        (one.requirement, one.reason) for one in refused
    ]


def test_two_people_can_sign_a_file_in_which_each_gives_a_waiver() -> None:
    parts = (waiver_part("E01"), waiver_part("E02", by="ann"))
    believed = trust(*(trusted(name, Role.OVERSIGHT) for name in ("ann", "bob")))

    waivers, refused = judged(signed_waivers(*parts, by=("ann", "bob")), believed=believed)

    assert (["bob of Lab (oversight)", "ann of Lab (oversight)"], ()) == (
        [waiver.signed_by for waiver in waivers],
        refused,
    )


def _root(statement: Any) -> None:  # noqa: ANN401 - JSON
    statement["predicate"]["waivers"][0]["root_digest"] = OTHER_ROOT


def _more(statement: Any) -> None:  # noqa: ANN401 - JSON
    statement["predicate"]["more"] = 1


def _ended(statement: Any) -> None:  # noqa: ANN401 - JSON
    waiver = statement["predicate"]["waivers"][0]
    waiver["expires_at"] = waiver["issued_at"]


def _kind(statement: Any) -> None:  # noqa: ANN401 - JSON
    statement["predicateType"] = "https://tiergate.dev/evidence/v1"


def _of(*keys: Any) -> Trust:  # noqa: ANN401 - TrustedKey
    return trust(*keys)


def _evaluates_too() -> Trust:
    return trust(
        trusted("bob", Role.SAFETY_LEAD),
        trusted("bob-ed25519", Role.EVALUATOR, person=" Bob "),
    )


_IDENTITY = TrustedIdentity(
    identity=Identity(name="bob@lab.example", issuer="https://accounts.example.org"),
    person="BOB",
    organisation="Lab",
    roles=frozenset({Role.EVALUATOR}),
    valid_from=AT,
    valid_until=AT + DAY,
)


def _forged() -> GivenWaivers:
    file = signed_waivers(by=("mallory",))
    mallory, bob = (key(name).public.key_id.encode() for name in ("mallory", "bob"))
    return GivenWaivers(where="w.json", data=file.data.replace(mallory, bob))


WITHOUT_EFFECT: dict[str, tuple[GivenWaivers, Trust, str]] = {
    "a key that the trust file does not know": (
        signed_waivers(by=("mallory",)),
        BOB,
        "no key of the trust file made it",
    ),
    "a signature that names a trusted key and does not hold": (
        _forged(),
        BOB,
        "it names the key of bob and does not hold",
    ),
    "a signer with another role": (
        signed_waivers(),
        believing_bob(Role.RELEASE_OWNER),
        "who is release owner, and safety lead or oversight may waive",
    ),
    "a signer who may vouch for evidence with the same key": (
        signed_waivers(),
        believing_bob(Role.SAFETY_LEAD, Role.EVALUATOR),
        "who as evaluator vouches for evidence",
    ),
    "a signer who may vouch for evidence with another key": (
        signed_waivers(),
        _evaluates_too(),
        "who as evaluator vouches for evidence",
    ),
    "a signer who may vouch for evidence by an identity": (
        signed_waivers(),
        dataclasses.replace(BOB, identities=(_IDENTITY,)),
        "who as evaluator vouches for evidence",
    ),
    "a signer who reviews evidence": (
        signed_waivers(),
        believing_bob(Role.OVERSIGHT, Role.INDEPENDENT_REVIEWER),
        "who as independent reviewer vouches for evidence",
    ),
    "a key that was valid later": (
        signed_waivers(),
        believing_bob(valid_from=AT),
        "the time of signing is before",
    ),
    "a key that is valid no longer": (
        signed_waivers(),
        believing_bob(valid_until=AT),
        "the time of the decision is later",
    ),
    "a signature from after the decision": (
        signed_waivers(at=AT + DAY),
        BOB,
        "after the time of the decision",
    ),
    "a signer who is not the giver": (
        signed_waivers(waiver_part(by="ann")),
        BOB,
        "signed by bob, and given by ann",
    ),
    "a waiver for another checkpoint than the subject": (
        signed_waivers(change=_root),
        BOB,
        "subjects that are not the checkpoints",
    ),
    "a field too many": (signed_waivers(change=_more), BOB, "predicate.more: found"),
    "a waiver that ends before it starts": (
        signed_waivers(change=_ended),
        BOB,
        "expires_at is not after issued_at",
    ),
    "a statement of another kind": (
        signed_waivers(change=_kind),
        BOB,
        "a statement of type 'https://tiergate.dev/evidence/v1'",
    ),
    "a payload of another type": (
        signed_waivers(kind="text/plain"),
        BOB,
        "a payload of type 'text/plain'",
    ),
    "a file that is unsigned": (
        GivenWaivers(where="w.json", data=b"format: tiergate-waivers/1"),
        BOB,
        "broken JSON",
    ),
}


@pytest.mark.parametrize("case", WITHOUT_EFFECT)
def test_a_waiver_has_no_effect_with(case: str) -> None:
    file, believed, expected = WITHOUT_EFFECT[case]

    waivers, (refused,) = judged(file, believed=believed)

    assert ((), "w.json") == (waivers, refused.where)
    assert expected in refused.reason


def test_a_person_who_waives_is_not_held_up_by_somebody_else_who_evaluates() -> None:
    others: Iterable[Any] = (trusted("eve", Role.EVALUATOR),)

    assert 1 == len(
        judged(signed_waivers(), believed=_of(trusted("bob", *WAIVING_ROLES), *others))[0]
    )


def test_an_unsigned_waiver_says_so() -> None:
    assert "unsigned" == Waiver(**dict(waiver_part())).signing
