# SPDX-License-Identifier: Apache-2.0
"""The argument about a tier: what it is made of, what it leans on, what speaks against it."""

from __future__ import annotations

import dataclasses

import pytest

from builders import AT, a_claim, a_document, a_measurement, all_signed, full_evidence
from builders_decision import claim, counts, limit, measurement
from builders_decision import waiver as a_waiver
from builders_default import POLICY
from decision_cases import judged_small
from tiergate.decision.evaluate import evaluate
from tiergate.decision.loosening import Loosening
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Expression, Named, Policy, Trigger
from tiergate.decision.requirements.band import BandAtMost
from tiergate.decision.requirements.checkpoint_facts import LoadsWithoutCode
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.safety_case import (
    Combination,
    Kind,
    Node,
    SafetyCase,
    outline,
    rolled_up,
    shallow,
    status_of,
)
from tiergate.decision.safety_case_build import BEYOND, SILENT, safety_case
from tiergate.decision.safety_case_judged import JudgedTier, of_decision
from tiergate.decision.safety_case_topics import OPEN_WEIGHTS, TEMPLATES
from tiergate.decision.tier import Band, TamperLevel, Tier
from tiergate.errors import InputError
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Variant

CYBER = next(found for found in TEMPLATES if found.domain is HazardDomain.CYBER)


def judged_default(*documents: EvidenceDocument, tier: Tier = Tier.T5) -> JudgedTier:
    """Judge a tier of the shipped policy."""
    return of_decision(evaluate(POLICY, all_signed(documents), at=AT, asked=tier), POLICY)


def texts(case: SafetyCase, kind: Kind) -> list[str]:
    """Return what the elements of a kind say."""
    return [node.text for node in case.nodes.values() if node.kind is kind]


def called(case: SafetyCase, text: str) -> Node:
    """Return the one element whose text begins like this."""
    (found,) = [node for node in case.nodes.values() if node.text.startswith(text)]
    return found


# ---------------------------------------------------------------------- the five missing branches


def test_the_shipped_policy_backs_all_five_branches_that_open_weights_need() -> None:
    case = safety_case(judged_default())

    ladder, _ = case.below(case.below(case.top)[0])
    (argued,) = [node for node in case.below(ladder) if "open weights" in node.text]
    assert [node.text for node in case.below(argued)] == [topic.claim for topic in OPEN_WEIGHTS]
    for branch in case.below(argued):
        assert all(node.requirement for node in case.below(branch))


def test_a_policy_that_is_silent_leaves_all_five_as_assumptions_and_none_as_met() -> None:
    case = safety_case(judged_small({"R1": ClaimMade(item="E01")}, claim("E01")))

    assert case.top.status is Outcome.MET
    for topic in OPEN_WEIGHTS:
        node = called(case, topic.assumption)
        assert (node.kind, node.status, node.standing) == (Kind.ASSUMPTION, None, "unsupported")
        assert node.details == (SILENT,)
        assert topic.claim not in texts(case, Kind.GOAL)


def test_where_weights_stay_inside_nothing_is_argued_about_them() -> None:
    case = safety_case(judged_small({"R1": ClaimMade(item="E01")}, claim("E01"), tier=Tier.T2))

    assert not {topic.assumption for topic in OPEN_WEIGHTS} & set(texts(case, Kind.ASSUMPTION))
    assert any("nobody outside receives the weights" in text for text in texts(case, Kind.CONTEXT))


BACKED: dict[str, tuple[Expression, tuple[str, ...], str]] = {
    "a measurement of the worst case": (
        Measured(domains=(HazardDomain.CYBER,), variant=Variant.WORST_CASE),
        (),
        "Modification after release",
    ),
    "a clause on what is released besides": (
        ClaimMade(item="E21"),
        ("EU-COP-A1.3.3",),
        "Modification after release",
    ),
    "a clause that weights cannot be called back": (
        ClaimMade(item="E19"),
        ("INT-IASR-2026",),
        "No calling back",
    ),
    "a measurement with a baseline": (
        Measured(domains=(HazardDomain.CYBER,), variant=Variant.AS_RELEASED, with_baseline=True),
        (),
        "Marginal risk",
    ),
    "tamper resistance against weight access": (
        TamperResistance(level=TamperLevel.TR2),
        (),
        "Safeguards under weight access",
    ),
    "a rate of attacks that succeed": (
        limit("safeguard.attack_success"),
        (),
        "Safeguards under weight access",
    ),
    "a clause on those who build on it": (
        ClaimMade(item="E03"),
        ("EU-AIA-53-1B",),
        "Downstream parties",
    ),
}


