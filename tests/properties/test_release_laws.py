# SPDX-License-Identifier: Apache-2.0
"""What holds in every state that a release can reach, over random sequences of events.

The laws are checked by a reader of its own, which goes through the accepted events and knows
nothing of the gates.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders_release import (
    DAY,
    LEGAL,
    PEOPLE,
    SAFETY,
    START,
    decided,
    digest,
    event,
    plan,
    submitted,
)
from tiergate.attestation.trust import Role
from tiergate.decision.tier import Tier
from tiergate.landscape.watch.kinds import MatchKind, Strength
from tiergate.release import bodies
from tiergate.release.bodies import Body, Decided, Matter
from tiergate.release.events import Event
from tiergate.release.facts import Facts, Rule
from tiergate.release.plan import QuorumPart
from tiergate.release.state import Standing, replay, state_of
from tiergate.release.transitions import take

VETOES = {SAFETY, Role.INDEPENDENT_REVIEWER}
ELIGIBLE = (
    ("Bea", SAFETY),
    ("Bea", LEGAL),
    ("Cem", LEGAL),
    ("Dua", SAFETY),
    ("Eve", SAFETY),
    ("Eve", LEGAL),
)


class Now(NamedTuple):
    """What a random event can refer to."""

    facts: Facts
    at: dt.datetime
    number: int
    """How many decisions there were."""


Made = tuple[Body, str, Role | None]


def _decide(now: Now, choice: int) -> Made:
    tier = (Tier.T5, Tier.T4, Tier.T1, Tier.T0)[choice % 4]
    hold = (0, 0, 3)[choice % 3]
    policy = 900 + choice // 13 % 3
    return (
        decided(now.number + 1, at=now.at, supported=tier, days=30, hold_days=hold, policy=policy),
        "Ada",
        None,
    )


def _approve(now: Now, choice: int) -> Made:
    person, role = ELIGIBLE[choice % len(ELIGIBLE)]
    newest = now.facts.newest
    target, number = (newest.sequence if newest else 1), now.number
    if choice % 11 == 0:
        number = max(number - 1, 0)
    if choice % 13 == 0:
        target = max(target - 1, 1)
    body = bodies.Approved(matter=Matter.RELEASE, target=target, decision=digest(number))
    return body, person, role


def _approve_lift(now: Now, choice: int) -> Made:
    person, role = ELIGIBLE[choice % len(ELIGIBLE)]
    standing = [*now.facts.freezes, *now.facts.holds] or [1]
    target = standing[choice % len(standing)]
    matter = Matter.RESUME if target in now.facts.holds else Matter.THAW
    return bodies.Approved(matter=matter, target=target, decision=digest(now.number)), person, role


def _open(now: Now, choice: int) -> Made:
    stage = ("defenders", "gated", "everybody")[min(len(now.facts.openings), 2)]
    if choice % 7 == 0:
        stage = "gated"
    kind = bodies.Advanced if now.facts.openings else bodies.Opened
    number = now.number if choice % 5 else max(now.number - 1, 0)
    return (
        kind(stage=stage, decision=digest(number)),
        ("Ada", "Dua")[choice % 2],
        Role.RELEASE_OWNER,
    )


def _lift(now: Now, choice: int) -> Made:
    holds, freezes = tuple(now.facts.holds) or (1,), tuple(now.facts.freezes) or (1,)
    if choice % 2:
        return bodies.Resumed(holds=holds), ("Ada", "Dua")[choice % 4 // 2], Role.RELEASE_OWNER
    return bodies.Thawed(freezes=freezes), "Ada", None


def _stop(now: Now, choice: int) -> Made:
    del now
    person = tuple(PEOPLE)[choice % 5]
    return (bodies.Held() if choice % 2 else bodies.Frozen()), person, None


def _object(now: Now, choice: int) -> Made:
    return bodies.Objected(decision=digest(now.number)), ("Bea", "Cem", "Eve")[choice % 3], None


def _seen(now: Now, *, fires: bool) -> Body:
    return bodies.DerivativeSeen(
        finding=digest(50 + now.number),
        what=MatchKind.FINE_TUNE,
        strength=Strength.DECLARED,
        repository="x/y",
        source="models.jsonl",
        first_seen_at=START,
        evidence=("its base is declared",),
        review=bodies.ReviewPart(triggers=("G04",), days=5) if fires else None,
    )


def _lapse(now: Now, choice: int) -> Made:
    if choice % 3 == 0:
        return bodies.Expired(decision=digest(now.number)), "Ada", None
    if choice % 3 == 1:
        return bodies.Tripwire(trigger=bodies.Trigger.LAW, review_days=5), "Bea", None
    if choice % 7 == 0:
        return _seen(now, fires=choice % 2 == 0), "Cem", None
    reviews = tuple(now.facts.reviews) or (1,)
    return bodies.Reassessed(tripwires=reviews, decision=digest(now.number)), "Bea", SAFETY


def _replace(now: Now, choice: int) -> Made:
    del now
    policy = digest(900 + choice % 4)
    return bodies.Superseded(policy_digest=policy), ("Bea", "Cem")[choice % 2], None


def _rest(now: Now, choice: int) -> Made:
    if choice % 4 == 0:
        return bodies.Granted(identity="somebody", until=now.at + DAY), "Ada", None
    if choice % 4 == 1:
        return bodies.Revoked(grant=(list(now.facts.grants) or [1])[0]), "Cem", None
    if choice % 4 == 2:
        severity = bodies.Severity.SERIOUS
        return bodies.Incident(severity=severity, known_at=now.at), "Cem", None
    if choice % 20 == 3:
        return bodies.Withdrawn(), "Ada", None
    if choice % 20 == 7:
        incident = (list(now.facts.cases) or [1])[0]
        name = "eu-cop-serious"
        body = bodies.Reported(incident=incident, deadline=name, reported_at=now.at)
        return body, "Cem", None
    return submitted(), "Ada", None


KINDS: tuple[Callable[[Now, int], Made], ...] = (
    *(_approve,) * 6,
    *(_open,) * 6,
    *(_approve_lift,) * 4,
    *(_lift,) * 3,
    *(_decide,) * 2,
    _stop,
    _object,
    _lapse,
    _replace,
    _rest,
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(range(len(KINDS))),
        st.integers(0, 200),
        st.sampled_from([0, 0, 0, 1, 4, 11, 29, -1]),
    ),
    min_size=2,
    max_size=30,
)


def _events(steps: Sequence[tuple[int, int, int]]) -> tuple[list[Event], list[Event], Facts]:
    """Build the events, and those of them that were accepted."""
    facts, every, accepted, at, number = Facts(), list[Event](), list[Event](), START, 0
    first: list[Made] = [
        (submitted(plan(quorum=QuorumPart())), "Ada", None),
        (decided(1, at=START, days=30, supported=Tier.T5), "Ada", None),
    ]
    for place, (kind, choice, days) in enumerate(steps, start=1):
        at += days * DAY
        made = first.pop(0) if first else KINDS[kind](Now(facts, at, number), choice)
        body, person, role = made
        found = event(place, body, person, role, at=at)
        every.append(found)
        if not take(facts, found):
            accepted.append(found)
            number += isinstance(body, Decided)
    return every, accepted, facts


def _holds(accepted: Sequence[Event]) -> None:
    """Check every law at every opening and lifting, from the accepted events alone."""
    for place, found in enumerate(accepted):
        before = accepted[:place]
        if isinstance(found.body, bodies.Opened | bodies.Advanced):
            _opening_is_lawful(found, before, found.body.stage)
        elif isinstance(found.body, bodies.Thawed):
            for target in found.body.freezes:
                assert _people_agree(before, Matter.THAW, target)
        elif isinstance(found.body, bodies.Resumed):
            for target in found.body.holds:
                own = any(e.sequence == target and e.holder == found.holder for e in before)
                assert own or _people_agree(before, Matter.RESUME, target)


def _opening_is_lawful(found: Event, before: Sequence[Event], stage: str) -> None:
    entered = [e for e in before if isinstance(e.body, Decided)][-1]
    decision = entered.body
    assert isinstance(decision, Decided)
    opened = [e for e in before if isinstance(e.body, bodies.Opened | bodies.Advanced)]
    names = ["defenders", "gated", "everybody"]
    tier = {"defenders": Tier.T1, "gated": Tier.T4, "everybody": Tier.T5}[stage]
    assert stage == names[len(opened)]
    assert tier.rank <= decision.supported.rank
    assert found.at < decision.valid_until
    assert not any(
        isinstance(e.body, bodies.Expired) and e.body.decision == decision.decision for e in before
    )
    assert not any(
        isinstance(e.body, bodies.Superseded) and e.body.policy_digest == decision.policy_digest
        for e in before
    )
    assert _people_agree(before, Matter.RELEASE, entered.sequence)
    assert found.at >= entered.at + max(t.hold_days for t in decision.terms) * DAY
    if opened:
        assert found.at >= opened[-1].at + 10 * DAY
    assert not _standing(before, bodies.Frozen, bodies.Thawed)
    assert not _standing(before, bodies.Held, bodies.Resumed)
    assert not _standing(before, bodies.Tripwire, bodies.Reassessed)
    assert not _standing(before, bodies.DerivativeSeen, bodies.Reassessed) & _fired(before)
    assert not any(isinstance(e.body, bodies.Withdrawn) for e in before)


def _fired(before: Sequence[Event]) -> set[int]:
    return {
        e.sequence
        for e in before
        if isinstance(e.body, bodies.DerivativeSeen) and e.body.review is not None
    }


def _standing(before: Sequence[Event], placed: type, lifted: type) -> set[int]:
    stands = {e.sequence for e in before if isinstance(e.body, placed)}
    for e in before:
        if isinstance(e.body, lifted):
            values = e.body.model_dump()
            stands -= set(values.get("holds") or values.get("freezes") or values["tripwires"])
    return stands


def _people_agree(before: Sequence[Event], matter: Matter, target: int) -> bool:
    """Tell whether two different people, one safety lead and one of legal, agree."""
    last_word: dict[str, Event] = {}
    roles: dict[str, set[Role]] = {}
    for e in before:
        if isinstance(e.body, bodies.Objected):
            last_word[e.holder] = e
            roles.pop(e.holder, None)
        elif isinstance(e.body, bodies.Approved):
            last_word[e.holder] = e
            if (e.body.matter, e.body.target) == (matter, target):
                roles.setdefault(e.holder, set()).add(e.role)
    if any(isinstance(e.body, bodies.Objected) and e.roles & VETOES for e in last_word.values()):
        return False
    roles.pop("eve", None)
    return any(
        SAFETY in roles[one] and LEGAL in roles[two]
        for one, two in itertools.permutations(roles, 2)
    )


def _every_law(steps: Sequence[tuple[int, int, int]]) -> None:
    every, accepted, facts = _events(steps)
    at = max(e.at for e in every)
    state = state_of(facts, at)

    _holds(accepted)
    assert replay(every, at) == state == replay(list(every), at)
    refused = {refusal.sequence for refusal in state.refused}
    assert refused == {e.sequence for e in every} - {e.sequence for e in accepted}
    assert all(isinstance(r.rule, Rule) and r.text for r in state.refused)
    assert state_of_accepted(accepted, at) == state_without_refusals(every, at)
    if state.freezes or state.standing in {Standing.WITHDRAWN, Standing.LAPSED}:
        assert state.serves is None
    if state.serves is not None:
        assert state.decided is not None
        assert state.serves.rank <= state.decided.supported.rank
    assert state.is_irreversible == any(
        s.opened_at is not None and s.stage.tier.is_irreversible for s in state.stages
    )


def state_of_accepted(accepted: Sequence[Event], at: dt.datetime) -> object:
    """Return the state when only accepted events are there."""
    return replay(accepted, at)


def state_without_refusals(every: Sequence[Event], at: dt.datetime) -> object:
    """Return the state of all events, without what was refused."""
    import dataclasses

    return dataclasses.replace(replay(every, at), refused=())


@settings(max_examples=150, derandomize=True)
@given(STEPS)
def test_every_law_holds_after_every_sequence_of_events(
    steps: list[tuple[int, int, int]],
) -> None:
    _every_law(steps)


@pytest.mark.slow
@settings(max_examples=10_000, derandomize=True)
@given(STEPS)
def test_every_law_holds_after_ten_thousand_sequences(steps: list[tuple[int, int, int]]) -> None:
    _every_law(steps)


@settings(max_examples=50, derandomize=True)
@given(STEPS)
def test_any_beginning_of_a_ledger_replays_to_what_it_was_then(
    steps: list[tuple[int, int, int]],
) -> None:
    every, _, _ = _events(steps)

    for size in range(len(every) + 1):
        state = replay(every[:size], START)
        opened = sum(s.opened_at is not None for s in state.stages)
        later = sum(s.opened_at is not None for s in replay(every, START).stages)
        assert opened <= later


def test_the_random_sequences_open_every_stage_and_thaw() -> None:
    """A law over sequences that never open anything would say nothing."""
    import random

    chance, seen = random.Random(7), set[str]()  # noqa: S311 - sequences
    for _ in range(1500):
        steps = [
            (chance.randrange(len(KINDS)), chance.randrange(201), chance.choice([0, 0, 1, 4, 11]))
            for _ in range(30)
        ]
        _, accepted, _ = _events(steps)
        _holds(accepted)
        for found in accepted:
            seen.add(found.body.kind)
            seen.add(getattr(found.body, "stage", ""))

    assert {"defenders", "gated", "thawed", "resumed", "reassessed", "granted"} <= seen
