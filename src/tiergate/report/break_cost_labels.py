# SPDX-License-Identifier: Apache-2.0
"""Labels of the curves, where what was tested ends: the name and what is known."""

from __future__ import annotations

from tiergate.report.break_cost_marks import COLOURS, Frame, Layer, pixel
from tiergate.report.break_cost_words import label_of, short_statement
from tiergate.report.vega import PAPER

LABEL = 30
"""Pixels that a name with what is known below it takes."""


def labels(frame: Frame, height: int) -> list[Layer]:
    """Name each family at the edge of what was tested, with what is known of it."""
    ended = [curve for curve in frame.found.curves if curve.worst is not None]
    wanted = [(pixel(c.worst.rate, height), c) for c in ended if c.worst is not None]
    room = LABEL if len(wanted) <= height // LABEL else height / max(len(wanted), 1)
    is_two_lines = room >= 26
    places = spread([at for at, _ in wanted], room, height)
    rows = [
        {
            "at": place,
            "name": label_of(curve, is_wide=frame.is_wide),
            "known": short_statement(curve, frame.found.prices, is_wide=frame.is_wide),
            "colour": COLOURS[curve.family],
            "from": at,
            "left": frame.tested_pixels,
            "knee": frame.tested_pixels + 9,
        }
        for place, (at, curve) in zip(places, wanted, strict=True)
    ]
    literal = {"scale": None, "type": "quantitative"}
    colour = {"field": "colour", "type": "nominal", "scale": None}
    layers: list[Layer] = [
        {
            "data": {"values": rows},
            "mark": {"type": "rule", "strokeWidth": 1.2, "opacity": 0.9},
            "encoding": {
                "x": {"field": "left", **literal},
                "x2": {"field": "knee"},
                "y": {"field": "from", **literal},
                "y2": {"field": "at"},
                "color": colour,
            },
        },
    ]
    return [*layers, *_texts(frame, rows, is_two_lines=is_two_lines)]


def _texts(frame: Frame, rows: list[dict[str, object]], *, is_two_lines: bool) -> list[Layer]:
    """Write names, and what is known below, over a rim of paper that clears the hatching."""
    left = frame.tested_pixels + 13
    literal = {"scale": None, "type": "quantitative"}
    colour = {"field": "colour", "type": "nominal", "scale": None}
    text: Layer = {"type": "text", "align": "left", "opacity": 1}
    text["fontSize"] = 12 if frame.is_wide else 10.5
    layers: list[Layer] = []
    place = {"x": {"value": left}, "y": {"field": "at", **literal}}
    name: Layer = {**text, "fontWeight": "bold", "dy": -6 if is_two_lines else 0}
    known: Layer = {**text, "fontSize": 11 if frame.is_wide else 10, "dy": 7}
    texts = [("name", name, {"color": colour})] + ([("known", known, {})] if is_two_lines else [])
    for field, mark, further in texts:
        encoding = {**place, "text": {"field": field}}
        halo = {**mark, "stroke": PAPER, "strokeWidth": 4, "strokeJoin": "round", "color": PAPER}
        layers.append({"data": {"values": rows}, "mark": halo, "encoding": encoding})
        layers.append({"data": {"values": rows}, "mark": mark, "encoding": {**encoding, **further}})
    return layers


def spread(wanted: list[float], room: float, height: float) -> list[float]:
    """Move labels apart, so that each has ``room`` pixels, as little as possible.

    >>> spread([10, 12, 100], 20, 120)
    [10, 30, 100]
    """
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    found = [0.0] * len(wanted)
    low = room / 2
    for place in order:
        found[place] = low = max(wanted[place], low)
        low += room
    high = height - room / 2
    for place in reversed(order):
        found[place] = high = min(found[place], high)
        high -= room
    return found
