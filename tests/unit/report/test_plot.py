# SPDX-License-Identifier: Apache-2.0
"""The plot shows the numbers of the decision, and nothing that the page cannot carry."""

from __future__ import annotations

import dataclasses
import json
import re
from decimal import Decimal
from typing import cast
from xml.etree import ElementTree as ET

import pytest

from builders import AT, a_document, a_measurement, a_subject, an_attack
from builders_default import POLICY
from tiergate.decision.decision import Decision
from tiergate.decision.evaluate import evaluate
from tiergate.decision.explanation import Scale
from tiergate.decision.tier import Tier
from tiergate.evidence.collection import Collection, collect
from tiergate.evidence.measurement import (
    AttackClass,
    Controls,
    Counts,
    Measurement,
    Quantity,
    Variant,
)
from tiergate.report import plot, vega
from tiergate.report.forest import ForestRow, forest_rows
from tiergate.report.held import readings_of

EXPLOITS = "cyber.end_to_end_exploits"
SQUARE_ROOT_OF_A_HALF = 0.7071


def given(*found: Measurement) -> tuple[Decision, Collection]:
    evidence = collect(a_subject(), (a_document(measurements=found),))
    return evaluate(POLICY, evidence, at=AT, asked=Tier.T5), evidence


def datasets(rows: tuple[ForestRow, ...]) -> dict[str, list[dict[str, object]]]:
    return cast(
        "dict[str, list[dict[str, object]]]", json.loads(plot.specification_text(rows))["datasets"]
    )


def a_row(**changes: object) -> ForestRow:
    row = ForestRow(
        item="x#m0",
        number=1,
        metric=EXPLOITS,
        setting="worst case",
        successes=1,
        planned=2,
        lower=Decimal("0.1"),
        upper=Decimal("0.9"),
        limits=(Decimal("0.5"),),
        can_support=True,
    )
    return dataclasses.replace(row, **changes)  # type: ignore[arg-type]


def test_the_bounds_of_the_plot_are_those_of_the_decision() -> None:
    decision, evidence = given(
        a_measurement(EXPLOITS, 50, 410, variant=Variant.WORST_CASE),
        a_measurement("safeguard.attack_success", 3, 59, attack=an_attack(AttackClass.PREFILL)),
    )

    rows = {row.item: row for row in forest_rows(decision, evidence)}

    readings = [r for r in readings_of(decision.verdict(Tier.T5)) if r.scale is Scale.RATE]
    assert {reading.item for reading in readings} == set(rows)
    for reading in readings:
        row = rows[reading.item]
        assert (reading.lower, reading.upper) == (row.lower, row.upper)
        assert (reading.successes, reading.trials) == (row.successes, row.planned)
        assert reading.limit in row.limits or reading.limit == 1


def test_the_specification_carries_the_counts_and_the_limits() -> None:
    decision, evidence = given(a_measurement(EXPLOITS, 50, 410))

    data = datasets(forest_rows(decision, evidence))

    (measured,) = data["measured"]
    assert ("50 of 410", 50, 410) == (
        measured["counts"],
        measured["successes"],
        measured["planned"],
    )
    assert 50 / 410 == measured["rate"]
    assert [0.01, 0.1] == [row["limit"] for row in data["limits"]]


def test_a_measurement_without_attempts_has_a_bar_over_everything_and_no_dot() -> None:
    decision, evidence = given(a_measurement(value=Counts.of([])))

    (measured,) = datasets(forest_rows(decision, evidence))["measured"]

    assert (0, 1, None) == (measured["lower"], measured["upper"], measured["rate"])


def test_quantities_have_no_row_and_keep_their_number() -> None:
    hours = Quantity(lower=Decimal(1), upper=Decimal(3), unit="hours", method="bootstrap")
    decision, evidence = given(
        a_measurement("safeguard.attack_success", 0, 9, attack=an_attack(AttackClass.PREFILL)),
        a_measurement("loss_of_control.task_horizon", value=hours),
        a_measurement(EXPLOITS, 0, 9),
    )

    rows = forest_rows(decision, evidence)

    assert [(1, EXPLOITS), (3, "safeguard.attack_success")] == [(r.number, r.metric) for r in rows]


