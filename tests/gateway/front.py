# SPDX-License-Identifier: Apache-2.0
"""What stands between real clients and the gateway in tests: it looks on, and can cut.

It changes no request and no answer; it keeps the first lines of requests, and a client's
program can tell it that its next action begins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MARK = "/-/"


class CutError(Exception):
    """The connection ends in the middle of an answer."""


@dataclass(slots=True)
class Front:
    """Looks on while an application is served."""

    application: ASGIApp
    before: dict[int, Callable[[], None]] = field(default_factory=dict)
    """What happens before the action of that number."""
    cut_after: int | None = None
    """Bytes of the next answer with more than these that are let through; None for all."""
    during: Callable[[], None] | None = None
    """What happens when the first bytes of a long answer have left."""
    logs: list[list[str]] = field(default_factory=lambda: [[]])
    """Requests, by action; those before the first are in the first list."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
        elif scope["path"].startswith(_MARK):
            await self._marked(int(scope["path"].removeprefix(_MARK)), send)
        else:
            self.logs[-1].append(_line(scope))
            await self.application(scope, receive, self._cutting(send))

    async def _marked(self, number: int, send: Send) -> None:
        self.logs.append([])
        if number in self.before:
            await asyncio.to_thread(self.before[number])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _cutting(self, send: Send) -> Send:
        sent = 0

        async def passed(message: Message) -> None:
            nonlocal sent
            sent += len(message.get("body", b""))
            await send(message)
            if self.cut_after is not None and sent > self.cut_after:
                self.cut_after = None
                raise CutError
            if self.during is not None and message.get("more_body"):
                happens, self.during = self.during, None
                await asyncio.to_thread(happens)

        return passed


def _line(scope: Scope) -> str:
    target = scope["raw_path"].decode()
    query = scope["query_string"].decode()
    headers = dict(scope["headers"])
    line = f"{scope['method']} {target}{'?' if query else ''}{query}"
    return f"{line} [{headers[b'range'].decode()}]" if b"range" in headers else line
