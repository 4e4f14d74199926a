# SPDX-License-Identifier: Apache-2.0
"""Asking for access: what is asked, by whom, and what they agree to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from starlette.responses import JSONResponse, Response

from tiergate.gateway import wire
from tiergate.gateway.accounts import Person
from tiergate.gateway.body import is_form, read_body
from tiergate.gateway.catalogue import Revision
from tiergate.gateway.desk.answering import is_ours
from tiergate.gateway.guards import Guards, Parts, Refused, Visit
from tiergate.gateway.model_page import Asking as AskingView
from tiergate.gateway.model_page import model_page
from tiergate.gateway.objects import Objects
from tiergate.gateway.own_requests import own_request, request_words
from tiergate.gateway.questions import (
    LONGEST_ANSWER,
    OWN,
    AnswerError,
    Form,
    as_json,
    digest_of,
    read_form,
)
from tiergate.gateway.requests import AccessRequest, Count, TooOftenError, jurisdiction_problem
from tiergate.gateway.roles import Right
from tiergate.gateway.scopes import Scope
from tiergate.gateway.terms import Terms
from tiergate.model.card import MAX_CARD_BYTES

_CARD = "README.md"
_OF_THE_PAGE = frozenset({"fields", "wording", "share_name", "renew", "act", "form_key", "token"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What somebody is asked and agrees to, for one revision of a repository."""

    terms: Terms
    """The terms of the operator."""
    form: Form
    """What the card asks."""
    wording: str
    """All that is agreed to, as one text; empty for nothing."""

    @property
    def digest(self) -> str:
        """Digest of the wording; empty for nothing."""
        return digest_of(self.wording)


def agreement(parts: Parts, visit: Visit) -> Agreement:
    """Return what somebody is asked who wants the revision of a visit.

    Raises:
        OSError: the card cannot be read.
    """
    terms = parts.requests.terms(visit.known_repository.name)
    form = form_of(parts.objects, visit.revision)
    return Agreement(terms=terms, form=form, wording=form.wording(terms.criteria))


def form_of(objects: Objects, revision: Revision | None) -> Form:
    """Return what the card of a revision asks; nothing where there is no card.

    Raises:
        OSError: the card cannot be read.
    """
    entry = None if revision is None else revision.files.get(_CARD)
    if entry is None or entry.size_bytes > MAX_CARD_BYTES:
        return Form()
    return _read(objects, entry.sha256)


@lru_cache(maxsize=128)
def _read(objects: Objects, sha256: str) -> Form:
    with objects.opened(sha256) as file:
        return read_form(file.read(MAX_CARD_BYTES + 1))


