# SPDX-License-Identifier: Apache-2.0
"""Going to a provider to log in, and coming back."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from tiergate.gateway import wire
from tiergate.gateway.cookies import ELSEWHERE, cookie_name, with_cookie, without_cookie
from tiergate.gateway.desk.login import HOME, logged_in
from tiergate.gateway.desk.visit import DeskVisit, local_path
from tiergate.gateway.logins_elsewhere import LASTS
from tiergate.gateway.oidc import FAILED, LoginError
from tiergate.gateway.sessions import FRESH


def go(visit: DeskVisit) -> Response:
    """Send somebody to a provider."""
    is_again = visit.query("again") == "1" and visit.session is not None
    again = visit.person.name if is_again else ""
    try:
        place, browser = _begun(visit, visit.query("next"), again=again)
    except LoginError as error:
        return visit.page("said.html.j2", 400, words=str(error))
    answer = RedirectResponse(place, status_code=303, headers=dict(wire.PRIVATE))
    return with_cookie(answer, ELSEWHERE, browser, visit.parts.url, LASTS)


def connect(visit: DeskVisit) -> Response:
    """Use a login link to log in at a provider from now on, in place of a password.

    A page of ours leads there, and not a redirect: nobody else can make a browser send its form.
    """
    ways, (code, _) = visit.parts.ways_in, visit.arguments
    person = ways.links.read(code, visit.parts.clock())
    if person is None:
        return visit.page("said.html.j2", 404, words=FAILED)
    try:
        place, browser = _begun(visit, "", code=ways.links.digest(code))
    except LoginError as error:
        return visit.page("said.html.j2", 400, words=str(error))
    label = ways.rules.providers[visit.arguments[1]].label
    answer = visit.page("elsewhere.html.j2", person=person, place=place, label=label)
    return with_cookie(answer, ELSEWHERE, browser, visit.parts.url, LASTS)


def back(visit: DeskVisit) -> Response:
    """Log somebody in who comes back from a provider."""
    url = visit.parts.url
    params = visit.request.query_params
    # Twice the same name could mean one thing to a proxy and another one here.
    answer = {name: params[name] for name in params if len(params.getlist(name)) == 1}
    browser = visit.request.cookies.get(cookie_name(ELSEWHERE, url), "")
    try:
        found = visit.parts.ways_in.oidc.finish(
            visit.arguments[0], url, visit.parts.clock(), answer=answer, browser=browser
        )
    except LoginError as error:
        return without_cookie(visit.page("said.html.j2", 400, words=str(error)), ELSEWHERE, url)
    # A provider that does not say when it asked may have done so hours ago.
    shown_at = found.shown_at or visit.parts.clock() - FRESH
    made = logged_in(visit, found.person, found.back or HOME, shown_at=shown_at)
    return without_cookie(made, ELSEWHERE, url)


def _begun(visit: DeskVisit, back: str, *, again: str = "", code: str = "") -> tuple[str, str]:
    name = visit.arguments[-1]
    return visit.parts.ways_in.oidc.begin(
        name,
        visit.parts.url,
        visit.parts.clock(),
        back=local_path(back or HOME),
        again=again,
        code=code,
    )
