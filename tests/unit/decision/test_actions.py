# SPDX-License-Identifier: Apache-2.0
"""Open items of a decision: each for whoever can act, with its command and its clauses."""

from __future__ import annotations

import dataclasses
import shlex
from datetime import timedelta

import click
import pytest

from builders import AT, ROOT, a_claim, a_document, a_measurement, all_signed, full_evidence
from builders_decision import attacked, claim, counts, limit, measurement
from builders_decision import waiver as a_waiver
from builders_default import POLICY
from decision_cases import judged_small
from tiergate.cli.main import cli
from tiergate.decision.action import Action, Actor, Group
from tiergate.decision.actions import actions
from tiergate.decision.actions_open import blocking, requirement_actions
from tiergate.decision.evaluate import evaluate
from tiergate.decision.loosening import Loosening
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Expression, Number, NumberStatus
from tiergate.decision.requirements.checkpoint_facts import LoadsWithoutCode
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.safety_case_judged import JudgedTier, of_decision
from tiergate.decision.tier import TamperLevel, Tier
from tiergate.decision.waiver import Waiver
from tiergate.evidence.collection import EvidenceDocument, RegisteredDocument
from tiergate.evidence.grades import Dimension
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Variant
from tiergate.evidence.provenance import ProducerRelation

OUTSIDE = (ProducerRelation.COMMISSIONED, ProducerRelation.INDEPENDENT)
EXPLOITS = a_measurement("cyber.end_to_end_exploits", 200, 410)


def judged_default(
    *documents: EvidenceDocument,
    tier: Tier = Tier.T5,
    gone: tuple[RegisteredDocument, ...] = (),
    waivers: tuple[Waiver, ...] = (),
) -> JudgedTier:
    """Judge a tier of the shipped policy."""
    found = all_signed(documents, gone)
    return of_decision(evaluate(POLICY, found, at=AT, asked=tier, waivers=waivers), POLICY)


def of_actor(found: tuple[Action, ...], actor: Actor) -> list[Action]:
    """Return the items of one actor."""
    return [each for each in found if each.actor is actor]


def open_items(judged: JudgedTier) -> list[tuple[Actor, str]]:
    """Return who can answer the requirements, and what they would run or do."""
    return [
        (each.actor, each.command or each.words)
        for each in requirement_actions(judged)
        if each.actor not in {Actor.STANDARD_SETTER, Actor.ENFORCER}
    ]


# ---------------------------------------------------------------------- who can answer a check

ADD = "tiergate evidence add LOG --model MODEL --mapping MAPPING"
CHECKS: dict[str, tuple[Expression, int, Actor, str]] = {
    "a claim that anybody may make": (
        ClaimMade(item="E01"),
        0,
        Actor.BUILDER,
        "tiergate evidence claim E01 --model MODEL",
    ),
    "a claim that only outsiders may make": (
        ClaimMade(item="E10", by=OUTSIDE),
        0,
        Actor.EVALUATOR,
        "tiergate evidence claim E10 --model MODEL",
    ),
    "a claim that a developer may make too": (
        ClaimMade(item="E10", by=(*OUTSIDE, ProducerRelation.DEVELOPER)),
        0,
        Actor.BUILDER,
        "tiergate evidence claim E10 --model MODEL",
    ),
    "a measurement": (
        Measured(domains=(HazardDomain.CYBER,), variant=Variant.AS_RELEASED),
        0,
        Actor.BUILDER,
        ADD,
    ),
    "a measurement by outsiders": (
        Measured(domains=(HazardDomain.CYBER,), variant=Variant.AS_RELEASED, by=OUTSIDE),
        0,
        Actor.EVALUATOR,
        ADD,
    ),
    "a measurement where independence is asked for": (
        Measured(domains=(HazardDomain.CYBER,), variant=Variant.AS_RELEASED),
        2,
        Actor.EVALUATOR,
        ADD,
    ),
    "a limit where independence is asked for": (limit("cyber.exploits"), 2, Actor.EVALUATOR, ADD),
    "a claim where independence is asked for": (
        ClaimMade(item="E01"),
        2,
        Actor.BUILDER,
        "tiergate evidence claim E01 --model MODEL",
    ),
    "a safeguard": (
        TamperResistance(level=TamperLevel.TR1),
        0,
        Actor.BUILDER,
        "tiergate evidence add LOG",
    ),
}


