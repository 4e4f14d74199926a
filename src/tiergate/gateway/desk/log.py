# SPDX-License-Identifier: Apache-2.0
"""The log of downloads and the acts of people, searched; and whether the log holds."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import asdict

from starlette.responses import Response

from tiergate.errors import InputError, TiergateError
from tiergate.gateway import wire
from tiergate.gateway.desk.paging import address
from tiergate.gateway.desk.visit import DeskVisit
from tiergate.gateway.log_lines import Verified, Wanted

MOST_EXPORTED = 50_000
"""Lines of one file; further ones are a file of their own."""
_MOST_ACTS = 50
_MOST_LINES = 100
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_WORDS = ("model", "person", "grant", "decision", "since", "until")


def show(visit: DeskVisit) -> Response:
    """Show lines of the log, the newest first."""
    return _page(visit, None, "")


def verify(visit: DeskVisit) -> Response:
    """Read the whole log, and say whether it holds."""
    started = time.monotonic()
    try:
        found = visit.parts.lines.verify()
    except (TiergateError, OSError) as error:
        return _page(visit, None, f"The log cannot be read: {error}")
    return _page(visit, found, "", time.monotonic() - started)


def export(visit: DeskVisit) -> Response:
    """Send lines of the log as JSON Lines."""
    _catch_up(visit)
    wanted = _wanted(visit, _asked(visit))
    lines = visit.parts.lines.page(wanted, before=visit.query("before"), most=MOST_EXPORTED)
    rows = (json.dumps({"place": e.place, **asdict(e.download)}) + "\n" for e in lines)
    headers = {**wire.PRIVATE, "Content-Disposition": 'attachment; filename="downloads.jsonl"'}
    return Response("".join(rows), media_type="application/jsonl", headers=headers)


def _page(visit: DeskVisit, found: Verified | None, problem: str, seconds: float = 0) -> Response:
    parts, asked = visit.parts, _asked(visit)
    problem = problem or _catch_up(visit)
    wanted = _wanted(visit, asked)
    before = visit.query("before")
    # One more than is shown says whether there are older ones.
    lines = parts.lines.page(wanted, before=before, most=_MOST_LINES + 1)
    has_more, lines = len(lines) > _MOST_LINES, lines[:_MOST_LINES]
    return visit.page(
        "log.html.j2",
        200 if found is None or not found.problems else 409,
        asked=asked,
        lines=lines,
        # Over very many lines this takes longest, and is the same on every page.
        copies=() if before else parts.lines.copies(wanted),
        is_first=not before,
        names=parts.pseudonyms.names(),
        acts=parts.acts.newest(_MOST_ACTS, who=wanted.who) if not before else (),
        next=address("/-/log", **asked, before=lines[-1].place) if has_more else "",
        export=address("/-/log/export", **asked),
        models=[each.name for each in parts.catalogue.repositories()],
        found=found,
        seconds=seconds,
        problem=problem,
        most_exported=MOST_EXPORTED,
    )


def _catch_up(visit: DeskVisit) -> str:
    """Take over what is new in the log; return why that could not be done."""
    try:
        visit.parts.lines.catch_up()
    except (TiergateError, OSError) as error:
        return f"The log cannot be read, so what is newest may be missing here: {error}"
    return ""


def _asked(visit: DeskVisit) -> Mapping[str, str]:
    """Return what somebody looks for; a form says it as an address does."""
    if visit.request.method == "POST":
        return {word: visit.text(word, 200) for word in _WORDS}
    return {word: visit.query(word).strip() for word in _WORDS}


def _wanted(visit: DeskVisit, asked: Mapping[str, str]) -> Wanted:
    """Return which lines that are.

    Raises:
        InputError: a day is none.
    """
    person = asked["person"]
    # Somebody who is not in the log has no digest, and nobody has this one.
    who = (visit.parts.pseudonyms.known(person) or "-") if person else ""
    for name in ("since", "until"):
        if asked[name] and not _DAY.fullmatch(asked[name]):
            raise InputError(name, repr(asked[name][:40]), "a day, as in 2026-11-29")
    return Wanted(
        repository=asked["model"],
        who=who,
        grant=asked["grant"],
        decision=asked["decision"],
        since=asked["since"],
        # The whole day is meant: every time on it is before the first sign after a digit.
        until=f"{asked['until']}U" if asked["until"] else "",
    )
