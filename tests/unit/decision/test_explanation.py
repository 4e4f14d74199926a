# SPDX-License-Identifier: Apache-2.0
"""Walking the tree of reasons: what blocks, and what speaks against."""

from __future__ import annotations

from builders_decision import claim, document, judged, limit
from tiergate.decision.explanation import Explanation
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import AllOf, AnyOf
from tiergate.decision.requirements.claim import ClaimMade

YES, NO, UNKNOWN = (ClaimMade(item=item) for item in ("yes", "no", "unknown"))
EVIDENCE = (claim("yes"), claim("no", holds=False))


def _titles(found: Explanation) -> list[str]:
    return [node.title for node in found.blockers()]


def test_a_walk_goes_through_every_node_parents_first() -> None:
    found = judged(AllOf(parts=(AnyOf(parts=(YES, NO)), UNKNOWN)), *EVIDENCE)

    titles = [node.title for node in found.walk()]

    assert ["all of", "any of", "claim yes", "claim no", "claim unknown"] == titles


def test_blockers_are_the_lowest_nodes_that_are_not_met() -> None:
    found = judged(AllOf(parts=(YES, AllOf(parts=(NO, UNKNOWN)))), *EVIDENCE)

    assert ["claim no", "claim unknown"] == _titles(found)


def test_every_open_way_blocks_and_a_way_that_was_not_needed_does_not() -> None:
    assert ["claim no", "claim unknown"] == _titles(judged(AnyOf(parts=(NO, UNKNOWN)), *EVIDENCE))
    assert [] == _titles(judged(AnyOf(parts=(NO, YES)), *EVIDENCE))


def test_what_speaks_against_is_seen_from_above_until_another_way_overcomes_it() -> None:
    assert judged(AllOf(parts=(YES, NO)), *EVIDENCE).has_adverse
    assert judged(AllOf(parts=(UNKNOWN, AnyOf(parts=(NO, UNKNOWN)))), *EVIDENCE).has_adverse
    assert not judged(AllOf(parts=(UNKNOWN, AnyOf(parts=(NO, YES)))), *EVIDENCE).has_adverse
    assert not judged(AllOf(parts=(YES, UNKNOWN)), *EVIDENCE).has_adverse


def test_what_nobody_has_stated_needs_only_claims() -> None:
    assert judged(AllOf(parts=(YES, UNKNOWN)), *EVIDENCE).needs_only_claims
    assert not judged(AllOf(parts=(NO, UNKNOWN)), *EVIDENCE).needs_only_claims
    assert not judged(YES, *EVIDENCE).needs_only_claims
    assert not judged(AllOf(parts=(UNKNOWN, limit())), *EVIDENCE).needs_only_claims
    assert not judged(YES, document(claim("yes"), root="")).needs_only_claims


def test_evidence_that_is_gone_speaks_against() -> None:
    gone = document(claim("unknown"))

    assert judged(UNKNOWN, gone=[gone]).has_adverse
    assert Outcome.UNDETERMINED is judged(UNKNOWN, gone=[gone]).outcome
