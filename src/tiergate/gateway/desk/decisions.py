# SPDX-License-Identifier: Apache-2.0
"""A decision with its reasons, from its record."""

from __future__ import annotations

import re
from dataclasses import replace

from starlette.responses import Response

from tiergate.gateway.desk.visit import NO_PAGE, DeskVisit, login_path, see
from tiergate.gateway.guards import Visit
from tiergate.gateway.records import KeptRecord
from tiergate.gateway.roles import Right
from tiergate.gateway.targets import Kind, Target
from tiergate.release.record_checks import examine_record
from tiergate.release.state import ReleaseState
from tiergate.report.record_page import requirement_trees

_DIGEST = re.compile(r"[0-9a-f]{64}")


def show(visit: DeskVisit) -> Response:
    """Show a decision: to those who see every release, or to everybody when that was chosen.

    Who may not see it learns no more than of one that never was.
    """
    name = visit.arguments[0]
    digest = f"sha256:{name}"
    if not _DIGEST.fullmatch(name) or not _may_see(visit, digest):
        if visit.session is None:
            return see(login_path(f"/-/decisions/{name}" if _DIGEST.fullmatch(name) else "/"))
        return visit.page("said.html.j2", 404, words=NO_PAGE)
    kept = visit.parts.records.of(digest)
    of = [] if not _sees_all(visit) else _releases_of(visit, digest)
    if kept is None:
        status = 200 if of else 404
        return visit.page("no_record.html.j2", status, digest=digest, releases=of)
    return _page(visit, digest, kept, of)


def _page(visit: DeskVisit, digest: str, kept: KeptRecord, of: list[str]) -> Response:
    parts, record = visit.parts, kept.record
    at = parts.clock()
    report = examine_record(record, parts.releases.trust, now=at, found=None, weights=None)
    checks = [check for check in report.checks if check.done]
    # A decision that has lapsed is history, and no reason to doubt who signed it.
    lapsed = record.predicate.valid_until <= at
    problems = [p for c in checks for p in c.problems if not (lapsed and "lapsed" in p)]
    decision = record.predicate.decision
    return visit.page(
        "decision.html.j2",
        digest=digest,
        releases=of,
        record=record.predicate,
        decision=decision,
        trees=requirement_trees(decision) if not problems else "",
        problems=problems,
        signatures=[note for check in checks for note in check.notes],
        lapsed=lapsed,
        policy=kept.policy,
        is_public=kept.is_public,
        sees_all=_sees_all(visit),
    )


def _sees_all(visit: DeskVisit) -> bool:
    return visit.session is not None and Right.SEE_RELEASES in visit.person.rights


def _may_see(visit: DeskVisit, digest: str) -> bool:
    if _sees_all(visit):
        return True
    return visit.parts.records.is_public(digest) and any(
        _is_known(visit, each.name)
        for each in visit.parts.catalogue.repositories()
        if _is_about(visit.parts.releases.state(each.release, visit.parts.clock()), digest)
    )


def _is_known(visit: DeskVisit, repository: str) -> bool:
    """Tell whether whoever asks may know of a model."""
    asked = Visit(
        request=visit.request,
        target=Target(kind=Kind.PAGE, repository=repository),
        person=None if visit.session is None else visit.person,
        at=visit.parts.clock(),
    )
    return not visit.guards.found(replace(asked, session=visit.session)).access.reason.hides


def _releases_of(visit: DeskVisit, digest: str) -> list[str]:
    releases, at = visit.parts.releases, visit.parts.clock()
    return [name for name in releases.names() if _is_about(releases.state(name, at), digest)]


def _is_about(state: ReleaseState, digest: str) -> bool:
    return state.decided is not None and state.decided.decision == digest
