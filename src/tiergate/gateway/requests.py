# SPDX-License-Identifier: Apache-2.0
"""Requests for access: what somebody asked for, what was said to it, and what they were given.

A request that is made anew is another one, with a name of its own, so that nobody decides on
what they have not read. The one before is kept for those who decide.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from tiergate.errors import InputError
from tiergate.gateway.database import Database
from tiergate.gateway.grants import Given, Giving, Sent, give, read_grant, read_grants, revoke
from tiergate.gateway.request_rows import (
    AccessRequest,
    Status,
    accept,
    accepted_by_grant,
    close,
    held,
    open_request,
    read_request,
    refuse,
    require_commit,
    says,
)
from tiergate.gateway.tables import past_requests, requests, wordings
from tiergate.gateway.terms import GRANT_DAYS, NO_LESS, Less, Terms, read_terms, write_terms
from tiergate.gateway.votes import FOR, Vote, forget_votes, people_for, read_votes
from tiergate.release.access import Grant

__all__ = [
    "GRANT_DAYS",
    "MOST_A_DAY",
    "AccessRequest",
    "Count",
    "Requests",
    "Status",
    "TooOftenError",
    "jurisdiction_problem",
]

_JURISDICTION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,5})?")
MOST_A_DAY = 20
"""How often somebody may ask for the same repository within a day."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many are for a request."""

    people: frozenset[str]
    """Who is for it, of those who may decide."""
    needed: int
    """How many have to be."""


