# SPDX-License-Identifier: Apache-2.0
"""Who may have a file, and who may know of it: every reason, and which of them counts first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from builders_release import (
    DAY,
    LEGAL,
    ROOT,
    SAFETY,
    START,
    decided,
    digest,
    event,
    plan,
    ready,
    submitted,
)
from tiergate.decision.tier import Tier
from tiergate.release import bodies
from tiergate.release.access import (
    SOON,
    Access,
    Caller,
    DownloadRequest,
    Grant,
    Offer,
    Reason,
    bytes_of_downloads,
    may_download,
    may_know,
)
from tiergate.release.events import Event
from tiergate.release.plan import StagePart
from tiergate.release.state import replay

COMMIT = ROOT.removeprefix("sha256:")[:40]
DEFENDERS = bodies.Opened(stage="defenders", decision=digest(1))
GATED = bodies.Advanced(stage="gated", decision=digest(1))
ALL = bodies.Advanced(stage="everybody", decision=digest(1))
NOW = START + 20 * DAY

DECIDED = [event(1, submitted()), event(2, decided())]
HOSTED = [*ready(), event(5, DEFENDERS)]
VETTED = [*HOSTED, event(6, GATED, at=START + 10 * DAY)]
OPEN = [*VETTED, event(7, ALL, at=NOW)]


def _and(events: Sequence[Event], *more: bodies.Body, person: str = "Cem") -> list[Event]:
    """Return events with some more at the end, by somebody who may close but not open."""
    added = list(events)
    for body in more:
        added.append(event(len(added) + 1, body, person, at=NOW))
    return added


FROZEN = _and(OPEN, bodies.Frozen())
WITHDRAWN = _and(OPEN, bodies.Withdrawn())
LAPSED = _and(OPEN, bodies.Expired(decision=digest(1)))
LOWERED = [*VETTED, event(7, decided(2, supported=Tier.T0, at=NOW), at=NOW)]
GIVEN = [*VETTED, event(7, bodies.Granted(identity="nora", until=NOW + 50 * DAY), at=NOW)]


def _grant(name: str = "grant-1", **changes: object) -> Grant:
    fields = {"id": name, "until": NOW + 90 * DAY, **changes}
    return Grant(**fields)  # type: ignore[arg-type]


NOBODY = None
NORA = Caller(name="nora")
GWEN = Caller(name="gwen", grants=(_grant(),))
PENDING = Caller(name="petra", is_pending=True)
EXPIRED = _grant("old", until=NOW)
REVOKED = _grant("revoked", revoked_at=NOW - DAY)
OTHER = _grant("other", commit="0" * 40)
USED = _grant("used", downloads_left=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A release, somebody who asks, and what comes of it."""

    events: Sequence[Event]
    caller: Caller | None = NOBODY
    expected: Reason
    says: str = ""
    root: str = ROOT
    is_announced: bool = False
    hosted_at: str = ""
    excluded: frozenset[str] = frozenset()
    stopped: str = ""
    at: dt.datetime = NOW

    def offer(self) -> Offer:
        """Return what is offered."""
        return Offer(
            root_digest=self.root,
            release=replay(self.events, self.at),
            is_announced=self.is_announced,
            hosted_at=self.hosted_at,
            excluded=self.excluded,
            stopped=self.stopped,
        )

    def request(self) -> DownloadRequest:
        """Return what is asked for."""
        return DownloadRequest(
            repository="acme/model", commit=COMMIT, path="config.json", caller=self.caller
        )

    def access(self) -> Access:
        """Ask."""
        return may_download(self.request(), self.offer(), self.at)


