# SPDX-License-Identifier: Apache-2.0
"""The gateway as an ASGI application."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from tiergate.gateway import wire
from tiergate.gateway.guards import Parts
from tiergate.gateway.hub import Hub, response
from tiergate.gateway.targets import read_target


class Application:
    """Takes requests as a server gives them."""

    def __init__(self, parts: Parts) -> None:
        self._hub = Hub(parts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; other kinds of connections are refused."""
        if scope["type"] != "http":
            await _refuse_connection(scope, receive, send)
            return
        target = read_target(scope.get("raw_path") or b"")
        request = Request(scope, receive)
        if target is None:
            answer = response(wire.repository_not_found(is_known=False))
        else:
            answer = await self._hub.answer(request, target)
        await answer(scope, receive, send)


async def _refuse_connection(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await receive()
    await send({"type": "websocket.close", "code": 1008})
