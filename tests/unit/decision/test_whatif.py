# SPDX-License-Identifier: Apache-2.0
"""What another number would change."""

from __future__ import annotations

from decimal import Decimal

from builders_decision import AT, claim, collection, counts, limit, measurement, policy
from tiergate.decision.analysis.formula import State
from tiergate.decision.explanation import Side
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.tier import Tier
from tiergate.decision.whatif import WhatIf

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
