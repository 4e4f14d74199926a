# SPDX-License-Identifier: Apache-2.0
"""Stops: the operator ends all downloads of one model, or of every one, at once.

A freeze is entered in the ledger of releases by people with keys. A stop needs no key and only
closes, so that whoever is on duty can act first. It is read for every request, in every process.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from tiergate.errors import InputError
from tiergate.gateway.database import Database
from tiergate.gateway.tables import stops

EVERYTHING = ""
"""In place of the name of a repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Downloads were ended."""

    id: str
    """Its name, which those who are refused are told."""
    repository: str
    """What it is about; empty for everything."""
    reason: str
    """Why, for those who work here."""
    stopped_by: str
    """Who did it."""
    stopped_at: datetime
    """When."""
    lifted_by: str
    """Who lifted it; empty for nobody."""
    lifted_at: datetime | None
    """When it was lifted; None while it stands."""
    is_drill: bool = False
    """Whether it was tried out and nothing was ended."""

    @property
    def named(self) -> str:
        """What those who work here call it: what it is about, since when, and by whom."""
        by = f" by {self.stopped_by}" if self.stopped_by else ""
        about = self.repository or "everything"
        return f"{self.id} of {about}, made on {self.stopped_at:%Y-%m-%d %H:%M} UTC{by}"

    @property
    def words(self) -> str:
        """What those who are refused are told."""
        return f"Stopped on {self.stopped_at:%Y-%m-%d %H:%M} UTC, incident {self.id}."


class Stops:
    """Which stops there are."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stop(self, repository: str, *, by: str, reason: str, at: datetime) -> Stop:
        """End all downloads of a repository, or of every one.

        Args:
            repository: its name; empty for everything, what is offered later too.
            by: who does it.
            reason: why; those who are refused are not told.
            at: the time.
        """
        made = _made(repository, by=by, reason=reason, at=at)
        self._keep(made)
        return made

    def drill(self, repository: str, *, by: str, reason: str, at: datetime) -> Stop:
        """Keep that a stop was tried out. It ends no download, and has been lifted already.

        Args:
            repository: what it was about; empty for everything.
            by: who did it.
            reason: why, and what came of it.
            at: the time.
        """
        tried = replace(
            _made(repository, by=by, reason=reason, at=at),
            lifted_by=by,
            lifted_at=at,
            is_drill=True,
        )
        self._keep(tried)
        return tried

    def _keep(self, made: Stop) -> None:
        row = {column.name: getattr(made, column.name) for column in stops.columns}
        with self._database.writing() as connection:
            connection.execute(stops.insert(), row)

    def lift(self, name: str, *, by: str, at: datetime) -> None:
        """Lift a stop.

        Raises:
            InputError: there is none that stands, or whoever made it would lift it.
        """
        found = next((stop for stop in self.standing() if stop.id == name), None)
        if found is None:
            raise InputError(name, "no stop that stands", "one that does")
        if found.stopped_by == by:
            raise InputError(by, "the person who stopped it", "somebody else to lift it")
        with self._database.writing() as connection:
            connection.execute(
                stops.update().filter_by(id=name, lifted_at=None).values(lifted_by=by, lifted_at=at)
            )

    def on(self, repository: str) -> Stop | None:
        """Return the oldest stop that stands in the way of a repository; None when none does."""
        either = stops.c.repository.in_((repository, EVERYTHING))
        return next(iter(self._select(stops.c.lifted_at.is_(None) & either)), None)

    def also(self, repository: str, *, but: str = "") -> tuple[Stop, ...]:
        """Return the stops that stand in the way of a repository, or of everything alike.

        Args:
            repository: its name; empty for everything, which also a stop of one model is part of.
            but: one to leave out.
        """
        return tuple(
            each
            for each in self.standing()
            if each.id != but
            and (repository == EVERYTHING or each.repository in (EVERYTHING, repository))
        )

    def standing(self) -> tuple[Stop, ...]:
        """Return the stops that stand, the oldest first."""
        return self._select(stops.c.lifted_at.is_(None))

    def all(self) -> tuple[Stop, ...]:
        """Return every stop that there ever was, the oldest first."""
        return self._select(sa.true())

    def _select(self, which: sa.ColumnElement[bool]) -> tuple[Stop, ...]:
        query = sa.select(stops).where(which).order_by(stops.c.stopped_at, stops.c.id)
        with self._database.reading() as connection:
            return tuple(Stop(**row) for row in connection.execute(query).mappings())


def _made(repository: str, *, by: str, reason: str, at: datetime) -> Stop:
    return Stop(
        id=f"stop-{secrets.token_hex(4)}",
        repository=repository,
        reason=reason,
        stopped_by=by,
        stopped_at=at,
        lifted_by="",
        lifted_at=None,
    )
