# SPDX-License-Identifier: Apache-2.0
"""What stands below the curves, over the same axis: capability, the linked scales, other models."""

from __future__ import annotations

import math

from tiergate.report.break_cost_marks import (
    COLOURS,
    CROSS,
    Frame,
    Layer,
    caption,
    literal_text,
    panel,
    place_x,
    unknown,
    up_to_edge,
)
from tiergate.report.reference_costs import reference_costs
from tiergate.report.vega import INK

_SMALL, ROW = 64, 17
_WIDTH_OF_LETTER = 5.6


def capability(frame: Frame) -> Layer:
    """Draw the share of tasks that each attacked model still solves, of those solved before."""
    height = _SMALL
    rows: list[dict[str, object]] = [
        {
            "at": frame.scale.place(point.cost.flop),
            "kept": float(point.retained.fraction / before.fraction),
            "solved": point.retained.successes,
            "asked": point.retained.trials,
            "outcome": str(point.outcome),
            "colour": COLOURS[curve.family],
        }
        for curve in frame.found.curves
        for point in curve.points
        for before in [frame.found.before(point)]
        if before is not None and before.successes and point.retained is not None
    ]
    title = "capability retained" if rows else "capability retained: not measured"
    most = max([1.1, *(float(str(row["kept"])) for row in rows)])
    y: Layer = {"type": "quantitative", "scale": {"domain": [0, most]}, "axis": None}
    marks = [{"kept": at, "text": f"{at * 100:g} %"} for at in (0, 0.5, 1)]
    layers: list[Layer] = [
        {
            "data": {"values": marks},
            "mark": {"type": "rule", "color": INK, "opacity": 0.12},
            "encoding": {"y": {"field": "kept", **y}, **up_to_edge(frame)},
        },
        {
            "data": {"values": marks},
            "mark": {"type": "text", "align": "right", "fontSize": 11, "opacity": 0.8},
            "encoding": {
                "x": {"value": -8},
                "y": {"field": "kept", **y},
                "text": {"field": "text"},
            },
        },
        caption(title, -9),
        *unknown(frame, height, ""),
        *_retained(frame, rows, y),
    ]
    return panel(frame, height, layers)


def _retained(frame: Frame, rows: list[dict[str, object]], y: Layer) -> list[Layer]:
    """Draw a dot for each model that counts and a cross for each that was destroyed."""
    dot = {"type": "point", "size": 30, "strokeWidth": 1.6, "opacity": 1}
    colour = {"field": "colour", "type": "nominal", "scale": None}
    return [
        {
            "data": {"values": rows},
            "transform": [{"filter": "datum.outcome != 'destroyed'"}],
            "mark": dot,
            "encoding": {"x": place_x(frame, "at"), "y": {"field": "kept", **y}, "stroke": colour},
        },
        {
            "data": {"values": rows},
            "transform": [{"filter": "datum.outcome == 'destroyed'"}],
            "mark": {**dot, "shape": CROSS, "size": 110},
            "encoding": {"x": place_x(frame, "at"), "y": {"field": "kept", **y}, "stroke": colour},
        },
    ]


def axis(frame: Frame) -> Layer:
    """Write the three linked scales."""
    scale = frame.scale
    room = 62 if frame.is_wide else 56
    titles = ("FLOP", "GPU time", "money")
    ticks = (scale.operations(room - 12), scale.times(room), scale.sums(room))
    rows: list[dict[str, object]] = [
        {"x": scale.pixels(tick.at), "y": 8 + ROW * row, "text": tick.text}
        for row, found in enumerate(ticks)
        for tick in found
    ]
    if not ticks[-1] and scale.is_under_a_cent:
        y = 8 + ROW * (len(ticks) - 1)
        rows.append({"x": frame.tested_pixels / 2, "y": y, "text": "all under $0.01"})
    names = [{"x": -8, "y": 8 + ROW * row, "text": name} for row, name in enumerate(titles)]
    text = {"type": "text", "fontSize": 11}
    layers = [
        literal_text(rows, {**text, "align": "center"}),
        literal_text(names, {**text, "align": "right", "opacity": 0.8, "fontStyle": "italic"}),
    ]
    return panel(frame, ROW * len(titles), layers)


def published(frame: Frame) -> Layer:
    """Put what attacks on other models cost on the same axis; an arrow where it is off it."""
    width = frame.scale.width
    rows, ticks = [], []
    for number, reference in enumerate(reference_costs()):
        at = frame.scale.pixels(math.log10(max(1, reference.flop_at(frame.found.prices))))
        y = 22 + ROW * number
        text = f"{reference.label}: {reference.as_published}" if frame.is_wide else reference.label
        if at > width:
            rows.append({"x": width, "y": y, "text": f"{text}  →"})
        elif at < 0:
            rows.append({"x": 340 if frame.is_wide else 200, "y": y, "text": f"←  {text}"})
        else:
            goes_right = _WIDTH_OF_LETTER * len(text) < width - at
            ticks.append({"x": at, "y": y})
            rows.append(
                {"x": at + 8 if goes_right else at - 8, "y": y, "text": text, "left": goes_right}
            )
    mark = {"type": "text", "fontSize": 11, "opacity": 0.9}
    tick: Layer = {
        "data": {"values": ticks},
        "mark": {"type": "tick", "orient": "vertical", "thickness": 2, "size": 12, "color": INK},
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "scale": None},
            "y": {"field": "y", "type": "quantitative", "scale": None},
        },
    }
    layers = [
        caption("what attacks on other models cost, as published", 4),
        tick,
        literal_text([r for r in rows if not r.get("left")], {**mark, "align": "right"}),
        literal_text([r for r in rows if r.get("left")], {**mark, "align": "left"}),
    ]
    return panel(frame, 22 + ROW * len(rows), layers)
