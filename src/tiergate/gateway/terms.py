# SPDX-License-Identifier: Apache-2.0
"""On which terms access is given: the operator sets them, for grants from then on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace

import sqlalchemy as sa

from tiergate.errors import InputError
from tiergate.gateway import tables

GRANT_DAYS = 90
"""How long a grant lasts when nobody says otherwise."""
LONGEST_CRITERIA = 20_000
"""Characters of the criteria, at most."""
MOST_REVIEWERS = 2
_MOST_DAYS = 3650
_MOST_DOWNLOADS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a grant of one repository is, and who gives it."""

    criteria: str = ""
    """Who gets access, in words that are published; empty for nothing said."""
    reviewers: int = 1
    """How many people have to be for it, 1 or 2."""
    grant_days: int = GRANT_DAYS
    """How long a grant lasts."""
    downloads: int | None = None
    """How often each file may be downloaded under one grant; None for any number."""
    is_pinned: bool = False
    """Whether a grant is for the revision alone that is current when it is given."""
    is_marked: bool = False
    """Whether the weights of each recipient name their grant."""

    def __post_init__(self) -> None:
        """Check them.

        Raises:
            InputError: something is out of bounds.
        """
        for name, found, least, most in (
            ("reviewers", self.reviewers, 1, MOST_REVIEWERS),
            ("grant days", self.grant_days, 1, _MOST_DAYS),
            ("downloads", 1 if self.downloads is None else self.downloads, 1, _MOST_DOWNLOADS),
            ("length of the criteria", len(self.criteria), 0, LONGEST_CRITERIA),
        ):
            if not least <= found <= most:
                raise InputError(name, str(found), f"{least} to {most}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Less:
    """What whoever decides gives less of than the terms of a repository."""

    days: int | None = None
    """How long the grant lasts; None for as long as the terms say."""
    downloads: int | None = None
    """How often each file may be downloaded; None for as often as the terms say."""
    is_pinned: bool = False
    """Whether it is for the current revision alone, whatever the terms say."""

    def of(self, terms: Terms) -> Terms:
        """Return terms that give no more than these, and no more than this.

        >>> Less(days=900, downloads=3).of(Terms()).grant_days
        90
        """
        limits = [n for n in (terms.downloads, self.downloads) if n is not None]
        return replace(
            terms,
            grant_days=min(terms.grant_days, self.days or terms.grant_days),
            downloads=min(limits, default=None),
            is_pinned=terms.is_pinned or self.is_pinned,
        )


NO_LESS = Less()
"""All that the terms give."""
_COLUMNS = [tables.terms.c[field.name] for field in fields(Terms)]


def read_terms(connection: sa.Connection, repository: str) -> Terms:
    """Return the terms of a repository; the default ones where none were set."""
    query = sa.select(*_COLUMNS).where(tables.terms.c.repository == repository)
    row = connection.execute(query).mappings().first()
    return Terms() if row is None else Terms(**row)


def write_terms(connection: sa.Connection, repository: str, terms: Terms) -> None:
    """Set the terms of a repository. Grants that were given before stay as they are."""
    key = {"repository": repository}
    connection.execute(tables.terms.delete().filter_by(**key))
    connection.execute(tables.terms.insert(), {**key, **asdict(terms)})
