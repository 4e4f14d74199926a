# SPDX-License-Identifier: Apache-2.0
"""Events of a release for tests, made without keys: what is signed is tested elsewhere."""

from __future__ import annotations

import datetime as dt

from tiergate.attestation.trust import Role
from tiergate.decision.tier import Tier
from tiergate.release import bodies
from tiergate.release.bodies import Body, Decided, Matter, Submitted, TierTerms
from tiergate.release.events import Clock, Event
from tiergate.release.plan import PlanPart, QuorumPart, StagePart

START = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ROOT = f"sha256:{'1' * 64}"

OWNER, SAFETY, LEGAL = Role.RELEASE_OWNER, Role.SAFETY_LEAD, Role.LEGAL
PEOPLE: dict[str, frozenset[Role]] = {
    "Ada": frozenset({OWNER}),
    "Bea": frozenset({SAFETY, LEGAL}),
    "Cem": frozenset({LEGAL}),
    "Dua": frozenset({SAFETY, OWNER}),
    "Eve": frozenset({SAFETY, LEGAL, Role.EVALUATOR}),
}
"""Who there is; Eve evaluated."""


def digest(number: int) -> str:
    """Return a digest that stands for a decision of that number."""
    return f"sha256:{number:064x}"


def plan(*stages: StagePart, quorum: QuorumPart | None = None) -> PlanPart:
    """Return a plan; without stages, of T1, T4 after ten days, and T5 after ten more."""
    usual = (
        StagePart(name="defenders", audience="some", tier=Tier.T1),
        StagePart(name="gated", audience="more", tier=Tier.T4, minimum_days=10),
        StagePart(name="everybody", audience="all", tier=Tier.T5, minimum_days=10),
    )
    return PlanPart(
        format="tiergate-plan/1",
        release="acme",
        stages=stages or usual,
        quorum=quorum or QuorumPart(people=2),
    )


def submitted(which: PlanPart | None = None) -> Submitted:
    """Return a submission."""
    return Submitted(subject_name="acme-1b", root_digest=ROOT, plan=which or plan())


def decided(
    number: int = 1,
    *,
    at: dt.datetime = START,
    supported: Tier = Tier.T5,
    days: int = 90,
    hold_days: int = 0,
    root: str = ROOT,
    evaluators: tuple[str, ...] = ("Eve",),
    policy: int = 999,
) -> Decided:
    """Return a decision."""
    return Decided(
        decision=digest(number),
        root_digest=root,
        policy_digest=digest(policy),
        decided_at=at,
        valid_until=at + days * DAY,
        supported=supported,
        terms=tuple(
            TierTerms(tier=tier, roles=(SAFETY, LEGAL), hold_days=hold_days, hold_business_days=0)
            for tier in Tier
        ),
        evaluators=evaluators,
    )


def approved(target: int = 2, number: int = 1, matter: Matter = Matter.RELEASE) -> Body:
    """Return an approval."""
    return bodies.Approved(matter=matter, target=target, decision=digest(number))


def event(
    sequence: int,
    body: Body,
    person: str = "Ada",
    role: Role | None = None,
    *,
    at: dt.datetime = START,
) -> Event:
    """Return an event of a person, as the first of their roles unless one is named."""
    roles = PEOPLE[person]
    return Event(
        sequence=sequence,
        release="acme",
        at=at,
        clock=Clock.SYSTEM,
        holder=person.casefold(),
        person=person,
        organisation="Lab",
        role=role or min(roles),
        roles=roles,
        reason="because",
        body=body,
    )


def ready(which: PlanPart | None = None, entered: Decided | None = None) -> list[Event]:
    """Return a release whose first stage may open: submitted, decided and approved by two."""
    return [
        event(1, submitted(which)),
        event(2, entered or decided()),
        event(3, approved(), "Bea", SAFETY),
        event(4, approved(), "Cem", LEGAL),
    ]
