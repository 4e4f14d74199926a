# SPDX-License-Identifier: Apache-2.0
"""The plot of a group of measurements: a strip of cells each, one cell per behaviour.

Every strip has the behaviours in the same order and is broken into as many lines as the
width needs. Of too many behaviours each strip is a histogram instead: as many behaviours
as share a result make one piece, the adverse ones first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tiergate.report.behaviours import BehaviourGroup, BehaviourRow, histogram
from tiergate.report.escaping import shown
from tiergate.report.vega import ACCENT, CONFIG, INK, SCHEMA, WIDE, as_drawing, as_text

MOST_BEHAVIOURS = 400
"""With more, or with more than ``MOST_CELLS`` in all, strips are histograms."""
MOST_CELLS = 6000
_LEAST_CELL_WIDTH, _LARGEST_CELL_WIDTH = 6, 24
_LABEL, _LINE, _SPACE = 20, 16, 12
_FAINT, _SEEN = 0.1, 0.4
_FIELDS = ("place", "behaviours", "adverse", "scored", "unscored")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the cells of a strip stand."""

    per_line: int
    """Behaviours on a line."""
    lines: int
    """Lines of a strip."""
    cell_width: float
    """Width of one behaviour in pixels."""

    @property
    def strip_height(self) -> int:
        """Height of a strip with its label, in pixels."""
        return _LABEL + self.lines * _LINE + _SPACE


def is_histogram(group: BehaviourGroup) -> bool:
    """Tell whether there are too many behaviours for a cell each."""
    behaviours = len(group.behaviours)
    return behaviours > MOST_BEHAVIOURS or behaviours * len(group.rows) > MOST_CELLS


def layout_of(group: BehaviourGroup, width: int) -> Layout:
    """Break strips into lines of equal length that leave every cell wide enough."""
    behaviours = len(group.behaviours)
    if is_histogram(group):
        return Layout(per_line=behaviours, lines=1, cell_width=width / behaviours)
    lines = math.ceil(behaviours * _LEAST_CELL_WIDTH / width)
    per_line = math.ceil(behaviours / lines)
    # Whole pixels keep the edges sharp and the drawing short.
    cell_width = min(width // per_line, _LARGEST_CELL_WIDTH)
    return Layout(per_line=per_line, lines=lines, cell_width=cell_width)


def specification(group: BehaviourGroup, width: int = WIDE) -> dict[str, object]:
    """Return the Vega-Lite specification of the plot, data inside; ``width`` is in pixels."""
    layout = layout_of(group, width)
    return {
        "$schema": SCHEMA,
        "background": None,
        "width": width,
        "height": layout.strip_height * len(group.rows),
        "datasets": {
            "measured": [_measured(at, row) for at, row in enumerate(group.rows)],
            "cells": [_cells(at, row, group) for at, row in enumerate(group.rows)],
        },
        "layer": [*_labels(width, layout), *_marks(layout)],
        "config": CONFIG,
        "usermeta": {
            "metric": str(shown(group.metric)),
            "behaviours": [] if is_histogram(group) else [str(shown(b)) for b in group.behaviours],
        },
    }


def specification_text(group: BehaviourGroup) -> str:
    """Return the specification as JSON that cannot end the element it stands in."""
    return as_text(specification(group))


def draw(group: BehaviourGroup, width: int = WIDE) -> str:
    """Draw the plot as SVG that takes its ink from the page."""
    return as_drawing(specification(group, width))


def _measured(at: int, row: BehaviourRow) -> dict[str, object]:
    return {
        "strip": at,
        "number": row.number,
        "label": str(shown(f"{row.number}  {row.label}")),
        "counts": f"{row.hit} of {len(row.tried)}",
    }


def _cells(at: int, row: BehaviourRow, group: BehaviourGroup) -> dict[str, object]:
    """Write a strip as one list per field, which is a third of one object per cell."""
    pieces = _pieces(row) if is_histogram(group) else _single(row)
    columns = zip(*pieces, strict=True)
    return {"strip": at, **dict(zip(_FIELDS, (list(column) for column in columns), strict=True))}


def _single(row: BehaviourRow) -> list[tuple[int, int, int, int, int]]:
    return [
        (place, 1, cell.adverse, cell.scored, cell.unscored)
        for place, cell in enumerate(row.cells)
        if cell is not None
    ]


def _pieces(row: BehaviourRow) -> list[tuple[int, int, int, int, int]]:
    found, place = [], 0
    for cell, behaviours in histogram(row):
        found.append((place, behaviours, cell.adverse, cell.scored, cell.unscored))
        place += behaviours
    return found


def _labels(width: int, layout: Layout) -> list[dict[str, object]]:
    return [
        {
            "data": {"name": "measured"},
            "transform": [{"calculate": f"datum.strip * {layout.strip_height} + 8", "as": "top"}],
            "mark": {"type": "text", "align": align, "aria": False, **more},
            "encoding": {
                "x": {"value": left},
                "y": _pixels("top"),
                "text": {"field": field, "type": "nominal"},
            },
        }
        for field, align, left, more in (
            ("label", "left", 0, {"limit": width - 84}),
            ("counts", "right", width, {"opacity": 0.75}),
        )
    ]


def _marks(layout: Layout) -> list[dict[str, object]]:
    gap = 1 if layout.cell_width >= _LEAST_CELL_WIDTH - 1 else 0
    top = f"datum.strip * {layout.strip_height} + {_LABEL}"
    ink = f"{_SEEN} + {1 - _SEEN} * datum.adverse / datum.scored"
    places: list[dict[str, object]] = [
        {"flatten": list(_FIELDS)},
        {"calculate": f"floor(datum.place / {layout.per_line})", "as": "line"},
        {
            "calculate": f"(datum.place - datum.line * {layout.per_line}) * {layout.cell_width}",
            "as": "left",
        },
        {
            # One behaviour among thousands is still seen.
            "calculate": f"datum.left + max(1, datum.behaviours * {layout.cell_width} - {gap})",
            "as": "right",
        },
        {"calculate": f"{top} + datum.line * {_LINE}", "as": "top"},
        {"calculate": f"datum.top + {_LINE - 2}", "as": "bottom"},
        {"calculate": f"datum.adverse ? {ink} : {_FAINT}", "as": "ink"},
    ]
    return [
        _rectangles("datum.scored > 0", places, {"color": INK}, inked=True),
        _rectangles(
            "datum.unscored > 0",
            places,
            {"filled": False, "stroke": ACCENT, "strokeWidth": 1.5},
            inked=False,
        ),
    ]


def _rectangles(
    test: str, places: list[dict[str, object]], look: dict[str, object], *, inked: bool
) -> dict[str, object]:
    encoding = {
        "x": _pixels("left"),
        "x2": {"field": "right"},
        "y": _pixels("top"),
        "y2": {"field": "bottom"},
    }
    if inked:
        encoding["fillOpacity"] = {"field": "ink", "type": "quantitative", "scale": None}
    return {
        "data": {"name": "cells"},
        "transform": [*places, {"filter": test}],
        "mark": {"type": "rect", "aria": False, **look},
        "encoding": encoding,
    }


def _pixels(field: str) -> dict[str, object]:
    return {"field": field, "type": "quantitative", "scale": None, "axis": None}
