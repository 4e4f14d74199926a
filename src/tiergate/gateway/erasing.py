# SPDX-License-Identifier: Apache-2.0
"""Erasing somebody: what tells who they were goes, and that somebody had a grant stays.

Their account gets a name that is drawn by lot and that nothing leads back from. What they were
given, when, and that copies of it are out is kept under that name, because it is about what left
here. Of the old name a keyed digest stays, so that nobody is given it who would be taken for
them: grants in the ledger of releases name accounts, and the ledger does not forget.

The log of downloads is signed and stays as it is. It knows people by a salted digest, and the
salt goes.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from tiergate.gateway import tables

PREFIX = "erased-"
"""How the name begins under which somebody stands who was erased."""
_NAME = re.compile(rf"{PREFIX}[0-9a-f]{{16}}")
_PURPOSE = b"tiergate erased names 1"
_GONE = (
    *(tables.passwords, tables.identities, tables.codes, tables.sessions),
    *(tables.tokens, tables.devices, tables.namespaces, tables.uploads, tables.salts),
)
"""Tables of which every row of a person goes."""
_NAMED = (
    *((tables.requests, "person"), (tables.requests, "answered_by")),
    *((tables.past_requests, "person"), (tables.past_requests, "answered_by")),
    *((tables.grants, "person"), (tables.grants, "given_by"), (tables.votes, "person")),
    *((tables.copies, "person"), (tables.stops, "stopped_by"), (tables.stops, "lifted_by")),
)
"""Columns that say who, of rows that stay."""
REWRITTEN = (*_GONE, *dict.fromkeys(table for table, _ in _NAMED))
REWRITTEN += (tables.people, tables.erased_names, tables.logins_elsewhere)
"""Tables of which no deleted row may be left in a file."""


def is_erased_name(name: str) -> bool:
    """Tell whether an account stands for somebody who was erased.

    >>> is_erased_name("erased-0123456789abcdef"), is_erased_name("erin")
    (True, False)
    """
    return bool(_NAME.fullmatch(name))


def was_erased(connection: sa.Connection, secret: bytes, name: str) -> bool:
    """Tell whether somebody of that name was erased."""
    query = sa.select(tables.erased_names).filter_by(digest=_digest(secret, name))
    return connection.execute(query).first() is not None


def erase(connection: sa.Connection, secret: bytes, name: str, at: datetime) -> str:
    """Erase somebody who has an account.

    Args:
        connection: within a transaction.
        secret: of the gateway.
        name: whose account.
        at: the time, at which their grants end.

    Returns:
        The name under which they stand from now on.
    """
    other = f"{PREFIX}{secrets.token_hex(8)}"
    nobody = {"name": other, "full_name": "Erased", "roles": [], "jurisdiction": ""}
    connection.execute(tables.people.insert(), {**nobody, "disabled_at": at})
    _forget_words(connection, name)
    running = tables.grants.update().filter_by(person=name, revoked_at=None)
    connection.execute(running.where(tables.grants.c.until > at).values(revoked_at=at))
    connection.execute(tables.grants.update().filter_by(person=name).values(jurisdiction=""))
    for table, column in _NAMED:
        connection.execute(table.update().filter_by(**{column: name}).values(**{column: other}))
    for table in _GONE:
        connection.execute(table.delete().filter_by(person=name))
    connection.execute(tables.logins_elsewhere.delete().filter_by(again=name))
    connection.execute(tables.people.delete().filter_by(name=name))
    _remember(connection, _digest(secret, name))
    return other


def _forget_words(connection: sa.Connection, name: str) -> None:
    """Empty what somebody stated, and what was said to it; and what they said as they decided."""
    asked = list(_requests_of(connection, name))
    votes = tables.votes
    about = sa.or_(votes.c.person == name, votes.c.request.in_(asked))
    connection.execute(votes.update().where(about).values(words=""))
    for table in (tables.requests, tables.past_requests):
        empty = {"fields": {}, "answer": "", "shares_name": False}
        connection.execute(table.update().filter_by(person=name).values(**empty))


def _requests_of(connection: sa.Connection, name: str) -> Iterator[str]:
    for table in (tables.requests, tables.past_requests):
        yield from connection.execute(sa.select(table.c.id).filter_by(person=name)).scalars()


def _remember(connection: sa.Connection, digest: str) -> None:
    """Keep that a name is taken.

    All of them are written anew in the order of the digests: that in which they came would tell
    which of them belongs to which of the names that were drawn.
    """
    known = set(connection.execute(sa.select(tables.erased_names.c.digest)).scalars())
    connection.execute(tables.erased_names.delete())
    rows = [{"digest": each} for each in sorted({*known, digest})]
    connection.execute(tables.erased_names.insert(), rows)


def _digest(secret: bytes, name: str) -> str:
    key = hmac.new(secret, _PURPOSE, hashlib.sha256).digest()
    return hmac.new(key, name.encode(), hashlib.sha256).hexdigest()
