# SPDX-License-Identifier: Apache-2.0
"""Logging in and out."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from starlette.responses import Response

from tiergate.gateway.accounts import Person
from tiergate.gateway.cookies import SESSION, cookie_name, with_cookie, without_cookie
from tiergate.gateway.desk.visit import (
    DeskVisit,
    local_path,
    login_path,
    see,
)
from tiergate.gateway.passwords import LONGEST, Failure
from tiergate.gateway.sessions import LASTS

HOME = "/-/me"
"""Where a login leads to when it was for nothing else."""
NO_PASSWORDS = "Nobody logs in with a password here."


def show(visit: DeskVisit) -> Response:
    """Ask who somebody is, or for a login a moment ago: whether they are still there."""
    return _form(visit, visit.query("next"), is_again=visit.query("again") == "1")


def enter(visit: DeskVisit) -> Response:
    """Log somebody in."""
    is_again = visit.text("again") == "1" and visit.session is not None
    if not visit.parts.ways_in.rules.passwords:
        return visit.page("said.html.j2", 403, words=NO_PASSWORDS)
    name = visit.person.name if is_again else visit.text("name", 200)
    password = visit.form.get("password", "")
    given = password[: LONGEST + 1] if isinstance(password, str) else ""
    found = visit.parts.ways_in.passwords.check(name, given, address(visit), visit.parts.clock())
    back = visit.text("next")
    if isinstance(found, Failure):
        return _form(visit, back, is_again=is_again, failure=found, name=name)
    return logged_in(visit, found, back)


def logged_in(
    visit: DeskVisit, person: Person, back: str, *, shown_at: datetime | None = None
) -> Response:
    """Send somebody who has shown who they are to where they wanted to be.

    Their session has a name that nobody can have known before.

    Args:
        visit: the request.
        person: who they are.
        back: where they wanted to be.
        shown_at: when they showed it, where that was before; None for now.
    """
    url = visit.parts.url
    before = visit.request.cookies.get(cookie_name(SESSION, url), "")
    name = visit.parts.sessions.open(person.name, visit.parts.clock(), before, shown_at=shown_at)
    return with_cookie(see(local_path(back or HOME)), SESSION, name, url, LASTS)


def leave(visit: DeskVisit) -> Response:
    """End the session."""
    url = visit.parts.url
    visit.parts.sessions.close(visit.request.cookies.get(cookie_name(SESSION, url), ""))
    return without_cookie(see("/"), SESSION, url)


def leave_everywhere(visit: DeskVisit) -> Response:
    """End every session of theirs, in every browser."""
    visit.parts.sessions.close_all(visit.person.name)
    return without_cookie(see("/"), SESSION, visit.parts.url)


def address(visit: DeskVisit) -> str:
    """Return where somebody is, as the server sees it."""
    client = visit.request.client
    return "" if client is None else client.host


def _form(
    visit: DeskVisit,
    back: str,
    *,
    is_again: bool,
    failure: Failure | None = None,
    name: str = "",
) -> Response:
    session = visit.session if is_again else None
    if is_again and session is None:
        return see(login_path(back or HOME))
    status = 200
    if failure is not None:
        status = 401 if failure is Failure.WRONG else 429
    ways = visit.parts.ways_in
    has_password = session is None or ways.passwords.has_one(session.person.name)
    known = None if session is None else ways.identities.of(session.person.name)
    return visit.page(
        "login.html.j2",
        status,
        back=local_path(back or HOME),
        again=session,
        has_password=has_password and ways.rules.passwords,
        passwords=ways.rules.passwords,
        providers=[
            (part.label, f"/-/oidc/{part.name}?next={quote(local_path(back or HOME), safe='/')}")
            for part in ways.rules.providers.values()
            if known is None or part.issuer in known
        ],
        failure="" if failure is None else failure.value,
        entered=name,
    )
