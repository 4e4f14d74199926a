# SPDX-License-Identifier: Apache-2.0
"""Deciding on requests for access, by the routes of the Hub."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response

from tiergate.errors import InputError
from tiergate.gateway import wire
from tiergate.gateway.body import read_body
from tiergate.gateway.catalogue import Repository
from tiergate.gateway.deciding import decide, give
from tiergate.gateway.guards import Parts, Refused, Visit
from tiergate.gateway.requests import AccessRequest, Status

MOST_LISTED = 1000
"""Requests in one answer; the next ones are behind its link."""
MOST_AT_ONCE = 100
"""Requests that are decided with one call."""
_LONGEST_WORDS = 2000
_Found = TypeVar("_Found")


class Reviewing:
    """Answers those who decide."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def listed(self, visit: Visit) -> Response:
        """List who asked, a page at a time."""
        query = visit.request.query_params
        most = _limit(query.get("limit", ""))
        after = _cursor(query.get("cursor", ""))
        status = _status(visit.target.path)
        name = _repository(visit).name
        rows, bodies = await asyncio.to_thread(
            self._rows, name, status, after, most, has_history=query.get("history") == "true"
        )
        headers = dict(wire.PRIVATE)
        if len(rows) > most:
            last = rows[most - 1]
            words = {key: value for key, value in query.items() if key != "cursor"}
            words["cursor"] = f"{last.asked_at.isoformat()}~{last.id}"
            path = f"/api/models/{name}/user-access-request/{status.value}"
            headers["Link"] = f'<{self._parts.url}{path}?{urlencode(words)}>; rel="next"'
        return JSONResponse(bodies, headers=headers)

    def _rows(
        self,
        name: str,
        status: Status,
        after: tuple[datetime, str] | None,
        most: int,
        *,
        has_history: bool,
    ) -> tuple[tuple[AccessRequest, ...], list[dict[str, object]]]:
        requests = self._parts.requests
        rows = requests.listed(name, status, after=after, most=most + 1)
        counts = status is Status.PENDING and requests.terms(name).reviewers > 1
        bodies = []
        for row in rows[:most]:
            count = requests.count(row) if counts else None
            body = wire.access_request(row, self._full_name(row), count)
            if has_history:
                past = requests.history(name, row.person)
                body["history"] = [wire.access_request(each, "") for each in past]
            bodies.append(body)
        return rows, bodies

    def _full_name(self, row: AccessRequest) -> str:
        """Return the name for people of whoever asked; empty where they do not share it."""
        person = self._parts.accounts.person(row.person) if row.shares_name else None
        return "" if person is None else person.full_name

    async def handle(self, visit: Visit) -> Response:
        """Decide a request, or be one of two who do."""
        content = await read_body(visit.request)
        status, words = _status(content.get("status")), _words(content)
        asked = await asyncio.to_thread(self._found, visit, content)
        if asked is None:
            raise Refused(wire.error(404, wire.NO_REQUEST))
        if asked.status is status:
            raise Refused(wire.error(404, wire.ALREADY))
        found = await self._decided(
            lambda: decide(self._parts, asked, status, by=_by(visit), at=visit.at, words=words)
        )
        count = await asyncio.to_thread(self._parts.requests.count, found)
        answer = wire.decided(found, count)
        return JSONResponse(answer.body, headers=dict(answer.headers))

    async def batch(self, visit: Visit) -> Response:
        """Decide several requests in one way, and say of each what came of it."""
        content = await read_body(visit.request)
        status, words = _status(content.get("status")), _words(content)
        rows = content.get("requests")
        if not isinstance(rows, list) or not 0 < len(rows) <= MOST_AT_ONCE:
            raise Refused(wire.error(400, wire.BAD_REQUEST))
        if not all(isinstance(row, dict) and _name(row) for row in rows):
            raise Refused(wire.error(400, wire.BAD_REQUEST))
        found = await asyncio.to_thread(
            lambda: [self._one_of(visit, row, status, words) for row in rows]
        )
        return JSONResponse(found, headers=dict(wire.PRIVATE))

    def _one_of(
        self, visit: Visit, row: Mapping[str, object], status: Status, words: str
    ) -> dict[str, object]:
        named = {key: row[key] for key in ("user", "userId", "requestId") if key in row}
        asked = self._found(visit, row)
        if asked is None:
            return {**named, "ok": False, "error": "request_not_found"}
        if asked.status is status:
            return {**named, "ok": True, "status": status.value}
        try:
            done = decide(self._parts, asked, status, by=_by(visit), at=visit.at, words=words)
        except InputError as error:
            return {**named, "ok": False, "error": wire.header_text(str(error))}
        return {**named, "ok": True, "status": done.status.value}

    async def grant(self, visit: Visit) -> Response:
        """Give access to somebody who did not ask."""
        name = _name(await read_body(visit.request))
        if not name or await asyncio.to_thread(self._parts.accounts.person, name) is None:
            raise Refused(wire.error(404, wire.NO_PERSON))
        repository = _repository(visit).name
        await self._decided(lambda: give(self._parts, repository, name, by=_by(visit), at=visit.at))
        return JSONResponse({}, headers=dict(wire.PRIVATE))

    def _found(self, visit: Visit, content: Mapping[str, object]) -> AccessRequest | None:
        repository, number = _repository(visit).name, content.get("requestId")
        name = _name(content)
        if name:
            return self._parts.requests.of(repository, name)
        if isinstance(number, str):
            return self._parts.requests.numbered(repository, number)
        raise Refused(wire.error(400, wire.BAD_REQUEST))

    async def _decided(self, decide: Callable[[], _Found]) -> _Found:
        try:
            return await asyncio.to_thread(decide)
        except InputError as error:
            raise Refused(wire.error(403, str(error))) from None


def _repository(visit: Visit) -> Repository:
    if visit.repository is None:
        raise Refused(wire.repository_not_found(is_known=visit.person is not None))
    return visit.repository


def _by(visit: Visit) -> str:
    assert visit.person is not None  # noqa: S101 - the guard saw to it
    return visit.person.name


def _name(content: Mapping[str, object]) -> str:
    """Return whose request is meant; here both names of the Hub are that of the account."""
    found = content.get("user", content.get("userId"))
    return found if isinstance(found, str) else ""


def _status(status: object) -> Status:
    if not isinstance(status, str) or status not in set(Status):
        raise Refused(wire.error(400, wire.BAD_REQUEST))
    return Status(status)


def _words(content: Mapping[str, object]) -> str:
    found = content.get("rejectionReason") or content.get("resetReason") or ""
    return found[:_LONGEST_WORDS] if isinstance(found, str) else ""


def _limit(text: str) -> int:
    if not text:
        return MOST_LISTED
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) <= MOST_LISTED:
        raise Refused(wire.error(400, wire.BAD_REQUEST))
    return int(text)


def _cursor(text: str) -> tuple[datetime, str] | None:
    if not text:
        return None
    when, _, name = text.partition("~")
    try:
        at = datetime.fromisoformat(when)
    except ValueError:
        raise Refused(wire.error(400, wire.BAD_REQUEST)) from None
    if at.tzinfo is None:
        raise Refused(wire.error(400, wire.BAD_REQUEST))
    return at, name[:64]
