# SPDX-License-Identifier: Apache-2.0
"""Plans: what is still to be done, that nothing costs less, and that the chance is as stated."""

from __future__ import annotations

import dataclasses
import itertools
import math
import random
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders_decision import AT, ROOT, claim, counts, document, limit, measurement, policy, rung
from builders_decision import subject as a_subject
from tiergate.decision.analysis.formula import Literal, State
from tiergate.decision.analysis.pieces import Attacks, Piece, Place, Rate, documents_of
from tiergate.decision.evaluate import evaluate
from tiergate.decision.explanation import Scale, Side
from tiergate.decision.plan import Plan, Planner, plan
from tiergate.decision.plan_prices import PriceFile, load_prices, price_of, total
from tiergate.decision.plan_search import MOST_TRIED
from tiergate.decision.plan_sizes import chance_of, likely, sized
from tiergate.decision.plan_steps import Assumed
from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Expression, Policy
from tiergate.decision.policy_document import load_policy
from tiergate.decision.requirements.checkpoint_facts import LoadsWithoutCode
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.tier import TamperLevel, Tier
from tiergate.errors import InputError
from tiergate.evidence.collection import Collection, EvidenceDocument, Subject, collect
from tiergate.evidence.measurement import Variant

PLACE = Place(at=AT, root=ROOT)
PRICES = load_prices()
E01, E02, E03 = (ClaimMade(item=f"E0{n}") for n in (1, 2, 3))


def having(*documents: EvidenceDocument, about: Subject | None = None) -> Collection:
    return collect(about or a_subject(), documents)


def planned(
    asked: Policy,
    *documents: EvidenceDocument,
    tier: Tier = Tier.T1,
    assumed: Assumed | None = None,
    about: Subject | None = None,
) -> Plan:
    evidence = having(*documents, about=about)
    return plan(asked, evidence, PLACE, tier, PRICES, assumed or Assumed())


def steps_of(found: Plan) -> list[str]:
    return [step.piece.topic for step in found.steps]


def test_what_is_met_already_is_not_asked_for_again() -> None:
    asked = policy({"R1": E01, "R2": limit()})

    found = planned(asked, document(claim("E01")))

    assert (True, ["metric:cbrn.uplift"]) == (found.is_possible, steps_of(found))
    assert [] == steps_of(planned(asked, document(claim("E01")), document(measurement())))


def test_of_several_ways_the_cheapest_is_planned_and_a_shared_piece_is_paid_once() -> None:
    asked = policy(
        {
            "R1": AnyOf(parts=(AllOf(parts=(E01, E02)), limit())),
            "R2": AnyOf(parts=(E01, E03)),
            "R3": AtLeast(needed=1, parts=(limit(), E02)),
        }
    )

    found = planned(asked)

    assert ["claim:E01", "claim:E02"] == steps_of(found)
    assert found.is_cheapest
    assert Decimal(16) == found.cost.hours


def test_the_sample_follows_from_the_rate_and_the_limit() -> None:
    asked = policy({"R1": limit(value="0.05")})

    clean = planned(asked).steps[0]
    dirty = planned(asked, assumed=Assumed(rates={"cbrn.uplift": 0.02})).steps[0]

    assert isinstance(clean.piece.found, Rate)
    assert isinstance(dirty.piece.found, Rate)
    assert (59, 1.0, False) == (clean.piece.found.trials, clean.chance, clean.is_observed)
    assert dirty.piece.found.trials > 150
    assert 0.8 <= dirty.chance < 1
    assert dirty.cost.usd > clean.cost.usd


def test_the_rate_that_was_observed_is_planned_with() -> None:
    asked = policy({"R1": limit(variant=Variant.WORST_CASE)})
    seen = document(measurement(value=counts(0, 20), variant=Variant.AS_RELEASED))

    (step,) = planned(asked, seen).steps

    assert (0.0, True) == (step.rate, step.is_observed)


def test_a_rate_above_the_limit_leaves_next_to_no_chance_and_the_plan_says_so() -> None:
    asked = policy({"R1": limit(value="0.05")})

    found = planned(asked, assumed=Assumed(rates={"cbrn.uplift": 0.08}))

    assert found.chance < 0.05


def test_a_harm_that_was_shown_stands_in_the_way_for_good() -> None:
    asked = policy(
        {"R1": limit(), "R2": E01},
        rung(Tier.T0),
        rung(Tier.T1, "R2"),
        rung(Tier.T2, "R1"),
    )
    shown = document(measurement(value=counts(40, 100)))

    found = planned(asked, shown, tier=Tier.T2)

    assert (False, Tier.T1) == (found.is_possible, found.possible_tier)
    (obstacle,) = found.obstacles
    assert ("R1", ("metric:cbrn.uplift",)) == (obstacle.requirement, obstacle.topics)
    assert "filtered training data" in obstacle.could_change


