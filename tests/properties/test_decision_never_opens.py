# SPDX-License-Identifier: Apache-2.0
"""Only evidence opens the gate: taking it away or making it worse never opens a tier."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import Phase, assume, event, given, seed, settings
from hypothesis import strategies as st

from builders_decision import (
    AT,
    OTHER_ROOT,
    attacked,
    claim,
    counts,
    document,
    measurement,
    registered,
    subject,
)
from properties.strategies import EXPECTED, GOOD, collections, policies, some_documents
from properties.worsening import WORSENINGS
from tiergate.decision.decision import Decision
from tiergate.decision.evaluate import evaluate
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Policy
from tiergate.decision.tier import Tier
from tiergate.evidence.collection import EvidenceDocument, collect
from tiergate.evidence.measurement import AttackClass, Direction, Variant
from tiergate.evidence.provenance import BindingLevel, Relation

Documents = tuple[EvidenceDocument, ...]


def decide(
    policy: Policy, documents: Iterable[EvidenceDocument], gone: Iterable[EvidenceDocument] = ()
) -> Decision:
    """Decide over documents that are all registered, and some that are registered and gone."""
    found = tuple(documents)
    return evaluate(policy, collect(subject(), found, registered([*found, *gone])), at=AT)


def some_of(documents: Sequence[EvidenceDocument], data: st.DataObject) -> Documents:
    """Draw one to three of them."""
    chosen = data.draw(st.sets(st.integers(0, len(documents) - 1), min_size=1, max_size=3))
    return tuple(documents[index] for index in sorted(chosen))


def assert_nothing_opened(before: Decision, after: Decision) -> None:
    """Nothing is met after that was not met before, and no wait has gone away."""
    event(f"{before.supported} before, {after.supported} after")
    assert before.supported.rank >= after.supported.rank
    for old, new in zip(before.tiers, after.tiers, strict=True):
        rows = zip(
            (old.outcome, *(row.outcome for row in (*old.requirements, *old.fast_path))),
            (new.outcome, *(row.outcome for row in (*new.requirements, *new.fast_path))),
            strict=True,
        )
        for was, now in rows:
            assert was is Outcome.MET or now is not Outcome.MET
        assert {c.text for c in old.conditions} <= {c.text for c in new.conditions}


@settings(deadline=None)
@given(policies(), collections(), st.data())
def test_evidence_that_is_taken_away_never_opens_a_tier(
    policy: Policy, documents: Documents, data: st.DataObject
) -> None:
    gone = some_of(documents, data)
    kept = [found for found in documents if found not in gone]

    assert_nothing_opened(decide(policy, documents), decide(policy, kept, gone))


@pytest.mark.parametrize("change", WORSENINGS)
@settings(max_examples=15, deadline=None)
@given(policies(), collections(), st.data())
def test_evidence_that_gets_worse_never_opens_a_tier(
    change: str, policy: Policy, documents: Documents, data: st.DataObject
) -> None:
    worse = {found.digest: WORSENINGS[change](found) for found in documents}
    able = [found for found in documents if worse[found.digest] is not None]
    assume(able)
    chosen = some_of(able, data)

    after = [(worse[d.digest] or d) if d in chosen else d for d in documents]

    assert_nothing_opened(decide(policy, documents), decide(policy, after))


@settings(deadline=None)
@given(policies(), collections(), st.sampled_from(sorted(WORSENINGS)), st.data())
def test_a_worse_version_does_not_open_a_tier_while_the_first_one_is_registered(
    policy: Policy, documents: Documents, change: str, data: st.DataObject
) -> None:
    chosen = documents[data.draw(st.integers(0, len(documents) - 1))]
    worse = WORSENINGS[change](chosen)
    assume(worse is not None)
    after = [worse if d is chosen and worse else d for d in documents]

    assert_nothing_opened(decide(policy, documents), decide(policy, after, [chosen]))


adverse_documents = st.builds(
    document,
    st.one_of(
        st.builds(
            measurement,
            metric=st.sampled_from(["cbrn.uplift", "cbrn.end_to_end", "cyber.exploit"]),
            value=st.sampled_from([counts(50, 50), counts(3, 3), counts(60, 60, attempts=1)]),
            variant=st.sampled_from(Variant),
        ),
        st.builds(
            measurement,
            metric=st.just("utility.refusal"),
            value=st.just(counts(0, 50)),
            direction=st.just(Direction.HIGHER_IS_SAFER),
        ),
        st.builds(attacked, value=st.just(counts(50, 50)), family=st.sampled_from(AttackClass)),
        st.sampled_from(sorted(EXPECTED)).map(lambda item: claim(item, holds=not EXPECTED[item])),
    ),
    # A result that is not tied to the weights supports nothing, not even "was measured".
    level=st.just(BindingLevel.NAME),
    relation=st.sampled_from([Relation.UNKNOWN, Relation.SERVED_ALIAS]),
    root=st.just(""),
)


@settings(deadline=None)
@given(policies(), collections(), adverse_documents)
def test_a_further_adverse_finding_never_opens_a_tier(
    policy: Policy, documents: Documents, adverse: EvidenceDocument
) -> None:
    before, after = decide(policy, documents), decide(policy, [*documents, adverse])

    assert_nothing_opened(before, after)


@settings(deadline=None)
@given(policies())
def test_without_evidence_no_tier_above_t0_is_supported(policy: Policy) -> None:
    decision = decide(policy, [])

    assert decision.supported is Tier.T0
    assert all(v.outcome is not Outcome.MET for v in decision.tiers if v.tier is not Tier.T0)
    assert decision.outcome is not Outcome.MET


@settings(deadline=None)
@given(policies(), collections())
def test_evidence_about_another_checkpoint_supports_nothing(
    policy: Policy, documents: Documents
) -> None:
    elsewhere = [
        document(
            *found.measurements,
            *found.claims,
            level=found.binding.level,
            relation=found.binding.relation,
            root=OTHER_ROOT,
        )
        for found in documents
    ]

    empty, decision = decide(policy, []), decide(policy, elsewhere)

    assert empty.tiers == decision.tiers
    assert empty.supported is decision.supported
    assert decision.elsewhere == tuple(sorted({found.digest for found in elsewhere}))


@settings(deadline=None)
@given(policies(), collections(), some_documents)
def test_evidence_about_another_checkpoint_changes_no_outcome(
    policy: Policy, documents: Documents, other: EvidenceDocument
) -> None:
    foreign = document(*other.measurements, *other.claims, root=OTHER_ROOT)

    assert decide(policy, documents).tiers == decide(policy, [*documents, foreign]).tiers


def test_the_policies_drawn_are_met_by_the_good_evidence() -> None:
    open_above: list[bool] = []

    @seed(1)
    @settings(max_examples=150, deadline=None, database=None, phases=[Phase.generate])
    @given(policies(), collections())
    def draw(policy: Policy, documents: Documents) -> None:
        open_above.append(decide(policy, documents).supported is not Tier.T0)

    draw()

    # A law about closing would hold of a gate that is never open.
    assert sum(open_above) / len(open_above) >= 0.25


@settings(max_examples=60, deadline=None)
@given(policies())
def test_the_good_evidence_supports_the_highest_tier_of_every_policy(policy: Policy) -> None:
    assert decide(policy, GOOD).supported is policy.tiers[-1].tier
