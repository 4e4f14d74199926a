# SPDX-License-Identifier: Apache-2.0
"""What people did here: gave a grant or took it back, stopped downloads, changed an account.

People stand in it under the same digests as in the log of downloads, so that who was erased
there is erased here too.
"""

from __future__ import annotations

import enum
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from tiergate.gateway.audit import Pseudonyms
from tiergate.gateway.database import Database
from tiergate.gateway.tables import acts

_LONGEST_WORDS = 2000


class Deed(enum.StrEnum):
    """What can be done."""

    FOR_IT = "was for it"
    """Of two who decide, the first."""
    GRANTED = "granted"
    REOPENED = "reopened"
    REJECTED = "rejected"
    REVOKED = "revoked"
    STOPPED = "stopped"
    LIFTED = "lifted"
    DRILL = "drill"
    ACCOUNT = "account changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Somebody did something."""

    at: datetime
    """When."""
    who: str
    """Who, by the name of the account; of an act that is kept, its digest."""
    what: Deed
    """What."""
    about: str = ""
    """About which repository, stop or grant; empty for none, or for everything."""
    whom: str = ""
    """To whom, as ``who``; empty for nobody."""
    words: str = ""
    """What they said to it."""


class Acts:
    """The acts that are kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, act: Act) -> None:
        """Keep an act, in which digests stand for people."""
        row = {
            "id": secrets.token_hex(12),
            "at": act.at,
            "who": act.who,
            "what": act.what.value,
            "about": act.about,
            "whom": act.whom,
            "words": act.words[:_LONGEST_WORDS],
        }
        with self._database.writing() as connection:
            connection.execute(acts.insert(), row)

    def newest(
        self, most: int, *, about: str = "", who: str = "", what: Deed | None = None
    ) -> tuple[Act, ...]:
        """Return acts, the newest first.

        Args:
            most: how many at most.
            about: only about this; empty for everything.
            who: only of this digest, or to it; empty for everybody.
            what: only this; None for all.
        """
        query = sa.select(acts).order_by(acts.c.at.desc(), acts.c.id).limit(most)
        if about:
            query = query.where(acts.c.about == about)
        if who:
            query = query.where(sa.or_(acts.c.who == who, acts.c.whom == who))
        if what is not None:
            query = query.where(acts.c.what == what.value)
        with self._database.reading() as connection:
            return tuple(map(_act, connection.execute(query).mappings()))


class Keeping(Protocol):
    """What keeps acts, and knows under which digest people stand there."""

    @property
    def acts(self) -> Acts:
        """The acts."""
        ...

    @property
    def pseudonyms(self) -> Pseudonyms:
        """The digests."""
        ...


def note(parts: Keeping, act: Act) -> None:
    """Write down what somebody did."""
    known = parts.pseudonyms
    whom = known.of(act.whom) if act.whom else ""
    parts.acts.keep(replace(act, who=known.of(act.who), whom=whom))


def _act(row: sa.RowMapping) -> Act:
    fields = {name: row[name] for name in ("at", "who", "about", "whom", "words")}
    return Act(what=Deed(row["what"]), **fields)
