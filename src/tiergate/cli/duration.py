# SPDX-License-Identifier: Apache-2.0
"""Lengths of time as people write them: ``90s``, ``20m``, ``1h30m``."""

from __future__ import annotations

import re

import click

_FORM = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)
_UNITS = (3600, 60, 1)
_LONGEST_SECONDS = 365 * 24 * 3600


class Duration(click.ParamType[int]):
    """A length of time, in seconds."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Read ``90s``, ``20m``, ``3h`` or ``1h30m``."""
        if isinstance(value, int):
            return value
        found = _FORM.fullmatch(str(value).strip())
        parts = found.groups() if found else ()
        seconds = sum(int(part or 0) * unit for part, unit in zip(parts, _UNITS, strict=False))
        if not 0 < seconds <= _LONGEST_SECONDS:
            self.fail(f"{value!r} is no length of time, as in 90s, 20m or 1h30m", param, ctx)
        return seconds


def in_words(seconds: float) -> str:
    """Write a length of time in the unit that is easiest to grasp.

    >>> [in_words(n) for n in (0.2, 59, 90, 3 * 3600 + 60, 40 * 3600)]
    ['less than a second', '59 seconds', '2 minutes', '3 h 1 min', '40 hours']
    """
    if seconds < 1:
        return "less than a second"
    if seconds < 90:
        return f"{seconds:.0f} second{'s' if round(seconds) != 1 else ''}"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} minutes"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours < 10 and rest else f"{hours} hours"
