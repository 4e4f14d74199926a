# SPDX-License-Identifier: Apache-2.0
"""What people did here: gave a grant or took it back, stopped downloads, changed an account.

People stand in it under the same digests as in the log of downloads, so that who was erased
there is erased here too. Each act is written into that log as well, which is signed; the table
is for looking things up, and whether both say the same is part of verifying.
"""

from __future__ import annotations

import enum
import logging
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from tiergate.errors import VerificationError
from tiergate.gateway.audit import Pseudonyms
from tiergate.gateway.database import Database
from tiergate.gateway.tables import acts

_log = logging.getLogger(__name__)
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

    def keep(self, act: Act) -> dict[str, str]:
        """Keep an act, in which digests stand for people; return it as the log has it."""
        row = {
            "id": secrets.token_hex(12),
            "at": act.at.replace(microsecond=0),
            "who": act.who,
            "what": act.what.value,
            "about": act.about,
            "whom": act.whom,
            "words": act.words[:_LONGEST_WORDS],
        }
        with self._database.writing() as connection:
            connection.execute(acts.insert(), row)
        return _as_written(row)

    def differences(self, log: Iterable[Mapping[str, str]]) -> Iterator[str]:
        """Say in what the table says something else than the log.

        Args:
            log: every act, as the log has it.
        """
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(acts)).mappings().all()
        kept = {row["id"]: _as_written(dict(row)) for row in rows}
        for act in log:
            found = kept.pop(act.get("id", ""), None)
            if found != act:
                yield f"the act {act.get('id')} is {'changed' if found else 'gone'} in the table"
        for name in kept:
            yield f"the act {name} stands in the table and not in the log"

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


class Noting(Protocol):
    """What writes acts into the log."""

    def note(self, act: Mapping[str, str], /) -> None:
        """Write one."""
        ...


class Keeping(Protocol):
    """What keeps acts, and knows under which digest people stand there."""

    @property
    def audit(self) -> Noting:
        """The log."""
        ...

    @property
    def acts(self) -> Acts:
        """The acts."""
        ...

    @property
    def pseudonyms(self) -> Pseudonyms:
        """The digests."""
        ...


def note(parts: Keeping, act: Act) -> None:
    """Write down what somebody did.

    It has been done by then: where the log takes nothing, that is said there and found by
    verifying, but a stop or a revocation stands.
    """
    known = parts.pseudonyms
    whom = known.of(act.whom) if act.whom else ""
    row = parts.acts.keep(replace(act, who=known.of(act.who), whom=whom))
    try:
        parts.audit.note(row)
    except VerificationError as error:
        _log.error("an act is not in the log: %s", error)


def _as_written(row: Mapping[str, Any]) -> dict[str, str]:
    return {**row, "at": f"{row['at']:%Y-%m-%dT%H:%M:%SZ}"}


def _act(row: sa.RowMapping) -> Act:
    fields = {name: row[name] for name in ("at", "who", "about", "whom", "words")}
    return Act(what=Deed(row["what"]), **fields)
