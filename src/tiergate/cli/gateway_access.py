# SPDX-License-Identifier: Apache-2.0
"""From the command line to who asks for access to models of a gateway, and to the answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Literal, cast

from pydantic import BaseModel, ConfigDict

from tiergate.cli import clock
from tiergate.cli.duty import require_right
from tiergate.cli.gateway_house import open_house
from tiergate.errors import InputError

if TYPE_CHECKING:
    from tiergate.gateway.guards import Parts
    from tiergate.gateway.house import House
    from tiergate.gateway.overview import ListedRequest
    from tiergate.gateway.request_rows import AccessRequest

EVERY = "all"
"""In place of a state."""


class GatewayRequest(BaseModel):
    """One request for access."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    id: str
    """Its name."""
    repository: str
    """For which model."""
    account: str
    """Who asks."""
    full_name: str
    """Their name for people; empty where they do not share it."""
    state: str
    """What became of it."""
    asked_at: datetime
    """When they asked."""
    stated: dict[str, str]
    """What they stated, which nobody has checked."""
    answered_by: str
    """Who decided, last; empty when nobody has."""
    those_for: tuple[str, ...]
    """Who is for it so far."""
    needed: int
    """How many have to be."""
    grant: str
    """The grant that they have for this model and that lasts longest; empty for none."""
    until: datetime | None
    """When that ends."""


