# SPDX-License-Identifier: Apache-2.0
"""Pages as they are sent: no script of their own, nothing from elsewhere, a strict policy."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from tiergate.gateway import wire
from tiergate.gateway.sessions import Session
from tiergate.report.escaping import shown
from tiergate.report.view import short_digest


def rendered(
    name: str, status: int = 200, *, session: Session | None = None, **values: object
) -> Response:
    """Return a page.

    Args:
        name: of the template.
        status: status code.
        session: whose page it is; None for somebody who has not logged in.
        values: what the template shows.
    """
    nonce = secrets.token_urlsafe(16)
    content = (
        _templates()
        .get_template(name)
        .render(nonce=nonce, style=_style(), session=session, **values)
    )
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self';"
        " frame-ancestors 'none'; base-uri 'none'"
    )
    headers = {
        **wire.PRIVATE,
        "Vary": "Authorization, Cookie",
        "Content-Security-Policy": policy,
        "Cross-Origin-Opener-Policy": "same-origin",
        # With no referrer at all, a browser would not say where a form comes from either.
        "Referrer-Policy": "same-origin",
    }
    return HTMLResponse(content, status_code=status, headers=headers)


@cache
def _templates() -> Environment:
    loader = PackageLoader("tiergate.gateway", "templates")
    made = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    made.filters.update(when=when, day=day, short=short_digest, counted=counted)
    return made


def _shown(value: object) -> object:
    """Return what people wrote with every character that does not show as an escape."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "\n".join(str(shown(line)) for line in value.splitlines())


def when(at: datetime | str | None) -> str:
    """Write a time in UTC; one that a log has stays what it is.

    >>> when("2026-11-29T09:12:44Z"), when(None)
    ('2026-11-29 09:12:44 UTC', '')
    """
    if isinstance(at, str):
        return at.replace("T", " ").replace("Z", " UTC")
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def day(at: datetime | None) -> str:
    """Write the day of a time in UTC."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d}"


def counted(number: int, one: str, many: str = "") -> str:
    """Write a number of things.

    >>> counted(1, "person", "people"), counted(2000, "model")
    ('1 person', '2,000 models')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


@cache
def _style() -> str:
    return (files("tiergate.gateway") / "templates" / "style.css").read_text(encoding="utf-8")
