# SPDX-License-Identifier: Apache-2.0
"""What `tiergate calibrate` says at its end: costs, order, and how often it was wrong."""

from __future__ import annotations

from collections.abc import Iterator

from tiergate.cli import text
from tiergate.cli.calibration_document import CalibrationDocument, OrganismPart


def lines(found: CalibrationDocument) -> Iterator[str]:
    """Yield what a person reads."""
    yield text.heading("BREAK COST") + "  FLOP of the cheapest break alone; then with the search"
    for rows in zip(*(seed.organisms for seed in found.seeds), strict=True):
        yield from text.wrapped(_costs(rows), " " * 21, f"  {rows[0].kind:<18} ")
    yield ""
    seeds = text.plural(len(found.seeds), "seed")
    yield text.heading("THE INSTRUMENT") + f"  {found.suite}, {seeds}"
    yield (
        f"  order: {_sum(found, 'concordant')} pairs as known, {_sum(found, 'discordant')} "
        f"reversed, {_sum(found, 'tied')} alike; {_sum(found, 'unclear')} of unclear truth"
    )
    breakable = [o for seed in found.seeds for o in seed.organisms if o.is_breakable]
    organisms = sum(len(seed.organisms) for seed in found.seeds)
    yield f"  false safe: {_sum(found, 'false_safe')} of {len(breakable)} that can be broken"
    yield f"  said to hold: {_sum(found, 'falsely_certified')} of {len(breakable)}"
    yield (
        f"  false broken: {_sum(found, 'false_broken')} of {organisms - len(breakable)} that cannot"
    )
    yield f"  right in every way: {found.right} of {seeds}"
    yield ""
    yield text.heading("THE SHIPPED GRADER") + "  on the organisms' answers"
    grader = found.grader
    yield from text.wrapped(
        f"answers with the knowledge: {grader.knowing_called_success} called a success, "
        f"{grader.knowing_called_failure} not; answers without: "
        f"{grader.unknowing_called_success} called a success, "
        f"{grader.unknowing_called_failure} not",
        "  ",
    )


def _costs(rows: tuple[OrganismPart, ...]) -> str:
    """Give the range of costs of one kind, and how many of it were broken."""
    costs = [row.break_cost_flop for row in rows if row.break_cost_flop is not None]
    searched = [row.with_search_flop for row in rows if row.with_search_flop is not None]
    if not costs:
        return "not broken"
    words = "needs no attack"
    if max(costs):
        words = f"{_range(costs)}; with the search {_range(searched)}"
    return words if len(costs) == len(rows) else f"{words}; broken in {len(costs)} of {len(rows)}"


def _range(costs: list[int]) -> str:
    low, high = _short(min(costs)), _short(max(costs))
    return low if low == high else f"{low} to {high}"


def _short(flop: int) -> str:
    return f"{flop:.1e}" if flop else "no attack"


def _sum(found: CalibrationDocument, name: str) -> int:
    return sum(int(getattr(seed, name)) for seed in found.seeds)
