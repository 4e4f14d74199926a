# SPDX-License-Identifier: Apache-2.0
"""What is checked before a route does anything: who asks, for what, and whether they may."""

from __future__ import annotations

import enum
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime

from starlette.requests import Request

from tiergate.gateway import publishing_wire, wire
from tiergate.gateway.accounts import Accounts, Person
from tiergate.gateway.acts import Acts
from tiergate.gateway.audit import Audit, Pseudonyms
from tiergate.gateway.catalogue import Catalogue, Repository, Revision, commit_of, is_commit
from tiergate.gateway.cookies import SESSION, cookie_name
from tiergate.gateway.copies import Copies, Copy
from tiergate.gateway.grants import Given
from tiergate.gateway.log_lines import LogLines
from tiergate.gateway.mine import Mine
from tiergate.gateway.objects import Objects
from tiergate.gateway.overview import Overview
from tiergate.gateway.records import Records
from tiergate.gateway.releases import Releases
from tiergate.gateway.requests import Requests, Status
from tiergate.gateway.roles import Right
from tiergate.gateway.sessions import Session, Sessions
from tiergate.gateway.stops import Stops
from tiergate.gateway.targets import Kind, Target
from tiergate.gateway.uploads import Links, Upload, Uploads
from tiergate.gateway.ways_in import WaysIn
from tiergate.release.access import (
    Access,
    Caller,
    DownloadRequest,
    Offer,
    Reason,
    may_download,
    may_know,
)
from tiergate.release.state import ReleaseState

_PAGES = frozenset({Kind.FRONT, Kind.PAGE, Kind.ASK})
"""What a login counts for; everything else, and every byte of a model, asks for a token."""
_OF_FILES = frozenset({Kind.INFO, Kind.TREE, Kind.REFS, Kind.PATHS_INFO, Kind.FILE})
"""What is about the files that the caller gets."""
_CLOSED = Access(reason=Reason.CLOSED)


class Guard(enum.StrEnum):
    """What a caller has to be allowed before a route does anything."""

    ANYBODY = "anybody"
    """Nothing; the route is about the caller, or leaves out what they may not know."""
    KNOW = "may know"
    """To know of the repository."""
    HAVE = "may have"
    """To have the bytes."""
    PERSON = "is somebody"
    """To know of the repository, with an account."""
    APPROVER = "decides on requests"
    """To decide who gets access."""
    PUBLISHER = "may publish"
    """To publish to the repository; where the route is about none, to publish at all."""
    LINK = "has a link"
    """To have a link to upload to, of somebody who may publish."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the routes work with."""

    catalogue: Catalogue
    accounts: Accounts
    requests: Requests
    copies: Copies
    releases: Releases
    objects: Objects
    audit: Audit
    pseudonyms: Pseudonyms
    uploads: Uploads
    links: Links
    stops: Stops
    sessions: Sessions
    mine: Mine
    ways_in: WaysIn
    acts: Acts
    records: Records
    lines: LogLines
    overview: Overview
    together: Callable[[], AbstractContextManager[None]]
    """Within what it returns, a thread reads the database by one connection."""
    clock: Callable[[], datetime]
    url: str
    """Address of the gateway as people write it, without a slash at the end."""
    accelerated: str = ""
    """Where the nginx in front finds the objects, when that sends them; empty for no nginx."""
    accelerates_all: bool = False
    """Whether it sends also what needs a grant; a running download is not stopped then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request, with what its guard found."""

    request: Request
    target: Target
    person: Person | None
    """Who asks; None for nobody known."""
    session: Session | None = None
    """The login that they ask with, where it is about a page."""
    at: datetime
    asked_at: float = 0.0
    """The same, in seconds of the monotonic clock."""
    repository: Repository | None = None
    revision: Revision | None = None
    """None where the name of it names nothing."""
    release: ReleaseState | None = None
    """Where its release stands."""
    access: Access = _CLOSED
    given: Given | None = None
    """The grant of the gateway that the access rests on."""
    copy: Copy | None = None
    """What the caller gets in place of the revision; None for the revision itself."""
    is_being_copied: bool = False
    """Whether the caller gets a copy that is not there yet."""
    used_up: frozenset[str] = frozenset()
    """Grants under which there is nothing left of the file."""

    @property
    def known_repository(self) -> Repository:
        """The repository, which the guard has found."""
        assert self.repository is not None  # noqa: S101 - guards other than ANYBODY see to it
        return self.repository


