# SPDX-License-Identifier: Apache-2.0
"""Releases as lanes, and everything that happened to one."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from tiergate.errors import TiergateError
from tiergate.gateway.desk.visit import DeskVisit
from tiergate.gateway.lanes import Card, Lane, commands, freeze_command
from tiergate.release.bodies import Decided, Granted
from tiergate.release.event_words import words_of
from tiergate.release.events import Clock, Event
from tiergate.release.state import ReleaseState, Standing

NO_RELEASE = "There is no such release."


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """One event, as it is shown."""

    event: Event
    """The event."""
    words: str
    """What it states."""
    decision: str
    """The decision that it enters, in hexadecimal; empty for none."""
    refused: str
    """Why it does not count; empty when it does."""
    is_given: bool
    """Whether its time is what somebody said."""


def show_all(visit: DeskVisit) -> Response:
    """Show every release in its lane."""
    releases, at = visit.parts.releases, visit.parts.clock()
    repositories = visit.parts.catalogue.repositories()
    names = sorted({*releases.names(), *(each.release for each in repositories)})
    cards = [card_of(visit, name) for name in names]
    withdrawn = [card for card in cards if card.state.standing is Standing.WITHDRAWN]
    others = [card for card in cards if card not in withdrawn]
    return visit.page(
        "releases.html.j2",
        lanes=[(lane, [card for card in others if card.lane is lane]) for lane in Lane],
        withdrawn=withdrawn,
        problem=releases.problem,
        at=at,
    )


def card_of(visit: DeskVisit, name: str) -> Card:
    """Return a release as it is shown in its lane."""
    parts = visit.parts
    models = tuple(r.name for r in parts.catalogue.repositories() if r.release == name)
    stops = [stop for model in models if (stop := parts.stops.on(model)) is not None]
    return Card(
        name=name,
        models=models,
        state=parts.releases.state(name, parts.clock()),
        stops=tuple(dict.fromkeys(stop.words for stop in stops)),
    )


def show(visit: DeskVisit) -> Response:
    """Show one release with its whole history."""
    name = visit.arguments[0]
    card = card_of(visit, name)
    if not card.models and card.state.standing is Standing.NOTHING:
        return visit.page("said.html.j2", 404, words=NO_RELEASE)
    events: tuple[Event, ...] = ()
    problem = visit.parts.releases.problem
    try:
        events = visit.parts.releases.events(name)
    except (TiergateError, OSError) as error:
        problem = str(error)
    decided = card.state.decided
    return visit.page(
        "release.html.j2",
        card=card,
        state=card.state,
        problem=problem,
        events=[_view(event, card.state) for event in reversed(events)],
        commands=commands(name, card.state),
        freeze="" if card.state.standing is Standing.NOTHING else freeze_command(name),
        decision="" if decided is None else decided.decision.removeprefix("sha256:"),
        approvals=() if card.state.quorum is None else card.state.quorum.approved_by,
        grants=[e for e in card.state.grants if isinstance(e.body, Granted)],
    )


def _view(event: Event, state: ReleaseState) -> EventView:
    refused = [r for r in state.refused if r.sequence == event.sequence]
    body = event.body
    return EventView(
        event=event,
        words=words_of(event),
        decision=body.decision.removeprefix("sha256:") if isinstance(body, Decided) else "",
        refused="; ".join(f"{each.rule.value}: {each.text}" for each in refused),
        is_given=event.clock is Clock.GIVEN,
    )
