# SPDX-License-Identifier: Apache-2.0
"""One file over HTTP, within limits: of its size, of time, and of who may send it.

Nothing but the named host is asked: a redirect that leads to another one is an error, as is an
address without TLS unless it is of this machine.
"""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from email.message import Message
from typing import IO

from tiergate.errors import InputError

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one file may take."""

    size_bytes: int = 32 * 1024 * 1024
    """The most that is read."""
    silence_seconds: float = 30.0
    """How long nothing may come."""
    total_seconds: float = 300.0
    """How long all of it may take."""


def checked_address(text: str, where: str) -> str:
    """Return an address that may be asked, without a slash at its end.

    Raises:
        InputError: it is none, names a user, or is of another machine and without TLS.
    """
    expected = "an address with https://, or http:// of this machine"
    try:
        parts = urllib.parse.urlsplit(text)
        is_safe = parts.scheme == "https" or (
            parts.scheme == "http" and parts.hostname in _LOOPBACK
        )
        is_plain = parts.username is None and not parts.query and not parts.fragment
        # Reading the port checks it.
        if is_safe and is_plain and parts.hostname and parts.port != 0 and text.isprintable():
            return text.rstrip("/")
    except ValueError:
        pass
    raise InputError(where, f"the address {text!r}", expected)


def fetch(address: str, limits: Limits) -> bytes:
    """Return what stands at an address.

    Raises:
        InputError: nothing does, it is a page for people, it is too large or too slow, or it
            ended early.
    """
    opener = urllib.request.build_opener(_SameHost(), urllib.request.ProxyHandler())
    request = urllib.request.Request(  # noqa: S310 - checked_address has let it through
        address, headers={"Accept": "text/csv", "Accept-Encoding": "identity"}
    )
    try:
        with opener.open(request, timeout=limits.silence_seconds) as answer:
            _require_table(answer.headers, address)
            content = _content(answer, address, limits)
    except urllib.error.HTTPError as error:
        error.close()
        expected = "the file"
        raise InputError(address, f"HTTP status {error.code}", expected, _LATER) from None
    except (OSError, http.client.HTTPException) as error:
        found = f"no whole answer ({getattr(error, 'reason', None) or error!r})"
        raise InputError(address, found, "the file", _LATER) from None
    return content


_LATER = "Try again later; nothing was written."


def _require_table(headers: Message, address: str) -> None:
    kind = headers.get_content_type()
    if kind in {"text/html", "application/xhtml+xml"}:
        raise InputError(address, f"a page for people ({kind})", "a table", _LATER)
    encoding = headers.get("Content-Encoding", "identity")
    if encoding != "identity":
        raise InputError(address, f"a body packed as {encoding}", "the file as it is", _LATER)


def _content(answer: http.client.HTTPResponse, address: str, limits: Limits) -> bytes:
    stated = answer.headers.get("Content-Length", "")
    content = bytearray()
    end = time.monotonic() + limits.total_seconds
    # One piece as it comes: a full read would wait for ever on a server that sends a byte a second.
    while piece := answer.read1(_PIECE_BYTES):
        content += piece
        if len(content) > limits.size_bytes:
            expected = f"at most {limits.size_bytes} bytes"
            raise InputError(address, "a larger file", expected)
        if time.monotonic() > end:
            expected = f"all of it within {limits.total_seconds:g} seconds"
            raise InputError(address, f"{len(content)} bytes and no end", expected, _LATER)
    if stated.isdecimal() and len(content) != int(stated):
        raise InputError(address, f"{len(content)} bytes", f"the {stated} announced", _LATER)
    return bytes(content)


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows a redirect within one host, and takes any other for the answer that it is."""

    def redirect_request(  # noqa: PLR0913, PLR0917 - as the standard library calls it
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Return the next request; None where another host or scheme would be asked."""
        here, there = urllib.parse.urlsplit(req.full_url), urllib.parse.urlsplit(newurl)
        if (here.scheme, here.netloc) != (there.scheme, there.netloc):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)
