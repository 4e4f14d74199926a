# SPDX-License-Identifier: Apache-2.0
"""Trust files: read, or refused with every mistake and its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders_attestation import key
from record_fixtures import trust_file, trusted
from tiergate.attestation.trust import Role
from tiergate.errors import MistakesError
from tiergate.release.trust_file import load_trust, parse_trust


def test_a_trust_file_says_who_is_believed_as_what(tmp_path: Path) -> None:
    trust = load_trust(
        trust_file(
            tmp_path / "trust.yaml",
            trusted("ada", "release owner, legal"),
            trusted("bea-ed25519", "auditor", person="Bea"),
            signed_by="legal",
        )
    )

    assert (Role.LEGAL,) == trust.needed
    assert [key(n).public for n in ("ada", "bea-ed25519")] == [k.key for k in trust.keys]
    assert [{Role.RELEASE_OWNER, Role.LEGAL}, {Role.AUDITOR}] == [k.roles for k in trust.keys]
    assert ["ada", "bea"] == [k.holder for k in trust.keys]


def test_a_trust_file_may_name_identities_in_place_of_keys() -> None:
    head = "format: tiergate-trust/1\nsigned_by: [auditor]\nidentities:\n"

    trust = parse_trust((head + IDENTITY).encode(), "trust.yaml")

    (somebody,) = trust.identities
    assert trust.keys == ()
    assert somebody.identity.words == "ada@example.org, vouched for by https://accounts.example.org"
    assert (somebody.person, somebody.roles) == ("Ada", frozenset({Role.AUDITOR}))
    believed = somebody.with_key(ADA)
    assert (believed.key, believed.person, believed.roles) == (ADA, "Ada", somebody.roles)
    assert (believed.valid_from, believed.valid_until) == (
        somebody.valid_from,
        somebody.valid_until,
    )


def _problems(text: str) -> list[str]:
    with pytest.raises(MistakesError) as caught:
        parse_trust(text.encode(), "trust.yaml")
    return str(caught.value).splitlines()


HEAD = "format: tiergate-trust/1\nsigned_by: [release owner]\nkeys:\n"
GOOD = HEAD + trusted("ada")
ADA, EVE = key("ada").public, key("eve").public

IDENTITY = """\
- identity: ada@example.org
  issuer: https://accounts.example.org
  person: Ada
  organisation: Lab
  roles: [auditor]
  valid_from: "2026-01-01T00:00:00Z"
  valid_until: "2099-01-01T00:00:00Z"
