# SPDX-License-Identifier: Apache-2.0
"""Attack success against attacker budget, as a Vega-Lite specification, and drawn.

From top to bottom, all over the same axis: the running worst success of each family with its
band; tasks that the attacked models still solve; the axis in operations, time and money; what
attacks on other models cost. To the right of the last point nothing is known: hatched.
"""

from __future__ import annotations

from tiergate.evidence.tampering.curve import FamilyCurve, Point
from tiergate.report.break_cost import BreakCost
from tiergate.report.break_cost_labels import LABEL, labels
from tiergate.report.break_cost_marks import (
    COLOURS,
    CROSS,
    Frame,
    Layer,
    caption,
    panel,
    pixel,
    place_x,
    rate_y,
    unknown,
    up_to_edge,
)
from tiergate.report.break_cost_panels import axis, capability, published
from tiergate.report.break_cost_scale import BudgetScale
from tiergate.report.break_cost_words import headline
from tiergate.report.escaping import shown
from tiergate.report.vega import (
    ACCENT,
    CONFIG,
    INK,
    NARROW,
    PAPER,
    SCHEMA,
    WIDE,
    as_drawing,
    as_text,
)

_LEFT = {WIDE: 66, NARROW: 52}
_UNKNOWN = {WIDE: 0.3, NARROW: 0.46}
_LEAST_HEIGHT = 300
_GRID = (0, 0.01, 0.05, 0.1, 0.25, 0.5, 1)


def specification(found: BreakCost, width: int = WIDE) -> dict[str, object]:
    """Return the Vega-Lite specification, data inside; ``width`` is in pixels, labels included."""
    left = _LEFT.get(width, _LEFT[WIDE])
    flops = [point.cost.flop for curve in found.curves for point in curve.points]
    scale = BudgetScale.over(
        flops, width=width - left, unknown=_UNKNOWN.get(width, 0.3), prices=found.prices
    )
    frame = Frame(found=found, scale=scale, is_wide=width >= WIDE)
    title, subtitle = headline(found)
    return {
        "$schema": SCHEMA,
        "background": None,
        "title": {
            "text": title,
            "subtitle": subtitle,
            "anchor": "start",
            "color": INK,
            "subtitleColor": INK,
            "font": "sans-serif",
            "subtitleFont": "sans-serif",
            "fontSize": 15 if frame.is_wide else 13,
            "subtitleFontSize": 11.5,
            "offset": 12,
        },
        "vconcat": [_success(frame), capability(frame), axis(frame), published(frame)],
        "spacing": 8,
        "config": CONFIG,
    }


def specification_text(found: BreakCost) -> str:
    """Return the specification as JSON that cannot end the element it stands in."""
    return as_text(specification(found))


def draw(found: BreakCost, width: int = WIDE) -> str:
    """Draw the picture as SVG that takes its ink from the page."""
    return as_drawing(specification(found, width))


def _success(frame: Frame) -> Layer:
    """Draw the running worst of each family, its band, its points and its label."""
    named = sum(curve.worst is not None for curve in frame.found.curves)
    height = max(_LEAST_HEIGHT, LABEL * named)
    layers = [
        *_grid(frame),
        *unknown(frame, height, "not tested: unknown"),
        *_limit(frame),
        *_controls(frame, height),
        # The most important curve comes first and is drawn last, on top.
        *(layer for curve in reversed(frame.found.curves) for layer in _family(frame, curve)),
        *labels(frame, height),
    ]
    return panel(frame, height, layers)


def _grid(frame: Frame) -> list[Layer]:
    rows = [{"value": at, "text": f"{at * 100:g} %"} for at in _GRID]
    return [
        {
            "data": {"values": rows},
            "mark": {"type": "rule", "color": INK, "opacity": 0.12},
            "encoding": {"y": rate_y("value"), **up_to_edge(frame)},
        },
        {
            "data": {"values": rows},
            "mark": {"type": "text", "align": "right", "fontSize": 11, "opacity": 0.8},
            "encoding": {"x": {"value": -8}, "y": rate_y("value"), "text": {"field": "text"}},
        },
        caption(
            "attack success   ·   ● confirmed  ·  ○ search only  ·  x destroyed, no break"
            if frame.is_wide
            else "attack success",
            -12,
        ),
    ]


def _limit(frame: Frame) -> list[Layer]:
    limit = frame.found.limit
    if limit is None:
        return []
    rows = [{"value": float(limit), "text": f"limit {float(limit) * 100:g} %"}]
    text = {"type": "text", "align": "left", "baseline": "bottom", "dy": -3, "color": ACCENT}
    return [
        {
            "data": {"values": rows},
            "mark": {"type": "rule", "color": ACCENT, "strokeWidth": 2, "opacity": 1},
            "encoding": {"y": rate_y("value"), **up_to_edge(frame)},
        },
        {
            "data": {"values": rows},
            "mark": {**text, "fontWeight": "bold", "fontSize": 11.5, "opacity": 1},
            "encoding": {"x": {"value": 3}, "y": rate_y("value"), "text": {"field": "text"}},
        },
    ]


