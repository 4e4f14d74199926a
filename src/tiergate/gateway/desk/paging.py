# SPDX-License-Identifier: Apache-2.0
"""Lists that go over several pages, and numbers that people type."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from tiergate.errors import InputError

PAGE = 50
"""Rows of a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Where in a list a page is."""

    number: int
    """Which page, from 1."""
    total: int
    """Number of rows in all."""

    @property
    def first(self) -> int:
        """How many rows come before it."""
        return (self.number - 1) * PAGE

    @property
    def last(self) -> int:
        """Number of the last page."""
        return max(1, -(-self.total // PAGE))


def pages(text: str, total: int) -> Pages:
    """Return the page that an address names; the nearest when there is none of that number.

    >>> pages("3", 120).number, pages("99", 120).number, pages("x", 0).number
    (3, 3, 1)
    """
    wanted = int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 1
    last = Pages(number=1, total=total).last
    return Pages(number=min(max(wanted, 1), last), total=total)


def address(path: str, **words: str) -> str:
    """Return an address of a page, without the words that are empty.

    >>> address("/-/log", person="erin", grant="")
    '/-/log?person=erin'
    """
    query = urlencode({name: value for name, value in words.items() if value})
    return f"{path}?{query}" if query else path


def whole_number(where: str, text: str, least: int, most: int) -> int | None:
    """Return a number that somebody typed; None when they left it out.

    Raises:
        InputError: it is none, or out of bounds.
    """
    if not text:
        return None
    is_number = text.isascii() and text.isdecimal() and len(text) < 10
    if not is_number or not least <= int(text) <= most:
        raise InputError(where, repr(text[:40]), f"a whole number from {least} to {most}")
    return int(text)
