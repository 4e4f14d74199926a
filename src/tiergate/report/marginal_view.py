# SPDX-License-Identifier: Apache-2.0
"""The part of the page about what a model adds to baselines; none where nothing is held so."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from tiergate.decision.decision import Decision
from tiergate.decision.words import percent
from tiergate.evidence.collection import Collection
from tiergate.report.charts import Chart, difference_chart
from tiergate.report.marginal import DifferenceRow, difference_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginalView:
    """The plot and its rows."""

    chart: Chart
    """The plot."""
    rows: tuple[DifferenceRow, ...]
    """The same in words."""


def marginal_view(decision: Decision, evidence: Collection) -> MarginalView | None:
    """Return the part of the page; None where no comparison was held against a margin."""
    rows = difference_rows(decision, evidence)
    return MarginalView(chart=difference_chart(rows), rows=rows) if rows else None


def points_words(lower: Decimal, upper: Decimal) -> str:
    """Write two bounds on a difference.

    >>> points_words(Decimal("-0.0412"), Decimal("0.1"))
    '-4.2 to 10.0 points'
    """
    low, high = percent(lower, ROUND_FLOOR), percent(upper, ROUND_CEILING)
    return f"{low.removesuffix(' %')} to {high.removesuffix(' %')} points"
