# SPDX-License-Identifier: Apache-2.0
"""What a stop would do: the decisions are gone through as if it stood, and nothing is ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from starlette.requests import Request

from tiergate.gateway.accounts import Person
from tiergate.gateway.guards import Guards, Parts, Visit
from tiergate.gateway.stops import EVERYTHING, Stop, Stops
from tiergate.gateway.targets import Kind, Target

MOST_DECISIONS = 5000
"""Decisions that are gone through at most: each reads the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of it for one model."""

    repository: str
    """Its name."""
    people: int
    """For how many people, nobody known among them, it was decided."""
    had: int
    """How many of them may download now."""
    would_have: int
    """How many still could if the stop stood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled:
    """What came of it for every model."""

    models: tuple[Tried, ...]
    """Each of them."""
    is_whole: bool
    """Whether nobody was left out."""

    @property
    def holds(self) -> bool:
        """Whether nothing would leave."""
        return not any(each.would_have for each in self.models)

    @property
    def words(self) -> str:
        """In one sentence."""
        people = sum(each.people for each in self.models)
        had = sum(each.had for each in self.models)
        left = sum(each.would_have for each in self.models)
        cut = "" if self.is_whole else f", of which the first {MOST_DECISIONS} were tried"
        return (
            f"{_counted(len(self.models), 'model')}, {_counted(people, 'decision')}{cut}:"
            f" {had} allow a download now, {left} would with the stop."
        )


class _AsIf(Stops):
    """The stops there are, and one more that is only thought of."""

    def __init__(self, real: Stops, thought: Stop) -> None:
        self._real = real
        self._thought = thought

    def on(self, repository: str) -> Stop | None:
        """Return what stands in the way of a repository."""
        if self._thought.repository in (EVERYTHING, repository):
            return self._thought
        return self._real.on(repository)


def _counted(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def drill(parts: Parts, request: Request, repository: str, at: datetime) -> Drilled:
    """Go through the decision about every model that a stop is about, for everybody it is about.

    These are all who have a grant for it, and somebody unknown.

    Args:
        parts: of the gateway.
        request: that of whoever tries it out.
        repository: which model; empty for everything.
        at: the time.
    """
    thought = Stop(
        id="stop-drill",
        repository=repository,
        reason="",
        stopped_by="",
        stopped_at=at,
        lifted_by="",
        lifted_at=None,
    )
    now = Guards(parts)
    then = Guards(replace(parts, stops=_AsIf(parts.stops, thought)))
    left, found, is_whole = MOST_DECISIONS, [], True
    for name in _models(parts, repository):
        everybody = _everybody(parts, name, at)
        people = everybody[:left]
        is_whole = is_whole and len(people) == len(everybody)
        left -= len(people)
        asked = [_visit(request, name, person, at) for person in people]
        found.append(
            Tried(
                repository=name,
                people=len(asked),
                had=sum(now.found(each).access.is_allowed for each in asked),
                would_have=sum(then.found(each).access.is_allowed for each in asked),
            )
        )
    return Drilled(models=tuple(found), is_whole=is_whole)


def _models(parts: Parts, repository: str) -> Iterator[str]:
    for each in parts.catalogue.repositories():
        if repository in (EVERYTHING, each.name):
            yield each.name


def _everybody(parts: Parts, repository: str, at: datetime) -> list[Person | None]:
    """Return somebody unknown, and everybody with a grant that counts."""
    names = parts.overview.holders(repository, at)
    return [None, *(p for name in names if (p := parts.accounts.person(name)) is not None)]


def _visit(request: Request, repository: str, person: Person | None, at: datetime) -> Visit:
    target = Target(kind=Kind.AUTH_CHECK, repository=repository)
    return Visit(request=request, target=target, person=person, at=at)
