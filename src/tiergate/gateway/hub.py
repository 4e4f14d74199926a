# SPDX-License-Identifier: Apache-2.0
"""The routes of the Hub. Every one has a guard, and the guard is gone through before anything.

A handler is given what its guard found; bytes are delivered only from a handler whose guard is
:attr:`Guard.HAVE`, and only when it allowed them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tiergate.errors import VerificationError
from tiergate.gateway import wire
from tiergate.gateway.again import Again
from tiergate.gateway.arrived import arrived
from tiergate.gateway.asking import Asking
from tiergate.gateway.audit import Download
from tiergate.gateway.body import LARGEST_BODY_BYTES, read_body
from tiergate.gateway.catalogue import Revision
from tiergate.gateway.copies import MarkedFile
from tiergate.gateway.delivery import (
    ASK_AGAIN_SECONDS,
    Delivery,
    Span,
    range_that_counts,
    read_range,
)
from tiergate.gateway.desk.answering import Desk
from tiergate.gateway.elsewhere import Few, asks_elsewhere
from tiergate.gateway.guards import Guard, Guards, NotYet, Parts, Refused, Visit
from tiergate.gateway.listing import chosen
from tiergate.gateway.metering import Metering
from tiergate.gateway.model_page import front_page
from tiergate.gateway.oauth import OAuth
from tiergate.gateway.objects import name_of
from tiergate.gateway.publishing import LARGEST_ASKED_BYTES, Publishing
from tiergate.gateway.reviewing import Reviewing
from tiergate.gateway.targets import Kind, Target
from tiergate.model.manifest import ManifestEntry
from tiergate.release.access import Reason

_MOST_PATHS = 1000
_LOOKS = 12
_LOOK_SECONDS = 0.4
"""How often, and after which pause, somebody's copy is looked for; clients wait ten seconds."""
_AS_IT_COMES = frozenset({Kind.COMMIT, Kind.VALIDATE, Kind.LATER})
"""What is posted there is read by its handler, or by nobody."""
_BEAT_SECONDS = 0.04
"""Answers that a repository is not there come at the end of one, so that the work that was done
for one that is hidden cannot be told from the little for one that is absent."""


