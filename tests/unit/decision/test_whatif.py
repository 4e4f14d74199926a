# SPDX-License-Identifier: Apache-2.0
"""What another number would change."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest

from builders_decision import (
    AT,
    Evidence,
    attacked,
    baseline,
    claim,
    collection,
    counts,
    limit,
    measurement,
    policy,
)
from tiergate.decision.analysis.formula import State
from tiergate.decision.explanation import Explanation, Scale, Side
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Expression, Scene
from tiergate.decision.requirements.checkpoint_facts import LoadsWithoutCode
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.tier import Band, TamperLevel, Tier
from tiergate.decision.whatif import WhatIf
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import AttackClass, Direction, Variant

E01 = ClaimMade(item="E01")
CLOSE = collection(claim(), measurement(value=counts(4, 100)))


def test_the_one_number_that_moves_the_tier_is_named_with_where_it_would_have_to_lie() -> None:
    found = WhatIf(policy({"R1": E01, "R2": limit(value="0.05")}), CLOSE, AT)

    (moved,) = found.moving()

    assert Tier.T0 is found.supported()
    assert (Decimal("0.05"), Tier.T1) == (moved.limit, moved.supported)
    assert Decimal("0.08") < moved.would_be < Decimal("0.1")
    assert Tier.T1 is found.with_limit("cbrn.uplift", Decimal("0.05"), moved.would_be)
    assert Tier.T0 is found.with_limit("cbrn.uplift", Decimal("0.05"), Decimal("0.08"))


def test_another_limit_on_the_same_metric_stays_as_it_is() -> None:
    asked = policy({"R1": limit(value="0.05"), "R2": limit(value="0.06")})
    found = WhatIf(asked, CLOSE, AT)

    assert frozenset({Decimal("0.05"), Decimal("0.06")}) == found.limits("cbrn.uplift")
    assert Tier.T0 is found.with_limit("cbrn.uplift", Decimal("0.05"), Decimal("0.5"))


def test_a_strict_limit_has_to_lie_above_the_bound() -> None:
    found = WhatIf(policy({"R1": limit(side=Side.BELOW)}), CLOSE, AT)

    (moved,) = found.moving()

    assert Tier.T1 is found.with_limit("cbrn.uplift", Decimal("0.05"), moved.would_be)


def test_a_floor_has_to_lie_lower() -> None:
    refusals = measurement("utility.refusal", counts(80, 100))
    asked = policy({"R1": limit("utility.refusal", "0.9", side=Side.AT_LEAST)})

    moved = tuple(WhatIf(asked, collection(refusals), AT).moving())

    assert all(found.would_be < Decimal("0.9") for found in moved)


def test_where_two_numbers_are_short_none_moves_the_tier_alone() -> None:
    asked = policy({"R1": limit(value="0.05"), "R2": limit("cyber.exploit", "0.05")})

    assert () == tuple(WhatIf(asked, CLOSE, AT).moving())


def test_one_number_that_stands_at_two_places_is_named_once() -> None:
    asked = policy({"R1": limit(value="0.05"), "R2": limit(value="0.05", minimum=5)})

    assert [Decimal("0.05")] == [moved.limit for moved in WhatIf(asked, CLOSE, AT).moving()]


def test_states_can_be_set_and_hundreds_of_variants_are_looked_at() -> None:
    found = WhatIf(policy({"R1": E01}), CLOSE, AT)
    (key,) = found.checks

    seen = {found.supported({key: State(n % 3)}) for n in range(300)}

    assert {Tier.T0, Tier.T1} == seen
    assert Tier.T1 is found.supported()


def test_the_limits_on_a_metric_are_those_of_the_policy() -> None:
    found = WhatIf(policy({"R1": limit(value="0.05"), "R2": E01}), CLOSE, AT)

    assert frozenset({Decimal("0.05")}) == found.limits("cbrn.uplift")
    assert frozenset() == found.limits("cyber.exploit")


def test_a_limit_that_is_kept_names_where_it_would_not_be() -> None:
    found = WhatIf(policy({"R1": limit(value="0.1")}), CLOSE, AT)

    (moved,) = found.moving()

    assert (Tier.T1, Tier.T0) == (found.supported(), moved.supported)
    step = Decimal("0.000001")
    assert Tier.T0 is found.with_limit("cbrn.uplift", moved.limit, moved.would_be)
    assert Tier.T1 is found.with_limit("cbrn.uplift", moved.limit, moved.would_be + step)


def test_a_strict_limit_is_not_kept_at_the_bound_itself() -> None:
    found = WhatIf(policy({"R1": limit(value="0.1", side=Side.BELOW)}), CLOSE, AT)

    (moved,) = found.moving()

    (reading,) = found.readings(next(iter(found.checks)))
    assert reading.upper == moved.would_be


def test_a_floor_that_is_kept_would_have_to_lie_higher() -> None:
    refused = measurement("utility.refusal", counts(100, 100), direction=Direction.HIGHER_IS_SAFER)
    asked = policy({"R1": limit("utility.refusal", "0.9", side=Side.AT_LEAST)})

    (moved,) = WhatIf(asked, collection(refused), AT).moving()

    assert Decimal("0.97") < moved.would_be < Decimal(1)


def test_where_a_limit_changes_what_counts_as_adverse_the_nearest_number_is_named() -> None:
    """A clean run is neutral to a margin that allows any, and speaks against one below 0."""
    better = measurement("cyber.exploit", counts(0, 400), comparison=baseline(counts(40, 200)))
    neutral = measurement("cyber.exploit", counts(0, 5), comparison=baseline(counts(0, 5)))
    asked = policy({"R1": limit("cyber.exploit", "0.2", scale=Scale.MARGIN)})

    (moved,) = WhatIf(asked, collection(better, neutral), AT).moving()

    assert (Decimal("-0.000001"), Tier.T0) == (moved.would_be, moved.supported)


@dataclass(frozen=True, slots=True, kw_only=True)
class _AnyNumber:
    """A check of somebody else: something about a metric is there."""

    metric: str

    def judge(self, scene: Scene) -> Explanation:
        found = scene.measurements(self.metric)
        outcome = Outcome.MET if found else Outcome.UNDETERMINED
        return Explanation(id="", title="any number", outcome=outcome, reason="")


READERS: dict[str, tuple[Expression, Tier]] = {
    "a limit": (limit(), Tier.T0),
    "a limit on another metric": (limit("cyber.exploit"), Tier.T1),
    "a claim": (E01, Tier.T1),
    "files": (LoadsWithoutCode(), Tier.T1),
    "a domain that was measured": (
        Measured(domains=(HazardDomain.CBRN,), variant=Variant.WORST_CASE),
        Tier.T0,
    ),
    "another domain": (
        Measured(domains=(HazardDomain.CYBER,), variant=Variant.WORST_CASE),
        Tier.T1,
    ),
    "tamper resistance": (TamperResistance(level=TamperLevel.TR1), Tier.T1),
    "a check that is not known": (_AnyNumber(metric="cbrn.uplift"), Tier.T0),
}


@pytest.mark.parametrize("sentence", READERS)
def test_without_the_measurements_of_a_metric_what_reads_them_changes(sentence: str) -> None:
    asks, left = READERS[sentence]
    families = (AttackClass.JAILBREAK, AttackClass.PREFILL)
    other: list[Evidence] = [
        claim(),
        measurement("cyber.exploit"),
        *(attacked(counts(0, 100), family=family) for family in families),
    ]
    bands = {
        domain: {Band.B1: limit(metric, "0.5")}
        for domain, metric in (
            (HazardDomain.CBRN, "cbrn.uplift"),
            (HazardDomain.CYBER, "cyber.exploit"),
        )
    }
    found = WhatIf(policy({"R1": asks}, bands=bands), collection(measurement(), *other), AT)

    assert Tier.T1 is found.supported()
    assert left is found.with_evidence(collection(*other), "cbrn.uplift")
