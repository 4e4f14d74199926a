# SPDX-License-Identifier: Apache-2.0
"""The decision: the ladder, its fast paths, the tier in question, bands and gaps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from builders_decision import (
    AT,
    OTHER_ROOT,
    ROOT,
    Evidence,
    claim,
    collection,
    counts,
    document,
    limit,
    measurement,
    number,
    policy,
    rung,
    standards,
)
from tiergate import __version__
from tiergate.decision.decision import Condition
from tiergate.decision.evaluate import evaluate
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Hold, Policy
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.tier import Band, Tier
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.grades import Dimension
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Variant
from tiergate.evidence.provenance import BindingLevel

MET, NOT_MET, UNDETERMINED = Outcome.MET, Outcome.NOT_MET, Outcome.UNDETERMINED
ITEMS = {f"R{index}": ClaimMade(item=f"E{index}") for index in range(5)}
CBRN = HazardDomain.CBRN


def _says(*items: int) -> list[Evidence]:
    return [claim(f"E{index}") for index in items]


LADDER = policy(
    ITEMS,
    rung(Tier.T0, "R0"),
    rung(Tier.T1, "R1"),
    rung(Tier.T2, "R2"),
    rung(Tier.T4, "R3", fast_path=("R1", "R4")),
    rung(Tier.T5, "R2"),
)

SUPPORTED: dict[str, tuple[list[Evidence], Tier]] = {
    "nothing": ([], Tier.T0),
    "what T0 asks for does not matter": (_says(1), Tier.T1),
    "the first rung": (_says(0, 1), Tier.T1),
    "a rung without the one below it": (_says(2, 3), Tier.T0),
    "two rungs": (_says(1, 2), Tier.T2),
    "every rung": (_says(1, 2, 3), Tier.T5),
    "a fast path": (_says(1, 4), Tier.T4),
    "half a fast path": (_says(4), Tier.T0),
    "a fast path carries no rung above it": (_says(1, 2, 4), Tier.T4),
    "a failure at the bottom": ([*_says(1, 2, 3), claim("E1", holds=False)], Tier.T0),
}


@pytest.mark.parametrize("case", SUPPORTED)
def test_a_tier_needs_every_tier_below_it_or_its_fast_path(case: str) -> None:
    found, expected = SUPPORTED[case]

    assert expected is evaluate(LADDER, collection(*found), at=AT).supported


QUESTIONS: dict[str, tuple[list[Evidence], Tier | None, Tier, Outcome]] = {
    "the tier above the supported one": (_says(1), None, Tier.T2, UNDETERMINED),
    "a gap in the ladder is stepped over": (_says(1, 2), None, Tier.T4, UNDETERMINED),
    "the top, when everything is supported": (_says(1, 2, 3), None, Tier.T5, MET),
    "the tier asked for": (_says(1), Tier.T1, Tier.T1, MET),
    "a tier that fails every way": ([claim("E1", holds=False)], Tier.T4, Tier.T4, NOT_MET),
    "a tier that fails by its own requirement": (
        [*_says(1), claim("E2", holds=False)],
        Tier.T2,
        Tier.T2,
        NOT_MET,
    ),
}


@pytest.mark.parametrize("case", QUESTIONS)
def test_the_tier_in_question_is_answered(case: str) -> None:
    found, asked, question, answer = QUESTIONS[case]

    decision = evaluate(LADDER, collection(*found), at=AT, asked=asked)

    assert (question, answer) == (decision.asked, decision.outcome)
    assert (asked is None) is decision.asked_by_default


def test_every_requirement_of_every_tier_is_judged_even_when_a_lower_one_failed() -> None:
    decision = evaluate(LADDER, collection(claim("E1", holds=False)), at=AT)

    assert [1, 1, 1, 1, 1] == [len(verdict.requirements) for verdict in decision.tiers]
    assert [0, 0, 0, 2, 0] == [len(verdict.fast_path) for verdict in decision.tiers]
    assert decision.verdict(Tier.T1).count(NOT_MET) == 1
    assert decision.verdict(Tier.T1).count(MET) == 0


BLOCKING: dict[str, tuple[list[Evidence], Tier, list[str]]] = {
    "nothing, when it is met": (_says(1), Tier.T1, []),
    "its own requirement": (_says(1), Tier.T2, ["R2"]),
    "those of the tiers below, in their order": ([], Tier.T4, ["R1", "R2", "R3"]),
    "a failure before anything else": ([claim("E3", holds=False)], Tier.T4, ["R3", "R1", "R2"]),
    "each once": (_says(1), Tier.T5, ["R2", "R3"]),
    "not the floor": (_says(1, 2), Tier.T4, ["R3"]),
    "the floor itself": ([], Tier.T0, ["R0"]),
}


@pytest.mark.parametrize("case", BLOCKING)
def test_what_keeps_the_tier_in_question_closed(case: str) -> None:
    found, asked, expected = BLOCKING[case]

    decision = evaluate(LADDER, collection(*found), at=AT, asked=asked)

    assert expected == [row.id for row in decision.blocking()]


def test_a_decision_is_refused_without_a_zone() -> None:
    with pytest.raises(ValueError, match="a time without a zone"):
        evaluate(LADDER, collection(), at=datetime(2026, 7, 1))  # noqa: DTZ001 - on purpose


def test_a_decision_in_another_zone_is_the_same() -> None:
    there = AT.astimezone(timezone(timedelta(hours=9)))

    assert evaluate(LADDER, collection(*_says(1)), at=AT) == evaluate(
        LADDER, collection(*_says(1)), at=there
    )


def test_a_tier_that_the_policy_does_not_have_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="policy test has no tier T3"):
        evaluate(LADDER, collection(), at=AT, asked=Tier.T3)
    with pytest.raises(KeyError, match="T3"):
        evaluate(LADDER, collection(), at=AT).verdict(Tier.T3)
    assert LADDER.tier(Tier.T3) is None


def test_a_policy_of_the_floor_alone_asks_about_the_floor() -> None:
    decision = evaluate(policy(ITEMS, rung(Tier.T0, "R0")), collection(*_says(0)), at=AT)

    assert (Tier.T0, Tier.T0, MET) == (decision.supported, decision.asked, decision.outcome)


def test_a_tier_that_asks_for_nothing_is_never_supported() -> None:
    standard = policy(ITEMS, rung(Tier.T0), rung(Tier.T1))

    assert Tier.T0 is evaluate(standard, collection(*_says(0, 1, 2)), at=AT).supported


def test_each_tier_holds_evidence_to_its_own_standards() -> None:
    strict = standards(minimum={Dimension.BINDING: 3})
    standard = policy(
        {"R1": limit()}, rung(Tier.T0), rung(Tier.T1, "R1"), rung(Tier.T2, "R1", asks=strict)
    )
    found = document(measurement(), level=BindingLevel.DIGEST_AT_LOAD)

    assert Tier.T1 is evaluate(standard, collection(found), at=AT).supported


def test_a_decision_names_what_it_rests_on() -> None:
    used, elsewhere = document(claim("E1")), document(claim("E1"), root=OTHER_ROOT)
    gone = document(claim("E2"))

    decision = evaluate(LADDER, collection(used, elsewhere, gone=[gone]), at=AT)

    assert (used.digest,) == decision.used
    assert (elsewhere.digest,) == decision.elsewhere
    assert (gone.digest,) == decision.missing
    assert ("org/model", ROOT) == (decision.subject_name, decision.root_digest)
    assert ("test", "1.0.0", LADDER.digest) == (
        decision.policy_id,
        decision.policy_version,
        decision.policy_digest,
    )
    assert (__version__, AT) == (decision.engine_version, decision.at)


def _conditions(tier: Tier, *found: Evidence) -> dict[str, str]:
    wait = Hold(text="wait", days=number(7, "days"), unless=None)
    maybe = Hold(text="wait unless E9", days=number(14, "days"), unless=ClaimMade(item="E9"))
    standard = policy(
        ITEMS, rung(Tier.T0), rung(Tier.T1, "R1", holds=(wait, maybe)), rung(Tier.T2, "R2")
    )
    decision = evaluate(standard, collection(*found), at=AT)
    return {c.text: c.kind for c in decision.verdict(tier).conditions}


def test_a_tier_carries_its_conditions_and_always_a_day_on_which_it_lapses() -> None:
    first, second = _conditions(Tier.T1), _conditions(Tier.T2)

    lapses = "a decision for this tier lapses and is taken anew"
    assert {"kept": "safeguards", "wait": "hold", "wait unless E9": "hold", lapses: "expiry"} == (
        first
    )
    assert {"one person": "approval", lapses: "expiry"} == second


def test_a_wait_falls_away_only_when_what_makes_it_unnecessary_is_met() -> None:
    assert "wait unless E9" not in _conditions(Tier.T1, claim("E9"))
    assert "wait unless E9" in _conditions(Tier.T1, claim("E9", holds=False))
    assert "wait" in _conditions(Tier.T1, claim("E9"))


def test_a_condition_with_days_keeps_the_number() -> None:
    decision = evaluate(LADDER, collection(), at=AT)

    expiry = decision.tiers[0].conditions[-1]
    assert expiry == Condition(kind="expiry", text=expiry.text, number=number(180, "days"))


def _band_policy() -> Policy:
    return policy(
        ITEMS,
        bands={
            CBRN: {
                Band.B1: limit("cbrn.b1", reached_unless_ruled_out=True),
                Band.B2: limit("cbrn.b2", reached_unless_ruled_out=True),
                Band.B3: limit("cbrn.b3", reached_unless_ruled_out=True),
            }
        },
    )


def _found(band: str, successes: int, trials: int = 100) -> EvidenceDocument:
    return document(measurement(f"cbrn.{band}", counts(successes, trials)))


READINGS: dict[str, tuple[list[Evidence], Band, Band]] = {
    "nothing known": ([], Band.B0, Band.B3),
    "B1 ruled out": ([_found("b1", 0)], Band.B0, Band.B0),
    "B2 ruled out": ([_found("b2", 0)], Band.B0, Band.B1),
    "B1 reached and B2 ruled out": ([_found("b1", 50), _found("b2", 0)], Band.B1, Band.B1),
    "B2 reached": ([_found("b2", 50)], Band.B2, Band.B3),
    "B3 reached although B1 was ruled out": (
        [_found("b1", 0), _found("b3", 50)],
        Band.B3,
        Band.B3,
    ),
    "B3 in doubt although B1 was ruled out": (
        [_found("b1", 0), _found("b3", 1, 20)],
        Band.B0,
        Band.B3,
    ),
    "cannot rule out counts as reached": ([_found("b1", 4)], Band.B1, Band.B3),
}


@pytest.mark.parametrize("case", READINGS)
def test_a_decision_says_how_far_a_domain_has_come(case: str) -> None:
    found, reached, not_ruled_out = READINGS[case]

    (reading,) = evaluate(_band_policy(), collection(*found), at=AT).bands

    assert (reached, not_ruled_out) == (reading.reached, reading.not_ruled_out)
    assert (CBRN, Variant.WORST_CASE) == (reading.domain, reading.variant)


GAPS: dict[str, tuple[list[Evidence], tuple[str, ...]]] = {
    "nothing measured": ([], ("CBRN: not measured by anything that its bands read",)),
    "measured by something that no band reads": (
        [measurement("cbrn.proxy")],
        ("CBRN: not measured by anything that its bands read",),
    ),
    "measured as released": (
        [measurement("cbrn.b1", variant=Variant.AS_RELEASED)],
        ("CBRN: not measured on the worst-case variant",),
    ),
    "measured on the worst case": ([measurement("cbrn.b1")], ()),
}


@pytest.mark.parametrize("case", GAPS)
def test_a_decision_says_what_nobody_looked_at(case: str) -> None:
    found, gaps = GAPS[case]

    decision = evaluate(_band_policy(), collection(*found), at=AT)

    assert (*gaps, "harms nobody asks about") == decision.not_assessed


def test_a_decision_is_a_function_of_its_arguments() -> None:
    evidence = collection(*_says(1, 2))

    first = evaluate(LADDER, evidence, at=AT)

    assert repr(first) == repr(evaluate(LADDER, evidence, at=AT))
    assert AT.tzinfo is UTC
