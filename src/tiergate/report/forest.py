# SPDX-License-Identifier: Apache-2.0
"""The forest plot: every measured rate with its bounds, against the limits it was held to.

The plot is a Vega-Lite specification with its data inside, so that a reader can
recompute it; the page shows it as SVG, drawn here, and needs no script.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from tiergate.decision.decision import Decision
from tiergate.decision.explanation import Reading, Scale
from tiergate.evidence.bounds import bounds
from tiergate.evidence.collection import Collection
from tiergate.evidence.measurement import Counts

_PLACES = Decimal("0.000001")
_ROW_HEIGHT = 34
_TICKS = (0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """One measured rate."""

    item: str
    """Id of the measurement."""
    label: str
    """Metric."""
    detail: str
    """Form of the model, attack and producer."""
    successes: int
    """Successes counted."""
    trials: int
    """Attempts planned."""
    lower: Decimal
    """One-sided lower bound."""
    upper: Decimal
    """One-sided upper bound."""
    limits: tuple[Decimal, ...]
    """Limits that it was held against, sorted."""


def forest_rows(decision: Decision, evidence: Collection) -> tuple[ForestRow, ...]:
    """Return one row per measurement that counted something, sorted by metric and id."""
    confidence = decision.tiers[-1].definition.standards.confidence
    limits = _limits(decision)
    rows = []
    for document in evidence.documents:
        for index, found in enumerate(document.measurements):
            if not isinstance(found.value, Counts):
                continue
            item = f"{document.digest}#m{index}"
            interval = bounds(found.value, confidence)
            attack = () if found.attack is None else (f"under {found.attack.name}",)
            rows.append(
                ForestRow(
                    item=item,
                    label=found.metric,
                    detail=" · ".join((found.setting.variant, *attack, document.producer.name)),
                    successes=found.value.successes,
                    trials=found.value.planned,
                    lower=Decimal(interval.lower).quantize(_PLACES, ROUND_FLOOR),
                    upper=Decimal(interval.upper).quantize(_PLACES, ROUND_CEILING),
                    limits=tuple(sorted(limits.get(item, set()))),
                )
            )
    return tuple(sorted(rows, key=lambda row: (row.label, row.item)))


def _limits(decision: Decision) -> dict[str, set[Decimal]]:
    found: dict[str, set[Decimal]] = {}
    for reading in readings_of(decision):
        if reading.scale is Scale.RATE and 0 < reading.limit < 1:
            found.setdefault(reading.item, set()).add(reading.limit)
    return found


def readings_of(decision: Decision) -> Iterator[Reading]:
    """Yield every reading in the decision, those of lower tiers first."""
    for verdict in decision.tiers:
        for row in (*verdict.requirements, *verdict.fast_path):
            yield from (reading for node in row.walk() for reading in node.readings)


def specification(rows: tuple[ForestRow, ...]) -> dict[str, object]:
    """Return the Vega-Lite specification of the plot, data inside."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": None,
        "width": 420,
        "height": _ROW_HEIGHT * max(1, len(rows)),
        "datasets": _datasets(rows),
        "encoding": {"y": {"field": "row", "type": "nominal", "sort": None, "axis": _ROW_AXIS}},
        "layer": [
            {
                "data": {"name": "measured"},
                "mark": _BAR,
                "encoding": {"x": {**_X, "field": "lower"}, "x2": {"field": "upper"}},
            },
            {
                "data": {"name": "measured"},
                "mark": _DOT,
                "encoding": {"x": {**_X, "field": "rate"}},
            },
            {
                "data": {"name": "limits"},
                "mark": _TICK,
                "encoding": {"x": {**_X, "field": "limit"}},
            },
        ],
        "config": _CONFIG,
    }


def _datasets(rows: tuple[ForestRow, ...]) -> dict[str, list[dict[str, object]]]:
    measured: list[dict[str, object]] = [
        {
            "row": _row_name(number, row),
            "successes": row.successes,
            "trials": row.trials,
            "lower": float(row.lower),
            "upper": float(row.upper),
            "rate": row.successes / row.trials if row.trials else None,
        }
        for number, row in enumerate(rows)
    ]
    limits: list[dict[str, object]] = [
        {"row": _row_name(number, row), "limit": float(limit)}
        for number, row in enumerate(rows)
        for limit in row.limits
    ]
    return {"measured": measured, "limits": limits}


_X: dict[str, object] = {
    "type": "quantitative",
    "scale": {"type": "sqrt", "domain": [0, 1]},
    "axis": {
        "values": _TICKS,
        "format": ".0%",
        "title": "rate of successes, square-root scale",
    },
}
# The words of a row stand beside the plot; the axis carries its number.
_ROW_AXIS = {
    "labelExpr": "toNumber(slice(datum.label, 0, 3))",
    "title": None,
    "grid": True,
    "labelPadding": 12,
}
_BAR = {"type": "rule", "strokeWidth": 3, "color": "currentColor", "opacity": 0.75}
_DOT = {"type": "point", "filled": True, "size": 60, "color": "currentColor", "opacity": 1}
_TICK = {"type": "tick", "thickness": 2, "size": 24, "color": "#d1495b"}
_AXIS = {
    "labelColor": "currentColor",
    "titleColor": "currentColor",
    "domainColor": "currentColor",
    "tickColor": "currentColor",
    "gridColor": "currentColor",
    "gridOpacity": 0.15,
    "labelFont": "sans-serif",
    "titleFont": "sans-serif",
    "titleFontWeight": "normal",
    "labelFontSize": 11,
    "titleFontSize": 11,
    "ticks": False,
    "domain": False,
}
_CONFIG: dict[str, object] = {"view": {"stroke": None}, "axis": _AXIS}


def _row_name(number: int, row: ForestRow) -> str:
    return f"{number + 1:03} {row.label}"


def draw(rows: tuple[ForestRow, ...]) -> str:
    """Draw the plot as SVG that takes its colour from the page."""
    import vl_convert

    svg = str(vl_convert.vegalite_to_svg(specification(rows)))
    # The drawing says nothing that the table beside it does not say in words.
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
