# SPDX-License-Identifier: Apache-2.0
"""Logins that were begun here and are to be finished at a provider.

What was begun in one browser can be finished only there, once, and within minutes.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from tiergate.gateway.database import Database
from tiergate.gateway.tables import logins_elsewhere

LASTS = timedelta(minutes=10)
"""How long somebody may take at the provider."""
_PURPOSE = b"tiergate login elsewhere 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A login that was begun."""

    provider: str
    """At which provider it is to be finished."""
    nonce: str
    """What the ID token has to bring back."""
    verifier: str
    """What shows that whoever redeems the code is who asked for it."""
    back: str
    """Where it leads to."""
    again: str
    """Whose login has to be made fresh; empty for a new one."""
    code: str
    """Digest of the login link that it uses up; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tickets:
    """What leaves with somebody who goes to a provider."""

    state: str
    """Comes back in the address."""
    browser: str
    """Stays in the browser, and is never in an address."""
    begun: Begun
    """What is kept here."""


class LoginsElsewhere:
    """Which logins were begun."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self._database = database
        self._key = hmac.new(secret, _PURPOSE, hashlib.sha256).digest()

    def begin(
        self, provider: str, at: datetime, *, back: str, again: str = "", code: str = ""
    ) -> Tickets:
        """Begin a login.

        Args:
            provider: where it is finished.
            at: the time.
            back: where it leads to.
            again: whose login it makes fresh; empty for a new one.
            code: digest of a login link that it uses up; empty for none.
        """
        made = Tickets(
            state=secrets.token_urlsafe(32),
            browser=secrets.token_urlsafe(32),
            begun=Begun(
                provider=provider,
                nonce=secrets.token_urlsafe(32),
                verifier=secrets.token_urlsafe(48),
                back=back,
                again=again,
                code=code,
            ),
        )
        begun = made.begun
        row = {
            "state": self._digest(made.state),
            "browser": self._digest(made.browser),
            "provider": begun.provider,
            "nonce": begun.nonce,
            "verifier": begun.verifier,
            "back": begun.back,
            "again": begun.again,
            "code": begun.code,
            "until": at + LASTS,
        }
        with self._database.writing() as connection:
            connection.execute(logins_elsewhere.delete().where(logins_elsewhere.c.until <= at))
            connection.execute(logins_elsewhere.insert(), row)
        return made

    def finish(self, state: str, browser: str, provider: str, at: datetime) -> Begun | None:
        """Return what was begun, once; None when it was not in this browser, or is over.

        Another browser's attempt leaves it as it is.
        """
        mine = sa.and_(
            logins_elsewhere.c.state == self._digest(state),
            logins_elsewhere.c.browser == self._digest(browser),
            logins_elsewhere.c.provider == provider,
            logins_elsewhere.c.until > at,
        )
        with self._database.writing() as connection:
            row = connection.execute(sa.select(logins_elsewhere).where(mine)).mappings().first()
            done = connection.execute(logins_elsewhere.delete().where(mine))
        if row is None or done.rowcount != 1:
            return None
        names = ("provider", "nonce", "verifier", "back", "again", "code")
        return Begun(**{name: row[name] for name in names})

    def _digest(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
