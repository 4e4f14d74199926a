# SPDX-License-Identifier: Apache-2.0
"""What those who decide said to a request. A vote is never changed; a newer one counts instead."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from tiergate.gateway.roles import GatewayRole, Right, rights_of
from tiergate.gateway.tables import people, votes
from tiergate.gateway.terms import NO_LESS, Less

FOR = "accepted"
AGAINST = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What one person said."""

    person: str
    """Who."""
    choice: str
    """``accepted`` or ``rejected``."""
    words: str
    """Why; empty for nothing."""
    at: datetime
    """When."""
    counts: bool
    """Whether it counts; not when they said something else later, or all began anew."""
    less: Less = NO_LESS
    """What they want a grant to give less of than the terms."""


def vote(connection: sa.Connection, request: str, made: Vote) -> None:
    """Keep what somebody said; what they said before does not count any more."""
    before = votes.update().filter_by(request=request, person=made.person)
    connection.execute(before.values(counts=False))
    row = {
        "id": secrets.token_hex(12),
        "request": request,
        "person": made.person,
        "choice": made.choice,
        "words": made.words,
        "at": made.at,
        "counts": made.counts,
        "days": made.less.days,
        "downloads": made.less.downloads,
        "is_pinned": made.less.is_pinned,
    }
    connection.execute(votes.insert(), row)


def forget_votes(connection: sa.Connection, request: str) -> None:
    """Let no vote on a request count any more."""
    connection.execute(votes.update().filter_by(request=request).values(counts=False))


def read_votes(connection: sa.Connection, request: str) -> tuple[Vote, ...]:
    """Return what was said to a request, the oldest first."""
    query = sa.select(votes).filter_by(request=request).order_by(votes.c.at, votes.c.id)
    names = ("person", "choice", "words", "at", "counts")
    less = ("days", "downloads", "is_pinned")
    rows = connection.execute(query).mappings()
    return tuple(
        Vote(**{name: row[name] for name in names}, less=Less(**{name: row[name] for name in less}))
        for row in rows
    )


def people_for(connection: sa.Connection, request: str, applicant: str) -> frozenset[str]:
    """Return who is for a request, of those who may decide now; never whoever asked."""
    query = sa.select(votes.c.person).filter_by(request=request, choice=FOR, counts=True)
    names = set(connection.execute(query).scalars()) - {applicant}
    known = sa.select(people.c.name, people.c.roles).where(
        people.c.name.in_(names), people.c.disabled_at.is_(None)
    )
    return frozenset(
        name
        for name, roles in connection.execute(known)
        if Right.DECIDE in rights_of(map(GatewayRole, roles))
    )
