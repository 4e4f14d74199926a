# SPDX-License-Identifier: Apache-2.0
"""Where somebody types the code that a program shows, and allows it or does not.

Whoever sends somebody a code wants to be allowed in their name: the page says so, and shows
what is known of the program before anything can be allowed.
"""

from __future__ import annotations

from starlette.responses import Response

from tiergate.gateway.attempts import Limit
from tiergate.gateway.desk.me import choices, chosen
from tiergate.gateway.desk.visit import DeskVisit
from tiergate.gateway.devices import TOKEN_LASTS, Device

MOST_WRONG = 10
"""Codes that one person can get wrong within the window."""
NO_CODE = "No program waits with that code. Look at it again, or begin again there."
TOO_MANY = "Too many codes were wrong. Wait fifteen minutes."
ALLOWED = "Done. The program goes on by itself; you can close this page."
DENIED = "The program gets nothing."


def show(visit: DeskVisit) -> Response:
    """Ask for a code. One that stands in the address has to be sent by somebody all the same."""
    return _form(visit, visit.query("user_code"))


def look(visit: DeskVisit) -> Response:
    """Show what would be allowed."""
    code, at = visit.text("user_code", 40), visit.parts.clock()
    attempts = visit.parts.ways_in.attempts
    limit = Limit(about=f"device code of {visit.person.name}", most=MOST_WRONG)
    made = attempts.begin([limit], at)
    if made is None:
        return _form(visit, code, TOO_MANY, status=429)
    device = visit.parts.ways_in.devices.waiting(code, at)
    if device is None:
        return _form(visit, code, NO_CODE, status=404)
    attempts.forget(made)
    return _question(visit, code, device)


def answer(visit: DeskVisit) -> Response:
    """Allow a program, or do not."""
    code, at = visit.text("user_code", 40), visit.parts.clock()
    devices = visit.parts.ways_in.devices
    device = devices.waiting(code, at)
    if device is None:
        return _form(visit, code, NO_CODE, status=404)
    if visit.text("act") != "allow":
        devices.deny(code, at)
        return visit.page("said.html.j2", words=DENIED)
    scopes = chosen(visit, visit.person)
    if not scopes:
        return _question(visit, code, device, "Say what it may do, or do not allow it.")
    if not devices.allow(code, visit.person.name, scopes, at):
        return _form(visit, code, NO_CODE, status=404)
    return visit.page("said.html.j2", words=ALLOWED)


def _form(visit: DeskVisit, code: str, problem: str = "", *, status: int = 200) -> Response:
    return visit.page("device.html.j2", status, code=code, problem=problem, device=None)


def _question(visit: DeskVisit, code: str, device: Device, problem: str = "") -> Response:
    return visit.page(
        "device.html.j2",
        400 if problem else 200,
        code=code,
        problem=problem,
        device=device,
        choices=choices(visit.person),
        days=TOKEN_LASTS.days,
    )
