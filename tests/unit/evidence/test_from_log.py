# SPDX-License-Identifier: Apache-2.0
"""From rows to counts: a declared mapping decides, and what does not compare is unscored."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest
from pydantic import ValidationError

from builders_decision import MEASURED_AT, ROOT
from tiergate.errors import EvidenceError
from tiergate.evidence.conduct import Effort, GraderKind
from tiergate.evidence.conversion import read_document, write_document
from tiergate.evidence.findings import derived
from tiergate.evidence.from_log import document_from_log, interpret, named
from tiergate.evidence.mapping import MappingEntry, SuccessCondition, TaskMapping
from tiergate.evidence.measurement import AttackClass, Controls, Counts
from tiergate.evidence.provenance import (
    Binding,
    BindingLevel,
    Producer,
    ProducerRelation,
    Relation,
    Remark,
    SourceFile,
)
from tiergate.evidence.readers.base import ForeignLog, Row, Series

Score = str | bool | Decimal | None


def _row(value: Score, behaviour: str = "", *, errored: bool = False, attempt: int = 1) -> Row:
    return Row(sample=behaviour, attempt=attempt, value=value, errored=errored, limited=errored)


def _series(
    *rows: Row, task: str = "popularity", scorer: str = "match", planned: int = 0
) -> Series:
    named = [
        Row(
            sample=row.sample or str(index),
            attempt=row.attempt,
            value=row.value,
            errored=row.errored,
            limited=row.limited,
        )
        for index, row in enumerate(rows)
    ]
    return Series(
        task=task,
        task_version="2",
        dataset="questions",
        scorer=scorer,
        rows=tuple(named),
        planned=planned,
        superseded=1,
        elicitation="three examples",
        generation="temperature=0",
        finished_at=MEASURED_AT,
        samples_kept=len(named),
    )


def _log(*series: Series) -> ForeignLog:
    source = SourceFile(
        file_name="log.eval",
        sha256=ROOT,
        size_bytes=5,
        format="inspect-eval/2",
        reader="inspect_ai/1",
        tool="inspect_ai 0.3",
    )
    binding = Binding(level=BindingLevel.NAME, relation=Relation.UNKNOWN, name="model")
    remark = Remark(code="header-disagrees", message="1 of 2")
    return ForeignLog(source=source, binding=binding, series=series, remarks=(remark,))


def _mapping(**changes: object) -> TaskMapping:
    entry = {
        "task": "popularity",
        "metric": "cbrn.uplift",
        "domain": "cbrn",
        "direction": "higher is riskier",
        "success": {"equals": ["C"]},
        "success_means": "the answer is right",
        **changes,
    }
    return TaskMapping.model_validate({"format": "tiergate-mapping/1", "entries": [entry]})


PRODUCER = Producer(name="a", organisation="", relation=ProducerRelation.UNKNOWN)
BINDING = Binding(level=BindingLevel.RERUN, relation=Relation.IDENTICAL, name="m", root_digest=ROOT)

# What the mapping says, the raw score, and whether that is a success; None is unscored.
SUCCESS: dict[str, tuple[dict[str, object], str | bool | Decimal, bool | None]] = {
    "the value listed": ({"equals": ["C", "P"]}, "P", True),
    "a value of the same kind that is not listed": ({"equals": ["C"]}, "I", False),
    "text where a number is listed": ({"equals": [1]}, "1", None),
    "a number where text is listed": ({"equals": ["1"]}, Decimal(1), None),
    "a number where true is listed": ({"equals": [True]}, Decimal(1), None),
    "true where one is listed": ({"equals": [1]}, True, None),
    "the number listed": ({"equals": [1]}, Decimal("1.0"), True),
    "true where true is listed": ({"equals": [True]}, True, True),
    "false where true is listed": ({"equals": [True]}, False, False),
    "a number where both kinds are listed": ({"equals": [True, 1]}, Decimal(0), False),
    "at the smallest success": ({"at_least": "0.5"}, Decimal("0.5"), True),
    "below the smallest success": ({"at_least": "0.5"}, Decimal("0.4999"), False),
    "at the largest success": ({"at_most": "0.5"}, Decimal("0.5"), True),
    "above the largest success": ({"at_most": "0.5"}, Decimal("0.51"), False),
    "text against a number": ({"at_least": "0.5"}, "C", None),
    "true against a number": ({"at_most": "0.5"}, True, None),
    "not a number": ({"at_least": "0.5"}, Decimal("NaN"), None),
    "infinity": ({"at_most": "0.5"}, Decimal("-Infinity"), None),
}


@pytest.mark.parametrize("case", SUCCESS)
def test_a_raw_score_is_a_success_a_failure_or_no_score(case: str) -> None:
    condition, value, expected = SUCCESS[case]

    assert expected is SuccessCondition.model_validate(condition).holds(value)


BAD_CONDITIONS: dict[str, dict[str, object]] = {
    "nothing": {},
    "an empty list": {"equals": []},
    "two of the three": {"equals": ["C"], "at_least": 1},
    "an unknown one": {"above": 1},
}


@pytest.mark.parametrize("case", BAD_CONDITIONS)
def test_a_success_condition_is_exactly_one_of_the_three(case: str) -> None:
    with pytest.raises(ValidationError):
        SuccessCondition.model_validate(BAD_CONDITIONS[case])


def test_rows_are_counted_by_behaviour_and_never_averaged() -> None:
    rows = [
        _row("C", "a"),
        _row("I", "a", attempt=2),
        _row(None, "b", errored=True),
        _row("I", "c"),
    ]

    (found,) = interpret(_log(_series(*rows, planned=6)), _mapping()).measurements

    assert found.value == Counts.of(
        [(1, 2, 0), (0, 0, 1), (0, 1, 0)], planned=6, errored=1, limited=1, superseded=1
    )


def test_more_rows_than_were_planned_are_all_counted() -> None:
    (found,) = interpret(_log(_series(_row("C"), _row("C"), planned=1)), _mapping()).measurements

    assert found.value == Counts.of([(1, 1, 0)] * 2, superseded=1)


def test_a_measurement_says_how_it_was_made() -> None:
    mapping = _mapping(elicitation="tools on", variant="worst case", grader="a person")

    (found,) = interpret(_log(_series(_row("C"))), mapping).measurements

    assert ("popularity 2", "questions", "a person") == (found.task, found.dataset, found.grader)
    assert "three examples; tools on" == found.setting.elicitation
    assert ("worst case", "temperature=0") == (found.setting.variant, found.setting.generation)
    assert (MEASURED_AT, 1, None) == (found.finished_at, found.samples_kept, found.attack)


def test_the_scorer_of_the_log_decides_where_the_mapping_names_no_grader() -> None:
    (found,) = interpret(_log(_series(_row("C"), scorer="match")), _mapping()).measurements

    assert "match" == found.grader


def test_an_attack_of_the_mapping_goes_along() -> None:
    attack = {
        "name": "prefix",
        "attack_class": "prefill",
        "budget": {"usd": "20"},
        "controls": "passed",
    }

    (found,) = interpret(_log(_series(_row("C"))), _mapping(attack=attack)).measurements

    assert found.attack is not None
    assert (AttackClass.PREFILL, Controls.PASSED) == (
        found.attack.attack_class,
        found.attack.controls,
    )
    assert (Decimal(20), None) == (found.attack.budget.usd, found.attack.budget.steps)
    assert (None, None, None) == (
        found.attack.trials,
        found.attack.seeds,
        found.attack.longest_run_steps,
    )


def test_how_hard_an_attack_of_the_mapping_was_tried_goes_along() -> None:
    attack = {
        "name": "lora-in-domain",
        "attack_class": "small adapter",
        "budget": {"attempts": 2, "flop": 10**21},
        "trials": 4,
        "seeds": 3,
        "longest_run_steps": 1000,
        "search_budget": {"usd": "1500"},
    }

    (found,) = interpret(_log(_series(_row("C"))), _mapping(attack=attack)).measurements

    assert found.attack is not None
    assert (2, 10**21) == (found.attack.budget.attempts, found.attack.budget.flop)
    assert (4, 3, 1000) == (
        found.attack.trials,
        found.attack.seeds,
        found.attack.longest_run_steps,
    )
    assert "" == found.attack.suite
    assert found.attack.search_budget is not None
    assert Decimal(1500) == found.attack.search_budget.usd
    assert (2, Decimal(1500)) == (found.attack.credit.attempts, found.attack.credit.usd)


def test_an_attack_without_controls_says_that_none_were_run() -> None:
    attack = {"name": "prefix", "attack_class": "prefill"}

    (found,) = interpret(_log(_series(_row("C"))), _mapping(attack=attack)).measurements

    assert found.attack is not None
    assert Controls.NOT_RUN is found.attack.controls


def test_scores_that_do_not_compare_are_unscored_and_said() -> None:
    mapping = _mapping(success={"at_least": 1})

    found = interpret(_log(_series(_row("C"), _row(Decimal(1)), _row(None))), mapping)

    assert found.measurements[0].value == Counts.of([(0, 0, 1), (1, 1, 0), (0, 0, 1)], superseded=1)
    (remark,) = found.remarks
    assert "scores-do-not-compare" == remark.code
    assert "1 of 3 scores cannot be compared" in remark.message


def test_a_series_that_no_entry_names_is_unmapped_and_never_guessed() -> None:
    found = interpret(_log(_series(_row("C")), _series(_row("C"), task="poetry")), _mapping())

    assert ("poetry / match",) == found.unmapped
    assert 1 == len(found.measurements)


MATCHES: dict[str, tuple[dict[str, object], bool]] = {
    "by name": ({}, True),
    "by wildcard": ({"task": "pop*"}, True),
    "another tool": ({"tool": "lm_eval"}, False),
    "this tool": ({"tool": "inspect_*"}, True),
    "another scorer": ({"scorer": "model_graded"}, False),
    "in other capitals": ({"task": "Popularity"}, False),
}


@pytest.mark.parametrize("case", MATCHES)
def test_an_entry_is_about_a_task_and_a_scorer_of_a_tool(case: str) -> None:
    changes, expected = MATCHES[case]

    found = interpret(_log(_series(_row("C"))), _mapping(**changes))

    assert expected is bool(found.measurements)


def test_every_entry_that_matches_is_taken() -> None:
    entry = _mapping().entries[0]
    other = MappingEntry.model_validate({**dict(entry), "metric": "cbrn.other"})
    mapping = TaskMapping(format="tiergate-mapping/1", entries=(entry, other))

    found = interpret(_log(_series(_row("C"))), mapping)

    assert ["cbrn.uplift", "cbrn.other"] == [m.metric for m in found.measurements]


def test_a_log_becomes_a_document_that_can_be_read_again() -> None:
    poetry = _series(_row("C"), task="poetry")
    log = _log(_series(_row("C")), poetry)

    found = document_from_log(log, _mapping(), PRODUCER, BINDING)

    assert found == read_document(write_document(found), "document")
    assert (log.source, BINDING, PRODUCER) == (found.source, found.binding, found.producer)
    assert (*log.remarks, *derived(log)) == found.remarks
    assert ("poetry / match",) == found.unmapped


def test_a_log_of_which_the_mapping_names_nothing_is_refused() -> None:
    with pytest.raises(EvidenceError, match=r"unmapped: poetry / match\), expected at least one"):
        document_from_log(_log(_series(_row("C"), task="poetry")), _mapping(), PRODUCER, BINDING)


def test_a_log_without_series_is_refused() -> None:
    with pytest.raises(EvidenceError, match="unmapped: none"):
        document_from_log(_log(), _mapping(), PRODUCER, BINDING)


def test_results_stand_by_behaviour_beside_the_counts() -> None:
    rows = [_row("C", "b"), _row("I", "a"), _row("C", "a", attempt=2), _row(None, "c")]

    [found] = interpret(_log(_series(*rows)), _mapping()).measurements

    assert [("a", 1, 2, 0), ("b", 1, 1, 0), ("c", 0, 0, 1)] == [
        (r.behaviour, r.successes, r.scored, r.unscored) for r in found.behaviours
    ]
    assert isinstance(found.value, Counts)
    assert 3 == found.value.behaviours


def test_samples_that_test_one_behaviour_are_counted_as_one() -> None:
    rows = [_row("C", "goal-1"), _row("I", "goal-2"), _row("I", "other-1"), _row("I", "alone")]

    [found] = interpret(_log(_series(*rows)), _mapping(behaviour="^(.+)-[0-9]+$")).measurements

    assert ["alone", "goal", "other"] == [r.behaviour for r in found.behaviours]


def test_a_cluster_that_the_log_names_is_a_behaviour() -> None:
    rows = tuple(
        Row(sample=f"s{n}", attempt=1, value="I", cluster="goal" if n < 3 else "") for n in range(4)
    )
    series = dataclasses.replace(_series(_row("I")), rows=rows, planned=4)

    [found] = interpret(_log(series), _mapping()).measurements

    assert ["goal", "s3"] == [r.behaviour for r in found.behaviours]


def test_an_id_that_is_a_text_of_its_own_stays_out_of_documents() -> None:
    assert "suite/7" == named("suite/7")
    assert named("a whole prompt").startswith("sha256:")
    assert named("a whole prompt") != named("another prompt")
    assert named("x" * 81).startswith("sha256:")


def test_how_a_task_was_conducted_is_taken_from_the_mapping() -> None:
    conduct = {"effort": "adaptive attack", "grader_kind": "rule", "task_commit": "abc"}

    [found] = interpret(_log(_series(_row("C"))), _mapping(conduct=conduct)).measurements

    assert (Effort.ADAPTIVE, GraderKind.RULE) == (found.conduct.effort, found.conduct.grader_kind)
    assert "abc" == found.conduct.task_commit


BAD_MAPPINGS: dict[str, dict[str, object]] = {
    "a misspelt field": {"sucess_means": "x"},
    "no meaning": {"success_means": ""},
    "a pattern that is none": {"behaviour": "("},
    "a pattern without a group": {"behaviour": "^x"},
    "a pattern with two groups": {"behaviour": "(x)(y)"},
    "an effort that is none": {"conduct": {"effort": "some"}},
    "more found than there are": {
        "conduct": {
            "grader_validation": {
                "positives": 1,
                "positives_found": 2,
                "negatives": 1,
                "negatives_cleared": 1,
                "same_distribution": True,
                "source": "people",
            }
        }
    },
    "a metric without a domain": {"metric": "uplift"},
    "a budget below nothing": {
        "attack": {"name": "x", "attack_class": "prefill", "budget": {"usd": -1}}
    },
}


@pytest.mark.parametrize("case", BAD_MAPPINGS)
def test_a_mapping_with_a_mistake_is_refused(case: str) -> None:
    with pytest.raises(ValidationError):
        _mapping(**BAD_MAPPINGS[case])


def test_a_mapping_of_another_version_is_refused() -> None:
    with pytest.raises(ValidationError):
        TaskMapping.model_validate({"format": "tiergate-mapping/2", "entries": []})
