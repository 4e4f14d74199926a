# SPDX-License-Identifier: Apache-2.0
"""The gateway as an ASGI application."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tiergate.gateway import wire
from tiergate.gateway.database import DatabaseDownError
from tiergate.gateway.guards import Parts
from tiergate.gateway.hub import Hub, response
from tiergate.gateway.targets import Target, read_target

_log = logging.getLogger(__name__)
_THREADS = 16
"""Where files and the database are read; most of the time they wait for these."""


class Application:
    """Takes requests as a server gives them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._hub = Hub(parts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; other kinds of connections are refused."""
        if scope["type"] == "lifespan":
            await self._accompany(receive, send)
            return
        if scope["type"] != "http":
            await _refuse_connection(receive, send)
            return
        target = read_target(scope.get("raw_path") or b"")
        request = Request(scope, receive)
        if target is None:
            answer = response(wire.repository_not_found(is_known=False))
        else:
            answer = await self._answer(request, target)
        await answer(scope, receive, send)

    async def _answer(self, request: Request, target: Target) -> Response:
        """Answer; what cannot be checked is refused as anything else is.

        After a 5xx, clients would fall back to an old copy.
        """
        try:
            return await self._hub.answer(request, target)
        except OSError as error:
            _log.error("nothing is served: %s", error)
            is_unknown = isinstance(error, DatabaseDownError)
            words = wire.NOT_CHECKED if is_unknown else wire.NOT_READABLE
            return response(wire.error(403, words, "GatedRepo"))

    async def _accompany(self, receive: Receive, send: Send) -> None:
        """Live as long as the server, and seal the log at the end."""
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS))
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await asyncio.to_thread(self._parts.audit.close)
                await send({"type": "lifespan.shutdown.complete"})
                return
            await send({"type": "lifespan.startup.complete"})


async def _refuse_connection(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1008})
