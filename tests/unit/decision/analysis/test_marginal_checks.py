# SPDX-License-Identifier: Apache-2.0
"""Every analysis of a policy knows what a model may add to the best downloadable baseline."""

from __future__ import annotations

import itertools
import json
from decimal import Decimal

import numpy as np
import pytest
import regorus
import yaml

from builders_decision import AT, collection, limit, policy
from builders_marginal import METRIC, alike, margin
from tiergate.decision.analysis.compare import compare
from tiergate.decision.analysis.formula import ladder
from tiergate.decision.analysis.lint import lint
from tiergate.decision.analysis.pieces import Place, Rate, gathered
from tiergate.decision.analysis.prove import prove
from tiergate.decision.analysis.rego import RegoExport
from tiergate.decision.analysis.relation import Relation
from tiergate.decision.analysis.search import Problem
from tiergate.decision.analysis.topics import topics_of
from tiergate.decision.analysis.values import Limit
from tiergate.decision.analysis.words import piece_words
from tiergate.decision.case_evidence import evidence_of
from tiergate.decision.case_file import CasePart
from tiergate.decision.evaluate import evaluate
from tiergate.decision.explanation import Scale
from tiergate.decision.implication import atom_asks_as_much
from tiergate.decision.outcome import Outcome
from tiergate.decision.plan import Plan, plan
from tiergate.decision.plan_prices import load_prices
from tiergate.decision.plan_sizes import chance_of, sized
from tiergate.decision.plan_steps import Assumed
from tiergate.decision.policy import AnyOf, Expression, Policy
from tiergate.decision.policy_words import check_words, numbers_of, read_words
from tiergate.decision.safety_case_topics import Aspect, aspects_of
from tiergate.decision.tier import Tier
from tiergate.decision.whatif import WhatIf
from tiergate.evidence.measurement import Variant
from tiergate.stats.paired import Pairs

PLACE = Place(at=AT)


def asking(*expressions: Expression) -> Policy:
    return policy({f"R{at}": found for at, found in enumerate(expressions, start=1)})


def planned(asked: Policy) -> Plan:
    return plan(asked, collection(), PLACE, Tier.T1, load_prices(), Assumed())


def test_a_smaller_margin_is_stricter_and_the_witness_is_joined_with_a_baseline() -> None:
    strict, loose = asking(margin("0.02")), asking(margin("0.05"))

    found = compare(strict, loose, PLACE)

    assert found.overall is Relation.STRICTER
    (witness,) = found.tiers[Tier.T1].witnesses
    evidence = gathered(witness.pieces, PLACE)
    opened = [evaluate(asked, evidence, at=AT).supported for asked in (strict, loose)]
    assert any(isinstance(p.found, Rate) and p.found.is_joined for p in witness.pieces)
    assert "on the same behaviours" in " ".join(piece_words(p) for p in witness.pieces)
    assert opened == [Tier.T0, Tier.T1]


def test_margins_that_share_the_error_otherwise_are_not_called_equivalent() -> None:
    one, two = asking(margin(baselines=1)), asking(margin(baselines=5))

    found = compare(one, two, PLACE)

    assert found.overall in {Relation.LOOSER, Relation.UNDECIDED}


def test_a_margin_of_a_rate_beside_one_over_the_best_is_not_decided_blindly() -> None:
    both = asking(margin(), limit(METRIC, "0.05", scale=Scale.MARGIN))

    assert compare(both, asking(margin()), PLACE).overall is not Relation.EQUIVALENT


def test_a_policy_that_asks_for_a_margin_is_proved_and_has_no_dead_tier() -> None:
    asked = asking(AnyOf(parts=(limit(METRIC, "0.01"), margin())), margin("0.1", "cbrn.uplift"))

    assert all(proof.holds for proof in prove(asked, place=PLACE))
    assert () == lint(asked, PLACE)


def test_a_margin_that_no_feasible_sample_shows_is_found() -> None:
    found = {finding.where: finding.remark for finding in lint(asking(margin("0.0005")), PLACE)}

    (remark,) = found.values()
    assert "sample-too-large" == remark.code
    assert list(found) == [f"{METRIC} at most 0.0005 over the best downloadable baseline"]


def test_what_else_a_margin_is_held_over_tells_it_from_the_same_limit() -> None:
    assert not atom_asks_as_much(margin(), limit(METRIC, scale=Scale.MARGIN))
    assert not atom_asks_as_much(limit(METRIC, scale=Scale.MARGIN), margin())


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        (margin("0.02"), margin("0.05"), True),
        (margin("0.05"), margin("0.02"), False),
        (margin(baselines=5), margin(baselines=3), True),
        (margin(baselines=1), margin(baselines=3), False),
        (margin(minimum=100), margin(), True),
        (margin(), margin(minimum=100), False),
        (margin(metric="cyber.range"), margin(), False),
    ],
    ids=str,
)
def test_a_margin_implies_a_wider_one(mine: Expression, theirs: Expression, expected: bool) -> None:  # noqa: FBT001
    assert atom_asks_as_much(mine, theirs) is expected


def test_a_margin_in_words_names_the_metric_the_points_and_the_baselines() -> None:
    check = margin(minimum=200)

    ((_, words),) = check_words(check)

    assert words == (
        f"{METRIC}, worst case, adds at most 5 points to the best downloadable baseline, on at "
        "least 200 of both, with the error shared among 3 baselines"
    )
    assert METRIC == read_words(check)
    assert [Decimal("0.05"), Decimal(200)] == [number.value for number in numbers_of(check)]


