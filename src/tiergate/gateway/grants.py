# SPDX-License-Identifier: Apache-2.0
"""Grants, and how much was sent under each."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from tiergate.gateway import tables
from tiergate.gateway.database import Database
from tiergate.gateway.terms import Terms
from tiergate.release.access import Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class Giving:
    """One grant that is about to be given."""

    repository: str
    """For which repository."""
    person: str
    """To whom."""
    by: str
    """Who decided, last."""
    at: datetime
    """When."""
    terms: Terms
    """On which terms."""
    commit: str = ""
    """The revision that is current; counts where the terms pin grants to one."""
    jurisdiction: str = ""
    """Where the person says they are."""
    request: str = ""
    """The request that it answers; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A grant, with what those who decide want to know of it."""

    grant: Grant
    """What it allows."""
    repository: str
    """For which repository."""
    person: str
    """To whom."""
    given_by: str
    """Who gave it."""
    given_at: datetime
    """When."""
    request: str
    """The request that it answers; empty for none."""
    is_marked: bool
    """Whether its weights name it."""

    def lasts(self, at: datetime) -> bool:
        """Tell whether it was not taken back and has not ended."""
        return self.grant.revoked_at is None and at < self.grant.until

    @property
    def renewable_from(self) -> datetime:
        """From when on somebody who asks again renews it."""
        return renewable_from(self.given_at, self.grant.until)


_LONGEST_RENEWAL = timedelta(days=14)


def renewable_from(given_at: datetime, until: datetime) -> datetime:
    """Return from when on a grant that counts is renewed: in its last third, two weeks at most.

    >>> day = timedelta(days=1)
    >>> at = datetime(2026, 11, 1)
    >>> renewable_from(at, at + 90 * day) - at, renewable_from(at, at + 3 * day) - at
    (datetime.timedelta(days=76), datetime.timedelta(days=2))
    """
    return until - min(_LONGEST_RENEWAL, (until - given_at) / 3)


def give(connection: sa.Connection, giving: Giving) -> str:
    """Give a grant, and return its name."""
    name = f"grant-{secrets.token_hex(8)}"
    row = {
        "id": name,
        "repository": giving.repository,
        "person": giving.person,
        "commit": giving.commit if giving.terms.is_pinned else "",
        "jurisdiction": giving.jurisdiction,
        "given_by": giving.by,
        "given_at": giving.at,
        "until": giving.at + timedelta(days=giving.terms.grant_days),
        "downloads_left": giving.terms.downloads,
        "revoked_at": None,
        "request": giving.request,
        "is_marked": giving.terms.is_marked,
    }
    connection.execute(tables.grants.insert(), row)
    return name


def revoke(connection: sa.Connection, repository: str, person: str, at: datetime) -> None:
    """Take back every grant of somebody that was not taken back before."""
    key = {"repository": repository, "person": person, "revoked_at": None}
    connection.execute(tables.grants.update().filter_by(**key).values(revoked_at=at))


def read_grants(connection: sa.Connection, repository: str, person: str) -> tuple[Given, ...]:
    """Return what somebody was given for a repository, the newest last."""
    query = sa.select(tables.grants).filter_by(repository=repository, person=person)
    rows = connection.execute(query.order_by(tables.grants.c.given_at)).mappings()
    return tuple(map(_given, rows))


def read_grant(connection: sa.Connection, name: str) -> Given | None:
    """Return the grant of that name; None when there is none."""
    row = connection.execute(sa.select(tables.grants).filter_by(id=name)).mappings().first()
    return None if row is None else _given(row)


def _given(row: sa.RowMapping) -> Given:
    grant = Grant(
        id=row["id"],
        until=row["until"],
        revoked_at=row["revoked_at"],
        commit=row["commit"],
        downloads_left=row["downloads_left"],
        jurisdiction=row["jurisdiction"],
    )
    return Given(
        grant=grant,
        repository=row["repository"],
        person=row["person"],
        given_by=row["given_by"],
        given_at=row["given_at"],
        request=row["request"],
        is_marked=row["is_marked"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Bytes of one file that are asked for under a grant."""

    grant: str
    """The grant."""
    commit: str
    """The revision."""
    path: str
    """The file."""
    length: int
    """How many bytes."""


class Sent:
    """How many bytes of each file were sent under each grant that has a limit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, piece: Piece, budget: int) -> bool:
        """Count bytes before they are sent, unless that were more than there may be.

        Requests that come at once, to whichever process, are counted one after the other.

        Args:
            piece: what is asked for.
            budget: bytes of that file that may be sent in all.

        Returns:
            Whether they are counted; if not, nothing is changed.
        """
        if piece.length > budget:
            return False
        # Whoever finds no row makes one; when somebody else was faster, theirs is added to.
        while not self._add(piece, budget):
            known = self.of(piece)
            if known is not None:
                if known + piece.length > budget:
                    return False
                continue  # The row came, or got smaller, after the look for it.
            row = {**_key(piece), "bytes": piece.length}
            with (
                contextlib.suppress(sa.exc.IntegrityError),
                self._database.writing() as connection,
            ):
                connection.execute(tables.sent.insert(), row)
                return True
        return True

    def give_back(self, piece: Piece, unsent: int) -> None:
        """Take off what was counted and then not sent."""
        with self._database.writing() as connection:
            less = tables.sent.c.bytes - unsent
            connection.execute(tables.sent.update().filter_by(**_key(piece)).values(bytes=less))

    def of(self, piece: Piece) -> int | None:
        """Return how many bytes of that file were sent under that grant; None for never any."""
        query = sa.select(tables.sent.c.bytes).filter_by(**_key(piece))
        with self._database.reading() as connection:
            return connection.execute(query).scalar()

    def _add(self, piece: Piece, budget: int) -> bool:
        more = tables.sent.c.bytes + piece.length
        update = tables.sent.update().filter_by(**_key(piece)).where(more <= budget)
        with self._database.writing() as connection:
            return connection.execute(update.values(bytes=more)).rowcount == 1


def _key(piece: Piece) -> dict[str, str]:
    return {"grant": piece.grant, "commit": piece.commit, "path": piece.path}