class ProblemError(Exception):
    """What somebody sent is not a request."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class Asking:
    """Answers whoever asks for access."""

    def __init__(self, parts: Parts, guards: Guards) -> None:
        self._parts = parts
        self._records = parts.records
        self._guards = guards

    async def page(self, visit: Visit) -> Response:
        """Show people where the release stands, and how to ask for access."""
        return await asyncio.to_thread(self._page, visit)

    async def ask(self, visit: Visit) -> Response:
        """Say what is asked, or ask: a client with its token, a person with the form."""
        if visit.request.method in {"GET", "HEAD"}:
            return await asyncio.to_thread(self._described, visit)
        content, by_form = await read_body(visit.request), is_form(visit.request)
        try:
            return await asyncio.to_thread(self._asked, visit, content, by_form=by_form)
        except ProblemError as problem:
            if by_form:
                return await asyncio.to_thread(
                    self._page, visit, problem.words, status=problem.status
                )
            code = "GatedRepo" if problem.status in {401, 403} else ""
            raise Refused(wire.error(problem.status, problem.words, code)) from None

    async def cancel(self, visit: Visit) -> Response:
        """Take back one's own request, while it is open."""
        person = visit.person
        assert person is not None  # noqa: S101 - the guard saw to it
        self._require_scope(visit, person)
        name = visit.known_repository.name
        done = await asyncio.to_thread(self._parts.requests.cancel, name, person.name, visit.at)
        if not done:
            raise Refused(wire.error(404, wire.NONE_PENDING))
        return JSONResponse({"ok": True}, headers=dict(wire.PRIVATE))

    def _require_scope(self, visit: Visit, person: Person) -> None:
        name = visit.known_repository.name
        if Scope.REQUEST not in person.scopes or person.only not in {"", name}:
            raise Refused(wire.error(403, wire.NOT_TO_ASK))

    def _page(self, visit: Visit, message: str = "", *, status: int = 200) -> Response:
        agreed = agreement(self._parts, visit)
        name, session = visit.known_repository.name, visit.session
        asked = None
        if session is not None:
            asked = self._parts.requests.of(name, session.person.name)
        view = AskingView(
            terms=agreed.terms,
            form=agreed.form,
            wording=agreed.digest,
            words=self._words(asked, visit) if asked else "",
            may_renew=self._parts.requests.lasting(asked, visit.at) is not None,
        )
        return model_page(
            visit,
            self._parts.url,
            view,
            message=message,
            status=status,
            is_decision_shown=self._is_decision_shown(visit),
        )

    def _is_decision_shown(self, visit: Visit) -> bool:
        """Tell whether whoever looks can read here why it was decided as it was."""
        decided, records = None if visit.release is None else visit.release.decided, self._records
        if decided is None or records.of(decided.decision) is None:
            return False
        sees_all = visit.session is not None and Right.SEE_RELEASES in visit.session.person.rights
        return sees_all or records.is_public(decided.decision)

    def _described(self, visit: Visit) -> Response:
        agreed, name = agreement(self._parts, visit), visit.known_repository.name
        terms, form = agreed.terms, agreed.form
        body = {
            "repository": name,
            "commit": _original(visit),
            "criteria": terms.criteria,
            "heading": form.heading,
            "prompt": form.prompt,
            "description": form.description,
            "questions": as_json(form),
            "wording": agreed.digest,
            "reviewers": terms.reviewers,
            "grantDays": terms.grant_days,
            "downloads": terms.downloads,
            "isPinned": terms.is_pinned,
            "isMarked": terms.is_marked,
            "page": self._address(visit),
            "request": self._own(visit),
        }
        return JSONResponse(body, headers=dict(wire.PRIVATE))

    def _asked(self, visit: Visit, content: dict[str, object], *, by_form: bool) -> Response:
        person = self._person(visit, content, by_form=by_form)
        self._require_scope(visit, person)
        name = visit.known_repository.name
        if by_form and content.get("act") == "see":
            asked = self._parts.requests.of(name, person.name)
            return self._page(visit, self._words(asked, visit))
        agreed = agreement(self._parts, visit)
        fields = self._fields(visit, content, agreed, by_form=by_form)
        self._require_wording(visit, content, agreed)
        if agreed.wording:
            self._parts.requests.keep_wording(agreed.digest, agreed.wording)
        try:
            asked = self._parts.requests.ask(
                name,
                person.name,
                fields,
                visit.at,
                commit=_original(visit),
                wording=agreed.digest,
                shares_name=_is_true(content.get("share_name")),
                renews=_is_true(content.get("renew")),
            )
        except TooOftenError:
            raise ProblemError(429, wire.TOO_OFTEN) from None
        if by_form:
            return self._page(visit, self._words(asked, visit))
        lasting = self._parts.requests.lasting(asked, visit.at)
        body = own_request(asked, lasting, visit.at)
        return JSONResponse(body, headers=dict(wire.PRIVATE))

    def _own(self, visit: Visit) -> dict[str, object] | None:
        """Return what became of the request of whoever asks; None for none."""
        if visit.person is None:
            return None
        asked = self._parts.requests.of(visit.known_repository.name, visit.person.name)
        lasting = self._parts.requests.lasting(asked, visit.at)
        return None if asked is None else own_request(asked, lasting, visit.at)

    def _words(self, asked: AccessRequest | None, visit: Visit) -> str:
        lasting = self._parts.requests.lasting(asked, visit.at)
        return request_words(asked, self._count(asked), lasting)

    def _count(self, asked: AccessRequest | None) -> Count | None:
        return None if asked is None else self._parts.requests.count(asked)

    def _person(self, visit: Visit, content: Mapping[str, object], *, by_form: bool) -> Person:
        """Return who asks. A login counts for a form of ours alone."""
        found = self._guards.person(visit.request, visit.at)
        if not by_form:
            if found is None:
                raise ProblemError(401, "Log in first.")
            return found
        token = content.get("token")
        if isinstance(token, str) and token:
            found = self._parts.accounts.holder(token, visit.at)
        elif visit.session is not None:
            is_ours_too = is_ours(visit.request, self._parts.url)
            if not is_ours_too or not visit.session.sent(content.get("form_key")):
                raise ProblemError(403, wire.NOT_OURS)
            found = visit.session.person
        if found is None:
            raise ProblemError(401, wire.NOBODYS_TOKEN)
        return found

    def _fields(
        self,
        visit: Visit,
        content: Mapping[str, object],
        agreed: Agreement,
        *,
        by_form: bool,
    ) -> dict[str, str]:
        """Return what somebody states, once all of it is there."""
        known = {question.name for question in agreed.form.questions} | OWN | _OF_THE_PAGE
        inner = content.get("fields")
        named = {**content, **(inner if isinstance(inner, Mapping) else {})}
        for name in () if by_form else sorted(named.keys() - known):
            words = wire.UNKNOWN_FIELD.format(name=name[:100], page=self._address(visit))
            raise ProblemError(400, words)
        stated = {
            name: str(value).strip()[:LONGEST_ANSWER]
            for name in ("purpose", "organisation", "jurisdiction")
            if isinstance(value := named.get(name), str) and value.strip()
        }
        if "jurisdiction" in stated:
            stated["jurisdiction"] = stated["jurisdiction"].upper()
        place = stated.get("jurisdiction", "")
        problem = jurisdiction_problem(place, visit.known_repository.excluded)
        if problem:
            raise ProblemError(400, problem)
        try:
            return {**agreed.form.answers(content), **stated}
        except AnswerError as error:
            raise ProblemError(400, str(error)) from None

    def _require_wording(
        self, visit: Visit, content: Mapping[str, object], agreed: Agreement
    ) -> None:
        sent = content.get("wording", "")
        if sent == agreed.digest:
            return
        words = wire.OTHER_WORDING if sent else wire.NO_WORDING
        raise ProblemError(409 if sent else 400, words.format(page=self._address(visit)))

    def _address(self, visit: Visit) -> str:
        return f"{self._parts.url}/{visit.known_repository.name}"


def _original(visit: Visit) -> str:
    """Return the revision that a visit is about, without the marks of a recipient."""
    if visit.copy is not None:
        return visit.copy.original
    return "" if visit.revision is None else visit.revision.commit


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.lower() in {"true", "on", "1"})