def test_a_safety_case_reads_a_margin_as_marginal_risk() -> None:
    found = aspects_of(margin(), policy())

    assert {Aspect.MARGIN, Aspect.LIMITED, Aspect.WORST_CASE} <= found


def test_the_cheapest_plan_measures_both_on_the_same_behaviours() -> None:
    asked = asking(margin())
    (step,) = planned(asked).steps

    assert isinstance(step.piece.found, Rate)
    assert (True, 1.0) == (step.piece.found.is_joined, step.chance)
    made = gathered([step.piece], PLACE)
    assert evaluate(asked, made, at=AT).supported is Tier.T1


def test_the_chance_of_a_plan_falls_with_what_is_adverse() -> None:
    limits = [Limit(margin(), Decimal("0.95"))]
    sure = sized(limits, 0.0, 0.0, wanted=0.8, feasible=1000)
    likely = sized(limits, 0.05, 0.05, wanted=0.8, feasible=1000)
    never = sized(limits, 0.5, 0.0, wanted=0.8, feasible=1000)
    few = sized([Limit(margin(minimum=900), Decimal("0.95"))], 0.0, 0.0, wanted=1, feasible=800)

    assert (sure.chance, sure.baseline) == (1.0, True)
    assert 0.8 <= likely.chance < 1
    assert likely.trials > sure.trials
    assert never.chance < 1e-9
    assert few.chance == 0.0
    too_few = Limit(margin(minimum=900), Decimal("0.95"))
    assert chance_of([], [too_few], 800, 0.0, 0.0) == 0.0
    assert sized(limits, 1.0, 0.0, wanted=0.8, feasible=200).chance == 0.0


def test_the_chance_of_a_plan_is_how_often_such_runs_keep_the_margin() -> None:
    check = Limit(margin(), Decimal("0.95"))
    size = sized([check], 0.08, 0.08, wanted=0.5, feasible=2000)
    generator = np.random.default_rng(8)
    own, other = (generator.random((400, size.trials)) < 0.08 for _ in range(2))

    kept = [
        check.keeps(check.added_by(Pairs(first_only=a, second_only=b, alike=size.trials - a - b)))
        for a, b in zip(
            (own & ~other).sum(axis=1).tolist(), (other & ~own).sum(axis=1).tolist(), strict=True
        )
    ]

    error = 4 * (size.chance * (1 - size.chance) / 400) ** 0.5
    assert abs(sum(kept) / 400 - size.chance) <= error


def test_another_margin_moves_the_tier() -> None:
    asked = asking(margin())
    found = WhatIf(asked, collection(alike(40, 400, alone=12)), AT)

    assert found.supported() is Tier.T0
    assert found.with_limit(METRIC, Decimal("0.05"), Decimal("0.1")) is Tier.T1


def test_another_engine_decides_about_margins_as_the_evaluator_does() -> None:
    asked = asking(AnyOf(parts=(margin(), limit(METRIC, "0.02"))), margin("0.1", "cbrn.uplift"))
    export = RegoExport(asked)
    engine = regorus.Engine()
    engine.add_policy("policy.rego", export.module())
    topics = topics_of(ladder(asked).checks(), PLACE)
    problem = Problem(topics)
    seen = set()
    for worlds in itertools.product(*(range(0, len(t.pieces), 3) for t in topics.values())):
        world = {name: 1 << at for name, at in zip(topics, worlds, strict=True)}
        evidence = gathered(problem.pieces(world), PLACE)
        engine.set_input_json(json.dumps(export.input(evidence, AT)))

        supported = evaluate(asked, evidence, at=AT).supported

        assert supported == str(engine.eval_rule(export.query))
        seen.add(supported)
    assert seen == {Tier.T0, Tier.T1}


CASE = """
id: a-model
title: A model beside a public one.
measurements:
- metric: cyber.exploit
  successes: 40
  trials: 400
  baseline: {successes: 40, trials: 400, alone: 0}
  assumed: an example
expect: {supported: T1}
"""


def _case(**changes: object) -> CasePart:
    content = yaml.safe_load(CASE)
    content["measurements"][0]["baseline"] |= changes
    return CasePart.model_validate(content)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Tier.T1),
        ({"alone": 4}, Tier.T1),
        ({"alone": 40, "successes": 0}, Tier.T0),
        ({"alone": None}, Tier.T0),
    ],
    ids=str,
)
def test_a_case_says_on_how_many_behaviours_the_model_succeeded_alone(
    changes: dict[str, object], expected: Tier
) -> None:
    asked = asking(margin())

    assert expected is evaluate(asked, evidence_of(_case(**changes), asked, AT), at=AT).supported


@pytest.mark.parametrize(
    "changes",
    [{"trials": 500}, {"alone": 41}, {"successes": 10}, {"successes": 390, "alone": 20}],
    ids=str,
)
def test_a_case_whose_pairs_cannot_be_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"do not fit|as many trials"):
        _case(**changes)


def test_a_case_in_which_all_is_answered_keeps_a_margin() -> None:
    asked = asking(margin(), margin("0.002", "cbrn.uplift"))
    case = CasePart.model_validate(
        {"id": "a", "title": "A.", "answered": "T1", "expect": {"supported": "T1"}}
    )

    decision = evaluate(asked, evidence_of(case, asked, AT), at=AT)

    assert decision.supported is Tier.T1
    assert decision.outcome is not Outcome.NOT_MET


def test_a_margin_as_released_is_planned_on_the_model_as_released() -> None:
    asked = asking(margin(variant=Variant.AS_RELEASED))

    (step,) = planned(asked).steps

    assert step.piece.variant is Variant.AS_RELEASED