class GatewayRequestsDocument(BaseModel):
    """What ``tiergate gateway requests --json`` prints."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    format: Literal["tiergate-gateway-requests/1"] = "tiergate-gateway-requests/1"
    """Format and version of this document."""
    requests: tuple[GatewayRequest, ...]
    """What waits oldest first, what is decided newest first."""


def listed(folder: str, state: str, repository: str) -> GatewayRequestsDocument:
    """Return the requests of every model.

    Args:
        folder: of the gateway.
        state: only those; ``all`` for every one.
        repository: only for this model; empty for every one.
    """
    with closing(open_house(folder)) as house:
        from tiergate.gateway.request_rows import Status

        status = None if state == EVERY else Status(state)
        most = house.overview.count(status=status, repository=repository)
        rows = house.overview.asked(status=status, repository=repository, most=most)
        found = (_row(house, each) for each in rows)
        return GatewayRequestsDocument(requests=tuple(each for each in found if each is not None))


def _row(house: House, asked: ListedRequest) -> GatewayRequest | None:
    """Return what is printed of a request; None for one that was taken back meanwhile."""
    found = house.requests.numbered(asked.repository, asked.id)
    if found is None:
        return None
    count = house.requests.count(found)
    lasting = house.requests.lasting(found, clock.now())
    return GatewayRequest(
        id=asked.id,
        repository=asked.repository,
        account=asked.person,
        full_name=asked.full_name if asked.shares_name else "",
        state=asked.status.value,
        asked_at=asked.asked_at,
        stated=dict(asked.fields),
        answered_by=asked.answered_by,
        those_for=tuple(sorted(count.people)),
        needed=count.needed,
        grant="" if lasting is None else lasting.grant.id,
        until=None if lasting is None else lasting.grant.until,
    )


def request_lines(requests: Iterable[GatewayRequest]) -> Iterator[str]:
    """Yield requests as text, without anything that would do something to a terminal."""
    for each in requests:
        called = f" ({each.full_name})" if each.full_name else ""
        yield _plain(f"{each.id}  {each.state:<8}  {each.repository}  {each.account}{called}")
        by = f"; {each.answered_by} decided last" if each.answered_by else ""
        yield _plain(f"  asked on {each.asked_at:%Y-%m-%d %H:%M} UTC{by}")
        for name, value in sorted(each.stated.items()):
            yield _plain(f"  {name}: {value}")
        if each.needed > 1 and each.state == "pending":
            who = f": {', '.join(each.those_for)}" if each.those_for else ""
            yield _plain(f"  {len(each.those_for)} of {each.needed} are for it{who}")
        if each.until is not None:
            yield f"  {each.grant} until {each.until:%Y-%m-%d %H:%M} UTC"


def accepted(  # noqa: PLR0913 - one for each option
    folder: str, name: str, *, by: str, words: str, days: int | None, downloads: int | None
) -> Iterator[str]:
    """Be for a request, and yield what came of it.

    Args:
        folder: of the gateway.
        name: of the request.
        by: the account of whoever decides; whoever can write to the folder is believed.
        words: what they say to it.
        days: how long the grant lasts, where that is less than the terms say.
        downloads: how often each file may be downloaded, where that is less.

    Raises:
        InputError: there is no such request, it was accepted already, or the account may not
            decide on it.
    """
    with closing(open_house(folder)) as house:
        from tiergate.gateway.deciding import decide
        from tiergate.gateway.request_rows import Status
        from tiergate.gateway.terms import Less

        asked = _asked(house, name, by)
        if asked.status is Status.ACCEPTED:
            found = f"a request that {asked.answered_by} has accepted"
            raise InputError(name, found, "one that was not accepted")
        at, less = clock.now(), Less(days=days, downloads=downloads)
        # What decides needs the requests, the acts and the log of the parts, which a house has.
        parts = cast("Parts", house)
        done = decide(
            parts, asked, Status.ACCEPTED, by=by, at=at, words=words, less=less, as_read=True
        )
        if done.status is not Status.ACCEPTED:
            count = house.requests.count(done)
            yield f"{len(count.people)} of {count.needed} are for {name}; it waits for another one."
            return
        given = house.requests.given(done.repository, done.person)[-1]
        until = f"until {given.grant.until:%Y-%m-%d %H:%M} UTC"
        yield f"Accepted {name}: {done.person} has {given.grant.id} for {done.repository} {until}."


def rejected(folder: str, name: str, *, by: str, words: str) -> str:
    """Turn a request down, with every grant of that person for the model; return what was done.

    Raises:
        InputError: there is no such request, nothing is said, or the account may not decide on it.
    """
    with closing(open_house(folder)) as house:
        from tiergate.gateway.deciding import decide
        from tiergate.gateway.request_rows import Status

        asked, parts = _asked(house, name, by), cast("Parts", house)
        if not words.strip():
            raise InputError("--words", "nothing", "why: whoever asked reads it")
        at = clock.now()
        decide(parts, asked, Status.REJECTED, by=by, at=at, words=words, as_read=True)
        return f"Rejected {name}: {asked.person} has no grant for {asked.repository} any more."


def revoked(folder: str, grant: str, *, by: str, words: str) -> Iterator[str]:
    """Take back what somebody has for a model, and yield what that reaches.

    Raises:
        InputError: there is no such grant, it counts no more, or the account may not decide.
    """
    with closing(open_house(folder)) as house:
        from tiergate.gateway.deciding import revoke
        from tiergate.gateway.roles import Right

        require_right(house, by, Right.DECIDE)
        found, at = house.overview.grant(grant), clock.now()
        if found is None:
            raise InputError(grant, "no grant of that name", "one that was given here")
        if not found.counts(at):
            raise InputError(grant, f"a grant that counts no more: {found.standing(at)}", "one")
        parts = cast("Parts", house)
        revoke(parts, found.repository, found.person, by=by, at=at, words=words)
        yield f"Revoked every grant of {found.person} for {found.repository}."
        yield "A running download ends within seconds; copies that were made are out of reach."


def _asked(house: House, name: str, by: str) -> AccessRequest:
    """Return a request that an account may decide on.

    Raises:
        InputError: there is none, or it may not.
    """
    from tiergate.gateway.roles import Right

    require_right(house, by, Right.DECIDE)
    listed = house.overview.request(name)
    found = None if listed is None else house.requests.numbered(listed.repository, name)
    if found is None:
        gone = "no request of that name; it may have been made anew, or taken back"
        raise InputError(name, gone, "one that `tiergate gateway requests` lists")
    return found


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)
