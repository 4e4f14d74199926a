# SPDX-License-Identifier: Apache-2.0
"""Logs of baselines beside the model's: joined in the same harness, refused in another."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from builders_decision import MEASURED_AT
from builders_marginal import CONFIDENCE, MAPPING, METRIC, SINCE, digest, log
from tiergate.errors import EvidenceError
from tiergate.evidence.added import added, keeping
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.comparing import BaselineRun, with_baselines
from tiergate.evidence.from_log import document_from_log
from tiergate.evidence.measurement import Comparison
from tiergate.evidence.pairing import tally_of
from tiergate.evidence.provenance import Producer, ProducerRelation
from tiergate.evidence.readers.base import ForeignLog

OWN = {"a": True, "b": True, "c": False, "d": None}
BASE = {"a": True, "b": False, "c": False, "e": False}


def own_document(found: ForeignLog) -> EvidenceDocument:
    maker = Producer(name="a team", organisation="", relation=ProducerRelation.SEPARATE_TEAM)
    return document_from_log(found, MAPPING, maker, found.binding)


def run(found: ForeignLog, **changes: object) -> BaselineRun:
    plain = BaselineRun(
        log=found, name="", digest="", downloadable_since=SINCE, source_url="https://example.org"
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


def beside(*baselines: BaselineRun) -> EvidenceDocument:
    return with_baselines(own_document(log("candidate", OWN)), MAPPING, baselines)


def comparison_of(found: EvidenceDocument, index: int = 0) -> Comparison:
    comparison = found.measurements[index].comparison
    assert comparison is not None
    return comparison


def test_a_baseline_is_joined_by_behaviour_with_all_that_its_log_says() -> None:
    found = comparison_of(beside(run(log("public", BASE))))

    assert (found.baseline_name, found.baseline_digest) == ("public", digest("public"))
    assert found.downloadable
    assert found.paired is not None
    assert found.paired.log_sha256 == digest("log of public")
    assert found.paired.task == "exploits 2"
    assert found.paired.tallies == (
        tally_of((0, 0, 0), (0, 1, 0), 1),
        tally_of((0, 0, 1), (0, 0, 0), 1),
        tally_of((0, 1, 0), (0, 1, 0), 1),
        tally_of((1, 1, 0), (0, 1, 0), 1),
        tally_of((1, 1, 0), (1, 1, 0), 1),
    )


def test_a_measurement_stands_once_beside_each_baseline() -> None:
    found = beside(run(log("one", BASE)), run(log("two", BASE)))

    assert [comparison_of(found, at).baseline_name for at in (0, 1)] == ["one", "two"]
    assert len(found.measurements) == 2


def test_what_somebody_states_goes_before_what_a_log_calls_a_baseline() -> None:
    stated = run(log("public", BASE), name="Public 7B", digest=digest("files"))

    found = comparison_of(beside(stated))

    assert ("Public 7B", digest("files")) == (found.baseline_name, found.baseline_digest)


def test_a_log_that_names_no_model_is_called_by_its_file() -> None:
    nameless = log("public", BASE)
    nameless = dataclasses.replace(
        nameless, binding=dataclasses.replace(nameless.binding, name="", root_digest="")
    )

    found = comparison_of(beside(run(nameless)))

    assert ("public.eval", "") == (found.baseline_name, found.baseline_digest)


@pytest.mark.parametrize(
    ("since", "downloadable"),
    [
        (MEASURED_AT.date(), True),
        (date(2027, 1, 1), False),
        (None, False),
    ],
    ids=str,
)
def test_a_baseline_is_downloadable_from_the_day_that_somebody_states(
    since: date | None,
    downloadable: bool,  # noqa: FBT001 - a column of the table
) -> None:
    found = comparison_of(beside(run(log("public", BASE), downloadable_since=since)))

    assert found.downloadable is downloadable


OTHER_HARNESS: dict[str, tuple[ForeignLog, str]] = {
    "another version of the task": (log("public", BASE, task_version="3"), "the task differs"),
    "another data set": (log("public", BASE, dataset="b"), "the data set differs"),
    "other sampling": (log("public", BASE, generation="temperature=1"), "the sampling differs"),
    "other elicitation": (log("public", BASE, elicitation="none"), "the elicitation differs"),
    "other graders": (log("public", BASE, graders=("a",)), "the model that grades differs"),
    "other behaviours": (log("public", {"x": True}), "no behaviour of the model's log"),
    "the model's own log": (log("candidate", OWN), "the model's own log"),
    "another run of the model": (
        log("public", BASE, root=digest("candidate")),
        "a run of the model itself",
    ),
    "another task": (log("public", BASE, task="other"), "no metric that the model's log has"),
}


@pytest.mark.parametrize("case", OTHER_HARNESS)
def test_a_log_that_is_no_baseline_in_the_same_harness_is_refused(case: str) -> None:
    other, reason = OTHER_HARNESS[case]
    own = own_document(log("candidate", OWN, root=digest("candidate")))

    with pytest.raises(EvidenceError, match=reason):
        with_baselines(own, MAPPING, [run(other)])


def test_that_neither_log_names_its_data_set_is_left_to_the_decision() -> None:
    own = own_document(log("candidate", OWN, dataset=""))

    found = with_baselines(own, MAPPING, [run(log("public", BASE, dataset=""))])

    assert comparison_of(found).paired is not None


def test_the_stated_digest_of_the_data_stands_in_for_a_name() -> None:
    entry = MAPPING.entries[0]
    conduct = entry.conduct.model_copy(update={"dataset_digest": digest("data")})
    mapping = MAPPING.model_copy(
        update={"entries": (entry.model_copy(update={"conduct": conduct}),)}
    )
    maker = Producer(name="a team", organisation="", relation=ProducerRelation.SEPARATE_TEAM)
    own = log("candidate", OWN, dataset="")
    filed = document_from_log(own, mapping, maker, own.binding)

    found = with_baselines(filed, mapping, [run(log("public", BASE, dataset=""))])

    paired = comparison_of(found).paired
    assert paired is not None
    assert paired.dataset == digest("data")


def test_a_metric_that_one_baseline_lacks_is_said() -> None:
    lacking = log("other", BASE, task="other")

    found = beside(run(log("public", BASE)), run(lacking))

    assert len(found.measurements) == 1
    assert [r.code for r in found.remarks][-1:] == ["baseline-lacks-metric"]


def test_a_baseline_that_has_a_metric_twice_is_refused() -> None:
    twice = log("public", BASE)
    twice = dataclasses.replace(twice, series=twice.series * 2)

    with pytest.raises(EvidenceError, match="from several series"):
        beside(run(twice))


def test_a_view_counts_pairs_and_what_one_side_alone_tried() -> None:
    (metric,) = added([beside(run(log("public", BASE)))], CONFIDENCE, 3)
    (row,) = metric.rows

    assert row.pairs is not None
    assert (1, 0, 2) == (row.pairs.first_only, row.pairs.second_only, row.pairs.alike)
    assert (2, 0.5, ()) == (row.one_sided, row.p_more, row.shortfalls)
    assert (metric.metric, metric.baselines, metric.shared_among) == (METRIC, 1, 3)
    assert row.bootstrap is not None
    assert row.lower < row.bootstrap[0] < 0 < row.bootstrap[1] <= 1
    assert 0.9 < row.upper < 1


def test_a_view_holds_counts_alone_to_nothing() -> None:
    found = beside(run(log("public", BASE)))
    plain = dataclasses.replace(comparison_of(found), paired=None)
    counted = dataclasses.replace(found.measurements[0], comparison=plain)

    (metric,) = added([dataclasses.replace(found, measurements=(counted,))], CONFIDENCE, 1)
    (row,) = metric.rows

    assert (None, None, None) == (row.pairs, row.p_more, row.bootstrap)
    assert (-1.0, 1.0) == (metric.lower, metric.upper)


def test_that_metrics_keep_a_margin_on_their_own_is_corrected_for_their_number() -> None:
    many = {str(number): False for number in range(100)}
    own = own_document(log("candidate", many))
    found = with_baselines(own, MAPPING, [run(log("public", many))]).measurements[0]
    names = ("cyber.one", "cyber.two", "cyber.three")
    measured = tuple(dataclasses.replace(found, metric=name) for name in names)
    rows = added([dataclasses.replace(own, measurements=measured)], CONFIDENCE, 1)
    upper = rows[0].upper

    exactly = keeping(rows, type(CONFIDENCE)(upper), CONFIDENCE)
    wider = keeping(rows, type(CONFIDENCE)("0.1"), CONFIDENCE)

    assert () == exactly
    assert sorted(names) == [metric for _, metric, _ in wider]
