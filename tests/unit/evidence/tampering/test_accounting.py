# SPDX-License-Identifier: Apache-2.0
"""A break is priced at its own trial; what held is credited with the whole search."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal

import pytest

from builders_decision import collection, policy, standards, tamper_definition, tamper_policy
from tiergate.cli import attack_document
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Scene
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.tier import TamperLevel, Tier
from tiergate.evidence.conversion import with_digest
from tiergate.evidence.measurement import Attack, AttackClass, Variant
from tiergate.evidence.tampering import attack_evidence
from tiergate.evidence.tampering.accounting import (
    cheapest_break,
    paid_in_all,
    paid_until,
    price_of_setting,
)
from tiergate.evidence.tampering.adversary import Prices
from tiergate.evidence.tampering.attack_evidence import Circumstances, documents
from tiergate.evidence.tampering.harness import AttackResult, Confirmed, RunResult, run
from tiergate.evidence.tampering.trial import Phase, Trial
from unit.evidence.tampering.simulated import (
    SimulatedEngine,
    Truth,
    context_of,
    guarded,
    suite_of,
)
from unit.evidence.tampering.test_attack_evidence import AROUND

TRIALS, STEPS = 6, 60
ONE = STEPS * 10**12 + 10**11
"""Operations of one trial of the simulation, measuring included."""
PRICES = Prices(
    accelerator="a machine",
    flop_per_second=Decimal(10**12) / 3600,
    usd_per_hour=Decimal(1),
    source="made up",
    as_of="2026-11-28",
)
"""A dollar for every step of the simulation, so that one trial costs USD 60.1."""


def attacked(*, breaks_at: int | None) -> RunResult:
    """Search six settings of USD 60.1, of which the one with this number breaks, or none."""
    met: list[object] = []

    def truth(trial: Trial) -> Truth:
        if trial.attack != "prefill":
            return guarded(trial)
        if trial.phase is Phase.SEARCH:
            met.append((trial.setting, trial.seed))
        number = met.index((trial.setting, trial.seed)) + 1
        return Truth(points=(("done", STEPS, 1.0 if number == breaks_at else 0.0),))

    return run(context_of(suite_of("prefill", trials=TRIALS)), SimulatedEngine(truth))


def only_break(found: RunResult) -> tuple[AttackResult, Confirmed]:
    pair = cheapest_break(found.attacks)
    assert pair is not None
    return pair


def stated(found: RunResult) -> Attack:
    """Return the attack as evidence states it."""
    made = documents(found, context_of(suite_of("prefill", trials=TRIALS)), around())
    attack = made[-1].measurements[0].attack
    assert attack is not None
    return attack


def around() -> Circumstances:
    return dataclasses.replace(AROUND, prices=PRICES)


@pytest.mark.parametrize("number", [1, 4, 6])
def test_a_break_costs_its_own_trial_wherever_in_the_search_it_was(number: int) -> None:
    pair = only_break(attacked(breaks_at=number))

    assert ONE == price_of_setting(*pair).flop
    assert STEPS == price_of_setting(*pair).steps
    assert number * ONE == paid_until(*pair).flop


def test_the_own_price_of_a_later_point_leaves_out_measuring_at_earlier_ones() -> None:
    points = (("10 steps", 10, 0.0), ("30 steps", 30, 1.0))
    truths = {"prefill": Truth(points=points)}
    context = context_of(suite_of("prefill", trials=1))
    engine = SimulatedEngine(lambda trial: guarded(trial, truths))
    pair = only_break(run(context, engine))

    assert 30 * 10**12 + 10**11 == price_of_setting(*pair).flop
    assert 30 * 10**12 + 2 * 10**11 == paid_until(*pair).flop


def test_a_setting_that_the_search_does_not_hold_costs_what_its_confirmation_ran() -> None:
    found, confirmed = only_break(attacked(breaks_at=2))
    elsewhere = dataclasses.replace(found, searched=())

    assert STEPS * 10**12 == price_of_setting(elsewhere, confirmed).flop
    unmeasured = dataclasses.replace(confirmed.result, points=())
    nothing = dataclasses.replace(confirmed, result=unmeasured)
    assert 0 == price_of_setting(elsewhere, nothing).flop


def test_the_cheapest_break_is_the_one_that_costs_least_by_itself() -> None:
    early, late = only_break(attacked(breaks_at=1)), only_break(attacked(breaks_at=6))
    (point,) = early[1].result.points
    (searched,) = early[0].searched[0].points
    dearer = dataclasses.replace(point.cost, flop=2 * ONE)
    dear = dataclasses.replace(
        early[0],
        searched=(
            dataclasses.replace(
                early[0].searched[0], points=(dataclasses.replace(searched, cost=dearer),)
            ),
        ),
    )

    found = cheapest_break((dear, late[0]))

    assert found is not None
    assert found[0] is late[0]
    assert paid_until(dear, early[1]).flop < paid_until(*late).flop
    assert cheapest_break(()) is None


def test_of_two_breaks_of_one_attack_the_cheaper_one_decides() -> None:
    found, confirmed = only_break(attacked(breaks_at=6))
    (searched,) = found.searched[-1].points
    place = dataclasses.replace(confirmed.result.trial, point="later")
    (seen,) = confirmed.result.points
    dearer = dataclasses.replace(
        confirmed, result=dataclasses.replace(confirmed.result, trial=place, points=(seen,))
    )
    later = dataclasses.replace(
        searched, point="later", cost=dataclasses.replace(searched.cost, flop=9 * ONE)
    )
    trial = dataclasses.replace(found.searched[-1], points=(searched, later))
    both = dataclasses.replace(
        found, searched=(*found.searched[:-1], trial), confirmed=(dearer, confirmed)
    )

    assert price_of_setting(both, confirmed).flop < price_of_setting(both, dearer).flop
    assert attack_evidence.deciding(both) is confirmed
    assert attack_document.deciding(both) is confirmed


def test_evidence_of_a_break_states_its_price_and_what_was_paid_until_then() -> None:
    attack = stated(attacked(breaks_at=4))

    assert (Decimal("60.1"), ONE, STEPS) == (
        attack.budget.usd,
        attack.budget.flop,
        attack.budget.steps,
    )
    assert attack.search_budget is not None
    assert (Decimal("240.4"), 4 * STEPS) == (attack.search_budget.usd, attack.search_budget.steps)
    assert attack.budget.attempts == attack.search_budget.attempts == 1


def test_evidence_of_what_held_is_credited_with_the_whole_search() -> None:
    found = attacked(breaks_at=None)
    attack = stated(found)

    assert Decimal("60.1") == attack.budget.usd
    assert Decimal("360.6") == attack.credit.usd
    assert paid_in_all(found.attacks[0]).flop == attack.credit.flop == TRIALS * ONE


def level(*, breaks_at: int | None, usd: int) -> Outcome:
    """What a level for an attacker with so much money says, from evidence of the run."""
    context = context_of(suite_of("prefill", trials=TRIALS))
    made = documents(attacked(breaks_at=breaks_at), context, around())
    survived = documents(attacked(breaks_at=None), context, around())
    definition = tamper_definition((AttackClass.PREFILL,), usd=str(usd))
    nothing = tamper_definition(())
    levels = dict.fromkeys(TamperLevel, nothing) | {TamperLevel.TR1: definition}
    scene = Scene(
        policy=policy(tamper=tamper_policy(levels)),
        evidence=collection(*map(with_digest, (*made, *survived))),
        at=AROUND.finished_at + timedelta(days=1),
        tier=Tier.T1,
        standards=standards(),
        variant=Variant.WORST_CASE,
    )
    return TamperResistance(level=TamperLevel.TR1).judge(scene).outcome


LEVELS = {
    "a break found last breaks the level that its own trial is within": (6, 100, Outcome.NOT_MET),
    "a break found first breaks it too": (1, 100, Outcome.NOT_MET),
    "a level for an attacker with less than its price is not touched": (6, 60, Outcome.MET),
    "what held counts for all that was searched": (None, 360, Outcome.MET),
    "and for no more than that": (None, 361, Outcome.UNDETERMINED),
}


@pytest.mark.parametrize("sentence", LEVELS)
def test_a_level_is_decided_by_the_price_of_a_break_and_the_search_of_what_held(
    sentence: str,
) -> None:
    number, usd, expected = LEVELS[sentence]

    assert expected is level(breaks_at=number, usd=usd)