class Hub:
    """Answers requests of clients of the Hub."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._guards = Guards(parts)
        self.publishing = Publishing(parts, self._guards)
        self.asking = Asking(parts, self._guards)
        self.reviewing = Reviewing(parts)
        self._again = Again(parts, self._guards)
        self._metering = Metering(parts.requests.sent, self._guards)
        self._desk = Desk(parts, self._guards)
        self.oauth = OAuth(parts)
        self._few = Few()

    async def answer(self, request: Request, target: Target) -> Response:
        """Answer a request whose path names something."""
        route = ROUTES[target.kind]
        if request.method not in route.methods:
            allowed = ", ".join(route.methods)
            return response(wire.error(405, wire.NOT_ALLOWED_METHOD, Allow=allowed))
        begun = time.monotonic()
        try:
            visit = await self._checked(request, target, route.guard)
            if request.method == "POST" and target.kind not in _AS_IT_COMES:
                visit = await self._with_body(visit, route.guard)
            return await route.handler(self, visit)
        except Refused as refused:
            if refused.answer.headers.get("X-Error-Code") == wire.REPOSITORY_CODE:
                await asyncio.sleep(_left_of_a_beat(time.monotonic() - begun))
            return response(refused.answer)

    async def _checked(self, request: Request, target: Target, guard: Guard) -> Visit:
        """Go through the guard; what is being made for the caller is waited for a little."""
        for _ in range(_LOOKS):
            try:
                return await asyncio.to_thread(self._guards.check, request, target, guard)
            except NotYet as not_yet:
                await asyncio.to_thread(self._guards.begin_copy, not_yet.visit)
                await asyncio.sleep(_LOOK_SECONDS)
        words = wire.BEING_COPIED.format(repository=target.repository)
        raise Refused(wire.error(403, words, "GatedRepo"))

    async def _with_body(self, visit: Visit, guard: Guard) -> Visit:
        """Wait for a body, and go through the guard again where that was long ago by then."""
        largest = LARGEST_ASKED_BYTES if guard is Guard.PUBLISHER else LARGEST_BODY_BYTES
        request = await arrived(visit.request, largest)
        if time.monotonic() - visit.asked_at < ASK_AGAIN_SECONDS:
            return replace(visit, request=request)
        return await self._checked(request, visit.target, guard)

    async def whoami(self, visit: Visit) -> Response:
        """Say who the token is of."""
        person = visit.person
        if person is None:
            return response(wire.error(401, "Invalid user token."))
        return JSONResponse(
            wire.whoami(person.name, person.full_name, "write" if person.is_publisher else "read"),
            headers=dict(wire.PRIVATE),
        )

    async def listed(self, visit: Visit) -> Response:
        """List the models that the caller may know of."""
        is_data = visit.target.kind is Kind.DATA_LIST
        rows = await asyncio.to_thread(self._rows, visit, is_data=is_data)
        return JSONResponse(rows, headers=dict(wire.PRIVATE))

    async def front(self, visit: Visit) -> Response:
        """Show people the models that they may know of."""
        found = await asyncio.to_thread(self._known, visit)
        return front_page(found, self._parts.url, visit.session)

    def _rows(self, visit: Visit, *, is_data: bool) -> list[dict[str, object]]:
        known = (v for v in self._known(visit) if v.known_repository.is_data is is_data)
        return chosen(map(_info, known), visit.request.query_params)

    def _known(self, visit: Visit) -> list[Visit]:
        """Return each model that the caller may know of, as if they had asked for it."""
        with self._parts.together():
            return [found for found in self._each(visit) if not found.access.reason.hides]

    def _each(self, visit: Visit) -> Iterator[Visit]:
        for repository in self._parts.catalogue.repositories():
            target = Target(kind=Kind.INFO, repository=repository.name)
            found = self._guards.found(replace(visit, target=target))
            if found.revision is not None:
                yield found

    async def info(self, visit: Visit) -> Response:
        """Describe a model at a revision."""
        _require_revision(visit)
        return JSONResponse(_info(visit), headers=_shown(visit))

    async def tree(self, visit: Visit) -> Response:
        """List files."""
        revision = _require_revision(visit)
        wants_all = visit.request.query_params.get("recursive", "").lower() in {"true", "1"}
        rows = wire.tree(tuple(revision.files.values()), visit.target.path, is_recursive=wants_all)
        if visit.target.path and not rows:
            raise Refused(wire.entry_not_found(revision.commit))
        return JSONResponse(rows, headers=_shown(visit))

    async def refs(self, visit: Visit) -> Response:
        """List branches: the one that a decision has set."""
        revision = _require_revision(visit)
        main = {"name": "main", "ref": "refs/heads/main", "targetCommit": revision.commit}
        rows = {"branches": [main], "tags": [], "converts": []}
        return JSONResponse(rows, headers=_shown(visit))

    async def paths_info(self, visit: Visit) -> Response:
        """Describe files by their paths; those that are not there are left out."""
        revision = _require_revision(visit)
        wanted = (await read_body(visit.request)).get("paths", [])
        paths = [wanted] if isinstance(wanted, str) else wanted
        if not isinstance(paths, list) or len(paths) > _MOST_PATHS:
            raise Refused(wire.error(400, wire.BAD_REQUEST))
        named = {path for path in paths if isinstance(path, str)}
        rows = wire.paths(tuple(revision.files.values()), named)
        return JSONResponse(rows, headers=_shown(visit))

    async def auth_check(self, visit: Visit) -> Response:
        """Say whether the caller may have the files."""
        return JSONResponse({}, headers=_shown(visit))

    async def file(self, visit: Visit) -> Response:
        """Send a file or describe it; both hand it out, so both are written down first."""
        revision = _require_revision(visit)
        entry = revision.files.get(visit.target.path)
        if entry is None:
            raise Refused(wire.entry_not_found(revision.commit))
        headers = {**_shown(visit), **wire.file_headers(entry, revision.commit)}
        is_head = visit.request.method == "HEAD"
        asked = None if is_head else range_that_counts(visit.request.headers, headers["ETag"])
        span = read_range(asked, entry.size_bytes)
        if span is None:
            headers["Content-Range"] = f"bytes */{entry.size_bytes}"
            return Response(status_code=416, headers=headers)
        length = 0 if is_head else span.length
        visit, taken = await asyncio.to_thread(self._metering.take, visit, entry, length)
        try:
            marked = await asyncio.to_thread(self._marked, visit, entry)
            await self._write_down(visit, entry, span, "" if marked is None else marked.original)
            visit = await self._not_long_ago(visit)
        except BaseException:
            await asyncio.to_thread(self._metering.give_back, taken, length)
            raise
        if is_head:
            return Response(headers={**headers, "Content-Length": str(entry.size_bytes)})
        if marked is None and self._is_accelerated(visit):
            headers["X-Accel-Redirect"] = f"{self._parts.accelerated}/{name_of(entry.sha256)}"
            return Response(headers=headers)
        objects, copies, size = self._parts.objects, self._parts.copies, entry.size_bytes
        if visit.access.reason is Reason.OPEN and marked is None:
            url = await asyncio.to_thread(objects.temporary_url, entry.sha256)
            if url and (await self._not_long_ago(visit)).access.reason is Reason.OPEN:
                headers |= wire.elsewhere(entry, url)
                return Response(status_code=302, headers=headers)
        return Delivery(
            copies.source(marked, size) if marked else objects.source(entry.sha256, size),
            span,
            size,
            headers,
            lambda: self._again.allows(visit),
            visit.asked_at,
            response(wire.error(403, wire.NOT_READABLE, "GatedRepo")),
            lambda unsent: self._metering.give_back(taken, unsent),
        )

    def _marked(self, visit: Visit, entry: ManifestEntry) -> MarkedFile | None:
        """Return what stands in front of a file, for somebody who gets a copy of their own."""
        copy = visit.copy
        return None if copy is None else self._parts.copies.file(copy.grant, entry.sha256)

    def _is_accelerated(self, visit: Visit) -> bool:
        """Tell whether the nginx in front sends the bytes; nobody can cut them off then."""
        is_open = visit.access.reason is Reason.OPEN
        return bool(self._parts.accelerated) and (is_open or self._parts.accelerates_all)

    async def _write_down(
        self, visit: Visit, entry: ManifestEntry, span: Span, original: str
    ) -> None:
        parts, person = self._parts, visit.person
        who = "" if person is None else await asyncio.to_thread(parts.pseudonyms.of, person.name)
        line = Download(
            at=f"{visit.at:%Y-%m-%dT%H:%M:%SZ}",
            who=who,
            repository=visit.known_repository.name,
            commit=_require_revision(visit).commit,
            path=entry.path,
            sha256=entry.sha256,
            first=span.first,
            last=span.end - 1,
            method=visit.request.method,
            reason=visit.access.reason.value,
            grant=visit.access.grant,
            decision=visit.access.decision,
            original=original,
        )
        try:
            await parts.audit.record(line)
        except VerificationError:
            raise Refused(wire.error(403, wire.NO_AUDIT, "GatedRepo")) from None

    async def _not_long_ago(self, visit: Visit) -> Visit:
        """Ask again before anything leaves, where a busy disk has taken long to write it down."""
        if time.monotonic() - visit.asked_at < ASK_AGAIN_SECONDS:
            return visit
        again = await asyncio.to_thread(self._again.found, visit)
        if not again.access.is_allowed:
            raise Refused(self._guards.refusal(again))
        return replace(visit, asked_at=again.asked_at, access=again.access)

    async def desk(self, visit: Visit) -> Response:
        """Show a page to somebody who has logged in, or do what its form says."""
        answer = partial(self._desk.answer, visit.request, visit.target.path)
        return await (self._few.answer(answer) if asks_elsewhere(visit.target.path) else answer())

    async def token(self, visit: Visit) -> Response:
        """Give a program or a job its token."""
        return await self._few.answer(partial(self.oauth.token, visit))

    async def not_offered(self, _: Visit) -> Response:
        """Say that there is no such route here."""
        return response(wire.error(501, wire.NOT_OFFERED))


@dataclass(frozen=True, slots=True)
class Route:
    """One route: how it may be asked for, what is checked first, and who answers."""

    methods: tuple[str, ...]
    guard: Guard
    handler: Callable[[Hub, Visit], Awaitable[Response]]


def _published(
    method: str,
    handler: Callable[[Publishing, Visit], Awaitable[Response]],
    guard: Guard = Guard.PUBLISHER,
) -> Route:
    return Route((method,), guard, lambda hub, visit: handler(hub.publishing, visit))


def _asked(
    methods: tuple[str, ...],
    handler: Callable[[Asking, Visit], Awaitable[Response]],
    guard: Guard = Guard.KNOW,
) -> Route:
    return Route(methods, guard, lambda hub, visit: handler(hub.asking, visit))


def _reviewed(method: str, handler: Callable[[Reviewing, Visit], Awaitable[Response]]) -> Route:
    return Route((method,), Guard.APPROVER, lambda hub, visit: handler(hub.reviewing, visit))


ROUTES: Mapping[Kind, Route] = MappingProxyType(
    {
        Kind.LIST: Route(("GET",), Guard.ANYBODY, Hub.listed),
        Kind.DATA_LIST: Route(("GET",), Guard.ANYBODY, Hub.listed),
        Kind.INFO: Route(("GET", "HEAD"), Guard.KNOW, Hub.info),
        Kind.TREE: Route(("GET",), Guard.KNOW, Hub.tree),
        Kind.REFS: Route(("GET",), Guard.KNOW, Hub.refs),
        Kind.PATHS_INFO: Route(("POST",), Guard.KNOW, Hub.paths_info),
        Kind.AUTH_CHECK: Route(("GET",), Guard.HAVE, Hub.auth_check),
        Kind.WHOAMI: Route(("GET",), Guard.ANYBODY, Hub.whoami),
        Kind.REQUESTS: _reviewed("GET", Reviewing.listed),
        Kind.HANDLE: _reviewed("POST", Reviewing.handle),
        Kind.BATCH: _reviewed("POST", Reviewing.batch),
        Kind.GRANT: _reviewed("POST", Reviewing.grant),
        Kind.ASK: _asked(("GET", "HEAD", "POST"), Asking.ask),
        Kind.CANCEL: _asked(("POST",), Asking.cancel, Guard.PERSON),
        Kind.FRONT: Route(("GET", "HEAD"), Guard.ANYBODY, Hub.front),
        Kind.PAGE: _asked(("GET", "HEAD"), Asking.page),
        Kind.DESK: Route(("GET", "HEAD", "POST"), Guard.ANYBODY, Hub.desk),
        Kind.FILE: Route(("GET", "HEAD"), Guard.HAVE, Hub.file),
        Kind.CREATE: _published("POST", Publishing.create),
        Kind.VALIDATE: _published("POST", Publishing.validate),
        Kind.PREUPLOAD: _published("POST", Publishing.preupload),
        Kind.COMMIT: _published("POST", Publishing.commit),
        Kind.XET_TOKEN: _published("GET", Publishing.xet_token, Guard.ANYBODY),
        Kind.LFS_BATCH: _published("POST", Publishing.batch),
        Kind.LFS_OBJECT: _published("PUT", Publishing.receive, Guard.LINK),
        Kind.LFS_VERIFY: _published("POST", Publishing.verify),
        Kind.DEVICE: Route(("POST",), Guard.ANYBODY, lambda hub, visit: hub.oauth.device(visit)),
        Kind.EXCHANGE: Route(("POST",), Guard.ANYBODY, Hub.token),
        Kind.LATER: Route(("GET", "HEAD", "POST", "PUT", "DELETE"), Guard.ANYBODY, Hub.not_offered),
    }
)
"""Every route there is."""


def _left_of_a_beat(seconds: float) -> float:
    """Return how long it is to the end of the beat.

    >>> round(_left_of_a_beat(0.01), 3), round(_left_of_a_beat(0.05), 3)
    (0.03, 0.03)
    """
    return _BEAT_SECONDS - seconds % _BEAT_SECONDS


def response(answer: wire.Answer) -> Response:
    """Return a short answer as it is sent."""
    headers = {**wire.PRIVATE, **answer.headers}
    if answer.body is None:
        return Response(status_code=answer.status, headers=headers)
    return JSONResponse(answer.body, status_code=answer.status, headers=headers)


def _shown(visit: Visit) -> dict[str, str]:
    """Return the headers of an answer that the caller gets, with what they should know."""
    access = visit.access
    if not access.is_allowed and access.detail and access.reason in {Reason.STAGE, Reason.FROZEN}:
        access = replace(access, warnings=(access.detail,))
    return {**wire.PRIVATE, **wire.warning_header(access)}


def _require_revision(visit: Visit) -> Revision:
    if visit.revision is None:
        raise Refused(wire.revision_not_found())
    return visit.revision


def _info(visit: Visit) -> dict[str, object]:
    revision, repository = _require_revision(visit), visit.known_repository
    return wire.model_info(
        repository.name,
        revision.commit,
        revision.files.values(),
        has_sizes=visit.request.query_params.get("blobs", "").lower() == "true",
        is_gated=visit.access.reason is not Reason.OPEN,
        created_at=repository.created_at,
        changed_at=revision.created_at,
    )
