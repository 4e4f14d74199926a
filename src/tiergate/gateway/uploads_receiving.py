# SPDX-License-Identifier: Apache-2.0
"""Bytes on their way in: counted, hashed, and stopped when there is a reason to.

A content is written down as uploaded only when all of it came, with the length and the digest
that its link is for, from somebody who at that moment still may.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from starlette.requests import ClientDisconnect, Request

from tiergate.errors import DigestMismatchError
from tiergate.gateway import publishing_wire as words
from tiergate.gateway.database import DatabaseDownError
from tiergate.gateway.guards import Refused
from tiergate.gateway.objects import CHUNK_BYTES, Arriving, Objects
from tiergate.gateway.threads import PUBLISHING
from tiergate.gateway.uploads import Upload

IDLE_SECONDS = 60.0
"""How long nothing may come."""
ASK_AGAIN_SECONDS = 1.0


async def chunks(request: Request) -> AsyncIterator[bytes]:
    """Yield a body as it comes, in pieces that are worth a step of their own, or once a second.

    Raises:
        Refused: it is encoded, comes too slowly, or was cut off.
    """
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refused(words.refused(415, words.ENCODED))
    stream = aiter(request.stream())
    pending, given_at = bytearray(), time.monotonic()
    try:
        while True:
            async with asyncio.timeout(IDLE_SECONDS):
                piece = await anext(stream, None)
            if piece is None:
                break
            pending += piece
            is_late = time.monotonic() - given_at >= ASK_AGAIN_SECONDS
            if len(pending) >= CHUNK_BYTES or (pending and is_late):
                yield bytes(pending)
                pending.clear()
                given_at = time.monotonic()
    except TimeoutError:
        raise Refused(words.refused(408, words.TOO_SLOW)) from None
    except ClientDisconnect:
        raise Refused(words.refused(400, words.WRONG_SIZE)) from None
    if pending:
        yield bytes(pending)


async def receive(
    request: Request, objects: Objects, upload: Upload, may_go_on: Callable[[], bool]
) -> None:
    """Take a content in.

    Args:
        request: whose body it is.
        objects: where it is kept.
        upload: what it has to be.
        may_go_on: asked again and again while bytes come, and before and after they are kept.

    Raises:
        Refused: it is something else, or may not be uploaded any more; nobody may use it then.
    """
    stated = request.headers.get("content-length", str(upload.size_bytes))
    if stated != str(upload.size_bytes):
        raise Refused(words.refused(400, words.WRONG_SIZE))
    try:
        with objects.arriving() as arriving:
            await _take(request, arriving, upload, may_go_on)
            await PUBLISHING.run(_keep, objects, arriving, upload, may_go_on)
    except DatabaseDownError:
        raise
    except OSError:
        raise Refused(words.refused(507, words.NO_ROOM)) from None


async def _take(
    request: Request, arriving: Arriving, upload: Upload, may_go_on: Callable[[], bool]
) -> None:
    asked_at = time.monotonic()
    async for chunk in chunks(request):
        if arriving.size_bytes + len(chunk) > upload.size_bytes:
            raise Refused(words.refused(413, words.WRONG_SIZE))
        await PUBLISHING.run(arriving.write, chunk)
        if time.monotonic() - asked_at >= ASK_AGAIN_SECONDS:
            if not await asyncio.to_thread(may_go_on):
                raise Refused(words.refused(403, words.STOPPED))
            asked_at = time.monotonic()
    if arriving.size_bytes != upload.size_bytes:
        raise Refused(words.refused(400, words.WRONG_SIZE))


def _keep(
    objects: Objects, arriving: Arriving, upload: Upload, may_go_on: Callable[[], bool]
) -> None:
    if not may_go_on():
        raise Refused(words.refused(403, words.STOPPED))
    try:
        objects.keep(arriving, upload.sha256, upload.repository)
    except DigestMismatchError:
        raise Refused(words.refused(422, words.WRONG_DIGEST)) from None
    # That can take minutes.
    if not may_go_on():
        raise Refused(words.refused(403, words.STOPPED))
