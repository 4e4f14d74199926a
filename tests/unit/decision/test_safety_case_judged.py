# SPDX-License-Identifier: Apache-2.0
"""One tier of a decision, or of a record of it, beside the policy that decided."""

from __future__ import annotations

import dataclasses

import pytest

from builders import AT, all_signed
from builders_decision import AT as THEN
from builders_decision import claim, collection, policy, rung
from builders_decision import waiver as a_waiver
from builders_default import POLICY
from tiergate.decision.decision import Decision
from tiergate.decision.document import DecisionPart, decision_document
from tiergate.decision.evaluate import evaluate
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Expression, Named, Policy
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.safety_case_judged import explanation_of, of_decision, of_record, parts
from tiergate.decision.tier import Tier
from tiergate.errors import InputError

E01, E02, E03 = (ClaimMade(item=item) for item in ("E01", "E02", "E03"))


def decided(
    lower: Expression, *, cap: Tier = Tier.T4, waived: str = "R1", until: Tier = Tier.T1
) -> tuple[Decision, Policy]:
    """Decide on T4 above a T1 that asks for ``lower``, with a waiver that is for ``until``."""
    expressions: dict[str, Expression] = {"R1": E02, "R2": lower, "R3": E01}
    standard = policy(
        expressions,
        rung(Tier.T0),
        rung(Tier.T1, "R2"),
        rung(Tier.T4, "R3"),
        waiver_cap=cap,
    )
    found = collection(claim("E01"))
    waivers = (a_waiver(waived, until),)
    return evaluate(standard, found, at=THEN, asked=Tier.T4, waivers=waivers), standard


def test_what_was_read_from_a_record_is_what_was_written() -> None:
    decision = evaluate(POLICY, all_signed(()), at=AT, asked=Tier.T5)
    written = {found.tier: found for found in decision_document(decision).tiers}

    for verdict in decision.tiers:
        part = written[verdict.tier]
        assert tuple(map(explanation_of, part.requirements)) == verdict.requirements
        assert tuple(map(explanation_of, part.fast_path)) == verdict.fast_path


def test_a_record_and_its_decision_say_the_same_about_every_tier() -> None:
    decision = evaluate(POLICY, all_signed(()), at=AT, asked=Tier.T5)

    for tier in Tier:
        first = of_decision(decision, POLICY, tier)
        second = of_record(decision_document(decision), POLICY, tier)
        assert first == second


REACHES: dict[str, tuple[Expression, Tier, Tier, Outcome]] = {
    "a waiver up to the tier stands in": (Named(id="R1"), Tier.T4, Tier.T4, Outcome.MET),
    "a waiver below the tier does not": (Named(id="R1"), Tier.T1, Tier.T4, Outcome.UNDETERMINED),
    "nor one above the cap of the policy": (Named(id="R1"), Tier.T4, Tier.T1, Outcome.UNDETERMINED),
    "nor within all of several": (
        AllOf(parts=(Named(id="R1"), E01)),
        Tier.T1,
        Tier.T4,
        Outcome.UNDETERMINED,
    ),
    "another way is enough all the same": (
        AnyOf(parts=(Named(id="R1"), E01)),
        Tier.T1,
        Tier.T4,
        Outcome.MET,
    ),
    "and so is a number of others": (
        AtLeast(needed=1, parts=(Named(id="R1"), E01, E03)),
        Tier.T1,
        Tier.T4,
        Outcome.MET,
    ),
}


@pytest.mark.parametrize("what", REACHES)
def test_from_below_only_waivers_that_reach_the_tier_count(what: str) -> None:
    lower, until, cap, outcome = REACHES[what]
    decision, standard = decided(lower, until=until, cap=cap)

    for judged in (
        of_decision(decision, standard),
        of_record(decision_document(decision), standard),
    ):
        (_, (below,)), (_, (own,)) = judged.ladder
        assert (below.outcome, own.outcome) == (outcome, Outcome.MET)
        assert judged.outcome is outcome


def test_conditions_come_with_their_days() -> None:
    decision = evaluate(POLICY, all_signed(()), at=AT, asked=Tier.T1)

    for judged in (
        of_decision(decision, POLICY),
        of_record(decision_document(decision), POLICY),
    ):
        days = {found.kind: found.days for found in judged.conditions}
        assert (days["hold"], days["expiry"], days["approval"]) == (
            "20 business days",
            "182 days",
            "",
        )


def _other_policy(decision: Decision) -> tuple[DecisionPart, Policy]:
    return decision_document(decision), dataclasses.replace(POLICY, digest="sha256:other")


def _without_a_tier(decision: Decision) -> tuple[DecisionPart, Policy]:
    part = decision_document(decision)
    tiers = tuple(found for found in part.tiers if found.tier is not Tier.T5)
    return part.model_copy(update={"tiers": tiers}), POLICY


def _policy_without_it(decision: Decision) -> tuple[DecisionPart, Policy]:
    tiers = tuple(found for found in POLICY.tiers if found.tier is not Tier.T5)
    return decision_document(decision), dataclasses.replace(POLICY, tiers=tiers)


def _other_requirement(decision: Decision) -> tuple[DecisionPart, Policy]:
    part = decision_document(decision)
    first = next(found for found in part.tiers if found.tier is Tier.T1)
    rows = (first.requirements[0].model_copy(update={"children": ()}), *first.requirements[1:])
    changed = first.model_copy(update={"requirements": rows})
    tiers = tuple(changed if found.tier is Tier.T1 else found for found in part.tiers)
    return part.model_copy(update={"tiers": tiers}), POLICY


REFUSED = {
    "a decision by another policy": (_other_policy, "the policy that decided"),
    "a decision without the tier": (_without_a_tier, "nothing about T5"),
    "a policy without the tier": (_policy_without_it, "no tier T5"),
    "a decision that does not follow the policy": (
        _other_requirement,
        "0 parts where it asks for 1",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_is_refused(what: str) -> None:
    change, says = REFUSED[what]
    decision = evaluate(POLICY, all_signed(()), at=AT, asked=Tier.T5)
    part, standard = change(decision)

    with pytest.raises(InputError, match=says):
        of_record(part, standard, Tier.T5)


def test_what_was_found_about_another_requirement_is_refused() -> None:
    decision = evaluate(POLICY, all_signed(()), at=AT, asked=Tier.T5)
    found = decision.verdict(Tier.T5).requirements[0]

    with pytest.raises(InputError, match="E01 where E02 is asked for"):
        parts(Named(id="E02"), found, POLICY)