"""

MISTAKES = {
    "an empty file": ("", "trust.yaml: file: no valid YAML: an empty file"),
    "no YAML": ("{", "trust.yaml:1: file: no valid YAML"),
    "no mapping": ("- a", "trust.yaml:1: trust: expected fields with values"),
    "another format": (
        GOOD.replace("trust/1", "trust/2"),
        "trust.yaml:1: format: expected tiergate-trust/1",
    ),
    "no keys": (f"{HEAD[:-1]} []\n", "trust.yaml:3: keys: expected at least one key"),
    "nobody whose signature is needed": (
        GOOD.replace("[release owner]\nkeys", "[]\nkeys"),
        "trust.yaml:2: signed_by: expected at least one",
    ),
    "a field that nobody knows": (
        f"more: 1\n{GOOD}",
        "trust.yaml:1: more: is no field here",
    ),
    "a field twice": (f"{GOOD}keys: []\n", "keys: stands twice here"),
    "a role that does not exist": (
        GOOD.replace("roles: [release owner]", "roles: [boss]"),
        "trust.yaml:12: keys.0.roles.0: expected one of evaluator",
    ),
    "a role that nobody has": (
        GOOD.replace("[release owner]\nkeys", "[release owner, legal]\nkeys"),
        "trust.yaml:2: signed_by.1: no key below has the role legal",
    ),
    "a key of another id": (
        GOOD.replace(ADA.key_id, EVE.key_id),
        f"trust.yaml:5: keys.0.public_key: has the id {ADA.key_id}, expected that of key_id",
    ),
    "a key that is cut": (
        GOOD.replace("-----END PUBLIC KEY-----", ""),
        "trust.yaml:5: keys.0.public_key: found no readable key, expected a public key in PEM",
    ),
    "a private key": (
        GOOD.replace("PUBLIC KEY", "PRIVATE KEY"),
        "trust.yaml:5: keys.0.public_key: found a PEM block that is called 'PRIVATE KEY'",
    ),
    "neither keys nor identities": (
        "format: tiergate-trust/1\nsigned_by: [release owner]\n",
        ": expected at least one key, or an identity",
    ),
    "the same identity twice": (
        GOOD + "identities:\n" + IDENTITY + IDENTITY,
        "identities.1.identity: this identity stands here twice",
    ),
    "an identity whose dates are turned round": (
        GOOD + "identities:\n" + IDENTITY.replace("2099", "2019"),
        "identities.0.valid_until: is not after valid_from",
    ),
    "an identity without its provider": (
        GOOD + "identities:\n" + IDENTITY.replace("  issuer: https://accounts.example.org\n", ""),
        "identities.0.issuer: Field required",
    ),
    "the same key twice": (
        GOOD + trusted("ada"),
        "trust.yaml:15: keys.1.key_id: this key stands here twice",
    ),
    "dates in the wrong order": (
        HEAD + trusted("ada", valid_until="2020-01-01T00:00:00Z"),
        "trust.yaml:14: keys.0.valid_until: is not after valid_from",
    ),
    "a date without an offset": (
        HEAD + trusted("ada", valid_from="2020-01-01"),
        "trust.yaml:13: keys.0.valid_from: a time is RFC 3339 with an offset",
    ),
    "no person": (
        GOOD.replace("person: ada", "person: ''"),
        "trust.yaml:10: keys.0.person: is empty",
    ),
    "a missing field": (
        GOOD.replace("  person: ada\n", ""),
        "trust.yaml:4: keys.0.person: Field required",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_named_with_its_line(case: str) -> None:
    text, expected = MISTAKES[case]

    assert any(expected in line for line in _problems(text)), _problems(text)


def test_every_mistake_is_named_at_once_in_the_order_of_lines() -> None:
    text = GOOD.replace(ADA.key_id, EVE.key_id) + trusted(
        "bea-ed25519", "auditor", valid_until="2020-01-01T00:00:00Z"
    )

    first, *rest = _problems(text.replace("[release owner]\nkeys", "[oversight]\nkeys"))

    assert "trust.yaml: found 3 mistakes, expected a trust file that follows the schema." == first
    assert ["signed_by.0", "keys.0.public_key", "keys.1.valid_until"] == [
        line.split(": ")[1] for line in rest
    ]


@pytest.mark.parametrize("name", ["none.yaml", "."])
def test_a_file_that_is_not_there_is_said_to_be_that(name: str, tmp_path: Path) -> None:
    with pytest.raises(MistakesError, match="no trust file"):
        load_trust(tmp_path / name)


def test_a_trust_file_may_name_the_developer_and_instruments_of_its_owner() -> None:
    here = trusted("ada", "release owner, evaluator") + "  measures_here: true\n"

    plain = parse_trust(GOOD.encode(), "trust.yaml")
    trust = parse_trust(f"{HEAD}{here}developer: Lab\n".encode(), "trust.yaml")

    assert ("", False) == (plain.developer, plain.keys[0].measures_here)
    assert ("Lab", True) == (trust.developer, trust.keys[0].measures_here)


def test_nobody_measures_who_does_not_vouch_for_evidence() -> None:
    problems = _problems(f"{GOOD}  measures_here: true\n")

    assert "keys.0.measures_here: expected evaluator or independent reviewer" in problems[-1]
