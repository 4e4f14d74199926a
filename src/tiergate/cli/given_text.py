# SPDX-License-Identifier: Apache-2.0
"""Words given as options: refused before any work when no document can hold them."""

from __future__ import annotations

import re

from tiergate.cli import text
from tiergate.errors import InputError

_METRIC = re.compile(r"[a-z_]+\.[a-z0-9_]+")
_LONGEST_METRIC = 100


def require_text(option: str, words: str, longest: int, least: int = 0) -> None:
    """Refuse words that are no valid Unicode, too long or too short.

    Raises:
        InputError: they are.
    """
    try:
        words.encode()
    except UnicodeEncodeError:
        raise InputError(
            option, shown(words), "valid Unicode", "Write it in the encoding of the terminal."
        ) from None
    if not least <= len(words) <= longest:
        found = text.plural(len(words), "character")
        raise InputError(option, found, f"{least} to {longest}")


def require_metric(metric: str) -> None:
    """Refuse what is no name of a metric.

    Raises:
        InputError: it is none.
    """
    if not _METRIC.fullmatch(metric) or len(metric) > _LONGEST_METRIC:
        expected = "<domain>.<name> in lower case, as in cyber.exploits"
        raise InputError("METRIC", shown(metric), expected)


def shown(words: str) -> str:
    """Quote words, what cannot be printed as escapes, long ones cut."""
    return text.shortened(repr(words), 80)
