# SPDX-License-Identifier: Apache-2.0
"""Pages as they are sent: no script of their own, nothing from elsewhere, a strict policy."""

from __future__ import annotations

import secrets
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from tiergate.gateway import wire
from tiergate.gateway.sessions import Session


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
    headers = {**wire.PRIVATE, "Vary": "Authorization, Cookie", "Content-Security-Policy": policy}
    return HTMLResponse(content, status_code=status, headers=headers)


@cache
def _templates() -> Environment:
    loader = PackageLoader("tiergate.gateway", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined)


@cache
def _style() -> str:
    return (files("tiergate.gateway") / "templates" / "style.css").read_text(encoding="utf-8")
