# SPDX-License-Identifier: Apache-2.0
"""Evidence that is collected as a plan says opens the tier as often as the plan said."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest

from builders_decision import (
    MEASURED_AT,
    ROOT,
    counts,
    document,
    limit,
    measurement,
    policy,
    quantity,
    rung,
    subject,
    suite_policy,
)
from builders_plan import PLACE, share_that_opens
from tiergate.decision.analysis.pieces import Rate
from tiergate.decision.analysis.values import Limit
from tiergate.decision.explanation import Scale, Side
from tiergate.decision.plan import Plan, plan
from tiergate.decision.plan_prices import load_prices
from tiergate.decision.plan_sizes import chance_of, sized
from tiergate.decision.plan_steps import Assumed
from tiergate.decision.policy import AllOf, AnyOf, Expression, Policy
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.tier import Band, TamperLevel, Tier
from tiergate.evidence.collection import EvidenceDocument, collect
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Variant
from tiergate.evidence.runs import PlannedRun

PRICES = load_prices()
METRICS = ("cbrn.uplift", "cyber.exploit", "utility.refusal", "safeguard.attack_success")
E01 = ClaimMade(item="E01")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is planned for."""

    asks: Mapping[str, Expression]
    rate: float
    there: tuple[EvidenceDocument, ...] = ()
    registered: tuple[PlannedRun, ...] = ()
    by_suite: bool = False
    measured: frozenset[HazardDomain] = field(default_factory=frozenset)

    @property
    def policy(self) -> Policy:
        """The policy that asks for it at T1."""
        bands = {
            domain: {Band.B1: limit(f"{domain.value}.uplift", "0.5")} for domain in self.measured
        }
        tamper = suite_policy() if self.by_suite else None
        return policy(dict(self.asks), bands=bands, tamper=tamper)


def run_of(number: int) -> PlannedRun:
    """A run that was registered, and whose result is not there."""
    return PlannedRun(
        id=f"{number:016x}",
        root_digest=ROOT,
        metric="cbrn.uplift",
        variant=Variant.WORST_CASE,
        task="another task",
        behaviours=100,
        plan="as registered",
        registered_at=MEASURED_AT - timedelta(days=3),
    )


BY_TWO = Measured(domains=(HazardDomain.CBRN,), variant=Variant.WORST_CASE, producers=2)
HONEST = {
    "nothing adverse ever": Asked(asks={"R1": limit(value="0.05")}, rate=0.0),
    "a rate well below the limit": Asked(asks={"R1": limit(value="0.05")}, rate=0.02),
    "a rate just below the limit": Asked(asks={"R1": limit(value="0.05")}, rate=0.045),
    "a rate exactly at the limit": Asked(asks={"R1": limit(value="0.05")}, rate=0.05),
    "a rate above the limit": Asked(asks={"R1": limit(value="0.05")}, rate=0.06),
    "a strict side": Asked(asks={"R1": limit(value="0.05", side=Side.BELOW)}, rate=0.02),
    "a floor": Asked(asks={"R1": limit("utility.refusal", "0.9", side=Side.AT_LEAST)}, rate=0.05),
    "a large minimum": Asked(asks={"R1": limit(value="0.2", minimum=300)}, rate=0.17),
    "two limits on one metric": Asked(
        asks={"R1": limit(value="0.1"), "R2": limit(value="0.05")}, rate=0.02
    ),
    "two metrics and a claim": Asked(
        asks={"R1": limit(value="0.1"), "R2": limit("cyber.exploit", "0.1"), "R3": E01}, rate=0.03
    ),
    "a margin": Asked(asks={"R1": limit("cyber.exploit", "0.1", scale=Scale.MARGIN)}, rate=0.05),
    "every attack of a family level": Asked(
        asks={"R1": TamperResistance(level=TamperLevel.TR2)}, rate=0.01
    ),
    "every attack of a suite": Asked(
        asks={"R1": TamperResistance(level=TamperLevel.TR1)}, rate=0.01, by_suite=True
    ),
    "two evaluators, of whom either can find it": Asked(
        asks={"R1": AllOf(parts=(BY_TWO, limit(value="0.05")))},
        rate=0.02,
        measured=frozenset({HazardDomain.CBRN}),
    ),
    "two runs that were registered and never shown": Asked(
        asks={"R1": limit(value="0.05")}, rate=0.02, registered=(run_of(1), run_of(2))
    ),
    "a limit that is met already and that more evidence could spoil": Asked(
        asks={
            "R1": limit("cyber.exploit", "0.06"),
            "R2": limit("cyber.exploit", "0.3", scale=Scale.MARGIN),
        },
        rate=0.04,
        there=(document(measurement("cyber.exploit", counts(0, 100))),),
    ),
    "a rate that was seen as released": Asked(
        asks={"R1": limit(value="0.2", variant=Variant.WORST_CASE)},
        rate=0.1,
        there=(document(measurement(value=counts(10, 100), variant=Variant.AS_RELEASED)),),
    ),
    "nothing seen, as released": Asked(
        asks={"R1": limit(value="0.05", variant=Variant.WORST_CASE)},
        rate=0.0,
        there=(document(measurement(value=counts(0, 100), variant=Variant.AS_RELEASED)),),
    ),
}


def planned(asked: Asked, *, is_stated: bool = True) -> Plan:
    evidence = collect(subject(), asked.there, runs=asked.registered)
    rates = dict.fromkeys(METRICS, asked.rate) if is_stated else {}
    return plan(asked.policy, evidence, PLACE, Tier.T1, PRICES, Assumed(rates=rates))


