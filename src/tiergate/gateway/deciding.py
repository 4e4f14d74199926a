# SPDX-License-Identifier: Apache-2.0
"""Deciding who gets access, and writing down who did: by pages and by routes of the Hub alike."""

from __future__ import annotations

from datetime import datetime

from tiergate.gateway.acts import Act, Deed, note
from tiergate.gateway.guards import Parts
from tiergate.gateway.request_rows import AccessRequest, Status
from tiergate.gateway.terms import NO_LESS, Less


def decide(  # noqa: PLR0913 - what is decided, by whom
    parts: Parts,
    request: AccessRequest,
    status: Status,
    *,
    by: str,
    at: datetime,
    words: str = "",
    less: Less = NO_LESS,
    as_read: bool = False,
) -> AccessRequest:
    """Decide a request as :meth:`Requests.answer` does, and note it."""
    found = parts.requests.answer(
        request, status, by=by, at=at, words=words, less=less, as_read=as_read
    )
    what = _deed(status, found.status)
    note(
        parts,
        Act(at=at, who=by, what=what, about=found.repository, whom=found.person, words=words),
    )
    return found


def give(parts: Parts, repository: str, person: str, *, by: str, at: datetime) -> None:
    """Give a grant as :meth:`Requests.give` does, and note it."""
    parts.requests.give(repository, person, by=by, at=at)
    note(parts, Act(at=at, who=by, what=Deed.GRANTED, about=repository, whom=person))


def revoke(  # noqa: PLR0913 - what is taken back, by whom
    parts: Parts, repository: str, person: str, *, by: str, at: datetime, words: str = ""
) -> None:
    """Take back every grant as :meth:`Requests.revoke` does, and note it."""
    parts.requests.revoke(repository, person, at)
    act = Act(at=at, who=by, what=Deed.REVOKED, about=repository, whom=person, words=words)
    note(parts, act)


def _deed(wanted: Status, became: Status) -> Deed:
    if wanted is Status.ACCEPTED:
        return Deed.GRANTED if became is Status.ACCEPTED else Deed.FOR_IT
    return Deed.REJECTED if wanted is Status.REJECTED else Deed.REOPENED
