# SPDX-License-Identifier: Apache-2.0
"""Each rule of a release, by its name: what it refuses, and that nothing else is in the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest

from builders_release import (
    DAY,
    LEGAL,
    OWNER,
    ROOT,
    SAFETY,
    START,
    approved,
    decided,
    digest,
    event,
    plan,
    ready,
    submitted,
)
from tiergate.attestation.trust import Role
from tiergate.decision.tier import Tier
from tiergate.release import bodies
from tiergate.release.bodies import Body, Incident, Matter, Severity
from tiergate.release.events import Event
from tiergate.release.facts import Rule
from tiergate.release.gates import business_days_after
from tiergate.release.plan import EntryCondition, QuorumPart, StagePart
from tiergate.release.state import REMEDIES, ReleaseState, Standing, replay

OPEN = bodies.Opened(stage="defenders", decision=digest(1))
GATED = bodies.Advanced(stage="gated", decision=digest(1))
ALL = bodies.Advanced(stage="everybody", decision=digest(1))
LATER = START + 10 * DAY
LAST = START + 20 * DAY


def _one(body: Body, person: str = "Ada", role: Role | None = None, **when: dt.datetime) -> Event:
    return event(0, body, person, role, **when)


def _numbered(*events: Event) -> list[Event]:
    import dataclasses

    return [dataclasses.replace(e, sequence=n) for n, e in enumerate(events, start=1)]


def _state(*events: Event, at: dt.datetime | None = None) -> ReleaseState:
    numbered = _numbered(*events)
    return replay(numbered, at or numbered[-1].at)


def _rules(events: Sequence[Event]) -> list[Rule]:
    """Return the rules that the last event breaks; those before it must break none."""
    state = _state(*events)
    assert {refusal.sequence for refusal in state.refused} <= {len(events)}
    return [refusal.rule for refusal in state.refused]


def _incident(**changes: object) -> Incident:
    fields = {"severity": Severity.SERIOUS, "known_at": START, **changes}
    return Incident.model_validate(fields)


def _reported(incident: int = 6, *, at: dt.datetime = START) -> bodies.Reported:
    return bodies.Reported(incident=incident, deadline="eu-cop-serious", reported_at=at)


OPENED = [*ready(), _one(OPEN)]
FROZEN = [*OPENED, _one(bodies.Frozen(), "Cem")]
HELD = [*OPENED, _one(bodies.Held(), "Cem")]
TRIPPED = [
    *OPENED,
    _one(bodies.Tripwire(trigger=bodies.Trigger.LAW, review_days=5), "Cem"),
]
THAW = bodies.Thawed(freezes=(6,))
THAW_BEA = _one(approved(6, matter=Matter.THAW), "Bea", SAFETY)
THAW_CEM = _one(approved(6, matter=Matter.THAW), "Cem", LEGAL)
RESUME = bodies.Resumed(holds=(6,))
NEWER = decided(2, at=START + DAY)
REPLACED = _one(bodies.Superseded(policy_digest=digest(999)), "Cem")

REFUSED: dict[str, tuple[list[Event], list[Rule]]] = {
    "an act before the submission": ([_one(bodies.Held())], [Rule.SUBMITTED_ONCE]),
    "a second submission": ([*ready(), _one(submitted())], [Rule.SUBMITTED_ONCE]),
    "a clock that was set back": (
        [_one(submitted(), at=LATER), _one(decided(), at=START)],
        [Rule.CLOCK],
    ),
    "opening without being the release owner": (
        [*ready(), _one(OPEN, "Bea", SAFETY)],
        [Rule.ROLE],
    ),
    "a decision about another checkpoint": (
        [_one(submitted()), _one(decided(root=digest(7)))],
        [Rule.CHECKPOINT],
    ),
    "an older decision after a newer one": (
        [_one(submitted()), _one(NEWER), _one(decided())],
        [Rule.NEWEST_DECISION],
    ),
    "opening without a decision": (
        [_one(submitted()), _one(OPEN)],
        [Rule.NEWEST_DECISION, Rule.UNEXPIRED, Rule.TIER, Rule.QUORUM, Rule.TIME_LOCK],
    ),
    "opening without an approval": (
        [_one(submitted()), _one(decided()), _one(OPEN)],
        [Rule.QUORUM],
    ),
    "opening with one of two roles": ([*ready()[:3], _one(OPEN)], [Rule.QUORUM]),
    "one person who approves as both": (
        [*ready()[:3], _one(approved(), "Bea", LEGAL), _one(OPEN)],
        [Rule.QUORUM],
    ),
    "one person who approves as both, of a plan that counts no people": (
        [*ready(plan(quorum=QuorumPart()))[:3], _one(approved(), "Bea", LEGAL), _one(OPEN)],
        [Rule.QUORUM],
    ),
    "thawing with the approval of somebody who evaluated since": (
        [
            *FROZEN,
            THAW_BEA,
            THAW_CEM,
            _one(decided(2, at=START + DAY, evaluators=("Bea",)), at=START + DAY),
            _one(THAW, at=START + DAY),
        ],
        [Rule.QUORUM],
    ),
    "one person who approves twice": (
        [*ready()[:3], _one(approved(), "Bea", SAFETY), _one(OPEN)],
        [Rule.QUORUM],
    ),
    "one person who is two of three people": (
        [
            *ready(plan(quorum=QuorumPart(people=3))),
            _one(approved(), "Bea", LEGAL),
            _one(OPEN),
        ],
        [Rule.QUORUM],
    ),
    "people of the wrong roles": (
        [*ready()[:3], _one(approved(), "Ada", OWNER), _one(OPEN)],
        [Rule.QUORUM],
    ),
    "more people than the roles when the plan asks for them": (
        [*ready(plan(quorum=QuorumPart(people=3))), _one(OPEN)],
        [Rule.QUORUM],
    ),
    "a role that only the plan asks for": (
        [*ready(plan(quorum=QuorumPart(roles=(Role.AUDITOR,)))), _one(OPEN)],
        [Rule.QUORUM],
    ),
    "approving one's own evaluation": (
        [*ready()[:2], _one(approved(), "Eve", SAFETY)],
        [Rule.OWN_EVALUATION],
    ),
    "approving another decision than the newest": (
        [*ready()[:2], _one(approved(2, number=9), "Bea", SAFETY)],
        [Rule.NEWEST_DECISION],
    ),
    "approving another event than the newest decision": (
        [*ready()[:2], _one(approved(1), "Bea", SAFETY)],
        [Rule.NEWEST_DECISION],
    ),
    "opening with approvals of an older decision": (
        [
            *ready(),
            _one(NEWER, at=START + DAY),
            _one(bodies.Opened(stage="defenders", decision=digest(2)), at=START + DAY),
        ],
        [Rule.QUORUM],
    ),
    "opening under a superseded decision": (
        [
            *ready(),
            _one(NEWER, at=START + DAY),
            *(
                _one(approved(5, 2), who, role, at=START + DAY)
                for who, role in (("Bea", SAFETY), ("Cem", LEGAL))
            ),
            _one(OPEN, at=START + DAY),
        ],
        [Rule.NEWEST_DECISION],
    ),
    "opening under a decision that lapsed": (
        [*ready(), _one(OPEN, at=START + 90 * DAY)],
        [Rule.UNEXPIRED],
    ),
    "opening under a decision that was declared lapsed": (
        [*ready(), _one(bodies.Expired(decision=digest(1)), "Cem"), _one(OPEN)],
        [Rule.UNEXPIRED],
    ),
    "a decision under a policy that was replaced": (
        [*ready(), REPLACED, _one(NEWER, at=START + DAY)],
        [Rule.POLICY],
    ),
    "opening under a policy that was replaced since the decision": (
        [*ready(), REPLACED, _one(OPEN)],
        [Rule.POLICY],
    ),
    "advancing under a policy that was replaced since the decision": (
        [*OPENED, REPLACED, _one(GATED, at=LATER)],
        [Rule.POLICY],
    ),
    "a grant under a policy that was replaced since the decision": (
        [*OPENED, REPLACED, _one(bodies.Granted(identity="x", until=LATER))],
        [Rule.POLICY],
    ),
    "opening above the tier that is supported": (
        [*ready(entered=decided(supported=Tier.T0)), _one(OPEN)],
        [Rule.TIER],
    ),
    "advancing above the tier that is supported": (
        [*ready(entered=decided(supported=Tier.T1)), _one(OPEN), _one(GATED, at=LATER)],
        [Rule.TIER],
    ),
    "a veto": (
        [*ready(), _one(bodies.Objected(decision=digest(1)), "Dua", SAFETY), _one(OPEN)],
        [Rule.VETO],
    ),
    "an objection of somebody who had approved": (
        [*ready(), _one(bodies.Objected(decision=digest(1)), "Cem"), _one(OPEN)],
        [Rule.QUORUM],
    ),
    "an objection to another decision": (
        [*ready(), _one(bodies.Objected(decision=digest(9)), "Cem")],
        [Rule.NEWEST_DECISION],
    ),
    "advancing before the days of the plan": (
        [*OPENED, _one(GATED, at=LATER - dt.timedelta(seconds=1))],
        [Rule.TIME_LOCK],
    ),
    "opening before the date of the plan": (
        [
            *ready(plan(StagePart(name="defenders", audience="a", tier=Tier.T1, not_before=LATER))),
            _one(OPEN),
        ],
        [Rule.TIME_LOCK],
    ),
    "opening before the wait of the policy": (
        [*ready(entered=decided(hold_days=5)), _one(OPEN, at=START + 4 * DAY)],
        [Rule.TIME_LOCK],
    ),
    "opening the first stage again": (
        [*OPENED, _one(OPEN)],
        [Rule.ORDER, Rule.ORDER, Rule.TIME_LOCK],
    ),
    "advancing when nothing is open": (
        [*ready(), _one(bodies.Advanced(stage="defenders", decision=digest(1)))],
        [Rule.ORDER],
    ),
    "leaving out a stage": ([*OPENED, _one(ALL, at=LATER)], [Rule.ORDER]),
    "advancing beyond the last stage": (
        [*OPENED, _one(GATED, at=LATER), _one(ALL, at=LAST), _one(ALL, at=LAST)],
        [Rule.ORDER],
    ),
    "opening while it is held": ([*HELD, _one(GATED, at=LATER)], [Rule.HOLD]),
    "opening while it is frozen": ([*FROZEN, _one(GATED, at=LATER)], [Rule.FREEZE]),
    "opening while it is under review": (
        [*TRIPPED, _one(GATED, at=START + 2 * DAY)],
        [Rule.REVIEW, Rule.TIME_LOCK],
    ),
    "opening after a review was due": (
        [*TRIPPED, _one(GATED, at=LATER)],
        [Rule.REVIEW, Rule.UNEXPIRED],
    ),
    "thawing without approvals": ([*FROZEN, _one(THAW)], [Rule.QUORUM]),
    "thawing with one approval": ([*FROZEN, THAW_BEA, _one(THAW)], [Rule.QUORUM]),
    "thawing against a veto": (
        [
            *FROZEN,
            THAW_BEA,
            THAW_CEM,
            _one(bodies.Objected(decision=digest(1)), "Dua", SAFETY),
            _one(THAW),
        ],
        [Rule.VETO],
    ),
    "thawing a second freeze with the approvals of the first": (
        [
            *FROZEN,
            THAW_BEA,
            THAW_CEM,
            _one(bodies.Frozen()),
            _one(bodies.Thawed(freezes=(6, 9))),
        ],
        [Rule.QUORUM],
    ),
    "thawing what is not frozen": ([*OPENED, _one(THAW)], [Rule.TARGET]),
    "thawing as somebody else": ([*FROZEN, _one(THAW, "Cem")], [Rule.ROLE]),
    "approving the thaw of what is not frozen": (
        [*OPENED, _one(approved(5, matter=Matter.THAW), "Bea", SAFETY)],
        [Rule.TARGET],
    ),
    "approving the end of a hold that is not there": (
        [*OPENED, _one(approved(5, matter=Matter.RESUME), "Bea", SAFETY)],
        [Rule.TARGET],
    ),
    "lifting somebody else's hold alone": ([*HELD, _one(RESUME)], [Rule.QUORUM]),
    "lifting a freeze before any decision": (
        [_one(submitted()), _one(bodies.Frozen()), _one(bodies.Thawed(freezes=(2,)))],
        [Rule.QUORUM],
    ),
    "a grant before a stage is open": (
        [*ready(), _one(bodies.Granted(identity="x", until=LATER))],
        [Rule.GRANT],
    ),
    "a grant that has ended": (
        [*OPENED, _one(bodies.Granted(identity="x", until=START))],
        [Rule.GRANT],
    ),
    "a grant while it is frozen": (
        [*FROZEN, _one(bodies.Granted(identity="x", until=LATER))],
        [Rule.FREEZE],
    ),
    "revoking what is no grant": ([*OPENED, _one(bodies.Revoked(grant=5))], [Rule.TARGET]),
    "anything after the release was withdrawn": (
        [*OPENED, _one(bodies.Withdrawn()), _one(GATED, at=LATER)],
        [Rule.WITHDRAWN],
    ),
    "withdrawing without the role": (
        [*OPENED, _one(bodies.Withdrawn(), "Bea", SAFETY)],
        [Rule.ROLE],
    ),
    "an incident that became known after it was entered": (
        [*OPENED, _one(_incident(known_at=LATER), "Cem")],
        [Rule.CLOCK],
    ),
    "closing an incident without the role": (
        [*OPENED, _one(_incident(), "Cem"), _one(_incident(closes=6), "Cem")],
        [Rule.ROLE],
    ),
    "closing an incident that is not open": (
        [*OPENED, _one(_incident(closes=6), "Bea", SAFETY)],
        [Rule.TARGET],
    ),
    "reporting what is no incident": (
        [*OPENED, _one(_reported(5), "Bea", SAFETY)],
        [Rule.TARGET],
    ),
    "reporting without the role": (
        [*OPENED, _one(_incident(), "Cem"), _one(_reported(), "Eve", Role.EVALUATOR)],
        [Rule.ROLE],
    ),
    "a report from before the incident was known": (
        [*OPENED, _one(_incident(), "Cem"), _one(_reported(at=START - DAY), "Cem")],
        [Rule.CLOCK],
    ),
    "a report that will be made": (
        [*OPENED, _one(_incident(), "Cem"), _one(_reported(at=LATER), "Cem")],
        [Rule.CLOCK],
    ),
    "ending a review with the old decision": (
        [*TRIPPED, _one(bodies.Reassessed(tripwires=(6,), decision=digest(1)), "Bea", SAFETY)],
        [Rule.REVIEW],
    ),
    "ending a review that is not there": (
        [*OPENED, _one(bodies.Reassessed(tripwires=(6,), decision=digest(1)), "Bea", SAFETY)],
        [Rule.TARGET],
    ),
    "a plan that goes back": (
        [
            _one(
                submitted(
                    plan(
                        StagePart(name="a", audience="a", tier=Tier.T4),
                        StagePart(name="a", audience="a", tier=Tier.T1),
                        StagePart(name="b", audience="a", tier=Tier.T0),
                    )
                )
            )
        ],
        [Rule.ORDER, Rule.ORDER, Rule.ORDER],
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_is_refused_by_its_rule_and_changes_nothing(what: str) -> None:
    events, rules = REFUSED[what]

    assert _rules(events) == rules
    before, after = (
        _state(*events[:-1], at=START) if events[1:] else None,
        _state(*events, at=START),
    )
    if before is not None:
        assert [s.opened_at for s in before.stages] == [s.opened_at for s in after.stages]
        assert (before.accepted, before.freezes, before.holds) == (
            after.accepted,
            after.freezes,
            after.holds,
        )


ALLOWED: dict[str, list[Event]] = {
    "opening with two people": OPENED,
    "advancing on the day": [*OPENED, _one(GATED, at=LATER)],
    "a decision under another policy than the one that was replaced": [
        *OPENED,
        REPLACED,
        _one(decided(2, at=LATER, policy=998), at=LATER),
    ],
    "replacing a policy before any decision under it": [_one(submitted()), REPLACED],
    "a later decision of a lower tier": [*OPENED, _one(decided(2, at=LATER), at=LATER)],
    "thawing with the people of the policy": [*FROZEN, THAW_BEA, THAW_CEM, _one(THAW)],
    "lifting one's own hold": [*OPENED, _one(bodies.Held()), _one(RESUME)],
    "lifting a hold with the people of the policy": [
        *HELD,
        _one(approved(6, matter=Matter.RESUME), "Bea", SAFETY),
        _one(approved(6, matter=Matter.RESUME), "Cem", LEGAL),
        _one(RESUME),
    ],
    "an objection that was taken back": [
        *ready(),
        _one(bodies.Objected(decision=digest(1)), "Dua", SAFETY),
        _one(approved(), "Dua", SAFETY),
        _one(OPEN),
    ],
    "an objection without a veto": [
        *ready(),
        _one(bodies.Objected(decision=digest(1)), "Ada"),
        _one(OPEN),
    ],
    "ending a review with a newer decision": [
        *TRIPPED,
        _one(NEWER, at=START + DAY),
        _one(bodies.Reassessed(tripwires=(6,), decision=digest(2)), "Bea", SAFETY, at=START + DAY),
    ],
    "a grant, and its end": [
        *OPENED,
        _one(bodies.Granted(identity="x", until=LATER)),
        _one(bodies.Revoked(grant=6), "Cem"),
    ],
    "a grant that is revoked after the withdrawal": [
        *OPENED,
        _one(bodies.Granted(identity="x", until=LATER)),
        _one(bodies.Withdrawn()),
        _one(bodies.Revoked(grant=6), "Cem"),
    ],
    "an incident, and its end": [
        *OPENED,
        _one(_incident(), "Cem"),
        _one(_incident(closes=6), "Bea", SAFETY),
    ],
    "a report after the incident was closed": [
        *OPENED,
        _one(_incident(), "Cem"),
        _one(_incident(closes=6), "Bea", SAFETY),
        _one(_reported(), "Cem"),
    ],
    "an incident after the withdrawal, and its report": [
        *OPENED,
        _one(bodies.Withdrawn()),
        _one(_incident(), "Cem"),
        _one(_reported(7), "Cem"),
    ],
}


@pytest.mark.parametrize("what", ALLOWED)
def test_is_allowed(what: str) -> None:
    assert _rules(ALLOWED[what]) == []


STANDINGS: list[tuple[Standing, list[Event], Tier | None]] = [
    (Standing.SUBMITTED, [_one(submitted())], None),
    (Standing.WAITING, [_one(submitted()), _one(decided())], None),
    (Standing.READY, ready(), None),
    (Standing.WAITING, OPENED, Tier.T1),
    (Standing.HELD, HELD, Tier.T1),
    (Standing.FROZEN, FROZEN, None),
    (Standing.UNDER_REVIEW, TRIPPED, Tier.T1),
    (Standing.LAPSED, [*OPENED, _one(bodies.Expired(decision=digest(1)), "Cem")], None),
    (Standing.WITHDRAWN, [*OPENED, _one(bodies.Withdrawn())], None),
    (Standing.WAITING, [*OPENED, REPLACED], Tier.T1),
    (Standing.COMPLETE, [*OPENED, _one(GATED, at=LATER), _one(ALL, at=LAST)], Tier.T5),
]


@pytest.mark.parametrize(
    ("standing", "events", "serves"), STANDINGS, ids=[row[1][-1].body.kind for row in STANDINGS]
)
def test_a_release_stands_where_its_events_put_it(
    standing: Standing, events: list[Event], serves: Tier | None
) -> None:
    state = _state(*events)

    assert (state.standing, state.serves) == (standing, serves)


def test_nothing_is_known_of_a_release_without_events() -> None:
    state = replay([], START)

    assert (state.standing, state.stages, state.serves) == (Standing.NOTHING, (), None)
    assert state.decision_problem == "there is no decision"


def test_open_weights_cannot_be_closed_again_and_what_is_left_is_offered() -> None:
    state = _state(*STANDINGS[-1][1])

    assert state.is_irreversible
    assert state.remedies == REMEDIES
    assert not _state(*OPENED).is_irreversible
    assert _state(*OPENED).remedies == ()


def test_a_newer_decision_of_a_lower_tier_narrows_what_is_served() -> None:
    lower = decided(2, at=LATER, supported=Tier.T1)
    state = _state(*OPENED, _one(GATED, at=LATER), _one(lower, at=LATER))

    assert [s.opened_at is not None for s in state.stages] == [True, True, False]
    assert state.serves is Tier.T1


def test_a_release_of_which_the_review_is_overdue_serves_nothing() -> None:
    assert _state(*TRIPPED, at=START + 4 * DAY).serves is Tier.T1
    assert _state(*TRIPPED, at=START + 5 * DAY).serves is None


def test_a_grant_is_valid_until_its_end() -> None:
    granted = [*OPENED, _one(bodies.Granted(identity="x", until=LATER))]

    assert len(_state(*granted, at=START).grants) == 1
    assert _state(*granted, at=LATER).grants == ()


@pytest.mark.parametrize(
    ("condition", "trouble"),
    [
        (EntryCondition.NO_OPEN_INCIDENT, _incident()),
        (
            EntryCondition.WATCH_CLEAN,
            bodies.Tripwire(trigger=bodies.Trigger.INCIDENT, review_days=30),
        ),
    ],
)
def test_a_condition_of_the_plan_keeps_a_stage_shut(
    condition: EntryCondition, trouble: Body
) -> None:
    which = plan(
        StagePart(name="defenders", audience="a", tier=Tier.T1),
        StagePart(name="gated", audience="b", tier=Tier.T1, conditions=(condition,)),
    )
    before = [*ready(which), _one(OPEN)]

    assert _rules([*before, _one(GATED)]) == []
    assert Rule.CONDITION in _rules([*before, _one(trouble, "Cem"), _one(GATED)])


def test_the_watch_is_clean_when_the_wire_was_tripped_before_the_stage_before() -> None:
    clean = (EntryCondition.WATCH_CLEAN,)
    which = plan(StagePart(name="defenders", audience="a", tier=Tier.T1, conditions=clean))

    assert _rules([*ready(which), _one(OPEN)]) == []


@pytest.mark.parametrize(
    ("days", "end"),
    [(0, "2026-11-23"), (4, "2026-11-27"), (5, "2026-11-30"), (20, "2026-12-21")],
)
def test_business_days_leave_out_the_week_end(days: int, end: str) -> None:
    assert business_days_after(START, days).date().isoformat() == end


def test_who_is_missing_is_said() -> None:
    state = _state(*ready()[:3])

    assert state.quorum is not None
    assert state.quorum.missing == (LEGAL,)
    assert state.quorum.words == "legal; 1 of 2 people approve"
    assert state.submitted is not None
    assert state.submitted.root_digest == ROOT
