# SPDX-License-Identifier: Apache-2.0
"""The forest plot as a Vega-Lite specification, and drawn."""

from __future__ import annotations

from tiergate.report.escaping import shown
from tiergate.report.forest import ForestRow
from tiergate.report.vega import ACCENT, CONFIG, INK, PAPER, SCHEMA, WIDE, as_drawing, as_text

_ROW_HEIGHT = 44
_MARK_DROP, _LABEL_RISE = 9, 8
_TICKS = (0, 0.01, 0.05, 0.1, 0.25, 0.5, 1)


def specification(rows: tuple[ForestRow, ...], width: int = WIDE) -> dict[str, object]:
    """Return the Vega-Lite specification of the plot, data inside; ``width`` is in pixels."""
    return {
        "$schema": SCHEMA,
        "background": None,
        "width": width,
        "height": _ROW_HEIGHT * max(1, len(rows)),
        "datasets": {"measured": _measured(rows), "limits": _limits(rows)},
        "encoding": {"y": {"field": "number", "type": "ordinal", "axis": None}},
        "layer": [*_labels(width), *_marks()],
        "config": CONFIG,
    }


def specification_text(rows: tuple[ForestRow, ...]) -> str:
    """Return the specification as JSON that cannot end the element it stands in."""
    return as_text(specification(rows))


def draw(rows: tuple[ForestRow, ...], width: int = WIDE) -> str:
    """Draw the plot as SVG that takes its ink from the page."""
    return as_drawing(specification(rows, width))


def _measured(rows: tuple[ForestRow, ...]) -> list[dict[str, object]]:
    return [
        {
            "number": row.number,
            "label": str(shown(f"{row.number}  {row.metric}, {row.setting}")),
            "counts": f"{row.successes} of {row.planned}",
            "successes": row.successes,
            "planned": row.planned,
            "rate": row.successes / row.planned if row.planned else None,
            "lower": float(row.lower),
            "upper": float(row.upper),
            "can_support": row.can_support,
        }
        for row in rows
    ]


def _limits(rows: tuple[ForestRow, ...]) -> list[dict[str, object]]:
    return [{"number": row.number, "limit": float(limit)} for row in rows for limit in row.limits]


def _labels(width: int) -> list[dict[str, object]]:
    room = width - 84
    return [
        {
            "data": {"name": "measured"},
            "mark": {"type": "text", "align": "left", "yOffset": -_LABEL_RISE, "limit": room},
            "encoding": {"x": {"value": 0}, "text": {"field": "label", "type": "nominal"}},
        },
        {
            "data": {"name": "measured"},
            "mark": {"type": "text", "align": "right", "yOffset": -_LABEL_RISE, "opacity": 0.75},
            "encoding": {"x": {"value": width}, "text": {"field": "counts", "type": "nominal"}},
        },
    ]


def _marks() -> list[dict[str, object]]:
    return [
        {
            "data": {"name": "limits"},
            "mark": {
                "type": "tick",
                "orient": "vertical",
                "thickness": 2.5,
                "size": 18,
                "color": ACCENT,
                "opacity": 1,
                "yOffset": _MARK_DROP,
            },
            "encoding": {"x": _x("limit")},
        },
        {
            "data": {"name": "measured"},
            "mark": {
                "type": "rule",
                "strokeWidth": 3,
                "color": INK,
                "opacity": 0.7,
                "yOffset": _MARK_DROP,
            },
            "encoding": {"x": _x("lower"), "x2": {"field": "upper"}},
        },
        _dots("datum.can_support", INK),
        _dots("!datum.can_support", PAPER),
    ]


def _dots(test: str, fill: str) -> dict[str, object]:
    return {
        "data": {"name": "measured"},
        "transform": [{"filter": test}],
        "mark": {
            "type": "point",
            "size": 64,
            "stroke": INK,
            "strokeWidth": 2,
            "fill": fill,
            "opacity": 1,
            "yOffset": _MARK_DROP,
        },
        "encoding": {"x": _x("rate")},
    }


def _x(field: str) -> dict[str, object]:
    axis = {
        "values": _TICKS,
        "labelExpr": "format(datum.value * 100, '~g') + ' %'",
        "labelOverlap": False,
        "title": "share of successes (square-root scale)",
    }
    scale = {"type": "sqrt", "domain": [0, 1]}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": axis}