@pytest.mark.parametrize("what", BACKED)
def test_a_branch_is_argued_from_a_requirement_that_speaks_of_it(what: str) -> None:
    expression, clauses, branch = BACKED[what]
    case = safety_case(_with_clauses(expression, clauses))

    backed = {topic.claim for topic in OPEN_WEIGHTS} & set(texts(case, Kind.GOAL))
    assert [text.partition(":")[0] for text in backed] == [branch]


UNBACKED: dict[str, Expression] = {
    "tamper resistance against prompts alone": TamperResistance(level=TamperLevel.TR1),
    "one way of several": AnyOf(
        parts=(TamperResistance(level=TamperLevel.TR2), ClaimMade(item="E01"))
    ),
    "one that a number of others can do without": AtLeast(
        needed=1, parts=(TamperResistance(level=TamperLevel.TR2), ClaimMade(item="E01"))
    ),
    "a measurement as released": Measured(
        domains=(HazardDomain.CYBER,), variant=Variant.AS_RELEASED
    ),
    "a fact about the files": LoadsWithoutCode(),
}


@pytest.mark.parametrize("what", UNBACKED)
def test_a_branch_is_not_argued_from_what_can_be_met_without_it(what: str) -> None:
    case = safety_case(_with_clauses(UNBACKED[what], ()))

    assert not {topic.claim for topic in OPEN_WEIGHTS} & set(texts(case, Kind.GOAL))


def test_a_branch_is_argued_where_no_choice_can_do_without_it() -> None:
    tampering = TamperResistance(level=TamperLevel.TR2)
    both = AllOf(parts=(tampering, ClaimMade(item="E02")))
    ways = AtLeast(needed=2, parts=(both, tampering, ClaimMade(item="E01")))
    case = safety_case(_with_clauses(AnyOf(parts=(ways, both)), ()))

    assert any(text.startswith("Safeguards under") for text in texts(case, Kind.GOAL))


def _with_clauses(expression: Expression, clauses: tuple[str, ...]) -> JudgedTier:
    judged = judged_small({"R1": expression})
    asked = dataclasses.replace(judged.policy.requirements["R1"], clauses=clauses)
    changed = dataclasses.replace(judged.policy, requirements={"R1": asked})
    return dataclasses.replace(judged, policy=changed)


# ---------------------------------------------------------------------- hazards and their templates


def test_a_hazard_is_argued_from_the_part_of_each_requirement_that_is_about_it() -> None:
    both = (HazardDomain.CBRN, HazardDomain.CYBER)
    evidence = measurement("cyber.exploits", counts(0, 100), variant=Variant.AS_RELEASED)
    expressions: dict[str, Expression] = {
        "R1": AllOf(
            parts=(Measured(domains=both, variant=Variant.AS_RELEASED), ClaimMade(item="E01"))
        )
    }
    case = safety_case(judged_small(expressions, evidence))

    cyber = called(case, "Cyber offence: what these weights can do was measured.")
    cbrn = called(case, "CBRN: what these weights can do was measured.")
    assert [case.nodes[name].text for name in cyber.supported_by] == [
        "Cyber offence measured, as released (R1 at T4)"
    ]
    assert [case.nodes[name].text for name in cbrn.supported_by] == [
        "CBRN measured, as released (R1 at T4)"
    ]
    assert called(case, "R1 title of R1 (T4)").requirement == "R1"


def test_a_hazard_that_no_requirement_is_about_is_an_assumption() -> None:
    case = safety_case(judged_small({"R1": BandAtMost(domain=HazardDomain.CYBER, band=Band.B1)}))

    claim_about_cyber = CYBER.claim.format(tier=Tier.T4)
    others = {found.claim.format(tier=Tier.T4) for found in TEMPLATES if found is not CYBER}
    assert claim_about_cyber in texts(case, Kind.GOAL)
    assert others <= set(texts(case, Kind.ASSUMPTION))


