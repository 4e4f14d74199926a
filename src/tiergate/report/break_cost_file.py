# SPDX-License-Identifier: Apache-2.0
"""The picture of attack success against attacker budget in files that stand by themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from tiergate.report import break_cost_plot
from tiergate.report.break_cost import BreakCost
from tiergate.report.escaping import shown
from tiergate.report.vega import on_paper

_SCALE = 2.0
"""Pixels of the PNG for each of the drawing, so that it stays sharp on a slide."""


def picture_files(
    found: BreakCost, *, title: str, about: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    """Yield the endings of the files, as ``svg``, with their contents.

    Dark ink on white, whatever shows it. The specification holds its data, so that a reader can
    draw it otherwise.

    Args:
        found: what to draw, with one curve at least.
        title: what a reader should know first.
        about: further lines: where knowledge ends, what the picture is about.
    """
    import vl_convert

    specification = on_paper(break_cost_plot.specification(found))
    heading: dict[str, Any] = dict(specification["title"])  # type: ignore[call-overload]
    heading |= {"text": str(shown(title)), "subtitle": [str(shown(line)) for line in about]}
    specification["title"] = heading | {"subtitlePadding": 6}
    text = json.dumps(specification, sort_keys=True, indent=1)
    yield "svg", (str(vl_convert.vegalite_to_svg(specification)) + "\n").encode()
    yield "png", bytes(vl_convert.vegalite_to_png(specification, scale=_SCALE))
    yield "vl.json", (text + "\n").encode()
