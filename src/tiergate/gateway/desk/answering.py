# SPDX-License-Identifier: Apache-2.0
"""What is checked before a page does anything."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from tiergate.errors import InputError
from tiergate.gateway.body import is_form, read_body
from tiergate.gateway.desk.table import PAGES
from tiergate.gateway.desk.visit import NO_PAGE, DeskVisit, Needs, Page, login_path, see
from tiergate.gateway.guards import Guards, Parts
from tiergate.gateway.rendering import rendered
from tiergate.gateway.sessions import Session

NO_METHOD = "This page does not answer to that."
NO_FORM = "This page is sent by its own form."
NOT_YOURS = "Your account may not see this page."
FROM_ELSEWHERE = "That was not sent from a page of this gateway. Go back, and send it again."
_SAME = frozenset({"same-origin", "none"})
_USUAL_PORT: Mapping[str, str] = MappingProxyType({"https": ":443", "http": ":80"})


class Desk:
    """Answers requests for pages under ``/-/``."""

    def __init__(self, parts: Parts, guards: Guards) -> None:
        self._parts = parts
        self._guards = guards

    async def answer(self, request: Request, path: str) -> Response:
        """Answer one request.

        Args:
            request: the request.
            path: what follows ``/-/``.
        """
        at = self._parts.clock()
        session = await asyncio.to_thread(self._guards.session, request, at)
        found = _page(request.method, path)
        if found is None:
            is_other = any(_page(method, path) for method in ("GET", "POST"))
            status, words = (405, NO_METHOD) if is_other else (404, NO_PAGE)
            return _said(words, status, session)
        page, arguments = found
        if request.method == "POST" and not is_form(request):
            return _said(NO_FORM, 415, session)
        form = await read_body(request) if request.method == "POST" else {}
        refused = self._refusal(page, request, session, form, at)
        if refused is not None:
            return refused
        visit = DeskVisit(
            request=request,
            parts=self._parts,
            guards=self._guards,
            session=session,
            arguments=arguments,
            form=form,
        )
        try:
            return await asyncio.to_thread(page.show, visit)
        except InputError as error:
            return _said(str(error), 400, session)

    def _refusal(
        self,
        page: Page,
        request: Request,
        session: Session | None,
        form: Mapping[str, object],
        at: datetime,
    ) -> Response | None:
        """Return what somebody gets in place of a page; None when they may have it."""
        is_post = request.method == "POST"
        if is_post and not is_ours(request, self._parts.url):
            return _said(FROM_ELSEWHERE, 403, session)
        if page.needs is Needs.NOTHING:
            return None
        back = _way_back(request, form)
        if session is None:
            return see(login_path(back))
        if is_post and not session.sent(form.get("form_key")):
            return _said(FROM_ELSEWHERE, 403, session)
        if page.needs is not Needs.LOGIN and page.needs not in session.person.rights:
            return _said(NOT_YOURS, 403, session)
        is_stale = page.is_fresh and not session.is_fresh(at)
        return see(login_path(back, is_again=True)) if is_stale else None


def is_ours(request: Request, url: str) -> bool:
    """Tell whether a form was sent from a page of this gateway, as far as the browser says.

    Browsers say it in one header or the other; what is no browser sends neither, and has no
    session that somebody else could use.

    Args:
        request: the request.
        url: address of the gateway as people write it.
    """
    headers = request.headers
    if headers.get("sec-fetch-site", "same-origin") not in _SAME:
        return False
    origin = headers.get("origin")
    ours = {origin_of(url)}
    if url.startswith("http:"):
        # On one machine people write 127.0.0.1 and localhost alike; over TLS there is one name.
        ours.add(f"http://{headers.get('host')}")
    return origin is None or origin in ours


def origin_of(url: str) -> str:
    """Return how a browser names the place that an address is at.

    >>> origin_of("https://Hub.example:443/a"), origin_of("http://127.0.0.1:8642")
    ('https://hub.example', 'http://127.0.0.1:8642')
    """
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2].lower()
    return f"{parts.scheme}://{host.removesuffix(_USUAL_PORT.get(parts.scheme, ''))}"


def _page(method: str, path: str) -> tuple[Page, tuple[str, ...]] | None:
    """Return a page with what stands in its path for the stars; None when there is none."""
    words = path.split("/")
    for (of, pattern), page in PAGES.items():
        parts = pattern.split("/")
        if of == ("GET" if method == "HEAD" else method) and len(parts) == len(words):
            pairs = list(zip(parts, words, strict=True))
            if all(part in {"*", word} for part, word in pairs):
                return page, tuple(word for part, word in pairs if part == "*")
    return None


def _way_back(request: Request, form: Mapping[str, object]) -> str:
    """Return where a login leads to: the page, or for a form the page that it says it was on."""
    if request.method == "POST":
        return str(form.get("from", "/"))
    query = f"?{request.url.query}" if request.url.query else ""
    return request.url.path + query


def _said(words: str, status: int, session: Session | None) -> Response:
    return rendered("said.html.j2", status, session=session, words=words)
