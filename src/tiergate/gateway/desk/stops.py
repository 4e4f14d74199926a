# SPDX-License-Identifier: Apache-2.0
"""Stopping downloads, after a look at what that does; lifting a stop; trying one out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from tiergate.errors import InputError, TiergateError
from tiergate.gateway.acts import Act, Deed, note
from tiergate.gateway.desk.visit import DeskVisit, see
from tiergate.gateway.drill import Drilled, drill
from tiergate.gateway.lanes import freeze_command
from tiergate.gateway.log import Left
from tiergate.gateway.log_lines import Wanted
from tiergate.gateway.stops import EVERYTHING, Stop

RUNNING = timedelta(minutes=10)
"""A download that began so long ago may still be running."""
_ALL = "*"
_LONGEST_REASON = 500
_NO_REASON = "Say why: whoever comes on duty after you has to know."
_SAID = {
    "stopped": "Stopped. Downloads that are running are cut off within seconds.",
    "again": (
        "Stopped. Another stop stood in the way already: each of them, with who made it, is below"
        " and has to be lifted by itself."
    ),
    "standing": "Your stop of that stands already.",
    "lifted": "Lifted. What the release and the grants allow is served again.",
    "remains": "Lifted, and another stop stands in the way still. It is below.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a stop reaches, and what it does not."""

    repository: str
    """The model; empty for everything."""
    releases: tuple[str, ...]
    """Releases that decide over what it is about."""
    models: tuple[str, ...]
    """Models that nobody gets any more."""
    holders: tuple[str, ...]
    """Accounts with a grant that counts now."""
    by_ledger: int
    """Grants of the ledger that count now."""
    running: tuple[tuple[str, int], ...]
    """Models of which downloads began in the last minutes, and how many."""
    copies: tuple[Left, ...]
    """What has left already, which nothing reaches."""
    receivers: tuple[str, ...]
    """To whom; those who were erased under their digest."""
    standing: tuple[Stop, ...]
    """Stops that stand in the way already."""
    problem: str
    """Why the log could not be read; empty when it could."""

    @property
    def commands(self) -> tuple[str, ...]:
        """What freezes these releases in the ledger."""
        return tuple(map(freeze_command, self.releases))


def show(visit: DeskVisit) -> Response:
    """Show which stops stand, and which there were."""
    return _page(visit, _SAID.get(visit.query("said"), ""))


def preview(visit: DeskVisit) -> Response:
    """Show what a stop would do, before anybody confirms it."""
    repository = _about(visit, visit.query("about"))
    return _preview(visit, repository)


def stop(visit: DeskVisit) -> Response:
    """Stop. It asks for no login a moment ago: it only closes, and has to be fast."""
    repository, reason = _about(visit, visit.text("about")), visit.text("reason", _LONGEST_REASON)
    if not reason:
        return _preview(visit, repository, _NO_REASON, 400)
    stops, by, at = visit.parts.stops, visit.person.name, visit.parts.clock()
    if any(s.repository == repository and s.stopped_by == by for s in stops.standing()):
        return see("/-/stops?said=standing")
    is_first = not stops.also(repository)
    made = stops.stop(repository, by=by, reason=reason, at=at)
    note(visit.parts, _act(made, Deed.STOPPED, by, at, reason))
    return see(f"/-/stops?said={'stopped' if is_first else 'again'}")


def try_out(visit: DeskVisit) -> Response:
    """Go through every decision as if a stop stood, and keep that it was tried."""
    repository, reason = _about(visit, visit.text("about")), visit.text("reason", _LONGEST_REASON)
    by, at = visit.person.name, visit.parts.clock()
    drilled = drill(visit.parts, visit.request, repository, at)
    words = f"{drilled.words} {reason}".strip()
    made = visit.parts.stops.drill(repository, by=by, reason=words, at=at)
    note(visit.parts, _act(made, Deed.DRILL, by, at, words))
    return _preview(visit, repository, drilled=drilled)


def lift(visit: DeskVisit) -> Response:
    """Lift a stop that somebody else made."""
    name, by, at = visit.arguments[0], visit.person.name, visit.parts.clock()
    made = next((each for each in visit.parts.stops.standing() if each.id == name), None)
    try:
        visit.parts.stops.lift(name, by=by, at=at)
    except InputError as error:
        return _page(visit, f"Not lifted: {error}", 409)
    if made is not None:
        note(visit.parts, _act(made, Deed.LIFTED, by, at, visit.text("reason", _LONGEST_REASON)))
    is_last = made is None or not visit.parts.stops.also(made.repository)
    return see(f"/-/stops?said={'lifted' if is_last else 'remains'}")


def _act(made: Stop, what: Deed, by: str, at: datetime, words: str) -> Act:
    about = f"{made.id} of {made.repository or 'everything'}"
    return Act(at=at, who=by, what=what, about=about, words=words)


def _page(visit: DeskVisit, message: str, status: int = 200) -> Response:
    stops = visit.parts.stops.all()
    standing = [each for each in stops if each.lifted_at is None]
    return visit.page(
        "stops.html.j2",
        status,
        message=message,
        standing=[(each, _releases(visit, each.repository)) for each in standing],
        past=[each for each in reversed(stops) if each.lifted_at is not None][:200],
        models=[each.name for each in visit.parts.catalogue.repositories()],
        freeze=freeze_command,
    )


def _preview(
    visit: DeskVisit,
    repository: str,
    message: str = "",
    status: int = 200,
    drilled: Drilled | None = None,
) -> Response:
    return visit.page(
        "stop.html.j2",
        status,
        reach=reach(visit, repository),
        about=repository or _ALL,
        message=message,
        drilled=drilled,
        minutes=int(RUNNING.total_seconds() // 60),
    )


def _about(visit: DeskVisit, name: str) -> str:
    """Return what a stop is about.

    Raises:
        InputError: there is no such model.
    """
    if name == _ALL:
        return EVERYTHING
    if not name or visit.parts.catalogue.repository(name) is None:
        raise InputError("about", repr(name[:80]), "a model that is offered here, or everything")
    return name


def _releases(visit: DeskVisit, repository: str) -> tuple[str, ...]:
    found = visit.parts.catalogue.repositories()
    return tuple(sorted({each.release for each in found if repository in (EVERYTHING, each.name)}))


def reach(visit: DeskVisit, repository: str) -> Reach:
    """Find out what a stop reaches, and what it does not."""
    parts, at = visit.parts, visit.parts.clock()
    releases = _releases(visit, repository)
    wanted = Wanted(repository=repository)
    recent = Wanted(repository=repository, since=f"{at - RUNNING:%Y-%m-%dT%H:%M:%SZ}")
    problem = ""
    try:
        parts.lines.catch_up()
    except (TiergateError, OSError) as error:
        problem = str(error)
    names = parts.pseudonyms.names()
    return Reach(
        repository=repository,
        releases=releases,
        models=tuple(
            each.name
            for each in parts.catalogue.repositories()
            if repository in (EVERYTHING, each.name)
        ),
        holders=parts.overview.holders(repository, at),
        by_ledger=sum(len(parts.releases.state(name, at).grants) for name in releases),
        running=tuple((each.repository, each.requests) for each in parts.lines.copies(recent)),
        copies=parts.lines.copies(wanted),
        receivers=tuple(names.get(who, who[:12]) for who in parts.lines.receivers(wanted)),
        standing=parts.stops.also(repository),
        problem=problem,
    )
