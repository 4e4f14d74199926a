# SPDX-License-Identifier: Apache-2.0
"""A chart of the page: drawn once for wide and once for narrow places, with its specification."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from markupsafe import Markup

from tiergate.report import break_cost_plot, cells, marginal_plot, plot
from tiergate.report.behaviours import BehaviourGroup
from tiergate.report.break_cost import BreakCost
from tiergate.report.forest import ForestRow
from tiergate.report.marginal import DifferenceRow
from tiergate.report.vega import NARROW, WIDE

_Data = TypeVar("_Data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One chart."""

    id: str
    """Place of its specification on the page."""
    drawings: tuple[tuple[str, Markup], ...]
    """``wide`` and ``narrow``, each with the SVG; empty when there is nothing to draw."""
    specification: Markup
    """The Vega-Lite specification with its data, as JSON."""


def forest_chart(rows: tuple[ForestRow, ...]) -> Chart:
    """Return the chart of measurements against their limits."""
    return Chart(
        id="forest-specification",
        drawings=_drawn(plot.draw, rows) if rows else (),
        specification=Markup(plot.specification_text(rows)),  # noqa: S704 - escapes itself
    )


def cells_chart(group: BehaviourGroup) -> Chart:
    """Return the chart of a group of measurements, behaviour by behaviour."""
    return Chart(
        id=f"behaviours-{group.number}-specification",
        drawings=_drawn(cells.draw, group),
        specification=Markup(cells.specification_text(group)),  # noqa: S704 - escapes itself
    )


def break_cost_chart(found: BreakCost) -> Chart:
    """Return the chart of attack success against attacker budget."""
    return Chart(
        id="break-cost-specification",
        drawings=_drawn(break_cost_plot.draw, found),
        specification=Markup(break_cost_plot.specification_text(found)),  # noqa: S704 - escapes itself
    )


def difference_chart(rows: tuple[DifferenceRow, ...]) -> Chart:
    """Return the chart of differences to baselines against their margins."""
    return Chart(
        id="marginal-specification",
        drawings=_drawn(marginal_plot.draw, rows),
        specification=Markup(marginal_plot.specification_text(rows)),  # noqa: S704 - escapes itself
    )


def _drawn(draw: Callable[[_Data, int], str], data: _Data) -> tuple[tuple[str, Markup], ...]:
    # Drawn from numbers and from names that SVG escapes itself.
    return tuple(
        (name, Markup(draw(data, width)))  # noqa: S704
        for name, width in (("wide", WIDE), ("narrow", NARROW))
    )
