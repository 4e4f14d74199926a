# SPDX-License-Identifier: Apache-2.0
"""Requests to a gateway, by the standard library.

Redirects are not followed and links are only taken from the address that was named, so that
neither the token nor the files go anywhere else.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO, cast

from tiergate.errors import InputError
from tiergate.evidence.no_redirects import OPENER

_SECONDS = 300.0
"""How long nothing may come; the gateway makes a large file durable before it answers."""
_LARGEST_ANSWER = 64 << 20
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_PASSING = frozenset({408, 429})


class PassingError(Exception):
    """A fault that another attempt may not meet."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a gateway answered."""

    status: int
    document: dict[str, object]
    """The JSON object of it; empty for none."""

    @property
    def said(self) -> str:
        """What it says of an error."""
        return str(self.document.get("error", "")) or f"HTTP status {self.status}"


class Client:
    """Asks one gateway."""

    def __init__(self, url: str, token: str, *, may_be_plain: bool, option: str = "--to") -> None:
        """Ask with a token.

        Args:
            url: address of the gateway.
            token: of whoever publishes.
            may_be_plain: whether another machine may be asked without TLS.
            option: what the address was given with, for messages.

        Raises:
            InputError: the address cannot be used, or would show the token to others.
        """
        self._base = checked_url(url, option, may_be_plain=may_be_plain)
        self._token = token

    def get(self, path: str) -> Reply:
        """Ask for something with the token.

        Raises:
            PassingError: no answer, or one that may be another next time.
        """
        headers = {"Authorization": f"Bearer {self._token}"}
        return self._send(urllib.request.Request(self._base + path, headers=headers))  # noqa: S310

    def post(self, path: str, body: bytes, kind: str = "application/json") -> Reply:
        """Post a body with the token.

        Raises:
            PassingError: no answer, or one that may be another next time.
        """
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind}
        return self._send(urllib.request.Request(self._base + path, body, headers))  # noqa: S310

    def put(self, link: str, content: Iterable[bytes], size_bytes: int) -> Reply:
        """Send a content to a link of the gateway, without the token.

        Args:
            link: as the gateway gave it; only its path counts.
            content: the content, in pieces.
            size_bytes: its length.

        Raises:
            PassingError: as for :meth:`post`.
        """
        url = self._base + urllib.parse.urlsplit(link).path
        headers = {"Content-Length": str(size_bytes), "Content-Type": "application/octet-stream"}
        return self._send(urllib.request.Request(url, content, headers, method="PUT"))  # noqa: S310

    def _send(self, request: urllib.request.Request) -> Reply:
        try:
            with OPENER.open(request, timeout=_SECONDS) as response:
                return Reply(response.status, _object(response))
        except urllib.error.HTTPError as error:
            with error:
                if error.code in _PASSING or error.code >= 500:
                    raise PassingError(f"HTTP status {error.code}") from error
                return Reply(error.code, _object(error))
        except urllib.error.URLError as error:
            raise PassingError(f"no connection ({error.reason})") from error
        except (OSError, http.client.HTTPException) as error:
            raise PassingError(f"a broken answer ({type(error).__name__})") from error


def _object(response: IO[bytes]) -> dict[str, object]:
    try:
        found = json.loads(response.read(_LARGEST_ANSWER) or b"{}")
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def checked_url(url: str, option: str, *, may_be_plain: bool) -> str:
    """Return the address of a hub, without a slash at the end.

    Args:
        url: the address.
        option: how messages name it.
        may_be_plain: whether http to another machine will do.

    Raises:
        InputError: it is none, or shows everything to all on the way.
    """
    unusable = InputError(option, repr(url), "an address as in https://hub.example.org")
    try:
        parts = urllib.parse.urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise unusable from None
    is_odd = parts.query or parts.fragment or "@" in parts.netloc or not url.isprintable()
    if parts.scheme not in {"http", "https"} or not host or is_odd:
        raise unusable
    if parts.scheme == "http" and host not in _LOOPBACK and not may_be_plain:
        raise InputError(
            option,
            "http to another machine, which shows the token and the files to all on the way",
            "https",
            "Use https, or add --unsafe-plain-http.",
        )
    return url.rstrip("/")