def test_what_a_template_takes_for_granted_is_assumed_under_every_policy() -> None:
    case = safety_case(judged_default(*full_evidence(POLICY, Tier.T5)))

    assert case.top.status is Outcome.MET
    for template in TEMPLATES:
        for text in template.takes_for_granted:
            assert called(case, text).details == (BEYOND,)
        assert set(template.would_defeat) <= set(texts(case, Kind.DEFEATER))


def test_a_hazard_that_is_not_chosen_is_argued_with_everything_else() -> None:
    judged = judged_default()
    case = safety_case(judged, [CYBER])

    claims = {found.claim.format(tier=Tier.T5) for found in TEMPLATES}
    assert claims & set(texts(case, Kind.GOAL)) == {CYBER.claim.format(tier=Tier.T5)}
    assert called(case, "CEILING-CBRN-OPEN ").requirement == "CEILING-CBRN-OPEN"
    assert case.top.status is safety_case(judged).top.status


def test_a_part_about_one_hazard_inside_a_choice_stays_with_its_requirement() -> None:
    ways = AnyOf(
        parts=(
            BandAtMost(domain=HazardDomain.CYBER, band=Band.B0),
            BandAtMost(domain=HazardDomain.CBRN, band=Band.B0),
        )
    )
    case = safety_case(judged_small({"R1": ways}))

    assert CYBER.claim.format(tier=Tier.T4) in texts(case, Kind.ASSUMPTION)


def test_a_choice_that_cannot_be_met_without_a_hazard_is_argued_under_it() -> None:
    ways = AnyOf(
        parts=(
            Measured(domains=(HazardDomain.CYBER,), variant=Variant.AS_RELEASED),
            Measured(domains=(HazardDomain.CYBER, HazardDomain.CBRN), variant=Variant.AS_RELEASED),
        )
    )
    case = safety_case(judged_small({"R1": ways}))

    cyber = called(case, CYBER.claim.format(tier=Tier.T4))
    assert cyber.kind is Kind.GOAL
    assert "R1 title of R1 (T4)" in {node.text for node in _below(case, cyber)}
    assert "CBRN: what these weights can do was measured." not in texts(case, Kind.GOAL)


def test_a_named_part_about_one_hazard_is_argued_as_the_requirement_that_it_is() -> None:
    expressions: dict[str, Expression] = {
        "R1": AllOf(parts=(Named(id="R2"), BandAtMost(domain=HazardDomain.CBRN, band=Band.B0))),
        "R2": BandAtMost(domain=HazardDomain.CYBER, band=Band.B0),
    }
    case = safety_case(judged_small(expressions))

    part = called(case, "R1, as far as it is about cyber offence")
    assert [case.nodes[name].requirement for name in part.supported_by] == ["R2"]


def test_a_choice_about_one_hazard_within_a_requirement_is_argued_as_its_part() -> None:
    choice = AnyOf(
        parts=(
            BandAtMost(domain=HazardDomain.CYBER, band=Band.B0),
            Measured(domains=(HazardDomain.CYBER,), variant=Variant.WORST_CASE),
        )
    )
    expressions: dict[str, Expression] = {
        "R1": AllOf(parts=(choice, BandAtMost(domain=HazardDomain.CBRN, band=Band.B0)))
    }
    case = safety_case(judged_small(expressions))

    part = called(case, "R1, as far as it is about cyber offence")
    (body,) = [case.nodes[name] for name in part.supported_by]
    assert (body.kind, body.combines) == (Kind.STRATEGY, Combination.ANY_OF)


def _below(case: SafetyCase, node: Node) -> list[Node]:
    found = [case.nodes[name] for name in node.supported_by]
    return [*found, *(other for child in found for other in _below(case, child))]


# ---------------------------------------------------------------------- what is around a claim


def test_what_a_waiver_stands_in_for_is_never_drawn_as_met() -> None:
    standing_in = a_waiver("R1", Tier.T4)
    judged = judged_small({"R1": ClaimMade(item="E01")}, waivers=(standing_in,))
    case = safety_case(judged)

    waived = called(case, "R1 ")
    assert (waived.status, waived.standing) == (Outcome.MET, "met by waiver")
    assert (case.top.status, case.top.standing) == (Outcome.MET, "met, by waiver")
    assert f"Waived by {standing_in.summary}" in texts(case, Kind.ASSUMPTION)


