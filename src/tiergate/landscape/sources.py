# SPDX-License-Identifier: Apache-2.0
"""Where a fact is from, and how it is known.

Whoever prints a fact prints its mark: text that nobody here has read at first hand must not look
like text that somebody has.
"""

from __future__ import annotations

import enum
import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator

_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


class ReadAs(enum.StrEnum):
    """How a fact is known."""

    PRIMARY = "primary text"
    """The document's own text was read, in a copy."""
    SECONDARY = "secondary"
    """Read in what somebody else wrote about it."""
    BACKGROUND = "background"
    """Not checked: check before relying on it."""

    @property
    def mark(self) -> str:
        """What a reader has to know of how the fact is known; empty for primary text."""
        if self is ReadAs.PRIMARY:
            return ""
        return "read second-hand" if self is ReadAs.SECONDARY else "not checked"


class RowReadAs(enum.StrEnum):
    """How what stands in a row of a table is known: as facts are, or computed here."""

    PRIMARY = "primary text"
    """The document's own text was read, in a copy."""
    SECONDARY = "secondary"
    """Read in what somebody else wrote about it."""
    BACKGROUND = "background"
    """Not checked: check before relying on it."""
    COMPUTED = "computed"
    """Computed here, from data that was read."""

    @property
    def mark(self) -> str:
        """What a reader has to know of how it is known; empty for primary text."""
        return "computed" if self is RowReadAs.COMPUTED else ReadAs(self).mark


def a_date(found: object) -> str:
    """Return ``found`` as text when it is a day, a month or a year of the calendar.

    A year alone is read as a number where it is not quoted.

    Raises:
        ValueError: it is none of them.

    >>> a_date("2026-07"), a_date(2026)
    ('2026-07', '2026')
    """
    text = str(found)
    try:
        if _DATE.fullmatch(text):
            date.fromisoformat(f"{text}-01-01"[:10])
            return text
    except ValueError:
        pass
    raise ValueError("a day, month or year of the calendar, as in 2026-11-23, 2026-11 or 2026")


CalendarDate = Annotated[str, BeforeValidator(a_date, json_schema_input_type=str | int)]
"""A day, a month or a year, as text."""
