# SPDX-License-Identifier: Apache-2.0
"""The page of the grades says what the program grades and what the default policy asks for."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from builders_decision import CONDUCT, attacked, baseline, collection, counts, document, measurement
from tiergate.decision.policy import Standards
from tiergate.decision.policy_document import load_policy
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.conduct import Access, Coverage, Effort
from tiergate.evidence.grades import HIGHEST, Dimension, grades
from tiergate.evidence.measurement import AttackClass, Measurement
from tiergate.evidence.provenance import BindingLevel, ProducerRelation

PAGE = (Path(__file__).parents[2] / "docs" / "explanation" / "grades.md").read_text("utf-8")
METRIC = "safeguard.refusals"


def _rows(heading: str) -> dict[str, list[str]]:
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("| ")
    ]
    return {row[0]: row[1:] for row in cells}


SCALE = {name.partition(":")[0]: cells for name, cells in _rows("The scale").items()}
ASKED = _rows("What the default policy asks")
POLICY = load_policy("default")


def _standards() -> Iterator[tuple[str, Standards]]:
    for tier in POLICY.tiers:
        yield tier.tier, tier.standards
        if tier.fast_path:
            yield f"{tier.tier} by the fast path", tier.fast_standards


def test_the_scale_has_a_row_for_every_dimension_and_a_cell_for_every_grade() -> None:
    assert [*Dimension] == [name for name in SCALE if name != "dimension"]
    assert {HIGHEST + 1} == {len(cells) for cells in SCALE.values()}


@pytest.mark.parametrize(("row", "standards"), [pytest.param(*s, id=s[0]) for s in _standards()])
def test_what_the_default_policy_asks_is_what_the_page_says(row: str, standards: Standards) -> None:
    asked = [max(1, standards.minimum_grades.get(dimension, 1)) for dimension in Dimension]

    assert asked == [int(cell) for cell in ASKED[row]]


def test_the_page_asks_for_nothing_that_the_default_policy_does_not() -> None:
    assert {"tier", *(row for row, _ in _standards())} == ASKED.keys()


def _conducted(**changes: object) -> Measurement:
    return measurement(METRIC, conduct=dataclasses.replace(CONDUCT, **changes))  # type: ignore[arg-type]


def _with_effort(effort: Effort) -> EvidenceDocument:
    fine_tuned = attacked(family=AttackClass.FINE_TUNING).attack
    return document(dataclasses.replace(_conducted(effort=effort), attack=fine_tuned))


def _with_coverage(coverage: Coverage) -> EvidenceDocument:
    compared = baseline(counts(0, 100))
    return document(dataclasses.replace(_conducted(coverage=coverage), comparison=compared))


def _stated() -> Iterator[tuple[Dimension, str, EvidenceDocument]]:
    """Yield every word that the scale gives a place, with evidence that keeps what it states."""
    for level in BindingLevel:
        yield Dimension.BINDING, level, document(_conducted(), level=level)
    for effort in Effort:
        yield Dimension.ELICITATION, effort, _with_effort(effort)
    for access in Access:
        yield Dimension.ACCESS, access, document(_conducted(access=access))
    for coverage in Coverage:
        yield Dimension.COVERAGE, coverage, _with_coverage(coverage)
    for relation in ProducerRelation:
        yield Dimension.INDEPENDENCE, relation, document(_conducted(), by=relation)


@pytest.mark.parametrize(
    ("dimension", "word", "found"), [pytest.param(*s, id=f"{s[0]}: {s[1]}") for s in _stated()]
)
def test_a_word_stands_in_the_cell_of_its_grade(
    dimension: Dimension, word: str, found: EvidenceDocument
) -> None:
    evidence = collection(found)
    (item,) = evidence.measurements(METRIC)

    (value,) = (g.value for g in grades(item, evidence) if g.dimension is dimension)

    cells = [f"`{word}`" in cell for cell in SCALE[dimension]]
    assert [grade == value for grade in range(HIGHEST + 1)] == cells


@pytest.mark.parametrize("dimension", sorted({dimension for dimension, *_ in _stated()}))
def test_the_scale_names_no_word_that_nothing_can_state(dimension: Dimension) -> None:
    words = {word for stated, word, _ in _stated() if stated is dimension}

    assert words == set(re.findall(r"`([^`]+)`", " ".join(SCALE[dimension])))
