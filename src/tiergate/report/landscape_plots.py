# SPDX-License-Identifier: Apache-2.0
"""The charts of the landscape as Vega-Lite specifications with their data."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from tiergate.landscape.cases import Cost
from tiergate.landscape.frontier import Known, Weights
from tiergate.landscape.practice import Developer
from tiergate.landscape.vintage import Row
from tiergate.report.charts import Chart
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

Specification = dict[str, object]
_LEAST_USD = 0.1
_LABEL = {"font": "sans-serif", "fontSize": 11.5}


def drawn(name: str, make: Callable[[int], Specification]) -> Chart:
    """Return a chart for wide and for narrow places; ``make`` takes the width in pixels."""
    return Chart(
        id=f"{name}-specification",
        drawings=tuple(
            (place, Markup(as_drawing(make(width))))  # noqa: S704 - SVG escapes its text
            for place, width in (("wide", WIDE), ("narrow", NARROW))
        ),
        specification=Markup(as_text(make(WIDE))),  # noqa: S704 - escapes itself
    )


def _framed(width: int, height: int, layers: list[Specification]) -> Specification:
    return {
        "$schema": SCHEMA,
        "background": None,
        "width": width - 44,
        "height": height,
        "layer": layers,
        "config": CONFIG,
    }


def timeline(closed: Sequence[Known], opened: Sequence[Known], end: str) -> Chart:
    """Draw the best closed and the best open model over time, each with its interval.

    Args:
        closed: closed models that each set a record, the oldest first.
        opened: the same of models that can be downloaded.
        end: the day up to which the last record is drawn.
    """

    def make(width: int) -> Specification:
        layers: list[Specification] = []
        for name, records, colour in (("closed", closed, INK), ("open", opened, ACCENT)):
            layers += _steps(name, records, end, colour, is_wide=width >= WIDE)
        return _framed(width, 420 if width >= WIDE else 340, layers)

    return drawn("timeline", make)


def _steps(
    name: str, records: Sequence[Known], end: str, colour: str, *, is_wide: bool
) -> list[Specification]:
    rows = [_record(model) for model in records]
    steps = [*rows, {**rows[-1], "released": end}] if rows else []
    x = {
        "field": "released",
        "type": "temporal",
        "title": None,
        "axis": {"format": "%Y", "tickCount": "year", "labelFlush": True},
    }
    y = {
        "field": "index",
        "type": "quantitative",
        "title": "capability index" if is_wide else None,
        "scale": {"zero": False},
    }
    mark = {"interpolate": "step-after", "color": colour}
    low, high = {**y, "field": "low"}, {"field": "high"}
    return [
        {
            "data": {"values": steps},
            "mark": {"type": "area", "opacity": 0.15, **mark},
            "encoding": {"x": x, "y": low, "y2": high},
        },
        {
            "data": {"values": steps},
            "mark": {"type": "line", "strokeWidth": 2, **mark},
            "encoding": {"x": x, "y": y},
        },
        {
            "data": {"values": rows},
            "mark": {"type": "point", "filled": True, "size": 34, "color": colour, "opacity": 1},
            "encoding": {"x": x, "y": y},
        },
        {
            "data": {"values": [{**steps[-1], "text": name}] if steps else []},
            "mark": {
                "type": "text", "align": "right", "dy": -16 if name == "closed" else 46,
                "fontWeight": "bold", "color": colour, **_LABEL,
            },
            "encoding": {"x": x, "y": y, "text": {"field": "text"}},
        },
    ]  # fmt: skip


def _record(model: Known) -> dict[str, object]:
    return {
        "model": model.name,
        "released": model.released.isoformat(),
        "index": model.index,
        "low": model.row.number("index_low") if model.row["index_low"] else None,
        "high": model.row.number("index_high") if model.row["index_high"] else None,
        "row": model.row.id,
    }


def licence_strip(models: Sequence[Known]) -> Chart:
    """Draw every model that can be downloaded by capability, a strip for each licence class."""
    order = [weights.value for weights in Weights if weights.is_open]
    rows = [
        {
            "model": model.name,
            "index": model.index,
            "weights": model.weights.value,
            "row": model.row.id,
        }
        for model in models
    ]

    def make(width: int) -> Specification:
        y = {"field": "weights", "type": "nominal", "sort": order, "title": None, "axis": None}
        return _framed(
            width,
            180,
            [
                {
                    "data": {"values": rows},
                    "mark": {"type": "tick", "color": INK, "opacity": 0.6, "thickness": 2},
                    "encoding": {
                        "x": {
                            "field": "index",
                            "type": "quantitative",
                            "title": "capability index",
                            "scale": {"zero": False},
                        },
                        "y": y,
                    },
                },
                {
                    "data": {"values": [{"weights": name} for name in order]},
                    "mark": {"type": "text", "align": "left", "dy": -24, **_LABEL},
                    "encoding": {"x": {"value": 0}, "y": y, "text": {"field": "weights"}},
                },
            ],
        )

    return drawn("licences", make)


def cost_plot(costs: Sequence[Cost]) -> Chart:
    """Draw what attacks cost in US dollars, on a logarithmic scale."""
    rows = [
        {
            "at": max(cost.usd, _LEAST_USD),
            "usd": cost.usd,
            "label": f"{cost.model}: {cost.method}",
            "cost": f"{cost.cost}{cost.row.mark}",
            "computed": cost.is_computed,
            "row": cost.row.id,
        }
        for cost in costs
        if cost.usd is not None
    ]

    def make(width: int) -> Specification:
        y: Specification = {"field": "row", "type": "nominal", "sort": None, "axis": None}
        x: Specification = {
            "field": "at",
            "type": "quantitative",
            "title": "US dollars (left edge: about nothing)",
            "scale": {"type": "log", "domain": [_LEAST_USD, 10000]},
            "axis": {"values": [1, 10, 100, 1000, 10000], "format": ",d"},
        }
        text = {"type": "text", "align": "left", "limit": width - 50, **_LABEL}
        return _framed(
            width,
            max(1, len(rows)) * 62,
            [
                {
                    "data": {"values": rows},
                    "mark": {"type": "rule", "opacity": 0.2, "color": INK, "yOffset": 12},
                    "encoding": {"y": y, "x": {"value": 0}, "x2": {"value": width - 44}},
                },
                _dots("datum.computed", PAPER, rows, x, y),
                _dots("!datum.computed", ACCENT, rows, x, y),
                {
                    "data": {"values": rows},
                    "mark": {**text, "dy": -18},
                    "encoding": {"x": {"value": 0}, "y": y, "text": {"field": "label"}},
                },
                {
                    "data": {"values": rows},
                    "mark": {**text, "dy": -3, "opacity": 0.75},
                    "encoding": {"x": {"value": 0}, "y": y, "text": {"field": "cost"}},
                },
            ],
        )

    return drawn("costs", make)


def _dots(
    test: str,
    fill: str,
    rows: list[dict[str, object]],
    x: Specification,
    y: Specification,
) -> Specification:
    return {
        "data": {"values": rows},
        "transform": [{"filter": test}],
        "mark": {
            "type": "point", "size": 90, "fill": fill, "stroke": ACCENT, "strokeWidth": 2,
            "opacity": 1, "yOffset": 12,
        },
        "encoding": {"x": x, "y": y},
    }  # fmt: skip


def two_axes(placed: Sequence[tuple[Developer, Row, int]], most: int) -> Chart:
    """Draw how open a developer's model is against how much of its safety work is published.

    Args:
        placed: developers with the row of their model in the openness index, and how many of
            its parts are open.
        most: how many parts the index looks at.
    """
    places: dict[tuple[int, int], list[str]] = {}
    for developer, _, parts in placed:
        places.setdefault((parts, len(developer.of_safety)), []).append(developer.name)
    rows = [
        {"open": x, "safety": y, "names": own, "together": ", ".join(own)}
        for (x, y), names in sorted(places.items())
        for own in [sorted(names, key=str.casefold)]
    ]

    sizes = sorted({len(names) for names in places.values()})

    def make(width: int) -> Specification:
        is_wide = width >= WIDE
        x = _axis("open", "parts of the model that are open", most)
        y = _axis("safety", "safety practices that are published", 5)
        return _framed(
            width,
            520 if is_wide else 880,
            [
                {
                    "data": {"values": rows},
                    "mark": {
                        "type": "point",
                        "filled": True,
                        "size": 80,
                        "color": ACCENT,
                        "opacity": 1,
                    },
                    "encoding": {"x": x, "y": y},
                },
                *(_names(rows, lines, x, y, is_wide=is_wide) for lines in sizes),
            ],
        )

    return drawn("axes", make)


def _names(
    rows: Sequence[object], lines: int, x: Specification, y: Specification, *, is_wide: bool
) -> Specification:
    """Name the points that stand for ``lines`` developers, a line for each."""
    place = {"align": "center", "baseline": "bottom", "dy": -9 - 12 * (lines - 1)}
    # Where there is little room the names stand upright over their point.
    upright = {"align": "left", "baseline": "middle", "angle": 270, "dx": 9, "fontSize": 10}
    return {
        "data": {"values": rows},
        "transform": [{"filter": f"datum.names.length == {lines}"}],
        "mark": {
            "type": "text",
            "lineHeight": 12,
            "color": INK,
            **_LABEL,
            **(place if is_wide else upright),
        },
        "encoding": {"x": x, "y": y, "text": {"field": "names" if is_wide else "together"}},
    }


def _axis(field: str, title: str, most: int) -> Specification:
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "scale": {"domain": [-0.8, most + 0.9]},
        "axis": {"values": list(range(most + 1)), "format": "d"},
    }
