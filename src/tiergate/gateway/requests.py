# SPDX-License-Identifier: Apache-2.0
"""Requests for access, and the grants that come of them."""

from __future__ import annotations

import contextlib
import enum
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from tiergate.errors import InputError
from tiergate.gateway.database import Database
from tiergate.gateway.tables import grants, requests
from tiergate.release.access import Grant

_JURISDICTION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,5})?")
GRANT_DAYS = 90
"""How long a grant lasts when nobody says otherwise."""


class Status(enum.StrEnum):
    """What became of a request."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequest:
    """Somebody asks for access."""

    id: str
    """Its name."""
    repository: str
    """For which repository."""
    person: str
    """Who asks."""
    status: Status
    """What became of it."""
    fields: Mapping[str, str]
    """What they stated, as purpose, organisation and jurisdiction."""
    asked_at: datetime
    """When."""
    answered_by: str
    """Who decided; empty when nobody has."""
    answer: str
    """What they said to it; empty for nothing."""


def jurisdiction_problem(code: str, excluded: frozenset[str]) -> str:
    """Say what is wrong with where somebody says they are; empty when nothing is.

    It is compared with what is excluded, so only codes can be compared, and where something is
    excluded nobody can leave it out.

    >>> jurisdiction_problem("US-CA", frozenset()), jurisdiction_problem("", frozenset())
    ('', '')
    """
    if code and not _JURISDICTION.fullmatch(code):
        return "Say where you are as a country code, as in DE or US-CA."
    if excluded and not code:
        return "Say where you are: this model is not for everywhere."
    return ""


class Requests:
    """Who asked for what, and what was given to them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(
        self, repository: str, person: str, fields: Mapping[str, str], at: datetime
    ) -> AccessRequest:
        """Ask, or ask again; what was rejected before is then open once more.

        Where a grant stands, nothing is asked: the request stays accepted.
        """
        before = self.of(repository, person)
        if before is not None and before.status is Status.ACCEPTED:
            given = self.grants(repository, person)
            if any(grant.revoked_at is None and at < grant.until for grant in given):
                return before
        key = {"repository": repository, "person": person}
        row = {
            "status": Status.PENDING,
            "fields": dict(fields),
            "asked_at": at,
            "answered_by": "",
            "answer": "",
        }
        # Whoever asks twice at once has asked once: the row that came first stands.
        with (
            contextlib.suppress(sa.exc.IntegrityError),
            self._database.writing() as connection,
        ):
            known = connection.execute(sa.select(requests.c.id).filter_by(**key)).scalar()
            if known is None:
                name = secrets.token_hex(12)
                connection.execute(requests.insert(), {"id": name, **key, **row})
            else:
                connection.execute(requests.update().filter_by(**key).values(**row))
        found = self.of(repository, person)
        assert found is not None  # noqa: S101 - it was written the line before
        return found

    def of(self, repository: str, person: str) -> AccessRequest | None:
        """Return what somebody asked for; None when they never did."""
        query = sa.select(requests).filter_by(repository=repository, person=person)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _request(row)

    def numbered(self, repository: str, number: str) -> AccessRequest | None:
        """Return the request of that number; None when that repository has none."""
        query = sa.select(requests).filter_by(repository=repository, id=number)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _request(row)

    def listed(self, repository: str, status: Status) -> tuple[AccessRequest, ...]:
        """Return the requests of that kind, the oldest first."""
        query = sa.select(requests).filter_by(repository=repository, status=status)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(requests.c.asked_at)).mappings().all()
        return tuple(map(_request, rows))

    def answer(
        self,
        request: AccessRequest,
        status: Status,
        *,
        by: str,
        at: datetime,
        words: str = "",
    ) -> None:
        """Decide a request. One that is no longer accepted takes its grants with it.

        Raises:
            InputError: whoever asked would decide.
        """
        if by == request.person:
            raise InputError(by, "the person who asked", "somebody else to decide")
        with self._database.writing() as connection:
            connection.execute(
                requests.update()
                .filter_by(id=request.id)
                .values(status=status, answered_by=by, answer=words)
            )
            if status is not Status.ACCEPTED:
                _revoke(connection, request.repository, request.person, at)
                return
            _give(
                connection,
                request.repository,
                request.person,
                by=by,
                at=at,
                jurisdiction=request.fields.get("jurisdiction", ""),
            )

    def give(self, repository: str, person: str, *, by: str, at: datetime) -> None:
        """Give a grant to somebody who did not ask.

        Raises:
            InputError: they would give it to themselves.
        """
        if by == person:
            raise InputError(by, "a grant for themselves", "somebody else to give it")
        with self._database.writing() as connection:
            _give(connection, repository, person, by=by, at=at, jurisdiction="")

    def revoke(self, repository: str, person: str, at: datetime) -> None:
        """Take back every grant of somebody. It reaches no copy that was made before."""
        with self._database.writing() as connection:
            _revoke(connection, repository, person, at)

    def grants(self, repository: str, person: str) -> tuple[Grant, ...]:
        """Return what somebody was given, the newest last."""
        query = sa.select(grants).filter_by(repository=repository, person=person)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(grants.c.given_at)).mappings().all()
        return tuple(
            Grant(
                id=row["id"],
                until=row["until"],
                revoked_at=row["revoked_at"],
                commit=row["commit"],
                downloads_left=row["downloads_left"],
                jurisdiction=row["jurisdiction"],
            )
            for row in rows
        )


def _give(  # noqa: PLR0913 - what a grant is made of
    connection: sa.Connection,
    repository: str,
    person: str,
    *,
    by: str,
    at: datetime,
    jurisdiction: str,
) -> None:
    row = {
        "id": f"grant-{secrets.token_hex(8)}",
        "repository": repository,
        "person": person,
        "commit": "",
        "jurisdiction": jurisdiction,
        "given_by": by,
        "given_at": at,
        "until": at + timedelta(days=GRANT_DAYS),
        "downloads_left": None,
        "revoked_at": None,
    }
    connection.execute(grants.insert(), row)


def _revoke(connection: sa.Connection, repository: str, person: str, at: datetime) -> None:
    key = {"repository": repository, "person": person, "revoked_at": None}
    connection.execute(grants.update().filter_by(**key).values(revoked_at=at))


def _request(row: sa.RowMapping) -> AccessRequest:
    return AccessRequest(**{**row, "status": Status(row["status"])})
