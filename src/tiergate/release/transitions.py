# SPDX-License-Identifier: Apache-2.0
"""Which events the rules allow, and what an allowed one changes.

Whatever closes is taken from anybody who is trusted, at once. Whatever opens needs a role,
and everything that the gates ask for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import assert_never

from tiergate.attestation.trust import Role
from tiergate.release import bodies
from tiergate.release.bodies import Matter
from tiergate.release.events import Event
from tiergate.release.facts import Facts, Refusal, Rule
from tiergate.release.gates import gates_of, policy_gate, veto_gate
from tiergate.release.incident_case import IncidentCase
from tiergate.release.plan import mistakes
from tiergate.release.quorum import Quorum, evaluated, lifting_tier, quorum_for

_OWNER = frozenset({Role.RELEASE_OWNER})
ROLES: Mapping[type, frozenset[Role]] = MappingProxyType(
    {
        bodies.Submitted: _OWNER,
        bodies.Decided: _OWNER,
        bodies.Opened: _OWNER,
        bodies.Advanced: _OWNER,
        bodies.Resumed: _OWNER | {Role.SAFETY_LEAD},
        bodies.Thawed: _OWNER | {Role.SAFETY_LEAD},
        bodies.Granted: _OWNER,
        bodies.Withdrawn: _OWNER | {Role.LEGAL, Role.OVERSIGHT},
        bodies.Reassessed: frozenset({Role.SAFETY_LEAD, Role.INDEPENDENT_REVIEWER}),
        bodies.Reported: _OWNER | {Role.LEGAL, Role.SAFETY_LEAD, Role.SECURITY_LEAD},
    }
)
"""Who may do what; whatever is not named here is for everybody who is trusted."""

_AFTER_THE_END = bodies.Revoked | bodies.Incident | bodies.Reported | bodies.DerivativeSeen
"""What can be entered of a release that was withdrawn: copies are out, and duties remain."""

_Found = tuple[Rule, str]


def refusals(facts: Facts, event: Event) -> tuple[Refusal, ...]:
    """Return every reason why an event is not allowed; empty when it is."""
    found = tuple(_general(facts, event)) or tuple(_particular(facts, event))
    return tuple(
        Refusal(sequence=event.sequence, rule=rule, text=text)
        for rule, text in dict.fromkeys(found)
    )


def take(facts: Facts, event: Event) -> tuple[Refusal, ...]:
    """Let an event change the facts if it is allowed; return why it is not."""
    found = refusals(facts, event)
    facts.last_at = event.at if facts.last_at is None else max(facts.last_at, event.at)
    if found:
        facts.refused.extend(found)
        return found
    facts.accepted += 1
    _change(facts, event)
    return ()


def _general(facts: Facts, event: Event) -> Iterator[_Found]:
    if facts.last_at is not None and event.at < facts.last_at:
        yield Rule.CLOCK, f"it is {event.at}, and the event before was at {facts.last_at}"
    needed = ROLES.get(type(event.body))
    if needed is not None and event.role not in needed:
        yield Rule.ROLE, f"{event.person} acts as {event.role}, needed: {', '.join(sorted(needed))}"
    begins = isinstance(event.body, bodies.Submitted)
    if begins != (facts.submission is None):
        words = "it was submitted already" if begins else "nothing was submitted"
        yield Rule.SUBMITTED_ONCE, words
    if facts.withdrawal is not None and not isinstance(event.body, _AFTER_THE_END):
        yield Rule.WITHDRAWN, "the release was withdrawn"


def _particular(facts: Facts, event: Event) -> Iterator[_Found]:  # noqa: C901, PLR0912 - one case each
    match event.body:
        case bodies.Submitted() as body:
            yield from ((Rule.ORDER, message) for _, message in mistakes(body.plan))
        case bodies.Decided() as body:
            yield from _decided(facts, body)
        case bodies.Approved() as body:
            yield from _approved(facts, event, body)
        case bodies.Objected() | bodies.Expired() as body:
            yield from _newest(facts, body.decision)
        case bodies.Opened() as body:
            if facts.openings:
                yield Rule.ORDER, "the first stage is open; the next one is advanced to"
            yield from _opens(facts, event, body)
        case bodies.Advanced() as body:
            if not facts.openings:
                yield Rule.ORDER, "no stage is open; the first one is opened"
            yield from _opens(facts, event, body)
        case bodies.Resumed() as body:
            yield from _lifted(facts, event, Matter.RESUME, body.holds)
        case bodies.Thawed() as body:
            yield from _lifted(facts, event, Matter.THAW, body.freezes)
        case bodies.Granted() as body:
            yield from _granted(facts, event, body)
        case bodies.Revoked() as body:
            yield from _target(body.grant, facts.grants, "grant")
        case bodies.Incident() as body:
            yield from _incident(facts, event, body)
        case bodies.Reported() as body:
            yield from _reported(facts, event, body)
        case bodies.DerivativeSeen() as body:
            yield from _seen(facts, event, body)
        case bodies.Reassessed() as body:
            yield from _reassessed(facts, body)
        case bodies.Held() | bodies.Frozen() | bodies.Withdrawn():
            pass
        case bodies.Superseded() | bodies.Tripwire():
            pass
        case _:
            assert_never(event.body)


def _decided(facts: Facts, body: bodies.Decided) -> Iterator[_Found]:
    submitted, before = facts.submitted, facts.decided
    if submitted is None or body.root_digest != submitted.root_digest:
        yield Rule.CHECKPOINT, f"the decision is about {body.root_digest}"
    if before is not None and body.decided_at <= before.decided_at:
        yield Rule.NEWEST_DECISION, f"the newest one is of {before.decided_at}"
    yield from _replaced(facts, body)


def _replaced(facts: Facts, decided: bodies.Decided | None) -> Iterator[_Found]:
    gate = policy_gate(facts, decided)
    if not gate.passes:
        yield gate.rule, gate.text


def _newest(facts: Facts, digest: str) -> Iterator[_Found]:
    if facts.decided is None:
        yield Rule.NEWEST_DECISION, "there is no decision"
    elif facts.decided.decision != digest:
        yield Rule.NEWEST_DECISION, f"{digest} is not the newest, {facts.decided.decision}"


def _approved(facts: Facts, event: Event, body: bodies.Approved) -> Iterator[_Found]:
    yield from _newest(facts, body.decision)
    if facts.decided is not None and evaluated(facts.decided, event.holder):
        yield Rule.OWN_EVALUATION, f"{event.person} is one of those who evaluated"
    if body.matter is Matter.RELEASE:
        newest = 0 if facts.newest is None else facts.newest.sequence
        if body.target != newest:
            yield Rule.NEWEST_DECISION, f"event {body.target} is not the newest decision"
    elif body.matter is Matter.THAW:
        yield from _target(body.target, facts.freezes, "freeze")
    else:
        yield from _target(body.target, facts.holds, "hold")


def _opens(facts: Facts, event: Event, body: bodies.Opened | bodies.Advanced) -> Iterator[_Found]:
    yield from _newest(facts, body.decision)
    stage = facts.next_stage
    if stage is None or stage.name != body.stage:
        name = "none" if stage is None else repr(stage.name)
        yield Rule.ORDER, f"{body.stage!r} is not the next stage, which is {name}"
    if stage is not None:
        gates = gates_of(facts, stage, event.at)
        yield from ((gate.rule, gate.text) for gate in gates if not gate.passes)


def _lifted(
    facts: Facts, event: Event, matter: Matter, targets: tuple[int, ...]
) -> Iterator[_Found]:
    standing = facts.freezes if matter is Matter.THAW else facts.holds
    word = "freeze" if matter is Matter.THAW else "hold"
    for target in targets:
        yield from _target(target, standing, word)
        placed = standing.get(target)
        if placed is None or (matter is Matter.RESUME and placed.holder == event.holder):
            continue
        quorum = lifting_quorum(facts, matter, target)
        if quorum is None:
            yield Rule.QUORUM, "no decision says who may lift it"
            continue
        if not quorum.is_there:
            yield Rule.QUORUM, f"to lift event {target} is missing: {quorum.words}"
        veto = veto_gate(quorum)
        if not veto.passes:
            yield Rule.VETO, veto.text


def lifting_quorum(facts: Facts, matter: Matter, target: int) -> Quorum | None:
    """Return who has to approve the lifting of a freeze or hold; None without a decision."""
    tier = lifting_tier(facts)
    return None if tier is None else quorum_for(facts, tier, matter, target)


def _granted(facts: Facts, event: Event, body: bodies.Granted) -> Iterator[_Found]:
    if not facts.openings:
        yield Rule.GRANT, "no stage is open"
    if body.until <= event.at:
        yield Rule.GRANT, f"it would have ended on {body.until}"
    if facts.freezes:
        yield Rule.FREEZE, "the release is frozen"
    yield from _replaced(facts, facts.decided)


def _incident(facts: Facts, event: Event, body: bodies.Incident) -> Iterator[_Found]:
    if body.known_at > event.at:
        yield Rule.CLOCK, "it became known after it was entered"
    if body.closes is not None:
        yield from _target(body.closes, facts.incidents, "incident")
        closers = {Role.SAFETY_LEAD, Role.SECURITY_LEAD}
        if event.role not in closers:
            yield Rule.ROLE, f"incidents are closed by: {', '.join(sorted(closers))}"


def _reported(facts: Facts, event: Event, body: bodies.Reported) -> Iterator[_Found]:
    case = facts.cases.get(body.incident)
    if case is None:
        yield Rule.TARGET, f"event {body.incident} is no incident"
    elif body.reported_at < case.known_at:
        yield Rule.CLOCK, "it was reported before it became known"
    if body.reported_at > event.at:
        yield Rule.CLOCK, "it was reported after that was entered"


def _seen(facts: Facts, event: Event, body: bodies.DerivativeSeen) -> Iterator[_Found]:
    known = facts.derivatives.get(body.finding)
    if known is not None:
        yield Rule.SEEN, f"event {known.sequence} states it already"
    if body.first_seen_at > event.at:
        yield Rule.CLOCK, "it was first seen after it was entered"


def _reassessed(facts: Facts, body: bodies.Reassessed) -> Iterator[_Found]:
    yield from _newest(facts, body.decision)
    for target in body.tripwires:
        yield from _target(target, facts.reviews, "review")
        tripped = facts.reviews.get(target)
        decided = facts.decided
        if tripped is not None and decided is not None and decided.decided_at <= tripped.at:
            yield Rule.REVIEW, "the newest decision was taken before the review began"


def _target(target: int, standing: Mapping[int, Event], word: str) -> Iterator[_Found]:
    if target not in standing:
        yield Rule.TARGET, f"event {target} is no {word} that stands"


def _change(facts: Facts, event: Event) -> None:  # noqa: C901, PLR0912 - one case each
    match event.body:
        case bodies.Submitted():
            facts.submission = event
        case bodies.Decided():
            facts.decisions.append(event)
            # They name the older decision and count for nothing any more; objections stand.
            facts.approvals = [e for e in facts.approvals if not _is_about_release(e)]
        case bodies.Approved():
            facts.approvals.append(event)
            facts.objections.pop(event.holder, None)
        case bodies.Objected():
            facts.objections[event.holder] = event
            facts.approvals = [e for e in facts.approvals if e.holder != event.holder]
        case bodies.Opened() | bodies.Advanced():
            facts.openings.append(event)
        case bodies.Held():
            facts.holds[event.sequence] = event
        case bodies.Resumed() as body:
            _lift(facts, facts.holds, body.holds)
        case bodies.Frozen():
            facts.freezes[event.sequence] = event
        case bodies.Thawed() as body:
            _lift(facts, facts.freezes, body.freezes)
        case bodies.Granted():
            facts.grants[event.sequence] = event
        case bodies.Revoked() as body:
            _remove(facts.grants, (body.grant,))
        case bodies.Expired() as body:
            facts.lapsed.add(body.decision)
        case bodies.Superseded() as body:
            facts.superseded[body.policy_digest] = event
        case bodies.Withdrawn():
            facts.withdrawal = event
        case bodies.Incident() as body:
            _open_or_close(facts, event, body)
        case bodies.Reported() as body:
            facts.cases[body.incident] = facts.cases[body.incident].reported_by(event)
        case bodies.Tripwire():
            facts.reviews[event.sequence] = event
            facts.tripped_at = event.at
        case bodies.DerivativeSeen() as body:
            facts.derivatives[body.finding] = event
            if body.review is not None:
                facts.reviews[event.sequence] = event
                facts.tripped_at = event.at
        case bodies.Reassessed() as body:
            _remove(facts.reviews, body.tripwires)
        case _:
            assert_never(event.body)


def _open_or_close(facts: Facts, event: Event, body: bodies.Incident) -> None:
    if body.closes is None:
        facts.incidents[event.sequence] = event
        facts.cases[event.sequence] = IncidentCase.opened_by(event)
        return
    _remove(facts.incidents, (body.closes,))
    facts.cases[body.closes] = facts.cases[body.closes].closed_by(event)


def _is_about_release(event: Event) -> bool:
    return isinstance(event.body, bodies.Approved) and event.body.matter is Matter.RELEASE


def _lift(facts: Facts, standing: dict[int, Event], targets: tuple[int, ...]) -> None:
    """End freezes or holds, and with them what was approved about them."""
    _remove(standing, targets)
    facts.approvals = [
        e
        for e in facts.approvals
        if _is_about_release(e)
        or not (isinstance(e.body, bodies.Approved) and e.body.target in targets)
    ]


def _remove(standing: dict[int, Event], targets: tuple[int, ...]) -> None:
    for target in targets:
        standing.pop(target, None)
