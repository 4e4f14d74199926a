# SPDX-License-Identifier: Apache-2.0
"""The break-cost curve for a terminal, one line for each family, and as a table of its points."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from tiergate.evidence.tampering.adversary import Prices
from tiergate.evidence.tampering.curve import FamilyCurve, outcome_words

_BLOCKS, _ASCII = " ▁▂▃▄▅▆▇█", " .:-=+*#@"
_NOT_TESTED, _NOT_TESTED_ASCII = "░", "?"
_COLUMNS = (
    "family", "attack", "setting", "attempts", "steps", "examples", "flop", "seconds",
    "gpu_hours", "usd", "successes", "scored", "unscored", "clusters", "success_lower",
    "success_upper", "outcome", "confirmed", "tasks_solved", "tasks_asked", "twins_refused",
    "twins_asked", "alone_flop", "alone_usd",
)  # fmt: skip


def sparklines(
    curves: Sequence[FamilyCurve], prices: Prices, *, width: int = 24, encoding: str = "utf-8"
) -> tuple[str, ...]:
    """Draw each family over the same axis of cost: its running worst, its bounds, what is known.

    Each place is a part of the logarithm of the operations, from the cheapest point of all to the
    dearest. Height is the worst success so far, on a square-root scale; a family that was tested
    with less ends in a mark for "not tested". Where the terminal cannot show blocks, plain signs
    stand in.

    Args:
        curves: What to draw, in this order.
        prices: What operations cost.
        width: Places of a line.
        encoding: Of the terminal.
    """
    if not curves:
        return ()
    orders = [_order(point.cost.flop) for curve in curves for point in curve.points]
    edges = _edges(min(orders), max(orders), width)
    is_plain = not _can_show(encoding)
    names = max(len(str(curve.family)) for curve in curves)
    return tuple(
        f"{curve.family!s:{names}}  {_line(curve, edges, is_plain=is_plain)}  "
        f"{_bounds(curve):>16}  {outcome_words(curve, prices)}"
        for curve in curves
    )


def csv_text(curves: Sequence[FamilyCurve], prices: Prices) -> str:
    """Write every point as a row, counts and bounds as they are; the order is that of the curves.

    Costs are with the search; those that begin with ``alone`` are without it.
    Text that a spreadsheet would take for a formula is quoted with an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for curve in curves:
        for point in curve.points:
            cost, alone, counts = point.cost, point.alone, point.succeeded
            solved, twins = point.retained, point.twin_refused
            writer.writerow(
                (
                    curve.family,
                    _harmless(point.attack),
                    _harmless(point.setting),
                    cost.attempts,
                    cost.steps,
                    cost.examples,
                    cost.flop,
                    cost.seconds,
                    prices.gpu_hours(cost.flop),
                    prices.usd(cost.flop),
                    counts.successes,
                    counts.scored,
                    counts.unscored + counts.not_attempted,
                    counts.behaviours,
                    f"{point.success.lower:.6f}",
                    f"{point.success.upper:.6f}",
                    point.outcome,
                    "yes" if point.is_confirmed else "no",
                    *((solved.successes, solved.trials) if solved else ("", "")),
                    *((twins.successes, twins.trials) if twins else ("", "")),
                    *((alone.flop, prices.usd(alone.flop)) if alone else ("", "")),
                )
            )
    return out.getvalue()


def _line(curve: FamilyCurve, edges: Sequence[float], *, is_plain: bool) -> str:
    signs = _ASCII if is_plain else _BLOCKS
    end = _order(curve.tested.cost.flop)
    places = []
    for place, edge in enumerate(edges):
        before = edges[place - 1] if place else -math.inf
        reached = [s for s in curve.stretches if _order(s.flop) <= edge]
        if before >= end:
            places.append(_NOT_TESTED_ASCII if is_plain else _NOT_TESTED)
        elif not reached:
            places.append(" ")
        else:
            # The lowest sign stands for "tested, no success", so that it shows.
            places.append(signs[1 + math.ceil(math.sqrt(reached[-1].rate) * (len(signs) - 2))])
    return "".join(places)


def _bounds(curve: FamilyCurve) -> str:
    if curve.worst is None:
        return "no useful model"
    low = (Decimal(curve.worst.lower) * 100).quantize(Decimal("0.1"), ROUND_FLOOR)
    high = (Decimal(curve.worst.upper) * 100).quantize(Decimal("0.1"), ROUND_CEILING)
    return f"{low} to {high} %"


def _edges(low: float, high: float, width: int) -> tuple[float, ...]:
    """Return the right end of each place."""
    last = tuple(low + (high - low) * (place + 1) / width for place in range(width - 1))
    return (*last, high)


def _order(flop: int) -> float:
    return math.log10(flop) if flop > 0 else 0.0


def _can_show(encoding: str) -> bool:
    try:
        (_BLOCKS + _NOT_TESTED).encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
