# SPDX-License-Identifier: Apache-2.0
"""The gates of a stage: what must be so before it opens, one rule each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tiergate.decision.tier import Tier
from tiergate.release.bodies import Decided, DerivativeSeen, Matter, Tripwire
from tiergate.release.events import Event
from tiergate.release.facts import Facts, Rule
from tiergate.release.plan import EntryCondition, StagePart
from tiergate.release.quorum import Quorum, quorum_for

_SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One rule, for one stage, now."""

    rule: Rule
    """The rule."""
    passes: bool
    """Whether it lets the stage open."""
    text: str
    """What is so, in words."""


def gates_of(facts: Facts, stage: StagePart, at: datetime) -> tuple[Gate, ...]:
    """Return every gate of a stage, passed or not, in the order of their reading."""
    return (
        *_stops(facts, at),
        _unexpired(facts, at),
        policy_gate(facts, facts.decided),
        _tier(facts, stage),
        *_people(facts, stage),
        _time_lock(facts, stage, at),
        *(_condition(condition, facts) for condition in stage.conditions),
    )


def stage_quorum(facts: Facts, stage: StagePart) -> Quorum | None:
    """Return who has to approve a stage; None without a decision about its tier."""
    newest = facts.newest
    if newest is None:
        return None
    return quorum_for(facts, stage.tier, Matter.RELEASE, newest.sequence)


def decision_problem(facts: Facts, at: datetime) -> str:
    """Say why the newest decision opens nothing at that time; empty when it may."""
    decided = facts.decided
    if decided is None:
        return "there is no decision"
    if decided.decision in facts.lapsed:
        return "the decision was declared lapsed"
    if at >= decided.valid_until:
        return f"the decision lapsed on {decided.valid_until:%Y-%m-%d %H:%M} UTC"
    due = review_due(facts)
    if due is not None and at >= due:
        return f"its review was due on {due:%Y-%m-%d %H:%M} UTC, and it counts as lapsed"
    return ""


def review_due(facts: Facts) -> datetime | None:
    """Return when the first review is due; None when the decision is under none."""
    return min((_due(event) for event in facts.reviews.values()), default=None)


def unlocks_at(facts: Facts, stage: StagePart) -> datetime | None:
    """Return when the time lock of a stage opens; None when that cannot be said yet.

    The latest of: the date of the plan; its days after the stage before opened, or after the
    decision for the first stage; and the wait of the policy for that tier after the decision.
    """
    newest, decided = facts.newest, facts.decided
    terms = None if decided is None else decided.terms_of(stage.tier)
    place = facts.stages.index(stage)
    before = newest if place == 0 else _opening(facts, place - 1)
    if newest is None or terms is None or before is None:
        return None
    times = [
        before.at + timedelta(days=stage.minimum_days),
        newest.at + timedelta(days=terms.hold_days),
        business_days_after(newest.at, terms.hold_business_days),
    ]
    if stage.not_before is not None:
        times.append(stage.not_before)
    return max(times)


def business_days_after(start: datetime, days: int) -> datetime:
    """Return the time that many days from Monday to Friday later; holidays are not known."""
    found = start
    while days:
        found += timedelta(days=1)
        days -= found.weekday() < _SATURDAY
    return found


def _opening(facts: Facts, place: int) -> Event | None:
    return facts.openings[place] if place < len(facts.openings) else None


def _due(event: Event) -> datetime:
    body = event.body
    days = body.review_days if isinstance(body, Tripwire) else 0
    if isinstance(body, DerivativeSeen) and body.review is not None:
        days = body.review.days
    return event.at + timedelta(days=days)


def _stops(facts: Facts, at: datetime) -> Iterator[Gate]:
    del at
    if facts.withdrawal is not None:
        yield Gate(rule=Rule.WITHDRAWN, passes=False, text="the release was withdrawn")
    yield _standing(Rule.FREEZE, facts.freezes, "frozen")
    yield _standing(Rule.HOLD, facts.holds, "held")
    yield _standing(Rule.REVIEW, facts.reviews, "under review")


def _standing(rule: Rule, events: dict[int, Event], word: str) -> Gate:
    if not events:
        return Gate(rule=rule, passes=True, text=f"not {word}")
    who = ", ".join(f"event {e.sequence} of {e.person}" for e in events.values())
    return Gate(rule=rule, passes=False, text=f"{word} by {who}")


def _unexpired(facts: Facts, at: datetime) -> Gate:
    problem = decision_problem(facts, at)
    if problem or facts.decided is None:
        return Gate(rule=Rule.UNEXPIRED, passes=False, text=problem)
    until = f"{facts.decided.valid_until:%Y-%m-%d}"
    return Gate(rule=Rule.UNEXPIRED, passes=True, text=f"the decision is valid until {until}")


def policy_gate(facts: Facts, decided: Decided | None) -> Gate:
    """Return the gate of the policy that a decision was taken under."""
    event = None if decided is None else facts.superseded.get(decided.policy_digest)
    if event is None:
        return Gate(rule=Rule.POLICY, passes=True, text="nobody replaced the decision's policy")
    text = f"the decision's policy was replaced by event {event.sequence} of {event.person}"
    return Gate(rule=Rule.POLICY, passes=False, text=text)


def _tier(facts: Facts, stage: StagePart) -> Gate:
    supported = Tier.T0 if facts.decided is None else facts.decided.supported
    return Gate(
        rule=Rule.TIER,
        passes=stage.tier.rank <= supported.rank,
        text=f"{stage.tier} is asked for, {supported} is supported",
    )


def _people(facts: Facts, stage: StagePart) -> Iterator[Gate]:
    quorum = stage_quorum(facts, stage)
    if quorum is None:
        text = f"no decision says who approves {stage.tier}"
        yield Gate(rule=Rule.QUORUM, passes=False, text=text)
        return
    words = f"{quorum.count} approve" if quorum.is_there else f"missing: {quorum.words}"
    yield Gate(rule=Rule.QUORUM, passes=quorum.is_there, text=words)
    yield veto_gate(quorum)


def veto_gate(quorum: Quorum) -> Gate:
    """Return the gate of those who hold a veto."""
    who = ", ".join(f"{event.person} ({event.reason})" for event in quorum.vetoes)
    text = f"objection of {who}" if who else "nobody with a veto objects"
    return Gate(rule=Rule.VETO, passes=not who, text=text)


def _time_lock(facts: Facts, stage: StagePart, at: datetime) -> Gate:
    unlocks = unlocks_at(facts, stage)
    if unlocks is None:
        text = "counts from the stage before" if facts.decided else "counts from the decision"
        return Gate(rule=Rule.TIME_LOCK, passes=False, text=text)
    word = "since" if at >= unlocks else "not before"
    text = f"{word} {unlocks:%Y-%m-%d %H:%M} UTC"
    return Gate(rule=Rule.TIME_LOCK, passes=at >= unlocks, text=text)


def _condition(condition: EntryCondition, facts: Facts) -> Gate:
    if condition is EntryCondition.NO_OPEN_INCIDENT:
        passes = not facts.incidents
    else:
        since = facts.openings[-1].at if facts.openings else None
        tripped = facts.tripped_at
        passes = tripped is None or (since is not None and tripped < since)
    return Gate(rule=Rule.CONDITION, passes=passes, text=condition.value)
