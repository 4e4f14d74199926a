# SPDX-License-Identifier: Apache-2.0
"""People and their tokens. A token is shown once and kept as a keyed digest."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from tiergate.errors import InputError
from tiergate.gateway.database import Database
from tiergate.gateway.roles import GatewayRole, Right, rights_of
from tiergate.gateway.tables import namespaces, people, tokens

_LETTERS = string.ascii_letters + string.digits
_TOKEN_LETTERS = 40
_PREFIX = "hf_"
"""What clients of the Hub expect a token to begin with; some drop every other one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with an account."""

    name: str
    """Name of the account."""
    full_name: str
    """Name for people."""
    roles: frozenset[GatewayRole]
    """What they may do."""
    jurisdiction: str
    """Where they are; empty when that is not known."""
    namespaces: frozenset[str] = frozenset()
    """Where a publisher may publish, as in ``acme`` for ``acme/model``."""

    @property
    def rights(self) -> frozenset[Right]:
        """What they may do beside that."""
        return rights_of(self.roles)

    @property
    def is_publisher(self) -> bool:
        """Whether they may publish at all."""
        return not self.roles.isdisjoint({GatewayRole.OWNER, GatewayRole.PUBLISHER})

    def publishes(self, repository: str) -> bool:
        """Tell whether they may publish to a repository."""
        if GatewayRole.OWNER in self.roles:
            return True
        return self.is_publisher and repository.partition("/")[0] in self.namespaces


class Accounts:
    """Who is known."""

    def __init__(self, database: Database, secret: bytes) -> None:
        """Read a database.

        Args:
            database: where people and digests of tokens are.
            secret: key of these digests.
        """
        self._database = database
        self._secret = secret

    def add(self, person: Person) -> None:
        """Make an account.

        Raises:
            InputError: the name is taken.
        """
        row = {
            "name": person.name,
            "full_name": person.full_name,
            "roles": sorted(person.roles),
            "jurisdiction": person.jurisdiction,
            "disabled_at": None,
        }
        try:
            with self._database.writing() as connection:
                connection.execute(people.insert(), row)
                for namespace in sorted(person.namespaces):
                    given = {"person": person.name, "namespace": namespace}
                    connection.execute(namespaces.insert(), given)
        except sa.exc.IntegrityError:
            raise InputError(person.name, "an account of that name", "a new name") from None

    def disable(self, name: str, at: datetime) -> None:
        """Let none of a person's tokens count any more."""
        with self._database.writing() as connection:
            connection.execute(people.update().filter_by(name=name).values(disabled_at=at))

    def person(self, name: str) -> Person | None:
        """Return somebody whose account counts; None for nobody."""
        query = sa.select(people).filter_by(name=name, disabled_at=None)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
            return None if row is None else _person(row, connection)

    def new_token(self, name: str, until: datetime) -> str:
        """Make a token, which is shown here and never again."""
        token = _PREFIX + "".join(secrets.choice(_LETTERS) for _ in range(_TOKEN_LETTERS))
        row = {"digest": self._digest(token), "person": name, "until": until}
        with self._database.writing() as connection:
            connection.execute(tokens.insert(), row)
        return token

    def holder(self, token: str, at: datetime) -> Person | None:
        """Return whose token that is; None when it is nobody's, or has ended."""
        query = (
            sa.select(people)
            .join(tokens)
            .where(tokens.c.digest == self._digest(token), tokens.c.until > at)
            .where(people.c.disabled_at.is_(None))
        )
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
            return None if row is None else _person(row, connection)

    def _digest(self, token: str) -> str:
        return hmac.new(self._secret, token.encode(), hashlib.sha256).hexdigest()


def _person(row: sa.RowMapping, connection: sa.Connection) -> Person:
    roles, given = frozenset(map(GatewayRole, row["roles"])), frozenset[str]()
    if GatewayRole.PUBLISHER in roles:
        query = sa.select(namespaces.c.namespace).filter_by(person=row["name"])
        given = frozenset(connection.execute(query).scalars())
    return Person(
        name=row["name"],
        full_name=row["full_name"],
        roles=roles,
        jurisdiction=row["jurisdiction"],
        namespaces=given,
    )
