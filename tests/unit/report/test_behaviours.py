# SPDX-License-Identifier: Apache-2.0
"""Measurements beside each other by behaviour: which belong together, and in which order."""

from __future__ import annotations

import dataclasses

from builders import a_measurement, an_attack
from builders_report import ATTACKS, a_log, gathered, named
from tiergate.evidence.conduct import Audit
from tiergate.evidence.measurement import AttackClass, Direction, Measurement, Variant
from tiergate.report.behaviours import (
    BehaviourGroup,
    Cell,
    behaviour_groups,
    eventful,
    histogram,
)
from tiergate.stats.audit import Adjudication

JAILBREAK = an_attack(AttackClass.JAILBREAK)


def groups(*found: Measurement) -> tuple[BehaviourGroup, ...]:
    evidence = gathered(a_log(*found))
    return behaviour_groups(evidence)


def a_cell(adverse: int, scored: int, unscored: int = 0) -> Cell:
    return Cell(adverse=adverse, scored=scored, unscored=unscored)


def test_measurements_of_one_metric_on_one_data_set_stand_together_under_their_numbers() -> None:
    (group,) = groups(
        a_measurement("cbrn.first"),
        named({"a": (1, 1, 0)}, attack=JAILBREAK),
        named({"a": (0, 1, 0)}, variant=Variant.WORST_CASE),
        a_measurement("safeguard.later", 0, 9),
    )

    assert (1, ATTACKS, "a set", Direction.HIGHER_IS_RISKIER) == (
        group.number,
        group.metric,
        group.dataset,
        group.direction,
    )
    assert [
        (
            2,
            Variant.WORST_CASE,
            "worst case, sustained fine-tuning: an attack by sustained fine-tuning",
        ),
        (3, Variant.AS_RELEASED, "as released, jailbreak: an attack by jailbreak"),
    ] == [(row.number, row.variant, row.label) for row in group.rows]


def test_a_measurement_without_an_attack_is_named_by_the_form_of_the_model() -> None:
    (group,) = groups(named({"a": (0, 1, 0)}))

    assert "as released" == group.rows[0].label


def test_what_names_no_behaviour_is_in_no_group() -> None:
    assert () == groups(a_measurement(), a_measurement(ATTACKS, 1, 9))


def test_a_name_on_another_data_set_is_another_behaviour() -> None:
    digest = dataclasses.replace(
        a_measurement().conduct, dataset_digest="sha256:other version of the set"
    )
    plain = named({"a": (1, 1, 0)})

    found = groups(
        plain,
        named({"a": (0, 1, 0)}, dataset="another set"),
        dataclasses.replace(plain, conduct=digest),
        named({"a": (0, 1, 0)}, dataset=""),
        dataclasses.replace(named({"a": (0, 1, 0)}, dataset=""), task="another task"),
        named({"a": (0, 1, 0)}, direction=Direction.HIGHER_IS_SAFER),
    )

    assert [1] * 6 == [len(group.rows) for group in found]
    assert [1, 2, 3, 4, 5, 6] == [group.number for group in found]
    assert {"a set", "another set", ATTACKS, "another task"} == {g.dataset for g in found}


def test_behaviours_come_first_where_most_measurements_then_most_attempts_are_adverse() -> None:
    first = {
        "clean": (0, 4, 0),
        "beaten once, often": (4, 4, 0),
        "beaten twice": (1, 4, 0),
        "beaten once": (1, 4, 0),
        "b unscored": (0, 3, 1),
        "also clean": (0, 4, 0),
    }
    second = dict.fromkeys(first, (0, 4, 0)) | {"beaten twice": (1, 4, 0)}

    (group,) = groups(named(first), named(second, attack=JAILBREAK))

    assert (
        "beaten twice",
        "beaten once, often",
        "beaten once",
        "b unscored",
        "also clean",
        "clean",
    ) == group.behaviours


def test_every_row_has_its_cells_in_the_same_order_and_a_gap_where_it_did_not_try() -> None:
    evidence = gathered(
        a_log(named({"a": (0, 2, 0), "b": (1, 2, 1)}, never_made=3)),
        a_log(named({"b": (2, 2, 0), "c": (1, 1, 0)}, attack=JAILBREAK)),
    )

    (group,) = behaviour_groups(evidence)

    assert ("b", "c", "a") == group.behaviours
    rows = {row.label: row for row in group.rows}
    plain, attacked = rows["as released"], rows["as released, jailbreak: an attack by jailbreak"]
    assert (a_cell(1, 2, 1), None, a_cell(0, 2)) == plain.cells
    assert (a_cell(2, 2), a_cell(1, 1), None) == attacked.cells
    assert (3, 0) == (plain.never_made, attacked.never_made)
    assert (1, 2) == (plain.hit, attacked.hit)
    assert (a_cell(1, 2, 1), a_cell(0, 2)) == plain.tried


def test_where_more_is_safer_a_failure_is_adverse() -> None:
    (group,) = groups(named({"a": (3, 4, 1), "b": (4, 4, 0)}, direction=Direction.HIGHER_IS_SAFER))

    assert (a_cell(1, 4, 1), a_cell(0, 4)) == group.rows[0].cells


def test_the_usual_number_of_attempts_is_the_most_common_and_then_the_largest() -> None:
    (group,) = groups(named({"a": (0, 5, 0), "b": (0, 4, 1), "c": (0, 9, 0), "d": (0, 1, 0)}))
    (even,) = groups(named({"a": (0, 2, 0), "b": (0, 3, 0)}))

    assert 5 == group.rows[0].usual_attempts
    assert 3 == even.rows[0].usual_attempts


def test_a_histogram_counts_behaviours_by_result_the_most_adverse_first() -> None:
    results = {
        "a": (0, 4, 0),
        "b": (1, 4, 0),
        "c": (0, 4, 0),
        "d": (1, 2, 0),
        "e": (0, 3, 1),
        "f": (0, 0, 4),
    }
    (group,) = groups(named(results))

    assert (
        (a_cell(1, 2), 1),
        (a_cell(1, 4), 1),
        (a_cell(0, 0, 4), 1),
        (a_cell(0, 3, 1), 1),
        (a_cell(0, 4), 2),
    ) == histogram(group.rows[0])


def test_behaviours_on_which_nothing_happened_are_not_listed() -> None:
    evidence = gathered(
        a_log(named({"a": (0, 2, 0), "b": (1, 2, 0), "c": (0, 1, 1)})),
        a_log(named({"a": (0, 2, 0), "b": (0, 2, 0)}, attack=JAILBREAK)),
    )
    (group,) = behaviour_groups(evidence)
    number = next(row.number for row in group.rows if row.label == "as released")

    assert (
        ("b", ((number, a_cell(1, 2)),)),
        ("c", ((number, a_cell(0, 1, 1)),)),
    ) == eventful(group)


def test_a_measurement_that_people_checked_says_so() -> None:
    audit = Audit(tallies=(Adjudication(clean=1),), seed="s", labelled_by="b")
    plain = named({"a": (0, 1, 0)})

    (group,) = groups(plain)
    (checked,) = groups(dataclasses.replace(plain, audit=audit))

    assert [False, True] == [g.rows[0].checked_by_people for g in (group, checked)]
