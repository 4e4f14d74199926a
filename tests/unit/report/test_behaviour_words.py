# SPDX-License-Identifier: Apache-2.0
"""Behaviours in words: counts first, then what bounds them."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from fractions import Fraction

import pytest

from builders import a_document, a_measurement, an_attack
from builders_report import a_decision, a_log, gathered, named
from tiergate.evidence.conduct import Audit
from tiergate.evidence.measurement import AttackClass, Direction, Variant
from tiergate.report.attackers import Attackers, Repeated
from tiergate.report.behaviour_words import (
    adverse_word,
    behaviour_views,
    cell_words,
    of_words,
    open_words,
    repeated_words,
    union_words,
)
from tiergate.report.behaviours import Cell
from tiergate.report.level import Level
from tiergate.stats.audit import Adjudication
from tiergate.stats.rates import Rate

ALONE = Level(confidence=Decimal("0.95"), tries=1)
UNION = Attackers(
    variant=Variant.AS_RELEASED,
    numbers=(1, 2),
    best=1,
    best_rate=Rate(2, 9),
    best_open=0,
    known=Rate(3, 9),
    union=Rate(3, 9),
    upper=Decimal("0.6551"),
    pooled=Rate(3, 18),
    pooled_open=0,
    level=ALONE,
    repeated=(),
)
REPEATED = Repeated(
    number=1,
    attempts=5,
    expected=Fraction(3),
    behaviours=9,
    fewer=0,
    upper=Decimal("0.6551"),
)


def test_a_bound_is_rounded_up_and_names_its_confidence() -> None:
    assert "at most 65.6 % of such behaviours (95 %)" == union_words(UNION)


def test_what_is_not_known_is_counted_before_the_bound_that_counts_it() -> None:
    found = dataclasses.replace(UNION, union=Rate(5, 11))

    assert (
        "5 of 11 with what was not scored, not tried or never made; "
        "at most 65.6 % of such behaviours (95 %)" == union_words(found)
    )


TRIES: dict[str, Repeated] = {
    "within 5 attempts: 3 of 9 behaviours; at most 65.6 % of such behaviours (95 %)": REPEATED,
    "within 5 attempts: about 3.3 of 9 behaviours; at most 65.6 % of such behaviours (95 %)": (
        dataclasses.replace(REPEATED, expected=Fraction(10, 3))
    ),
    (
        "within 5 attempts: 0 of 1 behaviour; at most 65.6 % of such behaviours (95 %), "
        "1 with fewer attempts counted against the model"
    ): dataclasses.replace(REPEATED, expected=Fraction(0), behaviours=1, fewer=1),
}


@pytest.mark.parametrize("words", TRIES)
def test_success_within_several_attempts_is_written_with_its_bound(words: str) -> None:
    assert words == repeated_words(TRIES[words], ALONE)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (Cell(adverse=2, scored=5, unscored=0), "2 of 5"),
        (Cell(adverse=2, scored=4, unscored=1), "2 of 5, 1 without a score"),
    ],
)
def test_a_cell_is_written_with_its_denominator(cell: Cell, words: str) -> None:
    assert words == cell_words(cell)


def test_counts_are_written_out_of_what() -> None:
    assert "3 of 9" == of_words(Rate(3, 9))
    assert ("", "; 2 more not known") == (open_words(0), open_words(2))


def test_what_speaks_against_the_model_depends_on_the_direction() -> None:
    assert "succeeded" == adverse_word(Direction.HIGHER_IS_RISKIER)
    assert "failed" == adverse_word(Direction.HIGHER_IS_SAFER)


def test_every_group_comes_with_its_drawings_and_its_specification() -> None:
    audit = Audit(tallies=(Adjudication(confirmed=1),), seed="s", labelled_by="b")
    attack = an_attack(AttackClass.PREFILL)
    evidence = gathered(
        a_log(
            dataclasses.replace(named({"a": (1, 1, 0)}), audit=audit),
            named({"a": (0, 1, 0)}, attack=attack),
        ),
        a_log(named({"a": (0, 1, 0)}, "cyber.sums")),
    )

    first, second = behaviour_views(a_decision(), evidence)

    assert ("cyber.sums", "safeguard.attack_success") == (first.group.metric, second.group.metric)
    assert ("behaviours-1-specification", "behaviours-2-specification") == (
        first.chart.id,
        second.chart.id,
    )
    assert ["wide", "narrow"] == [name for name, _ in first.chart.drawings]
    checked = [row.number for row in second.group.rows if row.checked_by_people]
    assert ((), tuple(checked)) == (first.people, second.people)
    assert 1 == len(checked)
    assert [(1, 2), (False, False)] == [
        (len(first.group.rows), len(second.group.rows)),
        (first.is_histogram, second.is_histogram),
    ]


def test_evidence_without_named_behaviours_has_no_group() -> None:
    evidence = gathered(a_document(measurements=[a_measurement()]))

    assert () == behaviour_views(a_decision(), evidence)
