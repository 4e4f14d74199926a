# SPDX-License-Identifier: Apache-2.0
"""Who has approved, who is missing, and whose objection stands in the way.

A person counts once, however many keys or roles are theirs. Those who evaluated do not count.
"""

from __future__ import annotations

from dataclasses import dataclass

from tiergate.attestation.trust import Role, unfilled
from tiergate.decision.tier import Tier
from tiergate.release.bodies import Approved, Decided, Matter
from tiergate.release.events import Event
from tiergate.release.facts import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum:
    """What is needed for one thing, and what is there."""

    needed: tuple[Role, ...]
    """Roles, each by a person of its own."""
    people: int
    """Number of different people, at least."""
    approved_by: tuple[Event, ...]
    """Approvals that count, one for each person and role."""
    missing: tuple[Role, ...]
    """Roles that nobody fills yet."""
    vetoes: tuple[Event, ...]
    """Objections of people who hold a veto."""

    @property
    def count(self) -> int:
        """Number of different people who approve."""
        return len({event.holder for event in self.approved_by})

    @property
    def is_there(self) -> bool:
        """Whether enough people approve; vetoes are another matter."""
        return not self.missing and self.count >= self.people

    @property
    def words(self) -> str:
        """What is missing, for people; empty when nothing is."""
        parts = [", ".join(self.missing)] if self.missing else []
        if self.count < self.people and (self.count or not self.missing):
            parts.append(f"{self.count} of {self.people} people approve")
        return "; ".join(parts)


def quorum_for(facts: Facts, tier: Tier, matter: Matter, target: int) -> Quorum | None:
    """Return what the policy and the plan ask for a tier; None without a decision about it.

    Args:
        facts: what has happened.
        tier: the tier that is to be opened, or that is open.
        matter: what is to be approved.
        target: the event that approvals must be about.
    """
    decided, submitted = facts.decided, facts.submitted
    terms = None if decided is None else decided.terms_of(tier)
    if decided is None or submitted is None or terms is None:
        return None
    plan = submitted.plan.quorum
    extra = tuple(role for role in plan.roles if role not in terms.roles)
    counted = tuple(e for e in facts.approvals if _counts(e, decided, matter, target))
    roles_of: dict[str, frozenset[Role]] = {}
    for event in counted:
        roles_of[event.holder] = roles_of.get(event.holder, frozenset()) | {event.role}
    needed = (*terms.roles, *extra)
    return Quorum(
        needed=needed,
        people=max(plan.people, 1),
        approved_by=counted,
        missing=unfilled(needed, roles_of),
        vetoes=tuple(e for e in facts.objections.values() if e.roles & set(plan.vetoes)),
    )


def lifting_tier(facts: Facts) -> Tier | None:
    """Return the tier whose people lift freezes and holds: the open one, else the next."""
    stage = facts.open_stage or facts.next_stage
    return None if stage is None else stage.tier


def evaluated(decided: Decided, holder: str) -> bool:
    """Tell whether a person is one of those who evaluated."""
    return holder in {" ".join(name.split()).casefold() for name in decided.evaluators}


def _counts(event: Event, decided: Decided, matter: Matter, target: int) -> bool:
    body = event.body
    return (
        isinstance(body, Approved)
        and body.matter is matter
        and body.target == target
        and (matter is not Matter.RELEASE or body.decision == decided.decision)
        and not evaluated(decided, event.holder)
    )
