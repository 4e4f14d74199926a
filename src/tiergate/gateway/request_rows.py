# SPDX-License-Identifier: Apache-2.0
"""What a request for access is, and each step that changes one, within a transaction."""

from __future__ import annotations

import enum
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from tiergate.errors import InputError
from tiergate.gateway.grants import Giving, give, revoke
from tiergate.gateway.tables import past_requests, requests
from tiergate.gateway.terms import NO_LESS, Less, Terms, read_terms
from tiergate.gateway.votes import AGAINST, FOR, Vote, forget_votes, people_for, read_votes, vote


class Status(enum.StrEnum):
    """What became of a request."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    RESET = "reset"
    """What was decided does not stand any more, and they are to ask anew."""


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
    """What they stated, as purpose, organisation and jurisdiction, and what the card asks."""
    asked_at: datetime
    """When."""
    answered_by: str
    """Who decided, last; empty when nobody has."""
    answer: str
    """What they said to it; empty for nothing."""
    commit: str = ""
    """The revision that was current when they asked; empty when that is not known."""
    wording: str = ""
    """Digest of what they agreed to; empty for nothing."""
    shares_name: bool = False
    """Whether those who decide are shown their full name."""
    answered_at: datetime | None = None
    """When it was decided; None while it is open."""
    closed_at: datetime | None = None
    """When they asked anew, or took it back; None for the one that counts."""


def open_request(
    repository: str, person: str, fields: Mapping[str, str], at: datetime
) -> dict[str, object]:
    """Return the row of a request that nobody has answered, with a name that is new."""
    return {
        "id": secrets.token_hex(12),
        "repository": repository,
        "person": person,
        "status": Status.PENDING,
        "fields": dict(fields),
        "asked_at": at,
        "answered_by": "",
        "answer": "",
        "answered_at": None,
    }


def says(before: AccessRequest, row: Mapping[str, object]) -> bool:
    """Tell whether an open request says already what somebody asks."""
    new = (row["fields"], row["wording"], row["shares_name"])
    old = (dict(before.fields), before.wording, before.shares_name)
    return before.status is Status.PENDING and new == old


class DecidedMeanwhileError(InputError):
    """Somebody else decided after whoever decides now has read the request."""


def _refuse_decided(request: AccessRequest, found: AccessRequest) -> None:
    """Refuse to decide on what was read when it is not so any more.

    Raises:
        DecidedMeanwhileError: it is not.
    """
    if (found.status, found.answered_at) != (request.status, request.answered_at):
        expected = f"a request that is {request.status}"
        raise DecidedMeanwhileError(found.id, f"{found.status} by {found.answered_by}", expected)


def held(
    connection: sa.Connection, request: AccessRequest, *, as_read: bool = False
) -> AccessRequest:
    """Keep others from deciding the same request meanwhile; return it as it is.

    Raises:
        InputError: it is not there any more.
        DecidedMeanwhileError: it is to be as it was read, and is not.
    """
    mine = requests.update().filter_by(id=request.id).values(id=request.id)
    connection.execute(mine)
    row = connection.execute(sa.select(requests).filter_by(id=request.id)).mappings().first()
    if row is None:
        gone = f"a request of {request.person} that they have made anew or taken back"
        raise InputError(request.id, gone, "the one that counts")
    found = read_request(row)
    if as_read:
        _refuse_decided(request, found)
    return found


def refuse(  # noqa: PLR0913 - what is said, by whom
    connection: sa.Connection,
    found: AccessRequest,
    status: Status,
    *,
    by: str,
    at: datetime,
    words: str,
) -> None:
    """Decide that a request is not accepted, and take the grants with it."""
    if status is not Status.REJECTED:
        forget_votes(connection, found.id)
    else:
        said = Vote(person=by, choice=AGAINST, words=words, at=at, counts=True)
        vote(connection, found.id, said)
    decide(connection, found, status, by=by, at=at, words=words)
    revoke(connection, found.repository, found.person, at)


def decide(  # noqa: PLR0913 - what is said, by whom
    connection: sa.Connection,
    found: AccessRequest,
    status: Status,
    *,
    by: str,
    at: datetime,
    words: str,
) -> None:
    """Write down what became of a request."""
    when = None if status is Status.PENDING else at
    values = {"status": status, "answered_by": by, "answer": words, "answered_at": when}
    connection.execute(requests.update().filter_by(id=found.id).values(**values))


def close(
    connection: sa.Connection,
    before: AccessRequest,
    at: datetime,
    *,
    while_pending: bool = False,
) -> bool:
    """Put a request with those of the past; return False when it is there no more."""
    key = {"id": before.id, **({"status": Status.PENDING} if while_pending else {})}
    connection.execute(requests.update().filter_by(**key).values(id=before.id))
    row = connection.execute(sa.select(requests).filter_by(**key)).mappings().first()
    if row is None:
        return False
    connection.execute(past_requests.insert(), {**row, "closed_at": at})
    return connection.execute(requests.delete().filter_by(**key)).rowcount == 1


def read_request(row: sa.RowMapping) -> AccessRequest:
    """Return a request as it stands in a row."""
    return AccessRequest(**{**row, "status": Status(row["status"])})


def accept(  # noqa: PLR0913 - what is said, by whom
    connection: sa.Connection,
    found: AccessRequest,
    *,
    by: str,
    at: datetime,
    words: str,
    commit: str,
    less: Less = NO_LESS,
) -> str:
    """Be for a request; return the grant that comes of it, empty while others have to be."""
    terms = read_terms(connection, found.repository)
    vote(
        connection,
        found.id,
        Vote(person=by, choice=FOR, words=words, at=at, counts=True, less=less),
    )
    # Alone, whoever decides has shown to the route that they may; two are counted here.
    if terms.reviewers > 1:
        those = people_for(connection, found.id, found.person)
        if len(those) < terms.reviewers:
            return ""
        # Whoever gives less has it their way.
        for said in read_votes(connection, found.id):
            terms = said.less.of(terms) if said.counts and said.person in those else terms
    terms = less.of(terms)
    decide(connection, found, Status.ACCEPTED, by=by, at=at, words=words)
    require_commit(terms, commit, found.repository)
    commit = commit if terms.is_pinned else found.commit
    return give(
        connection,
        Giving(
            repository=found.repository,
            person=found.person,
            by=by,
            at=at,
            terms=terms,
            commit=commit,
            jurisdiction=found.fields.get("jurisdiction", ""),
            request=found.id,
        ),
    )


def accepted_by_grant(
    connection: sa.Connection, repository: str, person: str, *, by: str, at: datetime
) -> AccessRequest | None:
    """Accept what somebody has asked who is given a grant; return it, None for nothing open."""
    key = {"repository": repository, "person": person, "status": Status.PENDING}
    row = connection.execute(sa.select(requests).filter_by(**key)).mappings().first()
    if row is None:
        return None
    asked = read_request(row)
    decide(connection, asked, Status.ACCEPTED, by=by, at=at, words="")
    return asked


def require_commit(terms: Terms, commit: str, repository: str) -> None:
    """See that there is a revision, where a grant is for one alone.

    Raises:
        InputError: there is none.
    """
    if terms.is_pinned and not commit:
        found, expected = "no revision that is current", "one that the grant is for"
        raise InputError(repository, found, expected)
