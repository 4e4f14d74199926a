# SPDX-License-Identifier: Apache-2.0
"""Passwords of local accounts, kept as Argon2id hashes.

A wrong name costs what a wrong password costs and is answered in the same words, and every
failure counts, for the account and for the address it came from.
"""

from __future__ import annotations

import enum
import threading
import unicodedata
from datetime import datetime
from functools import cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from tiergate.errors import InputError
from tiergate.gateway.accounts import Accounts, Person
from tiergate.gateway.attempts import Attempts, Limit, address_of
from tiergate.gateway.database import Database
from tiergate.gateway.tables import codes, passwords, sessions

SHORTEST, LONGEST = 12, 200
"""Characters of a password."""
MOST_OF_ACCOUNT = 10
"""Failures for one account within the window; then nobody can log in to it with a password."""
MOST_OF_ADDRESS = 50
"""Failures from one address within the window."""
_FEWEST_DIFFERENT = 5
_AT_ONCE = 2
_WAIT_SECONDS = 2
_ROOM = threading.BoundedSemaphore(_AT_ONCE)
"""Each hash takes 64 MiB and a core: more at once would keep downloads waiting."""


class Failure(enum.StrEnum):
    """Why somebody is not logged in."""

    WRONG = "That name and that password do not belong together."
    TOO_MANY = "Too many logins have failed. Wait fifteen minutes, or ask for a login link."
    BUSY = "Too many people are logging in. Try again in a moment."


class Passwords:
    """Who can log in by a password."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        attempts: Attempts,
        hasher: PasswordHasher | None = None,
    ) -> None:
        """Read a database.

        Args:
            database: where the hashes are.
            accounts: whose they are.
            attempts: counts failures.
            hasher: how a new one is made; None for what argon2-cffi recommends.
        """
        self._database = database
        self._accounts = accounts
        self._attempts = attempts
        self._hasher = hasher or PasswordHasher()

    def check(self, name: str, password: str, address: str, at: datetime) -> Person | Failure:
        """Log somebody in, or say why not.

        Args:
            name: of the account.
            password: what they entered.
            address: where they are.
            at: the time.
        """
        account = f"password of {name[:200]}"
        limits = (
            Limit(about=account, most=MOST_OF_ACCOUNT),
            Limit(about=address_of(address), most=MOST_OF_ADDRESS),
        )
        made = self._attempts.begin(limits, at)
        if made is None:
            return Failure.TOO_MANY
        if not _ROOM.acquire(timeout=_WAIT_SECONDS):
            self._attempts.forget(made)
            return Failure.BUSY
        try:
            is_right = self._verifies(name, password, at)
        finally:
            _ROOM.release()
        person = self._accounts.person(name)
        if not is_right or person is None:
            return Failure.WRONG
        self._attempts.forget(made)
        self._attempts.forget_about(account)
        return person

    def has_one(self, name: str) -> bool:
        """Tell whether somebody has a password."""
        return self._hash(name) is not None

    def set(self, name: str, password: str, at: datetime) -> None:
        """Give somebody a password. Their sessions end, and so do links to log in.

        Raises:
            InputError: it is no good.
        """
        problem = password_problem(name, password)
        if problem:
            raise InputError("password", "one that is no good", problem)
        row = {"person": name, "hash": self._hasher.hash(_plain(password)), "changed_at": at}
        with self._database.writing() as connection:
            for table in (passwords, sessions, codes):
                connection.execute(table.delete().where(table.c.person == name))
            connection.execute(passwords.insert(), row)

    def _verifies(self, name: str, password: str, at: datetime) -> bool:
        known, nobodys = self._hash(name), _nobodys(self._hasher)
        is_right = _is_of(self._hasher, known or nobodys, _plain(password))
        if known is None or not is_right:
            return False
        if self._hasher.check_needs_rehash(known):
            new = {"hash": self._hasher.hash(_plain(password)), "changed_at": at}
            is_same = passwords.update().filter_by(person=name, hash=known)
            with self._database.writing() as connection:
                connection.execute(is_same.values(**new))
        return True

    def _hash(self, name: str) -> str | None:
        query = sa.select(passwords.c.hash).filter_by(person=name)
        with self._database.reading() as connection:
            found: str | None = connection.execute(query).scalar()
        return found


def password_problem(name: str, password: str) -> str:
    """Say what a password is lacking; empty when nothing is.

    >>> password_problem("erin", "aaaaaaaaaaaaaaa")
    'at least 5 different characters'
    >>> password_problem("erin", "four words in a row")
    ''
    """
    if not SHORTEST <= len(password) <= LONGEST:
        return f"{SHORTEST} to {LONGEST} characters"
    if len(password.lower().replace(name.lower(), "")) < SHORTEST // 2:
        return "something else in it than the name of the account"
    if len(set(password)) < _FEWEST_DIFFERENT:
        return f"at least {_FEWEST_DIFFERENT} different characters"
    return ""


def _plain(password: str) -> str:
    """Return the one form of letters that can be typed in several ways."""
    return unicodedata.normalize("NFKC", password[:LONGEST])


@cache
def _nobodys(hasher: PasswordHasher) -> str:
    """Return a hash to compare with where there is none: nobody knows its password."""
    return hasher.hash("nobody's")


def _is_of(hasher: PasswordHasher, known: str, password: str) -> bool:
    try:
        return hasher.verify(known, password)
    except (Argon2Error, InvalidHashError):
        return False
