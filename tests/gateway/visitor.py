# SPDX-License-Identifier: Apache-2.0
"""Somebody with a browser that is made for tests: it keeps cookies, and sends what it is told."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from gateway_site import Answer, Site

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
PASSWORD = "a horse that counts to nine"  # noqa: S105 - of nobody


@dataclass(kw_only=True)
class Visitor:
    """A browser."""

    site: Site
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        """Open a page."""
        return self._asked(path, "GET", None, headers)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        """Send a form, as from a page of the gateway."""
        given = {"Sec-Fetch-Site": "same-origin", "Origin": self.site.url} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        given["Content-Type"] = "application/x-www-form-urlencoded"
        return self._asked(path, "POST", urlencode(fields).encode(), given)

    def send(self, path: str, fields: dict[str, str], at: str = "") -> Answer:
        """Open a page, and send its form with what is hidden in it, and these fields."""
        hidden = hidden_fields(self.get(path))
        return self.post(at or path, hidden | fields)

    def log_in(self, name: str, password: str = PASSWORD) -> Answer:
        """Log in."""
        return self.post("/-/login", {"name": name, "password": password})

    def _asked(self, path: str, method: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        if self.cookies:
            pairs = (f"{name}={value}" for name, value in self.cookies.items())
            headers = {**headers, "Cookie": "; ".join(pairs)}
        found = self.site.ask(path, method=method, body=body, **headers)
        for text in found.cookies:
            for name, morsel in SimpleCookie(text).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.cookies[name]
        return found

    @property
    def session(self) -> str:
        """Name of the session; empty for none."""
        return self.cookies.get("tiergate", "")


def hidden_fields(page: Answer) -> dict[str, str]:
    """Return what the forms of a page send beside what is typed."""
    return {name: unescape(value) for name, value in _HIDDEN.findall(page.body.decode())}


def words_of(page: Answer) -> str:
    """Return what a page says, without its marks."""
    text = re.sub(r"<style.*?</style>", " ", page.body.decode(), flags=re.DOTALL)
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", text).split()))
