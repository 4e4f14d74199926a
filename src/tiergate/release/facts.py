# SPDX-License-Identifier: Apache-2.0
"""What has happened to a release so far, and the rules by their names."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime

from tiergate.release.bodies import Decided, Submitted
from tiergate.release.events import Event
from tiergate.release.incident_case import IncidentCase
from tiergate.release.plan import StagePart


class Rule(enum.StrEnum):
    """Why an act can be refused."""

    SUBMITTED_ONCE = "submitted once"
    """A release begins with its submission, which is never repeated."""
    ROLE = "role"
    """Each act is for certain roles."""
    CLOCK = "clock"
    """No event is earlier than the one before it."""
    WITHDRAWN = "withdrawn"
    """A release that was withdrawn stays so."""
    CHECKPOINT = "checkpoint"
    """A decision is about the checkpoint that was submitted."""
    NEWEST_DECISION = "newest decision"
    """Only the newest decision counts, and none replaces one that was taken later."""
    UNEXPIRED = "unexpired decision"
    """A decision that has lapsed opens nothing."""
    POLICY = "policy"
    """A decision under a policy that was replaced is not entered, and opens nothing new."""
    TIER = "tier"
    """No stage opens above the tier that the newest decision supports."""
    QUORUM = "quorum"
    """As many people as are needed approve, each role by a person of its own."""
    VETO = "veto"
    """Nobody with a veto objects."""
    OWN_EVALUATION = "own evaluation"
    """Nobody approves their own evaluation."""
    TIME_LOCK = "time lock"
    """No stage opens before its time."""
    ORDER = "order"
    """Stages open one after the other, each once."""
    HOLD = "hold"
    """While a hold stands no stage opens."""
    FREEZE = "freeze"
    """While a freeze stands nothing is served and no stage opens."""
    REVIEW = "review"
    """While a decision is under review no stage opens."""
    CONDITION = "entry condition"
    """A stage opens when the conditions of the plan are met."""
    TARGET = "target"
    """What an act refers to is there."""
    SEEN = "seen once"
    """What was seen elsewhere is entered once."""
    GRANT = "grant"
    """Grants are given while a stage is open, and end with a date to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An act that the rules do not allow."""

    sequence: int
    """Its place in the ledger, or the place that it would have."""
    rule: Rule
    """The rule."""
    text: str
    """What is so, in words."""


@dataclass(slots=True, kw_only=True)
class Facts:
    """Everything that the accepted events of one release say, while they are gone through."""

    submission: Event | None = None
    """How it began."""
    last_at: datetime | None = None
    """Time of the last event, accepted or not."""
    decisions: list[Event] = field(default_factory=list)
    """Decisions in the order in which they were entered."""
    lapsed: set[str] = field(default_factory=set)
    """Digests of decisions that were declared lapsed."""
    superseded: dict[str, Event] = field(default_factory=dict)
    """What replaced a policy, by the digest of the policy."""
    approvals: list[Event] = field(default_factory=list)
    """Approvals about the newest decision, and about freezes and holds that stand."""
    objections: dict[str, Event] = field(default_factory=dict)
    """The standing objection of each person."""
    openings: list[Event] = field(default_factory=list)
    """Stages that opened, in order."""
    holds: dict[int, Event] = field(default_factory=dict)
    """Holds that stand."""
    freezes: dict[int, Event] = field(default_factory=dict)
    """Freezes that stand."""
    grants: dict[int, Event] = field(default_factory=dict)
    """Grants that were given and not revoked."""
    incidents: dict[int, Event] = field(default_factory=dict)
    """Incidents that are open."""
    cases: dict[int, IncidentCase] = field(default_factory=dict)
    """Every incident, open or closed: duties to report outlast it."""
    reviews: dict[int, Event] = field(default_factory=dict)
    """Tripwires, and derivatives that fired a trigger, whose review has not ended."""
    derivatives: dict[str, Event] = field(default_factory=dict)
    """Copies and derivatives that were seen elsewhere, by the identity of the finding."""
    tripped_at: datetime | None = None
    """When a wire was last tripped."""
    withdrawal: Event | None = None
    """How it ended."""
    accepted: int = 0
    """Number of accepted events."""
    refused: list[Refusal] = field(default_factory=list)
    """Events of the ledger that the rules do not allow; they change nothing."""

    @property
    def submitted(self) -> Submitted | None:
        """What was submitted; None before."""
        body = None if self.submission is None else self.submission.body
        return body if isinstance(body, Submitted) else None

    @property
    def newest(self) -> Event | None:
        """The newest decision; None when there is none."""
        return self.decisions[-1] if self.decisions else None

    @property
    def decided(self) -> Decided | None:
        """What the newest decision states; None when there is none."""
        body = None if self.newest is None else self.newest.body
        return body if isinstance(body, Decided) else None

    @property
    def stages(self) -> tuple[StagePart, ...]:
        """The stages of the plan, in order; none before the submission."""
        submitted = self.submitted
        return () if submitted is None else submitted.plan.stages

    @property
    def open_stage(self) -> StagePart | None:
        """The stage that opened last; None when none did."""
        return self.stages[len(self.openings) - 1] if self.openings else None

    @property
    def next_stage(self) -> StagePart | None:
        """The stage that would open next; None when all are open or nothing was submitted."""
        return self.stages[len(self.openings)] if len(self.openings) < len(self.stages) else None
