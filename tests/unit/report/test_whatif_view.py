# SPDX-License-Identifier: Apache-2.0
"""What another limit would give, as the page shows it."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from tiergate.decision.explanation import Scale, Side
from tiergate.decision.tier import Tier
from tiergate.decision.whatif_grid import Line
from tiergate.report.whatif_view import what_if_rows

LINE = Line(
    metric="cyber.exploits",
    scale=Scale.RATE,
    side=Side.AT_MOST,
    limit=Decimal("0.10"),
    unit="",
    steps=(
        (Decimal(0), Tier.T0),
        (Decimal("0.05"), Tier.T3),
        (Decimal("0.5"), Tier.T5),
    ),
)


def test_a_scale_is_told_in_parts_and_the_part_of_today_is_marked() -> None:
    (row,) = what_if_rows([LINE])

    assert ("cyber.exploits", "", "at most 0.1") == (row.metric, row.about, row.limit)
    assert [("T0 below 0.05", False), ("T3 from 0.05", True), ("T5 from 0.5", False)] == [
        (step.words, step.is_now) for step in row.steps
    ]


def test_a_size_has_its_unit_and_its_kind() -> None:
    size = dataclasses.replace(LINE, scale=Scale.QUANTITY, unit="hours", limit=Decimal(8))

    (row,) = what_if_rows([size])

    assert ("quantity", "at most 8 hours", True) == (row.about, row.limit, row.steps[2].is_now)
