# SPDX-License-Identifier: Apache-2.0
"""People and what they may do. What they show to be believed is in the modules beside this one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from tiergate.errors import InputError
from tiergate.gateway.database import Database, DatabaseDownError
from tiergate.gateway.erasing import PREFIX, REWRITTEN, erase, is_erased_name, was_erased
from tiergate.gateway.roles import GatewayRole, Right, rights_of
from tiergate.gateway.scopes import EVERY_SCOPE, Scope, read_scopes, rights_within
from tiergate.gateway.tables import codes, devices, namespaces, people, sessions, tokens
from tiergate.gateway.tokens import Token, Tokens

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_STANDS = people.c.disabled_at.is_(None)
NAME_OF_ERASED = "the name of an account that was erased"
"""Why a name is refused that nobody has."""
NAME_STAYS = "The name stays taken, so that nobody is mistaken for whoever had it."
LAST_OWNER = "the last owner whose account counts"
"""Why a change is refused that would leave a gateway without anybody who runs it."""


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
    scopes: frozenset[Scope] = EVERY_SCOPE
    """What the token counts for that they ask with; everything for a login."""
    only: str = ""
    """The one repository that this token counts for; empty for every one."""

    @property
    def rights(self) -> frozenset[Right]:
        """What they may do beside that."""
        return rights_within(rights_of(self.roles), self.scopes)

    @property
    def is_publisher(self) -> bool:
        """Whether they may publish at all."""
        is_one = not self.roles.isdisjoint({GatewayRole.OWNER, GatewayRole.PUBLISHER})
        return is_one and Scope.PUBLISH in self.scopes

    def publishes(self, repository: str) -> bool:
        """Tell whether they may publish to a repository."""
        if not self.is_publisher or self.only not in {"", repository}:
            return False
        if GatewayRole.OWNER in self.roles:
            return True
        return repository.partition("/")[0] in self.namespaces

    def reads(self, repository: str) -> bool:
        """Tell whether what was given to them there counts for what they ask with."""
        return Scope.READ in self.scopes and self.only in {"", repository}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody, whether their account counts or not."""

    person: Person
    """Who, and what they may do."""
    disabled_at: datetime | None
    """Since when it does not; None while it does."""


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
        self.tokens = Tokens(database, secret)

    def add(self, person: Person) -> None:
        """Make an account.

        Raises:
            InputError: the name is taken, also by somebody who was erased.
        """
        if person.name.startswith(PREFIX):
            found = f"a name that begins with {PREFIX}, as of accounts that were erased"
            raise InputError(person.name, found, "another name")
        if self.was_erased(person.name):
            raise InputError(person.name, NAME_OF_ERASED, "a new name", NAME_STAYS)
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
                _give(connection, person.name, person.namespaces)
        except sa.exc.IntegrityError:
            raise InputError(person.name, "an account of that name", "a new name") from None

    def change(
        self, name: str, *, roles: Iterable[GatewayRole], within: Iterable[str], jurisdiction: str
    ) -> None:
        """Say what somebody may do from now on.

        Args:
            name: whose account.
            roles: all that they have.
            within: all namespaces where they may publish.
            jurisdiction: where they are; empty when that is not known.

        Raises:
            InputError: nobody who runs the gateway would be left.
        """
        with self._database.writing() as connection, _keeping_an_owner(connection, name):
            connection.execute(
                people.update()
                .filter_by(name=name)
                .values(roles=sorted(set(roles)), jurisdiction=jurisdiction)
            )
            connection.execute(namespaces.delete().filter_by(person=name))
            _give(connection, name, within)

    def disable(self, name: str, at: datetime, *, keeps_an_owner: bool = False) -> None:
        """Let an account count no more: its logins, links and tokens end, and stay ended.

        Args:
            name: whose.
            at: the time.
            keeps_an_owner: whether it is refused where nobody who runs the gateway is left.

        Raises:
            InputError: nobody would be.
        """
        with self._database.writing() as connection:
            with _keeping_an_owner(connection, name) if keeps_an_owner else nullcontext():
                connection.execute(people.update().filter_by(name=name).values(disabled_at=at))
            for table in (sessions, tokens, codes):
                connection.execute(table.delete().where(table.c.person == name))
            # Programs that wait for a token are told that they get none.
            connection.execute(devices.update().filter_by(person=name).values(person=""))

    def enable(self, name: str) -> None:
        """Let an account count again.

        Raises:
            InputError: it stands for somebody who was erased.
        """
        if is_erased_name(name):
            raise InputError(name, "an account that was erased", "one that was only disabled")
        with self._database.writing() as connection:
            connection.execute(people.update().filter_by(name=name).values(disabled_at=None))

    def erase(self, name: str, at: datetime) -> tuple[str, bool]:
        """Erase somebody who has an account: see :mod:`tiergate.gateway.erasing`.

        Returns:
            The name under which they stand from now on; and whether what was erased is gone from
            the file of the database too, which others who read it can keep from happening.
        """
        with self._database.writing() as connection:
            other = erase(connection, self._secret, name, at)
        try:
            return other, self._database.rewrite([table.name for table in REWRITTEN])
        except DatabaseDownError:
            return other, False

    def was_erased(self, name: str) -> bool:
        """Tell whether somebody of that name was erased."""
        with self._database.reading() as connection:
            return was_erased(connection, self._secret, name)

    def person(self, name: str) -> Person | None:
        """Return somebody whose account counts; None for nobody."""
        query = sa.select(people).where(people.c.name == name, _STANDS)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
            return None if row is None else _person(row, connection)

    def account(self, name: str) -> Account | None:
        """Return somebody whether their account counts or not; None for nobody."""
        return next(iter(self._accounts(people.c.name == name)), None)

    def all(self) -> tuple[Account, ...]:
        """Return everybody, by name."""
        return self._accounts(sa.true())

    def _accounts(self, which: sa.ColumnElement[bool]) -> tuple[Account, ...]:
        query = sa.select(people).where(which).order_by(people.c.name)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
            return tuple(
                Account(person=_person(row, connection), disabled_at=row["disabled_at"])
                for row in rows
            )

    def new_token(self, name: str, until: datetime) -> str:
        """Make a token that counts for everything, which is shown here and never again."""
        return self.tokens.make(Token(person=name, until=until))

    def holder(self, token: str, at: datetime) -> Person | None:
        """Return whose token that is, who may do what it counts for.

        None when it is nobody's, or has ended.
        """
        query = (
            sa.select(people, tokens.c.scopes, tokens.c.repository)
            .join(tokens)
            .where(tokens.c.digest == self.tokens.digest(token), tokens.c.until > at, _STANDS)
        )
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            scopes = read_scopes(row["scopes"])
            return _person(row, connection, scopes=scopes, only=row["repository"])