@pytest.mark.parametrize("what", CHECKS)
def test_a_check_is_for_whoever_can_answer_it(what: str) -> None:
    expression, independence, actor, command = CHECKS[what]
    judged = judged_small({"R1": expression}, grades={Dimension.INDEPENDENCE: independence})

    found = set(open_items(judged))
    assert found == {(actor, command)}


def test_a_failure_is_for_the_builder_whoever_found_it() -> None:
    evidence = measurement("cyber.exploits", counts(50, 60))
    judged = judged_small(
        {"R1": limit("cyber.exploits")}, evidence, grades={Dimension.INDEPENDENCE: 2}
    )

    ((actor, words),) = open_items(judged)
    assert actor is Actor.BUILDER
    assert words.startswith("change the model")


def test_a_fact_about_the_files_is_for_the_builder() -> None:
    judged = judged_small({"R1": LoadsWithoutCode()}, code_files=("evil.py",))

    ((actor, words),) = open_items(judged)
    assert actor is Actor.BUILDER
    assert words.startswith("convert pickles")


def test_one_way_of_several_is_called_so() -> None:
    ways: dict[str, Expression] = {
        "R1": AnyOf(parts=(ClaimMade(item="E01"), ClaimMade(item="E02"))),
        "R2": AtLeast(needed=1, parts=(ClaimMade(item="E03"), ClaimMade(item="E04"))),
        "R3": AnyOf(parts=(ClaimMade(item="E05"),)),
        "R4": AllOf(parts=(ClaimMade(item="E06"), ClaimMade(item="E07"))),
    }
    found = {
        each.command.split()[3]: each.one_of_several
        for each in requirement_actions(judged_small(ways))
        if each.actor is Actor.BUILDER
    }

    assert found == {
        **dict.fromkeys(("E01", "E02", "E03", "E04"), True),
        **dict.fromkeys(("E05", "E06", "E07"), False),
    }


def test_what_is_met_already_is_no_item() -> None:
    both = AllOf(parts=(ClaimMade(item="E01"), ClaimMade(item="E02")))

    assert open_items(judged_small({"R1": both}, claim("E01"))) == [
        (Actor.BUILDER, "tiergate evidence claim E02 --model MODEL")
    ]


def test_of_a_failure_only_what_decides_it_is_listed() -> None:
    judged = judged_default(a_document(measurements=(EXPLOITS,)))

    failures = [each for each in requirement_actions(judged) if each.outcome is Outcome.NOT_MET]
    steps = {each.words for each in failures if each.actor is Actor.BUILDER}
    assert steps == {"change the model and measure it anew, or ask for a tier that this allows"}


def test_every_requirement_that_blocks_has_an_item_and_failures_come_first() -> None:
    judged = judged_default(a_document(measurements=(EXPLOITS,)))
    blocked = blocking(judged)
    about = {name for each in actions(judged, is_signed=False) for name in each.about}

    assert {row.id for _, row in blocked} <= about
    outcomes = [row.outcome for _, row in blocked]
    assert outcomes == sorted(outcomes, key=lambda found: found is not Outcome.NOT_MET)


def test_a_failure_at_a_lower_tier_takes_the_place_of_what_is_open_above() -> None:
    judged = judged_default(
        a_document(claims=(a_claim("E16", security_level=1, security_goal="x"),)), tier=Tier.T4
    )

    tiers = {row.id: (tier, row.outcome) for tier, row in blocking(judged)}
    assert tiers["E16"] == (Tier.T4, Outcome.NOT_MET)
    assert tiers["E01"] == (Tier.T1, Outcome.UNDETERMINED)


