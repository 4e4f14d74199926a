# SPDX-License-Identifier: Apache-2.0
"""The table of grades says what the grades say, and falls short where the decision does."""

from __future__ import annotations

import re

import pytest

from builders import a_document, a_measurement, conducted
from builders_report import decided
from tiergate.decision.decision import Decision
from tiergate.decision.tier import Tier
from tiergate.evidence.conduct import NOTHING_STATED, Effort, GraderKind
from tiergate.evidence.grades import Dimension, grades, weakest
from tiergate.evidence.measurement import Variant
from tiergate.evidence.provenance import BindingLevel, ProducerRelation
from tiergate.report.graded import asked_for, asked_on_fast_path, grade_rows
from tiergate.report.measured import ordered

EXPLOITS = "cyber.end_to_end_exploits"
DOCUMENTS = (
    a_document(
        measurements=[
            a_measurement(EXPLOITS),
            a_measurement(EXPLOITS, variant=Variant.WORST_CASE),
            a_measurement(EXPLOITS, conduct=NOTHING_STATED),
            a_measurement(EXPLOITS, conduct=conducted(Effort.STATIC, GraderKind.MODEL)),
        ],
        level=BindingLevel.NAME,
        by=ProducerRelation.DEVELOPER,
    ),
    a_document(measurements=[a_measurement(EXPLOITS, 1, 7)], by=ProducerRelation.INDEPENDENT),
)


def test_every_measurement_has_its_eight_grades_under_its_number() -> None:
    decision, evidence = decided(*DOCUMENTS)

    rows = grade_rows(decision, evidence)

    items = ordered(evidence)
    assert list(range(1, len(items) + 1)) == [row.number for row in rows]
    for row, item in zip(rows, items, strict=True):
        found = grades(item, evidence)
        assert [(g.dimension, g.value, g.reason) for g in found] == [
            (cell.dimension, cell.value, cell.reason) for cell in row.cells
        ]
        assert (item.measurement.metric, item.measurement.setting.variant) == (
            row.metric,
            row.variant,
        )


def test_the_lowest_grades_are_marked_and_no_other() -> None:
    decision, evidence = decided(*DOCUMENTS)

    for row, item in zip(grade_rows(decision, evidence), ordered(evidence), strict=True):
        lowest = weakest(grades(item, evidence))
        marked = {cell.dimension for cell in row.cells if cell.is_weakest}
        assert {cell.dimension for cell in row.cells if cell.value == lowest.value} == marked
        assert lowest.dimension in marked


@pytest.mark.parametrize("tier", [tier for tier in Tier if tier is not Tier.T0])
def test_the_head_says_what_the_tier_asks_for_and_never_less_than_1(tier: Tier) -> None:
    decision, _ = decided(*DOCUMENTS, tier=tier)
    asked = decision.verdict(tier).definition.standards.minimum_grades

    assert [(d.value, max(1, asked.get(d, 1))) for d in Dimension] == list(asked_for(decision))


def reasons_by_item(decision: Decision, tier: Tier) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in decision.verdict(tier).requirements:
        for reading in (reading for node in row.walk() for reading in node.readings):
            found.setdefault(reading.item, set()).update(reading.set_aside)
    return found


@pytest.mark.parametrize("tier", [Tier.T1, Tier.T2, Tier.T4, Tier.T5, Tier.T6])
def test_a_grade_falls_short_on_the_page_where_it_does_in_the_decision(tier: Tier) -> None:
    decision, evidence = decided(*DOCUMENTS, tier=tier)
    reasons = reasons_by_item(decision, tier)

    rows = dict(zip((i.id for i in ordered(evidence)), grade_rows(decision, evidence), strict=True))

    assert reasons
    for item, texts in reasons.items():
        said = [re.match(r"(.+) graded (\d), (\d) asked for", text) for text in texts]
        assert {(m[1], int(m[2]), int(m[3])) for m in said if m} == {
            (str(cell.dimension), cell.value, cell.asked)
            for cell in rows[item].cells
            if cell.is_short
        }


def test_what_a_fast_path_asks_otherwise_is_named_and_nothing_else() -> None:
    decision, _ = decided(*DOCUMENTS, tier=Tier.T5)
    definition = decision.verdict(Tier.T5).definition
    without = decided(*DOCUMENTS, tier=Tier.T1)[0]

    assert definition.fast_path
    assert definition.standards.minimum_grades != definition.fast_standards.minimum_grades
    assert (("independence", 1), ("assurance", 1)) == asked_on_fast_path(decision)
    assert () == asked_on_fast_path(without)
