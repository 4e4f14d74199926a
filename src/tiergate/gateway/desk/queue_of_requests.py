# SPDX-License-Identifier: Apache-2.0
"""Requests for access to every model: who waits, what they stated, and the answer to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from tiergate.errors import InputError
from tiergate.gateway import deciding
from tiergate.gateway.desk.paging import address, pages, whole_number
from tiergate.gateway.desk.visit import DeskVisit, see
from tiergate.gateway.overview import Alike, ListedRequest, stated
from tiergate.gateway.request_rows import AccessRequest, DecidedMeanwhileError, Status
from tiergate.gateway.roles import Right
from tiergate.gateway.terms import Less
from tiergate.gateway.votes import Vote
from tiergate.release.state import ReleaseState

NO_REQUEST = "There is no such request. It may have been made anew, or taken back."
_EVERY = "all"
_LONGEST_WORDS = 2000
_SAID = {
    "accepted": "Accepted. They have a grant now.",
    "voted": "Your word for it is kept. Somebody else has to be for it, too.",
    "rejected": "Rejected. What was given to them for it counts no more.",
}
_OWN = "It is your own request, and somebody else decides on it."
_NO_WORDS = "Say why: whoever asked reads it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One request of the list."""

    asked: ListedRequest
    """The request."""
    age_days: int
    """Days since it was made."""
    organisation: str
    jurisdiction: str
    purpose: str
    alike: Alike
    """Others that have something in common with it."""


def show_all(visit: DeskVisit) -> Response:
    """Show the requests, those that wait longest first."""
    overview, at = visit.parts.overview, visit.parts.clock()
    state, model = visit.query("state") or Status.PENDING.value, visit.query("model")
    status = Status(state) if state in set(Status) else None
    found = pages(visit.query("page"), overview.count(status=status, repository=model))
    those = overview.asked(status=status, repository=model, first=found.first)
    alike = overview.alike(those)
    words = {"state": state if state != Status.PENDING.value else "", "model": model}
    return visit.page(
        "requests.html.j2",
        rows=[_row(each, alike[each.id], at) for each in those],
        pages=found,
        state=status.value if status else _EVERY,
        states=[*(each.value for each in Status), _EVERY],
        model=model,
        models=[each.name for each in visit.parts.catalogue.repositories()],
        earlier=address("/-/requests", **words, page=str(found.number - 1)),
        later=address("/-/requests", **words, page=str(found.number + 1)),
        message=_SAID.get(visit.query("said"), ""),
    )


def show(visit: DeskVisit) -> Response:
    """Show one request with everything that helps to decide on it."""
    return _page(visit, "", 200)


def decide(visit: DeskVisit) -> Response:
    """Accept or reject a request."""
    found = _found(visit)
    if found is None:
        return visit.page("said.html.j2", 404, words=NO_REQUEST)
    if found.person == visit.person.name:
        return _page(visit, _OWN, 403)
    wanted = {"accept": Status.ACCEPTED, "reject": Status.REJECTED}.get(visit.text("act"))
    words = visit.text("words", _LONGEST_WORDS)
    if wanted is None:
        raise InputError("act", repr(visit.text("act")[:40]), "accept or reject")
    if wanted is Status.REJECTED and not words:
        return _page(visit, _NO_WORDS, 400)
    return _decided(visit, found, wanted, words)


def _decided(visit: DeskVisit, found: AccessRequest, wanted: Status, words: str) -> Response:
    """Decide, unless somebody else did since the page was made that was read."""
    by, at = visit.person.name, visit.parts.clock()
    try:
        if visit.text("seen", 60) != _version(found):
            expected = "as it was read"
            raise DecidedMeanwhileError(found.id, "decided meanwhile", expected)  # noqa: TRY301
        decided = deciding.decide(
            visit.parts, found, wanted, by=by, at=at, words=words, less=_less(visit), as_read=True
        )
    except DecidedMeanwhileError:
        now = _found(visit)
        return _page(visit, NO_REQUEST if now is None else _meanwhile(visit, now), 409)
    is_half = decided.status is Status.PENDING
    return see(f"/-/requests?said={'voted' if is_half else decided.status.value}")


def _less(visit: DeskVisit) -> Less:
    """Return what the form gives less of.

    Raises:
        InputError: a number is none.
    """
    return Less(
        days=whole_number("Days", visit.text("days", 12), 1, 3650),
        downloads=whole_number("Downloads", visit.text("downloads", 12), 1, 1_000_000),
        is_pinned=visit.text("pinned") == "1",
    )


def _found(visit: DeskVisit) -> AccessRequest | None:
    listed = visit.parts.overview.request(visit.arguments[0])
    if listed is None:
        return None
    return visit.parts.requests.numbered(listed.repository, listed.id)


def _version(request: AccessRequest) -> str:
    """Return what tells the state of a request that somebody has read from a later one."""
    at = "" if request.answered_at is None else f"{request.answered_at:%Y%m%d%H%M%S%f}"
    return f"{request.status.value}{at}"


def _meanwhile(visit: DeskVisit, found: AccessRequest) -> str:
    who = found.answered_by or "somebody"
    when = f" on {found.answered_at:%Y-%m-%d %H:%M} UTC" if found.answered_at else ""
    said = f", saying: {found.answer}" if found.answer else ""
    name = "You have" if who == visit.person.name else f"{who} has"
    return (
        f"Nothing was changed. {name} decided on it{when}: {found.status.value}{said}."
        " Read it again, and decide once more if it is still wrong."
    )


def _page(visit: DeskVisit, message: str, status: int) -> Response:
    found = _found(visit)
    if found is None:
        return visit.page("said.html.j2", 404, words=NO_REQUEST)
    parts, at = visit.parts, visit.parts.clock()
    listed = parts.overview.request(found.id)
    assert listed is not None  # noqa: S101 - it was found the line before
    repository = parts.catalogue.repository(found.repository)
    state = parts.releases.state("" if repository is None else repository.release, at)
    terms, count = parts.requests.terms(found.repository), parts.requests.count(found)
    return visit.page(
        "request.html.j2",
        status,
        asked=found,
        listed=listed,
        row=_row(listed, parts.overview.alike([listed])[listed.id], at),
        fields=sorted((str(k), str(v)) for k, v in found.fields.items()),
        version=_version(found),
        repository=repository,
        state=state,
        opened=_opened(state),
        terms=terms,
        count=count,
        votes=_votes(visit, found),
        history=parts.requests.history(found.repository, found.person),
        given=parts.overview.given(repository=found.repository, person=found.person),
        wording=parts.requests.wording(found.wording) if found.wording else "",
        at=at,
        message=message,
        is_own=found.person == visit.person.name,
        may_decide=Right.DECIDE in visit.person.rights,
    )


def _votes(visit: DeskVisit, found: AccessRequest) -> tuple[Vote, ...]:
    return visit.parts.requests.votes(found.id)


def _opened(state: ReleaseState) -> str:
    opened = [each.stage for each in state.stages if each.opened_at is not None]
    if not opened:
        return ""
    return f"{opened[-1].name}, {opened[-1].tier}, for {opened[-1].audience}"


def _row(asked: ListedRequest, alike: Alike, at: datetime) -> Row:
    return Row(
        asked=asked,
        age_days=(at - asked.asked_at).days,
        organisation=stated(asked, "organisation"),
        jurisdiction=stated(asked, "jurisdiction"),
        purpose=stated(asked, "purpose"),
        alike=alike,
    )
