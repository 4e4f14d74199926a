# SPDX-License-Identifier: Apache-2.0
"""``replay(events, at)``: where a release stands, from what has happened to it. Pure.

Events that the rules do not allow change nothing, whoever wrote them into the ledger; they
are kept among what was refused, each with its rule.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tiergate.decision.tier import Tier
from tiergate.release.bodies import Decided, Granted, Submitted
from tiergate.release.events import Event
from tiergate.release.facts import Facts, Refusal
from tiergate.release.gates import Gate, decision_problem, gates_of, review_due, stage_quorum
from tiergate.release.incident_case import IncidentCase
from tiergate.release.plan import StagePart
from tiergate.release.quorum import Quorum
from tiergate.release.transitions import take

REMEDIES = ("advisory", "delisting request", "withdrawal of support")
"""What is left once weights are public. None of it reaches a copy."""


class Standing(enum.StrEnum):
    """Where a release stands, the most closed that applies."""

    NOTHING = "nothing submitted"
    """The ledger has no such release."""
    WITHDRAWN = "withdrawn"
    """It ended."""
    FROZEN = "frozen"
    """Nothing is served and nothing opens."""
    HELD = "held"
    """No further stage opens."""
    UNDER_REVIEW = "under review"
    """A trigger of the standard was met; no further stage opens."""
    LAPSED = "lapsed"
    """The decision is no longer valid."""
    SUBMITTED = "submitted"
    """There is no decision yet."""
    WAITING = "waiting"
    """A stage is next, and not all of its gates pass."""
    READY = "ready"
    """A stage is next, and may open."""
    COMPLETE = "complete"
    """Every stage is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageState:
    """One stage, now."""

    stage: StagePart
    """The stage."""
    opened_at: datetime | None
    """When it opened; None when it has not."""
    gates: tuple[Gate, ...]
    """What must be so for it to open; empty when it is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseState:
    """Where a release stands at one time."""

    at: datetime
    """The time."""
    standing: Standing
    """In one word."""
    submitted: Submitted | None
    """What was submitted; None when nothing was."""
    decided: Decided | None
    """The newest decision; None when there is none."""
    decision_problem: str
    """Why it opens nothing; empty when it may."""
    stages: tuple[StageState, ...]
    """The stages, in order."""
    quorum: Quorum | None
    """Who approves the next stage, and who is missing; None when that cannot be said."""
    serves: Tier | None
    """The tier at which downloads may be served now; None when nothing may."""
    is_irreversible: bool
    """Whether a stage opened that nothing can close again."""
    remedies: tuple[str, ...]
    """What is left to do then; empty otherwise."""
    holds: tuple[Event, ...]
    """Holds that stand."""
    freezes: tuple[Event, ...]
    """Freezes that stand."""
    objections: tuple[Event, ...]
    """Objections that stand."""
    reviews: tuple[Event, ...]
    """Tripwires, and derivatives that fired a trigger, whose review has not ended."""
    derivatives: tuple[Event, ...]
    """Copies and derivatives that were seen elsewhere."""
    review_due: datetime | None
    """When the first of them is due."""
    incidents: tuple[Event, ...]
    """Incidents that are open."""
    cases: tuple[IncidentCase, ...]
    """Every incident, open or closed, with what was reported."""
    grants: tuple[Event, ...]
    """Grants that are valid now."""
    accepted: int
    """Number of events that count."""
    refused: tuple[Refusal, ...]
    """Events that do not, each with its rule."""


def replay(events: Iterable[Event], at: datetime) -> ReleaseState:
    """Go through the events of one release and say where it stands at a time.

    Args:
        events: of one release, in the order of the ledger; any beginning of them is allowed.
        at: the time; events that are later are still taken.
    """
    return state_of(facts_of(events), at)


def facts_of(events: Iterable[Event]) -> Facts:
    """Go through the events of one release, in the order of the ledger."""
    facts = Facts()
    for event in events:
        take(facts, event)
    return facts


def state_of(facts: Facts, at: datetime) -> ReleaseState:
    """Say where a release stands at a time."""
    following = facts.next_stage
    irreversible = any(stage.tier.is_irreversible for stage in facts.stages[: len(facts.openings)])
    return ReleaseState(
        at=at,
        standing=_standing(facts, at),
        submitted=facts.submitted,
        decided=facts.decided,
        decision_problem=decision_problem(facts, at),
        stages=tuple(_stage(facts, place, stage, at) for place, stage in enumerate(facts.stages)),
        quorum=None if following is None else stage_quorum(facts, following),
        serves=_serves(facts, at),
        is_irreversible=irreversible,
        remedies=REMEDIES if irreversible else (),
        holds=tuple(facts.holds.values()),
        freezes=tuple(facts.freezes.values()),
        objections=tuple(facts.objections.values()),
        reviews=tuple(facts.reviews.values()),
        derivatives=tuple(facts.derivatives.values()),
        review_due=review_due(facts),
        incidents=tuple(facts.incidents.values()),
        cases=tuple(facts.cases.values()),
        grants=tuple(e for e in facts.grants.values() if _is_valid(e, at)),
        accepted=facts.accepted,
        refused=tuple(facts.refused),
    )


def _stage(facts: Facts, place: int, stage: StagePart, at: datetime) -> StageState:
    if place < len(facts.openings):
        return StageState(stage=stage, opened_at=facts.openings[place].at, gates=())
    return StageState(stage=stage, opened_at=None, gates=gates_of(facts, stage, at))


def _serves(facts: Facts, at: datetime) -> Tier | None:
    """Return the highest open tier that the newest decision still supports."""
    decided = facts.decided
    if decided is None or facts.freezes or facts.withdrawal or decision_problem(facts, at):
        return None
    tiers = [stage.tier for stage in facts.stages[: len(facts.openings)]]
    allowed = [tier for tier in tiers if tier.rank <= decided.supported.rank]
    return max(allowed, key=lambda tier: tier.rank, default=None)


def _is_valid(event: Event, at: datetime) -> bool:
    return isinstance(event.body, Granted) and at < event.body.until


def _standing(facts: Facts, at: datetime) -> Standing:
    following = facts.next_stage
    closed = (
        (facts.submission is None, Standing.NOTHING),
        (facts.withdrawal is not None, Standing.WITHDRAWN),
        (bool(facts.freezes), Standing.FROZEN),
        (bool(facts.holds), Standing.HELD),
        (facts.decided is None, Standing.SUBMITTED),
        (bool(decision_problem(facts, at)), Standing.LAPSED),
        (bool(facts.reviews), Standing.UNDER_REVIEW),
        (following is None, Standing.COMPLETE),
    )
    for applies, standing in closed:
        if applies:
            return standing
    gates = () if following is None else gates_of(facts, following, at)
    return Standing.READY if all(gate.passes for gate in gates) else Standing.WAITING
