# SPDX-License-Identifier: Apache-2.0
"""The plot of behaviours: one cell each, in the same place in every strip, and honest ink."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from typing import cast
from xml.etree import ElementTree as ET

import pytest

from builders import an_attack
from builders_report import Result, a_log, gathered, named
from tiergate.evidence.measurement import AttackClass
from tiergate.report import cells, vega
from tiergate.report.behaviours import BehaviourGroup, behaviour_groups

WIDTHS = (vega.WIDE, vega.NARROW)
FAINT = 0.1


def a_group(*results: dict[str, Result]) -> BehaviourGroup:
    kinds = [kind for kind in AttackClass if kind is not AttackClass.NONE]
    found = (named(r, attack=an_attack(kind)) for r, kind in zip(results, kinds, strict=False))
    (group,) = behaviour_groups(gathered(*(a_log(m) for m in found)))
    return group


def many(number: int, *, hits: int = 1) -> dict[str, Result]:
    return {f"b{n:05}": (int(n < hits), 1, 0) for n in range(number)}


def data(group: BehaviourGroup) -> dict[str, list[dict[str, object]]]:
    text = cells.specification_text(group)
    return cast("dict[str, list[dict[str, object]]]", json.loads(text)["datasets"])


def rectangles(drawing: str) -> list[tuple[float, float, float, float, str]]:
    pattern = r'd="M([\d.]+),([\d.]+)h([\d.]+)v([\d.]+)h-[\d.]+Z" ((?:fill|stroke)=[^/]*)'
    return [
        (float(m[1]), float(m[2]), float(m[3]), float(m[4]), m[5])
        for m in re.finditer(pattern, drawing)
        if "currentColor" in m[5] or vega.ACCENT in m[5]
    ]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("behaviours", [1, 2, 55, 56, 100, 153, 154, 400])
def test_every_cell_is_wide_enough_and_every_line_fits(behaviours: int, width: int) -> None:
    group = a_group(many(behaviours))

    layout = cells.layout_of(group, width)

    assert layout.cell_width >= 5
    assert layout.per_line * layout.cell_width <= width
    assert (layout.lines - 1) * layout.per_line < behaviours <= layout.lines * layout.per_line


@pytest.mark.parametrize("width", WIDTHS)
def test_a_behaviour_has_the_same_place_in_every_strip(width: int) -> None:
    everywhere = many(100, hits=100)
    some = {name: result for name, result in everywhere.items() if int(name[1:]) % 3 == 0}
    group = a_group(everywhere, some)

    drawn = rectangles(cells.draw(group, width))

    height = cells.layout_of(group, width).strip_height
    strips = [{(x, y % height) for x, y, *_ in drawn if y // height == at} for at in (0, 1)]
    assert sorted([len(everywhere), len(some)]) == sorted(map(len, strips))
    assert min(strips, key=len) < max(strips, key=len)


def test_the_ink_grows_with_the_share_and_none_is_told_from_one() -> None:
    group = a_group({f"b{n}": (n, 5, 0) for n in range(6)})

    drawn = sorted(rectangles(cells.draw(group)))

    found = [float(m[1]) for *_, look in drawn if (m := re.search(r'opacity="([\d.]+)"', look))]
    assert group.behaviours == ("b5", "b4", "b3", "b2", "b1", "b0")
    assert pytest.approx([1, 0.88, 0.76, 0.64, 0.52, FAINT]) == found


def test_an_attempt_without_a_score_has_a_frame_and_ink_is_for_what_was_scored() -> None:
    group = a_group({"a": (1, 1, 0), "b": (1, 1, 1), "c": (0, 0, 2), "d": (0, 1, 0)})

    drawn = rectangles(cells.draw(group))

    framed = sorted(x for x, *_, look in drawn if vega.ACCENT in look)
    inked = sorted(x for x, *_, look in drawn if "currentColor" in look)
    places = {name: at for at, name in enumerate(group.behaviours)}
    width = cells.layout_of(group, vega.WIDE).cell_width
    assert sorted(places[name] * width for name in "bc") == framed
    assert sorted(places[name] * width for name in "abd") == inked


def test_what_was_not_tried_has_no_cell() -> None:
    group = a_group({"a": (1, 1, 0), "b": (0, 1, 0)}, {"b": (0, 1, 0)})

    drawn = rectangles(cells.draw(group))

    assert 3 == len(drawn)


def test_the_specification_keeps_counts_names_and_order() -> None:
    group = a_group({"clean": (0, 3, 0), "hit": (2, 3, 1)})

    found = data(group)

    assert [
        {
            "strip": 0,
            "place": [0, 1],
            "behaviours": [1, 1],
            "adverse": [2, 0],
            "scored": [3, 3],
            "unscored": [1, 0],
        }
    ] == found["cells"]
    (measured,) = found["measured"]
    assert ("1 of 2", 1) == (measured["counts"], measured["number"])
    kept = json.loads(cells.specification_text(group))["usermeta"]
    assert {"metric": group.metric, "behaviours": ["hit", "clean"]} == kept


def test_more_than_400_behaviours_are_drawn_as_a_histogram() -> None:
    group = a_group(many(401, hits=10))

    assert not cells.is_histogram(a_group(many(400)))
    assert cells.is_histogram(group)
    assert {
        "strip": 0,
        "place": [0, 10],
        "behaviours": [10, 391],
        "adverse": [1, 0],
        "scored": [1, 1],
        "unscored": [0, 0],
    } == data(group)["cells"][0]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_piece_of_a_histogram_is_as_long_as_there_are_behaviours(width: int) -> None:
    group = a_group(many(500, hits=100))

    hit, clean = sorted(rectangles(cells.draw(group, width)))

    assert pytest.approx([0, width / 5], abs=1.1) == [hit[0], hit[2]]
    assert pytest.approx([width / 5, width * 4 / 5], abs=1.1) == [clean[0], clean[2]]


def test_a_single_behaviour_among_thousands_can_still_be_seen() -> None:
    group = a_group(many(5000, hits=1))

    drawn = sorted(rectangles(cells.draw(group, vega.NARROW)))

    assert drawn[0][2] >= 1


def test_very_many_cells_in_all_are_drawn_as_a_histogram_too() -> None:
    group = a_group(many(400))
    rows = group.rows * (cells.MOST_CELLS // 400 + 1)

    assert cells.is_histogram(dataclasses.replace(group, rows=rows))


def test_the_drawing_takes_its_ink_from_the_page_and_is_hidden_from_readers_of_words() -> None:
    group = a_group({"a": (1, 2, 0), "b": (0, 1, 1)})
    drawing = cells.draw(group)

    root = ET.fromstring(drawing)  # noqa: S314 - drawn here
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawing))
    fonts = set(re.findall(r'font-family="([^"]+)"', drawing))
    assert {"currentColor", vega.ACCENT} == colours - {"none", "transparent"}
    assert {"sans-serif"} == fonts
    assert "true" == root.get("aria-hidden")
    said = [text.strip() for text in root.itertext() if text.strip()]
    assert ["1  as released, jailbreak: an attack by jailbreak", "1 of 2"] == said


@pytest.mark.parametrize("name", ["</code><script>", "a & b", "\u202e\x1b"])
def test_the_specification_cannot_end_the_element_that_it_stands_in(name: str) -> None:
    text = cells.specification_text(a_group({name: (1, 1, 0)}))

    assert not set("<>&\x1b\u202e") & set(text)
    assert 1 == len(json.loads(text)["usermeta"]["behaviours"])


def test_the_plot_grows_with_its_strips_and_their_lines() -> None:
    one, two = a_group(many(100)), a_group(many(100), many(100, hits=2))

    heights = [cells.specification(g, w)["height"] for g in (one, two) for w in WIDTHS]

    assert [2 * height for height in cast("list[int]", heights[:2])] == heights[2:]
    assert cast("int", heights[0]) < cast("int", heights[1])
    assert math.isfinite(cast("int", heights[0]))
