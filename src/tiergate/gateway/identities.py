# SPDX-License-Identifier: Apache-2.0
"""Which account belongs to whom at a provider: by issuer and subject, and by nothing else.

An e-mail address or a name that is the same says nothing: both can be chosen there.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any, TypeGuard

import sqlalchemy as sa

from tiergate.errors import InputError
from tiergate.gateway.accounts import Accounts, Person, is_account_name
from tiergate.gateway.database import Database
from tiergate.gateway.login_file import ProviderPart
from tiergate.gateway.requests import jurisdiction_problem
from tiergate.gateway.roles import GatewayRole
from tiergate.gateway.tables import identities

_TRIES = 20
_LONGEST_NAME = 40
_LONGEST_FULL_NAME = 200


class Identities:
    """Who is who."""

    def __init__(self, database: Database, accounts: Accounts) -> None:
        self._database = database
        self._accounts = accounts

    def name(self, issuer: str, subject: str) -> str:
        """Return the name of the account, whether it counts or not; empty for none."""
        query = sa.select(identities.c.person).filter_by(issuer=issuer, subject=subject)
        with self._database.reading() as connection:
            return connection.execute(query).scalar() or ""

    def of(self, person: str) -> frozenset[str]:
        """Return the issuers at which somebody is known."""
        query = sa.select(identities.c.issuer).filter_by(person=person)
        with self._database.reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def connect(self, issuer: str, subject: str, person: str) -> None:
        """Let somebody log in to an account there from now on.

        Raises:
            InputError: they have another account here.
        """
        row = {"issuer": issuer, "subject": subject, "person": person}
        known = self.name(issuer, subject)
        if known == person:
            return
        try:
            if known:
                raise InputError(issuer, "a login of another account", "one of nobody here")
            with self._database.writing() as connection:
                connection.execute(identities.insert(), row)
        except sa.exc.IntegrityError:
            raise InputError(issuer, "a login that was used just now", "another try") from None

    def make(self, issuer: str, claims: Mapping[str, Any]) -> Person:
        """Make an account for somebody who is not known, without any role.

        Raises:
            InputError: they have one by now, or no name is free.
        """
        wished = _wished_name(claims)
        for attempt in range(_TRIES):
            name = wished if attempt == 0 else f"{wished}-{secrets.token_hex(3)}"
            if self._accounts.account(name) is None and not self._accounts.was_erased(name):
                break
        else:
            raise InputError(wished, "no name that is free", "another name")
        person = Person(
            name=name,
            full_name=_full_name(claims) or name,
            roles=frozenset(),
            jurisdiction="",
        )
        self._accounts.add(person)
        self.connect(issuer, str(claims["sub"]), name)
        return person

    def follow(self, person: Person, part: ProviderPart, claims: Mapping[str, Any]) -> Person:
        """Give somebody the roles and the jurisdiction that a provider says, where that counts.

        Raises:
            InputError: nobody who runs the gateway would be left.
        """
        roles, place = person.roles, person.jurisdiction
        if part.groups_claim:
            managed = frozenset(role for given in part.roles.values() for role in given)
            groups = _texts(claims.get(part.groups_claim))
            given = {role for name in groups for role in part.roles.get(name, ())}
            roles = (roles - managed) | given
        if part.jurisdiction_claim:
            stated = str(claims.get(part.jurisdiction_claim) or "").strip().upper()
            # What cannot be read takes nothing back: not to know where somebody is lets in more.
            if stated and not jurisdiction_problem(stated, frozenset()):
                place = stated
        if (roles, place) == (person.roles, person.jurisdiction):
            return person
        within = person.namespaces if GatewayRole.PUBLISHER in roles else frozenset[str]()
        self._accounts.change(person.name, roles=roles, within=within, jurisdiction=place)
        return self._accounts.person(person.name) or person


def _texts(found: object) -> frozenset[str]:
    """Return the texts of a list; none of anything else."""
    return frozenset(row for row in (found if isinstance(found, list) else ()) if _is_text(row))


def _is_text(row: object) -> TypeGuard[str]:
    return isinstance(row, str)


def _wished_name(claims: Mapping[str, Any]) -> str:
    """Return a name for an account, made of what somebody is called there."""
    for claim in ("preferred_username", "email"):
        text = str(claims.get(claim) or "").partition("@")[0].lower()
        name = re.sub(r"[^a-z0-9._-]+|\.{2,}", "-", text).strip("-._")[:_LONGEST_NAME]
        if is_account_name(name):
            return name
    return "person"


def _full_name(claims: Mapping[str, Any]) -> str:
    found = claims.get("name")
    text = found if isinstance(found, str) else ""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[
        :_LONGEST_FULL_NAME
    ]
