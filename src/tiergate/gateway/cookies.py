# SPDX-License-Identifier: Apache-2.0
"""Cookies of the pages: for this host alone, out of reach of scripts, not for other sites."""

from __future__ import annotations

import datetime as dt

from starlette.responses import Response

SESSION = "tiergate"
"""The cookie of a login."""
ELSEWHERE = "tiergate-elsewhere"
"""The cookie that ties a login with a provider to a browser."""


def cookie_name(plain: str, url: str) -> str:
    """Return the name of a cookie; over TLS one that only this host can set.

    >>> cookie_name(SESSION, "https://hub.example"), cookie_name(SESSION, "http://127.0.0.1:8080")
    ('__Host-tiergate', 'tiergate')
    """
    return f"__Host-{plain}" if url.startswith("https:") else plain


def with_cookie(
    answer: Response, plain: str, value: str, url: str, lasts: dt.timedelta
) -> Response:
    """Give the browser a cookie with an answer.

    Args:
        answer: the answer.
        plain: which cookie, without the prefix for TLS.
        value: what it says.
        url: address of the gateway.
        lasts: for how long.
    """
    answer.set_cookie(
        cookie_name(plain, url),
        value,
        max_age=int(lasts.total_seconds()),
        path="/",
        secure=url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return answer


def without_cookie(answer: Response, plain: str, url: str) -> Response:
    """Take a cookie from the browser with an answer."""
    answer.delete_cookie(
        cookie_name(plain, url),
        path="/",
        secure=url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return answer
