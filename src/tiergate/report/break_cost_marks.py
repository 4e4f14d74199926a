# SPDX-License-Identifier: Apache-2.0
"""What the parts of the picture of attack success against attacker budget share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tiergate.evidence.measurement import AttackClass
from tiergate.report.break_cost import BreakCost
from tiergate.report.break_cost_scale import BudgetScale
from tiergate.report.vega import INK

Layer = dict[str, object]
"""A piece of a Vega-Lite specification."""
COLOURS: Mapping[AttackClass, str] = {
    AttackClass.ABLATION: "#3577d4",
    AttackClass.ADAPTER: "#d2620a",
    AttackClass.FINE_TUNING: "#a85fa8",
    AttackClass.QUANTISATION: "#0c9a74",
    AttackClass.PREFILL: "#b98a00",
    AttackClass.SYSTEM_PROMPT_REMOVAL: "#1ba3b8",
    AttackClass.JAILBREAK: "#8a8a2a",
    AttackClass.PRUNING: "#7f8792",
    AttackClass.STEERING: "#7b74d6",
    AttackClass.RELEARNING: "#b5547f",
    AttackClass.EMBEDDING: "#5f9f3c",
    AttackClass.MERGING: "#c0504d",
    AttackClass.OTHER: "#9a7b5c",
}
"""After M. Okabe and K. Ito's palette, at a lightness that shows on light and on dark. No family
rests on its colour: each is labelled where it ends."""
CROSS = "M-.4,-.4L.4,.4M.4,-.4L-.4,.4"
"""The shape of a point that does not count."""
_HATCH = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every part of the drawing needs to know."""

    found: BreakCost
    """What is shown."""
    scale: BudgetScale
    """Where budgets stand."""
    is_wide: bool
    """Whether there is room for whole sentences."""

    @property
    def tested_pixels(self) -> float:
        """Where knowledge ends, in pixels from the left."""
        return self.scale.pixels(self.scale.tested)


def up_to_edge(frame: Frame) -> Layer:
    """End a line where knowledge ends."""
    return {"x": {"value": 0}, "x2": {"value": frame.tested_pixels}}


def caption(text: str, y: float) -> Layer:
    """Write what a part shows, above it."""
    return {
        "data": {"values": [{"text": text}]},
        "mark": {"type": "text", "align": "left", "fontSize": 11, "opacity": 0.8},
        "encoding": {"x": {"value": 0}, "y": {"value": y}, "text": {"field": "text"}},
    }


def unknown(frame: Frame, height: int, text: str) -> list[Layer]:
    """Hatch what was not tested."""
    left, right = frame.tested_pixels, float(frame.scale.width)
    lines = []
    start = left - height + _HATCH
    while start < right:
        first, last = max(start, left), min(start + height, right)
        lines.append(
            {"x": first, "x2": last, "y": height - (first - start), "y2": height - (last - start)}
        )
        start += _HATCH
    literal = {"scale": None, "type": "quantitative"}
    hatch: Layer = {
        "data": {"values": lines},
        "mark": {"type": "rule", "color": INK, "opacity": 0.13},
        "encoding": {
            "x": {"field": "x", **literal},
            "x2": {"field": "x2"},
            "y": {"field": "y", **literal},
            "y2": {"field": "y2"},
        },
    }
    edge: Layer = {
        "data": {"values": [{"x": left}]},
        "mark": {"type": "rule", "color": INK, "opacity": 0.55, "strokeWidth": 1.2},
        "encoding": {"x": {"field": "x", **literal}},
    }
    words: Layer = {
        "data": {"values": [{"text": text}]},
        "mark": {"type": "text", "align": "right", "fontSize": 12, "fontWeight": "bold"},
        "encoding": {"x": {"value": right}, "y": {"value": -12}, "text": {"field": "text"}},
    }
    return [hatch, edge, *([words] if text else [])]


def literal_text(rows: list[dict[str, object]], mark: Layer) -> Layer:
    """Write texts at places given in pixels."""
    literal = {"scale": None, "type": "quantitative"}
    return {
        "data": {"values": rows},
        "mark": mark,
        "encoding": {
            "x": {"field": "x", **literal},
            "y": {"field": "y", **literal},
            "text": {"field": "text"},
        },
    }


def panel(frame: Frame, height: int, layers: list[Layer]) -> Layer:
    """Stack layers over the shared axis."""
    return {"width": frame.scale.width, "height": height, "layer": layers}


def place_x(frame: Frame, field: str) -> Layer:
    """Encode a budget."""
    scale = {
        "type": "linear",
        "domain": [frame.scale.low, frame.scale.high],
        "nice": False,
        "zero": False,
    }
    return {"field": field, "type": "quantitative", "scale": scale, "axis": None}


def rate_y(field: str) -> Layer:
    """Encode a share on a square-root scale, which leaves room for small ones."""
    scale = {"type": "sqrt", "domain": [0, 1]}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": None}


def pixel(rate: float, height: int) -> float:
    """Return where a share stands, in pixels from the top."""
    return height * (1 - math.sqrt(rate))