def is_account_name(name: str) -> bool:
    """Tell whether an account can be named so.

    >>> is_account_name("erin.b"), is_account_name("../erin"), is_account_name("")
    (True, False, False)
    """
    return bool(_NAME.fullmatch(name)) and ".." not in name


def _give(connection: sa.Connection, name: str, within: Iterable[str]) -> None:
    for namespace in sorted(set(within)):
        connection.execute(namespaces.insert(), {"person": name, "namespace": namespace})


@contextmanager
def _keeping_an_owner(connection: sa.Connection, name: str) -> Iterator[None]:
    """Refuse a change after which nobody would run the gateway any more.

    Nobody else changes accounts meanwhile: PostgreSQL locks the rows, in one order for all;
    SQLite lets one write from its first change on.

    Raises:
        InputError: nobody would.
    """
    connection.execute(sa.select(people.c.name).order_by(people.c.name).with_for_update()).all()
    connection.execute(people.update().filter_by(name=name).values(name=name))
    had_one = _has_owner(connection)
    yield
    if had_one and not _has_owner(connection):
        raise InputError(name, LAST_OWNER, "another owner first")


def _has_owner(connection: sa.Connection) -> bool:
    rows = connection.execute(sa.select(people.c.roles).where(_STANDS)).scalars()
    return any(GatewayRole.OWNER in row for row in rows)


def _person(
    row: sa.RowMapping,
    connection: sa.Connection,
    *,
    scopes: frozenset[Scope] = EVERY_SCOPE,
    only: str = "",
) -> Person:
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
        scopes=scopes,
        only=only,
    )
