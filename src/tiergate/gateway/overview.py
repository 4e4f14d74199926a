# SPDX-License-Identifier: Apache-2.0
"""Requests and grants of every model at once, for those who decide on them. It only reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from tiergate.gateway.database import Database
from tiergate.gateway.grants import renewable_from
from tiergate.gateway.requests import AccessRequest, Status
from tiergate.gateway.tables import grants, people, requests

_STATED = ("organisation", "purpose")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRequest:
    """One request, in a list."""

    id: str
    repository: str
    person: str
    full_name: str
    shares_name: bool
    """Whether those who decide are shown their full name."""
    status: Status
    fields: Mapping[str, str]
    """What they stated."""
    asked_at: datetime
    answered_by: str

    @property
    def called(self) -> str:
        """What those who decide call them."""
        return self.full_name if self.shares_name else self.person


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedGrant:
    """One grant, in a list."""

    id: str
    repository: str
    person: str
    commit: str
    """The only revision it is for; empty for every one."""
    given_by: str
    given_at: datetime
    until: datetime
    downloads_left: int | None
    revoked_at: datetime | None
    disabled_at: datetime | None
    """When the account was disabled; None when it was not."""

    def counts(self, at: datetime) -> bool:
        """Tell whether it is good for anything at a time."""
        is_over = self.revoked_at is not None or at >= self.until or self.downloads_left == 0
        return not is_over and self.disabled_at is None

    def standing(self, at: datetime) -> str:
        """Say in words where it stands at a time."""
        if self.revoked_at is not None:
            return f"revoked on {self.revoked_at:%Y-%m-%d}"
        if at >= self.until:
            return "ended"
        if self.downloads_left == 0:
            return "used up"
        if self.disabled_at is not None:
            return "the account is disabled"
        if at < renewable_from(self.given_at, self.until):
            return "counts"
        return f"ends soon, in {left_words(self.until - at)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Other requests that have something in common with one."""

    person: tuple[ListedRequest, ...]
    """Of the same person."""
    organisation: tuple[ListedRequest, ...]
    """Of somebody else who states the same organisation."""
    purpose: tuple[ListedRequest, ...]
    """Of somebody else in the same words."""

    @property
    def count(self) -> int:
        """How many there are, each counted once."""
        return len({each.id for each in (*self.person, *self.organisation, *self.purpose)})


