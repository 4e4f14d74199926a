# SPDX-License-Identifier: Apache-2.0
"""Small bodies that have come before anything is decided about what they ask for.

Whoever sends all but the last byte of a form could otherwise have it done hours later, by what
they were allowed when it began.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.types import Message

from tiergate.gateway.guards import Refused
from tiergate.gateway.publishing_wire import TOO_SLOW, refused

PATIENCE_SECONDS = 60.0
"""How long a small body may take."""


async def arrived(request: Request, largest: int) -> Request:
    """Wait for the body of a request, or for more of it than there may be.

    Args:
        request: of which nothing was read.
        largest: how many bytes are waited for; whoever reads them refuses a longer body.

    Returns:
        The same request, with what has come at hand.

    Raises:
        Refused: it does not come.
    """
    content, has_more = bytearray(), True
    end: list[Message] = []
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while has_more and len(content) <= largest and not end:
                message = await request.receive()
                content += message.get("body", b"")
                has_more = message.get("more_body", False)
                end = [message] if message["type"] == "http.disconnect" else []
    except TimeoutError:
        raise Refused(refused(408, TOO_SLOW)) from None
    come = {"type": "http.request", "body": bytes(content), "more_body": has_more or bool(end)}
    kept: list[Message] = [come, *end]

    async def receive() -> Message:
        return kept.pop(0) if kept else await request.receive()

    return Request(request.scope, receive)