def test_nothing_blocks_a_tier_that_is_supported() -> None:
    judged = judged_default(*full_evidence(POLICY, Tier.T5))

    assert blocking(judged) == ()
    assert all(each.outcome is None for each in actions(judged, is_signed=True))


# ---------------------------------------------------------------------- numbers and laws


def test_a_limit_that_people_judged_and_that_decides_is_for_standard_setters() -> None:
    judged = judged_default(a_document(measurements=(EXPLOITS,)))
    found = of_actor(tuple(requirement_actions(judged)), Actor.STANDARD_SETTER)

    assert any("must be below 10 %, which people judged: GLM-5.3" in each.words for each in found)
    assert all(each.command == "tiergate policy show default" for each in found)
    assert all(each.clauses and each.reasons for each in found)


def test_a_limit_that_is_published_is_for_nobody_to_set() -> None:
    published = Number(
        value=limit().limit.value, unit="", status=NumberStatus.PUBLISHED, basis="a report"
    )
    expression = dataclasses.replace(limit("cyber.exploits"), limit=published)
    evidence = measurement("cyber.exploits", counts(50, 60))
    judged = judged_small({"R1": expression}, evidence)

    assert of_actor(tuple(requirement_actions(judged)), Actor.STANDARD_SETTER) == []


def test_a_limit_on_attacks_is_the_policys_own() -> None:
    judged = judged_small({"R1": TamperResistance(level=TamperLevel.TR1)}, attacked(counts(50, 60)))
    found = of_actor(tuple(requirement_actions(judged)), Actor.STANDARD_SETTER)

    assert {each.words for each in found} == {
        "safeguard.attack_success must be at most 5 %, which people judged: a test."
    }


def test_where_a_law_stands_behind_an_open_requirement_enforcers_can_ask() -> None:
    found = of_actor(actions(judged_default(), is_signed=False), Actor.ENFORCER)
    asked = {each.about: each for each in found}

    compute = asked[("E01",)]
    assert compute.command == "tiergate explain MODEL E01 --tier T1"
    assert "EU-AIA-51-2" in compute.clauses
    assert "EU-GL-1E23" not in compute.clauses
    assert ("E05",) not in asked


# ---------------------------------------------------------------------- whatever else is open


def test_a_decision_that_nobody_signed_is_for_its_builder_to_sign() -> None:
    judged = judged_default()
    unsigned = {each.command for each in actions(judged, is_signed=False)}
    signed = {each.command for each in actions(judged, is_signed=True)}

    assert "tiergate sign DECISION --key KEY --output RECORD" in unsigned - signed
    assert "tiergate verify DECISION --trust TRUST" in signed - unsigned


def test_approvals_are_for_those_whose_role_it_is() -> None:
    found = actions(judged_default(), is_signed=True)
    approvals = {
        shlex.split(each.command)[shlex.split(each.command).index("--as") + 1]: each.actor
        for each in found
        if " approve " in each.command
    }

    assert approvals == {
        "safety lead": Actor.BUILDER,
        "security lead": Actor.BUILDER,
        "legal": Actor.BUILDER,
        "independent reviewer": Actor.EVALUATOR,
        "oversight": Actor.STANDARD_SETTER,
    }


def test_holds_and_what_is_to_be_kept_up_are_items_without_an_outcome() -> None:
    found = actions(judged_default(tier=Tier.T1), is_signed=True)
    kept = [each for each in found if each.outcome is None and each.actor is Actor.BUILDER]

    words = " ".join(each.words for each in kept)
    assert "Wait: 20 business days when any domain is at watch level" in words
    assert "(182 days)" in words
    assert "Watch: daily abuse review" in words


def test_evidence_that_is_gone_is_to_be_put_back_and_to_be_asked_for() -> None:
    gone = RegisteredDocument(
        digest=f"sha256:{'d' * 64}", root_digest=ROOT, topics=frozenset({"E02"})
    )
    found = actions(judged_default(gone=(gone,)), is_signed=True)

    actors = {each.actor for each in found if gone.digest in each.words}
    assert actors == {Actor.BUILDER, Actor.ENFORCER}