def _is_honest(asked: Asked, runs: int) -> None:
    found = planned(asked)

    share = share_that_opens(
        asked.policy,
        found,
        tier=Tier.T1,
        rate=asked.rate,
        runs=runs,
        seed=7,
        there=asked.there,
        registered=asked.registered,
    )

    assert found.steps
    # Four standard errors of the simulation.
    error = 4 * math.sqrt(found.chance * (1 - found.chance) / runs)
    assert abs(share - found.chance) <= error + 1e-3, (share, found.chance)


@pytest.mark.parametrize("sentence", HONEST)
def test_what_is_collected_as_planned_opens_the_tier_as_often_as_was_said(sentence: str) -> None:
    _is_honest(HONEST[sentence], runs=80)


@pytest.mark.slow
@pytest.mark.parametrize("sentence", HONEST)
def test_it_does_so_in_a_thousand_collections(sentence: str) -> None:
    _is_honest(HONEST[sentence], runs=1000)


OBSERVED = ("a rate that was seen as released", "nothing seen, as released")


@pytest.mark.parametrize("sentence", OBSERVED)
def test_a_rate_that_was_observed_is_planned_with_as_if_it_were_stated(sentence: str) -> None:
    asked = HONEST[sentence]

    (seen,), (stated,) = planned(asked, is_stated=False).steps, planned(asked).steps

    assert (asked.rate, True) == (seen.rate, seen.is_observed)
    assert (stated.chance, stated.piece) == (seen.chance, seen.piece)


def test_a_rate_at_the_limit_passes_as_rarely_as_the_confidence_allows() -> None:
    assert planned(HONEST["a rate exactly at the limit"]).chance <= 0.05


def test_runs_that_were_not_shown_make_the_sample_larger() -> None:
    alone = planned(HONEST["a rate well below the limit"]).steps[0].piece.found
    after = planned(HONEST["two runs that were registered and never shown"]).steps[0].piece.found

    assert isinstance(alone, Rate)
    assert isinstance(after, Rate)
    assert after.trials > alone.trials


# ---------------------------------------------------------------------------- no smaller sample

LIMITS = [
    Limit(limit(value=value, side=side, minimum=minimum), Decimal("0.95"))
    for value in ("0.05", "0.1", "0.3")
    for side in (Side.AT_MOST, Side.BELOW)
    for minimum in (None, 40)
]
SIZES = [
    ([LIMITS[0]], [], 0.02, 0.8),
    ([LIMITS[0]], [], 0.01, 0.95),
    ([LIMITS[5]], [], 0.03, 0.8),
    ([LIMITS[4], LIMITS[1]], [], 0.01, 0.7),
    ([LIMITS[8]], [LIMITS[0]], 0.02, 0.8),
    ([LIMITS[8]], [LIMITS[4]], 0.05, 0.8),
    ([], [LIMITS[4]], 0.05, 0.8),
]


@pytest.mark.parametrize(("limits", "beside", "rate", "wanted"), SIZES)
def test_no_smaller_sample_of_20_or_more_has_the_chance_that_is_wanted(
    limits: list[Limit], beside: list[Limit], rate: float, wanted: float
) -> None:
    found = sized(limits, rate, rate, wanted=wanted, feasible=2000, beside=beside)

    assert found.chance >= wanted
    assert [] == [
        trials
        for trials in range(20, found.trials)
        if chance_of(limits, [], trials, rate, rate, tuple(beside)) >= wanted
    ]


def test_a_larger_rate_than_the_limit_allows_gets_the_sample_with_the_best_chance() -> None:
    found = sized([LIMITS[0]], 0.05, 0.05, wanted=0.8, feasible=400)

    chances = [chance_of([LIMITS[0]], [], trials, 0.05, 0.05) for trials in range(20, 401)]
    assert max(chances) == pytest.approx(found.chance)


def test_a_tier_above_is_planned_with_what_the_tiers_below_ask_for() -> None:
    asked = policy(
        {"R1": limit(value="0.1"), "R2": limit(value="0.05")},
        rung(Tier.T0),
        rung(Tier.T1, "R1"),
        rung(Tier.T2, "R2"),
    )
    evidence = collect(subject(), [document(measurement(value=counts(0, 40)))])
    assumed = Assumed(rates={"cbrn.uplift": 0.02})

    found = plan(asked, evidence, PLACE, Tier.T2, PRICES, assumed)
    share = share_that_opens(
        asked, found, tier=Tier.T2, rate=0.02, runs=100, seed=1, there=evidence.documents
    )

    assert share >= found.chance - 0.15


def test_a_size_says_nothing_about_a_rate() -> None:
    size = document(measurement("loss_of_control.horizon", quantity("1", "3")))

    assert (0.0, False) == Assumed().rate("loss_of_control.horizon", collect(subject(), [size]))


def test_what_is_still_possible_is_no_part_of_an_obstacle() -> None:
    either = AnyOf(parts=(E01, ClaimMade(item="E02")))
    asked = policy({"R1": AllOf(parts=(limit(), either))})
    shown = document(measurement(value=counts(40, 100)))

    found = plan(asked, collect(subject(), [shown]), PLACE, Tier.T1, PRICES, Assumed())

    assert [("metric:cbrn.uplift",)] == [obstacle.topics for obstacle in found.obstacles]