def test_a_run_with_failed_controls_is_drawn_as_one_that_supports_nothing() -> None:
    void = an_attack(AttackClass.PREFILL, controls=Controls.FAILED)
    decision, evidence = given(
        a_measurement("safeguard.attack_success", 0, 400, attack=void),
        a_measurement("safeguard.attack_success", 0, 300, attack=an_attack(AttackClass.PREFILL)),
    )

    rows = forest_rows(decision, evidence)

    assert {400: False, 300: True} == {row.planned: row.can_support for row in rows}


def test_a_metric_that_no_limit_reads_has_no_limit_and_supports_none() -> None:
    decision, evidence = given(a_measurement("cyber.unheard_of", 0, 9))

    (row,) = forest_rows(decision, evidence)

    assert ((), False) == (row.limits, row.can_support)


def test_the_attack_is_named_beside_the_form_of_the_model() -> None:
    decision, evidence = given(
        a_measurement("safeguard.attack_success", 0, 9, attack=an_attack(AttackClass.ADAPTER))
    )

    (row,) = forest_rows(decision, evidence)

    assert "as released, small adapter" == row.setting


@pytest.mark.parametrize("width", [vega.WIDE, vega.NARROW])
def test_the_drawing_puts_bounds_dot_and_limit_where_they_belong(width: int) -> None:
    drawing = plot.draw((a_row(lower=Decimal("0.25"), upper=Decimal("0.81")),), width)

    bar = re.search(r'"rule mark" transform="translate\(([\d.]+),[\d.]+\)" x2="([\d.]+)"', drawing)
    assert bar is not None
    start, length = float(bar[1]), float(bar[2])
    assert pytest.approx([0.5, 0.9], abs=0.001) == [start / width, (start + length) / width]
    dot = re.search(r'aria-roledescription="point"[^>]*translate\(([\d.]+)', drawing)
    tick = re.search(r'aria-roledescription="tick"[^>]*M([\d.]+),', drawing)
    assert dot is not None
    assert tick is not None
    assert pytest.approx(SQUARE_ROOT_OF_A_HALF, abs=0.001) == float(dot[1]) / width
    assert pytest.approx(SQUARE_ROOT_OF_A_HALF, abs=0.01) == float(tick[1]) / width


def test_the_drawing_takes_its_ink_from_the_page_and_names_no_font_but_the_generic() -> None:
    drawing = plot.draw((a_row(), a_row(number=2, can_support=False)))

    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawing))
    fonts = set(re.findall(r'font-family="([^"]+)"', drawing))
    assert {"currentColor", "Canvas", vega.ACCENT} == colours - {"none", "transparent"}
    assert {"sans-serif"} == fonts
    assert "url(" not in drawing
    assert "href" not in drawing.replace("xmlns:xlink", "")


def test_the_drawing_is_well_formed_and_says_the_counts() -> None:
    root = ET.fromstring(plot.draw((a_row(setting="a < b & c"),)))  # noqa: S314 - drawn here

    said = [text.strip() for text in root.itertext() if text.strip()]
    assert "1 of 2" in said
    assert f"1  {EXPLOITS}, a < b & c" in said
    assert "true" == root.get("aria-hidden")


@pytest.mark.parametrize("name", ["</code><script>", "a & b", "\u202e\x1b"])
def test_the_specification_cannot_end_the_element_that_it_stands_in(name: str) -> None:
    text = plot.specification_text((a_row(metric=name),))

    assert not set("<>&\x1b\u202e") & set(text)
    assert json.loads(text)["datasets"]["measured"][0]["label"].startswith("1  ")


def test_the_plot_grows_with_its_rows() -> None:
    heights = [
        plot.specification(tuple(a_row(number=n) for n in range(count)))["height"]
        for count in (0, 1, 2)
    ]

    assert heights[0] == heights[1]
    assert heights[2] == 2 * cast("int", heights[1])
