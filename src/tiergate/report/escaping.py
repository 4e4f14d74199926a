# SPDX-License-Identifier: Apache-2.0
"""What may stand on the page: characters that show, and links that only a reader follows."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from markupsafe import Markup, escape

_DIGEST = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]{48}([0-9a-f]{4})\b")


def shown(value: object) -> object:
    r"""Return ``value`` for the page, with every character that does not show as an escape.

    Control characters, line breaks, marks that turn the direction of writing, invisible
    characters and lone surrogates are written as in ``\x1b``. Markup is left alone.

    >>> shown("a\nb")
    'a\\nb'
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in value)


def shortened(text: str) -> str:
    """Return ``text`` for a picture: every digest by its ends, other characters as :func:`shown`.

    >>> shortened(f"sha256:{'0123456789ab' * 5}cdef")
    'sha256:0123456789ab…cdef'
    """
    return _DIGEST.sub(r"\1…\2", str(shown(text)))


def breakable(name: str) -> Markup:
    """Return a dotted name for the page that may be broken after its dots and underscores.

    >>> breakable("cyber.end_to")
    Markup('cyber.<wbr>end_<wbr>to')
    """
    safe = escape(shown(name))
    return Markup(safe.replace(".", Markup(".<wbr>")).replace("_", Markup("_<wbr>")))  # noqa: S704


def is_link(text: str) -> bool:
    """Tell whether ``text`` is a web address that may be offered as a link."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and text == shown(text)
