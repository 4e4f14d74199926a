# SPDX-License-Identifier: Apache-2.0
"""The two addresses of OAuth that clients of the Hub use: to begin a login, and to get a token.

Neither looks at cookies, so that no page of another site can use somebody's login here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

from tiergate.gateway import wire
from tiergate.gateway.attempts import Limit, address_of
from tiergate.gateway.body import read_body
from tiergate.gateway.devices import INTERVAL_SECONDS, LASTS, TOKEN_LASTS, Got
from tiergate.gateway.exchange import ExchangeError
from tiergate.gateway.guards import Parts, Visit
from tiergate.gateway.scopes import Scope, scope_words

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 - a name
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a name
MOST_DEVICES = 30
"""Logins that programs at one address can begin within the window."""
MOST_EXCHANGES = 60
"""Exchanges from one address that can fail within the window."""


class OAuth:
    """Answers at these addresses."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def device(self, visit: Visit) -> Response:
        """Begin the login of a program that has no browser."""
        body = await read_body(visit.request)
        return await asyncio.to_thread(self._device, visit, body)

    async def token(self, visit: Visit) -> Response:
        """Give a program its token, or a job of a CI."""
        body = await read_body(visit.request)
        kind = body.get("grant_type")
        if kind == DEVICE_GRANT:
            return await asyncio.to_thread(self._polled, visit, body)
        if kind == EXCHANGE_GRANT:
            return await asyncio.to_thread(self._exchanged, visit, body)
        return _refused("unsupported_grant_type", "Only device codes and token exchange.")

    def _device(self, visit: Visit, body: Mapping[str, object]) -> Response:
        ways, address = self._parts.ways_in, _address(visit)
        limit = Limit(about=f"device {address_of(address)}", most=MOST_DEVICES)
        if ways.attempts.begin([limit], visit.at) is None:
            return _refused("slow_down", "Too many logins were begun. Wait.", status=429)
        codes = ways.devices.begin(_text(body, "client_id"), address, visit.at)
        page = f"{self._parts.url}/-/device"
        return _json(
            {
                "device_code": codes.device,
                "user_code": codes.user,
                "verification_uri": page,
                "verification_uri_complete": f"{page}?user_code={codes.user}",
                "expires_in": int(LASTS.total_seconds()),
                "interval": INTERVAL_SECONDS,
            }
        )

    def _polled(self, visit: Visit, body: Mapping[str, object]) -> Response:
        found = self._parts.ways_in.devices.poll(_text(body, "device_code"), visit.at)
        if isinstance(found, Got):
            seconds = int(TOKEN_LASTS.total_seconds())
            return _token(found.token, seconds, found.scopes)
        return _refused(found.value, "")

    def _exchanged(self, visit: Visit, body: Mapping[str, object]) -> Response:
        if body.get("subject_token_type") != ID_TOKEN:
            return _refused("invalid_request", "The subject token has to be an ID token.")
        ways = self._parts.ways_in
        limit = Limit(about=f"exchange {address_of(_address(visit))}", most=MOST_EXCHANGES)
        made = ways.attempts.begin([limit], visit.at)
        if made is None:
            return _refused("slow_down", "Too many exchanges have failed. Wait.", status=429)
        try:
            found = ways.exchange.exchange(
                _text(body, "subject_token"), _text(body, "resource"), visit.at
            )
        except ExchangeError as error:
            return _refused("invalid_grant", str(error))
        ways.attempts.forget(made)
        return _token(found.token, found.seconds, found.scopes, issued_token_type=_ACCESS_TOKEN)


def _address(visit: Visit) -> str:
    client = visit.request.client
    return "" if client is None else client.host


def _text(body: Mapping[str, object], name: str) -> str:
    found = body.get(name, "")
    return found if isinstance(found, str) else ""


def _token(token: str, seconds: int, scopes: frozenset[Scope], **more: str) -> Response:
    fields = {"access_token": token, "token_type": "bearer", "expires_in": seconds}
    return _json({**fields, "scope": scope_words(scopes), **more})


def _refused(code: str, words: str, status: int = 400) -> Response:
    fields = {"error": code, **({"error_description": words} if words else {})}
    headers = {"X-Error-Message": wire.header_text(words)} if words else {}
    return JSONResponse(fields, status_code=status, headers={**wire.PRIVATE, **headers})


def _json(fields: Mapping[str, object]) -> Response:
    return JSONResponse(dict(fields), headers={**wire.PRIVATE, "Pragma": "no-cache"})
