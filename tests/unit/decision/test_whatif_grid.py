# SPDX-License-Identifier: Apache-2.0
"""The tier along the whole scale of a limit."""

from __future__ import annotations

from decimal import Decimal

from builders_decision import (
    AT,
    baseline,
    claim,
    collection,
    counts,
    limit,
    measurement,
    policy,
    quantity,
)
from tiergate.decision.explanation import Scale
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.tier import Tier
from tiergate.decision.whatif import WhatIf
from tiergate.decision.whatif_grid import lines

E01 = ClaimMade(item="E01")
SEEN = collection(claim(), measurement(value=counts(4, 100)))


def test_the_tier_changes_where_the_bound_of_the_evidence_lies() -> None:
    found = WhatIf(policy({"R1": E01, "R2": limit(value="0.05")}), SEEN, AT)

    (line,) = lines(found)

    first, second = line.steps
    assert ("cbrn.uplift", Scale.RATE, Decimal("0.05")) == (line.metric, line.scale, line.limit)
    assert (Decimal(0), Tier.T0) == first
    assert Tier.T1 is second[1]
    step = Decimal("0.000001")
    assert Tier.T1 is found.with_limit("cbrn.uplift", line.limit, second[0])
    assert Tier.T0 is found.with_limit("cbrn.uplift", line.limit, second[0] - step)


def test_a_limit_that_moves_nothing_is_left_out() -> None:
    nothing_helps = policy({"R1": ClaimMade(item="E09"), "R2": limit()})

    assert () == lines(WhatIf(nothing_helps, SEEN, AT))


def test_margins_and_sizes_have_scales_of_their_own() -> None:
    margin = measurement("cyber.exploit", counts(4, 100), comparison=baseline(counts(5, 100)))
    size = measurement("loss_of_control.horizon", quantity("1", "3"))
    hours = limit("loss_of_control.horizon", "2", scale=Scale.QUANTITY, unit="hours")

    (adds,) = lines(
        WhatIf(
            policy({"R1": limit("cyber.exploit", "0.2", scale=Scale.MARGIN)}),
            collection(margin),
            AT,
        )
    )
    (long,) = lines(WhatIf(policy({"R1": hours}), collection(size), AT))

    assert Decimal(-1) == adds.steps[0][0]
    assert [(Decimal(0), Tier.T0), (Decimal(3), Tier.T1)] == list(long.steps)
    assert "hours" == long.unit
