# SPDX-License-Identifier: Apache-2.0
"""People who have logged in with a browser.

A session is for pages alone and never for the bytes of a model: those are asked for with a
token, which no other site can make a browser send. Its name is kept as a keyed digest.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from tiergate.gateway.accounts import Accounts, Person
from tiergate.gateway.database import Database
from tiergate.gateway.tables import sessions

LASTS = timedelta(hours=8)
"""How long a session counts."""
FRESH = timedelta(minutes=10)
"""How long after a login the person is taken to sit there still."""
_PURPOSE = b"tiergate session 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody has logged in."""

    person: Person
    """Who."""
    logged_in_at: datetime
    """When, the last time."""
    form_key: str
    """What every form of theirs has to bring back, so that no other site can send one."""

    def is_fresh(self, at: datetime) -> bool:
        """Tell whether the login was a moment ago."""
        return at - self.logged_in_at < FRESH

    def sent(self, form_key: object) -> bool:
        """Tell whether a form was one of theirs."""
        return isinstance(form_key, str) and hmac.compare_digest(
            form_key.encode(), self.form_key.encode()
        )


class Sessions:
    """Who has logged in."""

    def __init__(self, database: Database, accounts: Accounts, secret: bytes) -> None:
        """Read a database.

        Args:
            database: where digests of sessions are.
            accounts: whose sessions they are.
            secret: from which the key of these digests is made.
        """
        self._database = database
        self._accounts = accounts
        self._key = hmac.new(secret, _PURPOSE, hashlib.sha256).digest()

    def open(
        self, person: str, at: datetime, before: str = "", *, shown_at: datetime | None = None
    ) -> str:
        """Begin a session of somebody who has just shown who they are.

        Args:
            person: who.
            at: the time.
            before: name of the session that this browser had until now, which ends; empty for
                none. It gets a new name even when it is the same person's.
            shown_at: when they showed who they are, where that was earlier; None for now.

        Returns:
            The name of the session, which only their browser gets.
        """
        name = secrets.token_urlsafe(32)
        row = {
            "digest": self._digest(name),
            "person": person,
            "logged_in_at": shown_at or at,
            "until": at + LASTS,
        }
        with self._database.writing() as connection:
            connection.execute(sessions.delete().where(sessions.c.until <= at))
            connection.execute(sessions.delete().filter_by(digest=self._digest(before)))
            connection.execute(sessions.insert(), row)
        return name

    def read(self, name: str, at: datetime) -> Session | None:
        """Return the session of that name; None when there is none, or it has ended."""
        query = sa.select(sessions).where(
            sessions.c.digest == self._digest(name), sessions.c.until > at
        )
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        person = None if row is None else self._accounts.person(row["person"])
        if row is None or person is None:
            return None
        form_key = hmac.new(self._key, b"form " + name.encode(), hashlib.sha256).hexdigest()
        return Session(person=person, logged_in_at=row["logged_in_at"], form_key=form_key)

    def close(self, name: str) -> None:
        """End one session."""
        with self._database.writing() as connection:
            connection.execute(sessions.delete().filter_by(digest=self._digest(name)))

    def close_all(self, person: str) -> None:
        """End every session of somebody."""
        with self._database.writing() as connection:
            connection.execute(sessions.delete().filter_by(person=person))

    def _digest(self, name: str) -> str:
        return hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest()