def test_a_waiver_is_for_enforcers_to_look_at() -> None:
    waiver = Waiver(
        requirement="E03",
        root_digest=ROOT,
        highest_tier=Tier.T1,
        issued_at=AT - timedelta(days=1),
        expires_at=AT + timedelta(days=30),
        by="Ada",
        reason="the audit is booked",
    )
    found = actions(judged_default(tier=Tier.T1, waivers=(waiver,)), is_signed=True)

    (item,) = [each for each in found if "the audit is booked" in each.words]
    assert (item.actor, item.about) == (Actor.ENFORCER, ("E03",))
    assert "unsigned" in item.words


def test_what_the_policy_leaves_open_is_for_standard_setters() -> None:
    less = Loosening(policy="mine 1.0.0", field="confidence", what="0.9 for 0.95", reason="a try")
    judged = judged_small({"R1": ClaimMade(item="E01")}, claim("E01"), loosenings=(less,))
    words = [
        each.words for each in of_actor(actions(judged, is_signed=True), Actor.STANDARD_SETTER)
    ]

    assert f"The policy asks for less: {less.summary}" in words
    assert "The policy does not cover this: harms nobody asks about" in words
    assert any(text.startswith("No requirement speaks of this: No calling back") for text in words)
    assert not any("stand for" in text for text in words)


def test_what_no_evidence_says_anything_about_is_for_evaluators() -> None:
    found = of_actor(actions(judged_default(), is_signed=True), Actor.EVALUATOR)

    assert any("cyber offence: not measured" in each.words for each in found)


# ---------------------------------------------------------------------- order, groups and commands


def test_the_same_to_do_for_several_requirements_is_one_item() -> None:
    found = actions(judged_default(), is_signed=True)
    keys = [(each.actor, each.words, each.command, each.outcome) for each in found]

    assert len(keys) == len(set(keys))
    (item,) = [each for each in found if each.command.endswith("claim E15 --model MODEL")]
    assert {"E15", "E15-FROM-WATCH", "CEILING-CYBER-OPEN"} <= set(item.about)
    assert item.one_of_several is False


def test_items_are_in_the_order_of_the_groups() -> None:
    found = actions(judged_default(a_document(measurements=(EXPLOITS,))), is_signed=False)
    groups = [each.actor.group for each in found]

    assert list(dict.fromkeys(groups)) == list(Group)
    assert groups == sorted(groups, key=list(Group).index)


def test_every_item_of_a_requirement_has_the_clauses_behind_it() -> None:
    found = actions(judged_default(a_document(measurements=(EXPLOITS,))), is_signed=False)

    assert all(each.clauses for each in found if each.about)


def _options(command: str) -> tuple[click.Command, list[str]]:
    words = shlex.split(command)
    assert words[0] == "tiergate"
    found: click.Command = cli
    while isinstance(found, click.Group) and len(words) > 1:
        below = found.get_command(click.Context(found), words[1])
        assert below is not None, command
        found, words = below, words[1:]
    return found, [word for word in words if word.startswith("--")]


def test_every_command_is_one_of_the_program_with_options_that_it_has() -> None:
    gone = RegisteredDocument(
        digest=f"sha256:{'d' * 64}", root_digest=ROOT, topics=frozenset({"E02"})
    )
    judged = judged_default(a_document(measurements=(EXPLOITS,)), gone=(gone,))
    for is_signed in (True, False):
        for each in actions(judged, is_signed=is_signed):
            if each.command:
                command, options = _options(each.command)
                known = {name for parameter in command.params for name in parameter.opts}
                assert set(options) <= known, each.command


def test_a_waiver_that_closes_a_gap_leaves_no_item_about_it() -> None:
    judged = judged_small({"R1": ClaimMade(item="E01")}, waivers=(a_waiver("R1", Tier.T4),))

    assert judged.outcome is Outcome.MET
    assert open_items(judged) == []
