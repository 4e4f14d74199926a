# SPDX-License-Identifier: Apache-2.0
"""Logging in and out."""

from __future__ import annotations

from starlette.responses import Response

from tiergate.gateway.desk.visit import DeskVisit, local_path, see, without_session
from tiergate.gateway.sessions import cookie_name


def show(visit: DeskVisit) -> Response:
    """Ask who somebody is."""
    back = local_path(visit.query("next") or "/-/me")
    return visit.page("login.html.j2", back=back, is_again=visit.query("again") == "1")


def leave(visit: DeskVisit) -> Response:
    """End the session."""
    url = visit.parts.url
    visit.parts.sessions.close(visit.request.cookies.get(cookie_name(url), ""))
    return without_session(see("/"), url)