def test_a_waived_requirement_about_several_hazards_is_not_cut_into_parts() -> None:
    both = (HazardDomain.CBRN, HazardDomain.CYBER)
    expressions: dict[str, Expression] = {"R1": Measured(domains=both, variant=Variant.AS_RELEASED)}
    case = safety_case(judged_small(expressions, waivers=(a_waiver("R1", Tier.T4),)))

    cyber = called(case, "Cyber offence: what these weights can do was measured.")
    assert [case.nodes[name].requirement for name in cyber.supported_by] == ["R1"]
    assert case.top.standing == "met, by waiver"


def test_a_waiver_that_a_part_within_rests_on_is_not_cut_either() -> None:
    both = (HazardDomain.CBRN, HazardDomain.CYBER)
    expressions: dict[str, Expression] = {
        "R1": AllOf(parts=(Named(id="R2"), ClaimMade(item="E01"))),
        "R2": Measured(domains=both, variant=Variant.AS_RELEASED),
    }
    case = safety_case(judged_small(expressions, claim("E01"), waivers=(a_waiver("R2", Tier.T4),)))

    assert case.top.standing == "met, by waiver"
    assert called(case, "R2 ").waived


def test_evidence_to_the_contrary_is_a_defeater_that_is_raised() -> None:
    case = safety_case(
        judged_small(
            {"R1": limit("cyber.exploits", "0.1")}, measurement("cyber.exploits", counts(50, 60))
        )
    )

    (raised,) = [node for node in case.nodes.values() if node.is_raised]
    (against,) = [node for node in case.nodes.values() if raised.id in node.challenged_by]
    assert raised.text.startswith("cyber.exploits 50 of 60")
    assert (raised.standing, against.status) == ("raised", Outcome.NOT_MET)


def test_a_claim_to_the_contrary_is_a_defeater_too() -> None:
    case = safety_case(judged_small({"R1": ClaimMade(item="E01")}, claim("E01", holds=False)))

    (raised,) = [node for node in case.nodes.values() if node.is_raised]
    assert "contrary" in raised.text


def test_several_findings_against_one_check_are_one_defeater() -> None:
    evidence = [measurement("cyber.exploits", counts(n, 60)) for n in (50, 51)]
    case = safety_case(judged_small({"R1": limit("cyber.exploits", "0.1")}, *evidence))

    (raised,) = [node for node in case.nodes.values() if node.is_raised]
    assert raised.text.endswith("; and 1 more")
    assert len(raised.details) == 1


def test_what_is_missing_raises_nothing() -> None:
    case = safety_case(judged_default())

    assert case.top.status is Outcome.UNDETERMINED
    assert not [node for node in case.nodes.values() if node.is_raised]


def test_events_that_reopen_the_decision_would_defeat_it() -> None:
    case = safety_case(judged_default())

    (events,) = (case.nodes[name] for name in case.top.challenged_by)
    assert events.standing == "possible"
    assert len(events.details) == len(POLICY.triggers)
    assert any(line.startswith("G04 Tamper breakthrough") for line in events.details)


def test_a_policy_without_events_and_without_gaps_has_neither_around_its_claim() -> None:
    judged = judged_small({"R1": ClaimMade(item="E01")}, not_covered=())
    case = safety_case(judged)

    assert {node.kind for node in case.around(case.top)} == {Kind.CONTEXT}


def test_where_the_policy_asks_for_less_is_said_beside_the_claim() -> None:
    less = Loosening(policy="mine 1.0.0", field="confidence", what="0.9 for 0.95", reason="a try")
    judged = judged_small({"R1": ClaimMade(item="E01")}, loosenings=(less,))

    assert f"The policy asks for less: {less.summary}" in texts(safety_case(judged), Kind.CONTEXT)


def test_a_name_without_weights_is_said_to_be_one() -> None:
    judged = dataclasses.replace(judged_small({"R1": ClaimMade(item="E01")}), root_digest="")

    assert "Checkpoint not read: only a name was given" in texts(safety_case(judged), Kind.CONTEXT)


# ---------------------------------------------------------------------- ways, statuses, leaving out


def test_the_fast_path_is_a_way_of_its_own() -> None:
    case = safety_case(judged_default())
    (how,) = (case.nodes[name] for name in case.top.supported_by)

    assert how.combines is Combination.ANY_OF
    assert [case.nodes[name].text for name in how.supported_by] == [
        "What T5 asks for, and what every tier below it does, is met.",
        "What the fast path to T5 asks for is met.",
    ]


