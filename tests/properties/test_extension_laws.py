# SPDX-License-Identifier: Apache-2.0
"""An extension in which nothing is looser never opens what the policy below keeps closed."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from builders_decision import AT, collection, limit, number, requirement, scene
from properties.strategies import (
    REQUIREMENTS,
    collections,
    combined,
    evidence_atoms,
    policies,
)
from tiergate.decision.evaluate import evaluate
from tiergate.decision.implication import Comparison
from tiergate.decision.judging import judge
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import AllOf, AnyOf, Expression, Hold, Policy, TierDefinition
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.tier import Tier
from tiergate.decision.tightening import looser
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.grades import Dimension

CHECKS = combined(evidence_atoms, with_facts=True)
WAYS = (
    "ask for more beside it",
    "allow another way",
    "ask for something else",
    "another limit",
    "another ceiling",
    "another grade",
    "another age",
    "another requirement in a tier",
    "one requirement less in a tier",
    "a fast path",
    "no fast path",
    "another tamper limit",
    "another confidence",
    "a hold without an end",
)


def _rung(policy: Policy, index: int, **changes: object) -> Policy:
    tiers = list(policy.tiers)
    tiers[index] = dataclasses.replace(tiers[index], **changes)  # type: ignore[arg-type]
    return dataclasses.replace(policy, tiers=tuple(tiers))


def _with_limit(expression: Expression, value: str) -> Expression:
    match expression:
        case LimitOnMetric():
            changed = dataclasses.replace(expression.limit, value=Decimal(value))
            return dataclasses.replace(expression, limit=changed)
        case AllOf(parts=parts):
            return AllOf(parts=tuple(_with_limit(part, value) for part in parts))
        case AnyOf(parts=parts):
            return AnyOf(parts=tuple(_with_limit(part, value) for part in parts))
        case _:
            return expression


def _altered_check(way: str, policy: Policy, draw: st.DrawFn) -> Policy:
    name = draw(st.sampled_from(REQUIREMENTS[:5]))
    old = policy.requirements[name].expression
    match way:
        case "ask for more beside it":
            new: Expression = AllOf(parts=(old, draw(CHECKS)))
        case "allow another way":
            new = AnyOf(parts=(old, draw(CHECKS)))
        case "another limit":
            new = _with_limit(old, draw(st.sampled_from(["0.01", "0.05", "0.2", "0.9"])))
        case _:
            new = draw(CHECKS)
    return dataclasses.replace(
        policy, requirements={**policy.requirements, name: requirement(name, new)}
    )


def _altered_tier(  # noqa: PLR0911 - one per way
    way: str, policy: Policy, draw: st.DrawFn
) -> Policy:
    index = draw(st.integers(1, len(policy.tiers) - 1))
    rung: TierDefinition = policy.tiers[index]
    name = draw(st.sampled_from(REQUIREMENTS))
    match way:
        case "another grade":
            dimension = draw(st.sampled_from([Dimension.BINDING, Dimension.PRECISION]))
            grades = {**rung.standards.minimum_grades, dimension: draw(st.integers(1, 3))}
            found = dataclasses.replace(rung.standards, minimum_grades=grades)
            return _rung(policy, index, standards=found, fast_standards=found)
        case "another age":
            days = number(draw(st.sampled_from([20, 90, 900])), "days")
            found = dataclasses.replace(rung.standards, longest_age_days=days)
            return _rung(policy, index, standards=found, fast_standards=found)
        case "another requirement in a tier":
            return _rung(policy, index, requirements=(*rung.requirements, name))
        case "one requirement less in a tier":
            return _rung(policy, index, requirements=rung.requirements[1:] or (name,))
        case "a fast path":
            return _rung(policy, index, fast_path=(*rung.fast_path, name))
        case "no fast path":
            return _rung(policy, index, fast_path=())
        case _:
            hold = Hold(text="a hold", days=number(7, "days"), unless=None)
            return _rung(policy, index, holds=(hold,))


def _altered(way: str, policy: Policy, draw: st.DrawFn) -> Policy:
    match way:
        case "another ceiling":
            domain = draw(st.sampled_from(sorted(policy.ceilings)))
            band = draw(st.sampled_from(sorted(policy.ceilings[domain])))
            table = {**policy.ceilings[domain], band: draw(st.sampled_from(Tier))}
            return dataclasses.replace(policy, ceilings={**policy.ceilings, domain: table})
        case "another tamper limit":
            other = number(draw(st.sampled_from(["0.01", "0.05", "0.5"])))
            tamper = dataclasses.replace(policy.tamper, limit=other)
            return dataclasses.replace(policy, tamper=tamper)
        case "another confidence":
            confidence = draw(st.sampled_from([Decimal("0.9"), Decimal("0.99")]))
            tiers = (
                dataclasses.replace(
                    rung,
                    standards=dataclasses.replace(rung.standards, confidence=confidence),
                    fast_standards=dataclasses.replace(rung.fast_standards, confidence=confidence),
                )
                for rung in policy.tiers
            )
            return dataclasses.replace(policy, tiers=tuple(tiers))
        case "ask for more beside it" | "allow another way" | "ask for something else":
            return _altered_check(way, policy, draw)
        case "another limit":
            return _altered_check(way, policy, draw)
        case _:
            return _altered_tier(way, policy, draw)


@st.composite
def extensions(draw: st.DrawFn) -> tuple[Policy, Policy]:
    """A policy, and the same altered in up to three places, either way."""
    below = draw(policies())
    above = below
    for way in draw(st.lists(st.sampled_from(WAYS), min_size=1, max_size=3)):
        above = _altered(way, above, draw)
        event(way)
    return below, above


@given(pair=extensions(), documents=collections())
@settings(max_examples=150)
def test_an_extension_in_which_nothing_is_looser_opens_no_tier(
    pair: tuple[Policy, Policy], documents: tuple[EvidenceDocument, ...]
) -> None:
    below, above = pair
    assume(not list(looser(above, below)))

    before = evaluate(below, collection(*documents), at=AT)
    after = evaluate(above, collection(*documents), at=AT)

    event(f"{before.supported} below, {after.supported} above")
    assert after.supported.rank <= before.supported.rank
    for verdict in after.tiers:
        if verdict.outcome is Outcome.MET:
            assert before.verdict(verdict.tier).outcome is Outcome.MET
    for verdict in before.tiers:
        days = [c.number.value for c in verdict.conditions if c.kind == "hold" and c.number]
        others = after.verdict(verdict.tier).conditions
        kept = [c.number.value for c in others if c.kind == "hold" and c.number]
        assert max(days, default=0) <= max(kept, default=0)


@given(pair=extensions())
@settings(max_examples=100)
def test_a_policy_is_never_looser_than_itself(pair: tuple[Policy, Policy]) -> None:
    for policy in pair:
        assert [] == list(looser(policy, policy))


@given(mine=CHECKS, theirs=CHECKS, documents=collections())
@settings(max_examples=150)
def test_evidence_that_meets_a_check_meets_all_of_which_it_asks_as_much(
    mine: Expression, theirs: Expression, documents: tuple[EvidenceDocument, ...]
) -> None:
    wider = AnyOf(parts=(theirs, mine))
    for first, second in ((mine, theirs), (mine, wider), (AllOf(parts=(theirs, mine)), mine)):
        if not Comparison({}, {}).asks_as_much(first, second):
            continue
        there = scene(collection(*documents))
        if judge(first, there).outcome is Outcome.MET:
            assert judge(second, there).outcome is Outcome.MET


@given(check=CHECKS)
@settings(max_examples=100)
def test_a_check_asks_as_much_as_itself_and_as_any_way_that_it_is(check: Expression) -> None:
    compared = Comparison({}, {})
    other = limit("cyber.never")

    assert compared.asks_as_much(check, check)
    assert compared.asks_as_much(check, AnyOf(parts=(other, check)))
    assert compared.asks_as_much(AllOf(parts=(other, check)), check)
    assert not compared.asks_as_much(AnyOf(parts=(other, check)), AllOf(parts=(other, check)))
