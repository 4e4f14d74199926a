# SPDX-License-Identifier: Apache-2.0
"""Links that let one person choose a password, once: for new accounts and forgotten passwords."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa

from tiergate.gateway.accounts import Accounts, Person
from tiergate.gateway.database import Database
from tiergate.gateway.tables import codes

LASTS = timedelta(hours=24)
"""How long a link counts."""
_PURPOSE = b"tiergate login link 1"


class LoginLinks:
    """Which links there are."""

    def __init__(self, database: Database, accounts: Accounts, secret: bytes) -> None:
        """Read a database.

        Args:
            database: where digests of codes are.
            accounts: whose they are.
            secret: from which the key of these digests is made.
        """
        self._database = database
        self._accounts = accounts
        self._key = hmac.new(secret, _PURPOSE, hashlib.sha256).digest()

    def make(self, person: str, at: datetime) -> str:
        """Make a link for somebody; one that they had counts no more.

        Returns:
            The path of the page that it leads to, which is shown here and never again.
        """
        code = secrets.token_urlsafe(32)
        row = {"digest": self.digest(code), "person": person, "until": at + LASTS}
        with self._database.writing() as connection:
            connection.execute(codes.delete().where(codes.c.person == person))
            connection.execute(codes.delete().where(codes.c.until <= at))
            connection.execute(codes.insert(), row)
        return f"/-/first/{code}"

    def read(self, code: str, at: datetime) -> Person | None:
        """Return whose link that is, without using it; None when it counts no more."""
        return self.read_digest(self.digest(code), at)

    def read_digest(self, digest: str, at: datetime) -> Person | None:
        """Return whose link that is, by what is kept of its code."""
        query = sa.select(codes.c.person).where(codes.c.digest == digest, codes.c.until > at)
        with self._database.reading() as connection:
            name = connection.execute(query).scalar()
        return None if name is None else self._accounts.person(name)

    def use(self, digest: str, at: datetime) -> Person | None:
        """Use a link up. Of several at once who use the same, one is given its person."""
        person = self.read_digest(digest, at)
        with self._database.writing() as connection:
            done = connection.execute(
                codes.delete().where(codes.c.digest == digest, codes.c.until > at)
            )
        return person if done.rowcount == 1 else None

    def digest(self, code: str) -> str:
        """Return what is kept of a code."""
        return hmac.new(self._key, code.encode(), hashlib.sha256).hexdigest()
