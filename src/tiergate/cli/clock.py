# SPDX-License-Identifier: Apache-2.0
"""The clock: time enters the program here, and can be given instead."""

from __future__ import annotations

import datetime as dt

import click


def now() -> dt.datetime:
    """Return the time, in UTC, to the second."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)  # noqa: TID251 - here only


class UtcTime(click.ParamType[dt.datetime]):
    """A date, or an RFC 3339 time with an offset."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> dt.datetime:
        """Read ``2026-11-23`` as midnight UTC, or a full time with its offset."""
        if isinstance(value, dt.datetime):
            return value
        try:
            found = dt.datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no date or time, as in 2026-11-23 or 2026-11-23T09:00Z")
        if found.tzinfo is None and len(str(value)) > len("2026-11-23"):
            self.fail(f"{value!r} has no offset: write 2026-11-23T09:00Z", param, ctx)
        zoned = found if found.tzinfo else found.replace(tzinfo=dt.UTC)
        try:
            return zoned.astimezone(dt.UTC)
        except OverflowError:
            self.fail(f"{value!r} is outside of the calendar", param, ctx)
