# SPDX-License-Identifier: Apache-2.0
"""What somebody sees of themselves: what they asked for, what they were given, and their tokens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from starlette.responses import Response

from tiergate.errors import InputError
from tiergate.gateway.accounts import Person
from tiergate.gateway.desk.visit import DeskVisit, see
from tiergate.gateway.own_requests import request_words
from tiergate.gateway.roles import GatewayRole, Right, rights_of
from tiergate.gateway.scopes import USUAL, Scope
from tiergate.gateway.tokens import LONGEST_LABEL, Token

HOME = "/-/me"
DAYS = (1, 7, 30, 90, 365)
"""How long a token can be made to count."""
_USUAL_DAYS = 30
_MOST_TOKENS = 50
_MOST_GRANTS = 200
SCOPE_WORDS = MappingProxyType(
    {
        Scope.READ: "See and download what you may",
        Scope.REQUEST: "Ask for access in your name",
        Scope.PUBLISH: "Upload where you may",
        Scope.APPROVE: "Decide who gets access",
        Scope.AUDIT: "Read the log",
    }
)
"""What each scope lets whoever has the token do, in words for its holder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A scope that can be ticked."""

    scope: Scope
    """Which."""
    words: str
    """What it is good for."""
    is_usual: bool
    """Whether it is ticked from the beginning."""


def show(visit: DeskVisit) -> Response:
    """Show somebody what is theirs."""
    parts, at, name = visit.parts, visit.parts.clock(), visit.person.name
    given = parts.overview.given(person=name, most=_MOST_GRANTS)
    return visit.page(
        "me.html.j2",
        person=visit.person,
        roles=sorted(role.value for role in visit.person.roles),
        asked=[(row, request_words(row)) for row in parts.mine.requests(name)],
        given=[(grant, grant.standing(at)) for grant in given],
        tokens=parts.accounts.tokens.of(name, at),
        url=parts.url,
    )


def take_back(visit: DeskVisit) -> Response:
    """Take back a request that nobody has answered yet."""
    visit.parts.requests.cancel(
        visit.text("repository", 200), visit.person.name, visit.parts.clock()
    )
    return see(HOME)


def token_form(visit: DeskVisit) -> Response:
    """Ask what a new token is for."""
    return _token_page(visit)


def make_token(visit: DeskVisit) -> Response:
    """Make a token, and show it this once."""
    scopes, days = chosen(visit, visit.person), visit.text("days", 8)
    if not scopes or days not in map(str, DAYS):
        return _token_page(visit, problem="Say how long it counts, and what for.")
    at, tokens = visit.parts.clock(), visit.parts.accounts.tokens
    if len(tokens.of(visit.person.name, at)) >= _MOST_TOKENS:
        return _token_page(visit, problem=f"Nobody needs more than {_MOST_TOKENS}. End one first.")
    made = Token(
        person=visit.person.name,
        until=at + timedelta(days=int(days)),
        label=visit.text("label", LONGEST_LABEL),
        scopes=scopes,
        created_at=at,
    )
    return _token_page(visit, made=tokens.make(made), token=made)


def end_token(visit: DeskVisit) -> Response:
    """End one of their tokens."""
    if not visit.parts.accounts.tokens.revoke(visit.person.name, visit.text("token", 64)):
        raise InputError("token", "none of yours", "one that counts still")
    return see(HOME)


def choices(person: Person) -> tuple[Choice, ...]:
    """Return what a token of somebody can count for: what does nothing for them is left out."""
    return tuple(
        Choice(scope=scope, words=SCOPE_WORDS[scope], is_usual=scope in USUAL)
        for scope in _useful(person)
    )


def chosen(visit: DeskVisit, person: Person) -> frozenset[Scope]:
    """Return the scopes that were ticked on a form, of those that can be."""
    found = visit.form.get("scope", ())
    words = (found,) if isinstance(found, str) else found if isinstance(found, list) else ()
    return frozenset(scope for scope in _useful(person) if scope.value in words)


def _useful(person: Person) -> Iterable[Scope]:
    rights = rights_of(person.roles)
    yield from USUAL
    if person.roles & {GatewayRole.OWNER, GatewayRole.PUBLISHER}:
        yield Scope.PUBLISH
    if Right.DECIDE in rights:
        yield Scope.APPROVE
    if Right.READ_LOG in rights:
        yield Scope.AUDIT


def _token_page(
    visit: DeskVisit, *, problem: str = "", made: str = "", token: Token | None = None
) -> Response:
    return visit.page(
        "token.html.j2",
        400 if problem else 200,
        problem=problem,
        made=made,
        token=token,
        choices=choices(visit.person),
        days=DAYS,
        usual_days=_USUAL_DAYS,
        url=visit.parts.url,
    )
