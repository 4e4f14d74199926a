# SPDX-License-Identifier: Apache-2.0
"""The page that a login link leads to: whoever has the link chooses a password.

Opening it uses nothing up, because mail programs open links before people do.
"""

from __future__ import annotations

from starlette.responses import Response

from tiergate.gateway.accounts import Person
from tiergate.gateway.desk.login import HOME, NO_PASSWORDS, logged_in
from tiergate.gateway.desk.visit import DeskVisit
from tiergate.gateway.passwords import LONGEST, SHORTEST, password_problem

GONE = "This link does not count any more. Ask for another one."
NOT_TWICE = "The two passwords are not the same."


def show(visit: DeskVisit) -> Response:
    """Ask for a password."""
    person = visit.parts.ways_in.links.read(visit.arguments[0], visit.parts.clock())
    if person is None:
        return visit.page("said.html.j2", 404, words=GONE)
    return _form(visit, person)


def choose(visit: DeskVisit) -> Response:
    """Set the password, use the link up, end older sessions, and log in."""
    at, links = visit.parts.clock(), visit.parts.ways_in.links
    person = links.read(visit.arguments[0], at)
    if person is None:
        return visit.page("said.html.j2", 404, words=GONE)
    if not visit.parts.ways_in.rules.passwords:
        return visit.page("said.html.j2", 403, words=NO_PASSWORDS)
    password, again = (str(visit.form.get(name, "")) for name in ("password", "repeated"))
    problem = password_problem(person.name, password)
    if problem or password != again:
        words = f"A password has to have {problem}." if problem else NOT_TWICE
        return _form(visit, person, words)
    if links.use(links.digest(visit.arguments[0]), at) is None:
        return visit.page("said.html.j2", 404, words=GONE)
    visit.parts.ways_in.passwords.set(person.name, password, at)
    return logged_in(visit, person, HOME)


def _form(visit: DeskVisit, person: Person, problem: str = "") -> Response:
    return visit.page(
        "first.html.j2",
        400 if problem else 200,
        person=person,
        code=visit.arguments[0],
        passwords=visit.parts.ways_in.rules.passwords,
        providers=[
            (part.name, part.label) for part in visit.parts.ways_in.rules.providers.values()
        ],
        problem=problem,
        shortest=SHORTEST,
        longest=LONGEST,
    )
