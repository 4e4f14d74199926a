# SPDX-License-Identifier: Apache-2.0
"""The routes of those who publish.

Whatever they bring is hidden: what is served follows from the release, and only for the files
that a decision is about. A commit therefore changes nothing for anybody who downloads.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from starlette.responses import JSONResponse, Response

from tiergate.errors import InputError
from tiergate.gateway import publishing_wire as words
from tiergate.gateway import wire
from tiergate.gateway.accounts import Person
from tiergate.gateway.body import read_body
from tiergate.gateway.catalogue import Repository
from tiergate.gateway.guards import Guards, Parts, Refused, Visit
from tiergate.gateway.publishing_commit import MOST_BYTES, Proposal, Reader
from tiergate.gateway.publishing_files import Composer
from tiergate.gateway.publishing_paths import MOST_FILES, is_left_out, is_possible
from tiergate.gateway.targets import is_repository_name
from tiergate.gateway.threads import PUBLISHING
from tiergate.gateway.uploads import LARGEST_OBJECT_BYTES, Upload, is_oid, lasts
from tiergate.gateway.uploads_receiving import chunks, receive

LARGEST_ASKED_BYTES = 1 << 20
"""Of a body that names files and contents."""
_LONGEST_RELEASE = 64
"""Letters in the name of a release; everything else that it may have a repository may have too."""
_MOST_AT_ONCE = 16
"""Uploads of one person in one process; clients of the Hub make five."""


class Publishing:
    """Answers those who publish."""

    def __init__(self, parts: Parts, guards: Guards) -> None:
        self._parts = parts
        self._guards = guards
        self._composer = Composer(parts.catalogue, parts.objects, parts.uploads)
        self._running: Counter[str] = Counter()

    async def create(self, visit: Visit) -> Response:
        """Make a repository, which nothing is served of until a release is about its files."""
        body = await read_body(visit.request)
        person = _publisher(visit)
        namespace, name = body.get("organization") or person.name, body.get("name")
        if body.get("type", "model") != "model":
            raise Refused(wire.error(400, words.NOT_MODEL))
        full = f"{namespace}/{name}"
        if not is_repository_name(full):
            raise Refused(wire.error(400, words.NO_SUCH_NAME))
        if not person.publishes(full):
            raise Refused(wire.error(403, words.NOT_PUBLISHER))
        repository = await asyncio.to_thread(self._create, full, visit)
        return JSONResponse(words.created(self._parts.url, repository), headers=dict(wire.PRIVATE))

    def _create(self, name: str, visit: Visit) -> Repository:
        release = name.replace("/", "--").lower()
        for known in self._parts.catalogue.repositories():
            if known.name.casefold() == name.casefold():
                raise Refused(words.taken(self._parts.url, known))
            if known.release == release:
                raise Refused(wire.error(403, words.RELEASE_TAKEN))
        if len(release) > _LONGEST_RELEASE:
            raise Refused(wire.error(400, words.NAME_TOO_LONG))
        repository = Repository(
            name=name,
            release=release,
            is_announced=False,
            hosted_at="",
            excluded=frozenset(),
            created_at=visit.at,
        )
        try:
            self._parts.catalogue.add(repository)
        except InputError:
            raise Refused(words.taken(self._parts.url, repository)) from None
        return repository

    async def validate(self, visit: Visit) -> Response:
        """Find nothing wrong with a model card: cards are read as claims, when there is one."""
        size = 0
        async for chunk in chunks(visit.request):
            size += len(chunk)
            if size > MOST_BYTES:
                raise Refused(words.refused(413, wire.BAD_REQUEST))
        return JSONResponse({"errors": [], "warnings": []}, headers=dict(wire.PRIVATE))

    async def preupload(self, visit: Visit) -> Response:
        """Say how files are to be uploaded."""
        _require_main(visit)
        rows = _rows(await read_body(visit.request, LARGEST_ASKED_BYTES), "files")
        found = []
        for row in rows:
            path = row.get("path")
            if not isinstance(path, str) or not is_possible(path):
                raise Refused(wire.error(422, words.BAD_PATH.format(path=ascii(path)[:200])))
            found.append((path, is_left_out(path)))
        return JSONResponse(words.upload_modes(found), headers=dict(wire.PRIVATE))

    async def xet_token(self, _: Visit) -> Response:
        """Say how clients upload without Xet."""
        answer = wire.error(400, words.XET)
        return JSONResponse(answer.body, answer.status, headers={**wire.PRIVATE, **answer.headers})

    async def batch(self, visit: Visit) -> Response:
        """Say where contents are to be uploaded, and which are there already."""
        body = await read_body(visit.request, LARGEST_ASKED_BYTES)
        is_sha256 = body.get("hash_algo", "sha256") == "sha256"
        if body.get("operation") != "upload" or not is_sha256:
            raise Refused(wire.error(501, wire.NOT_OFFERED))
        rows = _rows(body, "objects")
        if not all(is_oid(row.get("oid")) and type(row.get("size")) is int for row in rows):
            raise Refused(wire.error(400, wire.BAD_REQUEST))
        objects = await PUBLISHING.run(self._batch, visit, rows)
        return JSONResponse(
            {"transfer": "basic", "objects": objects, "hash_algo": "sha256"},
            headers=dict(wire.PRIVATE),
            media_type="application/vnd.git-lfs+json",
        )

    def _batch(self, visit: Visit, rows: list[Mapping[str, object]]) -> list[dict[str, object]]:
        repository, person = visit.known_repository.name, _publisher(visit)
        uploads = [_upload(repository, person, row) for row in rows]
        wanted = {upload.sha256 for upload in uploads}
        there = self._composer.usable(repository, person.name, wanted)
        total = sum(max(upload.size_bytes, 0) for upload in uploads)
        base = f"{self._parts.url}/{repository}.git/info/lfs"
        found = []
        for row, upload in zip(rows, uploads, strict=True):
            known = there.get(upload.sha256)
            if known not in {None, upload.size_bytes} or upload.size_bytes < 0:
                found.append(words.storage_problem(row, words.WRONG_SIZE))
            elif upload.size_bytes > LARGEST_OBJECT_BYTES:
                found.append(words.storage_problem(row, words.TOO_LARGE))
            else:
                href = "" if known is not None else self._link(upload, base, visit, lasts(total))
                found.append(words.storage_object(upload, href, f"{base}/verify"))
        return found

    def _link(self, upload: Upload, base: str, visit: Visit, how_long: timedelta) -> str:
        return f"{base}/objects/{self._parts.links.path(upload, visit.at + how_long)}"

    async def receive(self, visit: Visit) -> Response:
        """Take a content in, once for each link."""
        target, parts = visit.target, self._parts
        upload = parts.links.read(target.repository, target.path, visit.at)
        assert upload is not None  # noqa: S101 - the guard saw to it
        if await PUBLISHING.run(self._is_there, upload):
            raise Refused(words.refused(403, words.USED_LINK))
        async with self._one_of_few(upload.person):
            await receive(
                visit.request,
                parts.objects,
                upload,
                lambda: self._guards.uploader(upload) is not None,
            )
        if not await asyncio.to_thread(parts.uploads.add, upload, parts.clock()):
            raise Refused(words.refused(403, words.USED_LINK))
        etag = {"ETag": f'"{upload.sha256.removeprefix("sha256:")}"'}
        return Response(status_code=200, headers={**wire.PRIVATE, **etag})

    def _is_there(self, upload: Upload) -> bool:
        return self._parts.uploads.has(upload) and self._parts.objects.has(upload.sha256)

    @asynccontextmanager
    async def _one_of_few(self, person: str) -> AsyncIterator[None]:
        if self._running[person] >= _MOST_AT_ONCE:
            answer = wire.error(429, words.TOO_MANY, Retry_After="5", Connection="close")
            raise Refused(answer)
        self._running[person] += 1
        try:
            yield
        finally:
            self._running[person] -= 1

    async def verify(self, visit: Visit) -> Response:
        """Say whether a content has arrived."""
        body, person = await read_body(visit.request), _publisher(visit)
        if not is_oid(body.get("oid")) or type(body.get("size")) is not int:
            raise Refused(wire.error(400, wire.BAD_REQUEST))
        upload = _upload(visit.known_repository.name, person, body)
        there = await PUBLISHING.run(
            self._composer.usable, upload.repository, person.name, {upload.sha256}
        )
        if there.get(upload.sha256) != upload.size_bytes:
            raise Refused(wire.error(404, words.NOT_UPLOADED.format(path=body["oid"])))
        return JSONResponse({}, headers=dict(wire.PRIVATE))

    async def commit(self, visit: Visit) -> Response:
        """Make a revision."""
        _require_main(visit)
        if visit.request.query_params.get("create_pr", "0") not in {"", "0", "false"}:
            raise Refused(words.refused(400, words.ONLY_MAIN))
        async with self._one_of_few(_publisher(visit).name):
            reader = Reader()
            async for chunk in chunks(visit.request):
                await PUBLISHING.run(reader.feed, chunk)
            proposal = await PUBLISHING.run(reader.finish)
            found = await PUBLISHING.run(self._commit, visit, proposal)
        return JSONResponse(found, headers=dict(wire.PRIVATE))

    def _commit(self, visit: Visit, proposal: Proposal) -> dict[str, object]:
        """Look again who it is: they may have lost the role while the commit came, or is made."""
        at, repository = self._parts.clock(), visit.known_repository
        person = self._still(visit)
        revision = self._composer.commit(
            repository.name, person.name, proposal, at, lambda: self._still(visit)
        )
        return words.committed(self._parts.url, repository, revision)

    def _still(self, visit: Visit) -> Person:
        """Return who it is now.

        Raises:
            Refused: they may not publish there any more.
        """
        person = self._guards.person(visit.request, self._parts.clock())
        if person is None or not person.publishes(visit.known_repository.name):
            raise Refused(wire.error(403, words.STOPPED))
        return person


def _publisher(visit: Visit) -> Person:
    assert visit.person is not None  # noqa: S101 - the guard saw to it
    return visit.person


def _require_main(visit: Visit) -> None:
    if visit.target.revision != "main":
        raise Refused(words.refused(400, words.ONLY_MAIN))


def _rows(body: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    rows = body.get(name)
    if not isinstance(rows, list) or len(rows) > MOST_FILES:
        raise Refused(wire.error(400, wire.BAD_REQUEST))
    found: list[Mapping[str, object]] = [row for row in rows if isinstance(row, dict)]
    if len(found) != len(rows):
        raise Refused(wire.error(400, wire.BAD_REQUEST))
    return found


def _upload(repository: str, person: Person, row: Mapping[str, object]) -> Upload:
    size = row["size"]
    assert isinstance(size, int)  # noqa: S101 - whoever calls has looked
    return Upload(
        repository=repository,
        person=person.name,
        sha256=f"sha256:{row['oid']}",
        size_bytes=size,
    )
