# SPDX-License-Identifier: Apache-2.0
"""The pages about release cases, and about what taking safeguards off has cost."""

from __future__ import annotations

from tiergate.landscape.cases import USD_PER_GPU_HOUR, Cost, cases, costs
from tiergate.landscape.vintage import Vintage
from tiergate.report.landscape_cells import Cell, Figure, Line, Page, Rule, Sheet, cell, origin
from tiergate.report.landscape_pages import line_of
from tiergate.report.landscape_plots import cost_plot


def cases_page(vintage: Vintage) -> Page:
    """Return the page of release cases."""
    columns = ("date", "who", "what", "happened", "element")
    return Page(
        name="cases",
        label="Cases",
        title="Release cases",
        lead="Releases that used an element of tiering, or lacked one.",
        parts=(
            Sheet(
                id="cases",
                title="What happened",
                columns=("Date", "Who", "What", "What happened", "Element of tiering"),
                lines=tuple(line_of(case.row, columns) for case in cases(vintage)),
            ),
        ),
    )


def costs_page(vintage: Vintage) -> Page:
    """Return the page of what removing safeguards cost."""
    found = costs(vintage)
    priced = sorted((c for c in found if c.usd is not None), key=lambda c: c.usd or 0.0)
    return Page(
        name="costs",
        label="Costs",
        title="What it cost to remove safeguards",
        lead=(
            "Published costs of taking safeguards off, or of failing to. Sizes of models, prices"
            " and what counts as success differ: they rank neither attacks nor models."
        ),
        parts=(
            Figure(
                title="In US dollars",
                caption=(
                    "Filled: published in money. Hollow: computed from hours on an accelerator,"
                    " at the price that the figures for the largest model imply. What was"
                    " published in neither is in the table alone."
                ),
                chart=cost_plot(priced),
            ),
            Sheet(
                id="costs",
                title="As published",
                columns=(
                    "Model", "How", "What it took", "US dollars", "Counted", "Before", "After",
                    "But",
                ),
                lines=tuple(map(_cost, found)),
            ),
        ),
    )  # fmt: skip


def _cost(cost: Cost) -> Line:
    row = cost.row
    by_hours = f" (at {USD_PER_GPU_HOUR} an hour)" if cost.is_computed else ""
    dollars = "" if cost.usd is None else f"{cost.bound} {cost.usd:,.0f}{by_hours}".strip()
    money = Cell(
        text=dollars,
        rows=(row.id,),
        column="amount",
        rule=Rule.COMPUTED,
        key="" if cost.usd is None else f"{cost.usd:012.2f}",
    )
    before = (cell(row, name) for name in ("model", "method", "cost"))
    after = (cell(row, name) for name in ("metric", "before", "after", "caveat"))
    return Line(cells=(*before, money, *after), sources=(origin(row),))