REMEDIES = {
    "files that run code": (
        LoadsWithoutCode(),
        (),
        a_subject(code_files=("x.bin",)),
        "convert the files",
    ),
    "an attack that worked": (
        TamperResistance(level=TamperLevel.TR1),
        (document(measurement("safeguard.attack_success", counts(9, 9))),),
        None,
        "higher tamper resistance",
    ),
    "a claim to the contrary": (
        E01,
        (document(claim("E01", holds=False)),),
        None,
        "another checkpoint",
    ),
}


@pytest.mark.parametrize(
    ("asks", "documents", "about", "words"), REMEDIES.values(), ids=REMEDIES.keys()
)
def test_an_obstacle_says_what_could_change_it(
    asks: Expression, documents: tuple[EvidenceDocument, ...], about: Subject | None, words: str
) -> None:
    found = planned(policy({"R1": asks}), *documents, about=about)

    assert words in found.obstacles[0].could_change


def test_a_fast_path_is_planned_where_it_costs_less() -> None:
    asked = policy(
        {"R1": E01, "R2": limit()},
        rung(Tier.T0),
        rung(Tier.T1, "R2"),
        rung(Tier.T2, "R2", fast_path=("R1",)),
    )

    found = planned(asked, tier=Tier.T2)

    assert (True, ["claim:E01"]) == (found.by_fast_path, steps_of(found))


def test_attacks_are_planned_as_the_level_asks_for_them() -> None:
    found = planned(policy({"R1": TamperResistance(level=TamperLevel.TR1)}))

    (step,) = found.steps
    assert isinstance(step.piece.found, Attacks)
    assert {"jailbreak", "prefill"} == {a.attack_class.value for a in step.piece.found.attacks}


def test_quantities_and_floors_are_planned_too() -> None:
    asked = policy(
        {
            "R1": limit("utility.refusal", "0.9", side=Side.AT_LEAST),
            "R2": limit("loss_of_control.horizon", "4", scale=Scale.QUANTITY, unit="hours"),
            "R3": limit("cyber.exploit", "0.05", scale=Scale.MARGIN),
        }
    )

    found = planned(asked)

    assert 3 == len(found.steps)
    by_topic = {step.piece.topic: step.piece.found for step in found.steps}
    floor, margin = by_topic["metric:utility.refusal"], by_topic["metric:cyber.exploit"]
    assert isinstance(floor, Rate)
    assert floor.successes == floor.trials
    assert isinstance(margin, Rate)
    assert margin.baseline == (0, margin.trials)


def test_only_a_tier_that_the_policy_has_can_be_planned_for() -> None:
    with pytest.raises(KeyError):
        planned(policy({"R1": E01}), tier=Tier.T3)


def test_what_takes_too_many_is_not_possible() -> None:
    asked = policy({"R1": limit(value="0.001")})

    assert not planned(asked, assumed=Assumed(feasible=100)).is_possible


# ---------------------------------------------------------------------------- honesty


def _collected(piece: Piece, rate: float, chance: random.Random) -> Piece:
    """The piece as it comes out when the true rate is ``rate``."""
    found = piece.found
    assert isinstance(found, Rate)
    drawn = sum(chance.random() < rate for _ in range(found.trials))
    base = None
    if found.baseline is not None:
        base = (sum(chance.random() < rate for _ in range(found.baseline[1])), found.baseline[1])
    return dataclasses.replace(
        piece, found=dataclasses.replace(found, successes=drawn, baseline=base)
    )


def share_that_passes(asked: Policy, found: Plan, rate: float, runs: int, seed: int) -> float:
    chance, passed = random.Random(seed), 0  # noqa: S311 - evidence is drawn, no key
    for _ in range(runs):
        documents = [
            d
            for step in found.steps
            for d in documents_of(
                step.piece if step.rate is None else _collected(step.piece, rate, chance), PLACE
            )
        ]
        passed += evaluate(asked, having(*documents), at=AT).supported is Tier.T1
    return passed / runs


HONEST = {
    "one limit": ({"R1": limit(value="0.05")}, 0.02),
    "a strict limit": ({"R1": limit(value="0.02")}, 0.004),
    "two metrics and a claim": (
        {"R1": limit(value="0.1"), "R2": limit("cyber.exploit", "0.1"), "R3": E01},
        0.03,
    ),
    "a margin": ({"R1": limit("cyber.exploit", "0.1", scale=Scale.MARGIN)}, 0.05),
}


def _is_honest(asks: dict[str, Expression], rate: float, runs: int) -> None:
    asked = policy(asks)
    rates = {"cbrn.uplift": rate, "cyber.exploit": rate}
    found = planned(asked, assumed=Assumed(rates=rates))

    passed = share_that_passes(asked, found, rate, runs, seed=7)

    # Four standard errors of the simulation.
    error = 4 * math.sqrt(found.chance * (1 - found.chance) / runs)
    assert abs(passed - found.chance) <= error + 1e-3, (passed, found.chance)


