# SPDX-License-Identifier: Apache-2.0
"""Whose token a token is, and until when."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from tiergate.errors import InputError
from tiergate.gateway.accounts import Accounts, Person
from tiergate.gateway.database import Database
from tiergate.gateway.roles import GatewayRole

NOW = dt.datetime(2026, 11, 29, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
NORA = Person(name="nora", full_name="Nora N.", roles=frozenset(), jurisdiction="SE")
PIA = Person(
    name="pia",
    full_name="Pia",
    roles=frozenset({GatewayRole.PUBLISHER, GatewayRole.APPROVER}),
    jurisdiction="",
    namespaces=frozenset({"acme", "lab"}),
)


@pytest.fixture
def accounts(database: Database) -> Accounts:
    found = Accounts(database, b"secret")
    found.add(NORA)
    found.add(PIA)
    return found


def test_that_a_token_is_of_the_person_it_was_made_for(accounts: Accounts) -> None:
    tokens = {name: accounts.new_token(name, NOW + HOUR) for name in ("nora", "pia")}

    assert accounts.holder(tokens["nora"], NOW) == NORA
    assert accounts.holder(tokens["pia"], NOW) == PIA


def test_that_a_token_has_the_form_that_every_client_sends(accounts: Accounts) -> None:
    found = {accounts.new_token("nora", NOW) for _ in range(20)}

    assert len(found) == 20
    assert all(re.fullmatch(r"hf_[A-Za-z0-9]{40}", token) for token in found)


def test_that_a_token_ends(accounts: Accounts) -> None:
    token = accounts.new_token("nora", NOW)

    assert accounts.holder(token, NOW - HOUR) == NORA
    assert accounts.holder(token, NOW) is None


@pytest.mark.parametrize("change", [str.lower, str.swapcase, lambda t: t[:-1], lambda t: f"{t} "])
def test_that_a_token_counts_as_it_is_or_not_at_all(change: type[str], accounts: Accounts) -> None:
    assert accounts.holder(change(accounts.new_token("nora", NOW + HOUR)), NOW) is None


def test_that_an_account_that_was_disabled_is_nobodys(accounts: Accounts) -> None:
    token = accounts.new_token("nora", NOW + HOUR)
    accounts.disable("nora", NOW)

    assert accounts.holder(token, NOW) is None
    assert accounts.person("nora") is None
    assert accounts.person("pia") == PIA


def test_that_a_name_is_taken_once(accounts: Accounts) -> None:
    with pytest.raises(InputError, match="nora"):
        accounts.add(NORA)


def test_that_the_database_holds_no_token(accounts: Accounts, tmp_path: Path) -> None:
    token = accounts.new_token("nora", NOW + HOUR)
    content = b"".join(path.read_bytes() for path in tmp_path.glob("gateway.sqlite*"))

    assert b"nora" in content
    assert token.encode() not in content
    assert token.removeprefix("hf_").encode() not in content


def test_that_tokens_are_of_no_use_with_another_secret(
    accounts: Accounts, database: Database
) -> None:
    token = accounts.new_token("nora", NOW + HOUR)

    assert Accounts(database, b"another").holder(token, NOW) is None


@pytest.mark.parametrize(
    ("roles", "namespaces", "expected"),
    [
        ({GatewayRole.OWNER}, set(), True),
        ({GatewayRole.PUBLISHER}, {"acme"}, True),
        ({GatewayRole.PUBLISHER}, {"acm"}, False),
        ({GatewayRole.PUBLISHER}, set(), False),
        ({GatewayRole.APPROVER, GatewayRole.AUDITOR}, {"acme"}, False),
        (set(), {"acme"}, False),
    ],
)
def test_that_it_is_known_who_publishes(
    roles: set[GatewayRole], namespaces: set[str], *, expected: bool
) -> None:
    person = Person(
        name="x",
        full_name="x",
        roles=frozenset(roles),
        jurisdiction="",
        namespaces=frozenset(namespaces),
    )

    assert person.publishes("acme/model") == expected
