# SPDX-License-Identifier: Apache-2.0
"""What every chart of the page shares: its widths, its ink, and how it becomes text.

A chart is a Vega-Lite specification that has its data inside, so that a reader can
recompute the drawing. The drawing takes its ink from the page, needs no script and names
no font but the generic.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

WIDE, NARROW = 920, 330
"""Widths in pixels: for screens and paper, and for phones."""
INK, PAPER = "currentColor", "Canvas"
"""Ink and paper of the page that a chart stands on."""
DARK, WHITE = "#1b1f24", "#ffffff"
"""Ink and paper of a chart in a file of its own."""
ACCENT = "#d1495b"
"""The one colour that is not the page's ink; it stands out on light and on dark."""
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
CONFIG: Mapping[str, object] = {
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "gridColor": INK,
        "gridOpacity": 0.14,
        "labelFont": "sans-serif",
        "titleFont": "sans-serif",
        "titleFontWeight": "normal",
        "labelFontSize": 11,
        "titleFontSize": 11,
        "ticks": False,
        "domain": False,
    },
    "text": {"font": "sans-serif", "fontSize": 12, "color": INK},
}


def as_text(specification: Mapping[str, object]) -> str:
    """Return a specification as JSON that cannot end the element it stands in."""
    text = json.dumps(specification, sort_keys=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def as_drawing(specification: Mapping[str, object]) -> str:
    """Draw a specification as SVG that takes its ink from the page."""
    import vl_convert

    svg = str(vl_convert.vegalite_to_svg(dict(specification)))
    # A drawing says nothing that the words beside it do not say.
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def on_paper(specification: Mapping[str, object]) -> dict[str, object]:
    """Return a specification with dark ink on white, for a file that stands on no page."""
    return {**_inked(specification), "background": WHITE, "padding": 14}


def _inked(part: object) -> Any:  # noqa: ANN401 - JSON of any depth, of the same form
    if isinstance(part, Mapping):
        return {name: _inked(value) for name, value in part.items()}
    if isinstance(part, list):
        return [_inked(value) for value in part]
    return {INK: DARK, PAPER: WHITE}.get(part, part) if isinstance(part, str) else part