class TooOftenError(InputError):
    """Somebody asks for the same again and again."""


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

    def __init__(
        self,
        database: Database,
        current: Callable[[str, datetime], str] | None = None,
        prepare: Callable[[Given], None] | None = None,
    ) -> None:
        """Read a database.

        Args:
            database: where requests and grants are.
            current: returns the revision that a repository's release is about at a time, empty for
                none; None where the ledger is not at hand, and then no grant can be pinned but to
                the revision that somebody asked for.
            prepare: is told of every grant whose weights are to be marked, right after it.
        """
        self._database = database
        self._current = current or (lambda _repository, _at: "")
        self._prepare = prepare or (lambda _given: None)
        self.sent = Sent(database)

    def terms(self, repository: str) -> Terms:
        """Return the terms of a repository."""
        with self._database.reading() as connection:
            return read_terms(connection, repository)

    def set_terms(self, repository: str, terms: Terms) -> None:
        """Set the terms of a repository, for what is decided from now on."""
        with self._database.writing() as connection:
            write_terms(connection, repository, terms)

    def ask(  # noqa: PLR0913 - what a request is made of
        self,
        repository: str,
        person: str,
        fields: Mapping[str, str],
        at: datetime,
        *,
        commit: str = "",
        wording: str = "",
        shares_name: bool = False,
        renews: bool = False,
    ) -> AccessRequest:
        """Ask, or ask anew: after an answer, before a grant ends, or with other words.

        Where a grant counts that is not about to end, nothing is asked: the request stays
        accepted.

        Args:
            repository: for which.
            person: who.
            fields: what they state.
            at: when.
            commit: the revision that is current.
            wording: digest of what they agree to; see :meth:`keep_wording`.
            shares_name: whether those who decide are shown their full name.
            renews: whether it is asked anew however long a grant counts still.

        Raises:
            TooOftenError: they asked for the same many times today.
        """
        before = self.of(repository, person)
        row = open_request(repository, person, fields, at)
        row |= {"commit": commit, "wording": wording, "shares_name": shares_name}
        if before is not None and says(before, row):
            return before
        lasting = self.lasting(before, at)
        if before and lasting and at < lasting.renewable_from and not renews:
            return before
        self._require_patience(repository, person, at)
        # Whoever asks twice at once has asked once: the row that came first stands.
        with (
            contextlib.suppress(sa.exc.IntegrityError),
            self._database.writing() as connection,
        ):
            if before is None or close(connection, before, at):
                connection.execute(requests.insert(), row)
        found = self.of(repository, person)
        assert found is not None  # noqa: S101 - it was written the line before
        return found

    def lasting(self, asked: AccessRequest | None, at: datetime) -> Given | None:
        """Return the grant that lasts longest, of a request that was accepted; None for none."""
        if asked is None or asked.status is not Status.ACCEPTED:
            return None
        given = (each for each in self.given(asked.repository, asked.person) if each.lasts(at))
        return max(given, key=lambda each: each.grant.until, default=None)

    def _require_patience(self, repository: str, person: str, at: datetime) -> None:
        key = {"repository": repository, "person": person}
        query = sa.select(sa.func.count()).select_from(past_requests).filter_by(**key)
        with self._database.reading() as connection:
            count = connection.execute(query.where(past_requests.c.closed_at > at - _DAY)).scalar()
        if count is not None and count >= MOST_A_DAY:
            found = f"{count} requests of {person} within a day"
            raise TooOftenError(repository, found, f"fewer than {MOST_A_DAY}")

    def cancel(self, repository: str, person: str, at: datetime) -> bool:
        """Take back one's own request; return False when none is open."""
        asked = self.of(repository, person)
        if asked is None or asked.status is not Status.PENDING:
            return False
        with self._database.writing() as connection:
            done = close(connection, asked, at, while_pending=True)
            if done:
                forget_votes(connection, asked.id)
            return done

    def keep_wording(self, digest: str, content: str) -> None:
        """Keep a text that somebody agrees to, under its digest."""
        with (
            contextlib.suppress(sa.exc.IntegrityError),
            self._database.writing() as connection,
        ):
            known = sa.select(wordings.c.digest).filter_by(digest=digest)
            if connection.execute(known).first() is None:
                connection.execute(wordings.insert(), {"digest": digest, "content": content})

    def wording(self, digest: str) -> str:
        """Return the text of that digest that somebody agreed to; empty when there is none."""
        query = sa.select(wordings.c.content).filter_by(digest=digest)
        with self._database.reading() as connection:
            return connection.execute(query).scalar() or ""

    def of(self, repository: str, person: str) -> AccessRequest | None:
        """Return what somebody asked for; None when they never did."""
        return self._one(sa.select(requests).filter_by(repository=repository, person=person))

    def numbered(self, repository: str, number: str) -> AccessRequest | None:
        """Return the request of that number; None when that repository has none."""
        return self._one(sa.select(requests).filter_by(repository=repository, id=number))

    def _one(self, query: sa.Select[tuple[object, ...]]) -> AccessRequest | None:
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else read_request(row)

    def listed(
        self,
        repository: str,
        status: Status,
        *,
        after: tuple[datetime, str] | None = None,
        most: int | None = None,
    ) -> tuple[AccessRequest, ...]:
        """Return the requests of that kind, the oldest first.

        Args:
            repository: for which.
            status: what became of them.
            after: time and name of the last one that is known already; None for none.
            most: how many, at most; None for all.
        """
        query = sa.select(requests).filter_by(repository=repository, status=status)
        if after is not None:
            at, name = after
            is_tie = sa.and_(requests.c.asked_at == at, requests.c.id > name)
            query = query.where(sa.or_(requests.c.asked_at > at, is_tie))
        query = query.order_by(requests.c.asked_at, requests.c.id).limit(most)
        with self._database.reading() as connection:
            return tuple(map(read_request, connection.execute(query).mappings()))

    def history(self, repository: str, person: str) -> tuple[AccessRequest, ...]:
        """Return what somebody asked before, without the request that counts; oldest first."""
        query = sa.select(past_requests).filter_by(repository=repository, person=person)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(past_requests.c.closed_at)).mappings()
            return tuple(map(read_request, rows))

    def votes(self, request: str) -> tuple[Vote, ...]:
        """Return what was said to a request, or to an earlier one; the oldest first."""
        with self._database.reading() as connection:
            return read_votes(connection, request)

    def count(self, request: AccessRequest) -> Count:
        """Say how many are for a request, and how many have to be."""
        with self._database.reading() as connection:
            return Count(
                people=people_for(connection, request.id, request.person),
                needed=read_terms(connection, request.repository).reviewers,
            )

    def answer(  # noqa: PLR0913 - what is decided, by whom
        self,
        request: AccessRequest,
        status: Status,
        *,
        by: str,
        at: datetime,
        words: str = "",
        less: Less = NO_LESS,
        as_read: bool = False,
    ) -> AccessRequest:
        """Decide a request, or be one of two who do.

        ``ACCEPTED`` is a vote for it: it is accepted, and a grant given, when as many people are
        for it as the terms ask. ``REJECTED`` rejects at once. ``PENDING`` opens it again and
        ``RESET`` lets them ask anew, and all votes are gone. One that is not accepted takes the
        grants with it.

        Args:
            request: as whoever decides has read it.
            status: what is to become of it.
            by: who decides; has to have the right :attr:`Right.DECIDE`.
            at: the time.
            words: what they say to it.
            less: what a grant gives less of than the terms, if one is given now.
            as_read: whether nothing is decided when somebody else decided meanwhile.

        Returns:
            The request as it is then; still pending when somebody else has to be for it.

        Raises:
            InputError: whoever asked would decide, or the request is not there any more.
            DecidedMeanwhileError: somebody else decided, and it was to be as it was read.
        """
        if by == request.person:
            raise InputError(by, "the person who asked", "somebody else to decide")
        commit, name = self._current(request.repository, at) or request.commit, ""
        with self._database.writing() as connection:
            found = held(connection, request, as_read=as_read)
            if status is not Status.ACCEPTED:
                refuse(connection, found, status, by=by, at=at, words=words)
            elif found.status is not Status.ACCEPTED:
                name = accept(
                    connection, found, by=by, at=at, words=words, commit=commit, less=less
                )
            row = connection.execute(sa.select(requests).filter_by(id=found.id)).mappings().one()
        self._was_given(name)
        return read_request(row)

    def _was_given(self, name: str) -> None:
        given = self.grant(name) if name else None
        if given is not None and given.is_marked:
            self._prepare(given)

    def _commit(self, repository: str, at: datetime) -> str:
        """Return the revision that grants are pinned to; empty where they are not."""
        is_pinned = self.terms(repository).is_pinned
        return self._current(repository, at) if is_pinned else ""

    def give(self, repository: str, person: str, *, by: str, at: datetime) -> None:
        """Give a grant to somebody who did not ask; a request of theirs that is open is accepted.

        Raises:
            InputError: they would give it to themselves, or two people have to decide.
        """
        if by == person:
            raise InputError(by, "a grant for themselves", "somebody else to give it")
        commit = self._commit(repository, at)
        with self._database.writing() as connection:
            terms = read_terms(connection, repository)
            if terms.reviewers > 1:
                found = "a grant that one person gives"
                expected = "a request, on which two people decide"
                raise InputError(repository, found, expected)
            require_commit(terms, commit, repository)
            asked = accepted_by_grant(connection, repository, person, by=by, at=at)
            giving = Giving(
                repository=repository,
                person=person,
                by=by,
                at=at,
                terms=terms,
                commit=commit,
                jurisdiction="" if asked is None else asked.fields.get("jurisdiction", ""),
                request="" if asked is None else asked.id,
            )
            name = give(connection, giving)
        self._was_given(name)

    def revoke(self, repository: str, person: str, at: datetime) -> None:
        """Take back every grant of somebody. It reaches no copy that was made before."""
        with self._database.writing() as connection:
            revoke(connection, repository, person, at)

    def grants(self, repository: str, person: str) -> tuple[Grant, ...]:
        """Return what somebody was given, the newest last."""
        return tuple(given.grant for given in self.given(repository, person))

    def given(self, repository: str, person: str) -> tuple[Given, ...]:
        """Return the same with who gave it, when, and to which request."""
        with self._database.reading() as connection:
            return read_grants(connection, repository, person)

    def givers(self, given: Given) -> tuple[str, ...]:
        """Return everybody who was for what a grant answers, whoever decided last at the end."""
        with self._database.reading() as connection:
            those = read_votes(connection, given.request) if given.request else ()
        named = [v.person for v in those if v.counts and v.choice == FOR and v.at <= given.given_at]
        return (*dict.fromkeys(n for n in named if n != given.given_by), given.given_by)

    def grant(self, name: str) -> Given | None:
        """Return the grant of that name; None when there is none."""
        with self._database.reading() as connection:
            return read_grant(connection, name)