class Refused(Exception):  # noqa: N818 - an answer, not an error of the program
    """The request has its answer, and goes no further."""

    def __init__(self, answer: wire.Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class NotYet(Exception):  # noqa: N818 - an answer, not an error of the program
    """What the caller gets is being made."""

    def __init__(self, visit: Visit) -> None:
        super().__init__()
        self.visit = visit


class Guards:
    """Goes through the guards."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def check(self, request: Request, target: Target, guard: Guard) -> Visit:
        """Go through a guard; what may not be is refused here.

        Raises:
            Refused: it may not be.
            NotYet: it may be, and is being made.
        """
        with self._parts.together():
            return self._checked(request, target, guard)

    def _checked(self, request: Request, target: Target, guard: Guard) -> Visit:
        at, asked_at = self._parts.clock(), time.monotonic()
        session = self.session(request, at) if target.kind in _PAGES else None
        person = self.person(request, at) or (None if session is None else session.person)
        visit = Visit(
            request=request, target=target, person=person, session=session, at=at, asked_at=asked_at
        )
        if guard is Guard.ANYBODY:
            return visit
        if guard in {Guard.PUBLISHER, Guard.LINK}:
            return self._publishing(visit, guard)
        visit = self.found(visit)
        reason = visit.access.reason
        if guard is Guard.KNOW and _is_own(visit):
            return visit
        if guard is Guard.APPROVER and person and _decides(person, target.repository):
            return visit
        # Files that no decision is about are as if they were not there, in a repository that is.
        is_other = reason is Reason.OTHER_CHECKPOINT
        if visit.repository is None or (reason.hides and not is_other):
            raise Refused(wire.repository_not_found(is_known=person is not None))
        if guard is Guard.APPROVER:
            raise Refused(wire.error(403 if person else 401, wire.NOT_DECIDER))
        if is_other or (visit.revision is None and guard is not Guard.PERSON):
            raise Refused(wire.revision_not_found())
        if guard is Guard.PERSON and person is None:
            raise Refused(wire.error(401, "Log in first.", "GatedRepo"))
        return self._with_files(visit, guard)

    def _with_files(self, visit: Visit, guard: Guard) -> Visit:
        """Refuse what is not allowed, and what is not there yet."""
        if guard is Guard.HAVE and not visit.access.is_allowed:
            raise Refused(self.refusal(visit))
        if visit.is_being_copied and visit.target.kind in _OF_FILES:
            raise NotYet(visit)
        return visit

    def _publishing(self, visit: Visit, guard: Guard) -> Visit:
        """Find out who publishes. Who may not learns nothing of what there is."""
        name, person = visit.target.repository, visit.person
        if guard is Guard.LINK:
            upload = self._parts.links.read(name, visit.target.path, visit.at)
            person = None if upload is None else self.uploader(upload)
            if person is None:
                raise Refused(publishing_wire.refused(403, publishing_wire.BAD_LINK))
        if person is None:
            raise Refused(publishing_wire.refused(401, publishing_wire.LOG_IN))
        if not (person.publishes(name) if name else person.is_publisher):
            raise Refused(publishing_wire.refused(403, publishing_wire.NOT_PUBLISHER))
        repository = self._parts.catalogue.repository(name)
        if name and repository is None:
            raise Refused(wire.repository_not_found(is_known=True))
        return replace(visit, person=person, repository=repository)

    def uploader(self, upload: Upload) -> Person | None:
        """Return who may upload by a link; None when they may not any more."""
        person = self._parts.accounts.person(upload.person)
        return person if person is not None and person.publishes(upload.repository) else None

    def found(self, visit: Visit) -> Visit:
        """Look up what is asked for, and what the caller may do with it."""
        target, parts = visit.target, self._parts
        there = parts.catalogue.repository(target.repository)
        # As much work for what is absent as for what is hidden, so that time tells nothing.
        repository = there or _absent(target.repository, visit.at)
        state = parts.releases.state(repository.release, visit.at)
        name = target.revision
        if name == "main" and state.submitted is not None:
            # Only a decision moves it: it is what the release is about.
            name = commit_of(state.submitted.root_digest)
        revision = parts.catalogue.revision(repository.name, name)
        copy = self._own_copy(visit, name) if revision is None else None
        if copy is not None:
            revision = parts.catalogue.revision(repository.name, copy.original)
        stop = parts.stops.on(repository.name)
        offer = Offer(
            root_digest="" if revision is None else revision.root_digest,
            release=state,
            is_announced=repository.is_announced,
            hosted_at=repository.hosted_at,
            excluded=repository.excluded,
            is_data=repository.is_data,
            stopped="" if stop is None else stop.words,
        )
        if revision is None and state.submitted is not None:
            offer = replace(offer, root_digest=state.submitted.root_digest)
        given = self._given(repository, visit, copy)
        wanted = DownloadRequest(
            repository=repository.name,
            commit="" if revision is None else revision.commit,
            path=target.path,
            caller=self._caller(repository, visit, given),
        )
        known = may_know(wanted, offer, visit.at)
        access = known if known.reason.hides else may_download(wanted, offer, visit.at)
        resting = next((each for each in given if each.grant.id == access.grant), None)
        found = replace(
            visit,
            repository=repository,
            revision=revision,
            release=state,
            access=access,
            given=resting,
            copy=copy,
        )
        return visit if there is None else self._copied(found)

    def _own_copy(self, visit: Visit, name: str) -> Copy | None:
        """Return the caller's own copy of that name; anybody else's is as if it were not there."""
        person, repository = visit.person, visit.target.repository
        if person is None or not person.reads(repository) or not is_commit(name):
            return None
        return self._parts.copies.by_commit(repository, name, person.name)

    def _copied(self, visit: Visit) -> Visit:
        """Put the copy in the place of the revision, for somebody who gets one."""
        copy, given, revision = visit.copy, visit.given, visit.revision
        if copy is None and given is not None and given.is_marked and revision is not None:
            copy = self._parts.copies.of(given.grant.id, revision.commit)
            if copy is None:
                return replace(visit, is_being_copied=visit.access.is_allowed)
        return visit if copy is None else replace(visit, copy=copy, revision=copy.revision)

    def begin_copy(self, visit: Visit) -> None:
        """Make what the caller gets, unless somebody does already."""
        if visit.given is not None and visit.revision is not None:
            self._parts.copies.begin(visit.given, visit.revision.commit)

    def _given(self, repository: Repository, visit: Visit, copy: Copy | None) -> tuple[Given, ...]:
        """Return what the caller was given; where they ask for a copy, that alone it is of."""
        person = visit.person
        if person is None or not person.reads(repository.name):
            return ()
        given = self._parts.requests.given(repository.name, person.name)
        return tuple(g for g in given if copy is None or g.grant.id == copy.grant)

    def _caller(
        self, repository: Repository, visit: Visit, given: tuple[Given, ...]
    ) -> Caller | None:
        person = visit.person
        if person is None or not person.reads(repository.name):
            return None
        asked = self._parts.requests.of(repository.name, person.name)
        return Caller(
            name=person.name,
            grants=tuple(
                replace(g.grant, downloads_left=0) if g.grant.id in visit.used_up else g.grant
                for g in given
            ),
            is_pending=asked is not None and asked.status is Status.PENDING,
            jurisdiction=person.jurisdiction,
        )

    def person(self, request: Request, at: datetime) -> Person | None:
        """Return whose token a request carries; None for nobody's."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return None
        return self._parts.accounts.holder(token.strip(), at)

    def session(self, request: Request, at: datetime) -> Session | None:
        """Return whose session a request carries; None for nobody's."""
        name = request.cookies.get(cookie_name(SESSION, self._parts.url), "")
        return self._parts.sessions.read(name, at) if name else None

    def refusal(self, visit: Visit) -> wire.Answer:
        """Return the answer to somebody who may not have a file."""
        repository, person = visit.known_repository.name, visit.person
        if person is not None and not person.reads(repository):
            return wire.error(403, wire.NOT_IN_SCOPE, "GatedRepo")
        page = f"{self._parts.url}/{repository}"
        return wire.refusal(visit.access, repository, page, is_known=visit.person is not None)


def _absent(name: str, at: datetime) -> Repository:
    """Return what stands for a repository that is not there: no release is about it."""
    return Repository(
        name=name,
        release="",
        is_announced=False,
        hosted_at="",
        excluded=frozenset(),
        created_at=at,
    )


def _decides(person: Person, repository: str) -> bool:
    """Tell whether somebody may decide there, with what they ask with."""
    return Right.DECIDE in person.rights and person.only in {"", repository}


def _is_own(visit: Visit) -> bool:
    """Tell whether somebody asks about a revision that they might have published themselves."""
    has_found = visit.repository is not None and visit.revision is not None
    return (
        has_found and visit.person is not None and visit.person.publishes(visit.target.repository)
    )
