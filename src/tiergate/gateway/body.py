# SPDX-License-Identifier: Apache-2.0
"""Small bodies of requests: a JSON object, or a form."""

from __future__ import annotations

import json
from typing import cast
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request

from tiergate.gateway import wire
from tiergate.gateway.guards import Refused

LARGEST_BODY_BYTES = 64 * 1024
_MOST_FIELDS = 2000
_FORM = "application/x-www-form-urlencoded"


def is_form(request: Request) -> bool:
    """Tell whether a body is what a form of a page sends."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM


async def read_body(request: Request, largest: int = LARGEST_BODY_BYTES) -> dict[str, object]:
    """Read a JSON object or a form; empty when there is no body.

    A field of a form is text, or a list of texts when it stands there more than once.

    Args:
        request: whose body it is.
        largest: how many bytes it may have.

    Raises:
        Refused: it is neither, is too long, or has text that no database takes.
    """
    content = await _content(request, largest)
    try:
        document = _form(content) if is_form(request) else json.loads(content or b"{}")
        if not isinstance(document, dict) or not _is_storable(document):
            raise Refused(wire.error(400, wire.BAD_REQUEST))
    except (ValueError, RecursionError):
        raise Refused(wire.error(400, wire.BAD_REQUEST)) from None
    return cast("dict[str, object]", document)


async def _content(request: Request, largest: int) -> bytes:
    content = bytearray()
    try:
        async for chunk in request.stream():
            content += chunk
            if len(content) > largest:
                raise Refused(wire.error(413, wire.BAD_REQUEST, Connection="close"))
    except ClientDisconnect:
        raise Refused(wire.error(400, wire.BAD_REQUEST)) from None
    return bytes(content)


def _form(content: bytes) -> dict[str, object]:
    fields = parse_qs(
        content.decode(),
        keep_blank_values=True,
        strict_parsing=bool(content),
        errors="strict",
        max_num_fields=_MOST_FIELDS,
    )
    return {name: found[0] if len(found) == 1 else found for name, found in fields.items()}


def _is_storable(document: dict[str, object]) -> bool:
    r"""Tell whether every text is Unicode without NUL.

    >>> _is_storable({"a": "\ud800"}), _is_storable({"a": ["\0"]}), _is_storable({"\\u0000": "b"})
    (False, False, True)
    """
    text = json.dumps(document, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    # A backslash of the text itself stands there twice.
    return "\\u0000" not in text.replace("\\\\", "")
