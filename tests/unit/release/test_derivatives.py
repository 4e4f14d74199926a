# SPDX-License-Identifier: Apache-2.0
"""What was seen elsewhere, in the ledger: once, by anybody, and with the review that it fires."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest

from builders_release import DAY, SAFETY, START, decided, digest, event, ready
from tiergate.decision.policy import Number, NumberStatus, Policy, Trigger, TriggerWatch
from tiergate.decision.policy_document import load_policy
from tiergate.errors import InputError
from tiergate.landscape.watch.findings import Finding
from tiergate.landscape.watch.kinds import FindingKind, MatchKind, Strength
from tiergate.release import bodies
from tiergate.release.bodies import DerivativeSeen, ReviewPart
from tiergate.release.derivatives import fired, seen
from tiergate.release.events import Event
from tiergate.release.facts import Rule
from tiergate.release.state import ReleaseState, Standing, replay

OPEN = event(5, bodies.Opened(stage="defenders", decision=digest(1)))
FINDING = Finding(
    released="acme/Lantern-7B",
    kind=FindingKind.UNCENSORED,
    strength=Strength.NAME,
    repository="x/Lantern-7B-abliterated",
    revision=None,
    created_at=START,
    digest=None,
    evidence=("'abliterat' stands in 'x/Lantern-7B-abliterated'",),
)


def _watch(days: str, *kinds: MatchKind, strengths: tuple[Strength, ...]) -> TriggerWatch:
    number = Number(
        value=Decimal(days), unit="days", status=NumberStatus.DEFAULT, basis="for a test"
    )
    return TriggerWatch(findings=kinds, strengths=strengths, review_days=number)


def _policy(*watches: TriggerWatch | None) -> Policy:
    triggers = tuple(
        Trigger(id=f"G{n}", title="t", asks="a", applies_to="all", clauses=(), watch=watch)
        for n, watch in enumerate(watches, start=1)
    )
    return dataclasses.replace(load_policy("permissive"), triggers=triggers)


BY_NAME = _watch("14", MatchKind.UNCENSORED, strengths=(Strength.NAME,))
SOONER = _watch("7.9", MatchKind.UNCENSORED, MatchKind.MERGE, strengths=(Strength.NAME,))
BY_BYTES = _watch("3", MatchKind.UNCENSORED, strengths=(Strength.BYTES,))
OTHER = _watch("3", MatchKind.RE_UPLOAD, strengths=(Strength.NAME,))


def _body(
    review: ReviewPart | None = None, number: int = 1, at: dt.datetime = START
) -> DerivativeSeen:
    return DerivativeSeen(
        finding=digest(number),
        what=MatchKind.FINE_TUNE,
        strength=Strength.DECLARED,
        repository="x/y",
        source="models.jsonl",
        first_seen_at=at,
        evidence=("its base is declared: x/y -> acme/model",),
        review=review,
    )


REVIEW = ReviewPart(triggers=("G04",), days=5)


def _state(*events: Event, at: dt.datetime = START) -> ReleaseState:
    numbered = [dataclasses.replace(e, sequence=n) for n, e in enumerate(events, start=1)]
    return replay(numbered, at)


@pytest.mark.parametrize(
    ("watches", "expected"),
    [
        ((), None),
        ((None,), None),
        ((BY_BYTES,), None),
        ((OTHER,), None),
        ((BY_NAME,), (("G1",), 14)),
        ((BY_NAME, OTHER, None, SOONER), (("G1", "G4"), 7)),
    ],
)
def test_word_evidence_fires_what_the_policy_says_and_nothing_else(
    watches: tuple[TriggerWatch | None, ...], expected: tuple[tuple[str, ...], int] | None
) -> None:
    found = fired(_policy(*watches), MatchKind.UNCENSORED, Strength.NAME)

    assert expected == (None if found is None else (found.triggers, found.days))


def test_a_finding_becomes_an_event_with_its_date_source_and_evidence() -> None:
    body = seen(FINDING, _policy(BY_NAME), source="hub", first_seen_at=START + DAY)

    assert body.finding == FINDING.id
    assert (body.what, body.strength, body.revision) == (MatchKind.UNCENSORED, Strength.NAME, "")
    assert (body.source, body.first_seen_at, body.created_at) == ("hub", START + DAY, START)
    assert body.evidence == FINDING.evidence
    assert body.review == ReviewPart(triggers=("G1",), days=14)


def test_a_lead_enters_no_ledger() -> None:
    lead = dataclasses.replace(FINDING, kind=FindingKind.NAME_LEAD)

    with pytest.raises(InputError, match="a lead is none"):
        seen(lead, _policy(), source="hub", first_seen_at=START)


def test_a_finding_that_no_event_can_hold_is_refused_by_its_field() -> None:
    long = dataclasses.replace(FINDING, evidence=("x" * 2001,))

    with pytest.raises(InputError, match=r"x/Lantern-7B-abliterated\.evidence\.0"):
        seen(long, _policy(), source="hub", first_seen_at=START)


def test_a_derivative_that_was_seen_is_counted_and_reviews_nothing_by_itself() -> None:
    state = _state(*ready(), OPEN, event(6, _body(), "Cem"))

    assert len(state.derivatives) == 1
    assert state.reviews == ()
    assert state.standing is not Standing.UNDER_REVIEW


def test_what_it_fires_puts_the_decision_under_review_and_is_due_after_its_days() -> None:
    events = (*ready(), OPEN, event(6, _body(REVIEW), "Cem"))
    state = _state(*events)
    later = _state(*events, at=START + 5 * DAY)

    assert state.standing is Standing.UNDER_REVIEW
    assert state.review_due == START + 5 * DAY
    assert state.serves is not None
    assert later.standing is Standing.LAPSED
    assert later.serves is None


def test_the_review_keeps_the_next_stage_shut_until_a_newer_decision_ends_it() -> None:
    newer = event(7, decided(2, at=START + DAY), at=START + DAY)
    reassessed = event(
        8,
        bodies.Reassessed(tripwires=(6,), decision=digest(2)),
        "Bea",
        SAFETY,
        at=START + DAY,
    )
    before = (*ready(), OPEN, event(6, _body(REVIEW), "Cem"))
    shut = _state(*before, event(7, bodies.Advanced(stage="gated", decision=digest(1))))
    ended = _state(*before, newer, reassessed, at=START + DAY)

    assert Rule.REVIEW in {refusal.rule for refusal in shut.refused}
    assert ended.refused == ()
    assert ended.reviews == ()
    assert len(ended.derivatives) == 1


REFUSED: dict[str, tuple[DerivativeSeen, Rule]] = {
    "the same finding a second time": (_body(), Rule.SEEN),
    "a date of first seeing that is to come": (_body(number=2, at=START + DAY), Rule.CLOCK),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_an_event_is_refused_for(sentence: str) -> None:
    body, rule = REFUSED[sentence]
    state = _state(*ready(), OPEN, event(6, _body(), "Cem"), event(7, body, "Cem"))

    assert [rule] == [refusal.rule for refusal in state.refused]
    assert len(state.derivatives) == 1


def test_derivatives_are_entered_of_a_release_that_was_withdrawn() -> None:
    state = _state(*ready(), OPEN, event(6, bodies.Withdrawn()), event(7, _body(), "Cem"))

    assert state.refused == ()
    assert len(state.derivatives) == 1
