# SPDX-License-Identifier: Apache-2.0
"""The plot of differences: the bounds that decided, the margin, and what lies beyond it."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal
from typing import cast
from xml.etree import ElementTree as ET

import pytest

from builders_decision import AT, baseline, collection, counts, document, limit, measurement, policy
from builders_marginal import METRIC, NO, alike, compared, joined, margin
from tiergate.decision.decision import Decision
from tiergate.decision.evaluate import evaluate
from tiergate.decision.explanation import Scale
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Expression
from tiergate.decision.tier import Tier
from tiergate.evidence.collection import Collection, EvidenceDocument
from tiergate.evidence.measurement import Measurement
from tiergate.report import marginal_plot, vega
from tiergate.report.held import readings_of
from tiergate.report.marginal import DifferenceRow, difference_rows
from tiergate.report.marginal_view import marginal_view
from tiergate.report.wording import baseline_words


def given(check: Expression, *found: Measurement | EvidenceDocument) -> tuple[Decision, Collection]:
    evidence = collection(*found)
    return evaluate(policy({"R1": check}), evidence, at=AT, asked=Tier.T1), evidence


def rows_of(check: Expression, *found: Measurement | EvidenceDocument) -> tuple[DifferenceRow, ...]:
    return difference_rows(*given(check, *found))


def datasets(rows: tuple[DifferenceRow, ...]) -> dict[str, list[dict[str, object]]]:
    specification = json.loads(marginal_plot.specification_text(rows))
    return cast("dict[str, list[dict[str, object]]]", specification["datasets"])


def test_the_bounds_of_the_plot_are_those_that_decided() -> None:
    decision, evidence = given(margin(), document(alike(40, 400), alike(40, 400, over="other")))

    rows = difference_rows(decision, evidence)

    readings = list(readings_of(decision.verdict(Tier.T1)))
    assert sorted((r.lower, r.upper) for r in readings) == sorted((r.lower, r.upper) for r in rows)
    assert {"public", "other"} == {row.baseline for row in rows}
    assert {Decimal("0.05")} == {row.margin for row in rows}


SAID: dict[str, tuple[Measurement, Outcome, str]] = {
    "kept": (alike(40, 400), Outcome.MET, "adds no more than 5 points"),
    "broken": (alike(200, 400, alone=200), Outcome.NOT_MET, "adds more than 5 points"),
    "more than nothing": (
        alike(40, 400, alone=20),
        Outcome.UNDETERMINED,
        "adds something; that it is no more than 5 points was not shown",
    ),
    "too few": (
        alike(1, 40),
        Outcome.UNDETERMINED,
        "no difference was shown, which is not equivalence",
    ),
    "of no use": (
        compared(alike(40, 400), downloadable=False),
        Outcome.UNDETERMINED,
        "supports nothing: the baseline cannot be downloaded",
    ),
}


@pytest.mark.parametrize("case", SAID)
def test_each_difference_stands_there_in_a_sentence(case: str) -> None:
    found, outcome, said = SAID[case]

    (row,) = rows_of(margin(), found)

    assert (outcome, said) == (row.outcome, row.said)


def test_a_margin_over_a_baseline_is_drawn_where_both_are_joined() -> None:
    check = limit(METRIC, "0.05", scale=Scale.MARGIN)
    plain = measurement(METRIC, counts(40, 1000), comparison=baseline(counts(30, 1000)))

    (row,) = rows_of(check, alike(40, 400, alone=4))

    assert 0.01 == pytest.approx(row.difference)
    assert "40 of 400 against 36 of 400" == row.counts
    assert () == rows_of(check, plain)


def test_a_run_without_attempts_has_no_dot() -> None:
    (row,) = rows_of(margin(), joined(((0, 0, 0), NO, 40)))

    assert row.difference is None
    assert datasets((row,))["differences"][0]["difference"] is None


def test_the_shade_begins_at_the_margin_and_ends_with_the_plot() -> None:
    rows = rows_of(margin(), alike(40, 400, alone=20))
    specification = marginal_plot.specification(rows)

    (data,) = datasets(rows)["differences"]

    assert 0.05 == data["margin"]
    assert cast("float", data["right"]) > cast("float", data["upper"]) > 0.05
    assert data["within"] is False
    layers = cast("list[dict[str, object]]", specification["layer"])
    assert "bar" == cast("dict[str, object]", layers[0]["mark"])["type"]


@pytest.mark.parametrize("width", [vega.WIDE, vega.NARROW])
def test_it_is_drawn_without_scripts_and_without_requests(width: int) -> None:
    drawn = marginal_plot.draw(rows_of(margin(), alike(40, 400)), width)

    assert ET.fromstring(drawn).tag.endswith("svg")  # noqa: S314 - drawn here
    assert "<script" not in drawn
    assert ("40 of 400 against 40 of 400" in drawn) is (width == vega.WIDE)


def test_names_cannot_end_the_element_that_they_stand_in() -> None:
    hostile = compared(alike(40, 400), baseline_name="</script><b>")

    text = marginal_plot.specification_text(rows_of(margin(), hostile))

    assert "<" not in text


def test_a_page_without_differences_has_no_such_part() -> None:
    plain = measurement(METRIC, counts(0, 400))

    assert marginal_view(*given(limit(METRIC), plain)) is None
    view = marginal_view(*given(margin(), alike(40, 400)))
    assert view is not None
    assert 1 == len(view.rows)
    assert ["wide", "narrow"] == [name for name, _ in view.chart.drawings]


def test_rows_without_any_comparison_are_left_out() -> None:
    alone = dataclasses.replace(alike(40, 400), comparison=None)

    assert () == rows_of(margin(), alone)


def test_the_evidence_table_says_how_many_behaviours_both_tried() -> None:
    both, plain = alike(40, 400), compared(alike(40, 400), paired=None)

    words = [baseline_words(f.comparison) for f in (both, plain) if f.comparison is not None]

    assert ["public (downloadable): 40 of 400, 400 behaviours in both", words[1]] == words
    assert "public (downloadable): 40 of 400" == words[1]
