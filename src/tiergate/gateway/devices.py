# SPDX-License-Identifier: Apache-2.0
"""Logging in a program that has no browser (RFC 8628): it shows a code, a person allows it.

The program waits with a secret of its own, so the code that people type opens nothing.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from tiergate.gateway.accounts import Accounts
from tiergate.gateway.database import Database
from tiergate.gateway.scopes import Scope, read_scopes, scope_words
from tiergate.gateway.tables import devices, tokens
from tiergate.gateway.tokens import Token

LASTS = timedelta(minutes=15)
"""How long a code counts."""
TOKEN_LASTS = timedelta(days=90)
"""How long the token counts that a program gets."""
INTERVAL_SECONDS = 5
"""How long a program waits before it asks again, at first."""
_SLOWER_SECONDS = 5
_SLOWEST_SECONDS = 60
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so that no words come of it, and nothing that looks like a digit."""
_CODE_LETTERS = 8
_PURPOSE = b"tiergate device 1"


class Wait(enum.StrEnum):
    """Why a program has no token, in the words of RFC 8628."""

    PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    DENIED = "access_denied"
    EXPIRED = "expired_token"
    UNKNOWN = "invalid_grant"


class _Status(enum.StrEnum):
    PENDING = "pending"
    ALLOWED = "allowed"
    DENIED = "denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """What a program gets to begin with."""

    device: str
    """With which it asks for its token."""
    user: str
    """What its user types, as ``BCDF-GHJK``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A program that waits."""

    client: str
    """What it calls itself; anybody can call themselves so."""
    address: str
    """Where it is, as the server sees it."""
    asked_at: datetime
    """When it asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """A program has its token."""

    token: str
    """The token, which is shown here and never again."""
    scopes: frozenset[Scope]
    """What it counts for."""


class Devices:
    """Which programs wait."""

    def __init__(self, database: Database, accounts: Accounts, secret: bytes) -> None:
        self._database = database
        self._accounts = accounts
        self._key = hmac.new(secret, _PURPOSE, hashlib.sha256).digest()

    def begin(self, client: str, address: str, at: datetime) -> Codes:
        """Let a program wait."""
        letters = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LETTERS))
        codes = Codes(
            device=secrets.token_urlsafe(32),
            user=f"{letters[: _CODE_LETTERS // 2]}-{letters[_CODE_LETTERS // 2 :]}",
        )
        row = {
            "digest": self._digest(codes.device),
            "user_code": self._user_digest(codes.user),
            "client": client[:200],
            "address": address[:64],
            "asked_at": at,
            "until": at + LASTS,
            "polled_at": None,
            "interval_seconds": INTERVAL_SECONDS,
            "status": _Status.PENDING,
            "person": "",
            "scopes": "",
        }
        with self._database.writing() as connection:
            # Kept a while longer, so that a program that is late is told why.
            connection.execute(devices.delete().where(devices.c.until <= at - LASTS))
            connection.execute(devices.insert(), row)
        return codes

    def waiting(self, user_code: str, at: datetime) -> Device | None:
        """Return the program that shows that code and waits still; None for none."""
        query = sa.select(devices).where(self._is_waiting(user_code, at))
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return None
        return Device(client=row["client"], address=row["address"], asked_at=row["asked_at"])

    def allow(self, user_code: str, person: str, scopes: Iterable[Scope], at: datetime) -> bool:
        """Let the program of that code have a token of somebody; False when none waits."""
        values = {"status": _Status.ALLOWED, "person": person, "scopes": scope_words(scopes)}
        return self._answer(user_code, at, values)

    def deny(self, user_code: str, at: datetime) -> bool:
        """Let the program of that code have nothing; False when none waits."""
        return self._answer(user_code, at, {"status": _Status.DENIED})

    def poll(self, device_code: str, at: datetime) -> Got | Wait:
        """Give a program its token, once, or say why there is none."""
        mine = devices.c.digest == self._digest(device_code)
        with self._database.writing() as connection:
            # Taken hold of first, so that of two that ask at once the second sees what the
            # first one did.
            connection.execute(devices.update().where(mine).values(client=devices.c.client))
            row = connection.execute(sa.select(devices).where(mine)).mappings().first()
            if row is None:
                return Wait.UNKNOWN
            if row["status"] == _Status.PENDING:
                return _waited(connection, row, at)
            connection.execute(devices.delete().where(mine))
            if at >= row["until"]:
                return Wait.EXPIRED
            if row["status"] == _Status.DENIED or self._accounts.person(row["person"]) is None:
                return Wait.DENIED
            scopes = read_scopes(row["scopes"])
            token, kept = self._accounts.tokens.new(
                Token(
                    person=row["person"],
                    until=at + TOKEN_LASTS,
                    label=f"hf auth login, {row['address']}",
                    scopes=scopes,
                    created_at=at,
                )
            )
            connection.execute(tokens.insert(), dict(kept))
        return Got(token=token, scopes=scopes)

    def _answer(self, user_code: str, at: datetime, values: dict[str, str]) -> bool:
        change = devices.update().where(self._is_waiting(user_code, at)).values(**values)
        with self._database.writing() as connection:
            return connection.execute(change).rowcount == 1

    def _is_waiting(self, user_code: str, at: datetime) -> sa.ColumnElement[bool]:
        return sa.and_(
            devices.c.user_code == self._user_digest(user_code),
            devices.c.status == _Status.PENDING,
            devices.c.until > at,
        )

    def _user_digest(self, code: str) -> str:
        letters = "".join(letter for letter in code.upper() if letter in _LETTERS)
        return self._digest(f"user {letters}")

    def _digest(self, code: str) -> str:
        return hmac.new(self._key, code.encode(), hashlib.sha256).hexdigest()


def _waited(connection: sa.Connection, row: sa.RowMapping, at: datetime) -> Wait:
    """Write down that a program asked, and say how it goes on."""
    if at >= row["until"]:
        return Wait.EXPIRED
    last, seconds = row["polled_at"], row["interval_seconds"]
    is_early = last is not None and at - last < timedelta(seconds=seconds - 1)
    if is_early:
        seconds = min(seconds + _SLOWER_SECONDS, _SLOWEST_SECONDS)
    connection.execute(
        devices.update()
        .where(devices.c.digest == row["digest"])
        .values(polled_at=at, interval_seconds=seconds)
    )
    return Wait.SLOW_DOWN if is_early else Wait.PENDING
