# SPDX-License-Identifier: Apache-2.0
"""Laws of single pieces of evidence: weak praise is worth nothing, and runs cannot be hidden."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from builders_decision import (
    AT,
    MEASURED_AT,
    ROOT,
    attacked,
    counts,
    document,
    limit,
    measurement,
    scene,
    subject,
)
from properties.strategies import collections, policies, some_counts
from tiergate.decision.decision import Decision
from tiergate.decision.evaluate import evaluate
from tiergate.decision.judging import judge
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Policy
from tiergate.evidence.collection import EvidenceDocument, collect
from tiergate.evidence.conversion import with_digest
from tiergate.evidence.grades import Dimension, grades
from tiergate.evidence.measurement import AttackClass, Counts, Direction, Variant
from tiergate.evidence.provenance import BindingLevel, Relation
from tiergate.evidence.runs import PlannedRun

Documents = tuple[EvidenceDocument, ...]

clean = st.sampled_from([counts(0, 50), counts(0, 400), counts(0, 3000), counts(0, 90, attempts=4)])
praise = st.builds(
    document,
    st.one_of(
        st.builds(
            measurement,
            metric=st.sampled_from(["cbrn.uplift", "cbrn.end_to_end", "cyber.exploit"]),
            value=clean,
            variant=st.sampled_from(Variant),
        ),
        st.builds(
            measurement,
            metric=st.just("utility.refusal"),
            value=st.just(counts(500, 500)),
            direction=st.just(Direction.HIGHER_IS_SAFER),
        ),
        st.builds(attacked, value=clean, family=st.sampled_from(AttackClass), usd=st.just("9000")),
    ),
    level=st.sampled_from([BindingLevel.NAME, BindingLevel.MUTABLE_REVISION]),
    relation=st.sampled_from(Relation),
    root=st.sampled_from(["", ROOT]),
    organisation=st.sampled_from(["one", "two", "a third"]),
)


def outcomes(decision: Decision) -> list[object]:
    return [
        decision.supported,
        *(
            outcome
            for verdict in decision.tiers
            for outcome in (
                verdict.outcome,
                *(row.outcome for row in (*verdict.requirements, *verdict.fast_path)),
            )
        ),
        tuple((band.reached, band.not_ruled_out) for band in decision.bands),
    ]


def decide(
    policy: Policy, documents: Iterable[EvidenceDocument], runs: Iterable[PlannedRun] = ()
) -> Decision:
    return evaluate(policy, collect(subject(), documents, runs=runs), at=AT)


@settings(deadline=None)
@given(policies(), collections(), praise)
def test_a_clean_result_on_weights_that_nobody_can_name_changes_no_outcome(
    policy: Policy, documents: Documents, weak: EvidenceDocument
) -> None:
    before, after = decide(policy, documents), decide(policy, [*documents, weak])

    assert outcomes(before) == outcomes(after)


def a_run(metric: str, number: int = 0) -> PlannedRun:
    return PlannedRun(
        id=f"{number:016x}",
        root_digest=ROOT,
        metric=metric,
        variant=Variant.WORST_CASE,
        task="task 1",
        behaviours=10,
        plan="",
        registered_at=MEASURED_AT - timedelta(days=1),
    )


@settings(deadline=None)
@given(
    policies(),
    collections(),
    st.lists(st.sampled_from(["cbrn.uplift", "cyber.exploit", "utility.refusal"]), max_size=5),
)
def test_a_registered_run_that_is_not_shown_never_opens_a_tier(
    policy: Policy, documents: Documents, metrics: list[str]
) -> None:
    runs = [a_run(metric, number) for number, metric in enumerate(metrics)]
    before, after = decide(policy, documents), decide(policy, documents, runs)

    assert before.supported.rank >= after.supported.rank
    shown = [text for text in after.not_assessed if "registered and never shown" in text]
    assert len(runs) == len(shown)


@settings(deadline=None)
@given(some_counts, st.integers(1, 4), st.sampled_from(["", "f" * 16]))
def test_a_log_of_a_claim_that_names_none_of_its_registered_runs_is_noticed(
    value: Counts, registered: int, run: str
) -> None:
    plain = document(measurement("cbrn.uplift", value))
    found = with_digest(dataclasses.replace(plain, run=run))
    runs = [a_run("cbrn.uplift", number) for number in range(registered)]
    evidence = collect(subject(), [found], runs=runs)

    [item] = evidence.measurements("cbrn.uplift")

    assert evidence.run_of(item) is None
    assert tuple(runs) == evidence.unseen_runs("cbrn.uplift", Variant.WORST_CASE)
    precision = {g.dimension: g.value for g in grades(item, evidence)}[Dimension.PRECISION]
    assert precision < 3


@settings(deadline=None)
@given(st.lists(some_counts, min_size=1, max_size=4), st.sampled_from(["0.05", "0.3"]))
def test_of_several_measurements_of_one_thing_the_worst_decides(
    found: list[Counts], value: str
) -> None:
    documents = [
        document(measurement("cbrn.uplift", one), organisation=f"house {number}")
        for number, one in enumerate(found)
    ]
    check = limit("cbrn.uplift", value)

    together = judge(check, scene(collect(subject(), documents))).outcome
    alone = [judge(check, scene(collect(subject(), [one]))).outcome for one in documents]

    if Outcome.NOT_MET in alone:
        assert Outcome.NOT_MET is together
    elif together is Outcome.MET:
        assert Outcome.MET in alone
    assert together is judge(check, scene(collect(subject(), documents[::-1]))).outcome


def test_the_praise_that_is_drawn_would_open_a_tier_if_it_were_tied_to_the_weights() -> None:
    tied = document(measurement("cbrn.uplift", counts(0, 400)))
    weak = document(measurement("cbrn.uplift", counts(0, 400)), level=BindingLevel.NAME)

    check = limit("cbrn.uplift")

    assert Outcome.MET is judge(check, scene(collect(subject(), [tied]))).outcome
    assert Outcome.UNDETERMINED is judge(check, scene(collect(subject(), [weak]))).outcome
