# SPDX-License-Identifier: Apache-2.0
"""What people read about a release: every kind of event, and whatever stands."""

from __future__ import annotations

import pytest

from builders_release import DAY, LEGAL, SAFETY, START, approved, digest, event, ready, submitted
from tiergate.cli.release_bodies import newest
from tiergate.cli.release_text import status_lines
from tiergate.errors import InputError
from tiergate.landscape.watch.kinds import MatchKind, Strength
from tiergate.release import bodies
from tiergate.release.bodies import Body, Matter, ReviewPart, Severity, Trigger
from tiergate.release.event_words import words_of
from tiergate.release.facts import Facts
from tiergate.release.state import replay

REVIEW = bodies.Tripwire(trigger=Trigger.LAW, review_days=5)
SEEN = bodies.DerivativeSeen(
    finding=digest(9),
    what=MatchKind.FINE_TUNE,
    strength=Strength.DECLARED,
    repository="x/y",
    source="models.jsonl",
    first_seen_at=START,
    evidence=("its base is declared: x/y -> acme/model",),
)


def _shown(*events: object, at: object = START) -> str:
    state = replay(events, at)  # type: ignore[arg-type]  # events of the builders
    return " ".join(" ".join(status_lines("acme", state)).split())


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (submitted(), "submitted acme-1b"),
        (approved(2), "approved the release"),
        (approved(6, matter=Matter.THAW), "approved the thaw of event 6"),
        (bodies.Granted(identity="x", until=START), "granted x until 2026-11-23"),
        (bodies.Revoked(grant=6), "revoked event 6"),
        (SEEN, "saw x/y: fine-tune (declared)"),
        (
            SEEN.model_copy(update={"review": ReviewPart(triggers=("G04", "G06"), days=3)}),
            "saw x/y: fine-tune (declared), fires G04, G06",
        ),
        (bodies.Resumed(holds=(6, 7)), "resumed after event 6, 7"),
        (bodies.Incident(severity=Severity.DEATH, known_at=START), "incident, death"),
        (
            bodies.Incident(severity=Severity.DEATH, known_at=START, closes=6),
            "closed incident 6",
        ),
        (
            bodies.Reported(incident=6, deadline="eu-cop-death", reported_at=START),
            "reported incident 6 under eu-cop-death",
        ),
        (REVIEW, "tripwire, law"),
        (
            bodies.Reassessed(tripwires=(6,), decision=digest(2)),
            "reassessed after event 6",
        ),
        (bodies.Withdrawn(), "withdrawn"),
        (bodies.Expired(decision=digest(1)), "expired"),
    ],
)
def test_every_event_is_said_in_words(body: Body, words: str) -> None:
    assert words_of(event(1, body)) == words


def test_a_release_without_events_or_decision_is_shown() -> None:
    assert "acme: nothing submitted" in _shown()
    assert "decision none" in _shown(event(1, submitted()))


def test_who_has_signed_and_who_is_missing_is_shown() -> None:
    assert "signed Bea as safety lead missing legal; 1 of 2 people approve" in _shown(*ready()[:3])
    assert "signed nobody" in _shown(*ready()[:2])


def test_reviews_grants_and_what_was_refused_are_shown() -> None:
    shown = _shown(
        *ready(),
        event(5, bodies.Opened(stage="defenders", decision=digest(1))),
        event(6, bodies.Granted(identity="x", until=START + DAY)),
        event(7, bodies.Revoked(grant=99)),
        event(8, REVIEW, "Cem"),
    )

    assert "reviews event 8, Cem: because" in shown
    assert "grants 1 valid" in shown
    assert "refused event 7: target; event 99 is no grant that stands" in shown


def test_what_is_left_after_open_weights_is_shown() -> None:
    opened = [
        *ready(),
        event(5, bodies.Opened(stage="defenders", decision=digest(1))),
        event(6, bodies.Advanced(stage="gated", decision=digest(1)), at=START + 10 * DAY),
        event(7, bodies.Advanced(stage="everybody", decision=digest(1)), at=START + 20 * DAY),
    ]
    shown = _shown(*opened, at=START + 100 * DAY)

    assert "left to do: advisory, delisting request, withdrawal of support" in shown
    assert "the decision lapsed on 2027-02-21" in shown
    assert {SAFETY, LEGAL} == {found.role for found in opened[2:4]}


def test_without_a_decision_there_is_nothing_to_act_on() -> None:
    with pytest.raises(InputError, match="no decision"):
        newest(Facts())


def test_the_choices_of_the_options_are_all_that_there_are() -> None:
    from tiergate.attestation.trust import Role
    from tiergate.cli.commands.release_incident import SEVERITIES
    from tiergate.cli.commands.release_review import TRIGGERS
    from tiergate.cli.release_options import ROLES

    assert [list(ROLES), list(SEVERITIES), list(TRIGGERS)] == [
        list(Role),
        list(Severity),
        list(Trigger),
    ]
