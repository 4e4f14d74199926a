# SPDX-License-Identifier: Apache-2.0
"""What somebody may have meant by a name that nobody knows."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")


def meant(word: str, known: Iterable[str]) -> str:
    """Return ``Did you mean X?`` for the nearest known name; empty when none is near.

    A name that differs in case or in leading zeros alone is nearer than any other: ``E1`` means
    E01 and not E21.

    >>> meant("e1", ["E21", "E01"])
    'Did you mean E01?'
    """
    names = sorted(known)
    plain = {_plain(name): name for name in reversed(names)}
    same = plain.get(_plain(word))
    close = difflib.get_close_matches(_plain(word), plain, n=1)
    nearest = same or (plain[close[0]] if close else "")
    return f"Did you mean {nearest}?" if nearest else ""


def _plain(name: str) -> str:
    return _ZEROS.sub("", name.casefold())
