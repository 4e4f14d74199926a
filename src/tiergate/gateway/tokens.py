# SPDX-License-Identifier: Apache-2.0
"""Tokens, which are shown once and kept as keyed digests."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tiergate.gateway.database import Database
from tiergate.gateway.scopes import EVERY_SCOPE, Scope, read_scopes, scope_words
from tiergate.gateway.tables import tokens

_LETTERS = string.ascii_letters + string.digits
_TOKEN_LETTERS = 40
_PREFIX = "hf_"
"""What clients of the Hub expect a token to begin with; some drop every other one."""
_ID_LETTERS = 16
LONGEST_LABEL = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token, without itself."""

    person: str
    """Whose it is."""
    until: datetime
    """Until when it counts."""
    label: str = ""
    """What they call it; empty for nothing."""
    scopes: frozenset[Scope] = EVERY_SCOPE
    """What it counts for."""
    repository: str = ""
    """The one repository that it counts for; empty for every one."""
    created_at: datetime | None = None
    """When it was made; None for one that is older than that was written down."""
    id: str = ""
    """Its name, which says nothing of itself; empty for one that is not made yet."""


class Tokens:
    """Which tokens there are."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self._database = database
        self._secret = secret

    def make(self, token: Token) -> str:
        """Make a token, which is shown here and never again."""
        made, row = self.new(token)
        with self._database.writing() as connection:
            connection.execute(tokens.insert(), row)
        return made

    def new(self, token: Token) -> tuple[str, Mapping[str, Any]]:
        """Return a token, and what is to be written of it before anybody gets it."""
        made = _PREFIX + "".join(secrets.choice(_LETTERS) for _ in range(_TOKEN_LETTERS))
        return made, {
            "digest": self.digest(made),
            "person": token.person,
            "until": token.until,
            "label": token.label[:LONGEST_LABEL],
            "scopes": scope_words(token.scopes),
            "repository": token.repository,
            "created_at": token.created_at,
        }

    def of(self, person: str, at: datetime) -> tuple[Token, ...]:
        """Return the tokens of somebody that count, the newest first."""
        query = sa.select(tokens).where(tokens.c.person == person, tokens.c.until > at)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        found = [_token(row) for row in rows]
        return tuple(sorted(found, key=lambda token: (token.until, token.id), reverse=True))

    def revoke(self, person: str, name: str) -> bool:
        """End a token of somebody, and tell whether there was one of that id."""
        is_that = sa.func.substr(tokens.c.digest, 1, _ID_LETTERS) == name
        with self._database.writing() as connection:
            done = connection.execute(tokens.delete().where(tokens.c.person == person, is_that))
        return done.rowcount > 0

    def digest(self, token: str) -> str:
        """Return what is kept of a token."""
        return hmac.new(self._secret, token.encode(), hashlib.sha256).hexdigest()


def _token(row: sa.RowMapping) -> Token:
    return Token(
        id=row["digest"][:_ID_LETTERS],
        person=row["person"],
        until=row["until"],
        label=row["label"],
        scopes=read_scopes(row["scopes"]),
        repository=row["repository"],
        created_at=row["created_at"],
    )
