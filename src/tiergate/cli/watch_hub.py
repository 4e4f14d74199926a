# SPDX-License-Identifier: Apache-2.0
"""Pages of ``/api/models`` of a hub, one after the other, by the standard library.

No redirect is followed and a next page is only taken from the address that was named, so that
the token goes nowhere else. A hub that asks for time is given it.
"""

from __future__ import annotations

import email.utils
import http.client
import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tiergate.cli.pushing_client import checked_url
from tiergate.errors import InputError
from tiergate.evidence.no_redirects import OPENER
from tiergate.landscape.watch.hub_row import row_of_json, row_of_object
from tiergate.landscape.watch.row import Row
from tiergate.landscape.watch.tally import SHOWN

PAGE_ROWS = 1000
"""Rows that are asked for at once."""
_TRIES = 6
_LONGEST_WAIT_SECONDS = 300.0
_SECONDS = 60.0
_LARGEST_PAGE_BYTES = 256 << 20
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_NEXT = re.compile(r'<([^<>]*)>\s*;[^,]*\brel="?next"?')
_TOKENS = ("TIERGATE_TOKEN", "HF_TOKEN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list."""

    rows: tuple[Row, ...]
    """Its rows, in the order of the hub."""
    unreadable: int
    """Items that could not be read."""
    reasons: tuple[str, ...]
    """Why, of the first few."""
    next_url: str | None
    """The next page; None when this is the last."""


class ExpiredPageError(Exception):
    """The hub no longer knows a page that it named."""


@dataclass(slots=True)
class WatchedHub:
    """One hub that is asked for its list of models."""

    url: str
    """Its address, without a slash at the end."""
    token: str = ""
    """Whose rights count; empty for nobody's."""
    sleep: Callable[[float], None] = field(kw_only=True)
    """Waits so many seconds."""
    now: Callable[[], datetime] = field(kw_only=True)
    """The clock, for dates in Retry-After."""

    @property
    def first_url(self) -> str:
        """The page with the rows that were changed last."""
        query = {
            "sort": "lastModified",
            "direction": "-1",
            "full": "true",
            "cardData": "true",
            "limit": str(PAGE_ROWS),
        }
        return f"{self.url}/api/models?{urllib.parse.urlencode(query)}"

    def page(self, url: str) -> Page:
        """Fetch one page.

        Raises:
            ExpiredPageError: the hub does not know that page any more.
            InputError: the hub does not answer, refuses, or answers with something else.
        """
        self._refuse_elsewhere(url)
        data, headers = self._get(url)
        try:
            items = json.loads(data)
        except (ValueError, RecursionError):
            items = None
        if not isinstance(items, list):
            raise InputError(self.url, "an answer that is no list", "a list of models")
        rows, reasons = [], []
        for number, item in enumerate(items, start=1):
            try:
                rows.append(row_of_object(item))
            except ValueError as error:
                reasons.append(f"item {number}: {error}")
        return Page(
            rows=tuple(rows),
            unreadable=len(reasons),
            reasons=tuple(reasons[:SHOWN]),
            next_url=self._next(headers),
        )

    def with_files(self, repository: str) -> Row | None:
        """Fetch one model with sizes and digests of its files; None when it is gone or closed.

        Raises:
            InputError: the hub does not answer, or answers with something else.
        """
        name = urllib.parse.quote(repository, safe="/")
        try:
            data, _ = self._get(f"{self.url}/api/models/{name}?blobs=true")
            return row_of_json(data)
        except ExpiredPageError:
            return None
        except ValueError as error:
            raise InputError(self.url, f"an answer that is no model ({error})", "a model") from None

    def _next(self, headers: Mapping[str, str]) -> str | None:
        found = _NEXT.search(headers.get("Link") or "")
        if found is None:
            return None
        url = urllib.parse.urljoin(f"{self.url}/", str(found[1]))
        self._refuse_elsewhere(url)
        return url

    def _refuse_elsewhere(self, url: str) -> None:
        if not url.startswith(f"{self.url}/"):
            raise InputError(
                self.url,
                f"a next page at another address ({url[:120]})",
                "one at the address that was named",
                "The token was sent nowhere. Name that hub yourself if you trust it.",
            )

    def _get(self, url: str) -> tuple[bytes, Mapping[str, str]]:
        said = ""
        for wait in self._waits():
            headers = {"Accept": "application/json"}
            if self.token:
                headers["Authorization"] = f"Bearer {self.token}"
            try:
                with OPENER.open(
                    urllib.request.Request(url, headers=headers),  # noqa: S310 - checked address
                    timeout=_SECONDS,
                ) as answer:
                    data = answer.read(_LARGEST_PAGE_BYTES + 1)
                    if len(data) > _LARGEST_PAGE_BYTES:
                        found = f"a page of more than {_LARGEST_PAGE_BYTES} bytes"
                        raise InputError(self.url, found, "a page")
                    return data, answer.headers
            except urllib.error.HTTPError as error:
                with error:
                    said, asked = self._refused(error)
            except (OSError, http.client.HTTPException) as error:
                said, asked = f"no answer ({getattr(error, 'reason', error)})", None
            wait(asked)
        remedy = "Run it again later: what was read is kept."
        raise InputError(self.url, said, "an answer", remedy)

    def _refused(self, error: urllib.error.HTTPError) -> tuple[str, float | None]:
        """Say what a hub answered, and for how long it asks to be left alone."""
        said = f"HTTP status {error.code}"
        if error.code in _AGAIN:
            return said, self._asked(error.headers.get("Retry-After"))
        if 300 <= error.code < 400:
            where = (error.headers.get("Location") or "")[:120]
            found, remedy = f"a redirect to {where!r}", "Name that address if you trust it."
            raise InputError(self.url, found, "an answer from this address", remedy)
        if error.code in {400, 404, 410, 422}:
            raise ExpiredPageError(said)
        remedy = "Give a token by TIERGATE_TOKEN or HF_TOKEN." if error.code in {401, 403} else ""
        raise InputError(self.url, said, "a list of models", remedy)

    def _asked(self, header: str | None) -> float | None:
        if header is None:
            return None
        if header.strip().isdigit():
            return float(header)
        try:
            until = email.utils.parsedate_to_datetime(header)
        except ValueError:
            return None
        zoned = until if until.tzinfo else until.replace(tzinfo=UTC)
        return max(0.0, (zoned - self.now()).total_seconds())

    def _waits(self) -> Iterator[Callable[[float | None], None]]:
        """Yield what waits after a try that failed: as long as was asked for, or ever longer."""

        def wait(asked: float | None, *, own: float, is_last: bool) -> None:
            seconds = own if asked is None else asked
            if seconds > _LONGEST_WAIT_SECONDS:
                found = f"a hub that asks for {seconds:.0f} seconds without requests"
                remedy = "Run it again then: what was read is kept."
                raise InputError(self.url, found, f"at most {_LONGEST_WAIT_SECONDS:.0f}", remedy)
            if not is_last:
                self.sleep(seconds)

        for number in range(_TRIES):
            yield lambda asked, number=number: wait(  # type: ignore[misc]  # a default that binds
                asked, own=float(2**number), is_last=number == _TRIES - 1
            )


def watched_hub(
    url: str, *, may_be_plain: bool, sleep: Callable[[float], None], now: Callable[[], datetime]
) -> WatchedHub:
    """Return a hub, with the token that the environment gives, if any.

    Raises:
        InputError: the address or the token cannot be used.
    """
    checked = checked_url(url, "--hub", may_be_plain=may_be_plain)
    token = next((found for name in _TOKENS if (found := os.environ.get(name, "").strip())), "")
    if token and not (token.isascii() and token.isprintable()):
        raise InputError("environment", "a token that no header can carry", "a token")
    return WatchedHub(checked, token, sleep=sleep, now=now)