class Overview:
    """Requests and grants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def asked(
        self, *, status: Status | None, repository: str = "", first: int = 0, most: int = 50
    ) -> tuple[ListedRequest, ...]:
        """Return requests: what waits oldest first, what is decided newest first.

        Args:
            status: only those; None for all.
            repository: only for this one; empty for all.
            first: how many to leave out.
            most: how many at most.
        """
        column = requests.c.asked_at
        order = column if status is Status.PENDING else column.desc()
        query = _asked().where(*_which(status, repository)).order_by(order, requests.c.id)
        return self._rows(query.offset(first).limit(most))

    def count(self, *, status: Status | None, repository: str = "") -> int:
        """Return how many requests there are of that kind."""
        query = sa.select(sa.func.count()).select_from(requests)
        with self._database.reading() as connection:
            found = connection.execute(query.where(*_which(status, repository))).scalar()
        return int(found or 0)

    def request(self, name: str) -> ListedRequest | None:
        """Return the request of that name; None when there is none."""
        return next(iter(self._rows(_asked().where(requests.c.id == name))), None)

    def alike(self, those: Sequence[ListedRequest]) -> Mapping[str, Alike]:
        """Return what other requests have in common with each of these, by their ids."""
        by: dict[tuple[str, str], list[ListedRequest]] = defaultdict(list)
        for name, column in _shared():
            values = {_shared_of(each)[name] for each in those} - {""}
            # SQLite makes small letters of ASCII alone, PostgreSQL of all.
            wanted = {each for text in values for each in (text.lower(), _ascii_lower(text), text)}
            if wanted:
                for other in self._rows(_asked().where(column.in_(sorted(wanted)))):
                    by[name, _shared_of(other)[name].casefold()].append(other)
        return {each.id: _alike(each, by) for each in those}

    def given(
        self,
        *,
        repository: str = "",
        person: str = "",
        counts_at: datetime | None = None,
        first: int = 0,
        most: int = 50,
    ) -> tuple[ListedGrant, ...]:
        """Return grants, those that end first before the others.

        Args:
            repository: only for this one; empty for all.
            person: only of this account; empty for everybody.
            counts_at: only those that are good for something at that time; None for all, of
                which the newest comes first.
            first: how many to leave out.
            most: how many at most.
        """
        query = _given()
        if repository:
            query = query.where(grants.c.repository == repository)
        if person:
            query = query.where(grants.c.person == person)
        if counts_at is None:
            query = query.order_by(grants.c.given_at.desc(), grants.c.id)
        else:
            query = query.where(*_counting(counts_at)).order_by(grants.c.until, grants.c.id)
        return self._grants(query.offset(first).limit(most))

    def grant(self, name: str) -> ListedGrant | None:
        """Return the grant of that name; None when there is none."""
        return next(iter(self._grants(_given().where(grants.c.id == name))), None)

    def holders(self, repository: str, at: datetime) -> tuple[str, ...]:
        """Return the accounts with a grant that counts.

        Args:
            repository: for this one; empty for any.
            at: the time.
        """
        query = sa.select(grants.c.person).distinct().join(people).where(*_counting(at))
        if repository:
            query = query.where(grants.c.repository == repository)
        with self._database.reading() as connection:
            return tuple(connection.execute(query.order_by(grants.c.person)).scalars())

    def _rows(self, query: sa.Select[tuple[object, ...]]) -> tuple[ListedRequest, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(ListedRequest(**{**row, "status": Status(row["status"])}) for row in rows)

    def _grants(self, query: sa.Select[tuple[object, ...]]) -> tuple[ListedGrant, ...]:
        with self._database.reading() as connection:
            return tuple(ListedGrant(**row) for row in connection.execute(query).mappings())


def left_words(left: timedelta) -> str:
    """Say how long something lasts: in days, and on its last two in hours.

    >>> left_words(timedelta(days=9, hours=4)), left_words(timedelta(hours=1, minutes=50))
    ('9 days', '1 hour')
    >>> left_words(timedelta(minutes=3))
    'less than an hour'
    """
    hours = left // timedelta(hours=1)
    if hours < 1:
        return "less than an hour"
    if left >= timedelta(days=2):
        return f"{left.days} days"
    return f"{hours} hour{'' if hours == 1 else 's'}"


def stated(request: ListedRequest | AccessRequest, name: str) -> str:
    """Return something that somebody stated; empty when they did not."""
    return str(request.fields.get(name, "") or "").strip()


def _asked() -> sa.Select[tuple[object, ...]]:
    names = ("id", "repository", "person", "status", "fields", "asked_at", "answered_by")
    more = ("shares_name",)
    columns = [requests.c[name] for name in (*names, *more)]
    return sa.select(*columns, people.c.full_name).join(people)


def _given() -> sa.Select[tuple[object, ...]]:
    names = ("id", "repository", "person", "commit", "given_by", "given_at", "until")
    more = ("downloads_left", "revoked_at")
    columns = [grants.c[name] for name in (*names, *more)]
    return sa.select(*columns, people.c.disabled_at).join(people)


def _which(status: Status | None, repository: str) -> Iterator[sa.ColumnElement[bool]]:
    if status is not None:
        yield requests.c.status == status
    if repository:
        yield requests.c.repository == repository


def _counting(at: datetime) -> Iterator[sa.ColumnElement[bool]]:
    yield people.c.disabled_at.is_(None)
    yield grants.c.revoked_at.is_(None)
    yield grants.c.until > at
    yield sa.or_(grants.c.downloads_left.is_(None), grants.c.downloads_left > 0)


def _shared() -> Iterator[tuple[str, sa.ColumnElement[str]]]:
    yield "person", requests.c.person
    for name in _STATED:
        text = requests.c.fields[name].as_string()
        yield name, sa.func.lower(sa.func.trim(text))


def _shared_of(request: ListedRequest) -> Mapping[str, str]:
    words = {name: stated(request, name) for name in _STATED}
    return {"person": request.person, **words}


def _ascii_lower(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


def _alike(request: ListedRequest, by: Mapping[tuple[str, str], Sequence[ListedRequest]]) -> Alike:
    shared = _shared_of(request)

    def others(name: str) -> tuple[ListedRequest, ...]:
        found = by.get((name, shared[name].casefold()), ())
        return tuple(each for each in found if each.id != request.id)

    return Alike(
        person=others("person"),
        organisation=tuple(e for e in others("organisation") if e.person != request.person),
        purpose=tuple(e for e in others("purpose") if e.person != request.person),
    )
