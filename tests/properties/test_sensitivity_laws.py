# SPDX-License-Identifier: Apache-2.0
"""Laws of sensitivity: what is printed moves the tier, and one less does not."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from builders_decision import AT, subject
from properties.strategies import collections, policies
from tiergate.decision.evaluate import evaluate
from tiergate.decision.explanation import Side
from tiergate.decision.lapses import lapses
from tiergate.decision.policy import Policy
from tiergate.decision.sensitivity import Change, shifts, with_change
from tiergate.decision.tier import Tier
from tiergate.decision.whatif import WhatIf
from tiergate.evidence.collection import Collection, EvidenceDocument, MeasurementItem, collect
from tiergate.evidence.measurement import Counts

Documents = tuple[EvidenceDocument, ...]
STEP = Decimal("0.000001")


def supported(policy: Policy, evidence: Collection, at: datetime = AT) -> Tier:
    return evaluate(policy, evidence, at=at).supported


def items_of(evidence: Collection) -> dict[str, MeasurementItem]:
    return {
        f"{document.digest}#m{index}": MeasurementItem(
            id=f"{document.digest}#m{index}", measurement=found, document=document
        )
        for document in evidence.documents
        for index, found in enumerate(document.measurements)
    }


@settings(deadline=None, max_examples=40)
@given(policies(), collections())
def test_every_change_that_is_named_moves_the_tier_and_one_behaviour_less_does_not(
    policy: Policy, documents: Documents
) -> None:
    evidence = collect(subject(), documents)
    items, now = items_of(evidence), supported(policy, evidence)

    for shift in shifts(WhatIf(policy, evidence, AT)):
        item = items[shift.item]
        moved = supported(policy, with_change(evidence, item, shift.change, shift.count))
        less = supported(policy, with_change(evidence, item, shift.change, shift.count - 1))
        assert moved is shift.supported
        if shift.change.is_worse:
            assert moved.rank < now.rank <= less.rank
        else:
            assert moved.rank > now.rank >= less.rank


@settings(deadline=None, max_examples=40)
@given(policies(), collections(), st.data())
def test_other_counts_are_decided_as_the_evaluator_decides_them(
    policy: Policy, documents: Documents, data: st.DataObject
) -> None:
    evidence = collect(subject(), documents)
    counted = {
        k: i for k, i in items_of(evidence).items() if isinstance(i.measurement.value, Counts)
    }
    item = counted[data.draw(st.sampled_from(sorted(counted)))]
    change, count = data.draw(st.sampled_from(Change)), data.draw(st.integers(0, 300))

    other = with_change(evidence, item, change, count)

    found = WhatIf(policy, evidence, AT).with_evidence(other, item.measurement.metric)
    assert supported(policy, other) is found


@settings(deadline=None, max_examples=40)
@given(policies(), collections())
def test_every_limit_that_is_named_moves_the_tier_and_a_step_less_does_not(
    policy: Policy, documents: Documents
) -> None:
    evidence = collect(subject(), documents)
    found = WhatIf(policy, evidence, AT)
    now = found.supported()

    for moved in found.moving():
        nearer = STEP if moved.would_be < moved.limit else -STEP
        then, less = (
            found.with_limit(moved.metric, moved.limit, would_be, moved.scale)
            for would_be in (moved.would_be, moved.would_be + nearer)
        )
        assert then is moved.supported
        assert then is not now
        is_looser = (moved.would_be > moved.limit) is (moved.side is not Side.AT_LEAST)
        assert (then.rank > now.rank) is is_looser
        assert less.rank <= now.rank if is_looser else less.rank >= now.rank


def _aged(documents: Documents, days: list[int]) -> Documents:
    """The documents, each older by so many days."""
    return tuple(
        dataclasses.replace(
            found,
            measurements=tuple(
                dataclasses.replace(m, finished_at=m.finished_at - timedelta(days=older))
                for m in found.measurements
            ),
            claims=tuple(
                dataclasses.replace(c, made_at=c.made_at - timedelta(days=older))
                for c in found.claims
            ),
        )
        for found, older in zip(documents, days, strict=False)
    )


@settings(deadline=None, max_examples=40)
@given(
    policies(),
    collections(),
    st.lists(st.integers(0, 59), min_size=60, max_size=60),
    st.integers(0, 400),
)
def test_a_tier_stays_until_the_moment_that_is_named_and_falls_right_after(
    policy: Policy, documents: Documents, days: list[int], later: int
) -> None:
    evidence = collect(subject(), _aged(documents, days))
    then = AT + timedelta(days=later)
    expected = supported(policy, evidence)

    for lapse in lapses(policy, evidence, AT):
        assert expected is lapse.supported is supported(policy, evidence, lapse.until)
        after = supported(policy, evidence, lapse.until + timedelta(microseconds=1))
        assert lapse.supported.rank > after.rank
        assert after is lapse.then
        if then <= lapse.until:
            break
        expected = lapse.then
    assert expected is supported(policy, evidence, then)