def _controls(frame: Frame, height: int) -> list[Layer]:
    rows = [
        {
            "value": control.rate,
            "end": frame.scale.tested,
            "start": frame.scale.low,
            "text": str(shown(control.label + (f": {control.words}" if frame.is_wide else ""))),
            # Many points stand on the lowest line, and none below it.
            "at": pixel(control.rate, height) + (12 if is_high else 10 if is_lowest else -5),
        }
        for control in frame.found.controls
        for is_high, is_lowest in [(control.rate > 0.5, control.rate == 0)]
    ]
    return [
        {
            "data": {"values": rows},
            "mark": {"type": "rule", "color": INK, "strokeDash": [2, 3], "opacity": 0.6},
            "encoding": {
                "y": rate_y("value"),
                "x": place_x(frame, "start"),
                "x2": {"field": "end"},
            },
        },
        {
            "data": {"values": rows},
            "mark": {"type": "text", "align": "left", "fontSize": 10.5, "opacity": 0.75},
            "encoding": {
                "x": {"value": 3},
                "y": {"field": "at", "type": "quantitative", "scale": None},
                "text": {"field": "text"},
            },
        },
    ]


def _family(frame: Frame, curve: FamilyCurve) -> list[Layer]:
    colour = COLOURS[curve.family]
    steps = _steps(frame, curve)
    line = {"type": "line", "interpolate": "step-after", "color": colour, "opacity": 1}
    is_broken = curve.cheapest_break is not None
    band: Layer = {
        "data": {"values": steps},
        "mark": {
            "type": "area",
            "interpolate": "step-after",
            "color": colour,
            # Bands of families that are within the limit lie on each other.
            "opacity": 0.16 if _is_above(frame, curve) else 0.05,
        },
        "encoding": {"x": place_x(frame, "at"), "y": rate_y("lower"), "y2": {"field": "upper"}},
    }
    worst: Layer = {
        "data": {"values": steps},
        "mark": {**line, "strokeWidth": 3 if is_broken else 2},
        "encoding": {"x": place_x(frame, "at"), "y": rate_y("rate")},
    }
    further: Layer = {
        "data": {"values": _further(frame, curve)},
        "mark": {**line, "strokeWidth": 1.5, "strokeDash": [1, 4]},
        "encoding": {"x": place_x(frame, "at"), "y": rate_y("rate")},
    }
    whiskers: Layer = {
        "data": {"values": [_ends(frame, curve)] if curve.worst else []},
        "mark": {
            "type": "rule",
            "color": colour,
            "strokeWidth": 5 if _is_above(frame, curve) else 2,
            "opacity": 0.35,
        },
        "encoding": {"x": place_x(frame, "at"), "y": rate_y("lower"), "y2": {"field": "upper"}},
    }
    return [band, whiskers, further, worst, *_points(frame, curve, colour)]


def _is_above(frame: Frame, curve: FamilyCurve) -> bool:
    """Tell whether the success that was seen is above the limit."""
    return curve.worst is not None and curve.worst.rate > (frame.found.limit or 0)


def _ends(frame: Frame, curve: FamilyCurve) -> dict[str, object]:
    """Return the band where the curve ends, which has no width there."""
    last = curve.stretches[-1]
    return {"at": frame.scale.place(last.flop), "lower": last.lower, "upper": last.upper}


def _steps(frame: Frame, curve: FamilyCurve) -> list[dict[str, object]]:
    """Return the running worst, prolonged a little where it has one point only."""
    rows: list[dict[str, object]] = [
        {
            "at": frame.scale.place(stretch.flop),
            "flop": float(stretch.flop),
            "rate": stretch.rate,
            "lower": stretch.lower,
            "upper": stretch.upper,
        }
        for stretch in curve.stretches
    ]
    end = frame.scale.place(curve.tested.cost.flop)
    if rows:
        width = (frame.scale.tested - frame.scale.low) * 0.02
        last = max(end, frame.scale.place(curve.stretches[0].flop) + width)
        rows.append({**rows[-1], "at": min(last, frame.scale.tested) if len(rows) > 1 else last})
    return rows


def _further(frame: Frame, curve: FamilyCurve) -> list[dict[str, object]]:
    """Whoever spends more has at least this success: up to where anything was tested."""
    if curve.worst is None:
        return []
    start = frame.scale.place(curve.tested.cost.flop)
    return [{"at": at, "rate": curve.worst.rate} for at in (start, frame.scale.tested)]


def _points(frame: Frame, curve: FamilyCurve, colour: str) -> list[Layer]:
    kept = [_point(frame, point) for point in curve.points if point.is_useful]
    gone = [_point(frame, point) for point in curve.points if not point.is_useful]
    mark = {"type": "point", "stroke": colour, "strokeWidth": 1.8, "opacity": 1}
    encoding = {"x": place_x(frame, "at"), "y": rate_y("rate")}
    return [
        {
            "data": {"values": [row for row in kept if not row["confirmed"]]},
            "mark": {**mark, "size": 26, "fill": PAPER},
            "encoding": encoding,
        },
        {
            "data": {"values": [row for row in kept if row["confirmed"]]},
            "mark": {**mark, "size": 42, "fill": colour},
            "encoding": encoding,
        },
        {
            "data": {"values": gone},
            "mark": {**mark, "shape": CROSS, "size": 110, "opacity": 0.8},
            "encoding": encoding,
        },
    ]


def _point(frame: Frame, point: Point) -> dict[str, object]:
    return {
        "at": frame.scale.place(point.cost.flop),
        "flop": float(point.cost.flop),
        "rate": point.rate,
        "lower": point.success.lower,
        "upper": point.success.upper,
        "successes": point.succeeded.successes,
        "attempts": point.succeeded.attempted,
        "outcome": str(point.outcome),
        "confirmed": point.is_confirmed,
        "attack": str(shown(point.setting)),
    }
