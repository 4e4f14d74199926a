# SPDX-License-Identifier: Apache-2.0
"""Tables of waivers: what one may stand in for, where, how long, and that it never climbs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders_decision import (
    AT,
    OTHER_ROOT,
    claim,
    collection,
    policy,
    rung,
    scene,
    waiver,
)
from tiergate.decision.evaluate import evaluate
from tiergate.decision.judging import judge_requirement
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import AllOf, Named, Policy
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.tier import Tier
from tiergate.decision.waiver import Waiver

MET, NOT_MET, UNDETERMINED = Outcome.MET, Outcome.NOT_MET, Outcome.UNDETERMINED

ASKED = {"R1": ClaimMade(item="E01"), "R2": ClaimMade(item="E02")}
LADDER = policy(
    ASKED,
    rung(Tier.T0),
    rung(Tier.T1, "R1"),
    rung(Tier.T2, "R2"),
    rung(Tier.T3, "R1", "R2"),
    rung(Tier.T4, "R2", fast_path=("R1",)),
)
DAY = timedelta(days=1)

# The policy's cap is T3 and its longest waiver 90 days.
CASES: dict[str, tuple[Waiver, Tier, Outcome]] = {
    "it counts at the lowest tier": (waiver(), Tier.T1, MET),
    "it counts at its own cap": (waiver(highest_tier=Tier.T2), Tier.T2, MET),
    "it does not count above its own cap": (waiver(highest_tier=Tier.T2), Tier.T3, UNDETERMINED),
    "it counts at the policy's cap": (waiver(highest_tier=Tier.T6), Tier.T3, MET),
    "it does not count above the policy's cap": (
        waiver(highest_tier=Tier.T6),
        Tier.T4,
        UNDETERMINED,
    ),
    "it is for another requirement": (waiver("R2"), Tier.T1, UNDETERMINED),
    "it is for another checkpoint": (waiver(root=OTHER_ROOT), Tier.T1, UNDETERMINED),
    "it starts now": (waiver(issued_at=AT), Tier.T1, MET),
    "it starts in a second": (waiver(issued_at=AT + timedelta(seconds=1)), Tier.T1, UNDETERMINED),
    "it ends in a second": (waiver(expires_at=AT + timedelta(seconds=1)), Tier.T1, MET),
    "it ends now": (waiver(expires_at=AT), Tier.T1, UNDETERMINED),
    "it lasts as long as the policy allows": (
        waiver(issued_at=AT - DAY, expires_at=AT + 89 * DAY),
        Tier.T1,
        MET,
    ),
    "it lasts longer than the policy allows": (
        waiver(issued_at=AT - DAY, expires_at=AT + 89 * DAY + timedelta(seconds=1)),
        Tier.T1,
        UNDETERMINED,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_waiver_counts_only_within_its_limits(case: str) -> None:
    given, tier, expected = CASES[case]

    found = judge_requirement("R1", scene(collection(), LADDER, tier=tier, waivers=(given,)))

    assert expected is found.outcome
    assert (given.summary if expected is MET else "") == found.waived


def test_a_requirement_that_may_not_be_waived_is_not() -> None:
    standard = policy(ASKED, unwaivable=frozenset({"R1"}))

    found = judge_requirement("R1", scene(collection(), standard, waivers=(waiver(),)))

    assert UNDETERMINED is found.outcome


def test_a_waiver_stands_in_for_a_failure_and_leaves_it_visible() -> None:
    evidence = collection(claim(holds=False))

    found = judge_requirement("R1", scene(evidence, LADDER, waivers=(waiver(),)))

    assert MET is found.outcome
    assert NOT_MET is found.children[0].outcome
    assert "a person, until 2026-07-31: a reason" == found.waived


def test_a_waiver_of_what_is_met_anyway_is_not_mentioned() -> None:
    found = judge_requirement("R1", scene(collection(claim()), LADDER, waivers=(waiver(),)))

    assert (MET, "") == (found.outcome, found.waived)


def test_of_several_waivers_the_first_that_counts_is_named() -> None:
    late, good = waiver(expires_at=AT, by="late"), waiver(by="in time")

    found = judge_requirement("R1", scene(collection(), LADDER, waivers=(late, good)))

    assert found.waived.startswith("in time")


def _supported(standard: Policy, *given: Waiver) -> Tier:
    evidence = collection(claim("E02"))
    return evaluate(standard, evidence, at=AT, waivers=given).supported


def test_without_a_waiver_the_ladder_ends_below_the_gap() -> None:
    assert Tier.T0 is _supported(LADDER)


def test_a_waiver_carries_the_ladder_up_to_its_cap_and_no_further() -> None:
    bare = policy(
        ASKED,
        rung(Tier.T0),
        rung(Tier.T1, "R1"),
        *(rung(tier, "R2") for tier in (Tier.T2, Tier.T3, Tier.T4, Tier.T5)),
    )

    # The higher tiers do not ask for R1 themselves; they rest on T1, where it is waived.
    assert Tier.T1 is _supported(bare, waiver(highest_tier=Tier.T1))
    assert Tier.T2 is _supported(bare, waiver(highest_tier=Tier.T2))
    assert Tier.T3 is _supported(bare, waiver(highest_tier=Tier.T6))


def test_a_tier_that_a_waiver_does_not_reach_names_the_requirement_below_it_as_blocking() -> None:
    evidence = collection(claim("E02"))
    given = waiver(highest_tier=Tier.T1)

    decision = evaluate(LADDER, evidence, at=AT, asked=Tier.T2, waivers=[given])

    assert (Tier.T1, UNDETERMINED) == (decision.supported, decision.outcome)
    assert ["R1"] == [row.id for row in decision.blocking()]


def test_a_waiver_does_not_open_a_fast_path_above_its_cap() -> None:
    assert Tier.T3 is _supported(LADDER, waiver(highest_tier=Tier.T6))


def test_a_waiver_counts_for_a_requirement_that_another_one_names() -> None:
    standard = policy({**ASKED, "R3": AllOf(parts=(Named(id="R1"), Named(id="R2")))})

    found = judge_requirement(
        "R3", scene(collection(claim("E02")), standard, waivers=(waiver("R1"),))
    )

    assert (MET, "") == (found.outcome, found.waived)
    assert any(node.waived for node in found.walk())


def test_a_decision_names_the_waivers_that_changed_something() -> None:
    useful, useless = waiver(), waiver("R2")

    decision = evaluate(LADDER, collection(claim("E02")), at=AT, waivers=[useless, useful])

    assert (useful,) == decision.waivers
