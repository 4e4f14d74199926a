# SPDX-License-Identifier: Apache-2.0
"""The routes of the Hub. Every one has a guard, and the guard is gone through before anything.

A handler is given what its guard found; bytes are delivered only from a handler whose guard is
:attr:`Guard.HAVE`, and only when it allowed them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tiergate.errors import InputError, VerificationError
from tiergate.gateway import wire
from tiergate.gateway.accounts import Person
from tiergate.gateway.audit import Download
from tiergate.gateway.body import is_form, read_body
from tiergate.gateway.catalogue import Repository, Revision
from tiergate.gateway.delivery import Delivery, Span, range_that_counts, read_range
from tiergate.gateway.desk.answering import Desk
from tiergate.gateway.guards import Guard, Guards, Parts, Refused, Visit
from tiergate.gateway.listing import chosen
from tiergate.gateway.model_page import front_page, model_page
from tiergate.gateway.objects import name_of
from tiergate.gateway.publishing import Publishing
from tiergate.gateway.requests import AccessRequest, Status, jurisdiction_problem
from tiergate.gateway.targets import Kind, Target
from tiergate.model.manifest import ManifestEntry
from tiergate.release.access import (
    Reason,
)

_MOST_PATHS = 1000


class Hub:
    """Answers requests of clients of the Hub."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._guards = Guards(parts)
        self.publishing = Publishing(parts, self._guards)
        self._desk = Desk(parts, self._guards)

    async def answer(self, request: Request, target: Target) -> Response:
        """Answer a request whose path names something."""
        route = ROUTES[target.kind]
        if request.method not in route.methods:
            allowed = ", ".join(route.methods)
            return response(wire.error(405, wire.NOT_ALLOWED_METHOD, Allow=allowed))
        try:
            visit = await asyncio.to_thread(self._guards.check, request, target, route.guard)
            return await route.handler(self, visit)
        except Refused as refused:
            return response(refused.answer)

    async def whoami(self, visit: Visit) -> Response:
        """Say who the token is of."""
        person = visit.person
        if person is None:
            return response(wire.error(401, "Invalid user token."))
        return JSONResponse(
            wire.whoami(person.name, person.full_name, "read"), headers=dict(wire.PRIVATE)
        )

    async def listed(self, visit: Visit) -> Response:
        """List the models that the caller may know of."""
        rows = await asyncio.to_thread(self._rows, visit)
        return JSONResponse(rows, headers=dict(wire.PRIVATE))

    async def front(self, visit: Visit) -> Response:
        """Show people the models that they may know of."""
        found = await asyncio.to_thread(lambda: list(self._known(visit)))
        return front_page(found, self._parts.url, visit.session)

    def _rows(self, visit: Visit) -> list[dict[str, object]]:
        return chosen(map(_info, self._known(visit)), visit.request.query_params)

    def _known(self, visit: Visit) -> Iterator[Visit]:
        """Yield each model that the caller may know of, as if they had asked for it."""
        for repository in self._parts.catalogue.repositories():
            target = Target(kind=Kind.INFO, repository=repository.name)
            found = self._guards.found(replace(visit, target=target))
            if not found.access.reason.hides and found.revision is not None:
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
        try:
            await self._write_down(visit, revision, entry, span)
        except VerificationError:
            raise Refused(wire.error(403, wire.NO_AUDIT, "GatedRepo")) from None
        if is_head:
            return Response(headers={**headers, "Content-Length": str(entry.size_bytes)})
        place = self._parts.objects.place_of(entry.sha256)
        if self._parts.accelerated:
            headers["X-Accel-Redirect"] = f"{self._parts.accelerated}/{name_of(entry.sha256)}"
            return Response(headers=headers)
        return Delivery(place, span, entry.size_bytes, headers, lambda: self._still_allows(visit))

    async def _write_down(
        self, visit: Visit, revision: Revision, entry: ManifestEntry, span: Span
    ) -> None:
        parts, person = self._parts, visit.person
        who = "" if person is None else await asyncio.to_thread(parts.pseudonyms.of, person.name)
        await parts.audit.record(
            Download(
                at=f"{visit.at:%Y-%m-%dT%H:%M:%SZ}",
                who=who,
                repository=visit.known_repository.name,
                commit=revision.commit,
                path=entry.path,
                sha256=entry.sha256,
                first=span.first,
                last=span.end - 1,
                method=visit.request.method,
                reason=visit.access.reason.value,
                grant=visit.access.grant,
                decision=visit.access.decision,
            )
        )

    def _still_allows(self, visit: Visit) -> bool:
        """Ask again, with the token and the clock as they are now."""
        at = self._parts.clock()
        commit = "" if visit.revision is None else visit.revision.commit
        again = replace(
            visit,
            at=at,
            person=self._guards.person(visit.request, at),
            target=replace(visit.target, revision=commit),
        )
        return self._guards.found(again).access.is_allowed

    async def page(self, visit: Visit) -> Response:
        """Show people where the release stands, and how to ask for access."""
        return model_page(visit, self._parts.url)

    async def desk(self, visit: Visit) -> Response:
        """Show a page to somebody who has logged in, or do what its form says."""
        return await self._desk.answer(visit.request, visit.target.path)

    async def ask(self, visit: Visit) -> Response:
        """Ask for access: a client with its token, or a person with the form of the page."""
        content, by_form = await read_body(visit.request), is_form(visit.request)
        person = visit.person
        if by_form:
            token = str(content.pop("token", ""))
            person = await asyncio.to_thread(self._parts.accounts.holder, token, visit.at)
        if person is None:
            if by_form:
                return model_page(visit, self._parts.url, message=wire.NOBODYS_TOKEN, status=401)
            raise Refused(wire.error(401, "Log in first.", "GatedRepo"))
        only_look = by_form and content.pop("act", "") == "see"
        fields = {k[:64]: str(v)[:2000] for k, v in content.items() if isinstance(v, str | bool)}
        if "jurisdiction" in fields:
            fields["jurisdiction"] = fields["jurisdiction"].strip().upper()
        stated = fields.get("jurisdiction", "")
        problem = jurisdiction_problem(stated, visit.known_repository.excluded)
        if problem and not only_look:
            if by_form:
                return model_page(visit, self._parts.url, message=problem, status=400)
            raise Refused(wire.error(400, problem))
        asked = await asyncio.to_thread(self._asked, visit, person, fields, only_look=only_look)
        if by_form:
            return model_page(visit, self._parts.url, message=wire.request_words(asked))
        status = None if asked is None else asked.status.value
        return JSONResponse({"status": status}, headers=dict(wire.PRIVATE))

    def _asked(
        self, visit: Visit, person: Person, fields: Mapping[str, str], *, only_look: bool
    ) -> AccessRequest | None:
        name = visit.known_repository.name
        if only_look:
            return self._parts.requests.of(name, person.name)
        return self._parts.requests.ask(name, person.name, fields, visit.at)

    async def requests(self, visit: Visit) -> Response:
        """List who asked."""
        repository = _require_repository(visit)
        rows = await asyncio.to_thread(
            self._parts.requests.listed, repository.name, Status(visit.target.path)
        )
        listed = [wire.access_request(row, self._full_name(row)) for row in rows]
        return JSONResponse(listed, headers=dict(wire.PRIVATE))

    def _full_name(self, row: AccessRequest) -> str:
        person = self._parts.accounts.person(row.person)
        return row.person if person is None else person.full_name

    async def handle(self, visit: Visit) -> Response:
        """Decide a request."""
        repository, content = _require_repository(visit), await read_body(visit.request)
        status, name, number = (content.get(key) for key in ("status", "user", "requestId"))
        if not isinstance(status, str) or status not in set(Status):
            raise Refused(wire.error(400, wire.BAD_REQUEST))
        if isinstance(name, str):
            asked = await asyncio.to_thread(self._parts.requests.of, repository.name, name)
        elif isinstance(number, str):
            asked = await asyncio.to_thread(self._parts.requests.numbered, repository.name, number)
        else:
            raise Refused(wire.error(400, wire.BAD_REQUEST))
        if asked is None:
            raise Refused(wire.error(404, wire.NO_REQUEST))
        if asked.status == status:
            raise Refused(wire.error(404, wire.ALREADY))
        words = content.get("rejectionReason")
        return await self._decided(
            visit,
            lambda by: self._parts.requests.answer(
                asked, Status(status), by=by, at=visit.at, words=str(words or "")[:2000]
            ),
        )

    async def grant(self, visit: Visit) -> Response:
        """Give access to somebody who did not ask."""
        repository, content = _require_repository(visit), await read_body(visit.request)
        name = content.get("user")
        if not isinstance(name, str) or self._parts.accounts.person(name) is None:
            raise Refused(wire.error(404, wire.NO_PERSON))
        return await self._decided(
            visit,
            lambda by: self._parts.requests.give(repository.name, name, by=by, at=visit.at),
        )

    async def _decided(self, visit: Visit, decide: Callable[[str], None]) -> Response:
        assert visit.person is not None  # noqa: S101 - the guard saw to it
        try:
            await asyncio.to_thread(decide, visit.person.name)
        except InputError as error:
            raise Refused(wire.error(403, str(error))) from None
        return JSONResponse({}, headers=dict(wire.PRIVATE))

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