DE = frozenset({"DE", "FR"})
CASES = {
    "nothing was submitted, even to somebody with a grant": Case(
        events=[], caller=GWEN, expected=Reason.CLOSED
    ),
    "the files are not those that were submitted": Case(
        events=OPEN, root=digest(7), expected=Reason.OTHER_CHECKPOINT
    ),
    "other files, of a release that was withdrawn": Case(
        events=WITHDRAWN, root=digest(7), expected=Reason.OTHER_CHECKPOINT
    ),
    "the release ended": Case(
        events=WITHDRAWN,
        caller=GWEN,
        expected=Reason.WITHDRAWN,
        says="Copies made before are out of reach.",
    ),
    "it was frozen and then withdrawn": Case(
        events=_and(OPEN, bodies.Frozen(), bodies.Withdrawn()), expected=Reason.WITHDRAWN
    ),
    "it is frozen": Case(
        events=FROZEN,
        caller=GWEN,
        expected=Reason.FROZEN,
        says="Frozen on 2026-12-13 09:00 UTC by event 8.",
    ),
    "it is frozen because of an incident": Case(
        events=_and(
            OPEN,
            bodies.Incident(severity=bodies.Severity.SERIOUS, known_at=NOW),
            bodies.Frozen(),
        ),
        expected=Reason.FROZEN,
        says="by event 9, incident 8.",
    ),
    "it is frozen, and its decision lapsed": Case(
        events=_and(LAPSED, bodies.Frozen()), expected=Reason.FROZEN
    ),
    "it is frozen before anything opened": Case(
        events=_and(DECIDED, bodies.Frozen()), expected=Reason.FROZEN
    ),
    "the operator has stopped it": Case(
        events=OPEN,
        caller=GWEN,
        stopped="Stopped, incident stop-1.",
        expected=Reason.FROZEN,
        says="Stopped, incident stop-1.",
    ),
    "the decision was declared lapsed": Case(
        events=LAPSED, caller=GWEN, expected=Reason.LAPSED, says="."
    ),
    "the decision lapsed with time": Case(
        events=OPEN, caller=GWEN, expected=Reason.LAPSED, at=START + 90 * DAY
    ),
    "the decision lapsed, and it is not for where the person is": Case(
        events=LAPSED,
        caller=replace(NORA, jurisdiction="DE"),
        excluded=DE,
        expected=Reason.LAPSED,
    ),
    "a newer decision supports nothing that is open": Case(
        events=LOWERED,
        caller=GWEN,
        expected=Reason.LAPSED,
        says="The decision supports no stage that is open.",
    ),
    "nothing was decided yet": Case(
        events=DECIDED[:1],
        caller=GWEN,
        expected=Reason.STAGE,
        says="The first stage is defenders, for some.",
    ),
    "no stage is open yet": Case(
        events=ready(),
        caller=GWEN,
        expected=Reason.STAGE,
        says="The first stage is defenders, for some.",
    ),
    "no stage is open before a date": Case(
        events=ready(
            plan(
                StagePart(name="gated", audience="more", tier=Tier.T4, not_before=START + 30 * DAY)
            )
        ),
        expected=Reason.STAGE,
        says="The first stage is gated, for more; not before 2026-12-23 09:00 UTC.",
    ),
    "only its use is open": Case(
        events=HOSTED,
        caller=GWEN,
        hosted_at="https://api.example.org",
        expected=Reason.HOSTED,
        says="It can be used at https://api.example.org.",
    ),
    "only its use is open, nowhere in particular": Case(events=HOSTED, expected=Reason.HOSTED),
    "only its use is open, and not where the person is": Case(
        events=HOSTED,
        caller=replace(GWEN, jurisdiction="FR"),
        excluded=DE,
        expected=Reason.JURISDICTION,
    ),
    "it is open, but not where the person is": Case(
        events=OPEN,
        caller=replace(GWEN, jurisdiction="DE"),
        excluded=DE,
        expected=Reason.JURISDICTION,
        says="It is not for people in DE.",
    ),
    "it is open, but not where the person said to be when they asked": Case(
        events=OPEN,
        caller=replace(GWEN, grants=(_grant(jurisdiction=" de"),)),
        excluded=DE,
        expected=Reason.JURISDICTION,
        says="It is not for people in DE.",
    ),
    "it is open, and the person is somewhere else": Case(
        events=OPEN,
        caller=replace(NORA, jurisdiction="SE"),
        excluded=DE,
        expected=Reason.OPEN,
    ),
    "it is open, and nobody knows where the person is": Case(
        events=OPEN, excluded=DE, expected=Reason.OPEN
    ),
    "it is open": Case(events=OPEN, expected=Reason.OPEN),
    "it is open, to somebody whose grant was revoked": Case(
        events=OPEN, caller=replace(NORA, grants=(REVOKED,)), expected=Reason.OPEN
    ),
    "a grant is needed, and nobody is known to ask": Case(events=VETTED, expected=Reason.NO_TOKEN),
    "a grant is needed, and the person never asked": Case(
        events=VETTED, caller=NORA, expected=Reason.NO_GRANT
    ),
    "a grant is needed, and the request is not decided": Case(
        events=VETTED, caller=PENDING, expected=Reason.PENDING
    ),
    "the grant has ended": Case(
        events=VETTED,
        caller=replace(NORA, grants=(EXPIRED,)),
        expected=Reason.EXPIRED,
        says="It ended on 2026-12-13 09:00 UTC.",
    ),
    "the grant has ended, and the person asked again": Case(
        events=VETTED, caller=replace(PENDING, grants=(EXPIRED,)), expected=Reason.EXPIRED
    ),
    "the grant was revoked": Case(
        events=VETTED,
        caller=replace(NORA, grants=(REVOKED,)),
        expected=Reason.REVOKED,
        says="It was revoked on 2026-12-12 09:00 UTC.",
    ),
    "the grant was revoked, and has ended": Case(
        events=VETTED,
        caller=replace(NORA, grants=(replace(EXPIRED, revoked_at=NOW - DAY),)),
        expected=Reason.REVOKED,
    ),
    "the grant has ended, and was for another revision": Case(
        events=VETTED,
        caller=replace(NORA, grants=(replace(OTHER, until=NOW),)),
        expected=Reason.EXPIRED,
    ),
    "the grant is for another revision": Case(
        events=VETTED,
        caller=replace(NORA, grants=(OTHER,)),
        expected=Reason.OTHER_REVISION,
        says=f"It is for revision {'0' * 40}.",
    ),
    "the grant is for another revision, and used up": Case(
        events=VETTED,
        caller=replace(NORA, grants=(replace(OTHER, downloads_left=0),)),
        expected=Reason.OTHER_REVISION,
    ),
    "the grant is used up": Case(
        events=VETTED, caller=replace(NORA, grants=(USED,)), expected=Reason.USED_UP
    ),
    "of two grants that do not hold, the newest is told of": Case(
        events=VETTED, caller=replace(NORA, grants=(REVOKED, EXPIRED)), expected=Reason.EXPIRED
    ),
    "the grant holds": Case(events=VETTED, caller=GWEN, expected=Reason.GRANTED),
    "the grant is for this revision": Case(
        events=VETTED,
        caller=replace(NORA, grants=(_grant(commit=COMMIT, downloads_left=1),)),
        expected=Reason.GRANTED,
    ),
    "one of several grants holds": Case(
        events=VETTED,
        caller=replace(PENDING, grants=(REVOKED, _grant(), EXPIRED)),
        expected=Reason.GRANTED,
    ),
    "the grant stands in the ledger": Case(events=GIVEN, caller=NORA, expected=Reason.GRANTED),
    "the grant in the ledger is somebody else's": Case(
        events=GIVEN, caller=Caller(name="norah"), expected=Reason.NO_GRANT
    ),
    "the grant in the ledger has ended": Case(
        events=GIVEN, caller=NORA, at=NOW + 50 * DAY, expected=Reason.NO_GRANT
    ),
    "the grant in the ledger was revoked": Case(
        events=_and(GIVEN, bodies.Revoked(grant=7)), caller=NORA, expected=Reason.NO_GRANT
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_that_it_is_decided_that(name: str) -> None:
    case = CASES[name]
    found = case.access()

    assert found.reason is case.expected
    assert case.says in found.detail
    assert found.is_allowed == (case.expected in {Reason.OPEN, Reason.GRANTED})
    assert found.is_allowed == bool(found.decision)
    assert found.is_allowed or found.warnings == ()


def test_that_every_reason_has_a_sentence() -> None:
    assert {case.expected for case in CASES.values()} == set(Reason)


def test_that_what_is_not_offered_is_closed() -> None:
    request = CASES["it is open"].request()

    assert may_download(request, None, NOW) == Access(reason=Reason.CLOSED)
    assert may_know(request, None, NOW) == Access(reason=Reason.CLOSED)


def test_that_each_reason_takes_the_place_of_those_after_it() -> None:
    """Everything that closes is so at once, and is then taken away, the first one first."""
    caller = Caller(name="nora", jurisdiction="DE", grants=(REVOKED,), is_pending=True)
    worst = Case(
        events=_and(HOSTED, bodies.Frozen(), bodies.Withdrawn()),
        root=digest(7),
        caller=caller,
        excluded=DE,
        expected=Reason.OTHER_CHECKPOINT,
    )
    steps = [
        replace(worst, events=[]),
        worst,
        replace(worst, root=ROOT),
        replace(worst, root=ROOT, events=_and(HOSTED, bodies.Frozen())),
        replace(worst, root=ROOT, events=_and(HOSTED, bodies.Expired(decision=digest(1)))),
        replace(worst, root=ROOT, events=HOSTED),
        replace(worst, root=ROOT, events=HOSTED, excluded=frozenset()),
        replace(worst, root=ROOT, events=VETTED, excluded=frozenset()),
        replace(worst, root=ROOT, events=VETTED, caller=replace(NORA, grants=(REVOKED,))),
        replace(worst, root=ROOT, events=VETTED, caller=GWEN),
    ]

    assert [step.access().reason for step in steps] == [
        Reason.CLOSED,
        Reason.OTHER_CHECKPOINT,
        Reason.WITHDRAWN,
        Reason.FROZEN,
        Reason.LAPSED,
        Reason.JURISDICTION,
        Reason.HOSTED,
        Reason.REVOKED,
        Reason.REVOKED,
        Reason.GRANTED,
    ]


def test_that_who_asked_anew_is_told_first_why_their_grant_is_no_good() -> None:
    used_up = replace(_grant(), downloads_left=0)
    for grant, reason in ((used_up, Reason.USED_UP), (EXPIRED, Reason.EXPIRED)):
        caller = replace(PENDING, grants=(grant,))
        found = replace(CASES["the grant holds"], caller=caller).access()

        assert found.reason is reason
        assert found.detail.endswith("Your new request is not decided yet.")


def test_that_an_access_names_its_grant_and_its_decision() -> None:
    assert CASES["the grant holds"].access().grant == "grant-1"
    assert CASES["the grant stands in the ledger"].access().grant == "event 7"
    assert CASES["it is open"].access().grant == ""
    assert CASES["it is open"].access().decision == digest(1)


def test_that_somebody_is_told_that_more_stages_are_to_come() -> None:
    vetted, everything = CASES["the grant holds"].access(), CASES["it is open"].access()

    assert vetted.warnings == ("staged release, stage 2 of 3 (gated)",)
    assert everything.warnings == ()


@pytest.mark.parametrize(
    ("left", "is_told"), [(SOON, True), (SOON + dt.timedelta(seconds=1), False)]
)
def test_that_somebody_is_told_when_their_grant_ends_soon(
    left: dt.timedelta, *, is_told: bool
) -> None:
    caller = replace(NORA, grants=(_grant(until=NOW + left),))
    found = replace(CASES["the grant holds"], caller=caller).access()

    assert any("your grant expires on" in warning for warning in found.warnings) == is_told


def test_that_the_grant_that_lasts_longest_is_used() -> None:
    soon, later = _grant("soon", until=NOW + DAY), _grant("later")
    for grants in [(soon, later), (later, soon)]:
        found = replace(CASES["the grant holds"], caller=replace(NORA, grants=grants)).access()

        assert found.grant == "later"
        assert len(found.warnings) == 1


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (Case(events=[], is_announced=True, expected=Reason.CLOSED), False),
        (Case(events=[], expected=Reason.CLOSED), False),
        (Case(events=ready(), expected=Reason.STAGE), False),
        (Case(events=ready(), is_announced=True, expected=Reason.STAGE), True),
        (Case(events=HOSTED, expected=Reason.HOSTED), True),
        (Case(events=VETTED, expected=Reason.NO_TOKEN), True),
        (Case(events=FROZEN, expected=Reason.FROZEN), True),
        (Case(events=WITHDRAWN, expected=Reason.WITHDRAWN), True),
        (Case(events=LAPSED, expected=Reason.LAPSED), True),
        (Case(events=OPEN, root=digest(7), expected=Reason.OTHER_CHECKPOINT), False),
        (Case(events=OPEN, expected=Reason.OPEN), True),
    ],
    ids=[
        "what nobody submitted, though it was announced",
        "what nobody submitted",
        "what is not open yet",
        "what is not open yet, and was announced",
        "what can be used",
        "what needs a grant",
        "what is frozen",
        "what was withdrawn",
        "what lapsed",
        "other files",
        "what is open",
    ],
)
def test_that_it_is_decided_who_may_know_of(case: Case, *, expected: bool) -> None:
    found = may_know(case.request(), case.offer(), case.at)

    assert found.reason.hides != expected
    assert case.access().reason is case.expected
    if expected:
        assert found == case.access()


def test_that_nobody_may_have_what_they_may_not_know_of() -> None:
    for name, case in CASES.items():
        known = may_know(case.request(), case.offer(), case.at)

        assert not (known.reason.hides and case.access().is_allowed), name


def test_that_the_people_of_these_events_are_those_who_may() -> None:
    """No event of these releases is refused, so that each stands where its name says."""
    for events in (HOSTED, VETTED, OPEN, FROZEN, WITHDRAWN, LAPSED, LOWERED, GIVEN):
        assert replay(events, NOW).refused == ()
    assert {LEGAL, SAFETY} == {e.role for e in ready() if isinstance(e.body, bodies.Approved)}


@pytest.mark.parametrize(
    ("downloads", "size", "expected"),
    [
        (0, 10_000, 0),
        (-1, 10_000, 0),
        (1, 10_000, 12_024),
        (3, 10_000, 32_024),
        (1, 0, 1024),
    ],
)
def test_that_so_many_bytes_are_so_many_downloads(downloads: int, size: int, expected: int) -> None:
    assert bytes_of_downloads(downloads, size) == expected


def test_that_one_download_is_never_nearly_two() -> None:
    for size in (10**4, 10**6, 10**10):
        assert size < bytes_of_downloads(1, size) < 2 * size
