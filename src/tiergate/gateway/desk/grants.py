# SPDX-License-Identifier: Apache-2.0
"""Grants: who has what until when, what was downloaded under one, and taking it back."""

from __future__ import annotations

from starlette.responses import Response

from tiergate.errors import TiergateError
from tiergate.gateway import deciding
from tiergate.gateway.desk.paging import PAGE, address
from tiergate.gateway.desk.visit import DeskVisit, see
from tiergate.gateway.log_lines import Wanted
from tiergate.gateway.overview import ListedGrant
from tiergate.gateway.roles import Right

NO_GRANT = "There is no such grant."
_ALL = "all"
_MOST_LINES = 200
_LONGEST_WORDS = 500


def show_all(visit: DeskVisit) -> Response:
    """Show grants: those that count now, the first to end first."""
    parts, at = visit.parts, visit.parts.clock()
    model, person, which = visit.query("model"), visit.query("person"), visit.query("which")
    counts_at = None if which == _ALL else at
    text = visit.query("page")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 1
    number = max(1, number)
    # One more than is shown says whether there is another page.
    rows = parts.overview.given(
        repository=model,
        person=person,
        counts_at=counts_at,
        first=(number - 1) * PAGE,
        most=PAGE + 1,
    )
    words = {"model": model, "person": person, "which": which}
    has_more = len(rows) > PAGE
    return visit.page(
        "grants.html.j2",
        rows=[(each, each.standing(at)) for each in rows[:PAGE]],
        model=model,
        person=person,
        which=which,
        models=[each.name for each in parts.catalogue.repositories()],
        earlier=address("/-/grants", **words, page=str(number - 1)) if number > 1 else "",
        later=address("/-/grants", **words, page=str(number + 1)) if has_more else "",
        message="Revoked. A running download ends within seconds."
        if visit.query("said") == "revoked"
        else "",
    )


def show(visit: DeskVisit) -> Response:
    """Show one grant, with what was downloaded under it."""
    found = visit.parts.overview.grant(visit.arguments[0])
    if found is None:
        return visit.page("said.html.j2", 404, words=NO_GRANT)
    return _page(visit, found)


def revoke(visit: DeskVisit) -> Response:
    """Take back what somebody has for a model; copies that they made are out of reach."""
    found = visit.parts.overview.grant(visit.arguments[0])
    if found is None:
        return visit.page("said.html.j2", 404, words=NO_GRANT)
    parts, at = visit.parts, visit.parts.clock()
    if not found.counts(at):
        return _page(visit, found, "It counts no more, and nothing was changed.", 409)
    words = visit.text("words", _LONGEST_WORDS)
    deciding.revoke(parts, found.repository, found.person, by=visit.person.name, at=at, words=words)
    return see("/-/grants?said=revoked")


def _page(visit: DeskVisit, found: ListedGrant, message: str = "", status: int = 200) -> Response:
    parts, at = visit.parts, visit.parts.clock()
    problem = ""
    try:
        parts.lines.catch_up()
    except (TiergateError, OSError) as error:
        problem = f"The log cannot be read, so what is newest may be missing here: {error}"
    wanted = Wanted(grant=found.id)
    lines = parts.lines.page(wanted, most=_MOST_LINES)
    given = parts.requests.grant(found.id)
    return visit.page(
        "grant.html.j2",
        status,
        given=found,
        standing=found.standing(at),
        counts=found.counts(at),
        is_marked=given is not None and given.is_marked,
        request="" if given is None else given.request,
        givers=(found.given_by,) if given is None else parts.requests.givers(given),
        lines=lines,
        copies=parts.lines.copies(wanted),
        most=_MOST_LINES,
        problem=problem,
        message=message,
        may_revoke=Right.DECIDE in visit.person.rights,
    )
