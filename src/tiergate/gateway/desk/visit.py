# SPDX-License-Identifier: Apache-2.0
"""What a page is given, and what it can answer with."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tiergate.gateway import wire
from tiergate.gateway.accounts import Person
from tiergate.gateway.guards import Guards, Parts
from tiergate.gateway.rendering import rendered
from tiergate.gateway.roles import Right
from tiergate.gateway.sessions import Session

NO_PAGE = "There is no such page."


class Needs(enum.StrEnum):
    """What a page asks of everybody who opens it, where it asks for no right."""

    NOTHING = "nothing"
    LOGIN = "a login"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskVisit:
    """One request for a page, after its check."""

    request: Request
    parts: Parts
    guards: Guards
    session: Session | None
    """Who has logged in; None for nobody."""
    arguments: tuple[str, ...]
    """What stands in the path where the table has a star."""
    form: Mapping[str, object]
    """What was sent: texts, or lists of texts for what stands there more than once."""

    @property
    def person(self) -> Person:
        """Who has logged in."""
        assert self.session is not None  # noqa: S101 - only for pages that need a login
        return self.session.person

    def text(self, name: str, longest: int = 2000) -> str:
        """Return a field of the form, without blanks around it; empty when it is not there."""
        found = self.form.get(name, "")
        return found.strip()[:longest] if isinstance(found, str) else ""

    def query(self, name: str) -> str:
        """Return a word of the query; empty when it is not there."""
        return self.request.query_params.get(name, "")[:200]

    def page(self, name: str, status: int = 200, **values: object) -> Response:
        """Return a page made from a template."""
        return rendered(name, status, session=self.session, **values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page, or something that a form does."""

    needs: Right | Needs
    """What whoever opens it has to have."""
    show: Callable[[DeskVisit], Response]
    """Makes it; runs in a thread of its own."""
    is_fresh: bool = False
    """Whether the login has to be a moment old."""


def see(path: str) -> Response:
    """Send a browser to another page of the gateway, which it gets with ``GET``."""
    return RedirectResponse(local_path(path), status_code=303, headers=dict(wire.PRIVATE))


def local_path(path: str) -> str:
    r"""Return a path of the gateway; what leads elsewhere becomes the front page.

    >>> local_path("/-/requests?status=pending"), local_path("//example.org"), local_path("/\\x")
    ('/-/requests?status=pending', '/', '/')
    """
    is_plain = path.isascii() and path.isprintable() and "\\" not in path
    if not is_plain or not path.startswith("/") or path.startswith("//"):
        return "/"
    parts = urlsplit(path)
    return "/" if parts.scheme or parts.netloc else path


def login_path(back: str, *, is_again: bool = False) -> str:
    """Return the path of the login that leads back to where somebody was."""
    again = "&again=1" if is_again else ""
    return f"/-/login?next={quote(local_path(back), safe='/')}{again}"