def test_a_requirement_that_several_tiers_judge_alike_stands_there_once() -> None:
    case = safety_case(judged_default())

    found = called(case, "E18 Incident runbook")
    assert found.text == "E18 Incident runbook (T1, T2, T3, T4, T5, the fast path to T5)"
    assert found.clauses == POLICY.requirements["E18"].clauses


def test_a_tier_that_asks_for_nothing_shows_nothing() -> None:
    judged = judged_small({})
    case = safety_case(judged)

    assert judged.outcome is case.top.status is Outcome.UNDETERMINED
    assert "T4 asks for nothing, and so nothing is shown" in texts(case, Kind.EVIDENCE)


def test_a_number_of_parts_is_combined_as_such() -> None:
    parts = tuple(ClaimMade(item=item) for item in ("E01", "E02", "E03"))
    judged = judged_small({"R1": AtLeast(needed=2, parts=parts)}, claim("E01"), claim("E02"))
    case = safety_case(judged)

    (how,) = [n for n in case.nodes.values() if n.combines is Combination.AT_LEAST]
    assert (how.needed, how.status, how.text) == (2, Outcome.MET, "At least 2 of these are needed.")


def test_a_decision_whose_parts_do_not_come_to_it_is_refused() -> None:
    judged = judged_small({"R1": ClaimMade(item="E01")})

    with pytest.raises(InputError, match="as it says"):
        safety_case(dataclasses.replace(judged, outcome=Outcome.MET))


def test_a_check_keeps_its_evidence_and_its_next_step() -> None:
    open_case = safety_case(judged_small({"R1": ClaimMade(item="E01")}))
    met_case = safety_case(judged_small({"R1": ClaimMade(item="E01")}, claim("E01")))

    assert called(open_case, "Claim E01").next_step == "tiergate evidence claim E01 --model MODEL"
    assert called(met_case, "Claim E01").next_step == ""
    assert len(called(met_case, "Claim E01").evidence) == 1


def test_the_name_of_a_metric_stays_as_it_is_written() -> None:
    case = safety_case(judged_small({"R1": limit("cyber.exploits")}))

    assert any(text.startswith("cyber.exploits at most") for text in texts(case, Kind.EVIDENCE))


def test_an_outline_ends_at_requirements_and_says_how_much_it_leaves_out() -> None:
    case = safety_case(
        judged_default(
            a_document(measurements=(a_measurement("cyber.end_to_end_exploits", 200, 410),))
        )
    )
    less = outline(case)

    requirement = called(less, "CEILING-CYBER-OPEN Cyber ceiling, downloadable weights (T5)")
    assert requirement.supported_by == ()
    assert requirement.folded > 5
    assert all(less.nodes[name].is_raised for name in requirement.challenged_by)
    assert requirement.challenged_by


def test_what_is_shallow_ends_at_a_number_of_steps() -> None:
    less = shallow(safety_case(judged_default()), 2)

    ends = [node for node in less.nodes.values() if node.folded]
    assert [node.kind for node in ends] == [Kind.GOAL, Kind.GOAL]
    assert rolled_up(less)[less.root] is Outcome.UNDETERMINED


def test_a_check_without_an_outcome_is_undetermined() -> None:
    assert status_of(Node(id="x", kind=Kind.EVIDENCE, text=""), []) is Outcome.UNDETERMINED


def test_ids_follow_the_order_of_reading() -> None:
    case = safety_case(judged_default(a_document(claims=(a_claim("E01", training_flop=1),))))

    assert case.root == "G1"
    assert next(iter(case.nodes)) == "G1"
    assert [name for name in case.nodes if name.startswith("G")] == [
        f"G{number}" for number in range(1, 1 + len(texts(case, Kind.GOAL)))
    ]


def _policy_with_events() -> Policy:
    event = Trigger(id="G01", title="Change", asks="Decide.", applies_to="all", clauses=("X",))
    return dataclasses.replace(POLICY, triggers=(event,))


def test_the_same_event_is_the_same_defeater_for_every_case() -> None:
    standard = _policy_with_events()
    decision = evaluate(standard, all_signed(()), at=AT, asked=Tier.T1)
    case = safety_case(of_decision(decision, standard))

    (events,) = (case.nodes[name] for name in case.top.challenged_by)
    assert (events.details, events.clauses) == (("G01 Change (all): Decide.",), ("X",))
