# SPDX-License-Identifier: Apache-2.0
"""``may_download(request, release, at)``: whether one person may have one file now. Pure.

Asked for every byte that leaves. What is not allowed by a rule below is refused; the rules are
gone through in the order in which they stand, the most closed first.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tiergate.decision.tier import Tier
from tiergate.release.bodies import Granted
from tiergate.release.facts import Rule
from tiergate.release.state import ReleaseState, Standing

SOON = timedelta(days=14)
"""A grant that ends within this time is announced to whoever uses it."""
_SPARE_BYTES = 1024
_ASKED_ANEW = "Your new request is not decided yet."


class Reason(enum.StrEnum):
    """Why somebody may, or may not."""

    OPEN = "open"
    """The weights are for everybody."""
    GRANTED = "granted"
    """This person has a grant."""
    CLOSED = "closed"
    """Nobody outside may know of it."""
    OTHER_CHECKPOINT = "other checkpoint"
    """The files are not those that the decision is about."""
    FROZEN = "frozen"
    """All downloads are stopped."""
    WITHDRAWN = "withdrawn"
    """The release ended."""
    LAPSED = "lapsed"
    """The decision is no longer valid."""
    STAGE = "stage not reached"
    """No stage is open yet."""
    HOSTED = "hosted only"
    """What is open is use, not the weights."""
    JURISDICTION = "jurisdiction"
    """Not for people there."""
    NO_TOKEN = "no token"  # noqa: S105 - a reason
    """Nobody is known to ask."""
    NO_GRANT = "no grant"
    """This person never asked, or was turned down."""
    PENDING = "pending"
    """Their first request is not decided."""
    EXPIRED = "grant expired"
    """Their grant has ended."""
    REVOKED = "grant revoked"
    """Their grant was taken back."""
    OTHER_REVISION = "other revision"
    """Their grant is for another revision."""
    USED_UP = "grant used up"
    """Their grant was for so many downloads, and they were made."""

    @property
    def allows(self) -> bool:
        """Whether bytes may leave."""
        return self in {Reason.OPEN, Reason.GRANTED}

    @property
    def hides(self) -> bool:
        """Whether not even the name may be known."""
        return self in {Reason.CLOSED, Reason.OTHER_CHECKPOINT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Permission for one person to download one repository until a date."""

    id: str
    """Its name, for logs."""
    until: datetime
    """When it ends, in UTC."""
    revoked_at: datetime | None = None
    """When it was taken back; None when it was not."""
    commit: str = ""
    """The only revision it is for; empty for every one."""
    downloads_left: int | None = None
    """How often the file may still be downloaded; None for any number."""
    jurisdiction: str = ""
    """Where the person says they are, as in ``DE``; empty when they did not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody who asks, with everything that was given to them for this repository."""

    name: str
    """Who, as the ledger would name them."""
    grants: tuple[Grant, ...] = ()
    """Their grants, the newest last."""
    is_pending: bool = False
    """Whether a request of theirs is not decided."""
    jurisdiction: str = ""
    """Where they are; empty when that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadRequest:
    """One file that is asked for, or the knowledge that it exists."""

    repository: str
    """Name of the repository, as in ``org/name``."""
    commit: str
    """The revision, resolved."""
    path: str
    """File within it; empty for the repository itself."""
    caller: Caller | None
    """Who asks; None for nobody known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the operator offers under a name."""

    root_digest: str
    """Digest of the files that this revision has."""
    release: ReleaseState
    """Where its release stands."""
    is_announced: bool = False
    """Whether the name may be known before a stage is open."""
    hosted_at: str = ""
    """Where the model can be used without its weights; empty for nowhere."""
    excluded: frozenset[str] = frozenset()
    """Jurisdictions that nothing is for."""
    is_data: bool = False
    """Whether it is data, which has no weights and no tier: only for people with a grant."""
    stopped: str = ""
    """What to tell while the operator has stopped downloads; empty when they have not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Whether it may be had, and what to tell."""

    reason: Reason
    """Why."""
    detail: str = ""
    """The facts, in words; a date, an incident, where to go instead."""
    grant: str = ""
    """The grant that it rests on; empty for none."""
    decision: str = ""
    """Digest of the decision that it rests on; empty for none."""
    warnings: tuple[str, ...] = ()
    """What somebody who may have it should know."""

    @property
    def is_allowed(self) -> bool:
        """Whether bytes may leave."""
        return self.reason.allows


def may_download(request: DownloadRequest, offer: Offer | None, at: datetime) -> Access:
    """Say whether bytes of a file may leave, and why.

    Args:
        request: what is asked for, and by whom.
        offer: what is offered under that name and revision; None for nothing.
        at: the time, in UTC.
    """
    if offer is None:
        return Access(reason=Reason.CLOSED)
    refusal = next((_refusals_of_data if offer.is_data else _refusals)(request, offer), None)
    if refusal is not None:
        return refusal
    is_open = (
        not offer.is_data
        and offer.release.serves is not None
        and offer.release.serves.rank > Tier.T4.rank
    )
    found = Access(reason=Reason.OPEN) if is_open else _by_grant(request, offer, at)
    return _with_facts(found, offer)


def bytes_of_downloads(downloads: int, size_bytes: int) -> int:
    """Return how many bytes of one file make up so many downloads of it.

    Pieces add up, so that nobody gets more by asking for pieces; a tenth and a KiB are to spare
    for clients that ask for a piece twice.

    Args:
        downloads: how often the file may be downloaded.
        size_bytes: its length.

    >>> bytes_of_downloads(2, 1000), bytes_of_downloads(0, 1000)
    (3124, 0)
    """
    spare = size_bytes // 10 + _SPARE_BYTES
    return downloads * size_bytes + spare if downloads > 0 else 0


def may_know(request: DownloadRequest, offer: Offer | None, at: datetime) -> Access:
    """Say whether somebody may know that a repository exists, and which files it has."""
    found = may_download(request, offer, at)
    has_opened = offer is not None and any(s.opened_at for s in offer.release.stages)
    has_opened |= offer is not None and offer.is_data and found.is_allowed
    if offer is None or not (has_opened or offer.is_announced):
        return Access(reason=Reason.CLOSED)
    return found


def _refusals(request: DownloadRequest, offer: Offer) -> Iterator[Access]:
    """Yield what no grant helps against, in the order in which it counts."""
    release = offer.release
    if release.submitted is None:
        yield Access(reason=Reason.CLOSED)
    elif offer.root_digest != release.submitted.root_digest:
        yield Access(reason=Reason.OTHER_CHECKPOINT)
    if release.standing is Standing.WITHDRAWN:
        yield Access(reason=Reason.WITHDRAWN, detail="Copies made before are out of reach.")
    if release.freezes:
        yield _frozen(release)
    if offer.stopped:
        yield Access(reason=Reason.FROZEN, detail=offer.stopped)
    if release.serves is None:
        yield _not_open(release)
    elsewhere = _excluded(request, offer)
    if elsewhere:
        yield Access(reason=Reason.JURISDICTION, detail=f"It is not for people in {elsewhere}.")
    if release.serves is not None and not release.serves.hands_out_weights:
        where = f"It can be used at {offer.hosted_at}." if offer.hosted_at else ""
        yield Access(reason=Reason.HOSTED, detail=where)


def _refusals_of_data(request: DownloadRequest, offer: Offer) -> Iterator[Access]:
    """Yield the same for data, which no release is about."""
    if offer.stopped:
        yield Access(reason=Reason.FROZEN, detail=offer.stopped)
    elsewhere = _excluded(request, offer)
    if elsewhere:
        yield Access(reason=Reason.JURISDICTION, detail=f"It is not for people in {elsewhere}.")


def _frozen(release: ReleaseState) -> Access:
    first = release.freezes[0]
    incidents = "".join(f", incident {event.sequence}" for event in release.incidents)
    when = f"Frozen on {first.at:%Y-%m-%d %H:%M} UTC by event {first.sequence}{incidents}."
    return Access(reason=Reason.FROZEN, detail=when)


def _not_open(release: ReleaseState) -> Access:
    """Say why nothing is served."""
    problem = release.decision_problem
    if problem and release.decided is not None:
        return Access(reason=Reason.LAPSED, detail=f"{problem[0].upper()}{problem[1:]}.")
    following = next((stage for stage in release.stages if stage.opened_at is None), None)
    if following is None or any(stage.opened_at for stage in release.stages):
        return Access(reason=Reason.LAPSED, detail="The decision supports no stage that is open.")
    locks = [g.text for g in following.gates if g.rule is Rule.TIME_LOCK and not g.passes]
    lock = f"; {locks[0]}" if locks and release.decided is not None else ""
    first = f"The first stage is {following.stage.name}, for {following.stage.audience}"
    return Access(reason=Reason.STAGE, detail=f"{first}{lock}.")


def _excluded(request: DownloadRequest, offer: Offer) -> str:
    """Return where the caller said to be that nothing is for; empty when nowhere."""
    caller = request.caller
    if caller is None:
        return ""
    stated = {caller.jurisdiction, *(grant.jurisdiction for grant in caller.grants)}
    places = {place.strip().upper() for place in stated}
    return ", ".join(sorted(place for place in offer.excluded if place.strip().upper() in places))


def _by_grant(request: DownloadRequest, offer: Offer, at: datetime) -> Access:
    """Look for a grant that holds, the longest; if none does, the newest is the one to tell of."""
    caller = request.caller
    if caller is None:
        return Access(reason=Reason.NO_TOKEN)
    grants = (*_of_ledger(caller, offer), *caller.grants)
    found = [(grant.until, _held_against(grant, request, at)) for grant in grants]
    holding = [(until, access) for until, access in found if access.is_allowed]
    if holding:
        return max(holding, key=lambda pair: pair[0])[1]
    if not found:
        return Access(reason=Reason.PENDING if caller.is_pending else Reason.NO_GRANT)
    refused = found[-1][1]
    if not caller.is_pending:
        return refused
    return replace(refused, detail=f"{refused.detail} {_ASKED_ANEW}".strip())


def _of_ledger(caller: Caller, offer: Offer) -> Iterator[Grant]:
    """Yield the grants that were entered in the ledger of the release itself."""
    for event in offer.release.grants:
        if isinstance(event.body, Granted) and event.body.identity == caller.name:
            yield Grant(id=f"event {event.sequence}", until=event.body.until)


def _held_against(grant: Grant, request: DownloadRequest, at: datetime) -> Access:
    if grant.revoked_at is not None:
        when = f"It was revoked on {grant.revoked_at:%Y-%m-%d %H:%M} UTC."
        return Access(reason=Reason.REVOKED, detail=when, grant=grant.id)
    if at >= grant.until:
        when = f"It ended on {grant.until:%Y-%m-%d %H:%M} UTC."
        return Access(reason=Reason.EXPIRED, detail=when, grant=grant.id)
    if grant.commit not in ("", request.commit):
        which = f"It is for revision {grant.commit}."
        return Access(reason=Reason.OTHER_REVISION, detail=which, grant=grant.id)
    if grant.downloads_left is not None and grant.downloads_left <= 0:
        return Access(reason=Reason.USED_UP, grant=grant.id)
    warnings: tuple[str, ...] = ()
    if grant.until - at <= SOON:
        warnings = (f"your grant expires on {grant.until:%Y-%m-%d %H:%M} UTC",)
    return Access(reason=Reason.GRANTED, grant=grant.id, warnings=warnings)


def _with_facts(found: Access, offer: Offer) -> Access:
    """Name the decision, and say where a release stands that has not opened in full."""
    release = offer.release
    if not found.is_allowed:
        return found
    decision = "" if release.decided is None else release.decided.decision
    opened = [stage for stage in release.stages if stage.opened_at is not None]
    warnings = found.warnings
    if len(opened) < len(release.stages) and opened:
        name = opened[-1].stage.name
        place = f"stage {len(opened)} of {len(release.stages)} ({name})"
        warnings = (f"staged release, {place}", *warnings)
    return Access(
        reason=found.reason,
        detail=found.detail,
        grant=found.grant,
        decision=decision,
        warnings=warnings,
    )