@pytest.mark.parametrize(("asks", "rate"), HONEST.values(), ids=HONEST.keys())
def test_what_is_collected_as_planned_passes_as_often_as_was_said(
    asks: dict[str, Expression], rate: float
) -> None:
    _is_honest(asks, rate, runs=60)


@pytest.mark.slow
@pytest.mark.parametrize(("asks", "rate"), HONEST.values(), ids=HONEST.keys())
def test_it_does_so_in_a_thousand_simulations(asks: dict[str, Expression], rate: float) -> None:
    _is_honest(asks, rate, runs=1000)


# ---------------------------------------------------------------------------- nothing is cheaper

_ITEMS = [ClaimMade(item=f"E{n:02d}", by=()) for n in range(1, 6)]
_small: st.SearchStrategy[Expression] = st.deferred(
    lambda: st.one_of(
        st.sampled_from([*_ITEMS, limit(), limit("cyber.exploit")]),
        st.lists(_small, min_size=1, max_size=3).map(lambda p: AllOf(parts=tuple(p))),
        st.lists(_small, min_size=1, max_size=3).map(lambda p: AnyOf(parts=tuple(p))),
    )
)


def _cheapest_by_hand(asked: Policy) -> Decimal | None:
    """Try every set of steps that each meet one thing alone."""
    planner = Planner(asked, having(), PLACE, PRICES, Assumed())
    single = {
        check.topic: planner.cheapest(Literal(check, State.MET))
        for check in planner.what_if.checks.values()
    }
    steps = [found[0] for found, _ in single.values() if found is not None]
    best: Decimal | None = None
    for many in range(len(steps) + 1):
        for chosen in itertools.combinations(steps, many):
            pieces = [step.piece for group in chosen for step in group]
            evidence = having(*(d for p in pieces for d in documents_of(p, PLACE)))
            if evaluate(asked, evidence, at=AT).supported is Tier.T1:
                price = sum((total(price_of(p, PRICES), PRICES) for p in pieces), Decimal(0))
                best = price if best is None or price < best else best
    return best


@settings(deadline=None, max_examples=25)
@given(_small, _small)
def test_no_set_of_steps_that_opens_the_tier_costs_less(
    first: Expression, second: Expression
) -> None:
    asked = policy({"R1": first, "R2": second})

    found = planned(asked)

    assert found.is_cheapest
    assert _cheapest_by_hand(asked) == total(found.cost, PRICES)


def test_a_search_that_would_take_too_long_says_that_it_was_not_finished(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import tiergate.decision.plan_search as module

    monkeypatch.setattr(module, "MOST_TRIED", 0)
    asked = policy({"R1": AnyOf(parts=(E01, E02))})

    found = planned(asked)

    assert MOST_TRIED > 0
    assert (True, False, ()) == (found.is_possible, found.is_cheapest, found.steps)


def test_the_default_policy_is_planned_by_its_fast_path() -> None:
    found = planned(load_policy("default"), tier=Tier.T5)

    assert (True, True, True) == (found.is_possible, found.by_fast_path, found.is_cheapest)
    assert "claim:FAST-SCENARIO" in steps_of(found)
    assert 5 == len(found.approvals)


# ---------------------------------------------------------------------------- sizes and prices


def test_the_probabilities_of_all_results_add_up() -> None:
    assert 1 == pytest.approx(sum(p for _, p in likely(300, 0.03)))
    assert [(0, 1.0)] == list(likely(300, 0.0))
    assert [(300, 1.0)] == list(likely(300, 1.0))


def test_without_any_limit_any_sample_will_do() -> None:
    assert 1.0 == pytest.approx(sized((), 0.3, 0.0, wanted=0.8, feasible=100).chance)
    assert 1.0 == chance_of([], [], 10, 0.0, 0.0)


BROKEN = {
    "no file": (None, "no price file"),
    "no YAML": ("{", "prices.yaml"),
    "another format": ("format: x\n", "format"),
    "a negative price": ("hour_usd: -1\n", "hour_usd"),
}


@pytest.mark.parametrize(("text", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_a_price_file_that_cannot_be_used_is_refused(
    tmp_path: Path, text: str | None, words: str
) -> None:
    path = tmp_path / "prices.yaml"
    if text is not None:
        path.write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match=words):
        load_prices(path)


def test_prices_are_those_of_the_file(tmp_path: Path) -> None:
    from tiergate.decision.plan_prices import SHIPPED

    path = tmp_path / "prices.yaml"
    text = SHIPPED.read_text(encoding="utf-8")
    path.write_text(text.replace("own: {hours: 8", "own: {hours: 80"), encoding="utf-8")
    dear: PriceFile = load_prices(path)

    found = plan(policy({"R1": E01}), having(), PLACE, Tier.T1, dear, Assumed())

    assert Decimal(80) == found.cost.hours
