# SPDX-License-Identifier: Apache-2.0
"""The plot of differences to baselines as a Vega-Lite specification, and drawn.

Beyond the margin each row is shaded. A line that ends before the shade stays within the margin;
one that reaches into it leaves the margin undetermined; one that lies in it breaks the margin.
"""

from __future__ import annotations

from tiergate.report.escaping import shown
from tiergate.report.marginal import DifferenceRow
from tiergate.report.vega import ACCENT, CONFIG, INK, PAPER, SCHEMA, WIDE, as_drawing, as_text

_ROW_HEIGHT = 44
_MARK_DROP, _LABEL_RISE = 9, 8
_ROOM = 0.02


def specification(rows: tuple[DifferenceRow, ...], width: int = WIDE) -> dict[str, object]:
    """Return the Vega-Lite specification of the plot, data inside; ``width`` is in pixels."""
    domain = _domain(rows)
    return {
        "$schema": SCHEMA,
        "background": None,
        "width": width,
        "height": _ROW_HEIGHT * max(1, len(rows)),
        "datasets": {"differences": _data(rows, domain[1]), "none": [{"at": 0}]},
        "encoding": {"y": {"field": "row", "type": "ordinal", "axis": None}},
        "layer": [_shade(domain), _zero(domain), *_labels(width), *_marks(domain)],
        "config": CONFIG,
    }


def specification_text(rows: tuple[DifferenceRow, ...]) -> str:
    """Return the specification as JSON that cannot end the element it stands in."""
    return as_text(specification(rows))


def draw(rows: tuple[DifferenceRow, ...], width: int = WIDE) -> str:
    """Draw the plot as SVG that takes its ink from the page."""
    return as_drawing(specification(rows, width))


def _domain(rows: tuple[DifferenceRow, ...]) -> tuple[float, float]:
    low = min((float(row.lower) for row in rows), default=0.0)
    high = max((float(max(row.upper, row.margin)) for row in rows), default=0.0)
    return max(-1.0, min(low, 0.0) - _ROOM), min(1.0, max(high, 0.0) + _ROOM)


def _data(rows: tuple[DifferenceRow, ...], right: float) -> list[dict[str, object]]:
    return [
        {
            "row": place,
            "label": str(shown(f"{row.number}  {row.metric}, {row.setting}, over {row.baseline}")),
            "counts": str(shown(row.counts)),
            "difference": row.difference,
            "lower": float(row.lower),
            "upper": float(row.upper),
            "margin": float(row.margin),
            "right": right,
            "within": row.outcome == "met",
        }
        for place, row in enumerate(rows)
    ]


def _shade(domain: tuple[float, float]) -> dict[str, object]:
    return {
        "data": {"name": "differences"},
        "mark": {
            "type": "bar",
            "color": ACCENT,
            "opacity": 0.16,
            "height": 18,
            "yOffset": _MARK_DROP,
        },
        "encoding": {"x": _x("margin", domain), "x2": {"field": "right"}},
    }


def _zero(domain: tuple[float, float]) -> dict[str, object]:
    return {
        "data": {"name": "none"},
        "mark": {"type": "rule", "strokeDash": [3, 3], "color": INK, "opacity": 0.5},
        "encoding": {"x": _x("at", domain), "y": {"value": 0}, "y2": {"value": "height"}},
    }


def _labels(width: int) -> list[dict[str, object]]:
    return [
        {
            "data": {"name": "differences"},
            "mark": {
                "type": "text",
                "align": "left",
                "yOffset": -_LABEL_RISE,
                "limit": width - 190 if width == WIDE else width,
            },
            "encoding": {"x": {"value": 0}, "text": {"field": "label", "type": "nominal"}},
        },
        *(
            [
                {
                    "data": {"name": "differences"},
                    "mark": {
                        "type": "text",
                        "align": "right",
                        "yOffset": -_LABEL_RISE,
                        "opacity": 0.75,
                    },
                    "encoding": {
                        "x": {"value": width},
                        "text": {"field": "counts", "type": "nominal"},
                    },
                }
            ]
            if width == WIDE
            else []
        ),
    ]


def _marks(domain: tuple[float, float]) -> list[dict[str, object]]:
    return [
        {
            "data": {"name": "differences"},
            "mark": {
                "type": "tick",
                "orient": "vertical",
                "thickness": 2.5,
                "size": 18,
                "color": ACCENT,
                "opacity": 1,
                "yOffset": _MARK_DROP,
            },
            "encoding": {"x": _x("margin", domain)},
        },
        {
            "data": {"name": "differences"},
            "mark": {
                "type": "rule",
                "strokeWidth": 3,
                "color": INK,
                "opacity": 0.7,
                "yOffset": _MARK_DROP,
            },
            "encoding": {"x": _x("lower", domain), "x2": {"field": "upper"}},
        },
        _dots("datum.within", INK, domain),
        _dots("!datum.within", PAPER, domain),
    ]


def _dots(test: str, fill: str, domain: tuple[float, float]) -> dict[str, object]:
    return {
        "data": {"name": "differences"},
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
        "encoding": {"x": _x("difference", domain)},
    }


def _x(field: str, domain: tuple[float, float]) -> dict[str, object]:
    axis = {
        "labelExpr": "format(datum.value * 100, '~g')",
        "labelOverlap": True,
        "tickCount": 8,
        "title": "model minus baseline, in points",
    }
    scale = {"domain": list(domain), "nice": False, "zero": False}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": axis}
