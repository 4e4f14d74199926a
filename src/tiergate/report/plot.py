# SPDX-License-Identifier: Apache-2.0
"""The forest plot as a Vega-Lite specification, and drawn as SVG.

The specification has its data inside, so that a reader can recompute the drawing. The
drawing takes its ink from the page, needs no script and names no font but the generic.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from tiergate.report.escaping import shown
from tiergate.report.forest import ForestRow

WIDE, NARROW = 920, 330
_ROW_HEIGHT = 44
_MARK_DROP, _LABEL_RISE = 9, 8
_TICKS = (0, 0.01, 0.05, 0.1, 0.25, 0.5, 1)
LIMIT_COLOUR = "#d1495b"
_INK, _PAPER = "currentColor", "Canvas"
_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
_CONFIG: Mapping[str, object] = {
    "view": {"stroke": None},
    "axis": {
        "labelColor": _INK,
        "titleColor": _INK,
        "gridColor": _INK,
        "gridOpacity": 0.14,
        "labelFont": "sans-serif",
        "titleFont": "sans-serif",
        "titleFontWeight": "normal",
        "labelFontSize": 11,
        "titleFontSize": 11,
        "ticks": False,
        "domain": False,
    },
    "text": {"font": "sans-serif", "fontSize": 12, "color": _INK},
}


def specification(rows: tuple[ForestRow, ...], width: int = WIDE) -> dict[str, object]:
    """Return the Vega-Lite specification of the plot, data inside; ``width`` is in pixels."""
    return {
        "$schema": _SCHEMA,
        "background": None,
        "width": width,
        "height": _ROW_HEIGHT * max(1, len(rows)),
        "datasets": {"measured": _measured(rows), "limits": _limits(rows)},
        "encoding": {"y": {"field": "number", "type": "ordinal", "axis": None}},
        "layer": [*_labels(width), *_marks()],
        "config": _CONFIG,
    }


def specification_text(rows: tuple[ForestRow, ...]) -> str:
    """Return the specification as JSON that cannot end the element it stands in."""
    text = json.dumps(specification(rows), sort_keys=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def draw(rows: tuple[ForestRow, ...], width: int = WIDE) -> str:
    """Draw the plot as SVG that takes its ink from the page."""
    import vl_convert

    svg = str(vl_convert.vegalite_to_svg(specification(rows, width)))
    # The drawing says nothing that the table below it does not say in words.
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


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
                "color": LIMIT_COLOUR,
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
                "color": _INK,
                "opacity": 0.7,
                "yOffset": _MARK_DROP,
            },
            "encoding": {"x": _x("lower"), "x2": {"field": "upper"}},
        },
        _dots("datum.can_support", _INK),
        _dots("!datum.can_support", _PAPER),
    ]


def _dots(test: str, fill: str) -> dict[str, object]:
    return {
        "data": {"name": "measured"},
        "transform": [{"filter": test}],
        "mark": {
            "type": "point",
            "size": 64,
            "stroke": _INK,
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