ROUTES: Mapping[Kind, Route] = MappingProxyType(
    {
        Kind.LIST: Route(("GET",), Guard.ANYBODY, Hub.listed),
        Kind.INFO: Route(("GET", "HEAD"), Guard.KNOW, Hub.info),
        Kind.TREE: Route(("GET",), Guard.KNOW, Hub.tree),
        Kind.REFS: Route(("GET",), Guard.KNOW, Hub.refs),
        Kind.PATHS_INFO: Route(("POST",), Guard.KNOW, Hub.paths_info),
        Kind.AUTH_CHECK: Route(("GET",), Guard.HAVE, Hub.auth_check),
        Kind.WHOAMI: Route(("GET",), Guard.ANYBODY, Hub.whoami),
        Kind.REQUESTS: Route(("GET",), Guard.APPROVER, Hub.requests),
        Kind.HANDLE: Route(("POST",), Guard.APPROVER, Hub.handle),
        Kind.GRANT: Route(("POST",), Guard.APPROVER, Hub.grant),
        Kind.ASK: Route(("POST",), Guard.KNOW, Hub.ask),
        Kind.FRONT: Route(("GET", "HEAD"), Guard.ANYBODY, Hub.front),
        Kind.PAGE: Route(("GET", "HEAD"), Guard.KNOW, Hub.page),
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
        Kind.LATER: Route(("GET", "HEAD", "POST", "PUT", "DELETE"), Guard.ANYBODY, Hub.not_offered),
    }
)
"""Every route there is."""


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


def _require_repository(visit: Visit) -> Repository:
    if visit.repository is None:
        raise Refused(wire.repository_not_found(is_known=visit.person is not None))
    return visit.repository


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
