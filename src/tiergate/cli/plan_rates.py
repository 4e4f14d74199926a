# SPDX-License-Identifier: Apache-2.0
"""Rates and limits as they are written on the command line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from tiergate.errors import InputError

_RATE = re.compile(r"([a-z_]+\.[a-z0-9_]+)=(0(?:\.[0-9]+)?|1(?:\.0+)?)")
_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?")


def parse_rates(given: Iterable[str]) -> dict[str, float]:
    """Read ``METRIC=RATE`` texts.

    Raises:
        InputError: one is not of this form.
    """
    found: dict[str, float] = {}
    for words in given:
        match = _RATE.fullmatch(words)
        if match is None:
            raise InputError(
                "--rate", repr(words), "a metric and a share, as in cyber.exploits=0.02"
            )
        found[match[1]] = float(match[2])
    return found


def parse_number(words: str) -> Decimal:
    """Read a decimal number.

    Raises:
        InputError: it is none.
    """
    if not _NUMBER.fullmatch(words):
        raise InputError("limit", repr(words), "a decimal number, as in 0.05")
    return Decimal(words)
